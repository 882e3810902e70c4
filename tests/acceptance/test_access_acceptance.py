"""Keys, tokens and sessions over HTTP: A1, A2, A7, A8, S1, S2."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from market_provider import Provider
from product_support import Product
from token_mutants import mutants

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEY = re.compile(r"cik_dev_[0-9A-Za-z]{43}[0-9A-Za-z]{6}")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
READ = "/api/v1/market-data/BTC"
SESSION = "/api/v1/auth/session"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def checksum(text: str) -> str:
    number, digits = crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits


def test_a1_a_key_is_shown_once_and_kept_nowhere(launch: Callable[..., Product], redis_url: str) -> None:
    import redis

    product = launch(REDIS_URL=redis_url)
    made = json.loads(product.run("keys", "create", "--level", "trading", "--name", "bot", "--json"))
    for key in (made["key"], product.key):
        assert KEY.fullmatch(key)
        assert checksum(key[:-6]) == key[-6:]
    assert product.get(READ, authorization=f"Bearer {made['key']}").status == 404  # no prices yet, but let in
    assert product.get(READ, authorization="", x_api_key=made["key"]).status == 404
    assert product.get(f"/api/v1/{made['key']}").status == 404
    product.get(f"{READ}?symbol={made['key']}")
    listed = product.run("keys", "list") + product.run("keys", "list", "--json")
    product.get("/metrics")
    client = redis.Redis.from_url(redis_url)
    kept = [(name, client.dump(name)) for name in client.scan_iter()]
    files = [file for file in product.folder.rglob("*") if file.is_file() and file.name != "out"]
    assert {"cryptointel.db", "cryptointel.db-wal", "log"} <= {file.name for file in files}
    assert kept
    for key in (made["key"], product.key):
        secret = key.removeprefix("cik_dev_")[4:]  # its first digits are shown in lists
        assert key[:12] in listed
        assert secret not in listed
        assert [file.name for file in files if secret.encode() in file.read_bytes()] == []
        assert [name for name, value in kept if secret.encode() in name + value] == []
    client.close()


async def test_a2_a_wrong_checksum_is_401_without_a_query(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    from functions.api.handler import app
    from shared.access import keys
    from shared.store import users

    await users.create(env.db, "ann", "admin", env.now())
    good = (await keys.create(env, owner="ann", level="master")).key
    queries: list[str] = []
    prepare = type(env.db).prepare

    def counted(self: Any, sql: str) -> Any:
        queries.append(sql)
        return prepare(self, sql)

    monkeypatch.setattr(type(env.db), "prepare", counted)
    transport = httpx2.ASGITransport(app.with_env(env))
    flipped = [good[:-1] + d for d in DIGITS if d != good[-1]]
    flipped += [
        good[:place] + d + good[place + 1 :] for place in range(8, 57) for d in "AbC0zQ19xY7mK3tRpW85EfGh"
    ]
    flipped = [key for key in dict.fromkeys(flipped) if key != good][:1000]
    assert len(set(flipped)) == 1000
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        first = await client.get(READ, headers={"authorization": f"Bearer {good}"})
        assert first.status_code == 404
        assert queries
        queries.clear()
        answers = [(await client.get(READ, headers={"authorization": f"Bearer {key}"})) for key in flipped]
    assert {answer.status_code for answer in answers} == {401}
    assert queries == []


@pytest.mark.parametrize("name", ["api_key", "access_token", "apikey", "token"])
def test_a7_a_key_in_the_address_is_no_key_and_no_log_line(product: Product, name: str) -> None:
    for path in (READ, "/api/v1/stream", "/api/v1/webhooks"):
        answer = product.call("GET", f"{path}?{name}={product.key}", authorization="")
        assert answer.status == 401
        assert product.key.encode() not in answer.body
    assert product.get("/metrics").status == 200
    assert product.key not in product.log()
    assert product.key[12:] not in product.log()


def test_a8_no_mutant_of_a_token_gets_in_or_learns_why(product: Product, provider: Provider) -> None:
    listed = json.loads(product.run("keys", "list", "--json"))
    known = next(key for key in listed if key["rate_limit"] == product.key_limit)
    minted = product.post("/api/v1/auth/token", {"ttl": 600})
    assert minted.status == 200, minted
    token = minted.json()["access_token"]
    assert product.get(READ, authorization=f"Bearer {token}").status == 200
    bodies, seen = set(), 0
    for name, mutant in mutants(token, Path(product.environ["SECRETS_DIR"]), known["id"], provider.url):
        answer = product.get(READ, authorization=f"Bearer {mutant}")
        if len(mutant) > 32_000:
            assert answer.status in (400, 431), (name, answer)
            continue
        assert answer.status == 401, (name, answer)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        said = answer.json()
        bodies.add(json.dumps({k: v for k, v in said.items() if k not in ("timestamp", "request_id")}))
        seen += 1
    assert seen >= 30
    assert len(bodies) == 1
    assert provider.calls == []  # no key was fetched from where a token said
    assert product.get(READ, authorization=f"Bearer {token}").status == 200


def new_link(product: Product) -> str:
    """The token of a fresh one-time link."""
    return str(json.loads(product.run("login-link", "--json"))["link"].partition("#")[2])


def test_s1_the_session_cookie_is_for_this_host_over_tls_and_no_script(product: Product) -> None:
    token = new_link(product)
    answer = product.post(SESSION, {"token": token}, authorization="")
    assert answer.status == 204
    value, *flags = answer.headers["set-cookie"].split("; ")
    name, _, session = value.partition("=")
    assert name == "__Host-sid"
    assert len(session) >= 22  # 128 bits in base64
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not any(flag.lower().startswith("domain") for flag in flags)
    assert product.post(SESSION, {"token": token}, authorization="").status == 401  # once
    who = product.get(SESSION, authorization="", cookie=value).json()
    assert (who["user"], who["role"]) == ("admin", "admin")
    assert token not in product.log()
    assert session not in product.log()


def test_s2_a_login_never_keeps_the_session_it_came_with(product: Product) -> None:
    planted = "__Host-sid=attacker-knows-this-one-0123456789"
    answer = product.post(SESSION, {"token": new_link(product)}, authorization="", cookie=planted)
    assert answer.status == 204, answer
    first = answer.headers["set-cookie"].partition(";")[0]
    assert first != planted
    assert product.get(SESSION, authorization="", cookie=planted).json()["user"] is None
    assert product.get(SESSION, authorization="", cookie=first).json()["user"] == "admin"
    token = new_link(product)
    assert (
        product.post(SESSION, {"token": token}, authorization="", cookie=first).status == 403
    )  # whose page?
    own = {"cookie": first, "sec_fetch_site": "same-origin"}
    again = product.post(SESSION, {"token": token}, authorization="", **own)
    assert again.status == 204, again
    second = again.headers["set-cookie"].partition(";")[0]
    assert second not in (first, planted)
    assert product.get(SESSION, authorization="", cookie=first).json()["user"] is None
    assert product.get(READ, authorization="", cookie=first).status == 401
    assert product.get(READ, authorization="", cookie=second).status == 200


@pytest.fixture
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.mark.browser
def test_s1_the_one_time_link_logs_a_real_browser_in_on_plain_loopback(
    product: Product, browser: Browser
) -> None:
    """A browser takes a `__Host-` cookie with Secure over http only because this is 127.0.0.1."""
    context = browser.new_context()
    page = context.new_page()
    link = f"{product.base}/login#{new_link(product)}"
    with page.expect_response(lambda answer: "/api/v1/market-data?" in answer.url) as got:
        page.goto(link)
    assert got.value.status == 200
    (cookie,) = [one for one in context.cookies() if one["name"] == "__Host-sid"]
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert "#" not in page.url
    page.reload()
    assert page.evaluate("fetch('/api/v1/auth/session').then(r => r.json())")["user"] == "admin"
    context.close()
