"""Play recorded candles as if they were happening: stored, detected on and measured at each bar's close.

The clock is that of the market: it stands at the close of the bar that is being played, and every bar
becomes known at its own close. At full speed bars are stored close by close, while detection and outcomes
run over a stretch of them at a time; what they find is the same as close by close, for they look at nothing
that was not known. Minutes are rolled up into the bars that detectors watch, as collection does.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.dev.recorded import Recorded, read_recorded
from shared.dev.replay_summary import Summary, summarise
from shared.env import ROOT, Env, Settings
from shared.market.imports import plan
from shared.models import DAY
from shared.signals import outcomes
from shared.signals.bars import STEPS, Bars
from shared.signals.calibrate import calibrate
from shared.signals.detect import detect_given, publish
from shared.signals.detect_tables import detect_tables
from shared.signals.raising import Names, Tally
from shared.store import assets as asset_store
from shared.store import candles, signals

STRETCH = 4000  # bars between two looks at full speed: few transactions, little memory
REFIT = 30 * DAY  # calibrations are renewed at these instants, whatever the stretches: the same at any speed
Progress = Callable[[float], None]


@dataclass(slots=True)
class MarketClock:
    """Milliseconds of the bar that is being played."""

    at: int = 0

    def __call__(self) -> int:
        return self.at


async def replay(
    settings: Settings, path: Path, *, speed: float | None = None, progress: Progress | None = None
) -> Summary:
    """Replay a file or folder into the database of `settings`, created if absent, and sum up.

    `speed`: times as fast as it happened, None as fast as can be; `progress` is told the share done, 0 to 1.
    Raises what reading the files raises: Invalid, NotCandles, AmbiguousImport.
    """
    from shared.platform import d1
    from shared.platform.bindings import open_env

    clock = MarketClock()
    env = await open_env(settings, now=clock)
    try:
        await d1.migrate(env.db, ROOT / "migrations")
        return await replay_into(env, path, clock, speed=speed, progress=progress)
    finally:
        await env.close()


async def replay_into(
    env: Env,
    path: Path,
    clock: MarketClock,
    *,
    speed: float | None = None,
    progress: Progress | None = None,
    stretch: int = STRETCH,
) -> Summary:
    """The same into an open Env whose `now` is `clock`."""
    began = time.perf_counter()
    known = await asset_store.load(env.db)
    planned = plan(path, known=known.resolve)
    recorded = await read_recorded(env.db, planned)
    await play(env, recorded, clock, speed=speed, progress=progress, stretch=stretch)
    seconds = time.perf_counter() - began
    skipped = [one.reason for one in planned.skipped]
    return await summarise(env, recorded, skipped, seconds, peak_memory())


def peak_memory() -> int:
    """Bytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def play(
    env: Env,
    recorded: Recorded,
    clock: MarketClock,
    *,
    speed: float | None = None,
    progress: Progress | None = None,
    stretch: int = STRETCH,
) -> None:
    """Store and look, close by close or stretch by stretch."""
    names, waiting, began = Names(env.db), list[slice](), time.monotonic()
    first = recorded.first_close
    for rows in by_close(recorded):
        close = int(recorded.close_time[rows.start])
        if clock.at and close // REFIT > clock.at // REFIT:
            if waiting:
                await look(env, names, recorded, slice(waiting[0].start, rows.start), live=speed is not None)
                waiting.clear()
            await calibrate(env)
        if speed is not None:
            await asyncio.sleep(max(0.0, (close - first) / 1000 / speed - (time.monotonic() - began)))
        clock.at = max(clock.at, close)
        await keep(env, recorded, rows, close)
        waiting.append(rows)
        if speed is not None or rows.stop - waiting[0].start >= stretch or rows.stop == len(recorded):
            await look(env, names, recorded, slice(waiting[0].start, rows.stop), live=speed is not None)
            waiting.clear()
            if progress:
                progress(rows.stop / len(recorded))


def by_close(recorded: Recorded) -> Iterator[slice]:
    """Rows that become known together."""
    edges = np.flatnonzero(np.diff(recorded.close_time)) + 1
    starts = [0, *edges.tolist()]
    for start, stop in zip(starts, [*starts[1:], len(recorded)], strict=True):
        if stop > start:
            yield slice(start, stop)


async def keep(env: Env, recorded: Recorded, rows: slice, close: int) -> None:
    """Store the bars that closed at an instant, known then."""
    await candles.add_groups(env.db, recorded.groups(rows), close)


async def look(env: Env, names: Names, recorded: Recorded, rows: slice, *, live: bool) -> None:
    """Detection and outcomes over what was stored since the last look; each thing known when it was true."""

    def when_true(at: int) -> int:
        return at

    total = Tally()
    for step in STEPS:
        bars: Bars = recorded.bars(rows, step)
        if len(bars):
            total.add(await detect_given(env, names, step, bars, when_true))
    total.add(await detect_tables(env, names, when_true))
    await signals.expire(env.db, env.now())
    await outcomes.resolve(env, when_true)
    if live:
        await publish(env, total.raised)
