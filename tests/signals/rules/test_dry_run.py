"""The dry run against plain Python over the same bars, and against what live runs fire."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from math import inf
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest

from shared.errors import Invalid
from shared.models import DAY, HOUR, Candle
from shared.signals.detect import learned_now
from shared.signals.detect_rules import detect_rules
from shared.signals.measure import Start, hit, measure, opposite
from shared.signals.raising import Names
from shared.signals.rules import dry_run, owned
from shared.signals.rules.owned import Wording
from shared.store import assets, candles, rules, users

Env = Any
DAYS = 40
RULE = "close < lowest(ago(low, 1), 12)"


@pytest.fixture
async def market(env: Env) -> dict[str, list[Candle]]:
    """Forty days of hours of two coins, one with holes, up to now."""
    known, found = await assets.load(env.db), {}
    for seed, name in enumerate(("BTC", "ETH")):
        asset = known.resolve(name)
        assert asset is not None
        rng = np.random.default_rng(seed + 5)
        close = (100 * np.exp(np.cumsum(rng.standard_t(4, DAYS * 24) * 0.01))).tolist()
        start = env.now() - DAYS * DAY
        made = [
            Candle(asset.id, "binance", HOUR, start + i * HOUR, c, c * 1.001, c * 0.999, c, 1.0)
            for i, c in enumerate(close)
            if seed == 0 or rng.random() > 0.03 or i == DAYS * 24 - 1
        ]
        await candles.add(env.db, made, env.now())
        found[name] = made
    return found


async def tried(env: Env, text: str, **given: Any) -> dict[str, Any]:
    known, period = await assets.load(env.db), given.pop("period", "30d")
    symbols = given.pop("symbols", ("BTC", "ETH"))
    return await owned.tried(env, known, Wording(text, symbols, HOUR, **given), period)


def plain_firings(bars: list[Candle], start: int) -> list[int]:
    """Rows on which RULE turns true from `start` on, an hour apart at least: always so for hours."""
    lows, holds = [one.low for one in bars], list[bool | None]()
    for i, one in enumerate(bars):
        holds.append(one.close < min(lows[i - 12 : i]) if i >= 12 else None)
    return [
        i for i in range(1, len(bars)) if holds[i] and holds[i - 1] is False and bars[i].open_time >= start
    ]


async def test_it_fires_where_plain_python_does(env: Env, market: dict[str, list[Candle]]) -> None:
    found = await tried(env, RULE)
    start = env.now() - 30 * DAY
    expected = [
        (one.open_time + HOUR, name, one.close)
        for name, bars in market.items()
        for one in (bars[i] for i in plain_firings(bars, start))
    ]
    told = [(one["at"], one["symbol"], one["price"]) for one in found["fired"]]
    assert told == sorted(expected, key=lambda one: (-one[0], one[1]))
    assert found["fires"] == len(expected) > 40
    assert found["bars"] == sum(one.open_time >= start for bars in market.values() for one in bars)
    assert found["period"] == {"from": start, "to": env.now()}
    assert found["coverage"] == 1.0


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_what_followed_is_measured_as_signals_are(
    env: Env, market: dict[str, list[Candle]], direction: Any
) -> None:
    found = await tried(env, RULE, direction=direction)
    start = env.now() - 30 * DAY
    for told, horizon in zip(found["forward"], (HOUR, 4 * HOUR, DAY, 7 * DAY), strict=True):
        moved, hits, usual, lifts, ways = [], [], [], [], []
        for bars in market.values():
            rows = plain_firings(bars, start)
            after = {
                i: followed(bars, i, horizon, direction)
                for i in range(len(bars))
                if bars[i].open_time >= start
            }
            for i in rows:
                if after[i] is None:
                    continue
                peers = [
                    one
                    for j, one in after.items()
                    if one and j not in rows and (bars[j].open_time - bars[i].open_time) % DAY == 0
                ]
                move, struck, against = after[i]  # type: ignore[misc]
                moved.append(move)
                hits.append(struck)
                usual.append(fmean(one[0] for one in peers))
                lifts.append(struck - fmean(one[1] for one in peers))
                ways.append(struck - against - fmean(one[1] - one[2] for one in peers))
        assert told["n"] == len(moved)
        assert told["mean"] == pytest.approx(fmean(moved))
        assert told["median"] == pytest.approx(median(moved))
        assert told["hit_share"] == pytest.approx(fmean(hits))
        assert told["matched"]["mean"] == pytest.approx(fmean(usual))
        assert told["lift"] == pytest.approx(fmean(lifts))
        assert told["direction"] == pytest.approx(fmean(ways))
        low, high = told["mean_95"] or (-inf, inf)  # none where the firings stand on too few days
        assert low < told["mean"] < high
        assert told["excess"] == pytest.approx(fmean(moved) - fmean(usual))


def followed(bars: list[Candle], row: int, horizon: int, direction: Any) -> tuple[float, bool, bool] | None:
    """Return, hit and the opposite of an entry at the close of a bar, by the rule of the track record."""
    at = bars[row].open_time + HOUR
    window = bars[row - 97 : row]
    returns = [
        np.log(b.close / a.close) / np.sqrt((b.open_time - a.open_time) / HOUR) for a, b in pairwise(window)
    ]
    spread = max(1.4826 * float(np.median(np.abs(np.array(returns) - np.median(returns)))), 0.0005)
    start = Start(at, bars[row].close, direction, spread)
    later = [(one.open_time, one.high, one.low, one.close) for one in bars]
    outcome = measure(start, "", horizon, HOUR, later)
    if outcome is None or outcome.forward_return is None:
        return None
    move = outcome.forward_return
    return move, hit(start, move, horizon), opposite(start, move, horizon)


async def test_live_runs_fire_what_the_dry_run_says(
    env: Env, clock: Any, market: dict[str, list[Candle]]
) -> None:
    await users.create(env.db, "ann", "trader", 0)
    ann = await users.by_name(env.db, "ann")
    assert ann
    known, now = await assets.load(env.db), env.now()
    text = "rsi(14) < 35 and close < ema(26) or volatility_24 > 1.5 * volatility_96"
    clock.now = now - 10 * DAY
    rule, _ = await owned.create(env, known, ann.id, "x", Wording(text, ("BTC", "ETH"), HOUR))
    for hours in (1, 5, 90, 2, 142):
        clock.advance(hours * HOUR)
        await detect_rules(env, Names(env.db), learned_now(env))
    assert clock.now == now
    events = await rules.events(env.db, rule.id, limit=1000)
    live = {(one.at, one.price) for one in events}
    for e in (one.evidence for one in events):
        oversold = e["rsi(14)"] < 35 and e["close"] < e["ema(26)"]  # type: ignore[operator]
        assert oversold or e["volatility_24"] > e["1.5 * volatility_96"], e  # type: ignore[operator]
    told = await tried(env, text, period="30d")
    dry = {(one["at"], one["price"]) for one in told["fired"] if one["at"] > now - 10 * DAY}
    assert live == dry
    assert len(live) > 10


async def test_the_period_is_counted_back_from_the_newest_bar(
    env: Env, clock: Any, market: dict[str, list[Candle]]
) -> None:
    end = env.now()
    clock.advance(300 * DAY)
    assert (await tried(env, RULE, period="7d"))["period"] == {"from": end - 7 * DAY, "to": end}


async def test_without_a_period_the_longest_that_is_quick_is_taken(
    env: Env, market: dict[str, list[Candle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await tried(env, RULE, period=None))["period"]["from"] == env.now() - 365 * DAY
    monkeypatch.setattr(dry_run, "USUAL_BARS", 1000)
    assert (await tried(env, RULE, period=None))["period"]["from"] == env.now() - 7 * DAY


async def test_a_dear_rule_may_look_at_fewer_bars(
    env: Env, market: dict[str, list[Candle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "WORK_MAX", 1000 * 1441)
    with pytest.raises(Invalid, match="at most"):
        await tried(env, " and ".join(["close > mean(close, 500)"] * 3))
    assert (await tried(env, "close > open"))["bars"] > 1300


async def test_one_long_series_counts_for_every_symbol_beside_it(
    env: Env, market: dict[str, list[Candle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie side by side: rows in front of shorter ones take room, too."""
    known = await assets.load(env.db)
    few = [known.resolve(name) for name in ("SOL", "XRP", "ADA")]
    now = env.now()
    young = [Candle(one.id, "binance", HOUR, now - HOUR, 1.0, 1.0, 1.0, 1.0, 1.0) for one in few if one]
    await candles.add(env.db, young, now)
    monkeypatch.setattr(dry_run, "BARS_MAX", 4 * 24 * 30 - 1)
    assert (await tried(env, RULE))["bars"] > 1300
    with pytest.raises(Invalid, match="2,880 bars to judge, at most 2,879"):
        await tried(env, RULE, symbols=("BTC", "SOL", "XRP", "ADA"))


async def test_what_is_read_before_the_period_is_work_too(
    env: Env, market: dict[str, list[Candle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "WORK_MAX", 50_000)
    assert (await tried(env, "close > mean(close, 2)", period="24h"))["bars"] > 40
    with pytest.raises(Invalid, match="bars to judge"):
        await tried(env, "close > mean(close, 200)", period="24h")


async def test_a_cancelled_run_stops_working(
    env: Env, market: dict[str, list[Candle]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(*args: Any) -> dict[str, Any]:
        proceed = args[-1]
        try:
            while True:
                time.sleep(0.002)
                proceed()
        finally:
            loop.call_soon_threadsafe(ended.set)

    monkeypatch.setattr(dry_run, "judged", endless)
    task = asyncio.create_task(tried(env, RULE))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 5)


async def test_warnings_say_what_the_numbers_do_not(env: Env, market: dict[str, list[Candle]]) -> None:
    often = await tried(env, "close > open * 0.5", symbols=("BTC", "SOL"))
    assert "it holds on 100% of the bars: true that often, it tells little" in often["warnings"]
    assert "it never fired" in often["warnings"]
    few = await tried(env, "close < lowest(ago(low, 1), 12) and rsi(14) < 30", period="7d")
    assert any(one.startswith("insufficient data at 24h") for one in few["warnings"])
    unknown = await tried(env, "sentiment(6h) > 0")
    assert (unknown["coverage"], unknown["holds"]) == (0.0, None)
    assert unknown["warnings"][0].startswith("it is known on 0% of the bars only")
