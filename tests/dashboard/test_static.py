"""The dashboard function over real HTTP: what is served, how it is cached, and what is not served."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_api import serve

from functions.dashboard.static import Dashboard

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = b"console.log(1)" * 50
Ask = Callable[..., http.client.HTTPResponse]


def write_build(folder: Path, index: bytes = b"<!doctype html><title>page</title>") -> None:
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for name, body in (("index.html", index), ("assets/app-1a2b.js", SCRIPT)):
        (folder / name).write_bytes(body)
        (folder / f"{name}.gz").write_bytes(gzip.compress(body))
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"as if brotli")
    (folder / "assets" / "notes.txt").write_bytes(b"not of the page")
    (folder / "routes.json").write_text(json.dumps(["/", "/login", "/signals/:id"]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build of this test alone."""
    write_build(tmp_path / "dist")
    return tmp_path / "dist"


@contextlib.contextmanager
def asking(folder: Path) -> Iterator[Ask]:
    """Ask without a client's tidying: paths go out byte for byte. The body is in `.content`."""
    with serve(Dashboard(folder)) as (_, url):

        def get(path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers={"accept-encoding": "identity", **sent})
            response = connection.getresponse()
            response.content = response.read()  # type: ignore[attr-defined]
            connection.close()
            return response

        yield get


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A server over a build that no test changes."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "secret.js").write_text("secret")
    write_build(folder / "dist")
    with asking(folder / "dist") as get:
        yield get


@pytest.mark.parametrize("path", ["/", "/login", "/signals/01KAKE", "/login?next=1"])
def test_client_routes_get_the_page_and_ask_again_each_time(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert answer.content == b"<!doctype html><title>page</title>"
    assert answer.getheader("cache-control") == "no-cache"
    again = ask(path, if_none_match=answer.getheader("etag"))
    assert (again.status, again.content) == (304, b"")
    assert again.getheader("etag") == answer.getheader("etag")


def test_assets_are_kept_for_a_day(ask: Ask) -> None:
    answer = ask("/assets/app-1a2b.js")
    assert (answer.status, answer.content) == (200, SCRIPT)
    assert answer.getheader("cache-control") == "public, max-age=86400, immutable"
    assert answer.getheader("content-type") == "text/javascript; charset=utf-8"
    assert ask("/assets/app-1a2b.js", if_none_match=f'"x", {answer.getheader("etag")}').status == 304


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("zstd", None),
        ("", None),
    ],
)
def test_the_best_encoding_that_the_client_takes(ask: Ask, accept: str, encoding: str | None) -> None:
    answer = ask("/assets/app-1a2b.js", accept_encoding=accept)
    assert answer.getheader("content-encoding") == encoding
    assert answer.getheader("vary") == "accept-encoding"
    expected = {"br": b"as if brotli", "gzip": gzip.compress(SCRIPT), None: SCRIPT}[encoding]
    assert len(answer.content) == len(expected) == int(answer.getheader("content-length") or -1)


def test_head_has_the_length_and_no_body(ask: Ask) -> None:
    answer = ask("/assets/app-1a2b.js", "HEAD")
    assert (answer.status, answer.content) == (200, b"")
    assert answer.getheader("content-length") == str(len(SCRIPT))


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/signals/a/b",
        "/signals/",
        "/index.html",
        "/routes.json",
        "/favicon.ico",
        "/assets/",
        "/assets/none.js",
        "/assets/notes.txt",
        "/assets/app-1a2b.js.gz",
        "/assets/../secret.js",
        "/assets/..%2f..%2fsecret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/..%5c..%5csecret.js",
        "/../secret.js",
        "//secret.js",
        "/assets/app-1a2b.js%00",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_served(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.content) == (404, b"Not found\n")


def test_a_person_on_an_unknown_path_sees_the_page_say_so(ask: Ask) -> None:
    etag = ask("/").getheader("etag")
    answer = ask("/nowhere", accept="text/html,*/*;q=0.8", if_none_match=etag)
    assert (answer.status, answer.content) == (404, b"<!doctype html><title>page</title>")
    assert ask("/assets/old-9f.js", accept="text/html").content == b"Not found\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_reading(ask: Ask, method: str) -> None:
    answer = ask("/", method)
    assert (answer.status, answer.getheader("allow")) == (405, "GET, HEAD")


def test_every_status_carries_the_policy(folder: Path) -> None:
    with asking(folder) as ask:
        etag = ask("/").getheader("etag") or ""
        answers = [ask("/"), ask("/", if_none_match=etag), ask("/x"), ask("/", "POST"), ask("/health")]
        (folder / "index.html").unlink()
        answers.append(ask("/"))
    assert [answer.status for answer in answers] == [200, 304, 404, 405, 200, 503]
    for answer in answers:
        policy = answer.getheader("content-security-policy") or ""
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.getheader("x-content-type-options") == "nosniff"
        assert answer.getheader("referrer-policy") == "no-referrer"
        assert answer.getheader("strict-transport-security") is None


async def test_https_asks_for_https_from_then_on(folder: Path) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await Dashboard(folder, https=True)(scope, None, send)  # type: ignore[arg-type]
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
    assert headers[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"


def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    with asking(tmp_path / "dist") as ask:
        answer = ask("/")
        assert (answer.status, answer.getheader("cache-control")) == (503, "no-store")
        assert b"npm ci --ignore-scripts &amp;&amp; npm run build" in answer.content
        assert ask("/health").status == 503
        write_build(tmp_path / "dist")
        assert ask("/").status == 200, "a build is found without a restart"
        assert ask("/health").status == 200


def test_a_new_build_is_served_at_once(folder: Path) -> None:
    with asking(folder) as ask:
        before = ask("/")
        write_build(folder, b"<!doctype html><title>newer</title>")
        os.utime(folder / "index.html", ns=(1, 2_000_000_000_000_000_000))
        after = ask("/", if_none_match=before.getheader("etag"))
    assert (after.status, after.content) == (200, b"<!doctype html><title>newer</title>")


def test_it_starts_without_anything_heavy() -> None:
    code = "import sys, functions.dashboard.handler; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded & {"fastapi", "numpy", "httpx2", "redis", "aiohttp", "apsw", "orjson", "asyncio"} == set()


def test_the_stock_template_serves_the_same(dist: Path) -> None:
    from functions.dashboard import handler

    def call(path: str) -> tuple[bytes, int, dict[str, str]]:
        event = SimpleNamespace(
            method="GET", path=path, headers={"Accept-Encoding": "br"}, query={}, body=b""
        )
        body, status, headers = handler.handle(event, None)
        return body, status, dict(headers)

    body, status, headers = call("/login")
    assert (status, headers["content-encoding"]) == (200, "br")
    assert body == (dist / "index.html.br").read_bytes()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert call("/nowhere")[1] == 404


def test_the_real_build_is_complete_and_small(dist: Path) -> None:
    page = (dist / "index.html").read_text()
    scripts = list((dist / "assets").glob("*.js"))
    assert scripts
    for file in [*scripts, *(dist / "assets").glob("*.css"), dist / "index.html"]:
        assert file.with_name(f"{file.name}.br").is_file()
        assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()
    assert "style=" not in page
    assert page.count("<script") == page.count('<script type="module" crossorigin src="/assets/')
    sizes = {file.name.removesuffix(".gz"): file.stat().st_size for file in (dist / "assets").glob("*.gz")}
    assert sum(sizes.values()) < 220_000
    at_once = re.findall(r'"/assets/([^"]+)"', page)
    assert sum(sizes[name] for name in at_once) < 140_000, "other pages come when they are opened"
    assert "/login" in json.loads((dist / "routes.json").read_text())


def test_the_lock_is_whole_and_names_no_download_addresses() -> None:
    lock = json.loads((ROOT / "dashboard" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert all("integrity" in entry or entry.get("inBundle") for entry in packages.values())
    # `npm ci` refuses a lock that leaves out the builds for other machines
    known = {name.rpartition("node_modules/")[2] for name in packages}
    kinds = ("dependencies", "optionalDependencies")
    needed = {name for entry in packages.values() for kind in kinds for name in entry.get(kind, {})}
    assert needed - known == set()
