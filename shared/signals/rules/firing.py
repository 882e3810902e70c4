"""When a rule fires: on the bar where its condition turns from false to true, and not again for a while.

A bar on which the condition is unknown changes nothing: false before and true behind it is a turn, and true
after nothing but unknown is none, for nobody knows since when it holds. That a condition must turn false
before it can fire again is the hysteresis: a rule that stays true tells once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.signals.bars import Ints
from shared.signals.rules.logic import FALSE, TRUE, UNKNOWN, Verdicts


class Progress(NamedTuple):
    """How far one symbol was judged: close of the newest bar seen, last known verdict, last firing."""

    seen: int
    known: int = UNKNOWN
    fired_at: int | None = None


def fire(verdicts: Verdicts, at: Ints, cooldown: int, before: Progress) -> tuple[list[int], Progress]:
    """Rows that fire, of bars that closed at `at` (T,), and the progress behind them.

    Rows up to `before.seen` only tell what was the case there, where `before` does not know it.
    """
    new = np.searchsorted(at, before.seen, side="right")
    known = before.known if before.known != UNKNOWN else last_known(verdicts[:new])
    fresh = verdicts[new:]
    if not len(fresh):
        return [], before
    places = np.maximum.accumulate(np.where(fresh != UNKNOWN, np.arange(len(fresh)), -1))
    held = np.where(places >= 0, fresh[places], known)
    earlier = np.concatenate(([known], held[:-1]))
    rows, fired_at = list[int](), before.fired_at
    for row in np.flatnonzero((fresh == TRUE) & (earlier == FALSE)).tolist():
        moment = int(at[new + row])
        if fired_at is None or moment - fired_at >= cooldown:
            rows.append(int(new) + row)
            fired_at = moment
    return rows, Progress(int(at[-1]), int(held[-1]), fired_at)


def last_known(verdicts: Verdicts) -> int:
    known = verdicts[verdicts != UNKNOWN]
    return int(known[-1]) if len(known) else UNKNOWN
