"""The lake on a folder and on a small server that speaks S3 over real HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from shared.errors import Invalid, Unavailable
from shared.platform import lake
from shared.platform.lake import Lake


class S3(ThreadingHTTPServer):
    """PUT (and copy), GET, HEAD, DELETE and ListObjectsV2 of one bucket, for signed requests only."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.authorizations: list[str] = []
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3

    def log_message(self, *_args: object) -> None:
        return

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket").lstrip("/")

    def answer(self, status: int, body: bytes = b"", head: bool = False) -> None:
        self.server.authorizations.append(self.headers.get("authorization", ""))
        if "AWS4-HMAC-SHA256 Credential=the-key/" not in self.server.authorizations[-1]:
            status, body = 403, b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("etag", '"x"')
        self.send_header("last-modified", "Fri, 21 Nov 2025 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"" if head else body)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        source = unquote(self.headers.get("x-amz-copy-source", "")).removeprefix("/").removeprefix("bucket/")
        if source and source not in self.server.objects:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        self.server.objects[self.key] = self.server.objects[source] if source else data
        return self.answer(200, b"<CopyObjectResult/>" if source else b"")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            return self.answer(200, listing(self.server.objects, query.get("prefix", [""])[0]))
        found = self.server.objects.get(self.key)
        return self.answer(404) if found is None else self.answer(200, found)

    def do_HEAD(self) -> None:
        found = self.server.objects.get(self.key)
        return self.answer(404, head=True) if found is None else self.answer(200, found, head=True)

    def do_DELETE(self) -> None:
        self.server.objects.pop(self.key, None)
        self.answer(204)

    def do_POST(self) -> None:  # DeleteObjects: what obstore uses
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        keys = [part.split("</Key>")[0] for part in body.split("<Key>")[1:]]
        for key in keys:
            self.server.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())


def listing(objects: dict[str, bytes], prefix: str) -> bytes:
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><ETag>x</ETag>"
        "<LastModified>2025-11-21T12:00:00.000Z</LastModified></Contents>"
        for key, data in sorted(objects.items())
        if key.startswith(prefix)
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    server = S3()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("MINIO_ENDPOINT", server.endpoint)
    monkeypatch.setenv("MINIO_ACCESS_KEY", "the-key")
    monkeypatch.setenv("MINIO_SECRET_KEY", "the-secret")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return lake.connect(f"file:{tmp_path / 'lake'}")
    request.getfixturevalue("s3")
    return lake.connect("s3://bucket/some/prefix")


async def test_objects_come_and_go(store: Lake) -> None:
    key = "crypto-raw/2025-11-21/BTC_klines_1763726400000.json"
    assert await store.get(key) is None
    assert not await store.exists(key)
    await store.put(key, b"one")
    await store.put(key, b"two \x00\xff")
    assert await store.get(key) == b"two \x00\xff"
    assert await store.exists(key)
    await store.delete(key)
    await store.delete(key)
    assert await store.get(key) is None


async def test_lists_below_a_prefix(store: Lake) -> None:
    keys = [f"raw/2025-11-{day:02}/A {day}.json" for day in range(1, 13)] + ["raw-other/x", "z"]
    await asyncio.gather(*(store.put(key, b"x") for key in keys))
    assert await store.list() == sorted(keys)
    assert await store.list("raw") == sorted(keys[:12])
    assert await store.list("raw/2025-11-03/") == ["raw/2025-11-03/A 3.json"]
    assert await store.list("nothing") == []


async def test_moves(store: Lake) -> None:
    await store.put("raw/a", b"new")
    await store.put("archive/a", b"old")
    assert await store.move("raw/a", "archive/a")
    assert await store.list() == ["archive/a"]
    assert await store.get("archive/a") == b"new"
    assert not await store.move("raw/a", "archive/a")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\\b", "a\x00b", "a" * 1025]
)
async def test_keys_that_would_leave_the_lake(store: Lake, key: str) -> None:
    for call in (
        store.put(key, b""),
        store.get(key),
        store.exists(key),
        store.delete(key),
        store.move("a", key),
    ):
        with pytest.raises(Invalid):
            await call
    if key:
        with pytest.raises(Invalid):
            await store.list(f"{key}/x")


async def test_a_prefix_keeps_buckets_apart(s3: S3) -> None:
    await lake.connect("s3://bucket/some/prefix").put("a", b"x")
    assert list(s3.objects) == ["some/prefix/a"]
    assert all("the-secret" not in header for header in s3.authorizations)


async def test_keys_of_s3_come_from_secret_files_and_have_no_default(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINIO_ACCESS_KEY")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    with pytest.raises(Unavailable, match="MINIO_ACCESS_KEY"):
        await lake.connect("s3://bucket").put("a", b"x")
    (tmp_path / "MINIO_ACCESS_KEY").write_text("the-key\n")
    await lake.connect("s3://bucket").put("a", b"x")
    assert s3.objects == {"a": b"x"}


async def test_a_store_that_refuses_or_is_gone(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ACCESS_KEY", "another")
    with pytest.raises(Unavailable) as caught:
        await lake.connect("s3://bucket").get("a")
    assert "127.0.0.1" not in str(caught.value)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MINIO_ENDPOINT", f"127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(Unavailable):
            await lake.connect("s3://bucket").put("a", b"x")


async def test_a_folder_that_cannot_be() -> None:
    with pytest.raises(Unavailable):
        await lake.connect("file:/proc/nowhere").put("a", b"x")
