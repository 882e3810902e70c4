"""Statistics of samples and of pairs of series (IND-21), each defined for what has no spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class Moments:
    """`sd` divides by n - 1. `skew` and `kurtosis` are the moment coefficients g1 and g2 (a normal
    distribution has 0 of both), 0 where all values are the same."""

    n: int
    mean: float
    sd: float
    skew: float
    kurtosis: float


def moments(values: Floats) -> Moments:
    """Of at least one value (n,); with one alone all but the mean is 0."""
    n, mean = len(values), float(values.mean())
    away = values - mean
    # what rounding leaves of equal values is no spread
    if n < 2 or np.ptp(values) == 0.0:
        return Moments(n, mean, 0.0, 0.0, 0.0)
    variance = float(np.mean(away**2))
    return Moments(
        n,
        mean,
        float(np.sqrt(variance * n / (n - 1))),
        float(np.mean(away**3)) / variance**1.5,
        float(np.mean(away**4)) / variance**2 - 3.0,
    )


def percentiles(values: Floats) -> dict[str, float]:
    """P5 to P95, between neighbours by straight lines."""
    found = np.percentile(values, PERCENTILES)
    return {f"p{part}": float(value) for part, value in zip(PERCENTILES, found, strict=True)}


def histogram(values: Floats, bins: int) -> tuple[Floats, NDArray[np.int64]]:
    """Edges (k + 1,) and counts (k,) of equally wide bins from lowest to highest value, both included.

    Equal values are one bin of no width.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array((low, high)), np.array((len(values),))
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    return edges, counts.astype(np.int64)


def correlation(a: Floats, b: Floats) -> float | None:
    """Pearson's r of two series (n,); None where one does not vary or there are fewer than three values."""
    if len(a) < 3 or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))


def rolling_correlation(a: Floats, b: Floats, window: int) -> Floats:
    """Pearson's r over the last `window` values at each place (n,); NaN before, or where one did not vary."""
    found: Floats = np.full(len(a), np.nan)
    if len(a) < window:
        return found
    parts = [np.lib.stride_tricks.sliding_window_view(series, window) for series in (a, b)]
    x, y = (part - part.mean(axis=1, keepdims=True) for part in parts)
    varied = (np.ptp(parts[0], axis=1) > 0.0) & (np.ptp(parts[1], axis=1) > 0.0)
    spread = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    r = np.divide((x * y).sum(axis=1), spread, out=np.full(len(spread), np.nan), where=varied)
    found[window - 1 :] = np.clip(r, -1.0, 1.0)
    return found
