"""Make, change and show the rules of a user. Each is checked and tried on history before it is stored.

Somebody else's rule answers exactly as one that does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ulid import ULID

from shared.env import Env
from shared.errors import Conflict, Invalid, NotFound
from shared.models import Direction
from shared.signals.rules.check import check
from shared.signals.rules.dry_run import Draft, dry_run
from shared.signals.rules.limits import COOLDOWN, RULES_MAX
from shared.signals.rules.symbols import checked_symbols, members, names_of, spoken
from shared.signals.view import label
from shared.store import candle_series, rules
from shared.store.assets import Assets
from shared.store.rules import Rule, RuleEvent


@dataclass(frozen=True, slots=True)
class Wording:
    """What a rule says: `symbols` as they were given, lengths in ms. `cooldown` None: the usual."""

    expression: str
    symbols: Sequence[str]
    step: int
    direction: Direction = "none"
    cooldown: int | None = None

    @property
    def quiet(self) -> int:
        """How long a symbol is quiet after it fired: an hour, or a bar that is longer, unless it was said."""
        return max(COOLDOWN, self.step) if self.cooldown is None else self.cooldown


async def tried(env: Env, assets: Assets, wording: Wording, period: str | None = None) -> dict[str, Any]:
    """The dry run of a rule that is not stored; RuleError or Invalid where it is none."""
    symbols = checked_symbols(assets, wording.symbols)
    if wording.quiet < wording.step:
        least, given = wording.step // 1000, wording.quiet // 1000
        told = f"cooldown_seconds: {given} is less than a bar of {label(wording.step)}, at least {least}"
        raise Invalid(told, field="cooldown_seconds", given=given, least=least)
    # the first one builds the parser: a tenth of a second the event loop need not wait
    program = await asyncio.to_thread(check, wording.expression, wording.step, names_of(assets))
    series = await candle_series.of_step(env.db, wording.step)
    draft = Draft(program, members(symbols, assets, series), wording.direction, wording.quiet)
    found = await dry_run(env, draft, assets, period)
    about = {"expression": wording.expression, "symbols": spoken(symbols, assets)}
    return {**about, "timeframe": label(wording.step), "direction": wording.direction, **found}


async def create(
    env: Env,
    assets: Assets,
    owner: str,
    name: str,
    wording: Wording,
    *,
    enabled: bool = True,
    notify: bool = True,
    period: str | None = None,
) -> tuple[Rule, dict[str, Any]]:
    """Store a rule, and what it would have done. Bars that close from now on are judged."""
    if len(await rules.of_owner(env.db, owner)) >= RULES_MAX:
        raise Conflict(f"at most {RULES_MAX} rules per user")
    found = await tried(env, assets, wording, period)
    now = env.now()
    rule = Rule(
        id=str(ULID.from_timestamp(now)),
        owner=owner,
        name=name,
        expression=wording.expression,
        symbols=checked_symbols(assets, wording.symbols),
        step=wording.step,
        cooldown_ms=wording.quiet,
        direction=wording.direction,
        enabled=enabled,
        notify=notify,
        created_at=now,
        updated_at=now,
        since=now,
        progress={},
    )
    if not await rules.add(env.db, rule, RULES_MAX):
        raise Conflict(f"at most {RULES_MAX} rules per user")
    return rule, found


async def get(env: Env, owner: str, id: str) -> Rule:
    rule = await rules.get(env.db, owner, id)
    if rule is None:
        raise NotFound("no such rule")
    return rule


async def change(
    env: Env,
    assets: Assets,
    old: Rule,
    *,
    name: str | None = None,
    wording: Wording | None = None,
    enabled: bool | None = None,
    notify: bool | None = None,
    period: str | None = None,
) -> tuple[Rule, dict[str, Any] | None]:
    """Change what is given; another wording is tried first and starts anew, as does a rule enabled again."""
    found, now = None, env.now()
    new = replace(
        old,
        name=old.name if name is None else name,
        enabled=old.enabled if enabled is None else enabled,
        notify=old.notify if notify is None else notify,
        updated_at=now,
    )
    if wording is not None:
        found = await tried(env, assets, wording, period)
        new = replace(
            new,
            expression=wording.expression,
            symbols=checked_symbols(assets, wording.symbols),
            step=wording.step,
            cooldown_ms=wording.quiet,
            direction=wording.direction,
        )
    said = ("expression", "symbols", "step")
    anew = any(getattr(new, one) != getattr(old, one) for one in said) or new.enabled > old.enabled
    await rules.change(env.db, replace(new, since=now) if anew else new)
    return await get(env, old.owner, old.id), found


def shown(rule: Rule, assets: Assets) -> dict[str, Any]:
    """The rule as the API shows it."""
    fired = [state[2] for state in (rule.progress or {}).values() if state[2] is not None]
    return {
        "id": rule.id,
        "name": rule.name,
        "expression": rule.expression,
        "symbols": spoken(rule.symbols, assets),
        "timeframe": label(rule.step),
        "direction": rule.direction,
        "cooldown_seconds": rule.cooldown_ms // 1000,
        "enabled": rule.enabled,
        "notify": rule.notify,
        "created_at": rule.created_at,
        "updated_at": rule.updated_at,
        "last_fired_at": max(fired, default=None),
        "last_error": rule.last_error,
    }


def event_json(event: RuleEvent, rule: Rule, assets: Assets) -> dict[str, Any]:
    """One firing as the API and webhooks show it."""
    asset = assets.by_id(event.asset)
    return {
        "rule": rule.id,
        "name": rule.name,
        "symbol": asset.symbol,
        "asset": asset.slug,
        "direction": rule.direction,
        "timeframe": label(rule.step),
        "at": event.at,
        "known_at": event.known_at,
        "price": event.price,
        "evidence": event.evidence,
    }
