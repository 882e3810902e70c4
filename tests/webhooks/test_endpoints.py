"""Registering, changing, rotating and testing endpoints, and reading their log."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from webhooks_support import answer, in_turn, raise_signals

from shared.errors import Conflict, Invalid, NotFound
from shared.models import DAY
from shared.store import deliveries
from shared.webhooks import endpoints, log
from shared.webhooks.deliver import deliver

URL = "https://example.com/hook"


@pytest.fixture
def triggered(hooks_env: Any) -> list[str]:
    """Names of the functions that were started."""
    started: list[str] = []

    async def trigger(function: str) -> None:
        started.append(function)

    hooks_env.trigger = trigger
    return started


async def test_the_secret_is_shown_once_and_stored_encrypted(hooks_env: Any, tmp_path: Path) -> None:
    created = await endpoints.create(
        hooks_env, "ann", URL, event_types=["signal.raised"], symbols=["btc", "BTC"]
    )
    assert created.secret
    assert created.secret.startswith("whsec_")
    again = await endpoints.get(hooks_env, "ann", created.webhook.id)
    assert again == created.webhook
    assert (again.event_types, again.symbols) == (("signal.raised",), ("BTC",))
    assert "secret" not in endpoints.shown(again)
    assert endpoints.shown(again, created.secret)["secret"] == created.secret
    await endpoints.rotate(hooks_env, "ann", again.id)
    files = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*"))
    assert created.secret.removeprefix("whsec_").encode() not in files


async def test_of_v1a_only_the_public_key_is_shown(hooks_env: Any) -> None:
    created = await endpoints.create(hooks_env, "ann", URL, scheme="v1a")
    assert created.secret is None
    public = endpoints.shown(created.webhook)["public_key"]
    assert public.startswith("whpk_")
    rotated = await endpoints.rotate(hooks_env, "ann", created.webhook.id, scheme="v1")
    assert (rotated.secret or "").startswith("whsec_")
    assert endpoints.shown(rotated.webhook)["public_key"] is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("url", {"url": "https://10.0.0.1/"}),
        ("url", {"url": "gopher://example.com/"}),
        ("scheme", {"scheme": "v2"}),
        ("event_types", {"event_types": ["signal.*"]}),
        ("symbols", {"symbols": ["BTC; DROP TABLE"]}),
        ("symbols", {"symbols": [f"T{n}" for n in range(501)]}),
    ],
)
async def test_what_is_wrong_is_named(hooks_env: Any, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        await endpoints.create(hooks_env, "ann", **{"url": URL, **given})
    assert caught.value.details["field"] == field
    assert await endpoints.owned(hooks_env, "ann") == []


async def test_production_takes_https_only(hooks_env: Any) -> None:
    await endpoints.create(hooks_env, "ann", "http://example.com/")
    hooks_env.settings = replace(hooks_env.settings, environment="production")
    with pytest.raises(Invalid, match="https"):
        await endpoints.create(hooks_env, "ann", "http://example.com/")


async def test_somebody_else_s_webhook_is_as_unknown_as_none(hooks_env: Any, triggered: list[str]) -> None:
    id = (await endpoints.create(hooks_env, "ann", URL)).webhook.id
    calls = [
        lambda owner, id: endpoints.get(hooks_env, owner, id),
        lambda owner, id: endpoints.change(hooks_env, owner, id, url=URL),
        lambda owner, id: endpoints.rotate(hooks_env, owner, id),
        lambda owner, id: endpoints.send_test(hooks_env, owner, id),
        lambda owner, id: endpoints.delete(hooks_env, owner, id),
        lambda owner, id: log.page(hooks_env, owner, id),
        lambda owner, id: log.replay(hooks_env, owner, id, "01EVENT"),
        lambda owner, id: log.recover(hooks_env, owner, id, 0),
    ]
    for call in calls:
        with pytest.raises(NotFound) as foreign:
            await call("bob", id)
        with pytest.raises(NotFound) as unknown:
            await call("bob", "01NOTHERE")
        assert str(foreign.value) == str(unknown.value)
    assert (await endpoints.get(hooks_env, None, id)).owner == "ann"  # an admin sees all
    assert triggered == []


async def test_a_user_has_fifty_webhooks_at_most(hooks_env: Any) -> None:
    for _ in range(50):
        await endpoints.create(hooks_env, "ann", URL)
    with pytest.raises(Conflict):
        await endpoints.create(hooks_env, "ann", URL)
    assert len(await endpoints.owned(hooks_env, "ann")) == 50
    assert (await endpoints.create(hooks_env, "bob", URL)).secret


async def test_rotation_keeps_ten_old_secrets_for_a_day(hooks_env: Any, clock: Any) -> None:
    hook = (await endpoints.create(hooks_env, "ann", URL)).webhook
    for _ in range(13):
        hook = (await endpoints.rotate(hooks_env, "ann", hook.id)).webhook
        clock.advance(1)
    assert len(await endpoints.signers_of(hooks_env, hook)) == 11
    clock.advance(DAY)
    assert len(await endpoints.signers_of(hooks_env, hook)) == 1
    await endpoints.rotate(hooks_env, "ann", hook.id, overlap=0)
    stored = "SELECT count(*) n FROM webhook_secrets"
    assert await hooks_env.db.prepare(stored).first("n") == 0


async def test_two_rotations_at_once_do_not_lose_a_secret(
    hooks_env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = (await endpoints.create(hooks_env, "ann", URL)).webhook
    await endpoints.rotate(hooks_env, "ann", hook.id)

    async def stale(*_: Any) -> Any:
        return hook

    monkeypatch.setattr(endpoints, "get", stale)
    with pytest.raises(Conflict):
        await endpoints.rotate(hooks_env, "ann", hook.id)
    stored = "SELECT count(*) n FROM webhook_secrets"
    assert await hooks_env.db.prepare(stored).first("n") == 1


async def test_a_swapped_ciphertext_signs_nothing_and_harms_no_other(hooks_env: Any, receiver: Any) -> None:
    target = await receiver()
    first = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await endpoints.create(hooks_env, "bob", target.url)
    swap = "UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE owner = 'bob') WHERE id = ?"
    await hooks_env.db.prepare(swap).bind(first.id).run()
    await raise_signals(hooks_env)
    assert (await deliver(hooks_env, linger=0))["delivered"] == 1
    assert len(target.got) == 1


async def test_a_test_event_reaches_that_endpoint_alone(
    hooks_env: Any, receiver: Any, triggered: list[str]
) -> None:
    target, other = await receiver(), await receiver()
    hook = (await endpoints.create(hooks_env, "ann", target.url, event_types=["signal.resolved"])).webhook
    await endpoints.create(hooks_env, "ann", other.url)
    event = await endpoints.send_test(hooks_env, "ann", hook.id)
    assert triggered == ["deliver"]
    await deliver(hooks_env, linger=0)
    assert (target.ids(), other.ids()) == ([event], [])
    assert json.loads(target.got[0].body)["type"] == "webhook.test"
    await endpoints.change(hooks_env, "ann", hook.id, enabled=False)
    with pytest.raises(Conflict):
        await endpoints.send_test(hooks_env, "ann", hook.id)


async def test_the_log_shows_every_attempt_and_replays(
    hooks_env: Any, receiver: Any, triggered: list[str]
) -> None:
    target = await receiver(in_turn(answer(500, "no\0pe" + "x" * 2000), answer(200, "fine")))
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    events = await raise_signals(hooks_env, 3)
    await deliver(hooks_env, linger=0)
    shown, more = await log.page(hooks_env, "ann", hook.id, limit=2)
    assert [one["event"] for one in shown] == [events[2], events[1]]
    rest, end = await log.page(hooks_env, "ann", hook.id, before=more, limit=2)
    assert ([one["event"] for one in rest], end) == ([events[0]], None)
    failed = next(one for one in [*shown, *rest] if one["status"] == "pending")
    assert failed["log"][0]["status_code"] == 500
    assert len(failed["log"][0]["response"]) == 1000

    done = next(one["event"] for one in [*shown, *rest] if one["status"] == "delivered")
    target.got.clear()
    await log.replay(hooks_env, "ann", hook.id, done)
    assert triggered == ["deliver"]
    await deliver(hooks_env, linger=0)
    assert target.ids() == [done]
    again = next(one for one in await deliveries.log(hooks_env.db, hook.id) if one.event == done)
    assert [attempt.attempt for attempt in again.log] == [1, 2]
    with pytest.raises(NotFound):
        await log.replay(hooks_env, "ann", hook.id, "01NEVER")


async def test_deleting_takes_everything_along(hooks_env: Any, receiver: Any) -> None:
    target = await receiver()
    hook = (await endpoints.create(hooks_env, "ann", target.url)).webhook
    await endpoints.rotate(hooks_env, "ann", hook.id)
    await raise_signals(hooks_env)
    await deliver(hooks_env, linger=0)
    await endpoints.delete(hooks_env, "ann", hook.id)
    for table in ("webhooks", "webhook_secrets", "deliveries", "delivery_attempts"):
        assert await hooks_env.db.prepare(f"SELECT count(*) n FROM {table}").first("n") == 0
