"""What detectors carry, as bytes: a header that says what follows, then the arrays as they are.

Not compressed: 300 KB for 130 assets are read, stepped and written back faster than they would be packed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import orjson

from shared.signals.columns import ENGINE
from shared.signals.episodes import Episodes
from shared.signals.windows import Windows

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
    end = data.find(b"\n", 0, 4096)
    try:
        header = orjson.loads(data[: max(end, 0)])
    except orjson.JSONDecodeError:
        return {}, 0
    return (header, end + 1) if header.get("layout") == LAYOUT else ({}, 0)


def pack(carried: Carried) -> bytes:
    windows = carried.windows
    arrays = [windows.asset, windows.source, *ENGINE.pack(windows.state)]
    for one in carried.episodes.values():
        arrays += [one.last_finding, one.last_calm, one.open_at]
    header = {"engine": ENGINE.layout, "lanes": len(windows.asset), "types": list(carried.episodes)}
    return encode(header, [array for array in arrays if array.size])


def unpack(data: bytes) -> Carried | None:
    """What was packed; None where it was another version or other kernels, or is damaged: build it again."""
    header, start = header_of(data)
    lanes = header.get("lanes", 0)
    if header.get("engine") != ENGINE.layout or not lanes:
        return None
    shapes: list[tuple[Any, tuple[int, ...]]] = [(np.int64, (lanes,))] * 2 + ENGINE.shapes(lanes)
    shapes += [(np.int64, (lanes, 3))] * (3 * len(header["types"]))
    if len(data) - start != 8 * sum(prod(shape) for _, shape in shapes):
        return None
    arrays = []
    for kind, shape in shapes:
        count = prod(shape)
        arrays.append(np.frombuffer(data, kind, count, start).reshape(shape))
        start += 8 * count
    asset, source, history, count_of, memory, *rest = arrays
    episodes = {name: Episodes(*rest[3 * i : 3 * i + 3]) for i, name in enumerate(header["types"])}
    return Carried(Windows(asset, source, ENGINE.unpack((history, count_of, memory))), episodes)


def pack_episodes(assets: np.ndarray[Any, Any], episodes: Episodes) -> bytes:
    """The state of a family without windows: assets (L,) and one detector's episodes."""
    arrays = [assets, episodes.last_finding, episodes.last_calm, episodes.open_at]
    return encode({"lanes": len(assets)}, [array for array in arrays if array.size])


def unpack_episodes(data: bytes) -> tuple[np.ndarray[Any, Any], Episodes] | None:
    header, start = header_of(data)
    lanes = header.get("lanes", 0)
    if not lanes or len(data) - start != 8 * 10 * lanes:
        return None
    flat = np.frombuffer(data, np.int64, -1, start)
    three = [flat[lanes * (1 + 3 * i) : lanes * (4 + 3 * i)].reshape(lanes, 3) for i in range(3)]
    return flat[:lanes], Episodes(*three)
