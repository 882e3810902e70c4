"""Which column is what: by its name, or in a file without names by what the numbers do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

from shared.market.imports.errors import NotCandles
from shared.market.imports.names import step_of

FITS = 0.98  # share of bars in which the high is the highest; a few bad rows are refused, not believed
# best name first; time columns that tell the end of the bar come last
TIMES = (
    "opentime",
    "starttime",
    "start",
    "timestamp",
    "datetime",
    "date",
    "time",
    "timeutcms",
    "unix",
    "ts",
    "t",
)
ENDS = ("closetime", "endtime", "end")
NAMES = {
    "open": ("open", "openprice", "1open", "o"),
    "high": ("high", "highprice", "2high", "max", "h"),
    "low": ("low", "lowprice", "3low", "min", "l"),
    "close": ("close", "closeprice", "4close", "last", "c"),
    "volume": ("volume", "vol", "basevolume", "5volume", "tickvolume", "v"),
    "trades": ("numtrades", "trades", "tradecount", "numberoftrades", "count", "n"),
    "symbol": ("symbol", "ticker", "pair", "market"),
}
KLINE_WIDTH = 12  # Binance: after the volume close_time, quote volume, number of trades …
SAME_SIZE = 20.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of the cells; `ends`: the time is the end of the bar."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int | None = None
    trades: int | None = None
    symbol: int | None = None
    ends: bool = False


def clean(name: str) -> str:
    """Open_1h, `1. open`, OPEN PRICE → open, 1open, openprice."""
    words = [word for word in re.split(r"[_\s.()-]+", name.lower()) if word and not step_of(word)]
    return re.sub(r"[^a-z0-9]", "", "".join(words))


def by_name(names: Sequence[str], samples: Sequence[Sequence[Any]]) -> Layout:
    """From the header; NotCandles names what is missing."""
    cleaned = [clean(name) for name in names]
    found = {part: first_of(cleaned, wanted) for part, wanted in NAMES.items()}
    missing = [part for part in ("open", "high", "low", "close") if found[part] is None]
    if missing:
        have = ", ".join(name or "(no name)" for name in names[:12])
        only = "only one price column" if len(missing) == 3 else f"no column for {', '.join(missing)}"
        raise NotCandles(f"not candles: {only} among {have}")
    times = [n for wanted in TIMES for n, name in enumerate(cleaned) if name == wanted]
    ends = [n for wanted in ENDS for n, name in enumerate(cleaned) if name == wanted]
    unnamed = [n for n, name in enumerate(cleaned) if not name]
    if not times and not ends and not unnamed:
        raise NotCandles(f"not candles: no time column among {', '.join(names[:12])}")
    # Date and Date_1h: the one that tells bars apart
    best = max(times or ends or unnamed, key=lambda n: len({str(row[n]) for row in samples if n < len(row)}))
    return Layout(time=best, ends=not times and bool(ends), **found)  # type: ignore[arg-type]


def first_of(cleaned: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((cleaned.index(name) for name in wanted if name in cleaned), None)


def by_numbers(samples: Sequence[Sequence[Any]], clock: Callable[[Any], int]) -> Layout:
    """Without a header: the high is the highest, the low the lowest, an open follows the last close."""
    width = min((len(row) for row in samples), default=0)
    share = FITS * len(samples)
    times = [n for n in range(width) if sum(readable(clock, row[n]) for row in samples) >= share]
    numbers = [
        n for n in range(width) if n not in times[:1] and sum(is_number(row[n]) for row in samples) >= share
    ]
    clean_rows = [row for row in samples if all(is_number(row[n]) for n in numbers)]
    spans = [numbers[at : at + 4] for at in range(len(numbers) - 3)] if times and clean_rows else []
    found = next((fitting for span in spans if (fitting := orders(clean_rows, span))), [])
    before = [n for n in times if found and n < min(found[0])]
    if not found or not before:
        raise NotCandles(f"not candles: a row is {list(samples[0])[:8] if samples else 'missing'}")
    # a row number reads as a time too, in the first minutes of 1970
    time = max(before, key=lambda n: max(abs(clock(row[n])) for row in samples if readable(clock, row[n])))
    dated = [row for row in clean_rows if readable(clock, row[time])]
    in_time = sorted(dated, key=lambda row: clock(row[time]))
    opened, high, low, closed = min(found, key=lambda order: jumps(in_time, order))
    behind = [n for n in numbers if n > max(opened, high, low, closed)]
    if width == KLINE_WIDTH:
        return Layout(time, opened, high, low, closed, behind[0], trades=8)
    # Kraken puts the volume-weighted price, which lies inside every bar, before the volume
    if len(behind) > 1 and fits(clean_rows, high, low, behind[:1]):
        behind = behind[1:]
    return Layout(time, opened, high, low, closed, behind[0] if behind else None)


def orders(samples: Sequence[Sequence[Any]], columns: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Every (open, high, low, close) of these columns that fits, the usual order first."""
    found = []
    for high, low in permutations(columns, 2):
        one, other = (n for n in columns if n not in (high, low))
        if fits(samples, high, low, (one, other)):
            found += [(one, high, low, other), (other, high, low, one)]
    return sorted(found)


def fits(samples: Sequence[Sequence[Any]], high: int, low: int, between: Sequence[int]) -> bool:
    """Nearly always low <= the others <= high, and all of one size."""
    good = sum(
        0 < (bottom := float(row[low])) <= min(inner := [float(row[n]) for n in between])
        and max(inner) <= (top := float(row[high]))
        and top <= SAME_SIZE * bottom
        for row in samples
    )
    return good >= FITS * len(samples)


def jumps(in_time: Sequence[Sequence[Any]], order: tuple[int, int, int, int]) -> float:
    """How far opens lie from the close before, in all."""
    return sum(abs(float(row[order[0]]) - float(before[order[3]])) for before, row in pairwise(in_time))


def is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


def readable(clock: Callable[[Any], int], cell: Any) -> bool:
    try:
        clock(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
