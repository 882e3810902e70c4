"""A stretch of one candle series as a few lossless bytes a bar.

Prices are taken against their natural predecessor: open from the last close, close from open, high and low
from the body. See `planes` for how numbers become bytes, `block_parts` for what a block is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.market.block_parts import HEADER, Part, parted

if TYPE_CHECKING:
    from shared.market.planes import Array

# open_time, open, high, low, close, volume, trades, known_at
Bar = tuple[int, float, float, float, float, float, int | None, int]

CODEC = 1
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
    """Bars of consecutive blocks with start <= open_time < end; `everything`: trades and known_at too.

    All blocks are worked on as one: numpy's price of a call is that of a few hundred bars.
    """
    if not blocks:
        return columns([])
    import numpy as np

    from shared.market.planes import from_integers, unfolded

    parts = parted(blocks)
    # gaps, the four moves of the prices, volume; each step writes over the one before
    numbers = np.zeros((6, parts[-1].bars.stop), dtype=np.int64)
    distances = [unpacked(part, numbers[:, part.bars]) for part in parts]
    for row in range(3):
        numbers[row] = unfolded(numbers[row])
    times = times_again(parts, numbers[0])
    whole_prices(parts, numbers[1:5])
    values = numbers[1:].view(np.float64)
    for part, (beside, beside_volume) in zip(parts, distances, strict=True):
        head, bars = part.head, part.bars
        values[:4, bars] = from_integers(head.price_kind, numbers[1:5, bars], beside)
        values[4, bars] = from_integers(head.volume_kind, numbers[5, bars], beside_volume)
    kept = slice(*np.searchsorted(times, (start, end)).tolist())
    opens, highs, lows, closes, volumes = [row.tolist() for row in values[:, kept]]
    trades, known = seldom_asked(parts, times, kept) if everything else ([], [])
    return Columns(times[kept].tolist(), opens, highs, lows, closes, volumes, trades, known)


def unpacked(part: Part, numbers: Array) -> tuple[Array | None, Array | None]:
    """Fill `numbers`, zeros; the floats' distances of prices and volume, for kinds that have them."""
    import numpy as np

    from shared.market.planes import NEAR, unfolded, unpack

    near, near_volume = (NEAR <= kind < 2 * NEAR for kind in (part.head.price_kind, part.head.volume_kind))
    beside = np.zeros((5 if near or near_volume else 0, part.head.length), dtype=np.int64)
    unpack(part.streams[0], [numbers[0, 1:], *numbers[1:5], *(beside[:4] if near else ())])
    unpack(part.streams[1], [numbers[5], *(beside[4:] if near_volume else ())])
    return unfolded(beside[:4]) if near else None, unfolded(beside[4]) if near_volume else None


def times_again(parts: Sequence[Part], gaps: Array) -> Array:
    """Open times; `gaps` are what lies between two bars beyond a step."""
    import numpy as np

    for part in parts:
        gaps[part.bars] += part.head.step
        gaps[part.bars.start] = part.head.first_time
        np.cumsum(gaps[part.bars], out=gaps[part.bars])
    return gaps


def whole_prices(parts: Sequence[Part], moves: Array) -> None:
    """Open, high, low and close by row, as the integers of their kind, in the place of their moves."""
    import numpy as np

    opening, body, above, below = moves
    close = opening + body
    for part in parts:
        close[part.bars.start] += part.head.first_open
        np.cumsum(close[part.bars], out=close[part.bars])
    np.subtract(close, body, out=opening)
    np.add(np.maximum(opening, close), above, out=body)
    np.subtract(np.minimum(opening, close), below, out=above)
    below[:] = close


def seldom_asked(parts: Sequence[Part], times: Array, kept: slice) -> tuple[list[int | None], list[int]]:
    """Trades and known_at of the bars that are kept."""
    import numpy as np

    from shared.market.planes import unfolded, unpack

    numbers = np.zeros((2, len(times)), dtype=np.int64)
    trades, known = list[int | None](), list[int]()
    for head, bars, streams in parts:
        moves, counts = numbers[:, bars]
        unpack(streams[2], (moves, counts))
        inside = slice(max(kept.start - bars.start, 0), max(kept.stop - bars.start, 0))
        at = known_again(head.known_kind, head.base, unfolded(moves), times[bars] + head.step)
        known += at[inside].tolist()
        trades += trades_again(head.trades_kind, counts[inside])
    return trades, known


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
