"""What the FastAPI routes share: scopes, strict JSON bodies, fast JSON answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from functions.api.caller import require
from functions.api.reads import Parameter
from shared.env import Env
from shared.errors import Problem
from shared.models import Principal
from shared.platform.web.asgi import WrongType, is_json, parse_json
from shared.platform.web.exchange import Exchange


class Json(Response):
    """JSON by orjson: NaN and infinities become null, which they are to any reader."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class Unprocessable(Problem):
    code, status = "VALIDATION_ERROR", 422


class Body(BaseModel):
    """A request body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", strict=True)


M = TypeVar("M", bound=Body)


def exchange_of(request: Request) -> Exchange:
    exchange: Exchange = request.scope["state"]["exchange"]
    return exchange


def env_of(request: Request) -> Env:
    env: Env = request.app.state.api.env
    return env


def principal_of(request: Request) -> Principal:
    principal = exchange_of(request).principal
    assert principal is not None
    return principal


def needs(
    scope: str | None, body: type[Body] | None = None, query: tuple[Parameter, ...] = ()
) -> dict[str, Any]:
    """Make the arguments of a route that asks for a scope (None: open to all), takes a JSON body and reads
    these parameters of the query."""

    def check(request: Request) -> None:
        if scope is not None:
            require(principal_of(request), scope)

    extra: dict[str, Any] = {"x-required-scopes": [scope] if scope else []}
    if query:
        extra["parameters"] = [one.described() for one in query]
    if body is not None:
        schema = body.model_json_schema()
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if scope is None:
        extra["security"] = []
    return {"dependencies": [Depends(check)], "openapi_extra": extra}


def body_of(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """Make the dependency that reads a body: 415 for another type, 400 for no JSON, 422 for a wrong field."""

    async def read(request: Request) -> M:
        raw = await request.body()
        if not is_json(request.headers.get("content-type", "").encode("latin-1")):
            raise WrongType("the body must be application/json")
        try:
            return model.model_validate(parse_json(raw))
        except ValidationError as error:
            problems = [
                {"field": ".".join(map(str, one["loc"])) or "body", "problem": one["msg"]}
                for one in error.errors()
            ]
            first = problems[0]
            raise Unprocessable(f"{first['field']}: {first['problem']}", problems=problems) from error

    return read
