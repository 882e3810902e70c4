"""Metrics as of the closes of bars: the newest value of each, and what it was some time before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.market.features.metrics import CHAINS, WANTED, Wanted
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.store import context

NOBODY = ("", "")  # the subject of what is the same for all assets


async def metric_columns(
    db: D1Database, asset: Ints, moments: Sequence[tuple[int, int]], moment: Ints
) -> dict[str, Floats]:
    """Columns (N,) by name of the dictionary's input; one that no row has a value for is missing.

    `moment` is the place of each row's (at, known_by) among `moments`.
    """
    there = await context.metrics_there(db, [name_range(one) for one in WANTED])
    found = [WANTED[place] for place in sorted(there)]
    own, shared = [one for one in found if one.own], [one for one in found if not one.own]
    columns = await read(db, shared, [NOBODY], moments, np.zeros(len(asset), np.int64), moment)
    if not own:
        return columns
    slugs = await context.slugs(db)
    assets, subject = np.unique(asset, return_inverse=True)
    subjects = [(slugs[id], CHAINS.get(slugs[id], slugs[id])) for id in assets.tolist()]
    return {**columns, **await read(db, own, subjects, moments, subject, moment)}


def name_range(one: Wanted) -> tuple[str, str]:
    """The names of a metric, all assets together, as [low, high)."""
    return (one.prefix, one.prefix[:-1] + ";") if one.own else (one.prefix, one.prefix + "\0")


async def read(
    db: D1Database,
    wanted: Sequence[Wanted],
    subjects: Sequence[tuple[str, str]],
    moments: Sequence[tuple[int, int]],
    subject: Ints,
    moment: Ints,
) -> dict[str, Floats]:
    """Columns of some metrics; `subject` and `moment` are each row's places among those asked for."""
    asked = [(one.prefix, one.by_chain, one.lag, one.max_age) for one in wanted]
    told = await context.metric_values(db, asked, subjects, moments)
    if not told:
        return {}
    table = np.full((len(wanted), len(subjects), len(moments)), np.nan)
    which, whose, when, values = zip(*told, strict=True)
    table[np.array(which), np.array(whose), np.array(when)] = values
    return {wanted[w].column: table[w, subject, moment] for w in sorted(set(which))}
