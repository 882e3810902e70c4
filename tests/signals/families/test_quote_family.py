"""Quotes and books from the store to signals, run by run as collections come."""

from __future__ import annotations

import numpy as np
from tables_support import START, all_rows, look, quote, raised, tell

from shared.env import Env
from shared.models import MINUTE, OrderBook
from shared.signals.families import quotes
from shared.store import books
from shared.store.assets import source_ids

STEP = 5 * MINUTE
SOURCES = ("binance", "coingecko", "kraken")
TETHER, BITCOIN = 3, 1


async def collect(env: Env, n: int, wrong: dict[tuple[int, str], float]) -> int:
    """Three sources tell of two assets, each by its own few basis points; `wrong` multiplies some."""
    now = START + n * STEP
    rng = np.random.default_rng(n)
    prices = [
        (asset, source, base * (1 + 0.0003 * rng.standard_normal()) * wrong.get((asset, source), 1.0))
        for asset, base in ((TETHER, 1.0), (BITCOIN, 90_000.0))
        for source in SOURCES
    ]
    await quote(env, prices, now)
    if n % 3 == 0:
        await tell(env, [("stablecoin_price:usdt", now, 1.0)], now, "defillama")
    return now


async def test_one_wrong_source_of_three_diverges_and_leaves_the_peg(env: Env) -> None:
    for n in range(160):
        wrong = {(TETHER, "kraken"): 10.0, (BITCOIN, "kraken"): 10.0} if n >= 150 else {}
        await look(env, await collect(env, n, wrong) + 1000)
    found = await raised(env, "exchange_divergence")
    assert sorted(one.symbol for one in found) == ["BTC", "USDT"]
    for one in found:
        assert (one.at, one.direction) == (START + 151 * STEP, "none")
        votes = {vote["source"]: vote["from_median_bps"] for vote in one.metadata["votes"]}
        assert votes["kraken"] > 80_000
        assert max(abs(votes[name]) for name in ("binance", "coingecko")) < 50
    assert await raised(env, "stablecoin_depeg") == []


async def test_a_coin_off_its_peg_is_one_signal_with_its_votes(env: Env) -> None:
    for n in range(240):
        wrong = {(TETHER, source): 0.97 for source in SOURCES} if n >= 230 else {}
        await look(env, await collect(env, n, wrong) + 1000)
    (found,) = await raised(env, "stablecoin_depeg")
    assert (found.symbol, found.direction, found.at) == ("USDT", "down", START + 232 * STEP)
    assert found.raw_score == found.metadata["least"] / 0.005
    beyond = {vote["source"]: vote["beyond"] for vote in found.metadata["votes"]}
    assert (
        beyond == {"binance": -1, "coingecko": -1, "kraken": 0, "defillama": 0} or sum(beyond.values()) < -1
    )


async def test_the_same_quotes_again_add_nothing(env: Env) -> None:
    for n in range(60):
        now = await collect(env, n, {})
        await look(env, now + 1000)
    before = await all_rows(env)
    assert (await look(env, now + 2000)).rows == 0
    assert await all_rows(env) == before


async def test_after_a_long_stop_only_the_last_hours_are_looked_at(env: Env) -> None:
    for n in range(80):
        await collect(env, n, {})
    fresh = await quotes.fresh(env.db, 0, START + 79 * STEP)
    assert fresh is not None
    assert fresh.count == 2 * 3 * (24 + 3 + 1)  # two hours, and the quarter before them


async def test_a_book_that_is_bid_for_three_snapshots_is_one_signal(env: Env) -> None:
    ids = await source_ids(env.db, {"binance"})
    for n in range(160):
        now, rng = START + n * STEP, np.random.default_rng(n)
        bid, ask = (400.0, 5.0) if n >= 150 else 10 * np.exp(0.3 * rng.standard_normal(2))
        levels = [1e-4 * (k + 1) for k in range(20)]
        sides = [tuple((100 * (1 + s * far), float(q)) for far in levels) for s, q in ((-1, bid), (1, ask))]
        book = OrderBook(BITCOIN, "binance", now, sides[0], sides[1])
        await env.db.batch(books.add_statements(env.db, [book], ids, now + 500))
        await look(env, now + 1000)
    (found,) = await raised(env, "order_book_imbalance")
    assert (found.symbol, found.direction, found.at) == ("BTC", "up", START + 152 * STEP)
    e = found.metadata
    assert found.raw_score == abs(e["value"] - e["median"]) / e["scale"]
    assert e["bid_depth"] / e["ask_depth"] > 50
