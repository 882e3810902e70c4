"""Prices as sources gave them: every snapshot, and the newest of each asset and source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from shared.models import AHEAD, DAY, HOUR, MINUTE, Quote
from shared.platform.d1 import D1Database
from shared.store.assets import source_ids, source_names
from shared.store.rows import insert_statements

LOOK_BACK = (15 * MINUTE, 2 * HOUR, 2 * DAY)

SQL_ADD = """INSERT INTO quotes
(id, known_at, price, volume_24h, market_cap, open_24h, high_24h, low_24h)
VALUES (?, ?1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
SQL_ADD_LATEST = """INSERT INTO latest_quotes (asset, source, quote) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET quote = excluded.quote WHERE excluded.quote > latest_quotes.quote"""
SQL_LATEST = """SELECT l.asset, l.source, at, known_at, price, volume_24h, market_cap, open_24h, high_24h,
low_24h FROM latest_quotes l CROSS JOIN quotes q ON q.id = l.quote ORDER BY l.asset, l.source"""
SQL_PAIRS = "SELECT asset, source FROM latest_quotes ORDER BY asset, source"
# max() makes SQLite take the other columns from the newest row of the group
SQL_AS_OF = """SELECT asset, source, at, known_at, price, volume_24h, market_cap, open_24h, high_24h,
low_24h, max(id) FROM quotes WHERE id >= ?1 << 20 AND id < ?2 << 20 AND known_at <= ?3
GROUP BY asset, source"""
SQL_HISTORY = """SELECT asset, source, at, known_at, price, volume_24h, market_cap, open_24h, high_24h,
low_24h FROM quotes WHERE id >= ?1 << 20 AND id < ?2 << 20 AND asset = ?3 ORDER BY id"""
SQL_LAST_KNOWN = "SELECT max(known_at) FROM quotes WHERE id >= ?1 << 20 AND known_at <= ?2"
SQL_SAID = """SELECT asset, source, at, known_at, price FROM quotes
WHERE id >= ?1 << 20 AND known_at <= ?2 ORDER BY id"""
SQL_HEARD = """SELECT l.asset, count(*), max(l.quote >> 20) FROM latest_quotes l GROUP BY l.asset"""


class StoredQuote(NamedTuple):
    """A quote with the time we learned it."""

    asset: int
    source: str
    at: int
    known_at: int
    price: float
    volume_24h: float | None = None
    market_cap: float | None = None
    open_24h: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None


async def add(db: D1Database, quotes: Iterable[Quote], known_at: int) -> int:
    """Store a snapshot in one batch; how many quotes were new.

    A quote is what one source said at one instant: the same again changes nothing, an older one is kept
    but does not become the newest.
    """
    held = sorted(quotes, key=lambda quote: (quote.at, quote.asset))
    if not held:
        return 0
    ids = await source_ids(db, {quote.source for quote in held})
    rows = [
        (
            quote_id(q.at, q.asset, ids[q.source]),
            *(q.price, q.volume_24h, q.market_cap, q.open_24h, q.high_24h, q.low_24h),
        )
        for q in held
    ]
    newest = sorted((q.asset, ids[q.source], row[0]) for q, row in zip(held, rows, strict=True))
    added = insert_statements(db, SQL_ADD, rows, (known_at,))
    results = await db.batch([*added, *insert_statements(db, SQL_ADD_LATEST, newest)])
    return sum(result.meta.changes for result in results[: len(added)])


def quote_id(at: int, asset: int, source: int) -> int:
    """The key of a quote, in time order: see the schema."""
    return at << 20 | asset << 6 | source


async def latest(db: D1Database) -> dict[int, list[StoredQuote]]:
    """The newest quote of every source, by asset."""
    return grouped(await named(db, await db.prepare(SQL_LATEST).raw()))


async def as_of(db: D1Database, t: int) -> dict[int, list[StoredQuote]]:
    """What `latest` would have answered at instant `t`; quotes two days older than `t` are left out."""
    missing = {tuple(pair) for pair in await db.prepare(SQL_PAIRS).raw()}
    found: dict[tuple[int, int], tuple[Any, ...]] = {}
    until = t + AHEAD + 1
    for span in LOOK_BACK:
        for row in await db.prepare(SQL_AS_OF).bind(t - span, until, t).raw():
            found.setdefault((row[0], row[1]), row[:-1])
        if missing <= found.keys():
            break
        until = t - span
    return grouped(await named(db, [found[pair] for pair in sorted(found)]))


async def history(db: D1Database, asset: int, start: int, end: int) -> list[StoredQuote]:
    """All sources' quotes of one asset with start <= at < end, oldest first.

    Quotes lie in time order, so this reads what all assets said in between: use candles for long spans.
    """
    return await named(db, await db.prepare(SQL_HISTORY).bind(start, end, asset).raw())


async def last_known(db: D1Database, start: int, until: int) -> int | None:
    """When the newest of the quotes of `start` and later became known, `until` at the latest."""
    ((known_at,),) = await db.prepare(SQL_LAST_KNOWN).bind(start, until).raw()
    return None if known_at is None else int(known_at)


async def said(db: D1Database, start: int, until: int) -> list[tuple[int, int, int, int, float]]:
    """(asset, source id, at, known_at, price) of all quotes with at >= start known at `until`, by at."""
    return await db.prepare(SQL_SAID).bind(start, until).raw()


async def heard(db: D1Database) -> list[tuple[int, int, int]]:
    """(asset, number of sources, instant of the newest quote) of every asset that ever had a price."""
    return await db.prepare(SQL_HEARD).raw()


async def named(db: D1Database, rows: Sequence[tuple[Any, ...]]) -> list[StoredQuote]:
    """Rows with the number of a source as quotes with its name."""
    names = await source_names(db, {row[1] for row in rows})
    return [StoredQuote(asset, names[source], *rest) for asset, source, *rest in rows]


def grouped(quotes: Iterable[StoredQuote]) -> dict[int, list[StoredQuote]]:
    by_asset: dict[int, list[StoredQuote]] = {}
    for quote in quotes:
        by_asset.setdefault(quote.asset, []).append(quote)
    return by_asset
