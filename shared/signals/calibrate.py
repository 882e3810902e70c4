"""Refitting: every kind of signal that has enough new outcomes gets a new calibration, and no other does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.env import Env
from shared.signals.calibration.fit import Samples
from shared.signals.calibration.model import SIDES
from shared.signals.calibration.walk import judged_figures, walk_forward
from shared.signals.track_record import Key, by_key
from shared.store import calibrations, track_record
from shared.store.calibrations import Calibration
from shared.store.track_record import Resolved

FRESH = 10  # outcomes that make a new fit worth its row
MOST = 20_000  # newest outcomes a fit rests on: with more, older markets would outweigh this one


async def calibrate(env: Env) -> dict[str, Any]:
    """Fit what is due; the same outcomes make no second version."""
    due, fitted, now = await calibrations.due(env.db, FRESH), 0, env.now()
    for type in sorted({type for type, *_ in due}):
        rows = by_key(await track_record.resolved(env.db, type, as_of=now))
        for key in sorted(key for key in due if key[0] == type):
            if called := [row for row in rows.get(key, ()) if row.hit is not None]:
                fit = await asyncio.to_thread(fitted_to, key, called, now)
                await env.db.batch(calibrations.add_statements(env.db, fit, due[key]))
                fitted += 1
    return {"fitted": fitted}


def fitted_to(key: Key, rows: Sequence[Resolved], now: int) -> Calibration:
    """The calibration of one kind at an instant by which all of `rows` were settled, oldest signal first."""
    type, step, horizon = key
    samples = samples_of(rows[-MOST:])
    found = walk_forward(samples, horizon)
    return Calibration(
        id=0,
        fitted_at=now,
        type=type,
        step=step,
        horizon=horizon,
        n=len(samples),
        hits=int(samples.hit.sum()),
        base_rate=float(samples.hit.mean()),
        model=found.model,
        **judged_figures(found, samples, horizon),
    )


def samples_of(rows: Sequence[Resolved]) -> Samples:
    return Samples(
        at=np.array([row.at for row in rows], np.int64),
        resolved_at=np.array([row.resolved_at for row in rows], np.int64),
        raw=np.array([row.raw_score for row in rows]),
        side=np.array([SIDES[row.direction] for row in rows]),
        hit=np.array([row.hit for row in rows], np.float64),
    )
