"""Counts and durations for Prometheus: added up in this process, flushed to the key-value store.

Any replica can show the sum of all, and a replica that is scaled away takes nothing with it.
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from shared.env import Env
from shared.platform.kv import KVUnavailable

if TYPE_CHECKING:
    from prometheus_client import Metric

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
FLUSH_S = 5.0
GAUGE_TTL_S = 60.0  # a replica that died is forgotten after this
PREFIX = "metric:"

Labels = tuple[str, ...]


class Kind(NamedTuple):
    """Type, label names and help of a metric."""

    type: str
    labels: Labels
    help: str


METRICS = {
    "crypto_collector_requests_total": Kind("counter", ("collector", "status"), "Collector requests"),
    "crypto_collector_duration_seconds": Kind("histogram", ("collector",), "Duration of collector runs"),
    "crypto_collector_errors_total": Kind("counter", ("collector", "error_type"), "Collector errors"),
    "api_gateway_requests_total": Kind("counter", ("endpoint", "method", "status"), "API requests"),
    "api_gateway_request_duration_seconds": Kind("histogram", ("endpoint",), "Duration of API requests"),
    "api_gateway_active_websockets": Kind("gauge", ("stream",), "Open live connections"),
    "redis_cache_hits_total": Kind("counter", ("cache_type",), "Answers found in a cache"),
}


class Recorder:
    """What this process has counted since the last flush, and its gauges."""

    def __init__(self) -> None:
        self.replica = os.urandom(8).hex()
        self.counts: dict[tuple[str, Labels], float] = defaultdict(float)
        self.gauges: dict[tuple[str, Labels], float] = defaultdict(float)
        self.requests: dict[tuple[str, str, int, int], float] = defaultdict(float)
        self.seconds: dict[str, float] = defaultdict(float)

    def add(self, name: str, labels: Labels, amount: float = 1.0) -> None:
        """Count; the name must be one of METRICS (a KeyError shows when it is read)."""
        self.counts[name, labels] += amount

    def observe(self, name: str, labels: Labels, seconds: float) -> None:
        """Add a duration to a histogram."""
        self.counts[name, (*labels, str(bisect_left(BOUNDS, seconds)))] += 1.0
        self.counts[name, (*labels, "sum")] += seconds

    def move(self, name: str, labels: Labels, by: int) -> None:
        """Raise or lower a gauge of this process."""
        self.gauges[name, labels] += by

    def request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """One answered request of the API: two additions here, spelt out by `take`."""
        self.requests[endpoint, method, status, bisect_left(BOUNDS, seconds)] += 1.0
        self.seconds[endpoint] += seconds

    def take(self) -> dict[tuple[str, Labels], float]:
        """What was counted since the last time; the recorder starts again from nothing."""
        counts, self.counts = self.counts, defaultdict(float)
        requests, self.requests = self.requests, defaultdict(float)
        seconds, self.seconds = self.seconds, defaultdict(float)
        for (endpoint, method, status, bucket), number in requests.items():
            counts["api_gateway_requests_total", (endpoint, method, str(status))] += number
            counts["api_gateway_request_duration_seconds", (endpoint, str(bucket))] += number
        for endpoint, total in seconds.items():
            counts["api_gateway_request_duration_seconds", (endpoint, "sum")] += total
        return counts

    def collected(self, collector: str, status: str, seconds: float, error_type: str | None = None) -> None:
        """One run of a collector; `error_type` where it failed."""
        self.add("crypto_collector_requests_total", (collector, status))
        self.observe("crypto_collector_duration_seconds", (collector,), seconds)
        if error_type:
            self.add("crypto_collector_errors_total", (collector, error_type))

    def cache_hit(self, cache_type: str) -> None:
        """One answer that a cache had."""
        self.add("redis_cache_hits_total", (cache_type,))


def recorder(env: Env) -> Recorder:
    """The recorder of this process and Env."""
    found: Recorder = env.memory.setdefault("metrics", Recorder())
    return found


async def flush(env: Env) -> None:
    """Hand over what was counted; it stays here while the store is away."""
    record = recorder(env)
    counts = record.take()
    try:
        if counts:
            await env.kv.count({text_of(*key): amount for key, amount in counts.items()})
        if record.gauges:
            gauges = orjson.dumps({text_of(*key): value for key, value in record.gauges.items()})
            await env.kv.put(f"gauge:{record.replica}", gauges, ttl=GAUGE_TTL_S)
    except KVUnavailable:
        for key, amount in counts.items():
            record.counts[key] += amount


async def keep_flushing(env: Env, every_s: float = FLUSH_S) -> None:
    """Flush until cancelled, and once more then."""
    try:
        while True:
            await asyncio.sleep(every_s)
            await flush(env)
    finally:
        await flush(env)


async def page(env: Env) -> bytes:
    """All counters of all replicas in Prometheus' text format; only this process's without the store."""
    from prometheus_client import generate_latest

    await flush(env)
    values = await stored(env)
    families = [family(name, values.get(name, {})) for name in METRICS]

    class Page:
        def collect(self) -> Iterable[Metric]:
            return families

    return generate_latest(Page())


async def stored(env: Env) -> dict[str, dict[Labels, float]]:
    """Values by metric and labels."""
    try:
        found = await env.kv.counters(PREFIX)
        for key in (await env.kv.list("gauge:")).keys:
            add_all(found, orjson.loads(await env.kv.get(key.name) or b"{}"))
    except KVUnavailable:
        record = recorder(env)
        found = {text_of(*key): value for key, value in [*record.counts.items(), *record.gauges.items()]}
    values: dict[str, dict[Labels, float]] = defaultdict(dict)
    for text, value in found.items():
        name, _, labels = text.removeprefix(PREFIX).partition("[")
        values[name][tuple(orjson.loads(f"[{labels}"))] = value
    return values


def add_all(into: dict[str, float], more: Mapping[str, float]) -> None:
    for name, value in more.items():
        into[name] = into.get(name, 0.0) + value


def text_of(name: str, labels: Labels) -> str:
    """The name of a counter in the store: metric:redis_cache_hits_total["api"]."""
    return f"{PREFIX}{name}{orjson.dumps(labels).decode()}"


def family(name: str, values: Mapping[Labels, float]) -> Metric:
    """One metric as prometheus_client knows it."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    kind = METRICS[name]
    if kind.type == "histogram":
        return histogram(name, kind, values)
    made: Any = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}[kind.type]
    found: Metric = made(name, kind.help, labels=kind.labels)
    for labels in sorted(values):
        found.add_metric(labels, values[labels])  # type: ignore[attr-defined]
    return found


def histogram(name: str, kind: Kind, values: Mapping[Labels, float]) -> Metric:
    """Counts by bucket number and a sum, made cumulative."""
    from prometheus_client.core import HistogramMetricFamily

    found = HistogramMetricFamily(name, kind.help, labels=kind.labels)
    bounds = [*map(str, BOUNDS), "+Inf"]
    for labels in sorted({labels[:-1] for labels in values}):
        total, buckets = 0.0, []
        for number, bound in enumerate(bounds):
            total += values.get((*labels, str(number)), 0.0)
            buckets.append((bound, total))
        found.add_metric(labels, buckets, values.get((*labels, "sum"), 0.0))
    return found
