"""Users' rules on new bars: what turned true is stored once and told to the owner's webhooks alone.

A rule carries how far it was judged. Its firings, their announcement and its new progress are one batch: of
two runs on the same bars one wins. A rule that cannot be judged stops nobody else, in the end only itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.env import Env
from shared.models import EARLIEST
from shared.platform.d1 import D1Error, D1PreparedStatement
from shared.signals.identity import ulid_of
from shared.signals.raising import Names as AssetNames
from shared.signals.rules.check import check
from shared.signals.rules.inputs import Inputs, kernels
from shared.signals.rules.limits import FAILURES_MAX, LATE
from shared.signals.rules.live import Due, Judged, judge, new_bars, progress_of
from shared.signals.rules.names import Names
from shared.signals.rules.owned import event_json
from shared.signals.rules.problems import RuleError
from shared.signals.rules.reading import Bars, Stretch, read_inputs
from shared.signals.rules.symbols import members, names_of
from shared.store import candle_series, outbox, rules
from shared.store.assets import Assets
from shared.store.candle_series import Series
from shared.store.rules import Rule, RuleEvent

log = logging.getLogger("detect-signals")
FIRED = "rule.fired"
RUN_S = 20.0  # what rules may take of a run; those that wait are the first of the next

# When something that was true at `at` became known, ms.
Moment = Callable[[int], int]


async def watch(env: Env, enabled: Sequence[Rule], names: AssetNames, moment: Moment) -> int:
    """Judge rules on the bars that are new to each; how many firings were stored."""
    assets, _ = await names.get()
    known, stored, until = names_of(assets), 0, time.monotonic() + RUN_S
    for step in sorted({rule.step for rule in enabled}):
        series = await candle_series.of_step(env.db, step)
        own = [rule for rule in enabled if rule.step == step]
        due = [one for rule in own if (one := await due_of(env, rule, known, assets, series))]
        judged = await judge_all(env, step, due, assets, until)
        if len(judged) < len(due):
            log.warning("Rules left for the next run", extra={"metadata": {"rules": len(due) - len(judged)}})
        quiet = [
            (one.due.rule, one.progress) for one in judged if one.progress is not None and not one.events
        ]
        if quiet:
            await rules.advance_all(env.db, quiet)
        for each in judged:
            if each.progress is None or each.events:
                stored += await keep(env, each, assets, moment)
    return stored


async def due_of(env: Env, rule: Rule, names: Names, assets: Assets, series: Sequence[Series]) -> Due | None:
    """A rule with the assets of which there are bars it has not judged; None without any."""
    closes = dict[int, int]()
    for one in series:
        closes[one.asset] = max(closes.get(one.asset, EARLIEST), one.last_open + one.step)
    chosen = tuple(members(rule.symbols, assets, series))
    progress = tuple(progress_of(rule, asset.id) for asset in chosen)
    fresh = new_bars(progress, [closes[asset.id] for asset in chosen], rule.step)
    if fresh <= 0:
        return None
    try:
        program = await asyncio.to_thread(check, rule.expression, rule.step, names)
    except RuleError as error:
        await rules.failed(env.db, rule, str(error), FAILURES_MAX)
        return None
    return Due(rule, program, chosen, progress, fresh)


async def judge_all(env: Env, step: int, due: Sequence[Due], assets: Assets, until: float) -> list[Judged]:
    """Judge rules of one bar length; those about the same assets and about as deep share what is read.

    Those that are furthest behind come first, and none is begun after `until` (by time.monotonic).
    """
    groups: defaultdict[int, defaultdict[tuple[int, ...], list[Due]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(due, key=furthest_behind):
        groups[one.depth][tuple(asset.id for asset in one.assets)].append(one)
    found = list[Judged]()
    for depth, same in groups.items():
        bars = Bars(env.db, step, Stretch(EARLIEST, env.now() - step + 1, depth))
        for ids, several in same.items():
            if time.monotonic() > until:
                return found
            inputs = await read_inputs(bars, [one.program for one in several], ids, assets)
            found += await asyncio.to_thread(judge_group, several, inputs, until)
    return found


def furthest_behind(due: Due) -> int:
    """Until when each asset of a rule was judged at least."""
    return min(one.seen for one in due.progress)


def judge_group(due: Sequence[Due], inputs: Inputs, until: float) -> list[Judged]:
    """Each rule on the same inputs; one that breaks says why."""
    found, shared = list[Judged](), kernels()
    for one in due:
        if time.monotonic() > until:
            break
        try:
            found.append(judge(one, inputs, shared))
        except Exception as error:  # one user's rule must not silence the others'
            log.exception("rule %s could not be judged", one.rule.id)
            found.append(Judged(one, error=f"{type(error).__name__}: {error}"))
    return found


async def keep(env: Env, judged: Judged, assets: Assets, moment: Moment) -> int:
    """Store what came of a rule; how many firings that were, 0 where another run was faster."""
    rule, progress = judged.due.rule, judged.progress
    if progress is None:
        await rules.failed(env.db, rule, judged.error or "", FAILURES_MAX)
        return 0
    events = [replace(one, known_at=moment(one.at)) for one in judged.events]
    statements = [rules.advance_statement(env.db, rule, progress)]
    for event in events:
        statements.append(rules.event_statement(env.db, event))
        if rule.notify and event.known_at - event.at <= max(rule.step, LATE):
            statements += announcement(env, rule, event, assets)
    try:
        await env.db.batch(statements)
    except D1Error as error:
        if rules.lost_race(error):
            return 0
        raise
    return len(events)


def announcement(env: Env, rule: Rule, event: RuleEvent, assets: Assets) -> list[D1PreparedStatement]:
    """What tells the owner's webhooks, and nobody else's."""
    asset, shown = assets.by_id(event.asset), event_json(event, rule, assets)
    id = ulid_of(f"{FIRED}:{rule.id}:{asset.slug}:{event.at}", event.at)
    data = {"id": id, "expression": rule.expression, **shown}
    return outbox.owned_statements(env.db, id, FIRED, asset.symbol, event.known_at, data, rule.owner)
