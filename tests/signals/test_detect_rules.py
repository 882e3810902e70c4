"""Rules on live bars: stored once, told to their owner alone, whoever runs and however often."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.models import HOUR, MINUTE, Candle
from shared.signals.detect import detect, learned_now
from shared.signals.detect_rules import detect_rules
from shared.signals.raising import Names
from shared.signals.rules import live, watching
from shared.signals.rules.limits import FAILURES_MAX
from shared.store import assets, candles, outbox, rules, users, webhooks
from shared.store.rules import Rule
from shared.store.webhooks import Webhook

Env = Any
BTC, ETH = "bitcoin", "ethereum"


@pytest.fixture
async def owned(env: Env) -> Env:
    """Two users with a webhook for everything each; ann's has the id ann's."""
    for name in ("ann", "bob"):
        user = await users.create(env.db, name, "trader", 0)
        hook = Webhook(f"{name}s", user.id, "https://example.com/", "x", "v1", None, (), (), 0)
        await webhooks.add(env.db, hook)
    return env


async def rule_of(env: Env, expression: str, symbols: tuple[str, ...] = (BTC,), **given: Any) -> Rule:
    """A rule of ann's, made now."""
    owner = await users.by_name(env.db, given.pop("owner", "ann"))
    now, number = env.now(), len(await rules.enabled(env.db))
    rule = Rule(
        id=given.pop("id", f"R{number}"),
        owner=owner.id,  # type: ignore[union-attr]
        name="my rule",
        expression=expression,
        symbols=symbols,
        step=given.pop("step", HOUR),
        cooldown_ms=given.pop("cooldown_ms", HOUR),
        direction="none",
        enabled=True,
        notify=given.pop("notify", True),
        created_at=now,
        updated_at=now,
        since=now,
    )
    assert await rules.add(env.db, rule, 100)
    return rule


async def bars(env: Env, *closes: float, slug: str = BTC, step: int = HOUR, until: int | None = None) -> None:
    """Bars with these closes; the last one closes now."""
    asset = (await assets.load(env.db)).resolve(slug)
    assert asset is not None
    end = env.now() if until is None else until
    made = [
        Candle(asset.id, "binance", step, end - (len(closes) - i) * step, c, c, c, c, 1.0)
        for i, c in enumerate(closes)
    ]
    await candles.add(env.db, made, env.now())


async def run(env: Env) -> int:
    return await detect_rules(env, Names(env.db), learned_now(env))


async def fired(env: Env, rule: str = "R0") -> list[int]:
    """Hours from now at which it fired, newest first."""
    return [(one.at - env.now()) // HOUR for one in await rules.events(env.db, rule)]


async def told(env: Env) -> list[dict[str, Any]]:
    return [
        json.loads(one) for (one,) in await env.db.prepare("SELECT payload FROM outbox ORDER BY id").raw()
    ]


async def deliveries(env: Env) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = await env.db.prepare(
        "SELECT o.type, d.webhook FROM deliveries d JOIN outbox o ON o.id = d.event ORDER BY d.webhook"
    ).raw()
    return [tuple(row) for row in found]  # type: ignore[misc]


async def test_it_fires_when_the_condition_turns_true_and_tells_its_owner(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    rule = await rule_of(owned, "close > 100 and sma(2) > 1")
    clock.advance(HOUR)
    await bars(owned, 101)
    clock.advance(MINUTE)
    assert await run(owned) == 1
    at = owned.now() - MINUTE
    (event,) = await rules.events(owned.db, rule.id)
    assert (event.at, event.known_at, event.price) == (at, owned.now(), 101.0)
    assert event.evidence == {"close": 101.0, "sma(2)": 98.0}
    (body,) = await told(owned)
    assert body["type"] == "rule.fired"
    assert body["data"] == {
        "id": body["data"]["id"],
        "expression": "close > 100 and sma(2) > 1",
        "rule": rule.id,
        "name": "my rule",
        "symbol": "BTC",
        "asset": BTC,
        "direction": "none",
        "timeframe": "1h",
        "at": at,
        "known_at": owned.now(),
        "price": 101.0,
        "evidence": {"close": 101.0, "sma(2)": 98.0},
    }
    assert await deliveries(owned) == [("rule.fired", "anns")]
    assert await outbox.fan_out(owned.db, owned.now()) == 0  # nobody else's webhook ever sees it
    assert await deliveries(owned) == [("rule.fired", "anns")]


async def test_running_again_or_at_once_adds_nothing(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    for expression in ("close > 100", "close > 100", "high > 100 or low > 100"):
        await rule_of(owned, expression)
    clock.advance(2 * HOUR)
    await bars(owned, 99, 101)
    done = await asyncio.gather(*(run(owned) for _ in range(6)))
    assert sum(done) == 3
    assert await run(owned) == 0
    assert len(await told(owned)) == len(await deliveries(owned)) == 3


async def test_bars_of_before_the_rule_tell_what_was_and_do_not_fire(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 101, 90, 102)
    await rule_of(owned, "close > 100")
    assert await run(owned) == 0
    clock.advance(HOUR)
    await bars(owned, 103)  # was true already
    assert await run(owned) == 0
    clock.advance(2 * HOUR)
    await bars(owned, 99, 104)
    assert await run(owned) == 1
    assert await fired(owned) == [0]


async def test_runs_cut_anywhere_fire_the_same(owned: Env, clock: Any) -> None:
    closes = [100 + (i * 37 % 11) - 5 for i in range(40)]
    await bars(owned, *closes[:10])
    text = "close > mean(close, 4) and rising(close, 1) or close crosses below 97"
    await rule_of(owned, text, id="WHOLE", cooldown_ms=3 * HOUR)
    await rule_of(owned, text, id="CUT", cooldown_ms=3 * HOUR)
    await owned.db.prepare("UPDATE user_rules SET enabled = 0 WHERE id = 'WHOLE'").run()
    done = 10
    for size in (1, 3, 1, 7, 2, 10, 6):
        clock.advance(size * HOUR)
        await bars(owned, *closes[done : done + size])
        done += size
        await run(owned)
        assert await run(owned) == 0
    await owned.db.prepare("UPDATE user_rules SET enabled = 1 WHERE id = 'WHOLE'").run()
    await run(owned)
    assert await fired(owned, "CUT") == await fired(owned, "WHOLE")
    assert len(await fired(owned, "CUT")) > 4


async def test_each_symbol_is_judged_on_its_own(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    await bars(owned, 300, 90, slug=ETH)
    await rule_of(owned, "close > 100", ("all",), id="ALL")
    await rule_of(owned, "close > 100", ("top(1)",), id="TOP")
    await rule_of(owned, "close > BTC.close", (ETH,), id="REL")
    clock.advance(HOUR)
    await bars(owned, 101)
    await bars(owned, 105, slug=ETH)
    assert await run(owned) == 4
    by_rule = {id: len(await fired(owned, id)) for id in ("ALL", "TOP", "REL")}
    assert by_rule == {"ALL": 2, "TOP": 1, "REL": 1}
    clock.advance(HOUR)
    await bars(owned, 90, slug=ETH)  # bitcoin's bar is late
    assert await run(owned) == 0
    await bars(owned, 90)
    clock.advance(HOUR)
    await bars(owned, 101)
    assert await run(owned) == 2


async def test_a_rule_that_breaks_disables_itself_and_stops_nobody(
    owned: Env, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bars(owned, 90, 95)
    await rule_of(owned, "rsj(14) > 3", id="GONE")  # a name that was once there
    await rule_of(owned, "close > 99", id="BROKEN")
    await rule_of(owned, "close > 100", id="GOOD")
    judge = live.evaluate

    def broken(program: Any, *rest: Any) -> Any:
        if "99" in program.expression:
            raise ZeroDivisionError("a bug")
        return judge(program, *rest)

    monkeypatch.setattr(live, "evaluate", broken)
    for n in range(FAILURES_MAX + 1):
        clock.advance(HOUR)
        await bars(owned, 101 - 2 * (n % 2))
        await run(owned)
    assert len(await fired(owned, "GOOD")) == 3
    assert [one.id for one in await rules.enabled(owned.db)] == ["GOOD"]
    owner = (await users.by_name(owned.db, "ann")).id  # type: ignore[union-attr]
    gone, wrong = await rules.get(owned.db, owner, "GONE"), await rules.get(owned.db, owner, "BROKEN")
    assert gone
    assert wrong
    assert "no name is called 'rsj'; did you mean rsi?" in str(gone.last_error)
    assert (wrong.enabled, wrong.failures, wrong.last_error) == (False, 5, "ZeroDivisionError: a bug")


async def test_one_failure_is_forgotten_when_it_works_again(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    rule = await rule_of(owned, "close > 100")
    await rules.failed(owned.db, rule, "once", FAILURES_MAX)
    clock.advance(HOUR)
    await bars(owned, 96)
    await run(owned)
    (now,) = await rules.enabled(owned.db)
    assert (now.failures, now.last_error) == (0, None)


async def test_what_was_changed_meanwhile_is_not_overwritten(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    old = await rule_of(owned, "close > 100")
    await rules.change(owned.db, replace(old, expression="close > 102", since=owned.now() + 1))
    with pytest.raises(Exception) as caught:
        await owned.db.batch([rules.advance_statement(owned.db, old, {"1": [5, 2, None]})])
    assert rules.lost_race(caught.value)  # type: ignore[arg-type]
    await rules.advance_all(owned.db, [(old, {"1": [5, 2, None]})])
    (now,) = await rules.enabled(owned.db)
    assert (now.expression, now.progress) == ("close > 102", {})


async def test_quiet_rules_and_late_news_are_stored_and_not_sent(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    await rule_of(owned, "close > 100", id="QUIET", notify=False)
    await rule_of(owned, "close > 100", id="LATE")
    clock.advance(HOUR)
    await bars(owned, 101)
    clock.advance(HOUR + 1)
    assert await run(owned) == 2
    assert await told(owned) == []


async def test_only_webhooks_that_ask_for_it_get_it(owned: Env, clock: Any) -> None:
    ann = await users.by_name(owned.db, "ann")
    assert ann
    for id, types, symbols in (
        ("named", ("rule.fired",), ("BTC",)),
        ("signals", ("signal.raised",), ()),
        ("ether", (), ("ETH",)),
    ):
        hook = Webhook(id, ann.id, "https://example.com/", "x", "v1", None, types, symbols, 0)
        await webhooks.add(owned.db, hook)
    await bars(owned, 90, 95)
    await rule_of(owned, "close > 100")
    clock.advance(HOUR)
    await bars(owned, 101)
    await run(owned)
    assert [hook for _, hook in await deliveries(owned)] == ["anns", "named"]


async def test_disabled_users_and_rules_are_not_judged(owned: Env, clock: Any) -> None:
    await bars(owned, 90, 95)
    rule = await rule_of(owned, "close > 100", id="OFF")
    await rules.change(owned.db, replace(rule, enabled=False))
    await rule_of(owned, "close > 100", id="BOBS", owner="bob")
    bob = await users.by_name(owned.db, "bob")
    assert bob
    await owned.db.prepare("UPDATE users SET disabled_at = 1 WHERE id = ?").bind(bob.id).run()
    clock.advance(HOUR)
    await bars(owned, 101)
    assert await run(owned) == 0


async def test_signals_of_the_same_run_are_seen(owned: Env, clock: Any) -> None:
    """detect() judges rules behind the detectors: what was raised on a bar counts on that bar."""
    walk = [100 + (i % 7) * 0.05 for i in range(120)]
    await bars(owned, *walk)
    await detect(owned)
    await rule_of(owned, 'signal("price_anomaly") and change(close, 1h) > 5%')
    clock.advance(HOUR)
    await bars(owned, 120)
    clock.advance(MINUTE)
    await detect(owned)
    assert len(await fired(owned)) == 1
    assert {one["type"] for one in await told(owned)} == {"signal.raised", "rule.fired"}


async def test_without_rules_it_is_one_question(env: Env) -> None:
    asked = []
    prepare = env.db.prepare

    def counting(sql: str) -> Any:
        asked.append(sql)
        return prepare(sql)

    env.db.prepare = counting
    assert await run(env) == 0
    assert asked == [rules.SQL_ENABLED]


async def test_what_no_time_was_left_for_comes_first_in_the_next_run(
    owned: Env, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rule_of(owned, "close > 10")
    await rule_of(owned, "close > 10", (BTC, ETH))
    for close in (5.0, 15.0, 5.0):
        for slug in (BTC, ETH):
            await bars(owned, close, slug=slug)
        await run(owned)  # once fired, assets of a rule differ in when that was
        clock.advance(HOUR)
    for slug in (BTC, ETH):
        await bars(owned, 15.0, slug=slug)
    monkeypatch.setattr(watching, "RUN_S", -1.0)
    assert await run(owned) == 0
    monkeypatch.undo()
    assert await run(owned) == 3
