"""The FastAPI application: everything that is not hot, and the description of everything."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from functions.api.openapi import methods_of
from functions.api.query import Query
from functions.api.reads import Ask, Read
from functions.api.reads.all import READS
from functions.api.routes import Json, auth, docs, exchange_of, health, rules, webhooks
from shared.errors import Problem, Unavailable
from shared.platform.web.problem import of_status, problem_body, problem_headers, unexpected

if TYPE_CHECKING:
    from functions.api.app import Api

PROBLEM = {
    "description": "Problem (RFC 9457) with `code`, `details`, `timestamp` and `request_id`",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def make_app(api: Api) -> FastAPI:
    """Build the application over an Api that has identified and limited the caller already."""
    app = FastAPI(
        title="cryptointel",
        version=version("cryptointel"),
        description="Market data, signals and news with their evidence, point in time.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # an absolute Location would name this container
        responses={"default": PROBLEM},
    )
    app.state.api = api
    for read in READS:
        mount(app, api, read)
    for router in (health.router, auth.router, webhooks.router, rules.router, docs.router):
        app.include_router(router)
    for kind in (Problem, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer_problem)
    return app


def mount(app: FastAPI, api: Api, read: Read) -> None:
    """Describe a read and its aliases; the Api answers them itself before the framework is asked."""

    async def endpoint(request: Request) -> Response:
        ask = Ask(api.env, api.snapshots, request.path_params, Query(request.scope["query_string"]))
        return Json(await read.load(ask))

    for path in (read.path, *read.aliases):
        app.add_api_route(
            path,
            endpoint,
            summary=read.summary,
            description=read.load.__doc__ or read.summary,
            operation_id=path.removeprefix("/api/v1/").translate(str.maketrans("/-", "__", "{}")),
            openapi_extra={"x-required-scopes": [read.scope], "parameters": parameters(read, path)},
            tags=[path.removeprefix("/api").removeprefix("/v1").split("/")[1]],
        )


def parameters(read: Read, path: str) -> list[dict[str, Any]]:
    """Describe the parameters of a read as OpenAPI does."""
    inside = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in inside
    ]
    return found + [one.described() for one in read.parameters]


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer any error as problem+json; what nobody expected says nothing of its cause."""
    problem = problem_of(request, error)
    exchange = exchange_of(request)
    body = problem_body(problem, exchange.request_id, request.app.state.api.env.now())
    headers = {name.decode(): value.decode() for name, value in problem_headers(problem)}
    if problem.status == 405:
        headers["allow"] = ", ".join(methods_of(request.app, request.url.path))
    return Response(body, problem.status, headers)


def problem_of(request: Request, error: Exception) -> Problem:
    if isinstance(error, Unavailable):
        raise error  # the guard logs it, and tells less
    if isinstance(error, Problem):
        if error.status == 400 and error.code == "VALIDATION_ERROR" and request.method in ("POST", "PATCH"):
            error.status = 422  # the body was JSON; what it says is wrong
        return error
    if isinstance(error, HTTPException):
        return of_status(error.status_code, str(error.detail))
    if isinstance(error, RequestValidationError):
        return of_status(422, "the request is not valid")
    return unexpected()
