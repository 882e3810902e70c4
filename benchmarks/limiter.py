"""The rate limiter: exact under any concurrency, and microseconds a call beside a plain redis-py INCR.

Starts a Redis of its own. Prints accuracy of four processes at once for our limiter and for the
read-then-write counter of the design's seed, then costs with their ratios to the peer.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shared.platform import kv as binding  # noqa: E402
from shared.platform.kv import Layer  # noqa: E402

PROCESSES, CALLS, LIMIT = 4, 250, 50


@contextmanager
def redis_server() -> Any:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.3)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


async def gcra(url: str, start_at: float) -> int:
    kv = await binding.connect(url, timeout_s=10)
    layers = [Layer("user", "accuracy", LIMIT, 3600)]
    await kv.ping()
    await asyncio.sleep(max(0.0, start_at - time.time()))
    passed = sum(d.allowed for d in await asyncio.gather(*[kv.limit(layers) for _ in range(CALLS)]))
    await kv.close()
    return passed


async def read_then_write(url: str, start_at: float) -> int:
    """The counter as the seed describes it: get, compare, put."""
    kv = await binding.connect(url, timeout_s=10)
    await kv.ping()

    async def call() -> bool:
        count = int(await kv.get("naive") or 0)
        if count >= LIMIT:
            return False
        await kv.put("naive", str(count + 1), ttl=3600)
        return True

    await asyncio.sleep(max(0.0, start_at - time.time()))
    passed = sum(await asyncio.gather(*[call() for _ in range(CALLS)]))
    await kv.close()
    return passed


WORKERS = {"gcra": gcra, "read-then-write": read_then_write}


def accuracy(url: str) -> None:
    print(f"accuracy: {PROCESSES} processes x {CALLS} calls at once, limit {LIMIT}")
    for name in WORKERS:
        command = [sys.executable, __file__, "--worker", name, url, str(time.time() + 2)]
        workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        passed = sum(int(worker.communicate()[0]) for worker in workers)
        print(f"  {name:16} {passed:5d} passed ({passed / LIMIT:.2f} x the limit)")


async def cost(work: Callable[[], Awaitable[Any]], calls: int, at_once: int) -> float:
    """Microseconds a call, the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(calls // at_once):
            if at_once == 1:
                await work()
            else:
                await asyncio.gather(*[work() for _ in range(at_once)])
        best = min(best, (time.perf_counter() - started) / (calls // at_once * at_once))
    return best * 1e6


async def costs(url: str, calls: int) -> None:
    import redis.asyncio

    plain = redis.asyncio.Redis.from_url(url)
    remote, local = await binding.connect(url, timeout_s=10), await binding.connect(None)
    one = [Layer("user", "k", 10**9, 1)]
    three = [*one, Layer("endpoint", "/x:k", 10**9, 1), Layer("global", "*", 10**9, 1)]
    await remote.put("cache:api:x", b"x" * 200)
    await local.put("cache:api:x", b"x" * 200)
    cases: list[tuple[str, Callable[[], Awaitable[Any]], int]] = [
        ("redis-py INCR (peer)", lambda: plain.incr("n"), calls),
        ("redis: limit, one layer", lambda: remote.limit(one), calls),
        ("redis: limit, three layers", lambda: remote.limit(three), calls),
        ("redis: gate, three layers and value", lambda: remote.gate(three, "cache:api:x"), calls),
        ("memory: limit, one layer", lambda: local.limit(one), calls * 20),
        ("memory: gate, three layers and value", lambda: local.gate(three, "cache:api:x"), calls * 20),
    ]
    for at_once in (1, 16):
        print(f"cost, {at_once} at once" + " " * 24 + "us a call   ratio to the peer")
        peer = 0.0
        for name, work, count in cases:
            took = await cost(work, count, at_once)
            peer = peer or took
            print(f"  {name:38} {took:9.2f} {took / peer:12.3f}")
    await plain.aclose()
    await remote.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2000, help="calls a case (default 2000: half a minute)")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        name, url, start_at = asked.worker
        print(asyncio.run(WORKERS[name](url, float(start_at))))
        return
    with redis_server() as url:
        accuracy(url)
        asyncio.run(costs(url, asked.calls))


if __name__ == "__main__":
    main()
