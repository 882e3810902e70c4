"""What a family carries from look to look: lanes by key, with arrays and episodes, as one blob.

Bytes: the length of a JSON header (4 bytes, little endian), the header, then all arrays as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import orjson

from shared.signals import episodes
from shared.signals.bars import Bools, Floats, Ints
from shared.signals.episodes import Episodes

# Part of the name a family's state is stored under: raised with any change of the arrays, what was carried
# is built again from the tables.
LAYOUT = 1
FIELDS = ("last_finding", "last_calm", "open_at")


@dataclass(slots=True)
class Lanes:
    """One lane a key: arrays (L, …) of doubles (instants fit in them exactly), NaN before the first value,
    and the episodes of each detector by its type."""

    arrays: dict[str, Floats] = field(default_factory=dict)
    episodes: dict[str, Episodes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        return list(self.places)

    def place(self, keys: Iterable[str]) -> Ints:
        """The lane of each key; keys that have none get one, empty."""
        found = [self.places.setdefault(key, len(self.places)) for key in keys]
        lanes = len(self.places)
        for name, array in self.arrays.items():
            if len(array) < lanes:
                more = np.full((lanes - len(array), *array.shape[1:]), np.nan)
                self.arrays[name] = np.concatenate((array, more))
        return np.array(found, np.int64)

    def episodes_of(self, type: str) -> Episodes:
        """A detector's episodes, one row a lane."""
        kept, lanes = self.episodes.get(type), len(self.places)
        if kept is None:
            return episodes.empty(lanes)
        fresh = episodes.empty(lanes - len(kept.open_at))
        return Episodes(*(np.concatenate((getattr(kept, n), getattr(fresh, n))) for n in FIELDS))

    def keep(self, chosen: Bools) -> None:
        """Forget the lanes that are not chosen."""
        self.episodes = {type: self.episodes_of(type) for type in self.episodes}
        self.places = {key: n for n, key in enumerate(k for k, c in zip(self.keys, chosen, strict=True) if c)}
        self.arrays = {name: array[chosen] for name, array in self.arrays.items()}
        for type, one in self.episodes.items():
            self.episodes[type] = Episodes(*(getattr(one, name)[chosen] for name in FIELDS))


class Memory(dict[str, Lanes]):
    """Lanes by kind."""

    def lanes(self, kind: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Lanes:
        """The lanes of a kind, with an array for each of `shapes` (what follows the lanes' axis)."""
        found = self.setdefault(kind, Lanes())
        for name, shape in (shapes or {}).items():
            if name not in found.arrays:
                found.arrays[name] = np.full((len(found.places), *shape), np.nan)
        return found


def pack(memory: Memory) -> bytes:
    header: dict[str, Any] = {}
    arrays: list[Any] = []
    for kind, lanes in memory.items():
        kept = {type: lanes.episodes_of(type) for type in lanes.episodes}
        shapes = {name: array.shape[1:] for name, array in lanes.arrays.items()}
        header[kind] = {"keys": lanes.keys, "arrays": shapes, "types": list(kept)}
        arrays += lanes.arrays.values()
        arrays += [getattr(one, name) for one in kept.values() for name in FIELDS]
    head = orjson.dumps(header)
    head += b" " * (-(len(head) + 4) % 8)  # numpy reads aligned arrays in place
    parts = [np.ascontiguousarray(array).data for array in arrays if array.size]
    return b"".join((len(head).to_bytes(4, "little"), head, *parts))


def unpack(data: bytes) -> Memory | None:
    """What was packed, as arrays of its own; empty for no bytes, None where they are damaged."""
    start = 4 + int.from_bytes(data[:4], "little")
    try:
        return filled(orjson.loads(data[4:start]), data, start) if data else Memory()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def filled(header: dict[str, Any], data: bytes, start: int) -> Memory:
    """The lanes that the header tells of; ValueError where the bytes end before or after them."""
    memory = Memory()
    for kind, told in header.items():
        lanes, n = memory.lanes(kind), len(told["keys"])
        lanes.places = {key: place for place, key in enumerate(told["keys"])}
        for name, shape in told["arrays"].items():
            lanes.arrays[name], start = read(data, start, np.float64, (n, *shape))
        for type in told["types"]:
            three = []
            for _ in FIELDS:
                array, start = read(data, start, np.int64, (n, 3))
                three.append(array)
            lanes.episodes[type] = Episodes(*three)
    if start != len(data):
        raise ValueError(f"{len(data) - start} bytes more than the header tells")
    return memory


def read(data: bytes, start: int, kind: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    array = np.frombuffer(data, kind, prod(shape), start).reshape(shape).copy()
    return array, start + array.nbytes
