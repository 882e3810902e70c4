"""Volume by price."""

from __future__ import annotations

import numpy as np

from shared.market.providers import (
    INTERVAL,
    LIMIT,
    REFRESH_PROFILE_S,
    Floats,
    Inputs,
    Json,
    Parameter,
    Provider,
    Settings,
    listed,
    newest,
)


def profile(low: Floats, high: Floats, volume: Floats, edges: Floats) -> Floats:
    """Volume of each bin (k,): that of a bar is spread evenly from its low to its high.

    A bar of no height is put into the bin that holds it.
    """
    bins = len(edges) - 1
    height = (high - low)[:, None]
    inside = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    share = np.divide(np.maximum(inside, 0.0), height, out=np.zeros((len(low), bins)), where=height > 0.0)
    points = np.flatnonzero(height[:, 0] == 0.0)
    place = np.clip(np.searchsorted(edges, low[points], side="right") - 1, 0, bins - 1)
    share[points, place] = 1.0
    found: Floats = volume @ share
    return found


def value_area(volumes: Floats, share: float) -> tuple[int, int, int]:
    """(point of control, lowest, highest) as bin numbers: from the fullest bin on, the fuller neighbour is
    taken in until `share` of all volume is inside; the lower of equal ones (CBOT's method, a bin at a time).
    """
    control = low = high = int(volumes.argmax())
    inside, wanted = volumes[control], share * volumes.sum()
    while inside < wanted and (low > 0 or high < len(volumes) - 1):
        below = volumes[low - 1] if low > 0 else -1.0
        above = volumes[high + 1] if high < len(volumes) - 1 else -1.0
        if above > below:
            high += 1
        else:
            low -= 1
        inside += max(above, below)
    return control, low, high


def read(inputs: Inputs, settings: Settings) -> Json:
    """How much was traded at which price: the volume of each bar spread over its range, the fullest price
    (point of control) and the value area about it."""
    bars, shown = inputs.candles.ohlcv, newest(inputs.candles, settings)
    low, high, volume = bars.low[shown], bars.high[shown], bars.volume[shown]
    bottom, top = float(low.min()), float(high.max())
    edges = np.linspace(bottom, top, settings["bins"] + 1) if top > bottom else np.array((bottom, top))
    volumes = profile(low, high, volume, edges)
    total = float(volumes.sum())
    control, first, last = value_area(volumes, settings["value_area"])
    shares = volumes / total if total else volumes
    return {
        **listed(
            low=edges[:-1].tolist(),
            high=edges[1:].tolist(),
            volume=volumes.tolist(),
            share=shares.tolist(),
        ),
        "point_of_control": float(edges[control] + edges[control + 1]) / 2,
        "value_area_low": float(edges[first]),
        "value_area_high": float(edges[last + 1]),
        "value_area_share": float(shares[first : last + 1].sum()),
        "total": total,
    }


PROVIDER = Provider(
    "Volume profile",
    "profile",
    {
        "low": "Lower end of a bin, in USD",
        "high": "Its upper end",
        "volume": "Traded in it, in units of the asset",
        "share": "Its share of all",
        "point_of_control": "Middle of the fullest bin",
        "value_area_low": "Lower end of the bins about it that hold `value_area` of the volume",
        "value_area_high": "Their upper end",
        "value_area_share": "What they hold, which may be more",
        "total": "Volume of all bars shown",
    },
    read,
    (
        LIMIT,
        INTERVAL,
        Parameter("bins", "Ranges of price", 20, 2, 200),
        Parameter("value_area", "Share of the volume that the value area holds", 0.7, 0.1, 1.0),
    ),
    refresh_s=REFRESH_PROFILE_S,
)
