"""Alert rules of the caller: tried on history, stored, changed, and when they fired."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from functions.api.query import Query, cursor_of
from functions.api.reads import AS_OF, CURSOR, LIMIT, Parameter
from functions.api.routes import Body, Json, body_of, env_of, needs, principal_of
from shared.errors import Forbidden, Problem
from shared.signals.rules import limits
from shared.store import rules
from shared.store.assets import Assets

router = APIRouter(prefix="/api/v1", tags=["rules"])
READ, WRITE = "read:signals", "write:rules"
SINCE = Parameter(
    "since", "Only bars that closed then or later: milliseconds since 1970 or ISO 8601", AS_OF.schema
)
LOOK_S = 0.5  # seconds until a dry run notices that nobody waits for it
T = TypeVar("T")

Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_MAX)]
Expression = Annotated[str, Field(max_length=2 * limits.LENGTH_MAX)]  # what is longer is refused in words
Symbol = Annotated[str, Field(max_length=100)]
Symbols = Annotated[list[Symbol], Field(max_length=limits.SYMBOLS_MAX)] | Symbol
Timeframe = Literal["5m", "1h", "1d"]
Direction = Literal["up", "down", "none"]
QUIET = (
    "Seconds a symbol is quiet after it fired: at least a bar; without it an hour, or a bar if that is longer"
)
Cooldown = Annotated[int, Field(ge=0, le=limits.COOLDOWN_MAX // 1000, description=QUIET)]
Period = Literal["24h", "7d", "30d", "90d", "1y", "3y"]


class Left(Problem):
    """Nobody is there to read the answer; the log shows it as others do."""

    code, status = "BAD_REQUEST", 499


class Trial(Body):
    expression: Expression
    symbols: Symbols
    timeframe: Timeframe = "1h"
    direction: Direction = "none"
    cooldown_seconds: Cooldown | None = None
    period: Period | None = None


class NewRule(Trial):
    name: Name
    enabled: bool = True
    notify: bool = True


class Change(Body):
    name: Name | None = None
    expression: Expression | None = None
    symbols: Symbols | None = None
    timeframe: Timeframe | None = None
    direction: Direction | None = None
    cooldown_seconds: Cooldown | None = None
    enabled: bool | None = None
    notify: bool | None = None
    period: Period | None = None


async def loaded() -> Any:
    """The rule language with its parser and numpy, imported in a thread by the first who asks."""

    def load() -> Any:
        from shared.signals.rules import owned

        return owned

    return await asyncio.to_thread(load)


def owner_of(request: Request) -> str:
    user = principal_of(request).user
    if user is None:
        raise Forbidden("rules belong to a user", code="USER_REQUIRED")
    return user


async def assets_of(request: Request) -> Assets:
    assets: Assets = await request.app.state.api.snapshots.assets()
    return assets


async def while_wanted(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of some work, which is stopped when the client leaves."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait((task,), timeout=LOOK_S))[0]:
            if await request.is_disconnected():
                break
        else:
            return task.result()
    finally:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    raise Left("the client has left")


def listed(symbols: list[str] | str) -> list[str]:
    return [symbols] if isinstance(symbols, str) else symbols


@router.post("/rules/dry-run", **needs(WRITE, Trial))
async def dry_run(request: Request, body: Annotated[Trial, Depends(body_of(Trial))]) -> Json:
    """Try a rule on history without storing it: when it would have fired, and what followed."""
    owned, assets = await loaded(), await assets_of(request)
    wording = wording_of(owned, body)
    found = await while_wanted(request, owned.tried(env_of(request), assets, wording, body.period))
    return Json({"data": found})


def wording_of(owned: Any, body: Trial) -> Any:
    step, cooldown = limits.TIMEFRAMES[body.timeframe], body.cooldown_seconds
    cooldown = None if cooldown is None else cooldown * 1000
    return owned.Wording(body.expression, listed(body.symbols), step, body.direction, cooldown)


@router.get("/rules/language", **needs(READ))
async def language(request: Request) -> Json:
    """Describe the language of rules: functions, names, examples, limits."""
    await loaded()
    from shared.signals.rules.language import language as described

    return Json({"data": described()})


@router.post("/rules", status_code=201, **needs(WRITE, NewRule))
async def create(request: Request, body: Annotated[NewRule, Depends(body_of(NewRule))]) -> Json:
    """Store a rule; the answer holds what it would have done."""
    owned, assets = await loaded(), await assets_of(request)
    made = owned.create(
        env_of(request),
        assets,
        owner_of(request),
        body.name,
        wording_of(owned, body),
        enabled=body.enabled,
        notify=body.notify,
        period=body.period,
    )
    rule, found = await while_wanted(request, made)
    answer = {"data": {**owned.shown(rule, assets), "dry_run": found}}
    return Json(answer, 201, {"location": f"/api/v1/rules/{rule.id}"})


@router.post("/premium/custom-signals", status_code=201, **needs(WRITE, NewRule))
async def custom_signal(request: Request, body: Annotated[NewRule, Depends(body_of(NewRule))]) -> Json:
    """Store a rule: the same as POST /api/v1/rules."""
    return await create(request, body)


@router.get("/rules", **needs(READ))
async def own(request: Request) -> Json:
    """List the caller's rules, oldest first."""
    owner, owned, assets = owner_of(request), await loaded(), await assets_of(request)
    found = await rules.of_owner(env_of(request).db, owner)
    return Json({"data": [owned.shown(rule, assets) for rule in found], "next_cursor": None})


@router.get("/rules/{id}", **needs(READ))
async def one(request: Request, id: str) -> Json:
    """Show one rule."""
    owner, owned = owner_of(request), await loaded()
    rule = await owned.get(env_of(request), owner, id)
    return Json({"data": owned.shown(rule, await assets_of(request))})


@router.patch("/rules/{id}", **needs(WRITE, Change))
async def change(request: Request, id: str, body: Annotated[Change, Depends(body_of(Change))]) -> Json:
    """Change what is given; another wording is tried on history first, as when it is made."""
    owner, owned, assets = owner_of(request), await loaded(), await assets_of(request)
    env, said = env_of(request), body.model_dump(exclude_none=True)
    old = await owned.get(env, owner, id)
    wording = None
    if said.keys() & {"expression", "symbols", "timeframe", "direction", "cooldown_seconds"}:
        wording = owned.Wording(
            said.get("expression", old.expression),
            listed(said.get("symbols", list(old.symbols))),
            limits.TIMEFRAMES[body.timeframe] if body.timeframe else old.step,
            said.get("direction", old.direction),
            said["cooldown_seconds"] * 1000 if "cooldown_seconds" in said else old.cooldown_ms,
        )
    others = {name: said[name] for name in ("name", "enabled", "notify", "period") if name in said}
    changed = owned.change(env, assets, old, wording=wording, **others)
    rule, found = await while_wanted(request, changed)
    answer = owned.shown(rule, assets)
    return Json({"data": {**answer, "dry_run": found} if found else answer})


@router.delete("/rules/{id}", status_code=204, **needs(WRITE))
async def delete(request: Request, id: str) -> Response:
    """Delete a rule with its firings."""
    env = env_of(request)
    owner, owned = owner_of(request), await loaded()
    await rules.delete(env.db, (await owned.get(env, owner, id)).id)
    return Response(status_code=204)


@router.get("/rules/{id}/events", **needs(READ, query=(LIMIT, CURSOR, SINCE)))
async def events(request: Request, id: str) -> Json:
    """List when a rule fired and the numbers that made it true, newest first."""
    env, query = env_of(request), Query(request.scope["query_string"])
    owner, owned, assets = owner_of(request), await loaded(), await assets_of(request)
    rule = await owned.get(env, owner, id)
    after, limit = query.cursor(int, int), query.limit()
    before = (after[0], after[1]) if after else None
    since = query.instant("since") or 0
    found = await rules.events(env.db, rule.id, since=since, before=before, limit=limit + 1)
    page, more = found[:limit], len(found) > limit
    following = cursor_of((page[-1].at, page[-1].asset)) if more else None
    data = [owned.event_json(event, rule, assets) for event in page]
    return Json({"data": data, "next_cursor": following})
