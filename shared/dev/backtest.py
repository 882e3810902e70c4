"""What the detectors would have been worth on recorded candles: every signal measured beside its entries.

Candles are stored as in a replay, but at once; detectors run over them in the order of time and see of each
moment what was closed by then; outcomes and matched entries are settled by the code that settles them live,
each as known when it fell due; calibration walks forward over them. Features are not stored, news there is
none. What only tables tell (order books, funding, TVL …) is not in candles, so those detectors stay silent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from shared.dev.backtest_report import Line, Report
from shared.dev.recorded import Recorded, read_recorded
from shared.dev.replay import MarketClock, peak_memory
from shared.env import ROOT, Env, Settings
from shared.market.imports import plan
from shared.signals import outcomes
from shared.signals.bars import STEPS
from shared.signals.calibrate import fitted_to
from shared.signals.joining import beside
from shared.signals.play import Found, play_bars, stretches
from shared.signals.raising import HORIZONS, signal_of
from shared.signals.state import Carried
from shared.signals.track_record import LEAST, by_key, record
from shared.store import assets as asset_store
from shared.store import candles, signals, track_record

ROWS = 20_000  # candles stored in one transaction
SIGNALS = 200  # raised in one batch
BEFORE = {step: 0.1 + 0.2 * number for number, step in enumerate(STEPS)}  # share done before a bar length
Progress = Callable[[float], None]


async def backtest(
    settings: Settings,
    path: Path,
    *,
    steps: Collection[int] = STEPS,
    types: Collection[str] = (),
    progress: Progress = lambda share: None,
) -> Report:
    """Backtest a file or folder in the database of `settings`, created if absent.

    `types`: only these, default all; `progress` is told the share done, 0 to 1. Raises what reading the
    files raises: Invalid, NotCandles, AmbiguousImport.
    """
    from shared.platform import d1
    from shared.platform.bindings import open_env

    began, clock = time.perf_counter(), MarketClock()
    env = await open_env(settings, now=clock)
    try:
        await d1.migrate(env.db, ROOT / "migrations")
        known = await asset_store.load(env.db)
        planned = await asyncio.to_thread(plan, path, known=known.resolve)
        recorded = await read_recorded(env.db, planned)
        await play(env, recorded, clock, steps, types, progress)
        lines = await measured(env)
    finally:
        await env.close()
    progress(1.0)
    skipped, seconds = [one.reason for one in planned.skipped], time.perf_counter() - began
    refused = len(recorded.refused)
    return Report(recorded.files, recorded.rows, refused, skipped, lines, seconds, peak_memory())


async def play(
    env: Env,
    recorded: Recorded,
    clock: MarketClock,
    steps: Collection[int],
    types: Collection[str],
    progress: Progress,
) -> None:
    """Store the candles, raise what is found on them, and settle all of it."""
    await store_all(env, recorded, clock)
    for step in sorted(steps):
        found = await found_on(env, recorded, step, progress)
        await raise_all(env, [one for one in found if not types or one.finding.type in types])
    await outcomes.resolve(env, when_true)
    progress(0.9)


def when_true(at: int) -> int:
    """Everything is known at its own time, as if somebody had watched."""
    return at


async def store_all(env: Env, recorded: Recorded, clock: MarketClock) -> None:
    for first in range(0, len(recorded), ROWS):
        rows = slice(first, min(first + ROWS, len(recorded)))
        clock.at = max(clock.at, int(recorded.close_time[rows.stop - 1]))
        await candles.add_groups(env.db, recorded.groups(rows), clock.at)


async def found_on(env: Env, recorded: Recorded, step: int, progress: Progress) -> list[Found]:
    """What the detectors raise on the bars of one length, with the source of each bar."""
    bars = recorded.bars(slice(0, len(recorded)), step)
    if not len(bars):
        return []
    carried: Carried | None = None
    found, done, share = list[Found](), 0, BEFORE[step]
    known = await beside(env.db, step, bars)
    for rows in stretches(bars):
        part = bars.take(rows)
        played = await asyncio.to_thread(play_bars, carried, step, part, known.take(rows))
        carried, done = played.carried, done + len(part)
        found += [one for one in played.found if one.raises]
        progress(share + 0.2 * done / len(bars))
    return found


async def raise_all(env: Env, found: Sequence[Found]) -> None:
    """Store what was raised, known at its own time, with its outcomes to come."""
    assets, sources = await asset_store.load(env.db), await asset_store.sources(env.db)
    made = []
    for one in found:
        signal = signal_of(one, assets.by_id(one.finding.asset), one.finding.at)
        made.append(replace(signal, metadata={**signal.metadata, "source": sources[one.source]}))
    for first in range(0, len(made), SIGNALS):
        part = made[first : first + SIGNALS]
        await env.db.batch(
            [statement for one in part for statement in signals.add_statements(env.db, one, HORIZONS)]
        )


async def measured(env: Env) -> list[Line]:
    """The record and the calibration of every type, bar length and horizon."""
    lines = list[Line]()
    for type in await track_record.types(env.db):
        rows = by_key(await track_record.resolved(env.db, type))
        for key, part in sorted(rows.items()):
            called = [row for row in part if row.hit is not None]
            fit = await asyncio.to_thread(fitted_to, key, called, env.now()) if len(called) >= LEAST else None
            lines.append(Line(record(key, part), fit, len({row.symbol for row in part})))
    return lines
