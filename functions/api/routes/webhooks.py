"""Webhooks of the caller: register, change, rotate, test, and what was delivered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from functions.api.query import Query, cursor_of
from functions.api.routes import Body, Json, body_of, env_of, needs, principal_of
from shared.access.scopes import granted
from shared.errors import Forbidden
from shared.webhooks import endpoints
from shared.webhooks import log as deliveries

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])
SCOPE = "write:webhooks"
Scheme = Literal["v1", "v1a"]
Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=500)]


class NewWebhook(Body):
    url: Annotated[str, Field(min_length=8, max_length=2000)]
    scheme: Scheme = "v1"
    event_types: Names = Field(default_factory=list)
    symbols: Names = Field(default_factory=list)


class Change(Body):
    url: Annotated[str, Field(min_length=8, max_length=2000)] | None = None
    event_types: Names | None = None
    symbols: Names | None = None
    enabled: bool | None = None


class Rotation(Body):
    scheme: Scheme | None = None
    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = endpoints.OVERLAP // 1000


def owner_of(request: Request) -> str:
    user = principal_of(request).user
    if user is None:
        raise Forbidden("webhooks belong to a user", code="USER_REQUIRED")
    return user


def reach_of(request: Request) -> str | None:
    """Tell whose webhooks a caller may touch: their own; an admin any (None)."""
    return None if granted(principal_of(request).scopes, "admin:webhooks") else owner_of(request)


@router.post("", status_code=201, **needs(SCOPE, NewWebhook))
async def create(request: Request, body: Annotated[NewWebhook, Depends(body_of(NewWebhook))]) -> Json:
    """Register an endpoint; the answer holds its secret, shown this once."""
    made = await endpoints.create(
        env_of(request),
        owner_of(request),
        body.url,
        scheme=body.scheme,
        event_types=body.event_types,
        symbols=body.symbols,
    )
    location = {"location": f"/api/v1/webhooks/{made.webhook.id}"}
    return Json({"data": endpoints.shown(made.webhook, made.secret)}, 201, location)


@router.get("", **needs(SCOPE))
async def listed(request: Request) -> Json:
    """List the caller's webhooks."""
    owned = await endpoints.owned(env_of(request), owner_of(request))
    return Json({"data": [endpoints.shown(one) for one in owned], "next_cursor": None})


@router.get("/{id}", **needs(SCOPE))
async def one(request: Request, id: str) -> Json:
    """Show one webhook."""
    return Json({"data": endpoints.shown(await endpoints.get(env_of(request), reach_of(request), id))})


@router.patch("/{id}", **needs(SCOPE, Change))
async def change(request: Request, id: str, body: Annotated[Change, Depends(body_of(Change))]) -> Json:
    """Change what is given; `enabled: true` also forgets earlier failures."""
    changed = await endpoints.change(
        env_of(request),
        reach_of(request),
        id,
        url=body.url,
        event_types=body.event_types,
        symbols=body.symbols,
        enabled=body.enabled,
    )
    return Json({"data": endpoints.shown(changed)})


@router.delete("/{id}", status_code=204, **needs(SCOPE))
async def delete(request: Request, id: str) -> Response:
    """Delete a webhook with its log."""
    await endpoints.delete(env_of(request), reach_of(request), id)
    return Response(status_code=204)


@router.post("/{id}/test", status_code=202, **needs(SCOPE))
async def test(request: Request, id: str) -> Json:
    """Queue a `webhook.test` event for this endpoint alone."""
    return Json({"event": await endpoints.send_test(env_of(request), reach_of(request), id)}, 202)


@router.post("/{id}/rotate-secret", **needs(SCOPE, Rotation))
async def rotate(request: Request, id: str, body: Annotated[Rotation, Depends(body_of(Rotation))]) -> Json:
    """Make a new secret; the old one signs beside it for a while."""
    made = await endpoints.rotate(
        env_of(request), reach_of(request), id, scheme=body.scheme, overlap=body.overlap_seconds * 1000
    )
    return Json({"data": endpoints.shown(made.webhook, made.secret)})


@router.get("/{id}/deliveries", **needs(SCOPE))
async def log(request: Request, id: str) -> Json:
    """List deliveries with their attempts, newest event first."""
    query = Query(request.scope["query_string"])
    after = query.cursor(str)
    before = after[0] if after else None
    found, following = await deliveries.page(
        env_of(request), reach_of(request), id, before=before, limit=query.limit()
    )
    return Json({"data": found, "next_cursor": cursor_of([following]) if following else None})


@router.post("/{id}/deliveries/{event}/replay", status_code=202, **needs(SCOPE))
async def replay(request: Request, id: str, event: str) -> Json:
    """Send one event again, with the same id."""
    await deliveries.replay(env_of(request), reach_of(request), id, event)
    return Json({"event": event}, 202)
