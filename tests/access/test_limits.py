"""Layers of a request, and the headers that tell them, read by an RFC 9651 parser."""

from __future__ import annotations

from typing import Any

import http_sf
import pytest

from shared.access.limits import Policies
from shared.access.rates import Rate, parse_rate
from shared.errors import Invalid
from shared.models import Principal
from shared.platform import kv as binding
from shared.platform.kv import KV
from shared.platform.web.ratelimit import limit_headers

KEY = Principal("key_1", "key", frozenset(), "20/hour")
NOBODY = Principal("anonymous", "anonymous", frozenset(), "100/hour")
HISTORY = "/api/v1/market-data/{symbol}/history"


@pytest.fixture
async def kv(clock: Any) -> KV:
    return await binding.connect(None, now=clock)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1000/hour", Rate(1000, 3600, 100)),
        ("50/hour", Rate(50, 3600, 50)),
        ("600/minute;burst=5", Rate(600, 60, 5)),
        ("5/second;burst=50", Rate(5, 1, 5)),
        ("100000/second", Rate(100_000, 1, 100_000)),
        ("1000000000/hour", Rate(10**9, 3600, 277_777)),
        ("1/day", Rate(1, 86_400, 1)),
    ],
)
def test_rates(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0/hour",
        "-1/hour",
        "1/week",
        "1.5/hour",
        "1/hour;burst=0",
        "1/hour ",
        "1",
        "١/hour",
        "9" * 13 + "/hour",
    ],
)
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(Invalid, match="is not like 1000/hour"):
        parse_rate(text)


def test_layers_of_a_key_and_of_nobody() -> None:
    policies = Policies()
    named = [(x.scope, x.id, x.limit) for x in policies.layers(KEY, HISTORY, "1.2.3.4")]
    assert named == [("user", "key_1", 20), ("endpoint", f"{HISTORY}:key_1", 600), ("global", "*", 100_000)]
    named = [(x.scope, x.id, x.limit) for x in policies.layers(NOBODY, "/health", "1.2.3.4")]
    assert named == [("ip", "1.2.3.4", 100), ("global", "*", 100_000)]
    assert policies.layers(KEY, HISTORY, "a") is policies.layers(KEY, HISTORY, "b")
    assert policies.layers(NOBODY, "/", "a") is not policies.layers(NOBODY, "/", "b")


@pytest.mark.parametrize(
    ("policies", "who", "tripped"),
    [
        (Policies(anonymous="2/minute"), NOBODY, "ip"),
        (Policies(), Principal("k", "key", frozenset(), "2/minute"), "user"),
        (Policies(endpoints={HISTORY: "2/minute"}), KEY, "endpoint"),
        (Policies(everybody="2/minute"), KEY, "global"),
    ],
)
async def test_each_layer_trips_alone(kv: KV, policies: Policies, who: Principal, tripped: str) -> None:
    layers = policies.layers(who, HISTORY, "1.2.3.4")
    decisions = [await kv.limit(layers) for _ in range(5)]
    assert [d.allowed for d in decisions] == [True, True, False, False, False]
    assert decisions[-1].layer.scope == tripped
    for layer in layers:
        if layer.scope != tripped:
            burst = round(layer.tolerance / layer.interval)
            assert (await kv.limit([layer])).remaining == burst - 3  # two of the crowd, and this one


async def test_headers_keep_their_word(kv: KV, clock: Any) -> None:
    layers = Policies(everybody="1000/second").layers(KEY, "/x", "1.2.3.4")
    left = []
    while (decision := await kv.limit(layers)).allowed:
        found = dict(limit_headers(decision))
        ((policy, rule),) = http_sf.parse(found[b"ratelimit-policy"], tltype="list")
        ((name, now),) = http_sf.parse(found[b"ratelimit"], tltype="list")
        assert (policy, name, rule) == ("user", "user", {"q": 20, "w": 3600})
        assert int(found[b"x-ratelimit-limit"]) == 20
        assert int(found[b"x-ratelimit-remaining"]) == now["r"]
        left.append(now["r"])
    assert left == list(range(19, -1, -1))
    found = dict(limit_headers(decision))
    ((_, now),) = http_sf.parse(found[b"ratelimit"], tltype="list")
    assert now["r"] == 0
    assert 0 < now["t"] <= 180
    clock.advance((now["t"] - 1) * 1000 - 1)
    assert not (await kv.limit(layers)).allowed
    clock.advance(1001)
    assert (await kv.limit(layers)).allowed
