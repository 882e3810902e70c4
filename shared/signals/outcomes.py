"""The track record: what became of each signal 1h, 4h, 24h and 7d later, from stored bars.

An outcome waits for the shortest bars the asset has that are no longer than the horizon, for at most a day
after it was due; then longer bars do, and without any it says "no data". Everything it rests on is stored:
the signal's price, direction and volatility, and the bars.

With a signal's first outcome come the random entries it is compared with, at all its horizons: they lie
before it, so that nothing of them has to be waited for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.env import Env
from shared.market.codec import Columns
from shared.models import DAY, HOUR
from shared.platform.d1 import D1PreparedStatement
from shared.signals.identity import ulid_of
from shared.signals.ledger import seal
from shared.signals.matched import closes_of, match, stretch
from shared.signals.measure import Bar, Start, measure
from shared.signals.raising import HORIZONS
from shared.signals.view import signal_json
from shared.store import candle_series, candles, matched, outbox, outcomes, signals
from shared.store.candle_series import Series
from shared.store.matched import Matched
from shared.store.outcomes import Due, Outcome
from shared.store.signals import Signal

GRACE = DAY  # how long after its horizon an outcome waits for bars that are late
PAGE = 500


async def resolve(env: Env, moment: Callable[[int], int] | None = None) -> dict[str, Any]:
    """Settle what is due. `moment` tells when an outcome due at an instant became known; default: now."""
    known = moment or (lambda at: max(at, env.now()))
    counts, last = {"resolved": 0, "no data": 0, "waiting": 0}, None
    while True:  # what must wait stays pending behind us
        due = await outcomes.due(env.db, env.now(), after=last, limit=PAGE)
        settled = await settle_page(env, due, known) if due else []
        for outcome in settled:
            counts[outcome.status] += 1
        counts["waiting"] += len(due) - len(settled)
        if len(due) < PAGE:
            await seal(env, moment)
            return {"status": "ok" if counts["resolved"] or counts["no data"] else "nothing due", **counts}
        last = due[-1]


async def settle_page(env: Env, due: Sequence[Due], known: Callable[[int], int]) -> list[Outcome]:
    """Settle what can be, one batch a page, with matched entries and what announces complete signals."""
    found = {one.id: one for one in await signals.by_ids(env.db, sorted({one.signal for one in due}))}
    by_asset: defaultdict[int, list[Due]] = defaultdict(list)
    for one in due:
        by_asset[found[one.signal].asset].append(one)
    settled = list[Outcome]()
    for asset, waiting in by_asset.items():
        settled += await settle_asset(env, asset, waiting, found, known)
    if settled:
        statements = [outcomes.settle_statement(env.db, outcome) for outcome in settled]
        drawn = await entries_for(env, settled, found)
        statements += [matched.add_statement(env.db, one) for one in drawn]
        await env.db.batch(statements + await completed(env, settled, found))
    return settled


async def settle_asset(
    env: Env, asset: int, due: Sequence[Due], found: Mapping[str, Signal], known: Callable[[int], int]
) -> list[Outcome]:
    """Outcomes of one asset; bars of each length and source are read once, over the whole stretch."""
    start = min(found[one.signal].at for one in due)
    end = max(one.due_at for one in due)
    series, settled = await series_of(env, asset), list[Outcome]()
    read: dict[tuple[int, str], list[Bar]] = {}
    for one in due:
        signal, late = found[one.signal], env.now() >= one.due_at + GRACE
        outcome = None
        for key in sources_for(series, signal, one.horizon, late):
            if key not in read:
                read[key] = await bars_between(env, asset, *key, start, end)
            outcome = measure(start_of(signal), one.signal, one.horizon, key[0], read[key])
            if outcome:
                settled.append(replace(outcome, resolved_at=known(one.due_at)))
                break
        if late and not outcome:
            gone = known(one.due_at + GRACE)
            settled.append(Outcome(one.signal, one.horizon, "no data", resolved_at=gone))
    return settled


async def series_of(env: Env, asset: int) -> list[Series]:
    """All candle series of an asset, shortest bars first, then the most reliable source."""
    steps = await candle_series.steps(env.db)
    found = [one for step in steps for one in await candle_series.of_asset(env.db, asset, step)]
    return sorted(found, key=lambda one: (one.step, -one.reliability, one.source))


def sources_for(series: Sequence[Series], signal: Signal, horizon: int, late: bool) -> list[tuple[int, str]]:
    """(step, source) to try: the shortest bars that run on after the signal, its own source before others.

    Longer bars are for when the shorter ones did not come in time: what arrives first must not decide.
    """
    own = signal.metadata.get("source")
    there = [one for one in series if one.step <= horizon and one.first_open <= signal.at <= one.last_open]
    there.sort(key=lambda one: (one.step, one.name != own))
    return [(one.step, one.name) for one in (there if late else there[:1])]


async def bars_between(env: Env, asset: int, step: int, source: str, start: int, end: int) -> list[Bar]:
    _, found = await candles.read_columns(env.db, asset, step, start, end, source=source)
    return list(zip(found.open_time, found.high, found.low, found.close, strict=True))


async def entries_for(env: Env, settled: Sequence[Outcome], found: Mapping[str, Signal]) -> list[Matched]:
    """Matched entries of the signals that have an outcome now and no entries yet; one read a series."""
    measured = {outcome.signal for outcome in settled if outcome.status == "resolved"}
    fresh = measured - await matched.have(env.db, sorted(measured))
    by_series: defaultdict[tuple[int, int, str | None], list[Signal]] = defaultdict(list)
    for id in sorted(fresh):
        signal = found[id]
        step = signal.step or signal.metadata.get("price_step", HOUR)
        by_series[signal.asset, step, signal.metadata.get("source")].append(signal)
    drawn = list[Matched]()
    for (asset, step, source), waiting in by_series.items():
        reach = [stretch(signal.at, step) for signal in waiting]
        start, end = min(first for first, _ in reach), max(last for _, last in reach)
        _, bars = await candles.read_columns(env.db, asset, step, start, end, source=source)
        # some 10 ms a signal on bars of 5m: beside the event loop
        drawn += await asyncio.to_thread(draw, waiting, step, bars)
    return drawn


def draw(waiting: Sequence[Signal], step: int, bars: Columns) -> list[Matched]:
    """The entries of signals of one series, from its bars of `step` ms."""
    closes, horizons = closes_of(bars), [horizon for horizon in HORIZONS if horizon >= step]
    return [
        one
        for signal in waiting
        for one in match(signal.key, signal.id, start_of(signal), step, horizons, closes)
    ]


def start_of(signal: Signal) -> Start:
    # without a price the outcomes were told as "no data" when the signal was raised
    price, hourly = signal.reference_price or 0.0, signal.metadata.get("volatility_1h", 0.0)
    return Start(signal.at, price, signal.direction, hourly)


async def completed(
    env: Env, settled: Sequence[Outcome], found: Mapping[str, Signal]
) -> list[D1PreparedStatement]:
    """Mark and announce the signals of which no outcome is left to wait for."""
    ids = sorted({outcome.signal for outcome in settled})
    stored, statements = await outcomes.of_signals(env.db, ids), list[D1PreparedStatement]()
    fresh = {(outcome.signal, outcome.horizon): outcome for outcome in settled}
    for id in ids:
        all_of = [fresh.get((id, one.horizon), one) for one in stored[id]]
        if any(one.status == "pending" for one in all_of):
            continue
        signal, at = found[id], max(one.resolved_at or 0 for one in all_of)
        shown = signal_json(replace(signal, state="resolved"), all_of)
        event = ulid_of(f"signal.resolved:{signal.key}", at)
        statements += [
            outcomes.resolve_statement(env.db, id, at),
            outbox.event_statement(env.db, event, "signal.resolved", signal.symbol, at, shown),
        ]
    return statements
