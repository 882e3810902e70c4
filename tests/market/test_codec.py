"""Blocks of candles give back every number as it was, in few bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.codec import Bar, decode, encode
from shared.market.imports import plan, rows
from shared.models import EARLIEST, HOUR, LATEST, MINUTE

T = 1_763_683_200_000
STEP = 5 * MINUTE


def walk(count: int = 2016, seed: int = 1) -> list[Bar]:
    """Prices of six digits, volumes of two decimals, known two seconds after the close."""
    chance, price, bars = random.Random(seed), 100.0, list[Bar]()
    for n in range(count):
        opened = float(f"{price * (1 + chance.gauss(0, 0.0002)):.6g}")
        price = float(f"{opened * (1 + chance.gauss(0, 0.002)):.6g}")
        high = max(opened, price, float(f"{max(opened, price) * (1 + abs(chance.gauss(0, 0.001))):.6g}"))
        low = min(opened, price, float(f"{min(opened, price) * (1 - abs(chance.gauss(0, 0.001))):.6g}"))
        at = T + n * STEP
        volume = round(chance.lognormvariate(4, 1), 2)
        bars.append((at, opened, high, low, price, volume, None, at + STEP + 2000))
    return bars


def again(bars: list[Bar], step: int = STEP) -> list[Bar]:
    return decode([encode(bars, step)], EARLIEST, LATEST).bars()


def test_a_week_of_five_minutes_in_less_than_eight_bytes_a_bar() -> None:
    bars = walk()
    block = encode(bars, STEP)
    assert decode([block], EARLIEST, LATEST).bars() == bars
    assert len(block) / len(bars) < 8


def test_blocks_are_cut_to_the_time_asked_for() -> None:
    bars = walk(500)
    blocks = [encode(bars[:200], STEP), encode(bars[200:], STEP)]
    found = decode(blocks, bars[150][0], bars[260][0])
    assert found.bars() == bars[150:260]
    short = decode(blocks, bars[150][0], bars[260][0], everything=False)
    assert (short.open_time, short.volume) == (found.open_time, found.volume)
    assert (short.trades, short.known_at) == ([], [])
    assert decode(blocks, LATEST, LATEST).open_time == []
    assert decode([], 0, LATEST).open_time == []


@pytest.mark.parametrize("trades", [[None], [5, 0], [None, 7, 0]])
def test_trades_known_unknown_or_both(trades: list[int | None]) -> None:
    bars = [(*bar[:6], trades[n % len(trades)], bar[7]) for n, bar in enumerate(walk(30))]
    assert again(bars) == bars


def test_known_at_once_late_or_anyhow() -> None:
    chance, bars = random.Random(2), walk(300)
    for known in (lambda at: T * 2, lambda at: at + STEP, lambda at: at + chance.randrange(10**6)):
        made = [(*bar[:7], known(bar[0])) for bar in bars]
        assert again(made) == made


def test_holes_and_times_off_the_grid() -> None:
    bars = [(*bar[:1], *bar[1:]) for n, bar in enumerate(walk(400)) if n % 7 and not 100 < n < 300]
    bars[20] = (bars[20][0] + 123_456, *bars[20][1:])
    assert again(bars) == bars


@pytest.mark.parametrize(
    "price",
    [
        0.00000123,
        5330 * 1e-08,  # beside the decimal it means
        float.fromhex("0x1.d1e59a0000000p+8"),  # a float of 32 bits
        1 / 3,
        123456.12345678,
        1e-300,
        1e300,
    ],
)
def test_any_float(price: float) -> None:
    bars = [(T + n * STEP, price, price * 1.5, price / 3, price, price, 1, T) for n in range(3)]
    assert again(bars) == bars


positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
amounts = st.floats(min_value=0, allow_infinity=False)
decimals = st.integers(1, 10**9).map(lambda n: n / 10**4)


@st.composite
def any_bars(draw: st.DrawFn) -> list[Bar]:
    numbers = draw(st.sampled_from([positive, decimals]))
    times = sorted(draw(st.sets(st.integers(EARLIEST, LATEST - 1), min_size=1, max_size=8)))
    bars = list[Bar]()
    for at in times:
        low, one, other, high = sorted(draw(st.lists(numbers, min_size=4, max_size=4)))
        trades = draw(st.none() | st.integers(0, 2**40))
        bars.append((at, one, high, low, other, draw(amounts), trades, draw(st.integers(EARLIEST, LATEST))))
    return bars


@settings(max_examples=300, deadline=None)
@given(any_bars(), st.sampled_from([MINUTE, HOUR, 7]))
def test_any_bars(bars: list[Bar], step: int) -> None:
    assert again(bars, step) == bars


@pytest.mark.parametrize(
    "bad", [(0.0, 1.0), (-1.0, 1.0), (float("inf"), 1.0), (float("nan"), 1.0), (1.0, -1.0)]
)
def test_what_is_no_bar_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not positive"):
        encode([(T, bad[0], bad[0], bad[0], bad[0], bad[1], None, T)], STEP)


def test_real_candles_come_back_exactly(real: Path) -> None:
    sizes = {}
    for folder in ("binance_1h_2024", "freqtrade", "yahoo_1d", "coinbase_1m", "binance_1d"):
        for batch in rows(plan(real / "candles" / folder)):
            bars = [(*row, row[0] + batch.file.step) for row in batch.rows]
            for start in range(0, len(bars), 2016):
                part = bars[start : start + 2016]
                block = encode(part, batch.file.step)
                assert decode([block], EARLIEST, LATEST).bars() == part
                sizes.setdefault((folder, batch.file.symbol), len(block) / len(part))
    assert sizes["binance_1h_2024", "XRPUSDT"] < 7
    assert max(sizes.values()) < 20
