"""Sentiment by the hour: each full hour is looked at once, over the articles that were known at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np

from shared.env import Env
from shared.models import DAY, HOUR, MINUTE
from shared.signals import episodes
from shared.signals.detectors import DETECTORS
from shared.signals.detectors.price_anomaly import FLOOR, NORMAL
from shared.signals.moods import BASELINE, RECENT, moods_at, table_of
from shared.signals.play import Found, play_moods
from shared.signals.raising import Names, Tally, store
from shared.signals.state import pack_episodes, unpack_episodes
from shared.signals.windows import WINDOW
from shared.store import candles, detector_state, signals

NAME = "news"
CATCH_UP = 7 * DAY  # how far back hours are looked at that no run has seen
PRICE_STEPS = (HOUR, 5 * MINUTE, DAY)  # whose closes give a signal without a bar its price, first that does
LEAST_RETURNS = 24


async def detect_news(env: Env, names: Names, moment: Callable[[int], int]) -> Tally:
    """Every full hour since the last run; nothing is read within the hour, nothing written without news."""
    detector = next(one for one in DETECTORS if one.reads == "moods")
    newest = env.now() // HOUR * HOUR
    loaded = await detector_state.load(env.db, NAME)
    oldest = max(loaded.cursor, newest - CATCH_UP)
    if oldest >= newest:
        return Tally()
    rows = await signals.sentiments(env.db, oldest + HOUR - RECENT - BASELINE, newest)
    if not rows:
        return Tally()
    lanes, state = unpack_episodes(loaded.state) or (np.empty(0, np.int64), episodes.empty(0))
    table, found = table_of(rows), list[Found]()
    for hour in range(oldest + HOUR, newest + 1, HOUR):
        lanes, state, more = play_moods(detector, lanes, state, moods_at(table, hour))
        found += more
    priced = [await with_price(env, one) for one in found]
    tally = await store(env, names, priced, moment, loaded, (newest, pack_episodes(lanes, state)))
    if tally is None:
        return Tally()  # another run has looked at these hours
    tally.looked_at = len(rows)
    return tally


async def with_price(env: Env, found: Found) -> Found:
    """Add the asset's last close at that hour and how much an hour usually moves it, where bars tell."""
    one = found.finding
    for step in PRICE_STEPS:
        start, end = one.at - (WINDOW + 1) * step, one.at - step + 1
        source, bars = await candles.read_columns(env.db, one.asset, step, start, end)
        if len(bars.close) <= LEAST_RETURNS or bars.open_time[-1] + 3 * step < one.at:
            continue
        returns = np.diff(np.log(np.array(bars.close)))
        scale = max(NORMAL * float(np.median(np.abs(returns - np.median(returns)))), FLOOR)
        known = {"source": source, "price_step": step, "volatility_1h": scale * sqrt(HOUR / step)}
        return replace(found, finding=replace(one, price=bars.close[-1], evidence={**one.evidence, **known}))
    return found
