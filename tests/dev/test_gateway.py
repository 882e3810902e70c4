"""The dev server answers as an OpenFaaS gateway does, over functions of ours."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx2
import orjson
import pytest

from shared.dev.functions import Functions
from shared.dev.gateway import Gateway
from shared.dev.schedules import start_schedules
from shared.dev.stack import Function


def echo(name: str) -> Any:
    """An app that answers with what it saw."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        message = await receive()
        seen = {
            "function": name,
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "body": message.get("body", b"").decode(),
        }
        app.calls.append(seen)  # type: ignore[attr-defined]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(seen)})

    app.calls = []  # type: ignore[attr-defined]
    return app


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch, clock: Any) -> Functions:
    apps = {name: echo(name) for name in ("api", "dashboard", "collect")}
    monkeypatch.setattr("shared.dev.functions.load", lambda function, env: apps[function.name])
    listed = [
        Function(name, "", f"x/{name}", "*/1 * * * *" if name == "collect" else None, secrets=("field-key",))
        for name in apps
    ]
    return Functions(listed, SimpleNamespace(now=clock))  # type: ignore[arg-type]


@pytest.fixture
async def client(functions: Functions) -> Any:
    transport = httpx2.ASGITransport(Gateway(functions), client=("127.0.0.1", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/api/v1/market-data", "api"),
        ("/health", "api"),
        ("/metrics", "api"),
        ("/docs", "api"),
        ("/graphql", "api"),
        ("/llm/models", "api"),
        ("/", "dashboard"),
        ("/assets/x.js", "dashboard"),
        ("/login", "dashboard"),
        ("/apix", "dashboard"),
    ],
)
async def test_public_routes(client: Any, path: str, function: str) -> None:
    assert (await client.get(path)).json()["function"] == function


def test_only_the_api_is_asked_for_an_answer_at_once(functions: Functions) -> None:
    asked = []
    api = functions.loaded["api"].app
    api.now = lambda scope, send: asked.append(scope["path"]) is None
    gateway = Gateway(functions)
    paths = ("/api/v1/market-data/BTC", "/health", "/", "/function/api/health")
    assert [gateway.now({"path": path}, None) for path in paths] == [True, True, False, False]
    assert asked == ["/api/v1/market-data/BTC", "/health"]


@pytest.mark.parametrize("name", ["collect", "collect.openfaas-fn"])
async def test_a_function_is_invoked_with_the_rest_of_the_path(client: Any, name: str) -> None:
    seen = (await client.post(f"/function/{name}/a/b?x=1", content=b"hi")).json()
    assert seen == {"function": "collect", "path": "/a/b", "query": "x=1", "body": "hi"}
    assert (await client.post(f"/function/{name}")).json()["path"] == "/"


async def test_an_unknown_function_is_not_found(client: Any) -> None:
    assert (await client.post("/function/nobody")).status_code == 404
    assert (await client.post("/async-function/nobody")).status_code == 404


async def test_asynchronous_calls_are_queued_and_run(client: Any, functions: Functions) -> None:
    headers = {"X-Callback-Url": "http://127.0.0.1:9/never"}
    answer = await client.post("/async-function/collect/x?y=2", content=b"later", headers=headers)
    assert answer.status_code == 202
    assert answer.headers["x-call-id"]
    worker = asyncio.create_task(functions.work())
    while not (calls := functions.loaded["collect"].app.calls):
        await asyncio.sleep(0.005)
    worker.cancel()
    assert calls == [{"function": "collect", "path": "/x", "query": "y=2", "body": "later"}]
    assert (await client.get("/async-function/collect")).status_code == 405
    assert (await client.post("/async-function/collect", content=b"x" * 256_001)).status_code == 413


async def test_a_trigger_already_waiting_is_enough(functions: Functions) -> None:
    for _ in range(20):
        await functions.trigger("collect")
    assert functions.queue.qsize() == 1


async def test_what_faas_cli_reads(client: Any) -> None:
    listed = (await client.get("/system/functions")).json()
    assert [f["name"] for f in listed] == ["api", "dashboard", "collect"]
    assert {"image", "namespace", "invocationCount", "replicas", "secrets"} <= set(listed[0])
    await client.post("/function/collect")
    described = (await client.get("/system/function/collect?usage=1")).json()
    assert (described["availableReplicas"], described["invocationCount"]) == (1, 1)
    assert (await client.get("/system/function/nobody")).status_code == 404
    assert (await client.get("/system/namespaces")).json() == ["openfaas-fn"]
    assert (await client.get("/system/info")).json()["provider"]["orchestration"] == "one process"
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.put("/system/functions", json={})).status_code == 405


async def test_only_this_machine_reaches_the_functions(functions: Functions) -> None:
    for client, headers in ((("10.1.2.3", 1), {}), (("127.0.0.1", 1), {"X-Forwarded-For": "10.1.2.3"})):
        transport = httpx2.ASGITransport(Gateway(functions), client=client)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x", headers=headers) as outside:
            for path in ("/function/collect", "/async-function/collect", "/system/functions"):
                assert (await outside.post(path)).status_code == 404
            assert (await outside.get("/api/v1/signals")).status_code == 200
    assert functions.loaded["collect"].app.calls == []


async def test_schedules_fire_by_the_clock_of_the_env(functions: Functions, clock: Any) -> None:
    tasks = start_schedules(functions, SimpleNamespace(now=clock))  # type: ignore[arg-type]
    await asyncio.sleep(0.02)
    assert functions.loaded["collect"].app.calls == []
    clock.advance(60_000)
    for _ in range(400):
        if functions.loaded["collect"].app.calls:
            break
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    assert functions.loaded["collect"].app.calls[0]["path"] == "/"
