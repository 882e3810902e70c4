"""Functions that run a job: called by a schedule without secret or body, answered with a summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from shared.env import Env
from shared.errors import Invalid, NotFound
from shared.platform import metrics
from shared.platform.web.asgi import Receive, Scope, Send, answer_json, parse_json, read_body
from shared.platform.web.function import Build
from shared.platform.web.guard import guard
from shared.platform.web.problem import instant, of_status
from shared.platform.web.record import metrics_page

Run = Callable[[Env, dict[str, Any]], Awaitable[dict[str, Any]]]


def job_app(name: str, run: Run) -> Build:
    """Serve `run(env, ask)` at `/`, with `/health` and `/metrics` beside it; `ask` is query and body.

    A run may be asked for by anyone who reaches the function, so it must be a cheap no-op inside its
    window; a run that fails answers 500 and no details (they are in the log).
    """
    return lambda env: guard(Job(name, run, env), env, name)


class Job:
    """ASGI app of one job; it remembers how its last run went."""

    def __init__(self, name: str, run: Run, env: Env) -> None:
        self.name, self.run, self.env = name, run, env
        self.status, self.last_run = "never run", ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"].rstrip("/") or "/"
        if path not in ("/", "/health", "/metrics"):
            raise NotFound(f"{self.name} has /, /health and /metrics")
        scope["state"]["exchange"].endpoint = path
        if path == "/health":
            known = {"service": self.name, "status": self.status, "last_run": self.last_run or None}
            await answer_json(send, 200, known)
        elif path == "/metrics":
            await metrics_page(send, self.env)
        elif scope["method"] not in ("GET", "POST"):
            raise of_status(405, "a job is started by POST or GET")
        else:
            ask = read_ask(scope["query_string"], await read_body(receive))
            await answer_json(send, 200, await self.run_noted(ask))

    async def run_noted(self, ask: dict[str, Any]) -> dict[str, Any]:
        self.status, self.last_run = "failing", instant(self.env.now())
        try:
            summary = await self.run(self.env, ask)
        finally:
            # the process may be frozen or gone before the next flush is due
            await metrics.flush(self.env)
        self.status = "healthy"
        return summary


def read_ask(query: bytes, body: bytes) -> dict[str, Any]:
    """Read what the caller asks: the last value of each query parameter, overridden by a JSON object.

    The content type is not looked at: `faas-cli invoke` sends everything as text/plain.
    """
    ask: dict[str, Any] = {k: v[-1] for k, v in parse_qs(query.decode("ascii", "replace")).items()}
    if body.strip():
        given = parse_json(body)
        if not isinstance(given, dict):
            raise Invalid("the body must be a JSON object", code="MALFORMED_BODY")
        ask |= given
    return ask


def names_in(ask: dict[str, Any], field: str) -> list[str] | None:
    """Read a list of names: a JSON list or `a,b`; None where it is not asked for. Raises Invalid."""
    given = ask.get(field)
    found = given.split(",") if isinstance(given, str) else given
    if found is not None and not (isinstance(found, list) and all(isinstance(one, str) for one in found)):
        raise Invalid(f"{field}: must be a list of names", field=field)
    return found or None
