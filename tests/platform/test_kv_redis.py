"""The Redis driver among processes, without its server, and in what it leaves there."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.platform import kv as binding
from shared.platform.kv import KVUnavailable, Layer
from shared.platform.kv.redis_driver import RedisKV

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A Redis of one test, to be stopped, hung and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise TimeoutError("Redis does not start")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    yield started
    started.stop()


@pytest.fixture
async def store(server: Server) -> AsyncIterator[RedisKV]:
    # Five times the time-out of production: the machine that runs the tests may be busy.
    opened = await binding.connect(server.url, timeout_s=0.25)
    assert isinstance(opened, RedisKV)
    yield opened
    await opened.close()


WORKER = """
import asyncio, sys
from shared.platform import kv as binding
from shared.platform.kv import Layer

async def main(url):
    kv = await binding.connect(url, timeout_s=10)
    layers = [Layer("user", "u", 50, 3600), Layer("global", "*", 100000, 3600)]
    await kv.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    decisions = await asyncio.gather(*[kv.limit(layers) for _ in range(250)])
    print(sum(d.allowed for d in decisions), flush=True)
    await kv.close()

asyncio.run(main(sys.argv[1]))
"""


def test_four_processes_let_exactly_the_limit_through(redis_url: str) -> None:
    command = [sys.executable, "-c", WORKER, redis_url]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    passed = [int(worker.communicate(timeout=60)[0]) for worker in workers]
    assert sum(passed) == 50


async def fails(call: Any) -> float:
    """Seconds until a call has failed as it should."""
    started = time.perf_counter()
    with pytest.raises(KVUnavailable):
        await call
    return time.perf_counter() - started


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_manners_without_redis(server: Server, store: RedisKV, how: str) -> None:
    layer = Layer("user", "u", 5, 3600)
    await store.put("a", b"1")
    assert (await store.limit([layer])).remaining == 4
    getattr(server, how)()
    assert await fails(store.get("a")) < 1
    started = time.perf_counter()
    for call in (store.put("a", b"2"), store.delete("a"), store.list(), store.lease("l", "o", 1)):
        await fails(call)
    await fails(store.count({"a": 1}))
    await fails(store.counters(""))
    # The limit goes on in this process: soft, never open.
    decisions = [await store.limit([layer]) for _ in range(8)]
    assert [d.allowed for d in decisions] == [True] * 5 + [False] * 3
    assert (await store.gate([Layer("ip", "x", 5, 60)], "a"))[1] is None
    assert await store.publish("prices", b"x") == ""
    assert not await store.ping()
    # The breaker: twelve time-outs in a row would have taken three seconds.
    assert time.perf_counter() - started < 1.5


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_it_is_normal_again_within_five_seconds(server: Server, store: RedisKV, how: str) -> None:
    await store.put("a", b"1")
    getattr(server, how)()
    await asyncio.gather(*[fails(store.get("a")) for _ in range(100)])
    server.start() if how == "stop" else server.go_on()
    started = time.perf_counter()
    while True:
        with contextlib.suppress(KVUnavailable):
            await store.put("a", b"2")
            break
        await asyncio.sleep(0.05)
    assert time.perf_counter() - started < 5
    # Scripts are there again after a restart, too.
    assert (await store.limit([Layer("user", "u", 5, 3600)])).allowed
    assert [key.name for key in (await store.list()).keys] == ["a"]
    assert await store.get("a") == b"2"


async def test_a_hung_redis_delays_a_crowd_once(server: Server, store: RedisKV) -> None:
    await store.ping()
    server.hang()
    started = time.perf_counter()
    decisions = await asyncio.gather(*[store.limit([Layer("user", "u", 50, 3600)]) for _ in range(500)])
    assert sum(d.allowed for d in decisions) == 50
    assert time.perf_counter() - started < 2.5


async def test_five_hundred_at_once_wait_for_sixteen_connections(redis_url: str) -> None:
    store = await binding.connect(redis_url, timeout_s=10)
    await asyncio.gather(*[store.put(f"k{i}", b"x") for i in range(500)])
    found = await asyncio.gather(*[store.get(f"k{i}") for i in range(500)])
    assert found == [b"x"] * 500
    await store.close()


async def test_followers_go_on_where_they_were_when_redis_is_back(server: Server, store: RedisKV) -> None:
    events = store.subscribe(["prices"])
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.2)
    server.hang()
    assert await store.publish("prices", b"lost") == ""
    server.go_on()
    async with asyncio.timeout(6):
        while not await store.publish("prices", b"1"):
            await asyncio.sleep(0.05)
        # What a hung server was sent it may still have taken in: an event twice, never one less.
        while (await waiting).message != b"1":
            waiting = asyncio.ensure_future(anext(events))


async def test_events_reach_other_processes(redis_url: str) -> None:
    one, two = [await binding.connect(redis_url, timeout_s=5) for _ in range(2)]
    waiting = asyncio.ensure_future(anext(two.subscribe(["prices"])))
    await asyncio.sleep(0.2)
    event_id = await one.publish("prices", b"1")
    async with asyncio.timeout(5):
        assert (await waiting).id == event_id
    await one.close()
    await two.close()


async def test_the_server_keeps_seed_names_and_no_dead_ones(redis_url: str) -> None:
    import redis

    store = await binding.connect(redis_url, timeout_s=5)
    raw = redis.Redis.from_url(redis_url)
    await store.put("cache:market_data:BTC", b"1", ttl=300)
    await store.put("session:abc", b"1", ttl=0.02)
    await store.put("config:llm", b"{}")
    await store.limit([Layer("user", "key_1", 10, 3600), Layer("ip", "1.2.3.4", 10, 3600)])
    await asyncio.sleep(0.03)
    window = int(raw.time()[0]) // 3600  # type: ignore[index]
    names = {name.decode() for name in raw.scan_iter()}  # type: ignore[union-attr]
    assert names == {
        "cache:market_data:BTC",
        "config:llm",
        "rate_limit:user:key_1",
        "rate_limit:ip:1.2.3.4",
        f"rate_limit:key_1:{window}",
        "kv:index",
    }
    assert 0 < raw.ttl("rate_limit:user:key_1") <= 361  # type: ignore[operator]
    assert 3600 < raw.ttl(f"rate_limit:key_1:{window}") <= 7200  # type: ignore[operator]
    assert isinstance(store, RedisKV)
    await store._sweep(keys=["kv:index"])
    assert raw.zrange("kv:index", 0, -1) == [b"cache:market_data:BTC", b"config:llm"]
    raw.close()
    await store.close()


def test_importing_the_binding_loads_no_redis() -> None:
    code = "import sys, shared.platform.kv, shared.access.identify; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"redis", "aiocache", "jwt", "cryptography", "prometheus_client"}
    assert heavy & {name.partition(".")[0] for name in loaded.stdout.split()} == set()
