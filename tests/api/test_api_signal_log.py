"""The log of signals over HTTP: pages that chain, the head, the roots of days."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
from test_api_signals import raise_signals

from shared.signals.ledger import seal

World = Any


async def test_an_empty_log_has_no_head(world: World) -> None:
    found = (await world.readonly.get("/api/v1/signals/log")).json()
    assert found == {"data": [], "head": None, "days": [], "next_cursor": None}


async def test_pages_chain_to_the_head_and_anyone_can_check_them(world: World) -> None:
    await raise_signals(world)
    await seal(world.env)
    first = (await world.readonly.get("/api/v1/signals/log?limit=2")).json()
    rest = (await world.readonly.get(f"/api/v1/signals/log?cursor={first['next_cursor']}")).json()
    entries = first["data"] + rest["data"]
    assert [entry["seq"] for entry in entries] == [3, 2, 1]
    assert rest["next_cursor"] is None
    assert first["head"] == {name: entries[0][name] for name in ("seq", "hash", "at")}
    for entry, before in zip(entries, [*entries[1:], None], strict=True):
        told = {name: entry[name] for name in ("at", "content_hash", "kind", "seq", "signal")}
        body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        assert entry["hash"] == sha256(entry["previous"].encode() + body).hexdigest()
        assert entry["previous"] == (before["hash"] if before else "0" * 64)
    assert first["days"] == [{"day": "2025-11-21", "entries": 3, "seq": 3, "root": entries[0]["hash"]}]


async def test_the_log_needs_the_scope_of_signals(world: World) -> None:
    assert (await world.nobody.get("/api/v1/signals/log")).status_code == 401
