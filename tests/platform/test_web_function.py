"""A function opens its bindings once, however it is served; jobs answer a summary and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from shared.env import Env
from shared.errors import Conflict
from shared.platform.web import function, job_app
from shared.platform.web.asgi import answer_json


def client_of(app: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://web.test")


class Opened:
    """Counts how often an Env is opened and closed."""

    def __init__(self, env: Env) -> None:
        self.env, self.opened, self.closed = env, 0, 0

    async def __call__(self, name: str) -> Any:
        self.opened += 1
        await asyncio.sleep(0)
        outer = self

        class Closing:
            def __getattr__(self, attribute: str) -> Any:
                return getattr(outer.env, attribute)

            async def close(self) -> None:
                outer.closed += 1

        return Closing()


def build(env: Env) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer_json(send, 200, {"now": env.now()})

    return app


async def lifespan(app: Any, during: Any) -> list[str]:
    """Run an app's lifespan around `during`; return what it said."""
    said: list[str] = []
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def send(message: Any) -> None:
        said.append(message["type"])

    await inbox.put({"type": "lifespan.startup"})
    task = asyncio.create_task(app({"type": "lifespan"}, inbox.get, send))
    while not said:
        await asyncio.sleep(0)
    await during()
    await inbox.put({"type": "lifespan.shutdown"})
    await task
    return said


async def test_bindings_open_at_startup_and_close_at_shutdown(env: Env) -> None:
    opened = Opened(env)
    app = function("web", build, opened)

    async def during() -> None:
        async with client_of(app) as client:
            assert (await client.get("/")).json() == {"now": env.now()}
        assert (opened.opened, opened.closed) == (1, 0)

    assert await lifespan(app, during) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (opened.opened, opened.closed) == (1, 1)


async def test_without_a_lifespan_the_first_requests_open_them_once(env: Env) -> None:
    opened = Opened(env)
    async with client_of(function("web", build, opened)) as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert opened.opened == 1


async def test_bindings_that_cannot_be_opened_fail_the_startup() -> None:
    async def broken(name: str) -> Env:
        raise OSError("no database")

    said: list[dict[str, str]] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, str]) -> None:
        said.append(message)

    await function("web", build, broken)({"type": "lifespan"}, receive, send)
    assert said == [{"type": "lifespan.startup.failed", "message": "OSError: no database"}]


async def test_an_open_env_is_used_as_it_is(env: Env) -> None:
    async with client_of(function("web", build).with_env(env)) as client:
        answer = await client.get("/")
    assert answer.json() == {"now": env.now()}
    assert "content-security-policy" in answer.headers


async def run(env: Env, ask: dict[str, Any]) -> dict[str, Any]:
    if ask.get("fail"):
        raise RuntimeError("no disk: /secret/path")
    if ask.get("busy"):
        raise Conflict("another run is at it")
    return {"asked": ask}


@pytest.fixture
def job(env: Env) -> Any:
    return job_app("work", run)(env)


@pytest.mark.parametrize(
    ("method", "target", "body", "asked"),
    [
        ("POST", "/", b"", {}),
        ("GET", "/?jobs=a&jobs=b", b"", {"jobs": "b"}),
        ("POST", "/?jobs=a", b'{"jobs": ["b"]}', {"jobs": ["b"]}),
        ("POST", "", b"", {}),
    ],
)
async def test_a_job_is_asked_by_query_and_body(
    job: Any, method: str, target: str, body: bytes, asked: dict[str, Any]
) -> None:
    async with client_of(job) as client:
        answer = await client.request(method, target, content=body, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()) == (200, {"asked": asked})


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/", b"[1]", 400),
        ("POST", "/", b"{", 400),
        ("DELETE", "/", b"", 405),
        ("GET", "/other", b"", 404),
        ("POST", "/?busy=1", b"", 409),
        ("POST", "/?fail=1", b"", 500),
    ],
)
async def test_what_a_job_does_not_do_is_a_problem(
    job: Any, method: str, target: str, body: bytes, status: int
) -> None:
    async with client_of(job) as client:
        answer = await client.request(method, target, content=body)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert "/secret/path" not in answer.text


async def test_a_jobs_health_tells_how_its_last_run_went(job: Any) -> None:
    async with client_of(job) as client:
        assert (await client.get("/health")).json()["status"] == "never run"
        await client.post("/")
        assert (await client.get("/health")).json() == {
            "service": "work",
            "status": "healthy",
            "last_run": "2025-11-21T12:00:00.000Z",
        }
        await client.post("/?fail=1")
        assert (await client.get("/health")).json()["status"] == "failing"


async def test_a_jobs_requests_are_counted(job: Any) -> None:
    async with client_of(job) as client:
        await client.post("/")
        await client.get("/no/such/path")
        page = (await client.get("/metrics")).text
    assert 'api_gateway_requests_total{endpoint="/",method="POST",status="200"} 1.0' in page
    assert 'api_gateway_requests_total{endpoint="other",method="GET",status="404"} 1.0' in page
    assert 'api_gateway_request_duration_seconds_count{endpoint="/"} 1.0' in page
