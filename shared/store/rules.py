"""Users' rules, how far they were judged, when they fired; and the news they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.models import LATEST, Direction
from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement

# By asset id as text: close of the newest bar seen, the last known verdict, the last firing.
Progress = Mapping[str, Sequence[int | None]]

COLUMNS = """r.id, r.owner, r.name, r.expression, r.symbols, r.step, r.cooldown_ms, r.direction, r.enabled,
r.notify, r.created_at, r.updated_at, r.since, r.failures, r.last_error, r.version, r.progress"""
SQL_ADD = """INSERT INTO user_rules (id, owner, name, expression, symbols, step, cooldown_ms, direction,
enabled, notify, created_at, updated_at, since)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?11
WHERE (SELECT count(*) FROM user_rules WHERE owner = ?2) < ?12"""
SQL_GET = f"SELECT {COLUMNS} FROM user_rules r WHERE r.id = ? AND r.owner = ?"
SQL_OF_OWNER = f"SELECT {COLUMNS} FROM user_rules r WHERE r.owner = ? ORDER BY r.id"
SQL_ENABLED = f"""SELECT {COLUMNS} FROM user_rules r JOIN users u ON u.id = r.owner AND u.disabled_at IS NULL
WHERE r.enabled = 1 ORDER BY r.id"""
# What a rule says differently from now on starts anew, and a run that is at it loses its race.
SQL_CHANGE = """UPDATE user_rules SET name = ?2, expression = ?3, symbols = ?4, step = ?5, cooldown_ms = ?6,
direction = ?7, enabled = ?8, notify = ?9, updated_at = ?10, since = ?11, failures = 0,
last_error = CASE WHEN ?8 THEN NULL ELSE last_error END, version = version + 1,
progress = CASE WHEN since = ?11 THEN progress ELSE '{}' END
WHERE id = ?1"""
SQL_DELETE = "DELETE FROM user_rules WHERE id = ?"
# The version another run has already passed becomes NULL, which breaks the batch: nothing of it is stored.
SQL_ADVANCE = """UPDATE user_rules SET version = CASE WHEN version = ?2 THEN version + 1 END, progress = ?3,
failures = 0, last_error = NULL WHERE id = ?1"""
# Of many rules that did not fire: those whose version another run has passed are left alone.
SQL_ADVANCE_ALL = """UPDATE user_rules SET version = version + 1, progress = o.value ->> 2, failures = 0,
last_error = NULL
FROM json_each(?) o WHERE user_rules.id = o.value ->> 0 AND user_rules.version = o.value ->> 1"""
SQL_FAILED = """UPDATE user_rules SET failures = failures + 1, last_error = ?3, version = version + 1,
enabled = CASE WHEN failures + 1 >= ?4 THEN 0 ELSE enabled END
WHERE id = ?1 AND version = ?2"""
SQL_ADD_EVENT = """INSERT OR IGNORE INTO rule_events (rule, asset, at, known_at, price, evidence)
VALUES (?, ?, ?, ?, ?, ?)"""
SQL_EVENTS = """SELECT rule, asset, at, known_at, price, evidence FROM rule_events
WHERE rule = ?1 AND at >= ?2 AND (at, asset) < (?3, ?4) ORDER BY at DESC, asset DESC LIMIT ?5"""
SQL_STORIES = """SELECT x.asset, n.at, n.known_at, n.sentiment
FROM json_each(?1) a CROSS JOIN article_assets x ON x.asset = a.value AND x.at > ?2 AND x.at <= ?3
JOIN articles n ON n.id = x.article WHERE n.duplicate_of IS NULL"""
SQL_NEWS_SINCE = "SELECT min(known_at) FROM articles"
SQL_RAISED = """SELECT asset, at, known_at, confidence_score, direction FROM signals
WHERE type = ?1 AND at > ?2 AND at <= ?3"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as stored. `symbols` are slugs, or "all", or "top(20)"; `step` and `cooldown_ms` milliseconds.

    `progress`: by asset id as text, [close of the newest bar seen, verdict there, last firing or None].
    """

    id: str
    owner: str
    name: str
    expression: str
    symbols: tuple[str, ...]
    step: int
    cooldown_ms: int
    direction: Direction
    enabled: bool
    notify: bool
    created_at: int
    updated_at: int
    since: int
    failures: int = 0
    last_error: str | None = None
    version: int = 0
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """A rule turned true on the bar of `asset` that closed at `at`; `evidence`: its series' values there."""

    rule: str
    asset: int
    at: int
    known_at: int
    price: float
    evidence: dict[str, float | None]


def rule_of(row: Sequence[Any]) -> Rule:
    columns = list(row)
    columns[4], columns[-1] = tuple(orjson.loads(row[4])), orjson.loads(row[-1])
    columns[8:10] = bool(row[8]), bool(row[9])
    return Rule(*columns)


async def add(db: D1Database, rule: Rule, most: int) -> bool:
    """Store a new rule; False where its owner has `most` already."""
    r, symbols = rule, orjson.dumps(rule.symbols).decode()
    values = (r.id, r.owner, r.name, r.expression, symbols, r.step, r.cooldown_ms, r.direction)
    added = db.prepare(SQL_ADD).bind(*values, int(r.enabled), int(r.notify), r.created_at, most)
    return bool((await added.run()).meta.changes)


async def get(db: D1Database, owner: str, id: str) -> Rule | None:
    rows = await db.prepare(SQL_GET).bind(id, owner).raw()
    return rule_of(rows[0]) if rows else None


async def of_owner(db: D1Database, owner: str) -> list[Rule]:
    """Oldest first."""
    return [rule_of(row) for row in await db.prepare(SQL_OF_OWNER).bind(owner).raw()]


async def enabled(db: D1Database) -> list[Rule]:
    """All that are to be judged; those of a disabled user are not."""
    return [rule_of(row) for row in await db.prepare(SQL_ENABLED).raw()]


async def change(db: D1Database, rule: Rule) -> None:
    """Store what an owner changed; another `since` than before forgets the progress."""
    r, symbols = rule, orjson.dumps(rule.symbols).decode()
    values = (r.id, r.name, r.expression, symbols, r.step, r.cooldown_ms, r.direction)
    rest = (int(r.enabled), int(r.notify), r.updated_at, r.since)
    await db.prepare(SQL_CHANGE).bind(*values, *rest).run()


async def delete(db: D1Database, id: str) -> None:
    """With its events."""
    await db.prepare(SQL_DELETE).bind(id).run()


def advance_statement(db: D1Database, rule: Rule, progress: Progress) -> D1PreparedStatement:
    """Move a rule on that fired; breaks its batch where another run was faster (see `lost_race`)."""
    return db.prepare(SQL_ADVANCE).bind(rule.id, rule.version, orjson.dumps(progress).decode())


async def advance_all(db: D1Database, moved: Sequence[tuple[Rule, Progress]]) -> None:
    """Move on rules that did not fire."""
    rows = [(rule.id, rule.version, orjson.dumps(progress).decode()) for rule, progress in moved]
    await db.prepare(SQL_ADVANCE_ALL).bind(orjson.dumps(rows).decode()).run()


def lost_race(error: D1Error) -> bool:
    """Tell whether a batch broke because another run or its owner had moved the rule on."""
    return error.code == "SQLITE_CONSTRAINT" and "user_rules.version" in error.cause


async def failed(db: D1Database, rule: Rule, why: str, most: int) -> None:
    """Note that a rule could not be judged; the `most`th time in a row disables it."""
    await db.prepare(SQL_FAILED).bind(rule.id, rule.version, why[:1000], most).run()


def event_statement(db: D1Database, event: RuleEvent) -> D1PreparedStatement:
    e = event
    evidence = orjson.dumps(e.evidence).decode()
    return db.prepare(SQL_ADD_EVENT).bind(e.rule, e.asset, e.at, e.known_at, e.price, evidence)


async def events(
    db: D1Database, rule: str, *, since: int = 0, before: tuple[int, int] | None = None, limit: int = 100
) -> list[RuleEvent]:
    """Newest first; `before` is (at, asset) of the last one seen."""
    rows = await db.prepare(SQL_EVENTS).bind(rule, since, *(before or (LATEST, 0)), limit).raw()
    return [RuleEvent(*(*row[:5], orjson.loads(row[5]))) for row in rows]


async def stories(
    db: D1Database, assets: Sequence[int], after: int, until: int
) -> list[tuple[int, int, int, float | None]]:
    """(asset, at, known_at, sentiment) of articles about these assets, copies of a story left out."""
    return await db.prepare(SQL_STORIES).bind(orjson.dumps(list(assets)).decode(), after, until).raw()


async def news_since(db: D1Database) -> int | None:
    """When the first article became known."""
    ((first,),) = await db.prepare(SQL_NEWS_SINCE).raw()
    return first if first is None else int(first)


async def raised(
    db: D1Database, type: str, after: int, until: int
) -> list[tuple[int, int, int, float | None, str]]:
    """(asset, at, known_at, confidence, direction) of signals of one type."""
    return await db.prepare(SQL_RAISED).bind(type, after, until).raw()
