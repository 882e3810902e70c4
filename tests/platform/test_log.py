"""One valid JSON line per record, whatever is in it, and no secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.platform import log

KEY = "cik_dev_PF6m5p0VFdJMTYNqBQt0fImpNRhpFxHeHVUlzrZmL9F0fJR1p"
JWT = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwIn0.WI81xB4V4dDAdqoS2HJuxYh81B4tUj3C5hifu0b5SIWbVsgF"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("gateway", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def only_line(out: io.StringIO) -> dict[str, Any]:
    text = out.getvalue()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert len(text.encode()) <= 16_384
    line = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(line) == ["timestamp", "level", "service", "message", "metadata"]
    return dict(line)


def test_a_line_has_exactly_the_five_fields(out: io.StringIO) -> None:
    figures = {"sources_processed": 4, "records_collected": 1250, "processing_time_ms": 2340}
    logging.getLogger("collect").info("Data collection completed", extra={"metadata": figures})
    line = only_line(out)
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is UTC
    assert line == {
        "level": "INFO",
        "service": "collect",
        "message": "Data collection completed",
        "metadata": figures,
    }


HOSTILE = {
    "line breaks": "a\r\n{}\n\x0b\x0c\x1c\x85\u2028\u2029z",
    "terminal orders": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "one megabyte": "x" * 2**20,
    "one megabyte of zeros": "\0" * 2**20,
    "one megabyte of emoji": "😀" * 2**18,
    "lone surrogate": "\ud800 and \udfff",
    "json": '","level":"ERROR","x":"',
    "format": "%s %d {0} ${x}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("place", ["message", "argument", "metadata", "metadata name", "exception"])
def test_hostile_text_stays_one_line(out: io.StringIO, text: str, place: str) -> None:
    # pytest's own handler would put the text into its report, which cannot carry all of it.
    logging.getLogger().handlers[:] = [handler for handler in [log.handler()] if handler]
    logger = logging.getLogger("api")
    if place == "message":
        logger.warning(text)
    elif place == "argument":
        logger.warning("feed %s", text)
    elif place == "metadata":
        logger.warning(
            "x", extra={"metadata": {"title": text, "list": [text] * 500, "deep": {"a": {"b": text}}}}
        )
    elif place == "metadata name":
        logger.warning("x", extra={"metadata": {text: 1}})
    else:
        try:
            raise ValueError(text)
        except ValueError:
            logger.exception("x")
    line = only_line(out)
    assert line["level"] in ("WARNING", "ERROR")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in out.getvalue().rstrip("\n"))


def test_odd_values_become_json(out: io.StringIO) -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    odd = {
        "nan": float("nan"),
        "big": 2**80,
        "bytes": b"\xff",
        "set": {1},
        "loop": loop,
        "type": object,
        3: None,
    }
    logging.getLogger("api").info("x", extra={"metadata": odd})
    metadata = only_line(out)["metadata"]
    assert metadata["nan"] is None
    assert metadata["big"] == str(2**80)
    assert metadata["set"] == [1]


def test_arguments_that_do_not_fit_lose_no_line(out: io.StringIO) -> None:
    logging.getLogger("api").info("%d rows", "many")
    assert only_line(out)["message"] == "%d rows ('many',)"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"key={KEY}",
        f"Authorization: Bearer {KEY}",
        "Authorization: Basic c2VjcmV0LWNhbmFyeQ==",
        f"token {JWT}",
        JWT[:50],
        "GET /x?api_key=secret-canary&limit=3",
        "GET /x?limit=3&access_token=secret-canary",
        "Cookie: __Host-sid=secret-canary; a=b",
        "http://127.0.0.1:8080/login#secret-canary",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ],
)
def test_secrets_are_cut(out: io.StringIO, text: str) -> None:
    logging.getLogger("api").info("%s", text, extra={"metadata": {"headers": {"x": [text]}, "text": text}})
    only_line(out)
    for secret in (KEY[13:], JWT[10:40], "canary", "c2VjcmV0", "MfKQ9r8G"):
        assert secret not in out.getvalue()


def test_secrets_are_cut_where_a_long_text_is(out: io.StringIO) -> None:
    logging.getLogger("api").info("x" * (log.TEXT - 30) + " " + KEY + " " + "y" * log.TEXT)
    logging.getLogger("api").info((KEY + " ") * 400)
    assert KEY[13:20] not in out.getvalue()


def test_values_under_secret_names_are_cut(out: io.StringIO) -> None:
    hidden = {
        "Authorization": "a canary",
        "cookie": "canary",
        "password": "canary",
        "client_secret": "canary",
    }
    logging.getLogger("api").info("x", extra={"metadata": {"headers": hidden, "monkey": "shown"}})
    assert "canary" not in out.getvalue()
    assert only_line(out)["metadata"]["monkey"] == "shown"


@pytest.mark.parametrize(
    ("name", "service"),
    [("collect", "collect"), ("shared.webhooks.deliver", "gateway"), ("uvicorn.error", "gateway")],
)
def test_the_service_is_who_works(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch, name: str, service: str
) -> None:
    # a server that another test of this process ran may have set uvicorn's own level
    monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger(name), "_cache", {})
    logging.getLogger(name).warning("x")
    assert only_line(out)["service"] == service


async def test_the_service_follows_the_task(out: io.StringIO) -> None:
    async def work() -> None:
        logging.getLogger("shared.webhooks.deliver").info("sent")

    with log.serving("deliver"):
        task = asyncio.create_task(work())
    await task
    assert only_line(out)["service"] == "deliver"


def test_recent_lines_of_one_service(out: io.StringIO) -> None:
    for number in range(5):
        logging.getLogger("collect").info("line %d", number)
        logging.getLogger("deliver").info("other")
    messages = [json.loads(line)["message"] for line in log.recent("collect", tail=2)]
    assert messages == ["line 3", "line 4"]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert log.recent("collect", since=soon) == []
    assert len(log.recent("collect", since=soon - timedelta(hours=1))) == 5
    assert log.recent("nothing") == []


async def test_follow_yields_what_comes_from_any_thread(out: io.StringIO) -> None:
    lines = log.follow("collect")
    logging.getLogger("collect").info("before")
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    logging.getLogger("deliver").info("another service")
    await asyncio.to_thread(logging.getLogger("collect").info, "from a thread")
    assert json.loads(await waiting)["message"] == "from a thread"
    await lines.aclose()  # type: ignore[attr-defined]
    handler = log.handler()
    assert handler is not None
    assert handler.followers == []
