"""Materialised features: packed rows, in versions that never change, read as of an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from shared.models import DAY, EARLIEST, HOUR, LATEST, MINUTE
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.rows import insert_statements

# How long rows stay, by bar length; older ones are computed again from the candles, which stay for good. Of
# short bars there are many (some 40 MB a day of 5m for 130 assets), and what is asked of them is the last
# hours; half a year of hours is a season to look back on; of days there are few.
KEEP: Mapping[int, int | None] = {5 * MINUTE: 3 * DAY, HOUR: 183 * DAY, DAY: None}

# The same values as the newest version of the row add nothing, however often they are computed.
SQL_ADD = """INSERT INTO ml_features_materialized (step, at, asset, known_at, source, dictionary, data)
SELECT ?1, v.column1, v.column2, ?2, v.column3, ?3, v.column4 FROM (VALUES (?, ?, ?, ?)) v WHERE NOT EXISTS (
  SELECT 1 FROM ml_features_materialized m
  WHERE m.step = ?1 AND m.at = v.column1 AND m.asset = v.column2 AND m.source = v.column3
  AND m.dictionary = ?3 AND m.data = v.column4 AND m.known_at = (
    SELECT max(known_at) FROM ml_features_materialized n
    WHERE n.step = ?1 AND n.at = v.column1 AND n.asset = v.column2))
ON CONFLICT DO NOTHING"""
# Rows lie in time order, all assets together: step from one close to the one before and seek the asset there.
SQL_OF_ASSET = """WITH RECURSIVE closes (t) AS (
  SELECT max(at) FROM ml_features_materialized WHERE step = ?1 AND at <= ?4
  UNION ALL
  SELECT (SELECT max(at) FROM ml_features_materialized WHERE step = ?1 AND at < t) FROM closes WHERE t >= ?3)
SELECT at, asset, known_at, source, dictionary, data FROM closes CROSS JOIN ml_features_materialized
ON step = ?1 AND at = t AND asset = ?2 AND known_at = (SELECT max(known_at) FROM ml_features_materialized
  WHERE step = ?1 AND at = t AND asset = ?2 AND known_at <= ?5)
WHERE t >= ?3 LIMIT ?6"""
SQL_AT = """SELECT m.at, m.asset, max(m.known_at), m.source, m.dictionary, m.data FROM json_each(?2) t
CROSS JOIN ml_features_materialized m ON m.step = ?1 AND m.at = t.value
WHERE m.known_at <= ?3 GROUP BY m.at, m.asset"""
SQL_NEWEST_CLOSES = """WITH RECURSIVE closes (t) AS (
  SELECT max(at) FROM ml_features_materialized WHERE step = ?1 AND at <= ?3
  UNION ALL
  SELECT (SELECT max(at) FROM ml_features_materialized WHERE step = ?1 AND at < t) FROM closes
  WHERE t IS NOT NULL)
SELECT t FROM closes WHERE t IS NOT NULL LIMIT ?2"""
SQL_PRUNE = "DELETE FROM ml_features_materialized WHERE step = ? AND at < ?"


Row = tuple[int, int, int, bytes]  # at, asset, source, data


class Packed(NamedTuple):
    """One version of an asset's features at the close of a bar of `source`; `data` as the codec packs it."""

    at: int
    asset: int
    known_at: int
    source: int
    dictionary: int
    data: bytes


def add_statements(
    db: D1Database, step: int, dictionary: int, known_at: int, rows: Sequence[Row]
) -> list[D1PreparedStatement]:
    """For a batch: rows, each a new version where it says something new."""
    return insert_statements(db, SQL_ADD, sorted(rows), (step, known_at, dictionary))


async def of_asset(
    db: D1Database,
    asset: int,
    step: int,
    *,
    since: int = EARLIEST,
    until: int = LATEST,
    as_of: int = LATEST,
    limit: int = -1,
) -> list[Packed]:
    """Rows with since <= at <= until, newest first, each in the version that was known at `as_of`."""
    values = (step, asset, since, until, as_of, limit)
    return [Packed(*row) for row in await db.prepare(SQL_OF_ASSET).bind(*values).raw()]


async def at_closes(db: D1Database, step: int, closes: Sequence[int], as_of: int = LATEST) -> list[Packed]:
    """Rows of all assets at these closes, each in the version that was known at `as_of`."""
    asked = orjson.dumps(list(closes)).decode()
    return [Packed(*row) for row in await db.prepare(SQL_AT).bind(step, asked, as_of).raw()]


async def newest_closes(db: D1Database, step: int, limit: int, until: int = LATEST) -> list[int]:
    """The newest closes that have rows, newest first, none later than `until`."""
    return [at for (at,) in await db.prepare(SQL_NEWEST_CLOSES).bind(step, limit, until).raw()]


def prune_statements(db: D1Database, now: int) -> list[D1PreparedStatement]:
    """Deletions of what is older than KEEP."""
    return [db.prepare(SQL_PRUNE).bind(step, now - age) for step, age in KEEP.items() if age is not None]
