"""A stretch of one candle series as a few lossless bytes a bar.

A block is `HEADER` and three packed streams: times and prices, volume, and what few readers ask for
(known_at, trades). Prices are taken against their natural predecessor: open from the last close, close
from open, high and low from the body. See `planes` for how numbers become bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.market.planes import Array

# open_time, open, high, low, close, volume, trades, known_at
Bar = tuple[int, float, float, float, float, float, int | None, int]

CODEC = 1
# bars, step, first open_time, base of known_at, first open as integer, kinds of price and volume,
# how known_at and trades are kept, lengths of the streams
HEADER = struct.Struct("<HqqqqBBBBIII")
AFTER_CLOSE, STEPWISE = 0, 1  # known_at: milliseconds after the bar's close, or after the last known_at
NO_TRADES, ALL_TRADES, SOME_TRADES = 0, 1, 2


@dataclass(slots=True)
class Columns:
    """Bars as parallel lists, oldest first; `trades` and `known_at` are empty unless asked for."""

    open_time: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    trades: list[int | None]
    known_at: list[int]

    def bars(self) -> list[Bar]:
        """The same bar by bar; needs `trades` and `known_at`."""
        prices = (self.open, self.high, self.low, self.close)
        return list(zip(self.open_time, *prices, self.volume, self.trades, self.known_at, strict=True))


def columns(bars: Sequence[Bar]) -> Columns:
    """Bars turned into parallel lists."""
    return Columns(*map(list, zip(*bars, strict=True))) if bars else Columns([], [], [], [], [], [], [], [])


def encode(bars: Sequence[Bar], step: int) -> bytes:
    """Bars oldest first, 1 to 65,535; ValueError if a price is not positive or a volume is negative."""
    import numpy as np

    from shared.market.planes import folded, pack, to_integers

    times, opens, highs, lows, closes, volumes, trades, known = zip(*bars, strict=True)
    at = np.array(times, dtype=np.int64)
    prices = np.array((opens, highs, lows, closes), dtype=np.float64)
    amounts = np.array(volumes, dtype=np.float64)
    if not (prices.min() > 0 and amounts.min() >= 0 and np.isfinite(prices).all()):
        raise ValueError("a price is not positive or a volume is negative")
    price_kind, whole, beside = to_integers(prices)
    volume_kind, volume, beside_volume = to_integers(amounts)
    known_kind, base, known_moves = known_kept(np.array(known, dtype=np.int64), at + step)
    trades_kind, counts = trades_kept(trades)
    moves = [folded(np.diff(at) - step), *price_moves(whole)]
    streams = (
        pack(moves if beside is None else [*moves, *folded(beside)]),
        pack([volume] if beside_volume is None else [volume, folded(beside_volume)]),
        pack([known_moves, counts]),
    )
    kinds = (price_kind, volume_kind, known_kind, trades_kind)
    head = HEADER.pack(len(bars), step, times[0], base, int(whole[0, 0]), *kinds, *map(len, streams))
    return head + b"".join(streams)


def price_moves(whole: Array) -> list[Array]:
    """Each price against its predecessor, none negative."""
    import numpy as np

    from shared.market.planes import folded

    opens, highs, lows, closes = whole
    opening = np.diff(opens, prepend=opens[0])
    opening[1:] = opens[1:] - closes[:-1]
    above, below = highs - np.maximum(opens, closes), np.minimum(opens, closes) - lows
    return [folded(opening), folded(closes - opens), above, below]


def decode(blocks: Sequence[bytes], start: int, end: int, everything: bool = True) -> Columns:
    """Bars of consecutive blocks with start <= open_time < end; `everything`: trades and known_at too."""
    if not blocks:
        return columns([])
    import numpy as np

    parts = [decoded(block, start, end, everything) for block in blocks]
    times = np.concatenate([part[0] for part in parts]).tolist()
    # row by row: a list of lists would take half as long again
    prices = [np.concatenate([part[1][row] for part in parts]).tolist() for row in range(4)]
    volume = np.concatenate([part[2] for part in parts]).tolist()
    trades = list(chain.from_iterable(part[3] for part in parts))
    known = list(chain.from_iterable(part[4] for part in parts))
    return Columns(times, prices[0], prices[1], prices[2], prices[3], volume, trades, known)


def decoded(
    block: bytes, start: int, end: int, everything: bool
) -> tuple[Array, Array, Array, list[int | None], list[int]]:
    """Times, prices (open, high, low, close) by row, volumes, trades and known_at of one block."""
    import numpy as np

    from shared.market.planes import NEAR, from_integers, unfolded, unpack

    count, step, first_time, base, first_open, *rest = HEADER.unpack_from(block)
    price_kind, volume_kind, known_kind, trades_kind, *lengths = rest
    near, near_volume = NEAR <= price_kind < 2 * NEAR, NEAR <= volume_kind < 2 * NEAR
    price_data, volume_data, other = cut(block, lengths)
    gaps, *moves = unpack(price_data, count - 1, *[count] * (8 if near else 4))
    times = np.arange(first_time, first_time + count * step, step, dtype=np.int64)
    times[1:] += np.cumsum(unfolded(gaps))
    kept = slice(*np.searchsorted(times, (start, end)).tolist())
    beside = unfolded(np.array(moves[4:]))[:, kept] if near else None
    prices = from_integers(price_kind, whole_prices(moves, first_open)[:, kept], beside)
    amounts, *aside = unpack(volume_data, *[count] * (1 + near_volume))
    volume = from_integers(volume_kind, amounts[kept], unfolded(aside[0])[kept] if aside else None)
    if not everything:
        return times[kept], prices, volume, [], []
    known_moves, counts = unpack(other, count, count)
    known = known_again(known_kind, base, unfolded(known_moves), times + step)
    return times[kept], prices, volume, trades_again(trades_kind, counts[kept]), known[kept].tolist()


def whole_prices(moves: Sequence[Array], first_open: int) -> Array:
    """Open, high, low and close by row, as the integers of their kind."""
    import numpy as np

    from shared.market.planes import unfolded

    body = unfolded(moves[1])
    whole = np.empty((4, len(body)), dtype=np.int64)
    np.cumsum(unfolded(moves[0]) + body, out=whole[3])
    whole[3] += first_open
    np.subtract(whole[3], body, out=whole[0])
    np.add(np.maximum(whole[0], whole[3]), moves[2], out=whole[1])
    np.subtract(np.minimum(whole[0], whole[3]), moves[3], out=whole[2])
    return whole


def known_kept(known: Array, closes: Array) -> tuple[int, int, Array]:
    """How known_at is kept, its base, and the numbers left: whichever way packs smaller."""
    import numpy as np

    from shared.market.planes import folded, pack

    late = known - closes
    ways = (
        (AFTER_CLOSE, int(late[0]), folded(late - late[0])),
        (STEPWISE, int(known[0]), folded(np.diff(known, prepend=known[0]))),
    )
    return min(ways, key=lambda way: len(pack([way[2]])))


def known_again(kind: int, base: int, moves: Array, closes: Array) -> Array:
    import numpy as np

    known: Array = closes + moves if kind == AFTER_CLOSE else np.cumsum(moves)
    return known + base


def trades_kept(trades: Sequence[int | None]) -> tuple[int, Array]:
    """Counts are kept plus one where some bars have none."""
    import numpy as np

    absent = trades.count(None)
    if absent == len(trades):
        return NO_TRADES, np.zeros(len(trades), dtype=np.int64)
    if not absent:
        return ALL_TRADES, np.array(trades, dtype=np.int64)
    return SOME_TRADES, np.array([0 if n is None else n + 1 for n in trades], dtype=np.int64)


def trades_again(kind: int, counts: Array) -> list[int | None]:
    if kind == NO_TRADES:
        return [None] * len(counts)
    if kind == ALL_TRADES:
        return counts.tolist()  # type: ignore[no-any-return]
    return [n - 1 if n else None for n in counts.tolist()]


def cut(block: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The compressed streams behind the header."""
    found, at = [], HEADER.size
    for length in lengths:
        found.append(block[at : at + length])
        at += length
    return found
