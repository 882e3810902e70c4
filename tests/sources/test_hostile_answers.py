"""Whatever comes, a source answers with records, refusals or Malformed, and nothing else."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings_support import FOLDER, ask, module_of, reading, source_of

from shared.errors import Malformed, Refused
from shared.market.consensus import consensus
from shared.models import AHEAD, Quote
from shared.sources import SOURCES, read_all

NAMES = sorted({module_of(source) for source in SOURCES})
BODIES = {
    name: [p.read_bytes() for p in sorted((FOLDER / name).iterdir()) if ".expected." not in p.name]
    for name in NAMES
}
VALUES = [b"NaN", b"1e999", b"-1", b'"1e999"', b'"nan"', b"null", b"true", b"[]", b"{}", b'"\\ud800"']
VALUES += [
    b"99999999999999999999999",
    b'"' + b"x" * 5000 + b'"',
    b"<![CDATA[<script>]]>",
    b"\xff\xfe",
    b"\x00",
]
VALUES += [b"[" * 3000, b'{"a":' * 3000, b"&#1114112;", b"&#8238;", b"<b>" * 500, b"]]>", b"<!-- ", b"-0.0"]
HOSTILE = {
    "html": b"<html><body>busy</body></html>",
    "nothing": b"",
    "blanks": b"  \n",
    "nested": b"[" * 200_000,
    "nested objects": b'{"a":' * 100_000,
    "not text": bytes(range(256)) * 20,
    "half a letter": b'["\xc3',
    "number": b"12",
    "string": b'"hello"',
    "null": b"null",
    "empty list": b"[]",
    "list of lists": b"[[],[],[]]",
    "list of nulls": b"[null,null]",
    "deep rows": b"[" + b"[" * 5000 + b"]" * 5000 + b"]",
    "byte order mark": b"\xef\xbb\xbf[]",
    "utf-16": "[]".encode("utf-16"),
}


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """A recording with pieces cut, doubled, or replaced by something wrong."""
    body = draw(st.sampled_from(BODIES[name]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 60)))
        put = draw(st.sampled_from([b"", body[start:end] * 2, *VALUES]) | st.binary(max_size=8))
        body = body[:start] + put + body[end:]
    return body


def check(name: str, body: bytes) -> None:
    source, request = source_of(name)
    found = reading(source, request, body)
    for record in found.get("records", ()):
        assert all(not isinstance(v, float) or math.isfinite(v) for v in record.values())
        assert record.get("at", record.get("open_time")) <= ask().now + 600_000
        if record["kind"] == "Article":
            assert record["url"].startswith(("http://", "https://"))
            assert len(record["title"]) <= 500
            assert "\x00" not in record["title"] + (record["summary"] or "")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_answer_is_read_or_refused(name: str, data: st.DataObject) -> None:
    check(name, data.draw(mutated(name)))


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_of_another_kind_is_malformed_or_empty(name: str, kind: str) -> None:
    source, request = source_of(name)
    found = reading(source, request, HOSTILE[kind])
    assert found.get("records", []) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_record_survives_only_whole(name: str) -> None:
    """A bad row costs a row: good rows around it are read."""
    source, request = source_of(name)
    plain = BODIES[name]
    assert any(read_whole(source, body, request) for body in plain)


def read_whole(source: Any, body: bytes, request: Any) -> list[dict[str, Any]]:
    try:
        return [asdict(record) for record in read_all(source, body, request, ask()).records]
    except (Malformed, Refused):
        return []


def test_a_price_that_no_consensus_would_take_is_refused_and_said() -> None:
    """Stored, it would hide the last good price of its source until our clock has caught up."""
    source, request = source_of("binance_ticker")
    row = b'{"symbol":"BTCUSDT","lastPrice":"2","openPrice":"1","highPrice":"2","lowPrice":"1",'
    row += b'"quoteVolume":"5","count":1,"closeTime":%d}'
    near, far = ask().now + AHEAD, ask().now + AHEAD + 1
    found = read_all(source, b"[%s]" % (row % near), request, ask())
    (quote,) = found.records
    assert isinstance(quote, Quote)
    assert consensus([quote], ask().now) is not None
    found = read_all(source, b"[%s]" % (row % far), request, ask())
    assert (found.records, found.reasons) == ([], [f"BTCUSDT closeTime: {far} lies in the future"])
