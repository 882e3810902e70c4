"""What every function refuses, and how: the outermost layer, over real sockets where it matters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import uvicorn

from shared.env import Env
from shared.errors import TooMany, Unavailable
from shared.platform import log
from shared.platform.web.asgi import answer_json, parse_json, read_body
from shared.platform.web.guard import MAX_BODY, Guard

SECRET = "the password is swordfish"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Parses a body, or misbehaves as its path says."""
    if scope["path"] == "/boom":
        raise RuntimeError(SECRET)
    if scope["path"] == "/away":
        raise Unavailable(f"10.0.0.7:8080 refused: {SECRET}")
    if scope["path"] == "/much":
        raise TooMany("slow down", retry_after=2.1, violated_policies=["user"])
    body = await read_body(receive)
    await answer_json(send, 200, {"got": parse_json(body) if body else None})


def client_of(app: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://web.test")


@pytest.fixture
def guarded(env: Env) -> Guard:
    return Guard(echo, env, "web")


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """Serve an app with the server that deployments use; yields its port."""
    options: dict[str, Any] = {"server_header": False, "proxy_headers": False, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", http="httptools", **options))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def raw(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; return status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    writer.close()
    return int(lines[0].split()[1]), headers, body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/boom", 500, "INTERNAL_ERROR"),
        ("/away", 503, "SERVICE_UNAVAILABLE"),
        ("/much", 429, "RATE_LIMIT_EXCEEDED"),
    ],
)
async def test_every_error_is_a_problem_that_tells_no_secret(
    guarded: Guard, path: str, status: int, code: str
) -> None:
    async with client_of(guarded) as client:
        answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "details", "timestamp", "request_id"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "swordfish" not in answer.text
    assert "10.0.0.7" not in answer.text


async def test_a_refused_request_says_when_to_come_back(guarded: Guard) -> None:
    async with client_of(guarded) as client:
        answer = await client.get("/much")
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["violated-policies"] == ["user"]


@pytest.mark.parametrize("path", ["/", "/boom", "/much", "/away"])
async def test_security_headers_are_on_every_answer(env: Env, path: str) -> None:
    https = replace(env, settings=replace(env.settings, public_base_url="https://x.test"))
    async with client_of(Guard(echo, https, "web")) as client:
        headers = (await client.get(path)).headers
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "server" not in headers


async def test_the_gateways_call_id_is_kept_and_a_hostile_one_is_not(guarded: Guard) -> None:
    async with client_of(guarded) as client:
        assert (await client.get("/", headers={"x-call-id": "abc-1"})).headers["x-request-id"] == "abc-1"
        assert (await client.get("/", headers={"x-call-id": "a b"})).headers["x-request-id"] != "a b"


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[" * 200_000, '{"a"', '"\\ud800"', "\udcff"])
async def test_a_body_that_is_no_json_is_told_so(guarded: Guard, text: str) -> None:
    async with client_of(guarded) as client:
        answer = await client.post("/", content=text.encode("utf-8", "surrogateescape"))
    assert answer.status_code == 400
    assert answer.json()["code"] == "MALFORMED_BODY"


async def test_a_body_too_large_is_refused_with_and_without_a_length(guarded: Guard) -> None:
    large = b"[" + b"0," * (MAX_BODY // 2) + b"0]"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    async with client_of(guarded) as client:
        told = await client.post("/", content=large)
        chunked = await client.post("/", content=chunks())
    for answer in (told, chunked):
        assert answer.status_code == 413
        assert answer.json()["code"] == "PAYLOAD_TOO_LARGE"


async def test_over_a_real_socket_large_headers_and_two_hosts_are_refused(guarded: Guard) -> None:
    async with served(guarded) as port:
        long = b"GET / HTTP/1.1\r\nhost: a\r\nx-long: " + b"a" * 100_000 + b"\r\n\r\n"
        status, _, body = await raw(port, long)
        assert (status, json.loads(body)["code"]) == (431, "HEADERS_TOO_LARGE")
        many = b"GET / HTTP/1.1\r\nhost: a\r\n" + b"a: b\r\n" * 200 + b"\r\n"
        assert (await raw(port, many))[0] == 431
        status, _, body = await raw(port, b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
        assert (status, json.loads(body)["code"]) == (400, "BAD_REQUEST")
        status, headers, _ = await raw(port, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert status == 200
        assert "server" not in headers


async def test_only_listed_origins_may_read_across(env: Env) -> None:
    listed = replace(env, settings=replace(env.settings, cors_origins=("https://ui.test",)))
    ask = {"access-control-request-method": "GET"}
    async with client_of(Guard(echo, listed, "web")) as client:
        own = await client.get("/", headers={"origin": "https://ui.test"})
        other = await client.get("/", headers={"origin": "https://evil.test"})
        preflight = await client.options("/", headers={"origin": "https://ui.test", **ask})
        refused = await client.options("/", headers={"origin": "https://evil.test", **ask})
    assert own.headers["access-control-allow-origin"] == "https://ui.test"
    assert "access-control-allow-credentials" not in own.headers
    assert "access-control-allow-origin" not in other.headers
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in refused.headers
    assert own.headers["vary"] == other.headers["vary"] == "origin"


async def test_each_request_leaves_one_log_line_without_its_query(
    env: Env, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        log.configure("test")
        guarded = Guard(echo, env, "web")
        async with client_of(guarded) as client:
            await client.get("/a?api_key=swordfish")
            await client.get("/b%E2%80%A8%1B[31m")
        guarded.requests.flush()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    lines = [line for line in told if line["message"] == "Request"]
    assert [line["metadata"]["status"] for line in lines] == [200, 200]
    assert lines[0]["metadata"]["path"] == "/a"
    assert lines[1]["metadata"]["path"] == "/b?" + "\x1b[31m"
    assert {line["service"] for line in lines} == {"web"}
    assert {*lines[0]} == {"timestamp", "level", "service", "message", "metadata"}
