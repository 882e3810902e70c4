"""Webhook deliveries per CPU-second: ours (outbox, lease, signature, guard, log) against bare clients.

The receivers run in a process of their own; what counts is the CPU of this one. Cases take turns and the
median counts, so that a busy machine hits all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from shared.access.secrets import make_secrets
from shared.env import ROOT, Env, read_settings
from shared.platform import d1
from shared.platform.bindings import open_env
from shared.store import outbox
from shared.webhooks import endpoints
from shared.webhooks.deliver import deliver
from shared.webhooks.sign import headers, signer

RECEIVERS, IN_FLIGHT = 20, 50
DATA = {"id": "s", "type": "volume_spike", "symbol": "BTC", "evidence": {"z": 7.25, "bars": list(range(40))}}
Case = Callable[[list[str], int], Awaitable[None]]


class Answer(asyncio.Protocol):
    """204 for every request; bodies here are far below one read."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.kept = transport, b""

    def data_received(self, data: bytes) -> None:
        self.kept += data
        while (end := self.kept.find(b"\r\n\r\n")) >= 0:
            head = self.kept[:end].lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(self.kept) < end + 4 + length:
                return
            self.kept = self.kept[end + 4 + length :]
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def receive(ports: Connection) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Answer, "127.0.0.1", 0) for _ in range(RECEIVERS)]
        ports.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(main())


async def each(urls: list[str], count: int, send: Callable[[str], Awaitable[None]]) -> None:
    """`send` for every delivery, `IN_FLIGHT` at once."""
    queue = iter([url for _ in range(count // len(urls)) for url in urls])

    async def work() -> None:
        for url in queue:
            await send(url)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


def payload() -> bytes:
    return outbox.event_body("signal.raised", 1_763_726_400_000, DATA).encode()


async def bare_aiohttp(urls: list[str], count: int) -> None:
    import aiohttp

    body, sent = payload(), {"content-type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(url: str) -> None:
            async with session.post(url, data=body, headers=sent) as response:
                await response.read()

        await each(urls, count, send)


async def signing_aiohttp(urls: list[str], count: int) -> None:
    """The same with a signature: what a subscriber would write by hand."""
    import aiohttp

    body, sign = payload(), signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(url: str) -> None:
            signed = headers([sign], "01ID", int(time.time()), body)
            async with session.post(url, data=body, headers=signed) as response:
                await response.read()

        await each(urls, count, send)


def httpx_like(module: str) -> Case:
    async def case(urls: list[str], count: int) -> None:
        client_module = __import__(module)
        body, sent = payload(), {"content-type": "application/json"}
        async with client_module.AsyncClient() as client:

            async def send(url: str) -> None:
                await client.post(url, content=body, headers=sent)

            await each(urls, count, send)

    return case


async def prepared_env(folder: Path, urls: list[str], count: int) -> Env:
    """A database with an endpoint for every receiver and enough events in the outbox."""
    make_secrets(folder / "secrets")
    given = {"LIBSQL_URL": f"file:{folder / 'bench.db'}", "SECRETS_DIR": str(folder / "secrets")}
    env = await open_env(read_settings(given | {"WEBHOOK_NETWORKS": "127.0.0.0/8"}))
    await d1.migrate(env.db, ROOT / "migrations")
    user = "INSERT INTO users (id, name, role, created_at) VALUES ('u', 'u', 'trader', 0)"
    await env.db.prepare(user).run()
    for url in urls:
        await endpoints.create(env, "u", url)
    events = [
        outbox.event_statement(env.db, f"01E{n:08d}", "signal.raised", "BTC", env.now(), DATA)
        for n in range(count // len(urls))
    ]
    await env.db.batch(events)
    return env


async def measure_ours(urls: list[str], count: int) -> float:
    """CPU seconds of one deliver run, from undispatched events to settled deliveries."""
    with tempfile.TemporaryDirectory() as folder:
        env = await prepared_env(Path(folder), urls, count)
        gc.collect()
        began = time.process_time()
        done = await deliver(env, linger=0)
        took = time.process_time() - began
        await env.close()
    assert done["delivered"] == count, done
    return took


async def measure(case: Case, urls: list[str], count: int) -> float:
    gc.collect()
    began = time.process_time()
    await case(urls, count)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=2000, help="per case and round")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    urls = [f"http://127.0.0.1:{port}/hook" for port in mine.recv()]
    cases: dict[str, Case] = {
        "aiohttp alone": bare_aiohttp,
        "aiohttp and a signature": signing_aiohttp,
        "httpx2 shared client": httpx_like("httpx2"),
        "httpx shared client": httpx_like("httpx"),
    }
    taken: dict[str, list[float]] = {"ours": [], **{name: [] for name in cases}}
    for _ in range(asked.rounds):
        taken["ours"].append(asyncio.run(measure_ours(urls, asked.deliveries)))
        for name, case in cases.items():
            few = asked.deliveries // 4 if "httpx" in name else asked.deliveries
            taken[name].append(asyncio.run(measure(case, urls, few)) * asked.deliveries / few)
    process.terminate()
    show(taken, asked.deliveries)


def show(taken: dict[str, list[float]], count: int) -> None:
    rates = {name: count / statistics.median(times) for name, times in taken.items()}
    for name, rate in rates.items():
        print(f"{name:26} {rate:9,.0f} deliveries per CPU-second  {1e6 / rate:7.0f} µs")
    for name, budget in (("aiohttp alone", 0.8), ("httpx2 shared client", 5), ("httpx shared client", 5)):
        ratio = rates["ours"] / rates[name]
        print(f"ours / {name:22} {ratio:6.2f}   budget {budget}   {'ok' if ratio >= budget else 'MISSED'}")


if __name__ == "__main__":
    main()
