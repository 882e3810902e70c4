"""Closed stretches of candles as compressed blocks, and how rows become blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.market.codec import CODEC, Bar, Columns, decode, encode
from shared.models import EARLIEST, HOUR, LATEST
from shared.platform.d1 import D1Database, D1Error
from shared.store import candle_rows, candle_series
from shared.store.candle_rows import Key
from shared.store.rows import insert_statements

BARS = 2016  # bars of one block where none is missing: a week of five minutes
WORTH_IT = 72  # bars that must be waiting before a block that can still grow is written again
KEEP_HOURS = 6

SQL_BLOCKS = """SELECT first_open, last_open, bars, data FROM candle_blocks
WHERE asset = ?1 AND source = ?2 AND step = ?3 AND first_open < ?5 AND last_open >= ?4 ORDER BY first_open"""
# The sum leaves out blocks that lie wholly behind the newest ?6 bars; data does not go through it.
SQL_BLOCKS_NEWEST = """SELECT first_open, last_open, bars, data FROM (
SELECT id AS found, sum(bars) OVER (ORDER BY first_open DESC) - bars AS newer
FROM candle_blocks WHERE asset = ?1 AND source = ?2 AND step = ?3 AND first_open < ?5 AND last_open >= ?4)
CROSS JOIN candle_blocks ON id = found WHERE newer < ?6 ORDER BY first_open"""
SQL_BLOCKS_OF_STEP = """SELECT asset, source, first_open, last_open, bars, data FROM candle_blocks
WHERE step = ?1 AND last_open >= ?2 AND first_open < ?3"""
SQL_OLD_ROWS = """SELECT asset, source, min(open_time), max(open_time) FROM candles
WHERE step = ? AND open_time < ? GROUP BY asset, source"""
SQL_BLOCK = """SELECT first_open, last_open, bars, data FROM candle_blocks
WHERE asset = ? AND source = ? AND step = ? AND first_open = ?"""
SQL_ADD_BLOCK = """INSERT INTO candle_blocks (asset, source, step, first_open, last_open, bars, codec, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# NULL breaks NOT NULL and with it the batch, if somebody else has changed the block since it was read
SQL_REPLACE_BLOCK = """UPDATE candle_blocks SET last_open = ?5, bars = ?6, codec = ?7,
data = CASE WHEN bars = ?9 AND length(data) = ?10 THEN ?8 END
WHERE asset = ?1 AND source = ?2 AND step = ?3 AND first_open = ?4"""
SQL_DELETE_ROWS = """DELETE FROM candles WHERE step = ?3 AND open_time IN (SELECT value FROM json_each(?4))
AND asset = ?1 AND source = ?2 AND known_at <= ?5"""
SQL_KEEP_REVISION = """INSERT OR IGNORE INTO candle_revisions
(asset, source, step, open_time, open, high, low, close, volume, trades, known_at, superseded_at)
VALUES (?1, ?2, ?3, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SQL_BLOCKS_TO = """UPDATE candle_series SET blocks_to = max(ifnull(blocks_to, ?4), ?4)
WHERE asset = ?1 AND source = ?2 AND step = ?3"""


@dataclass(frozen=True, slots=True)
class Block:
    """`first_open`: start of the stretch of BARS steps it stands for; `last_open`: its newest bar."""

    first_open: int
    last_open: int
    bars: int
    data: bytes


async def fetch(db: D1Database, key: Key, start: int, end: int, limit: int | None = None) -> list[Block]:
    """Blocks that overlap start <= open_time < end, oldest first; with `limit` those of the newest bars."""
    if limit is None:
        rows = await db.prepare(SQL_BLOCKS).bind(*key, start, end).raw()
    else:
        rows = await db.prepare(SQL_BLOCKS_NEWEST).bind(*key, start, end, limit).raw()
    return [Block(*row) for row in rows]


def unpacked(blocks: Iterable[Block], start: int, end: int, everything: bool = True) -> Columns:
    """The bars of consecutive blocks with start <= open_time < end."""
    return decode([block.data for block in blocks], start, end, everything)


async def fetch_step(db: D1Database, step: int, start: int, end: int) -> list[tuple[int, int, Block]]:
    """Asset, source and block of every series of one bar length, in no order."""
    rows = await db.prepare(SQL_BLOCKS_OF_STEP).bind(step, start, end).raw()
    return [(asset, source, Block(*rest)) for asset, source, *rest in rows]


async def compact(db: D1Database, now: int, hours: float = KEEP_HOURS) -> int:
    """Move bars that opened more than `hours` ago into blocks; how many were moved.

    May be killed or run twice at any point: a block and the deletion of its rows are one transaction.
    """
    moved = 0
    for step in await candle_series.steps(db):
        cut = now - int(hours * HOUR) - step
        for asset, source, first, last in await db.prepare(SQL_OLD_ROWS).bind(step, cut).raw():
            for start in range(first // (BARS * step) * BARS * step, last + 1, BARS * step):
                moved += await move(db, (asset, source, step), start, min(start + BARS * step, cut))
    return moved


async def move(db: D1Database, key: Key, start: int, end: int) -> int:
    """Rows of one stretch into its block; how many."""
    rows = await candle_rows.between(db, key, start, end)
    if not rows or (end < start + BARS * key[2] and len(rows) < WORTH_IT):
        return 0
    old = [Block(*row) for row in await db.prepare(SQL_BLOCK).bind(*key, start).raw()]
    packed = unpacked(old, EARLIEST, LATEST).bars()
    bars, replaced = merged(packed, rows)
    times = json.dumps([row[0] for row in rows])
    values = (*key, start, bars[-1][0], len(bars), CODEC, encode(bars, key[2]))
    write = (
        db.prepare(SQL_REPLACE_BLOCK).bind(*values, old[0].bars, len(old[0].data))
        if old
        else db.prepare(SQL_ADD_BLOCK).bind(*values)
    )
    try:
        await db.batch(
            [
                write,
                *insert_statements(db, SQL_KEEP_REVISION, replaced, key),
                db.prepare(SQL_DELETE_ROWS).bind(*key, times, max(row[7] for row in rows)),
                db.prepare(SQL_BLOCKS_TO).bind(*key, bars[-1][0]),
            ]
        )
    except D1Error as error:
        if error.code != "SQLITE_CONSTRAINT":
            raise
        return 0  # somebody else has just written this block; what is left waits for the next run
    return len(rows)


def merged(packed: Sequence[Bar], rows: Iterable[Bar]) -> tuple[list[Bar], list[tuple[object, ...]]]:
    """Bars of the new block, and what bars of the old one said before: (*bar, superseded_at)."""
    found, replaced = {bar[0]: bar for bar in packed}, list[tuple[object, ...]]()
    for row in rows:
        before = found.get(row[0])
        if before is None:
            found[row[0]] = row
        elif before[:7] != row[:7] and before[7] <= row[7]:
            replaced.append((*before, row[7]))
            found[row[0]] = row
    return [found[at] for at in sorted(found)], replaced
