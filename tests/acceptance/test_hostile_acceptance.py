"""What a hostile client sends: logs stay lines (D6), answers stay problems (H5)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable

import pytest
from product_support import Product, log_lines

LIST = "/api/v1/market-data"
HOOKS = "/api/v1/webhooks"
LINE_BYTES = 16_384
NASTY = {
    "line breaks": "BTC%0d%0a%7B%22level%22%3A%22FAKE%22%7D",
    "terminal orders": "%1b%5b31mBTC%1b%5b0m%07",
    "line separators": "%e2%80%a8%e2%80%a9%c2%85BTC",
    "bidi": "%e2%80%aeCTB",
    "broken UTF-8": "%ff%fe%c0%af",
    "NUL": "BTC%00",
    "long": "A" * 20_000,
    "slashes": "..%2f..%2f..%2fetc%2fpasswd",
    "SQL": "BTC'%20OR%201=1%20--",
}


def raw(product: Product, text: bytes, *, more: Iterable[bytes] = ()) -> tuple[int, bytes]:
    """Send bytes as they are; status and the rest of the answer (0 where the connection just ended)."""
    with socket.create_connection(("127.0.0.1", product.port), timeout=20) as connection:
        try:
            connection.sendall(text)
            for piece in more:
                connection.sendall(piece)
        except OSError:
            pass  # it has answered already and hung up
        got = b""
        try:
            while piece := connection.recv(65_536):
                got += piece
        except OSError:
            pass
    return (int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0), got


def head(product: Product, line: str, *fields: bytes) -> bytes:
    own = (f"authorization: Bearer {product.key}".encode(), b"connection: close", *fields)
    start = [line.encode("latin-1"), b"host: 127.0.0.1", *own]
    return b"\r\n".join(start) + b"\r\n\r\n"


def logged(product: Product, before: int) -> str:
    """What the log gained, once the bundle of requests is written."""
    time.sleep(0.5)
    return (product.folder / "log").read_bytes()[before:].decode()


def check_lines(text: str) -> None:
    for line in text.split("\n")[:-1]:
        assert len(line.encode()) <= LINE_BYTES
        json.loads(line)
    lines = log_lines(text)  # split at every kind of line break: none may come through
    assert len(lines) == text.count("\n")
    assert all(line["level"] in ("INFO", "WARNING", "ERROR") for line in lines)
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in text.replace("\n", ""))


@pytest.mark.parametrize("name", NASTY)
def test_d6_a_nasty_symbol_is_one_clean_line(product: Product, name: str) -> None:
    before = (product.folder / "log").stat().st_size
    for path in (f"{LIST}/{NASTY[name]}", f"{LIST}?cursor={NASTY[name]}", f"/nowhere/{NASTY[name]}"):
        status, _ = raw(product, head(product, f"GET {path} HTTP/1.1"))
        assert 200 <= status < 500, (path, status)  # white space around a symbol is forgiven
    check_lines(logged(product, before))


@pytest.mark.parametrize(
    ("value", "statuses"),
    [
        (b"\x1b[2J\x1b[31m evil", {200, 400}),
        ('\u2028{"level":"FAKE"}\u2029\u202e'.encode(), {200}),
        (b"a\rb", {200, 400}),
        (b"x" * 1_000_000, {400, 431}),
        (b"' OR 1=1--<script>", {200}),
    ],
)
def test_d6_nasty_headers_are_one_clean_line(product: Product, value: bytes, statuses: set[int]) -> None:
    before = (product.folder / "log").stat().st_size
    for name in (b"user-agent", b"x-forwarded-for", b"x-call-id"):
        status, _ = raw(product, head(product, f"GET {LIST} HTTP/1.1", name + b": " + value))
        assert status in statuses, (name, status)
    check_lines(logged(product, before))


def test_h5_a_body_over_the_limit_is_413_with_and_without_a_length(product: Product) -> None:
    json_type = b"content-type: application/json"
    big = head(product, f"POST {HOOKS} HTTP/1.1", json_type, b"content-length: 1048577")
    pieces = iter([b"x" * 65_536] * 16 + [b"x"])
    status, got = raw(product, big, more=pieces)
    assert status == 413, got
    assert b"application/problem+json" in got
    chunked = head(product, f"POST {HOOKS} HTTP/1.1", json_type, b"transfer-encoding: chunked")
    pieces = iter([b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 17 + [b"0\r\n\r\n"])
    status, got = raw(product, chunked, more=pieces)
    assert status == 413, got
    assert b"application/problem+json" in got


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "application/json", 400),
        (b'{"url": ' * 100_000, "application/json", 400),
        (b'{"url": NaN}', "application/json", 400),
        (b'{"url": 1e999}', "application/json", 400),
        (b'{"url": "\xff"}', "application/json", 400),
        (b"", "application/json", 400),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"url": 7}', "application/json", 422),
        (b'{"url": "http://127.0.0.1:9/", "owner": "root"}', "application/json", 422),
        (b'{"url": "http://169.254.169.254/latest/meta-data"}', "application/json", 422),
        (b'{"url": "file:///etc/passwd"}', "application/json", 422),
        (b'{"url": "http://127.0.0.1:9/"}', "text/plain", 415),
        (b'{"url": "http://127.0.0.1:9/"}', "", 415),
        (b"url=http", "application/x-www-form-urlencoded", 415),
    ],
)
def test_h5_a_wrong_body_is_named_as_what_it_is(
    product: Product, body: bytes, kind: str, status: int
) -> None:
    answer = product.call("POST", HOOKS, body, content_type=kind)
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) < 2000


def test_h5_headers_that_no_client_sends(product: Product) -> None:
    line = f"GET {LIST} HTTP/1.1"
    status, got = raw(product, head(product, line, b"x-long: " + b"x" * 100_000))
    assert status == 431, got[:500]
    assert b"application/problem+json" in got
    status, got = raw(product, head(product, line, *[b"x-many: 1"] * 500))
    assert status == 431, got[:500]
    status, got = raw(product, head(product, line, b"host: evil.example"))
    assert status == 400, got[:500]
    assert b"application/problem+json" in got
    for fields in (
        (b"content-length: 1", b"content-length: 2"),
        (b"content-length: 5", b"transfer-encoding: chunked"),
        (b"content-length: -1",),
        (b"content-length: 99999999999999999999",),
    ):
        status, got = raw(product, head(product, f"POST {HOOKS} HTTP/1.1", *fields))
        assert status in (400, 413), (fields, got[:300])


@pytest.mark.parametrize("path", ["/function/collect", "/function/detect-signals", "/function/deliver"])
def test_h5_a_job_with_a_wrong_body_is_refused_not_run(product: Product, path: str) -> None:
    for body in (b"[" * 200_000, b'{"jobs": 7}', b"[1]", b'{"jobs": NaN}'):
        answer = product.call("POST", path, body, content_type="application/json")
        assert answer.status < 500, (body[:20], answer)
    assert product.post("/function/collect", {"jobs": ["nothing"]}).status == 400


def test_h5_nothing_of_it_was_an_error_of_ours(product: Product) -> None:
    for path in (
        f"{LIST}?limit=1e3",
        f"{LIST}?as_of=9e99",
        f"{LIST}/%00",
        "/api/v1/signals?since=x",
        "/api/v1/%ff",
    ):
        assert 400 <= product.get(path).status < 500
    assert [line for line in log_lines(product.log()) if line["level"] == "ERROR"] == []
