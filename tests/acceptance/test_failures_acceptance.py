"""What users see while the database, Redis or a provider is away: L13, and sqld's part of L1."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from market_provider import Provider
from product_support import SQL_LEASES_OVER, SQL_QUIET, Answer, Product, log_lines
from server_processes import redis_server, sqld_server

PROBES = ("/health", "/ready")


def probe(product: Product, path: str) -> tuple[Answer, float]:
    """The fastest of three: what it takes, without what else this machine does meanwhile."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        answer = product.call("GET", path, authorization="")
        took.append(time.perf_counter() - began)
    return answer, min(took)


def check_probes(product: Product, ready: int, *secrets: str) -> None:
    for path, status in zip(PROBES, (200, ready), strict=True):
        answer, seconds = probe(product, path)
        assert answer.status == status, (path, answer)
        assert seconds <= 0.5
        assert not any(secret.encode() in answer.body for secret in secrets)
        assert b"Traceback" not in answer.body
        assert len(answer.body) < 300


def test_l13_and_l1_without_its_database_it_lives_and_says_so_and_comes_back(
    launch: Callable[..., Product], provider: Provider, tmp_path: Path
) -> None:
    with sqld_server(tmp_path) as sqld:
        product = launch(LIBSQL_URL=f"http://127.0.0.1:{sqld.port}")
        asked = ["klines", "crypto_prices", "order_books"]
        collected = product.post("/function/collect", {"jobs": asked})
        assert collected.json()["status"] == "ok", collected
        before = product.get("/api/v1/market-data/BTC").json()["data"]
        hook = product.post("/api/v1/webhooks", {"url": f"{provider.url}/hook"})
        assert hook.status == 201
        check_probes(product, 200)
        sqld.kill()
        check_probes(product, 503, str(sqld.port), "sqld", "libsql", "sqlite")
        paths = (
            "/api/v1/market-data/BTC/history?interval=1m",
            "/api/v1/signals",
            "/api/v1/news/crypto/latest",
        )
        answers = [product.get(path) for path in paths]
        answers.append(product.get("/api/v1/market-data/ETH", authorization="Bearer " + product.key[::-1]))
        answers.append(product.post("/api/v1/webhooks", {"url": f"{provider.url}/other"}))
        answers.append(product.post("/function/collect"))
        answers.append(product.post("/function/detect-signals"))
        assert [a.status for a in answers] == [503, 503, 503, 401, 503, 503, 503], answers
        for answer in answers:
            assert answer.headers["content-type"] == "application/problem+json"
            assert str(sqld.port).encode() not in answer.body
        assert int(answers[0].headers["retry-after"]) >= 1
        sqld.start()
        began = time.monotonic()
        while product.get("/api/v1/signals?limit=8").status != 200:
            assert time.monotonic() - began < 2
            time.sleep(0.05)
        check_probes(product, 200)
        after = product.get("/api/v1/market-data/BTC").json()["data"]
        assert (after["price"], after["at"]) == (before["price"], before["at"])
        assert [one["id"] for one in product.get("/api/v1/webhooks").json()["data"]] == [
            hook.json()["data"]["id"]
        ]
        log_lines(product.log())


def test_l13_without_redis_it_answers_and_says_that_it_is_degraded(
    launch: Callable[..., Product], tmp_path: Path
) -> None:
    with redis_server(tmp_path) as redis:
        product = launch(REDIS_URL=f"redis://127.0.0.1:{redis.port}/0")
        product.rows(SQL_QUIET)
        assert product.collect()["status"] == "ok"
        assert product.get("/api/v1/health").json()["status"] == "healthy"
        redis.kill()
        check_probes(product, 200, str(redis.port), "redis")
        details = product.get("/api/v1/health")
        assert details.status == 200
        assert details.json()["status"] == "degraded"
        assert details.json()["services"]["cache"] == "degraded"
        assert product.get("/api/v1/market-data?limit=3").status == 200
        assert product.get("/api/v1/signals?limit=3").status == 200
        answers = [product.get(f"/api/v1/news/crypto/latest?limit={n}").status for n in range(1, 30)]
        assert set(answers) == {200}
        redis.start()
        deadline = time.monotonic() + 5
        while product.get("/api/v1/health").json()["services"]["cache"] != "healthy":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_l13_a_provider_that_talks_nonsense_degrades_and_is_named(
    launch: Callable[..., Product], provider: Provider
) -> None:
    product = launch(COINGECKO_API_KEY="hush-hush-hush")
    product.rows(SQL_QUIET)
    assert product.collect()["status"] == "ok"
    assert product.get("/health").json()["status"] == "healthy"
    price = product.get("/api/v1/market-data/BTC").json()["data"]["price"]
    for sql in ("DELETE FROM job_runs", "UPDATE job_schedule SET next_run = 0", SQL_LEASES_OVER):
        product.rows(sql)
    provider.disturb = lambda path: (200, b"<html>upstream</html>") if "klines" not in path else None
    summary = product.collect()
    assert summary["jobs"]["crypto_prices"]["status"] == "failed"
    assert summary["jobs"]["klines"]["status"] == "ok"
    check_probes(product, 200, "hush-hush-hush", provider.url)
    assert product.get("/health").json()["status"] == "degraded"
    health = product.get("/api/v1/health").json()
    states = {source["name"]: source for source in health["sources"]}
    assert states["binance_ticker"]["status"] == states["coingecko_markets"]["status"] == "failing"
    assert "malformed" in states["coingecko_markets"]["last_error"]
    # answered, though within the same minute there was nothing new to tell
    assert states["binance_klines"]["last_error"] is None
    assert "hush-hush-hush" not in json.dumps(health) + product.log()
    assert product.get("/api/v1/market-data/BTC").json()["data"]["price"] == price
