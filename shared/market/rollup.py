"""Short bars into long ones: open first, high max, low min, close last, volume sum (PIPE-06)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import fsum

from shared.models import DAY, HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.store import candle_rows, candle_series, candles
from shared.store.candle_rows import CandleRow
from shared.store.candle_series import Series

STEPS = (5 * MINUTE, HOUR, DAY)
STRETCH = 30 * DAY  # of minutes at a time: after an import there may be millions
LOOK_BACK = 7 * DAY  # how old a corrected minute may be and still change the long bars
DECIMALS = 8  # of a volume at an exchange: a sum of decimals is the decimal, not 0.30000000000000004


def rollup(bars: Iterable[CandleRow], step: int) -> list[CandleRow]:
    """Bars (open_time, open, high, low, close, volume, trades), oldest first, into windows of `step`.

    A window opens on the grid of `step`; one without a bar is left out, and so is an hour or a day of which
    less than half is spanned (an outage: ten minutes are no day). Smaller holes are tolerated.
    """
    windows = groupby(bars, key=lambda bar: bar[0] // step * step)
    held = ((start, list(window)) for start, window in windows)
    return [one_bar(start, window) for start, window in held if is_spanned(window, step)]


def is_spanned(window: Sequence[CandleRow], step: int) -> bool:
    """Tell whether the bars reach over half of an hour or a day; five minutes with one trade are a bar."""
    return step < HOUR or 2 * (window[-1][0] - window[0][0] + MINUTE) >= step


def one_bar(start: int, bars: Sequence[CandleRow]) -> CandleRow:
    _, opens, highs, lows, closes, volumes, trades = zip(*(bar[:7] for bar in bars), strict=True)
    counts = [count for count in trades if count is not None]
    total = sum(counts) if len(counts) == len(trades) else None
    return start, opens[0], max(highs), min(lows), closes[-1], round(fsum(volumes), DECIMALS), total


async def roll_up(db: D1Database, asset: int, now: int, since: int | None = None) -> int:
    """Make or correct the long bars that the minutes of one asset complete; how many were stored.

    A window is rolled once a later minute is known. `since`: the oldest minute that has just been stored,
    where minutes older than the last roll-up came late; corrected minutes are found without it.
    """
    stored = 0
    for minutes in await candle_series.of_asset(db, asset, MINUTE):
        for step in STEPS:
            stored += await roll_up_series(db, minutes, step, now, since)
    return stored


async def roll_up_series(db: D1Database, minutes: Series, step: int, now: int, since: int | None) -> int:
    end = min(minutes.last_open, now) // step * step
    rolled = [
        one for one in await candle_series.of_asset(db, minutes.asset, step) if one.source == minutes.source
    ]
    # a window the first minute lies inside of would be a false bar
    start = -(-minutes.first_open // step) * step
    changed = [] if since is None else [since]
    if rolled:
        newest, source = rolled[0].last_open, minutes.source
        (known_at,) = (await candles.stored(db, (minutes.asset, source, step), newest, newest + 1)).known_at
        key = (minutes.asset, source, MINUTE)
        changed += await candle_rows.corrected(db, key, newest - LOOK_BACK, known_at)
        start = max(start, min([newest + step, *(at // step * step for at in changed)]))
    stored = 0
    for first in range(start, end, STRETCH):
        _, found = await candles.read_columns(
            db,
            minutes.asset,
            MINUTE,
            first,
            min(first + STRETCH, end),
            source=minutes.name,
            everything=True,
        )
        bars = rollup((bar[:7] for bar in found.bars()), step)
        stored += await candles.add_rows(db, minutes.asset, minutes.name, step, bars, now)
    return stored
