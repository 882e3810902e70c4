"""Users' rules in the store: counted, changed, raced for; events once a bar; one owner's webhooks alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.models import DAY, HOUR, Article
from shared.platform.d1 import D1Error
from shared.store import articles, deliveries, outbox, rules, users, webhooks
from shared.store.articles import NewArticle
from shared.store.rules import Rule, RuleEvent
from shared.store.webhooks import Webhook

RULE = Rule(
    "R1", "ann", "n", "close > 1", ("bitcoin",), HOUR, HOUR, "up", True, False, 5, 5, 5, progress={}
)  # fmt: skip


@pytest.fixture
async def owned(db: Any) -> Any:
    for id in ("ann", "bob"):
        await (
            db.prepare("INSERT INTO users (id, name, role, created_at) VALUES (?1, ?1, 'trader', 0)")
            .bind(id)
            .run()
        )
    return db


async def test_what_is_stored_is_what_was_given(owned: Any) -> None:
    assert await rules.add(owned, RULE, 100)
    assert await rules.get(owned, "ann", "R1") == RULE
    assert await rules.get(owned, "bob", "R1") is None
    assert await rules.of_owner(owned, "bob") == []
    changed = replace(
        RULE,
        name="m",
        symbols=("all",),
        step=DAY,
        cooldown_ms=DAY,
        direction="none",
        notify=True,
        updated_at=9,
    )
    await rules.change(owned, replace(changed, since=9))
    assert await rules.of_owner(owned, "ann") == [replace(changed, since=9, version=1)]


async def test_a_user_has_so_many_at_most_also_at_once(owned: Any) -> None:
    made = [rules.add(owned, replace(RULE, id=f"R{n}"), 3) for n in range(6)]
    assert sum(await asyncio.gather(*made)) == 3
    assert await rules.add(owned, replace(RULE, id="B", owner="bob"), 3)


async def test_progress_is_kept_unless_the_rule_starts_anew(owned: Any) -> None:
    await rules.add(owned, RULE, 100)
    await owned.batch([rules.advance_statement(owned, RULE, {"1": [7, 2, None]})])
    await rules.change(owned, replace(RULE, name="other"))
    (kept,) = await rules.enabled(owned)
    assert (kept.progress, kept.version) == ({"1": [7, 2, None]}, 2)
    await rules.change(owned, replace(RULE, since=6))
    (anew,) = await rules.enabled(owned)
    assert anew.progress == {}


async def test_of_two_runs_one_moves_on(owned: Any) -> None:
    await rules.add(owned, RULE, 100)
    event = RuleEvent("R1", 1, HOUR, HOUR + 5, 2.0, {"close": 2.0, "x": None})
    batch = [rules.advance_statement(owned, RULE, {}), rules.event_statement(owned, event)]
    await owned.batch(batch)
    with pytest.raises(D1Error) as caught:
        await owned.batch([rules.event_statement(owned, replace(event, at=2 * HOUR)), batch[0]])
    assert rules.lost_race(caught.value)
    assert await rules.events(owned, "R1") == [event]
    (now,) = await rules.enabled(owned)
    await rules.advance_all(owned, [(RULE, {"1": [1, 1, 1]}), (now, {"1": [2, 2, 2]})])
    assert [one.progress for one in await rules.enabled(owned)] == [{"1": [2, 2, 2]}]


async def test_failures_in_a_row_disable(owned: Any) -> None:
    await rules.add(owned, RULE, 100)
    for n in range(3):
        (rule,) = await rules.enabled(owned)
        assert rule.failures == n
        await rules.failed(owned, rule, "x" * 5000, 3)
        await rules.failed(owned, rule, "the same run again", 3)
    assert await rules.enabled(owned) == []
    stored = await rules.get(owned, "ann", "R1")
    assert stored
    assert (stored.enabled, stored.last_error) == (False, "x" * 1000)
    await rules.change(owned, replace(stored, enabled=True))
    (back,) = await rules.enabled(owned)
    assert (back.failures, back.last_error) == (0, None)


async def test_events_go_with_their_rule_and_rules_with_their_owner(owned: Any) -> None:
    await rules.add(owned, RULE, 100)
    await owned.batch([rules.event_statement(owned, RuleEvent("R1", 1, 1, 1, 1.0, {}))] * 2)
    assert len(await rules.events(owned, "R1")) == 1
    await owned.prepare("DELETE FROM users WHERE id = 'ann'").run()
    assert await rules.get(owned, "ann", "R1") is None
    assert await rules.events(owned, "R1") == []


async def test_stories_are_those_of_the_assets_without_copies(db: Any) -> None:
    assert await rules.news_since(db) is None
    new = [
        NewArticle(
            Article(key, "feed", f"https://x.example/{key}", f"Bitcoin {key}", at), 0.5, "m", assets=(1,)
        )
        for key, at in (("a", 10), ("b", 20))
    ]
    await db.batch(articles.add_statements(db, new, 30))
    rows = await db.prepare("SELECT id FROM articles ORDER BY at").raw()
    assert {row[1:3] for row in map(tuple, await rules.stories(db, [1, 2], 0, 99))} == {(10, 30), (20, 30)}
    assert [row[1] for row in await rules.stories(db, [1], 10, 99)] == [20]
    assert await rules.stories(db, [2], 0, 99) == []
    await db.prepare("UPDATE articles SET duplicate_of = ?1 WHERE id <> ?1").bind(rows[0][0]).run()
    assert [row[1] for row in await rules.stories(db, [1], 0, 99)] == [10]
    assert await rules.news_since(db) == 30


async def test_an_owned_event_is_for_one_users_webhooks_that_ask_for_it(owned: Any) -> None:
    hooks = (
        ("ALL", "ann", (), ()),
        ("TYPE", "ann", ("rule.fired",), ("BTC",)),
        ("OTHER", "ann", ("signal.raised",), ()),
        ("ETHER", "ann", (), ("ETH",)),
        ("BOBS", "bob", (), ()),
    )
    for id, owner, types, symbols in hooks:
        await webhooks.add(
            owned, Webhook(id, owner, "https://x.example/", "s", "v1", None, types, symbols, 0)
        )
    await webhooks.add(owned, Webhook("OFF", "ann", "https://x.example/", "s", "v1", None, (), (), 0))
    await webhooks.disable(owned, "OFF", 1, "off")
    announced = outbox.owned_statements(owned, "01E", "rule.fired", "BTC", 1000, {"n": 1}, "ann")
    for _ in range(2):
        await owned.batch(announced)
    rows = await owned.prepare("SELECT webhook, next_at FROM deliveries ORDER BY webhook").raw()
    assert [tuple(row) for row in rows] == [("ALL", 1000), ("TYPE", 1000)]
    assert await outbox.fan_out(owned, 2000) == 0
    assert await deliveries.backlog(owned) == (0, 2)
    assert json.loads(await owned.prepare("SELECT payload FROM outbox").first("payload"))["data"] == {"n": 1}


async def test_rules_of_a_disabled_user_are_not_judged(owned: Any) -> None:
    await rules.add(owned, RULE, 100)
    assert len(await rules.enabled(owned)) == 1
    assert await users.by_name(owned, "ann")
    await owned.prepare("UPDATE users SET disabled_at = 1 WHERE id = 'ann'").run()
    assert await rules.enabled(owned) == []
