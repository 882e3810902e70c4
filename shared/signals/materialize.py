"""Features of the newest bars, stored in the batch that stores the state they follow from."""

from __future__ import annotations

import numpy as np

from shared.env import Env
from shared.market.features.breadth import Returns
from shared.market.features.codec import decode_all, encode
from shared.market.features.dictionary import BY_NAME, FEATURES, names
from shared.market.features.feature import GIVEN, VERSION
from shared.market.features.kernels.continuity import NAMES as CONTINUITY
from shared.market.features.values import matrix
from shared.platform.d1 import D1Database, D1PreparedStatement
from shared.signals.bars import Floats, Ints
from shared.signals.columns import ENGINE
from shared.signals.known import Rows, known_columns
from shared.signals.windows import Measured
from shared.store import features

# Bars of an asset that one run stores: an hour of 5m, half a day of 1h. After a longer stop, or at the first
# start, the older ones are history, which an export computes when it is asked for.
NEWEST = 12

READ = {name for feature in FEATURES if feature.how != GIVEN for name in feature.inputs} | set(CONTINUITY)
# What the dictionary takes from the engine: columns that are features, and those that features are made of.
COLUMNS = tuple(name for name in ENGINE.names if name in READ or name in BY_NAME)


async def feature_statements(
    env: Env, step: int, measured: Measured, known_at: int
) -> list[D1PreparedStatement]:
    """Statements that store the features of each asset's newest bars, at most NEWEST of each."""
    chosen = newest(measured.asset, measured.open_time)
    if not len(chosen):
        return []
    rows = rows_of(measured, chosen, step, known_at)
    bars = {name: measured.columns[name][chosen] for name in COLUMNS}
    others = await stored_returns(env.db, step, rows)
    table = matrix(
        {**bars, "close": rows.close, **await known_columns(env.db, step, rows, bars, others)}, len(chosen)
    )
    heads = rows.at.tolist(), rows.asset.tolist(), rows.source.tolist()
    packed = zip(*heads, encode(table), strict=True)
    return features.add_statements(env.db, step, VERSION, known_at, list(packed))


def newest(asset: Ints, open_time: Ints) -> Ints:
    """Rows of the last NEWEST bars of each asset, by asset, then time."""
    order = np.lexsort((open_time, asset))
    ends = np.searchsorted(asset[order], asset[order], side="right")
    return order[ends - np.arange(len(order)) <= NEWEST]


def rows_of(measured: Measured, chosen: Ints, step: int, known_at: int) -> Rows:
    known = np.full(len(chosen), known_at)
    at = measured.open_time[chosen] + step
    return Rows(measured.asset[chosen], measured.source[chosen], at, known, known, measured.close[chosen])


async def stored_returns(db: D1Database, step: int, rows: Rows) -> Returns:
    """Returns at these closes of assets that an earlier run has stored: late bars stand in a whole market."""
    present = set(zip(rows.at.tolist(), rows.asset.tolist(), strict=True))
    stored = await features.at_closes(db, step, sorted({at for at, _ in present}), int(rows.known_by.max()))
    others = [row for row in stored if (row.at, row.asset) not in present]
    table = decode_all([row.data for row in others], [row.dictionary for row in others])
    at, asset = (np.array([row[i] for row in others], np.int64) for i in (0, 1))
    return Returns(at, asset, *(column_of(table, name) for name in ("return_1", "return_24")))


def column_of(table: Floats, name: str) -> Floats:
    return table[:, names().index(name)]
