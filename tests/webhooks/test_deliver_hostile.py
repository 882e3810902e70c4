"""Receivers that mean harm (W6), addresses that turn private (W7), and what they do to others: nothing."""

from __future__ import annotations

import asyncio
import resource
import time
import zlib
from dataclasses import replace
from typing import Any

import pytest
from webhooks_support import answer, raise_signals

from shared.store import deliveries
from shared.webhooks import endpoints, send
from shared.webhooks.deliver import deliver

HEAD = b"HTTP/1.1 200 OK\r\n"


async def silent(_: Any, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def drip(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"content-length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless_body(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def endless_headers(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"x-more: " + b"y" * 1000 + b"\r\n")
        await writer.drain()


BOMB = zlib.compress(zlib.compress(b"\0" * 2**26, wbits=31), wbits=31)


async def bomb(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"content-encoding: gzip, gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB) + BOMB)


async def garbage(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.write(b"no http at all\r\n\r\n")


async def closes(_: Any, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(
    ("behave", "status", "error"),
    [
        (silent, "pending", "timeout"),
        (drip, "pending", "timeout"),
        (endless_body, "delivered", None),  # it said 200; we stop reading at 64 KiB
        (endless_headers, "pending", "*"),
        (bomb, "delivered", None),
        (garbage, "pending", "*"),
        (closes, "pending", "*"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_hostile_receiver_costs_little_and_delays_nobody(
    hooks_env: Any,
    receiver: Any,
    monkeypatch: pytest.MonkeyPatch,
    behave: Any,
    status: str,
    error: str | None,
) -> None:
    monkeypatch.setattr(send, "TOTAL", 0.5)
    arrived: list[float] = []

    async def note(got: Any, writer: asyncio.StreamWriter) -> None:
        arrived.append(time.monotonic())
        await answer(200)(got, writer)

    bad, good = await receiver(behave), await receiver(note)
    hook = (await endpoints.create(hooks_env, "ann", bad.url)).webhook
    await endpoints.create(hooks_env, "bob", good.url)
    await raise_signals(hooks_env, 4)
    memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    await deliver(hooks_env, linger=0)
    assert time.monotonic() - began < 2.5
    assert len(arrived) == 4
    assert max(arrived) - began < 0.4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 20 * 1024
    [*log] = await deliveries.log(hooks_env.db, hook.id)
    assert {one.status for one in log} == {status}
    errors = {attempt.error for one in log for attempt in one.log}
    assert errors == {error} if error != "*" else None not in errors


async def test_an_endpoint_that_is_down_is_left_alone_after_five_failures(
    hooks_env: Any, receiver: Any
) -> None:
    gone = await receiver()
    await gone.stop()
    hook = (await endpoints.create(hooks_env, "ann", gone.url)).webhook
    await raise_signals(hooks_env, 100)
    done = await deliver(hooks_env, linger=0)
    assert 5 <= done["failed"] < 5 + 4
    assert done["due"] == done["failed"]
    log = await deliveries.log(hooks_env.db, hook.id)
    assert sum(one.attempts for one in log) == done["failed"]
    held = "SELECT count(*) n FROM deliveries WHERE lease_until > 0"
    assert await hooks_env.db.prepare(held).first("n") == 0


async def test_a_name_that_turns_private_gets_nothing(hooks_env: Any, receiver: Any) -> None:
    listener = await receiver()
    port = listener.url.split(":")[2].split("/")[0]
    hook = (await endpoints.create(hooks_env, "ann", f"http://rebind.example:{port}/")).webhook
    hooks_env.settings = replace(hooks_env.settings, webhook_networks=())
    await raise_signals(hooks_env, 2)

    async def rebound(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def mixed(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    for lookup in (rebound, mixed):
        assert (await deliver(hooks_env, linger=0, lookup=lookup))["delivered"] == 0
        hooks_env.now.advance(10_000)
    assert listener.got == []
    errors = {a.error for one in await deliveries.log(hooks_env.db, hook.id) for a in one.log}
    assert errors == {"the address is not allowed: loopback"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_what_slipped_into_the_table_is_stopped_when_connecting(
    hooks_env: Any, receiver: Any, host: str
) -> None:
    """Whatever a URL looks like: the last look is at the address of the socket."""
    listener = await receiver()
    hook = (await endpoints.create(hooks_env, "ann", listener.url)).webhook
    port = listener.url.split(":")[2].split("/")[0]
    change = "UPDATE webhooks SET url = ? WHERE id = ?"
    await hooks_env.db.prepare(change).bind(f"http://{host}:{port}/", hook.id).run()
    hooks_env.settings = replace(hooks_env.settings, webhook_networks=())
    await raise_signals(hooks_env)
    done = await deliver(hooks_env, linger=0)
    assert (done["delivered"], done["failed"]) == (0, 1)
    assert listener.got == []
