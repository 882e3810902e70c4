"""Logging in with a one-time link, who am I, logging out; short-lived tokens; what is left of the limits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from functions.api.routes import Body, Json, body_of, env_of, exchange_of, needs, principal_of
from shared.access import sessions, tokens
from shared.env import Env
from shared.errors import Forbidden, Unauthorized
from shared.platform.kv import Layer
from shared.platform.web.ip import from_this_machine
from shared.store import keys, users

router = APIRouter(tags=["access"])


class LogIn(Body):
    token: Annotated[str, Field(min_length=20, max_length=100)]


class NewToken(Body):
    ttl: Annotated[int, Field(ge=1, le=tokens.LONGEST_S)] = tokens.LONGEST_S
    scopes: list[str] | None = None


@router.post("/api/v1/auth/session", status_code=204, **needs(None, LogIn))
async def log_in(request: Request, body: Annotated[LogIn, Depends(body_of(LogIn))]) -> Response:
    """Exchange the token of a one-time login link for a session cookie."""
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise Forbidden("this request did not come from our own page", code="CROSS_SITE_REQUEST")
    old = sessions.session_cookie(request.scope["headers"])
    session = await sessions.log_in(env_of(request), body.token, old)
    return Response(status_code=204, headers={"set-cookie": sessions.set_cookie(session.id)})


@router.get("/api/v1/auth/session", **needs(None))
async def who_am_i(request: Request) -> Json:
    """Tell who is logged in; `user` is null for somebody unknown."""
    env, principal = env_of(request), principal_of(request)
    user = await users.by_id(env.db, principal.user) if principal.user else None
    demo = env.settings.demo
    return Json(
        {
            "user": user.name if user else None,
            "role": user.role if user else None,
            "scopes": sorted(principal.scopes),
            "demo": demo,
            "public_read": env.settings.public_read or (demo and from_this_machine(request.scope)),
            "now": env.now(),
        }
    )


@router.delete("/api/v1/auth/session", status_code=204, **needs(None))
async def log_out(request: Request) -> Response:
    """End the session and forget its cookie."""
    session = sessions.session_cookie(request.scope["headers"])
    if session:
        await sessions.end(env_of(request), session)
    headers = {"set-cookie": sessions.set_cookie(""), "clear-site-data": '"cache", "storage"'}
    return Response(status_code=204, headers=headers)


@router.post("/api/v1/auth/token", **needs("read:prices", NewToken))
async def make_token(request: Request, body: Annotated[NewToken, Depends(body_of(NewToken))]) -> Json:
    """Exchange an API key for a JWT that lives at most 15 minutes and has its scopes or fewer."""
    env, principal = env_of(request), principal_of(request)
    record = await keys.by_id(env.db, principal.id) if principal.kind == "key" else None
    if record is None:
        raise Forbidden("only an API key can be exchanged for a token", code="API_KEY_REQUIRED")
    if not record.valid(env.now()):
        raise Unauthorized("the API key is not valid")
    token = tokens.mint(env, record, body.ttl, body.scopes)
    return Json({"access_token": token, "token_type": "Bearer", "expires_in": body.ttl})


@router.get("/.well-known/jwks.json", **needs(None))
async def public_keys(request: Request) -> Json:
    """Publish the keys that verify our tokens."""
    return Json(tokens.jwks(env_of(request)))


@router.get("/api/v1/rate-limit", **needs("read:prices"))
async def rate_limit(request: Request) -> Json:
    """Tell each policy this caller counts against, and what is left of it."""
    env, exchange = env_of(request), exchange_of(request)
    caller = request.app.state.api.caller
    layers = caller.layers(principal_of(request), "", exchange.scope)
    return Json({"policies": [await policy_json(env, layer) for layer in layers]})


async def policy_json(env: Env, layer: Layer) -> dict[str, Any]:
    """Describe a layer; its stored value is when it will be at rest, in microseconds."""
    stored = await env.kv.get(layer.key)
    ahead = max(0.0, float(stored or 0) - env.now() * 1000)
    burst = layer.limit if layer.burst is None else layer.burst
    return {
        "policy": layer.scope,
        "limit": layer.limit,
        "window_seconds": layer.period_s,
        "burst": burst,
        "remaining": max(0, int((layer.tolerance - ahead) // layer.interval)),
        "reset_seconds": round(ahead / 1e6, 3),
    }
