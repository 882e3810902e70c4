"""How a row of features is packed: which are known, one bit each, then those as doubles.

    ⌈F / 8⌉ bytes   bit i % 8 (lowest first) of byte i // 8: feature i of the dictionary's version has a value
    8 bytes each    the values that are there, in the dictionary's order, IEEE 754 doubles, little-endian

D1 allows a hundred columns a table, and an unknown feature costs a bit. Packing keeps every bit of a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import unpack_from
from typing import TYPE_CHECKING

from shared.market.features.dictionary import names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encode(rows: NDArray[np.float64]) -> list[bytes]:
    """Pack rows (N, F) of the newest version; NaN is unknown."""
    import numpy as np

    known = ~np.isnan(rows)
    masks = np.packbits(known, axis=1, bitorder="little")
    little = rows.astype("<f8", copy=False)
    parts = zip(masks, little, known, strict=True)
    return [mask.tobytes() + row[there].tobytes() for mask, row, there in parts]


def decode(data: bytes, version: int) -> list[float | None]:
    """The values of one row in the order of `names(version)`; None where unknown. Needs no numpy."""
    count = len(names(version))
    head = -(-count // 8)
    mask = int.from_bytes(data[:head], "little")
    there = [mask >> i & 1 for i in range(count)]
    values = iter(unpack_from(f"<{sum(there)}d", data, head))
    return [next(values) if known else None for known in there]


def decode_all(data: Sequence[bytes], versions: Sequence[int]) -> NDArray[np.float64]:
    """Rows of any versions as a matrix (N, F) of the newest; NaN where unknown, or not yet a feature."""
    import numpy as np

    found = np.full((len(data), len(names())), np.nan)
    for row, (one, version) in enumerate(zip(data, versions, strict=True)):
        count = len(names(version))
        head = -(-count // 8)
        mask = np.unpackbits(np.frombuffer(one, np.uint8, head), bitorder="little")[:count].astype(np.bool_)
        found[row, :count][mask] = np.frombuffer(one, "<f8", offset=head)
    return found
