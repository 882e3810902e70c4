"""The deliver run against real receivers: what arrives, what is retried, what is given up (W4, W5)."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import pytest
from webhooks_support import SIGNAL, answer, in_turn, raise_signals

from shared.models import DAY, HOUR
from shared.store import deliveries, outbox, webhooks
from shared.webhooks import endpoints, log
from shared.webhooks.deliver import deliver

pytestmark = pytest.mark.filterwarnings("error")


async def once(env: Any) -> dict[str, int]:
    """A run that does not wait for retries: the clock of a test stands still."""
    return await deliver(env, linger=0)


async def until_given_up(env: Any, clock: Any, hook: str) -> list[int]:
    """Run whenever something is due; the instants of the attempts."""
    while (due := await webhooks.next_due(env.db)) is not None:
        clock.now = max(clock.now, due)
        await once(env)
    return [one.at for one in (await deliveries.log(env.db, hook))[0].log]


async def test_an_event_arrives_signed_as_stored(hooks_env: Any, receiver: Any) -> None:
    target = await receiver()
    await endpoints.create(hooks_env, "ann", target.url)
    [event] = await raise_signals(hooks_env)
    assert await once(hooks_env) == {
        "events": 1,
        "due": 1,
        "delivered": 1,
        "failed": 0,
        "exhausted": 0,
        "disabled": 0,
    }
    [got] = target.got
    stored = await hooks_env.db.prepare("SELECT payload FROM outbox").first("payload")
    assert got.body == stored.encode()
    assert got.line == "POST /hook HTTP/1.1"
    assert got.headers["webhook-id"] == event
    assert got.headers["content-type"] == "application/json"
    assert got.headers["accept-encoding"] == "identity"
    assert json.loads(got.body) == {
        "type": "signal.raised",
        "timestamp": "2025-11-21T12:00:00.000Z",
        "data": SIGNAL,
    }
    assert int(got.headers["webhook-timestamp"]) * 1000 == hooks_env.now()
    assert got.headers["webhook-signature"].count(" ") == 0


async def test_nothing_due_costs_nothing(hooks_env: Any, receiver: Any) -> None:
    target = await receiver()
    await endpoints.create(hooks_env, "ann", target.url)
    await raise_signals(hooks_env)
    await once(hooks_env)
    assert sum((await once(hooks_env)).values()) == 0
    assert len(target.got) == 1


async def test_subscriptions_choose(hooks_env: Any, receiver: Any) -> None:
    everything, bitcoin, other = [await receiver() for _ in range(3)]
    await endpoints.create(hooks_env, "ann", everything.url)
    await endpoints.create(hooks_env, "ann", bitcoin.url, symbols=["btc"], event_types=["signal.raised"])
    await endpoints.create(hooks_env, "bob", other.url, symbols=["ETH"])
    await endpoints.create(hooks_env, "bob", other.url, event_types=["signal.resolved"])
    await raise_signals(hooks_env, symbol="BTC")
    await raise_signals(hooks_env, symbol="DOGE", prefix="01OTHER")
    await once(hooks_env)
    assert [len(one.got) for one in (everything, bitcoin, other)] == [2, 1, 0]


async def test_always_500_is_tried_ten_times_with_one_id(hooks_env: Any, clock: Any, receiver: Any) -> None:
    target, ops = await receiver(answer(500, "broken")), await receiver()
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await endpoints.create(hooks_env, "ann", ops.url, event_types=["webhook.exhausted"])
    [event] = await raise_signals(hooks_env)
    await once(hooks_env)
    times = await until_given_up(hooks_env, clock, hook.id)
    await once(hooks_env)
    waits = [(b - a) / 1000 for a, b in pairwise(times)]
    expected = hooks_env.settings.webhook_schedule[1:]
    assert len(waits) == len(expected)
    assert all(0.8 * e <= w <= 1.2 * e for w, e in zip(waits, expected, strict=True))
    assert set(target.ids()) == {event}
    sent = [int(got.headers["webhook-timestamp"]) for got in target.got]
    assert sent == sorted(set(sent))
    [delivery] = await deliveries.log(hooks_env.db, hook.id)
    assert (delivery.status, delivery.attempts) == ("exhausted", 10)
    assert {(one.status_code, one.error, one.response) for one in delivery.log} == {
        (500, "HTTP 500", "broken")
    }
    note = json.loads(ops.got[0].body)
    assert note["type"] == "webhook.exhausted"
    assert note["data"] == {"webhook": hook.id, "event": event, "attempts": 10, "error": "HTTP 500"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_fail_and_are_not_followed(hooks_env: Any, receiver: Any, status: int) -> None:
    elsewhere = await receiver()
    target = await receiver(answer(status, location=elsewhere.url))
    await endpoints.create(hooks_env, "ann", target.url)
    await raise_signals(hooks_env)
    assert (await once(hooks_env))["failed"] == 1
    assert elsewhere.got == []


@pytest.mark.parametrize(("status", "fine"), [(200, 1), (201, 1), (204, 1), (299, 1), (304, 0), (400, 0)])
async def test_only_2xx_is_success(hooks_env: Any, receiver: Any, status: int, fine: int) -> None:
    target = await receiver(answer(status))
    await endpoints.create(hooks_env, "ann", target.url)
    await raise_signals(hooks_env)
    done = await once(hooks_env)
    assert (done["delivered"], done["failed"]) == (fine, 1 - fine)


async def test_410_disables_and_cancels(hooks_env: Any, receiver: Any) -> None:
    target = await receiver(answer(410))
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await raise_signals(hooks_env, 30)
    assert (await once(hooks_env))["disabled"] == 1
    await raise_signals(hooks_env, 1, prefix="01LATER")
    await once(hooks_env)
    assert len(target.got) <= 4  # those in flight together
    hook = await endpoints.get(hooks_env, "ann", hook.id)
    assert "410" in (hook.disabled_reason or "")
    assert {one.status for one in await deliveries.log(hooks_env.db, hook.id)} == {"cancelled"}


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_retry_after_rests_the_endpoint(
    hooks_env: Any, clock: Any, receiver: Any, form: str, status: int
) -> None:
    text = "1800" if form == "seconds" else formatdate(clock() / 1000 + 1800, usegmt=True)
    target = await receiver(in_turn(answer(status, retry_after=text), answer(200)))
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await raise_signals(hooks_env)
    await once(hooks_env)
    clock.advance(1_799_000)
    await raise_signals(hooks_env, 1, prefix="01LATER")  # not the failed delivery alone waits
    assert (await once(hooks_env))["due"] == 0
    clock.advance(1_000)
    assert (await once(hooks_env))["delivered"] == 2
    assert (await endpoints.get(hooks_env, "ann", hook.id)).failing_since is None


async def test_five_days_of_failures_disable_and_one_success_does_not(
    hooks_env: Any, clock: Any, receiver: Any
) -> None:
    dead, flaky = await receiver(answer(500)), await receiver(in_turn(*[answer(500)] * 3, answer(200)))
    first = (await endpoints.create(hooks_env, "ann", dead.url)).webhook
    second = (await endpoints.create(hooks_env, "ann", flaky.url)).webhook
    for day in range(7):
        await raise_signals(hooks_env, 1, prefix=f"01DAY{day}")
        await once(hooks_env)
        clock.advance(DAY)
    assert "5 days" in ((await endpoints.get(hooks_env, "ann", first.id)).disabled_reason or "")
    assert (await endpoints.get(hooks_env, "ann", second.id)).disabled_at is None
    dead.behave = answer(200)
    hook = await endpoints.change(hooks_env, "ann", first.id, enabled=True)
    assert (hook.disabled_at, hook.failing_since) == (None, None)
    dead.got.clear()
    assert await log.recover(hooks_env, "ann", first.id, hooks_env.now() - 4 * DAY - HOUR) == 3
    await once(hooks_env)
    assert sorted(dead.ids()) == ["01DAY300000", "01DAY400000", "01DAY500000"]


async def test_a_lease_that_ran_out_is_taken_again_and_the_late_sender_changes_nothing(
    hooks_env: Any, clock: Any, receiver: Any
) -> None:
    target = await receiver()
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await raise_signals(hooks_env)
    db, now = hooks_env.db, clock()
    await outbox.fan_out(db, now)
    [dead] = outbox.leased((await outbox.lease_statement(db, hook.id, now, now + 60_000, 9).run()).results)
    assert (await once(hooks_env))["due"] == 0
    clock.advance(60_000)
    assert (await once(hooks_env))["delivered"] == 1
    late = outbox.Outcome(dead.event, hook.id, dead.token, "pending", 1, 0, now, 1, 500, "HTTP 500", None)
    await db.batch(outbox.outcome_statements(db, [late]))
    [delivery] = await deliveries.log(db, hook.id)
    assert (delivery.status, delivery.attempts, len(delivery.log)) == ("delivered", 1, 1)


async def test_a_webhook_deleted_meanwhile_takes_its_outcome_along(hooks_env: Any, receiver: Any) -> None:
    hook: Any = None

    async def delete_then_answer(got: Any, writer: Any) -> None:
        await endpoints.delete(hooks_env, "ann", hook.id)
        await answer(200)(got, writer)

    target = await receiver(delete_then_answer)
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await raise_signals(hooks_env)
    assert (await once(hooks_env))["delivered"] == 1
    assert await hooks_env.db.prepare("SELECT count(*) n FROM delivery_attempts").first("n") == 0


async def test_a_disabled_user_gets_nothing(hooks_env: Any, receiver: Any) -> None:
    target = await receiver()
    await endpoints.create(hooks_env, "ann", target.url)
    await raise_signals(hooks_env)
    await hooks_env.db.prepare("UPDATE users SET disabled_at = 1 WHERE id = 'ann'").run()
    assert (await once(hooks_env))["due"] == 0
    assert target.got == []


async def test_a_run_waits_for_the_first_retry(hooks_env: Any, receiver: Any) -> None:
    target = await receiver(in_turn(answer(500), answer(200)))
    began = time.monotonic()
    hooks_env.now = lambda: 1_763_726_400_000 + int((time.monotonic() - began) * 1000)
    hooks_env.settings = replace(hooks_env.settings, webhook_schedule=(0, 0, 3600))
    await endpoints.create(hooks_env, "ann", target.url)
    await raise_signals(hooks_env)
    done = await deliver(hooks_env)
    assert (done["failed"], done["delivered"]) == (1, 1)
    assert len(target.got) == 2
