"""Bars for tests: random walks, the odd ones that markets have, and what hypothesis makes up."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from shared.market.indicators.registry import Ohlcv
from shared.models import HOUR

BEGIN = 1_704_067_200_000  # 2024-01-01


def hours(bars: int) -> np.ndarray:
    """Open times of hourly bars (T,), in ms."""
    return BEGIN + HOUR * np.arange(bars, dtype=np.float64)


def random_bars(bars: int, series: int = 1, seed: int = 0) -> Ohlcv:
    """Random walks (T, S) with ranges, gaps between close and open, and volumes; one series as (T,)."""
    chance = np.random.default_rng(seed)
    shape = (bars, series)
    close = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, shape), axis=0))
    opened = np.vstack((close[:1], close[:-1])) * np.exp(chance.normal(0, 0.002, shape))
    high = np.maximum(opened, close) * np.exp(np.abs(chance.normal(0, 0.004, shape)))
    low = np.minimum(opened, close) * np.exp(-np.abs(chance.normal(0, 0.004, shape)))
    volume = np.exp(chance.normal(5, 1, shape))
    times = np.repeat(hours(bars)[:, None], series, axis=1)
    made = (opened, high, low, close, volume)
    return with_times(*made, times) if series > 1 else with_times(*(one[:, 0] for one in made), times[:, 0])


def with_times(opened, high, low, close, volume, times) -> Ohlcv:  # type: ignore[no-untyped-def]
    parts = [np.ascontiguousarray(part) for part in (opened, high, low, close, volume)]
    return Ohlcv(*parts, btc=parts[3], spx=parts[3], dxy=parts[3], open_time=np.ascontiguousarray(times))


def flat_bars(bars: int, price: float = 0.3, volume: float = 0.0) -> Ohlcv:
    """Bars that do not move."""
    prices = np.full(bars, price)
    return with_times(prices, prices, prices, prices, np.full(bars, volume), hours(bars))


def one_lane(ohlcv: Ohlcv, lane: int) -> Ohlcv:
    return Ohlcv(*(None if part is None else np.ascontiguousarray(part[:, lane]) for part in ohlcv))


def until(ohlcv: Ohlcv, bars: int) -> Ohlcv:
    return Ohlcv(*(None if part is None else part[:bars] for part in ohlcv))


# Prices from a hundredth of a billionth (SHIB in bitcoin) to a billion (bitcoin in a weak currency).
EXPONENTS = st.floats(-8, 9)
MOVES = st.lists(
    st.tuples(
        st.sampled_from((0.0, 1e-12, 1e-6, 0.01, 0.5, 3.0)),  # size of the move, in logarithms
        st.floats(-1, 1),  # its direction
        st.floats(0, 1),  # how far high and low exceed the body
        st.sampled_from((0.0, 1e-8, 1.0, 1e12)),  # volume
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def any_bars(draw: st.DrawFn, bars: int) -> Ohlcv:
    """Positive bars of any kind: a few shapes of move over and over, flat stretches and crashes included."""
    shapes, price = draw(MOVES), 10.0 ** draw(EXPONENTS)
    rows = []
    for number in range(bars):
        size, direction, reach, volume = shapes[(number * number) % len(shapes)]
        if not 1e-9 < price * np.exp(size * direction) < 1e10:
            direction = -direction
        close = price * np.exp(size * direction)
        top, bottom = max(price, close), min(price, close)
        rows.append((price, top * np.exp(size * reach), bottom * np.exp(-size * reach), close, volume))
        price = close
    return with_times(*np.array(rows).T, hours(bars))
