"""The outbox: announced once, fanned out once, leased to one, pruned when nothing waits."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.models import DAY
from shared.store import deliveries, outbox, retention, webhooks
from shared.store.webhooks import Webhook

HOOK = Webhook("01HOOK", "ann", "https://example.com/", "sealed", "v1", None, (), (), 0)


@pytest.fixture
async def hooked(db: Any) -> Any:
    """A database with one webhook for everything."""
    await db.prepare(
        "INSERT INTO users (id, name, role, created_at) VALUES ('ann', 'ann', 'trader', 0)"
    ).run()
    await webhooks.add(db, HOOK)
    return db


async def announce(db: Any, count: int = 1, at: int = 1000, **data: Any) -> None:
    await db.batch(
        [outbox.event_statement(db, f"01E{n}", "signal.raised", "BTC", at, data) for n in range(count)]
    )


async def test_the_body_is_what_the_specification_asks_for(hooked: Any) -> None:
    await announce(hooked, at=1_763_726_400_123, price=1.5, text="ü🚀")
    body = json.loads(await hooked.prepare("SELECT payload FROM outbox").first("payload"))
    assert body == {
        "type": "signal.raised",
        "timestamp": "2025-11-21T12:00:00.123Z",
        "data": {"price": 1.5, "text": "ü🚀"},
    }


async def test_the_same_event_is_announced_once(hooked: Any) -> None:
    await announce(hooked, n=1)
    await announce(hooked, n=2)
    assert "1" in await hooked.prepare("SELECT payload FROM outbox").first("payload")
    assert await hooked.prepare("SELECT count(*) n FROM outbox").first("n") == 1


async def test_a_body_of_20_kb_is_too_long(hooked: Any) -> None:
    with pytest.raises(ValueError, match="20000"):
        await announce(hooked, text="x" * 20_000)


async def test_an_event_is_fanned_out_once_however_many_do_it(hooked: Any) -> None:
    await announce(hooked, 50)
    done = await asyncio.gather(*(outbox.fan_out(hooked, 2000) for _ in range(8)))
    assert sum(done) == 50
    assert await hooked.prepare("SELECT count(*) n FROM deliveries").first("n") == 50
    assert await outbox.fan_out(hooked, 2000) == 0
    assert await deliveries.backlog(hooked) == (0, 50)


async def test_fan_out_goes_in_steps(hooked: Any) -> None:
    await announce(hooked, 5)
    assert [await outbox.fan_out(hooked, 2000, limit=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_due_delivery_is_leased_to_one(hooked: Any) -> None:
    await announce(hooked, 40)
    await outbox.fan_out(hooked, 2000)
    leases = [outbox.lease_statement(hooked, HOOK.id, 2000, 62_000, 10).run() for _ in range(6)]
    taken = [one.event for result in await asyncio.gather(*leases) for one in outbox.leased(result.results)]
    assert len(taken) == len(set(taken)) == 40
    assert await webhooks.serving(hooked, 2000) == []
    assert await webhooks.next_due(hooked) == 62_000
    assert await webhooks.next_due(hooked, [HOOK.id]) is None
    assert await webhooks.serving(hooked, 62_000) == [HOOK]


async def test_first_wait_and_disabled_endpoints(hooked: Any) -> None:
    await announce(hooked)
    await webhooks.disable(hooked, HOOK.id, 1500, "test")
    assert await outbox.fan_out(hooked, 2000) == 1
    assert await deliveries.backlog(hooked) == (0, 0)
    await webhooks.enable(hooked, HOOK.id)
    await hooked.batch([outbox.event_statement(hooked, "01F", "signal.raised", "BTC", 3000, {})])
    await outbox.fan_out(hooked, 3000, 5000)
    assert await webhooks.next_due(hooked) == 8000


async def test_pruning_spares_what_still_waits(hooked: Any) -> None:
    await announce(hooked, 3, at=DAY)
    await outbox.fan_out(hooked, DAY)
    leased = await outbox.lease_statement(hooked, HOOK.id, DAY, 2 * DAY, 2).run()
    for due in outbox.leased(leased.results):
        done = outbox.Outcome(due.event, HOOK.id, due.token, "delivered", 0, DAY, DAY, 5, 200, None, "ok")
        await hooked.batch(outbox.outcome_statements(hooked, [done]))
    assert (await retention.prune(hooked, 31 * DAY))["outbox"] == 0
    await retention.prune(hooked, 39 * DAY)
    assert [one.status for one in await deliveries.log(hooked, HOOK.id)] == ["pending"]
    assert await hooked.prepare("SELECT count(*) n FROM delivery_attempts").first("n") == 0


async def test_what_is_stored_is_what_was_given(hooked: Any) -> None:
    given = replace(
        HOOK, id="01B", event_types=("signal.raised",), symbols=("BTC", "ETH"), public_key="whpk_x"
    )
    await webhooks.add(hooked, given)
    assert await webhooks.get(hooked, "01B") == given
    assert await webhooks.of_owner(hooked, "ann") == [given, HOOK]
    assert await webhooks.get(hooked, "01C") is None
    await webhooks.failing(hooked, "01B", 5)
    await webhooks.failing(hooked, "01B", 9)
    await webhooks.pause(hooked, "01B", 50)
    await webhooks.pause(hooked, "01B", 40)
    found = await webhooks.get(hooked, "01B")
    assert found == replace(given, failing_since=5, paused_until=50)
    await webhooks.works(hooked, "01B")
    assert await webhooks.get(hooked, "01B") == given
