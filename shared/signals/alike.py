"""History that most assets share, packed once: the times of bars, bitcoin's closes, the indices.

Assets of one bar length stand at the same bars unless one was listed late or missed some; of nine fields four
are then the same in every lane. One lane's is kept, and the whole column of each lane that differs from it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from shared.market.indicators.kernel import FIELDS
from shared.signals.bars import Floats, Ints
from shared.signals.columns import ENGINE

SHARED = ("btc", "spx", "dxy", "open_time")
ENDS = np.cumsum([0, *ENGINE.kept]).tolist()


def rows_of(shared: bool) -> Ints:
    """Rows of the packed history that belong to shared fields, or to the others."""
    parts = [
        np.arange(first, end)
        for field, (first, end) in zip(ENGINE.reads, pairwise(ENDS), strict=True)
        if (FIELDS[field] in SHARED) == shared
    ]
    return np.concatenate(parts)


ALIKE, OWN = rows_of(True), rows_of(False)


def fold(history: Floats, count: Ints) -> tuple[list[int], list[Floats]]:
    """The lanes that differ, and the arrays to store; `unfold` gives the history back, bit for bit."""
    alike = history[ALIKE]
    model = alike[:, int(count.argmax())]
    differs = (alike.view(np.int64) != model.view(np.int64)[:, None]).any(axis=0)
    return np.flatnonzero(differs).tolist(), [history[OWN], model, alike[:, differs]]


def folded(lanes: int, apart: int) -> list[tuple[type, tuple[int, ...]]]:
    """Kinds and shapes of those arrays."""
    return [(np.float64, (len(OWN), lanes)), (np.float64, (len(ALIKE),)), (np.float64, (len(ALIKE), apart))]


def unfold(own: Floats, model: Floats, others: Floats, apart: list[int]) -> Floats:
    history = np.empty((ENDS[-1], own.shape[1]))
    history[OWN] = own
    alike = np.repeat(model[:, None], own.shape[1], axis=1)
    alike[:, apart] = others
    history[ALIKE] = alike
    return history
