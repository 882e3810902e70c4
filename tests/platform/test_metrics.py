"""Counters of all replicas as Prometheus reads them."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.env import Env, Secrets, read_settings
from shared.platform import kv as binding
from shared.platform import metrics
from shared.platform.kv import KVUnavailable


def env_over(store: Any, clock: Any, tmp_path: Any) -> Env:
    nothing: Any = None
    return Env(nothing, store, nothing, nothing, read_settings({}), Secrets(tmp_path), clock)


async def samples(env: Env) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = (await metrics.page(env)).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for found in text_string_to_metric_families(text)
        for sample in found.samples
    }


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, clock: Any) -> Any:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    opened = await binding.connect(url, now=clock, timeout_s=5)
    yield opened
    await opened.close()


async def test_two_replicas_show_their_sum(store: Any, clock: Any, tmp_path: Any) -> None:
    one, two = env_over(store, clock, tmp_path), env_over(store, clock, tmp_path)
    path = "/api/v1/market-data/{symbol}"
    for env in (one, two, two):
        metrics.recorder(env).request(path, "GET", 200, 0.003)
        metrics.recorder(env).cache_hit("api")
    metrics.recorder(one).collected("binance", "failed", 2.0, "timeout")
    metrics.recorder(one).move("api_gateway_active_websockets", ("prices",), 3)
    metrics.recorder(two).move("api_gateway_active_websockets", ("prices",), 2)
    await metrics.flush(two)
    found = await samples(one)
    request = (("endpoint", path), ("method", "GET"), ("status", "200"))
    assert found["api_gateway_requests_total", request] == 3
    endpoint = ("endpoint", path)
    assert found["api_gateway_request_duration_seconds_count", (endpoint,)] == 3
    assert found["api_gateway_request_duration_seconds_sum", (endpoint,)] == pytest.approx(0.009)
    assert found["api_gateway_request_duration_seconds_bucket", (endpoint, ("le", "0.0025"))] == 0
    assert found["api_gateway_request_duration_seconds_bucket", (endpoint, ("le", "0.005"))] == 3
    assert found["api_gateway_request_duration_seconds_bucket", (endpoint, ("le", "+Inf"))] == 3
    assert found["redis_cache_hits_total", (("cache_type", "api"),)] == 3
    collector = ("collector", "binance")
    assert found["crypto_collector_requests_total", (collector, ("status", "failed"))] == 1
    assert found["crypto_collector_errors_total", (collector, ("error_type", "timeout"))] == 1
    assert found["crypto_collector_duration_seconds_bucket", (collector, ("le", "2.5"))] == 1
    assert found["api_gateway_active_websockets", (("stream", "prices"),)] == 5
    assert await samples(two) == found


async def test_the_page_names_every_metric_and_escapes(store: Any, clock: Any, tmp_path: Any) -> None:
    env = env_over(store, clock, tmp_path)
    hostile = 'a"\n\\[]{}é'
    metrics.recorder(env).cache_hit(hostile)
    text = (await metrics.page(env)).decode()
    for name, kind in metrics.METRICS.items():
        assert f"# TYPE {name} {kind.type}\n" in text
    assert (await samples(env))["redis_cache_hits_total", (("cache_type", hostile),)] == 1


async def test_nothing_is_lost_while_the_store_is_away(
    store: Any, clock: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    env = env_over(store, clock, tmp_path)

    async def gone(*_: Any) -> Any:
        raise KVUnavailable("gone")

    with monkeypatch.context() as patch:
        for name in ("count", "counters"):
            patch.setattr(type(store), name, gone)
        metrics.recorder(env).cache_hit("api")
        assert (await samples(env))["redis_cache_hits_total", (("cache_type", "api"),)] == 1
        metrics.recorder(env).cache_hit("api")
    assert (await samples(env))["redis_cache_hits_total", (("cache_type", "api"),)] == 2
