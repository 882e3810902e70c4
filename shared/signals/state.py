"""What detectors carry, as bytes: a header that says what follows, then the arrays as they are.

Not compressed: a megabyte for 130 assets is read, stepped and written back faster than it would be packed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import orjson

from shared.signals.alike import fold, folded, unfold
from shared.signals.columns import ENGINE
from shared.signals.episodes import Episodes
from shared.signals.windows import Windows

HEADER = 65_536  # bytes in which a header ends
LAYOUT = 2  # raise it with any change of the arrays: what was stored is then built again from the candles


@dataclass(slots=True)
class Carried:
    """One bar length: the windows of all assets, and the episodes of each detector by its type."""

    windows: Windows
    episodes: dict[str, Episodes]


def encode(header: dict[str, Any], arrays: list[np.ndarray[Any, Any]]) -> bytes:
    head = orjson.dumps({**header, "layout": LAYOUT})
    head += b" " * (-(len(head) + 1) % 8) + b"\n"  # numpy reads aligned arrays in place
    return b"".join((head, *(np.ascontiguousarray(array).data for array in arrays)))


def header_of(data: bytes) -> tuple[dict[str, Any], int]:
    """The header and where the arrays start; an empty header where the layout is not ours."""
    end = data.find(b"\n", 0, HEADER)
    try:
        header = orjson.loads(data[: max(end, 0)])
    except orjson.JSONDecodeError:
        return {}, 0
    return (header, end + 1) if header.get("layout") == LAYOUT else ({}, 0)


def pack(carried: Carried) -> bytes:
    """What says how far each lane is comes first: `lanes_of` reads no more."""
    windows = carried.windows
    history, count, memory = ENGINE.pack(windows.state)
    apart, parts = fold(history, count)
    arrays = [windows.asset, windows.source, windows.cursor, count, *parts, memory]
    for one in carried.episodes.values():
        arrays += [one.last_finding, one.last_calm, one.open_at]
    lanes, types = len(windows.asset), list(carried.episodes)
    header = {"engine": ENGINE.layout, "lanes": lanes, "apart": apart, "types": types}
    return encode(header, [array for array in arrays if array.size])


def unpack(data: bytes) -> Carried | None:
    """What was packed; None where it was another version or other kernels, or is damaged: build it again."""
    header, start = header_of(data)
    lanes = header.get("lanes", 0)
    if header.get("engine") != ENGINE.layout or not lanes:
        return None
    _, _, memory_shape = ENGINE.shapes(lanes)
    shapes: list[tuple[Any, tuple[int, ...]]] = [(np.int64, (lanes,))] * 4
    shapes += [*folded(lanes, len(header["apart"])), memory_shape]
    shapes += [(np.int64, (lanes, 3))] * (3 * len(header["types"]))
    if len(data) - start != 8 * sum(prod(shape) for _, shape in shapes):
        return None
    arrays = []
    for kind, shape in shapes:
        number = prod(shape)
        arrays.append(np.frombuffer(data, kind, number, start).reshape(shape))
        start += 8 * number
    asset, source, _, count, own, model, others, memory, *rest = arrays
    history = unfold(own, model, others, header["apart"])
    episodes = {name: Episodes(*rest[3 * i : 3 * i + 3]) for i, name in enumerate(header["types"])}
    return Carried(Windows(asset, source, ENGINE.unpack((history, count, memory))), episodes)


def lanes_of(data: bytes) -> dict[int, tuple[int, int]]:
    """(source, open time of the newest bar) by asset, from the first `head_length` bytes of what was packed.

    Empty where it was another version: every asset is then new.
    """
    header, start = header_of(data)
    lanes = header.get("lanes", 0)
    if header.get("engine") != ENGINE.layout or len(data) < start + 24 * lanes:
        return {}
    asset, source, cursor = np.frombuffer(data, np.int64, 3 * lanes, start).reshape(3, lanes).tolist()
    return dict(zip(asset, zip(source, cursor, strict=True), strict=True))


def head_length(data: bytes) -> int:
    """Bytes at the start of what was packed that `lanes_of` needs."""
    header, start = header_of(data)
    return start + 24 * int(header["lanes"])
