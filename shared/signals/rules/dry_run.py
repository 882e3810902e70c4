"""When a rule would have fired, and what followed. Bounded, off the event loop, and can be stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np

from shared.env import Env
from shared.errors import Invalid
from shared.models import DAY, EARLIEST, Asset, Direction
from shared.signals.matched import LEAD, Closes
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.firing import Progress, fire
from shared.signals.rules.forward import Fired, outcomes
from shared.signals.rules.inputs import Inputs, columns_of, kernels
from shared.signals.rules.limits import (
    BARS_MAX,
    FIRINGS_LISTED,
    PERIODS,
    SECONDS_MAX,
    USUAL_BARS,
    WORK_MAX,
)
from shared.signals.rules.logic import TRUE, UNKNOWN, Verdicts
from shared.signals.rules.reading import Bars, Stretch, read_inputs
from shared.signals.rules.tree import Program
from shared.signals.track_record import LEAST
from shared.signals.view import label
from shared.store import candle_series
from shared.store.assets import Assets
from shared.store.candle_series import Series

OFTEN, SELDOM = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule to try: its program, the assets it is for, and how long it is quiet after firing (ms)."""

    program: Program
    members: Sequence[Asset]
    direction: Direction
    cooldown: int


class Stopped(Exception):
    """Nobody waits for the answer any more."""


async def dry_run(env: Env, draft: Draft, assets: Assets, period: str | None = None) -> dict[str, Any]:
    """What the rule would have done over `period` (a word of PERIODS) before the newest bar; Invalid
    (INVALID_TIMEFRAME) where that is too much to look at."""
    began, step = time.perf_counter(), draft.program.step
    series = await candle_series.of_step(env.db, step)
    start, end = chosen_stretch(draft, series, env.now(), period)
    stop = Event()

    def proceed() -> None:
        if stop.is_set():
            raise Stopped

    turn = env.memory.setdefault("rules.dry_run", asyncio.Semaphore(1))
    try:
        async with asyncio.timeout(SECONDS_MAX), turn:
            before = (draft.program.history + LEAD) * step
            bars = Bars(env.db, step, Stretch(start - before, end))
            members = [asset.id for asset in draft.members]
            inputs = await read_inputs(bars, [draft.program], members, assets)
            found = await asyncio.to_thread(judged, draft, inputs, start, proceed)
    except TimeoutError:
        told = f"the dry run took longer than {SECONDS_MAX:g} s: shorten the period or name fewer symbols"
        raise Invalid(told, code="INVALID_TIMEFRAME", field="period") from None
    finally:
        stop.set()
    took = round((time.perf_counter() - began) * 1000)
    return {**found, "period": {"from": start, "to": end}, "took_ms": took}


def chosen_stretch(draft: Draft, series: Sequence[Series], now: int, period: str | None) -> tuple[int, int]:
    """First and last instant of the bars to judge, counted back from the newest bar."""
    step, ids = draft.program.step, {asset.id for asset in draft.members}
    own = [one for one in series if one.asset in ids]
    end = min(now, max((one.last_open + step for one in own), default=now))
    if period is None:
        fitting = [span for span in PERIODS.values() if between(own, end - span, end) <= USUAL_BARS]
        span = min(max(fitting, default=DAY), 365 * DAY)
    else:
        span = PERIODS[period]
    bars = between(own, end - span, end)
    before = between(own, end - span - draft.program.history * step, end) - bars  # worked on, too
    most = min(BARS_MAX, WORK_MAX // draft.program.cost - before)
    if bars > most:
        told = (
            f"period: {bars:,} bars to judge, at most {most:,} of this rule: shorten it or name fewer symbols"
        )
        raise Invalid(told, code="INVALID_TIMEFRAME", field="period", bars=bars, most=most)
    return end - span, end


def between(series: Sequence[Series], start: int, end: int) -> int:
    """How many places a panel has for them at most: the longest series counts for each asset.

    One with years of history beside a hundred with days would else take gigabytes.
    """
    reach = [min(end, one.last_open + one.step) - max(start, one.first_open) for one in series]
    rows = max((part // one.step for part, one in zip(reach, series, strict=True)), default=0)
    return max(rows, 0) * len({one.asset for one in series})


def judged(draft: Draft, inputs: Inputs, start: int, proceed: Callable[[], None]) -> dict[str, Any]:
    """Judge every bar and measure what followed those that fired; pure, and asks `proceed` all the time."""
    program, panel = draft.program, inputs.panel
    columns = columns_of(program.leaves, inputs, kernels(proceed))
    verdicts = evaluate(program, columns, panel.open_time, proceed)
    fired = [firings(verdicts[:, i], inputs, i, start, draft.cooldown) for i in range(len(panel.assets))]
    examined = panel.open_time >= start
    known = verdicts[examined] != UNKNOWN
    holds = int((verdicts[examined] == TRUE).sum())
    count, after = (
        sum(len(one.rows) for one in fired),
        outcomes(fired, program.step, draft.direction, proceed),
    )
    told = {
        "bars": int(examined.sum()),
        "coverage": float(known.mean()) if known.size else 0.0,
        "holds": holds / int(known.sum()) if known.any() else None,
        "fires": count,
        "fired": listed(draft, fired),
        "forward": after,
        "lookback": program.lookback,
        "cost": {"per_bar": program.cost, "nodes": program.nodes, "bars_most": BARS_MAX},
    }
    return {**told, "warnings": warnings(draft, inputs, told)}


def firings(verdicts: Verdicts, inputs: Inputs, column: int, start: int, cooldown: int) -> Fired:
    times = inputs.panel.open_time[:, column]
    there = int(np.searchsorted(times, EARLIEST, side="right"))  # rows in front of a shorter series
    close = inputs.panel.ohlcv.close[there:, column]
    bars = Closes(times[there:], close)
    first = int(np.searchsorted(bars.open_time, start))
    closed = bars.open_time + inputs.step
    rows, _ = fire(verdicts[there:], closed, cooldown, Progress(start + inputs.step - 1))
    return Fired(bars, first, np.array(rows, np.int64))


def listed(draft: Draft, fired: Sequence[Fired]) -> list[dict[str, Any]]:
    """The newest firings, newest first."""
    step = draft.program.step
    found = [
        (int(one.bars.open_time[row]) + step, asset.symbol, float(one.bars.close[row]))
        for asset, one in zip(draft.members, fired, strict=True)
        for row in one.rows.tolist()
    ]
    newest = sorted(found, key=lambda one: (-one[0], one[1]))[:FIRINGS_LISTED]
    return [{"symbol": symbol, "at": at, "price": price} for at, symbol, price in newest]


def warnings(draft: Draft, inputs: Inputs, told: dict[str, Any]) -> list[str]:
    """What a reader of the numbers should know."""
    found = list[str]()
    if not told["bars"]:
        return [f"there are no {label(draft.program.step)} bars of these symbols: nothing was judged"]
    if told["coverage"] < SELDOM:
        share = f"{told['coverage']:.0%}"
        found.append(f"it is known on {share} of the bars only: warm-up, or data that is not there")
    if told["holds"] is not None and told["holds"] > OFTEN:
        found.append(f"it holds on {told['holds']:.0%} of the bars: true that often, it tells little")
    if not told["fires"]:
        found.append("it never fired")
    for one in told["forward"]:
        if 0 < one["n"] < LEAST:
            found.append(f"insufficient data at {one['horizon']}: {one['n']} outcomes, {LEAST} are needed")
    empty = [a.symbol for a, n in zip(draft.members, lengths(inputs), strict=True) if not n]
    if empty:
        found.append(f"no bars of {', '.join(empty[:10])} in this period")
    return found


def lengths(inputs: Inputs) -> list[int]:
    known: list[int] = (~np.isnan(inputs.panel.ohlcv.close)).sum(axis=0).tolist()
    return known
