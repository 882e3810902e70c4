"""Order books, as snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from shared.models import LATEST, OrderBook
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.store.assets import sources
from shared.store.rows import insert_statements

SQL_ADD = """INSERT INTO order_books (asset, source, at, known_at, bids, asks) VALUES (?, ?, ?, ?1, ?, ?)
ON CONFLICT DO NOTHING"""
SQL_NEWEST = """SELECT source, at, bids, asks FROM order_books
WHERE asset = ?1 AND source = ?2 AND at <= ?3 AND known_at <= ?3 ORDER BY at DESC LIMIT 1"""
SQL_CHANGED = """SELECT asset, source, at, bids, asks, known_at FROM order_books
WHERE at > ?1 AND known_at > ?2 AND known_at <= ?3 ORDER BY at"""
SQL_NEWEST_OF_EACH = "SELECT asset, max(at) FROM order_books WHERE at > ? GROUP BY +asset"


def add_statements(
    db: D1Database, books: Sequence[OrderBook], ids: dict[str, int], known_at: int
) -> list[D1PreparedStatement]:
    """For a batch; `ids` are those of the sources. The same snapshot twice changes nothing."""
    rows = [
        (b.asset, ids[b.source], b.at, orjson.dumps(b.bids).decode(), orjson.dumps(b.asks).decode())
        for b in sorted(books, key=lambda book: (book.asset, book.source, book.at))
    ]
    return insert_statements(db, SQL_ADD, rows, (known_at,))


async def newest(db: D1Database, asset: int, as_of: int = LATEST) -> list[OrderBook]:
    """The newest book of an asset at each source that has one, as it was known at `as_of`."""
    found = []
    for id, name in (await sources(db)).items():
        for _, at, bids, asks in await db.prepare(SQL_NEWEST).bind(asset, id, as_of).raw():
            found.append(OrderBook(asset, name, at, levels(bids), levels(asks)))
    return found


class Snapshot(NamedTuple):
    """A book with the ids of asset and source; levels are JSON [[price, quantity], …], best first."""

    asset: int
    source: int
    at: int
    bids: str
    asks: str
    known_at: int


async def changed(db: D1Database, taken_after: int, known_after: int, until: int) -> list[Snapshot]:
    """Books taken after an instant that became known in (known_after, until], in time order."""
    rows = await db.prepare(SQL_CHANGED).bind(taken_after, known_after, until).raw()
    return [Snapshot(*row) for row in rows]


async def newest_of_each(db: D1Database, after: int) -> list[tuple[int, int]]:
    """(asset, instant of its newest book) for every asset with a book taken after an instant."""
    return await db.prepare(SQL_NEWEST_OF_EACH).bind(after).raw()


def levels(text: str) -> tuple[tuple[float, float], ...]:
    return tuple((price, quantity) for price, quantity in orjson.loads(text))
