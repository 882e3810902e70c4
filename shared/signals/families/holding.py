"""How long something has held: looks in a row at which it was true, and the least of it among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.models import MINUTE
from shared.signals.bars import Bools, Floats, Ints
from shared.signals.families.memory import Lanes

SHAPES: dict[str, tuple[int, ...]] = {"since": (), "looked_at": (), "looks": (), "least": (), "side": ()}
# Two sources of one collection answer seconds apart: that is one look, not two.
APART = 4 * MINUTE


class Held(NamedTuple):
    """Since when (ms, NaN where it does not hold), in how many looks, and the least size since; all (N,)."""

    since: Floats
    looks: Floats
    least: Floats


def hold(lanes: Lanes, rows: Ints, at: Ints, side: Floats, size: Floats) -> Held:
    """Step the lanes `rows`, each named once: `side` is 0 where nothing is held, else the side it is on.

    Another side, or none, begins anew. The arrays of `lanes` are changed in place.
    """
    a = lanes.arrays
    true: Bools = side != 0
    same = true & (a["side"][rows] == side)
    another = same & (at - a["looked_at"][rows] >= APART)
    since = np.where(same, a["since"][rows], np.where(true, at, np.nan))
    looks = np.where(same, a["looks"][rows] + another, np.where(true, 1.0, 0.0))
    least = np.where(same, np.minimum(a["least"][rows], size), np.where(true, size, np.nan))
    looked_at = np.where(same & ~another, a["looked_at"][rows], at)
    values = {"since": since, "looks": looks, "least": least, "side": side, "looked_at": looked_at}
    for name, value in values.items():
        a[name][rows] = value
    return Held(since, looks, least)
