"""Every function of stack.yml: what its handler exposes, under our template, the stock one and Lambda."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict

from shared.access import keys
from shared.env import ROOT, read_settings
from shared.models import Quote
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.platform.lambda_ import handler_of
from shared.platform.web import function
from shared.store import quotes, users

JOBS = ("collect", "detect_signals", "deliver", "maintain")


@pytest.mark.parametrize("name", [*JOBS, "api"])
def test_a_handler_has_all_it_is_called_by(name: str) -> None:
    handler = importlib.import_module(f"functions.{name}.handler")
    assert handler.app.name == name.replace("_", "-")
    assert all(callable(getattr(handler, one)) for one in ("app", "build", "handle", "lambda_handler"))
    source = (ROOT / "functions" / name / "handler.py").read_text()
    assert len(source.splitlines()) <= 30


@pytest.mark.parametrize("name", ["deliver", "maintain"])
async def test_a_job_with_nothing_to_do_answers_a_summary(env: Any, name: str) -> None:
    import httpx2

    app = importlib.import_module(f"functions.{name}.handler").build(env)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x") as client:
        answer = await client.post("/", headers={"x-connector": "cron-connector"})
    assert answer.status_code == 200
    assert isinstance(answer.json(), dict)


async def test_an_unknown_task_is_refused(env: Any) -> None:
    import httpx2

    app = importlib.import_module("functions.maintain.handler").build(env)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x") as client:
        answer = await client.post("/", json={"tasks": ["everything"]})
        wrong = await client.post("/", json={"tasks": 5})
    assert (answer.status_code, wrong.status_code) == (400, 400)


@pytest.fixture
async def ready(tmp_path: Path) -> tuple[dict[str, str], str]:
    """A database on disk with a price and a key; (environment, key)."""
    environ = {"LIBSQL_URL": f"file:{tmp_path / 'f.db'}", "LAKE_URL": f"file:{tmp_path / 'lake'}"}
    opened = await open_env(read_settings(environ))
    await d1.migrate(opened.db, ROOT / "migrations")
    await users.create(opened.db, "ada", "admin", opened.now())
    made = await keys.create(opened, owner="ada", level="readonly")
    await quotes.add(opened.db, [Quote(1, "coingecko", opened.now(), 100.0)], opened.now())
    await opened.close()
    return environ, made.key


def test_the_api_answers_the_stock_template_and_lambda(ready: tuple[dict[str, str], str]) -> None:
    from functions.api.handler import build

    environ, key = ready

    async def opening(name: str) -> Any:
        return await open_env(read_settings(environ))

    handle, lambda_handler = handler_of(function("api", build, opening))
    event = SimpleNamespace(
        body=b"",
        headers=EnvironHeaders({"HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_HOST": "x"}),
        method="GET",
        query=ImmutableMultiDict([("limit", "1")]),
        path="/api/v1/market-data",
    )
    for _ in range(2):  # from the store, then from memory
        body, status, headers = handle(event, None)
        assert status == 200
        assert [row["symbol"] for row in json.loads(body)["data"]] == ["BTC"]
        assert "content-security-policy" in dict(headers)
    http = {"method": "GET", "path": "/api/v1/market-data/BTC", "sourceIp": "", "protocol": "HTTP/1.1"}
    told = lambda_handler(
        {
            "version": "2.0",
            "rawQueryString": "",
            "headers": {"authorization": f"Bearer {key}"},
            "requestContext": {"http": http},
            "body": "",
            "isBase64Encoded": False,
        },
        None,
    )
    assert told["statusCode"] == 200
    assert json.loads(told["body"])["data"]["price"] == 100.0
