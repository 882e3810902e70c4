"""Candles: rows of the recent past and compact blocks behind them, read as one.

A bar that changes keeps what it said before as a revision, so that `as_of` can answer with what was known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import inf

from shared.errors import Refused
from shared.market.codec import Bar, Columns, columns
from shared.models import EARLIEST, LATEST, Candle
from shared.platform.d1 import D1Database
from shared.store import candle_blocks, candle_rows, candle_series
from shared.store.assets import source_id, source_ids
from shared.store.candle_blocks import compact, unpacked
from shared.store.candle_rows import CandleRow, Key, Then
from shared.store.candle_series import Series, closed_until, preferred

__all__ = ["CandleRow", "add", "add_rows", "closed_until", "compact", "read", "read_columns", "window"]

# open_time, asset, open, high, low, close, volume, known_at
WindowRow = tuple[int, int, float, float, float, float, float, int]

SQL_WINDOW = """SELECT open_time, asset, source, open, high, low, close, volume, known_at FROM candles
WHERE step = ?1 AND open_time >= ?2 AND open_time < ?3"""


async def add(db: D1Database, candles: Iterable[Candle], known_at: int) -> int:
    """Store closed bars; how many were new or said something new."""
    by_name: dict[tuple[int, str, int], list[CandleRow]] = defaultdict(list)
    for bar in candles:
        by_name[bar.asset, bar.source, bar.step].append(
            (bar.open_time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades)
        )
    ids = await source_ids(db, {source for _, source, _ in by_name})
    groups = {(asset, ids[source], step): rows for (asset, source, step), rows in by_name.items()}
    return await add_groups(db, groups, known_at)


async def add_rows(
    db: D1Database, asset: int, source: str, step: int, rows: Sequence[CandleRow], known_at: int
) -> int:
    """`add` for many bars of one series without a record for each; Refused names the first bad row."""
    for number, (at, open_, high, low, close, volume, _) in enumerate(rows):
        if not (0.0 < low <= open_ <= high < inf and low <= close <= high and 0.0 <= volume < inf):
            raise Refused(f"row {number}: {rows[number]} is not a bar")
        if not EARLIEST <= at < LATEST:
            raise Refused(f"row {number}: {at} is not milliseconds since 1970 before 2100")
    return await add_groups(db, {(asset, await source_id(db, source), step): rows}, known_at)


async def add_groups(db: D1Database, groups: Mapping[Key, Sequence[CandleRow]], known_at: int) -> int:
    """Rows and how far the series reach by them, in one transaction."""
    held = {key: rows for key, rows in groups.items() if rows}
    if not held:
        return 0
    times = {key: [row[0] for row in rows] for key, rows in held.items()}
    spans = {key: (min(at), max(at)) for key, at in times.items()}
    known = await series_of(db, held)
    fresh, corrected = dict(held), 0
    for key, (first, last) in spans.items():
        if key in known and first <= known[key].last_open:
            hot = await candle_rows.between(db, key, first, last + 1)
            packed = unpacked(await candle_blocks.fetch(db, key, first, last + 1), first, last + 1)
            before = {bar[0]: bar for bar in known_by(chain(packed.bars(), hot), None)}
            fresh[key] = [row for row in held[key] if is_news(row, before.get(row[0]), known_at)]
            corrected += len({row[0] for row in fresh[key]} & {bar[0] for bar in hot})
    changed = await insert(db, fresh, known_at, candle_series.extend_statements(db, spans))
    return max(0, changed - corrected)


def is_news(row: CandleRow, before: Bar | None, known_at: int) -> bool:
    return before is None or (tuple(row) != before[:7] and before[7] <= known_at)


async def insert(db: D1Database, groups: Mapping[Key, Sequence[CandleRow]], known_at: int, then: Then) -> int:
    if len(groups) == 1:
        ((key, rows),) = groups.items()
        return await candle_rows.insert(db, key, rows, known_at, then)
    mixed = [
        (step, row[0], asset, source, *row[1:])
        for (asset, source, step), rows in groups.items()
        for row in rows
    ]
    return await candle_rows.insert_mixed(db, sorted(mixed), known_at, then)


async def series_of(db: D1Database, keys: Iterable[Key]) -> dict[Key, Series]:
    """What exists of these series: one read for a series alone, one a bar length for many."""
    held = list(keys)
    if len(held) == 1:
        found = await candle_series.of_asset(db, held[0][0], held[0][2])
    else:
        found = [one for step in {step for *_, step in held} for one in await candle_series.of_step(db, step)]
    return {(one.asset, one.source, one.step): one for one in found}


async def read(
    db: D1Database,
    asset: int,
    step: int,
    start: int,
    end: int,
    *,
    as_of: int | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> list[Candle]:
    """Bars with start <= open_time < end, oldest first, with `limit` the newest so many; gaps stay gaps.
    All are of one source: the most reliable of those that reach furthest, unless one is named."""
    name, found = await read_columns(
        db, asset, step, start, end, as_of=as_of, source=source, limit=limit, everything=True
    )
    return [Candle(asset, name, step, *bar[:7]) for bar in found.bars()]


async def read_columns(
    db: D1Database,
    asset: int,
    step: int,
    start: int,
    end: int,
    *,
    as_of: int | None = None,
    source: str | None = None,
    limit: int | None = None,
    everything: bool = False,
) -> tuple[str, Columns]:
    """`read` as parallel lists, with the source's name ('' where there is nothing); much cheaper.

    `trades` and `known_at` may be empty lists unless `everything` is asked for.
    """
    series = await candle_series.of_asset(db, asset, step)
    named = [one for one in series if source in (None, one.name)]
    if as_of is not None:
        return await known_columns(db, named, start, end, as_of, limit) or (source or "", columns([]))
    chosen = preferred(named, start, end)
    if chosen is None:
        return source or "", columns([])
    return chosen.name, await stored(db, (asset, chosen.source, step), start, end, None, limit, everything)


async def known_columns(
    db: D1Database, series: Sequence[Series], start: int, end: int, as_of: int, limit: int | None
) -> tuple[str, Columns] | None:
    """The source that was the one to read at `as_of`, by the bars known then, and those bars."""
    known = {
        one: await stored(db, (one.asset, one.source, one.step), start, end, as_of, limit) for one in series
    }
    reach = [
        replace(one, first_open=found.open_time[0], last_open=found.open_time[-1])
        for one, found in known.items()
        if found.open_time
    ]
    chosen = preferred(reach, start, end)
    return next(((one.name, known[one]) for one in series if chosen and one.source == chosen.source), None)


async def stored(
    db: D1Database,
    key: Key,
    start: int,
    end: int,
    as_of: int | None = None,
    limit: int | None = None,
    everything: bool = True,
) -> Columns:
    """Rows and blocks of one series as one."""
    if as_of is not None:
        end = min(end, as_of)
    rows = await candle_rows.between(db, key, start, end, limit)
    blocks = await candle_blocks.fetch(db, key, start, end, limit)
    overlap = bool(rows and blocks and rows[0][0] <= blocks[-1].last_open)
    packed = unpacked(blocks, start, end, everything or overlap or as_of is not None)
    if as_of is not None or overlap:
        before = [] if as_of is None else await candle_rows.revisions(db, key, start, end, as_of)
        packed, rows = columns([]), known_by(chain(packed.bars(), before, rows), as_of)
    found = joined(packed, columns(rows))
    return found if limit is None or len(found.open_time) <= limit else newest(found, limit)


def known_by(bars: Iterable[Bar], as_of: int | None) -> list[Bar]:
    """Of each bar what was known last, in time order."""
    found: dict[int, Bar] = {}
    for bar in bars:
        if as_of is not None and bar[7] > as_of:
            continue
        before = found.get(bar[0])
        if before is None or before[7] <= bar[7]:
            found[bar[0]] = bar
    return [found[at] for at in sorted(found)]


def joined(older: Columns, newer: Columns) -> Columns:
    """One behind the other; `trades` and `known_at` are dropped where only the newer has them."""
    if not older.open_time:
        return newer
    if newer.open_time:
        older.open_time += newer.open_time
        older.open += newer.open
        older.high += newer.high
        older.low += newer.low
        older.close += newer.close
        older.volume += newer.volume
        if older.known_at:
            older.trades += newer.trades
            older.known_at += newer.known_at
    return older


def newest(found: Columns, limit: int) -> Columns:
    return Columns(
        found.open_time[-limit:],
        found.open[-limit:],
        found.high[-limit:],
        found.low[-limit:],
        found.close[-limit:],
        found.volume[-limit:],
        found.trades[-limit:],
        found.known_at[-limit:],
    )


async def window(db: D1Database, step: int, after: int, until: int) -> list[WindowRow]:
    """Bars of all assets that closed in (after, until], by open time, then asset; one source an asset.

    A bar closes one step after it opened, also where an outage made it open late.
    """
    first, end = after - step + 1, until - step + 1
    by_asset: dict[int, list[Series]] = defaultdict(list)
    for one in await candle_series.of_step(db, step):
        by_asset[one.asset].append(one)
    best = {asset: preferred(series, first, end) for asset, series in by_asset.items()}
    chosen = {asset: one.source for asset, one in best.items() if one}
    rows: dict[tuple[int, int], WindowRow] = {}
    if any(one and one.blocks_to is not None and one.blocks_to >= first for one in best.values()):
        for asset, source, block in await candle_blocks.fetch_step(db, step, first, end):
            if chosen.get(asset) == source:
                bars = unpacked([block], first, end).bars()
                rows.update({(bar[0], asset): (bar[0], asset, *bar[1:6], bar[7]) for bar in bars})
    for at, asset, source, *rest in await db.prepare(SQL_WINDOW).bind(step, first, end).raw():
        if chosen.get(asset) == source:
            rows[at, asset] = (at, asset, *rest)
    return sorted(rows.values())
