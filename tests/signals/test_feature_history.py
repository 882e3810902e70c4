"""Point in time: what a feature says at a close does not depend on anything later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from features_support import (
    BARS,
    START,
    another,
    at_close,
    computed,
    market,
    play,
    same_rows,
    store_everything,
)

from shared.env import Env
from shared.market.features.codec import decode_all
from shared.market.features.dictionary import FEATURES, names
from shared.models import HOUR
from shared.store import features

END = START + BARS * HOUR
# What is not made of bars has no warm-up: its values begin when its source does.
OTHERS = ("order_book", "derivatives", "sentiment", "mentions", "macro", "on_chain", "quality")


async def test_no_feature_knows_the_future(env: Env, tmp_path: Path) -> None:
    """Bars, metrics, books, quotes and news of later, or learned later, change no bit of any feature."""
    bars, cut = market(), END - 60 * HOUR
    await store_everything(env, bars, END)
    ids = list(range(1, 13))
    async with another(env, tmp_path) as other:
        await store_everything(other, bars, cut)
        short = await computed(other.db, START, cut + 1, ids)
    whole = await computed(env.db, START, END + 1, ids)
    assert len(whole.rows.at) == len(short.rows.at) + 60 * 12
    same_rows(short, whole)


async def test_every_feature_is_produced_and_warm_ups_are_as_told(env: Env) -> None:
    await store_everything(env, market(), END)
    table = await computed(env.db, START, END + 1, list(range(1, 13)))
    values = table.values[table.rows.asset == 2]
    assert values.shape == (BARS, len(FEATURES))
    # some values are learned late, so look at the last day
    missing = [one.name for place, one in enumerate(FEATURES) if np.isnan(values[-24:, place]).all()]
    assert missing == []
    for place, one in enumerate(FEATURES):
        first = int(np.flatnonzero(~np.isnan(values[:, place]))[0])
        assert first == one.warmup or one.group in OTHERS, one.name


async def test_live_steps_equal_history_bit_for_bit(env: Env) -> None:
    """Bar by bar, as each closes, with what was known then; holes in the series included."""
    bars = market(holes=True)
    await store_everything(env, bars, END)
    state = await play(env, bars.take(bars.open_time + HOUR <= END - 20 * HOUR))
    for number in range(19, -1, -1):
        state = await play(env, at_close(bars, END - number * HOUR), state)
    table = await computed(env.db, START, END + 1, list(range(1, 13)))
    compared = 0
    for asset in (1, 5, 12):
        rows = await features.of_asset(env.db, asset, HOUR, since=END - 19 * HOUR)
        live = decode_all([row.data for row in rows], [row.dictionary for row in rows])
        for row, values in zip(rows, live, strict=True):
            place = np.flatnonzero((table.rows.at == row.at) & (table.rows.asset == asset))
            for number, name in enumerate(names()):
                if not name.startswith("quality_"):  # how late it was known is another thing live
                    left, right = values[number], table.values[place[0], number]
                    assert left == right or (np.isnan(left) and np.isnan(right)), (name, left, right)
            compared += 1
    assert compared > 50
