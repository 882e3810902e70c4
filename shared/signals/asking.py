"""What a finding hangs on beside the bars: asked of the store for the few bars that are found without it.

Flows between exchanges and wallets, liquidations and order books may speak against a compound finding. Known
is what was true and had been learned by the bar's close; what nobody collects is "no data" and speaks not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from shared.models import HOUR, MINUTE
from shared.platform.d1 import D1Database
from shared.signals.bars import Floats, Ints
from shared.signals.detectors import ON_BARS
from shared.signals.joining import as_known, of_name
from shared.signals.windows import Measured
from shared.store import books, context, metrics

# Measured by the hour or less often: what is older than two says nothing of a five-minute bar.
FLOW_AGE = 2 * HOUR
BOOK_AGE = 10 * MINUTE  # twice the interval at which books are collected
# Metrics named `<kind>:<slug>`, by the name of the column.
FLOWS = {
    "known_netflow": "exchange_netflow",
    "known_liquidations_long": "liquidations_long",
    "known_liquidations_short": "liquidations_short",
}
BALANCE = "known_book_balance"


async def answers(db: D1Database, step: int, bars: Measured) -> dict[str, Floats]:
    """Columns (N,) that detectors ask for, NaN where nothing is known or nothing hangs on it."""
    rows = {name: found for name, found in asked(bars, step).items() if len(found)}
    if not rows:
        return {}
    slugs, columns = await context.slugs(db), dict[str, Floats]()
    for name, some in rows.items():
        columns[name] = np.full(len(bars), np.nan)
        assets, closes = bars.asset[some], bars.open_time[some] + step
        if name in FLOWS:
            columns[name][some] = await flows(db, FLOWS[name], slugs, assets, closes, max(FLOW_AGE, step))
        elif step < HOUR:  # a book is of its minute: it tells nothing of hours
            columns[name][some] = await balances(db, assets, closes)
    return columns


def asked(bars: Measured, step: int) -> dict[str, Ints]:
    """Rows that a detector would find, by the name of each column it asks for."""
    found = dict[str, Ints]()
    for detector in ON_BARS:
        if detector.asks:
            ready = bars.ready & (bars.tick >= detector.warmup)
            rows = np.flatnonzero(ready & (detector.score(bars, step).score >= detector.raise_at[step]))
            found.update({name: np.union1d(found.get(name, rows), rows) for name in detector.asks})
    return found


async def flows(
    db: D1Database, kind: str, slugs: Mapping[int, str], assets: Ints, closes: Ints, age: int
) -> Floats:
    """One kind of metric of each asset as it was known at each close (n,)."""
    names = {asset: f"{kind}:{slugs[asset]}" for asset in np.unique(assets).tolist()}
    rows = await metrics.recent(db, list(names.values()), int(closes.min()) - age, int(closes.max()))
    found = np.full(len(assets), np.nan)
    for asset, name in names.items():
        own = assets == asset
        found[own] = as_known(of_name(rows, name), closes[own], age)
    return found


async def balances(db: D1Database, assets: Ints, closes: Ints) -> Floats:
    """(bids - asks) / (bids + asks) in value of the newest book at each close (n,)."""
    found = np.full(len(assets), np.nan)
    for place, (asset, close) in enumerate(zip(assets.tolist(), closes.tolist(), strict=True)):
        fresh = [one for one in await books.newest(db, asset, close) if one.at > close - BOOK_AGE]
        if fresh:
            book = max(fresh, key=lambda one: one.at)
            bid, ask = value(book.bids), value(book.asks)
            found[place] = (bid - ask) / (bid + ask)
    return found


def value(levels: Iterable[tuple[float, float]]) -> float:
    return sum(price * quantity for price, quantity in levels)
