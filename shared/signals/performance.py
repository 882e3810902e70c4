"""The track record as the API and the dashboard show it: measured rows in, figures with intervals out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.env import Env
from shared.market.regime import LEAST_TREND, regime
from shared.models import DAY, LATEST
from shared.signals.calibration.model import NONE
from shared.signals.intervals import Estimate
from shared.signals.track_record import (
    BY_CHANCE,
    EDGE,
    LEAST,
    NO_EDGE,
    Record,
    by_key,
    conditional,
    hour_of,
    record,
    weekday_of,
)
from shared.signals.view import CALIBRATED, INSUFFICIENT, horizon_label, label
from shared.store import assets, calibrations, candles, track_record
from shared.store.calibrations import Calibration
from shared.store.track_record import Resolved

BENCHMARK = "bitcoin"  # whose daily closes name the regime of the market
BY = ("regime", "symbol", "hour", "weekday")

Of = Callable[[Resolved], Any]
Parts = Mapping[tuple[str, int, int], Sequence[Resolved]]  # by type, step, horizon


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the track record; None is all. `by` tells each part of it apart (one of BY)."""

    type: str | None = None
    step: int | None = None
    horizon: int | None = None
    symbol: str | None = None
    regime: str | None = None
    hour: int | None = None
    by: str | None = None
    as_of: int = LATEST


async def performance(env: Env, asked: Asked) -> dict[str, Any]:
    """What the asked signals were worth, one entry a type, bar length and horizon (and value of `by`)."""
    found = list[dict[str, Any]]()
    regime_of = await regimes(env) if asked.regime or asked.by == "regime" else nothing
    for type in [asked.type] if asked.type else await track_record.types(env.db):
        rows = await track_record.resolved(env.db, type, as_of=asked.as_of)
        parts = await asyncio.to_thread(wanted_parts, rows, asked, regime_of)
        fits = await calibrations.newest(env.db, parts, asked.as_of)
        found += await asyncio.to_thread(entries, parts, asked.by, regime_of, fits)
    judged = sum(one["verdict"] in (EDGE, NO_EDGE) for one in found)
    return {
        "data": found,
        "least_outcomes": LEAST,
        "judged": judged,
        "edges_by_chance": round(BY_CHANCE * judged, 1),
        "generated_at": env.now(),
    }


def nothing(row: Resolved) -> None:
    return None


def wanted_parts(rows: Sequence[Resolved], asked: Asked, regime_of: Of) -> Parts:
    """The rows that are asked for, by type, bar length and horizon."""
    kept: Iterable[Resolved] = rows
    for wish, of in (
        (asked.step, lambda row: row.step),
        (asked.horizon, lambda row: row.horizon),
        (asked.symbol, lambda row: row.symbol),
        (asked.hour, hour_of),
        (asked.regime, regime_of),
    ):
        if wish is not None:
            kept = [row for row in kept if of(row) == wish]
    return by_key(kept)


def entries(
    parts: Parts, by: str | None, regime_of: Of, fits: Mapping[Any, Calibration]
) -> list[dict[str, Any]]:
    found = list[dict[str, Any]]()
    of: Mapping[str, Of] = {
        "regime": regime_of,
        "symbol": lambda row: row.symbol,
        "hour": hour_of,
        "weekday": weekday_of,
    }
    for key, part in sorted(parts.items()):
        if by is None:
            found.append({**record_json(record(key, part)), "calibration": calibration_json(fits.get(key))})
        else:
            found += [{**record_json(one), "by": {by: value}} for value, one in conditional(part, of[by])]
    return found


def record_json(one: Record) -> dict[str, Any]:
    return {
        "type": one.type,
        "interval": label(one.step) if one.step else None,
        "horizon": horizon_label(one.horizon),
        "n": one.n,
        "hits": one.hits,
        "status": one.status,
        "verdict": one.verdict,
        "hit_rate": one.hit_rate,
        "hit_rate_95": one.hit_rate_95,
        "opposite_hit_rate": one.opposite_hit_rate,
        "matched": {
            "signals": one.pairs,
            "n": one.matched_n,
            "hit_rate": one.matched_hit_rate,
            "mean_return": one.matched_mean_return,
        },
        **estimate_json("lift", one.lift),
        **estimate_json("direction", one.direction),
        "mean_return": one.mean_return,
        "median_return": one.median_return,
        **estimate_json("return_difference", one.return_difference),
        "mean_favourable": one.mean_favourable,
        "mean_adverse": one.mean_adverse,
    }


def estimate_json(name: str, found: Estimate | None) -> dict[str, Any]:
    return {name: found.mean if found else None, f"{name}_95": [found.low, found.high] if found else None}


def calibration_json(fit: Calibration | None) -> dict[str, Any] | None:
    """How the probabilities of one kind did on outcomes they had not seen; None before the first fit."""
    if fit is None:
        return None
    return {
        "id": fit.id,
        "status": INSUFFICIENT if fit.model["kind"] == NONE else CALIBRATED,
        "model": fit.model["kind"],
        "n": fit.n,
        "judged": fit.judged,
        "brier": fit.brier,
        "brier_skill": fit.brier_skill,
        "ece": fit.ece,
        "ece_95": None if fit.ece is None else [fit.ece_low, fit.ece_high],
        "base_rate": fit.base_rate,
        "reliability": fit.reliability,
        "fitted_at": fit.fitted_at,
    }


async def regimes(env: Env) -> Of:
    """Which market it was when a signal was raised: bull, bear or sideways, by the days closed by then."""
    asset = (await assets.load(env.db)).resolve(BENCHMARK)
    if asset is None:
        return nothing
    _, bars = await candles.read_columns(env.db, asset.id, DAY, 0, LATEST)
    closed, closes = np.array(bars.open_time, np.int64) + DAY, np.array(bars.close)
    known = dict[int, str | None]()

    def regime_of(row: Resolved) -> str | None:
        end = int(np.searchsorted(closed, row.at, side="right"))
        if end not in known:
            found = regime(closes[max(end - LEAST_TREND, 0) : end])
            known[end] = found.trend if found else None
        return known[end]

    return regime_of
