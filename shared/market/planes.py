"""Numbers as few bytes: floats as exact integers, integers as byte planes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# A kind of number: 0…15 integer / 10**kind, 100…115 the same with each float's distance from it,
# counted in floats; else the bits of the float, whose order is the order of the numbers
NEAR, BITS_32, BITS_64 = 100, 200, 201
USUAL_DECIMALS, MOST_DECIMALS = 10, 15
NEAR_ENOUGH = 64
EXACT = 2.0**53
USUAL_BYTES = 1 << 15  # of a week's stream once inflated; more costs a copy


def to_integers(values: Array) -> tuple[int, Array, Array | None]:
    """Kind, int64 and (for NEAR) distances that give exactly `values` back (float64, none negative)."""
    with np.errstate(over="ignore"):  # what is too large for one kind is tried as the next
        return smallest_kind(values)


def smallest_kind(values: Array) -> tuple[int, Array, Array | None]:
    for limit in (0, NEAR_ENOUGH):
        # sums and products of decimals are often one float beside the decimal that was meant
        for decimals in range(USUAL_DECIMALS + 1):
            whole, distances = scaled(values, decimals)
            if np.abs(distances).max() <= limit:
                return decimals + NEAR * bool(limit), whole, distances if limit else None
        if limit == 0 and np.array_equal(values.astype(np.float32).astype(np.float64), values):
            return BITS_32, values.astype(np.float32).view(np.int32).astype(np.int64), None
    for decimals in range(USUAL_DECIMALS + 1, MOST_DECIMALS + 1):
        whole, distances = scaled(values, decimals)
        if not distances.any():
            return decimals, whole, None
    return BITS_64, values.view(np.int64), None


def scaled(values: Array, decimals: int) -> tuple[Array, Array]:
    """The integers and how many floats `values` lie above integer / 10**decimals."""
    whole = np.rint(values * 10.0**decimals)
    if float(whole.max()) >= EXACT:
        return whole, np.array([EXACT])
    return whole.astype(np.int64), values.view(np.int64) - (whole / 10.0**decimals).view(np.int64)


def from_integers(kind: int, whole: Array, distances: Array | None) -> Array:
    """The float64 that `to_integers` was given."""
    if kind == BITS_32:
        return whole.astype(np.int32).view(np.float32).astype(np.float64)
    if kind == BITS_64:
        return np.ascontiguousarray(whole).view(np.float64)
    if distances is None:
        return whole / 10.0**kind
    return ((whole / 10.0 ** (kind - NEAR)).view(np.int64) + distances).view(np.float64)


def folded(signed: Array) -> Array:
    """0, -1, 1, -2 … as 0, 1, 2, 3 …: small whatever the sign."""
    return (signed << 1) ^ (signed >> 63)


def unfolded(number: Array) -> Array:
    bits = number.view(np.uint64)  # the shift must not drag the sign along
    return ((bits >> np.uint64(1)).view(np.int64)) ^ -(number & 1)


def pack(numbers: list[Array]) -> bytes:
    """int64 arrays, taken as unsigned: each with the bytes its greatest needs, low bytes first, deflated.

    Every plane is a block with its own Huffman code, for no two have the same statistics.
    """
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    found = []
    for number in numbers:
        bits = number.view(np.uint64)
        width = (int(bits.max()).bit_length() + 7) // 8 if len(bits) else 0
        found.append(deflate.compress(bytes([width])))
        for plane in bits.view(np.uint8).reshape(-1, 8)[:, :width].T:
            found += (deflate.compress(plane.tobytes()), deflate.flush(zlib.Z_BLOCK))
    return b"".join((*found, deflate.flush()))


def unpack(packed: bytes, places: Iterable[Array]) -> None:
    """Write the int64 arrays that were packed where they belong: into zeros, as many as there were."""
    data, at = zlib.decompress(packed, -zlib.MAX_WBITS, USUAL_BYTES), 0
    for place in places:
        width, at, count = data[at], at + 1, len(place)
        octets = place.view(np.uint8).reshape(-1, 8)
        for plane in range(width):
            octets[:, plane] = np.frombuffer(data, np.uint8, count, at + plane * count)
        at += width * count
