"""What is forgotten, and when: records of work that is long done, and raw depth; never prices or candles."""

from __future__ import annotations

from shared.models import DAY
from shared.platform.d1 import D1Database
from shared.store import features

KEEP = 30 * DAY

SQL_RUNS = "DELETE FROM job_runs WHERE finished_at < ?"
# deliveries and their attempts go with the event
SQL_EVENTS = """DELETE FROM outbox WHERE at < ? AND dispatched_at IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = outbox.id AND status = 'pending')"""
SQL_LOGIN_LINKS = "DELETE FROM login_links WHERE expires_at < ?"
SQL_VALIDATORS = "DELETE FROM fetch_validators WHERE at < ?"
SQL_BOOKS = "DELETE FROM order_books WHERE at < ?"
SQL_OPTIMIZE = "PRAGMA optimize"


async def prune(db: D1Database, now: int) -> dict[str, int]:
    """Rows forgotten, by table: runs, events that were dealt with, order books and validators after 30 days,
    one-time links a day after they stopped working, features by the length of their bars."""
    old = now - KEEP
    cuts = {
        "job_runs": (SQL_RUNS, old),
        "outbox": (SQL_EVENTS, old),
        "fetch_validators": (SQL_VALIDATORS, old),
        "order_books": (SQL_BOOKS, old),
        "login_links": (SQL_LOGIN_LINKS, now - DAY),
    }
    statements = {table: [db.prepare(sql).bind(cut)] for table, (sql, cut) in cuts.items()}
    statements["ml_features_materialized"] = features.prune_statements(db, now)
    results = iter(await db.batch([one for group in statements.values() for one in group]))
    return {table: sum(next(results).meta.changes for _ in group) for table, group in statements.items()}


async def optimize(db: D1Database) -> None:
    """Let SQLite look again at which indexes serve best; it does so only where that has changed."""
    await db.prepare(SQL_OPTIMIZE).run()
