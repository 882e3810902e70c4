"""detect-signals: everything new through the detectors, whoever calls and however often.

State, signals, outcomes to come and announcements are one batch: of two runs on the same bars one wins, the
other's batch breaks and finds nothing left to do. Without anything new a run reads a few rows and ends.
Bars at or before a lane's cursor (late, corrected) are not looked at again: no signal twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson

from shared.env import Env
from shared.platform.d1 import D1Database
from shared.signals import at_hand
from shared.signals.asking import answers
from shared.signals.bars import STEPS, Bars
from shared.signals.detect_rules import detect_rules
from shared.signals.detect_tables import detect_tables
from shared.signals.intake import new_bars, without
from shared.signals.joining import beside
from shared.signals.ledger import seal
from shared.signals.materialize import feature_statements
from shared.signals.play import Found, judge_bars, measure_bars, stretches
from shared.signals.raising import Names, Tally, store
from shared.signals.state import Carried, head_length, lanes_of, pack, unpack
from shared.signals.view import label, signal_json
from shared.store import detector_state, signals
from shared.store.detector_state import StoredState
from shared.store.signals import Signal

log = logging.getLogger("detect-signals")
# More bars than this are played beside the event loop: some 50 ms, after which others should have their turn.
AT_ONCE = 2000
ATTEMPTS = 3  # lost races: after that the others are doing the work

# When something that was true at `at` became known, ms.
Moment = Callable[[int], int]
T = TypeVar("T")


async def detect(env: Env) -> dict[str, Any]:
    """Look at all that is new; a summary with counts and the ids of the new signals."""
    total, names, moment = Tally(), Names(env.db), learned_now(env)
    for step in STEPS:
        total.add(await detect_bars(env, names, step, moment))
    total.add(await detect_tables(env, names, moment))
    expired = await signals.expire(env.db, env.now())
    await publish(env, total.raised)
    await seal(env)
    await detect_rules(env, names, moment)
    return summary(total, expired)


def learned_now(env: Env) -> Moment:
    """A bar that closed is known when a run sees it."""
    return lambda at: max(at, env.now())


def summary(total: Tally, expired: int) -> dict[str, Any]:
    types: dict[str, int] = {}
    for signal in total.raised:
        types[signal.type] = types.get(signal.type, 0) + 1
    return {
        "status": "ok" if total.looked_at or total.rows else "nothing new",
        "bars": total.looked_at,
        "rows": total.rows,
        "raised": len(total.raised),
        "updated": total.updated,
        "expired": expired,
        "types": types,
        "signals": [signal.id for signal in total.raised[:100]],
    }


def state_name(step: int) -> str:
    return f"bars:{label(step)}"


async def detect_bars(env: Env, names: Names, step: int, moment: Moment) -> Tally:
    """All new bars of one length."""
    for _ in range(ATTEMPTS):
        head = await detector_state.head(env.db, state_name(step))
        intake = await new_bars(env.db, step, env.now(), lanes_of(head.state))
        if not len(intake.bars):
            return Tally()
        loaded, carried = await load_state(env.db, head)
        if loaded.version != head.version:
            continue
        if carried is None:  # damaged behind its head: every asset is new
            intake = await new_bars(env.db, step, env.now(), {})
        elif intake.silent:
            carried = without(carried, intake.silent)
        tally = await step_over(env, names, step, intake.bars, moment, loaded, carried, intake.silent)
        if tally:
            return tally
    return Tally()


async def detect_given(env: Env, names: Names, step: int, bars: Bars, moment: Moment) -> Tally:
    """The same over bars at hand, which are stored already: a replay need not read them back."""
    for _ in range(ATTEMPTS):
        head = await detector_state.head(env.db, state_name(step))
        tally = await step_over(env, names, step, bars, moment, *await load_state(env.db, head))
        if tally:
            return tally
    return Tally()


async def load_state(db: D1Database, head: StoredState) -> tuple[StoredState, Carried | None]:
    """The state that is at hand, else that of the store."""
    if held := at_hand.take(db, head):
        return held
    loaded = await detector_state.load(db, head.name)
    return loaded, unpack(loaded.state)


async def step_over(
    env: Env,
    names: Names,
    step: int,
    bars: Bars,
    moment: Moment,
    loaded: StoredState,
    carried: Carried | None,
    silent: Mapping[int, int] | None = None,
) -> Tally | None:
    """Step and store in one batch; None where another run was faster."""
    known, found = await beside(env.db, step, bars), list[Found]()
    for rows in stretches(bars):
        some, others = bars.take(rows), known.take(rows)
        moved, measured = await work(len(bars), measure_bars, carried, step, some, others)
        measured.columns.update(await answers(env.db, step, measured))
        carried, more, _ = await work(len(bars), judge_bars, moved, step, measured, silent)
        found += more
    assert carried is not None
    cursor = int(carried.windows.cursor.max())
    features = await feature_statements(env, step, measured, moment(cursor + step))
    packed = pack(carried)
    head = head_length(packed)
    tally = await store(env, names, found, moment, loaded, (cursor, packed), features, head)
    if tally:
        tally.looked_at = len(bars)
        at_hand.keep(env.db, detector_state.stored(loaded, cursor, packed, head), carried)
    return tally


async def work(bars: int, decide: Callable[..., T], *given: Any) -> T:
    """A pure function here and now, or beside the event loop where there are many bars."""
    return await asyncio.to_thread(decide, *given) if bars > AT_ONCE else decide(*given)


async def publish(env: Env, raised: list[Signal]) -> None:
    """Tell the stream of what is still going on; who misses it reads it from the API."""
    from shared.platform.kv import KVUnavailable

    try:
        for signal in raised:
            if signal.state == "active":
                await env.kv.publish("signals", orjson.dumps(signal_json(signal)))
    except KVUnavailable as error:
        log.warning("Signals stored but not published", extra={"metadata": {"why": str(error)}})
