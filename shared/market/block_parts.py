"""What a block of candles is made of: a header and three packed streams.

The streams: times and prices, volume, and what few readers ask for (known_at, trades).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

# bars, step, first open_time, base of known_at, first open as integer, kinds of price and volume,
# how known_at and trades are kept, lengths of the streams
HEADER = struct.Struct("<HqqqqBBBBIII")


class Head(NamedTuple):
    """See `HEADER`."""

    length: int  # bars
    step: int
    first_time: int
    base: int
    first_open: int
    price_kind: int
    volume_kind: int
    known_kind: int
    trades_kind: int
    prices: int
    volume: int
    other: int


class Part(NamedTuple):
    """A block among others: where its bars stand among those of all, and its packed streams."""

    head: Head
    bars: slice
    streams: list[bytes]


def parted(blocks: Sequence[bytes]) -> list[Part]:
    """Blocks of one series, oldest first, taken apart; nothing is inflated yet."""
    parts, stop = list[Part](), 0
    for block in blocks:
        head = Head(*HEADER.unpack_from(block))
        start, stop = stop, stop + head.length
        parts.append(Part(head, slice(start, stop), cut(block, head[-3:])))
    return parts


def cut(block: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The compressed streams behind the header."""
    found, at = [], HEADER.size
    for length in lengths:
        found.append(block[at : at + length])
        at += length
    return found
