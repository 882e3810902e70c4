"""A market made of chance with a seed: regimes, fat tails, jumps and volume, minute by minute.

Every day is drawn from (seed, day) alone and hangs on the close of the day before, so the same seed and
start give the same market, however it is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from shared.dev.demo.coins import COINS
from shared.models import DAY, MINUTE

Floats = NDArray[np.float64]
MINUTES = 1440
KEPT = 12  # days of minutes kept ready: 1.4 MB each
YEAR_MINUTES = 365 * MINUTES
MARKET_VOLATILITY = 0.5  # a year, in the normal regime
# volatility against normal, drift a day
REGIMES = ((0.55, 0.0), (1.0, 0.002), (1.0, -0.002), (0.9, 0.015), (1.1, -0.015), (2.2, -0.005))
REGIME_WEIGHTS = (0.25, 0.22, 0.18, 0.13, 0.12, 0.1)
SPANS = 4  # regimes change at most this often a day
OWN_JUMPS, MARKET_JUMPS = 0.3, 0.12  # a day, for each coin and for all together
TURNOVER = 0.06  # of the market value a day
LOTS = 256
A_TRADE = 900.0  # USD


@dataclass(frozen=True, slots=True)
class Jump:
    """A sudden move: `size` is a log return, `coin` an index or None for the whole market."""

    at: int
    coin: int | None
    size: float


@dataclass(frozen=True, slots=True)
class Day:
    """Minutes of one day, each (coins, 1440)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    trades: Floats
    jumps: tuple[Jump, ...]


class Market:
    """Minutes of all coins from `start` (ms, midnight UTC) on, at first at their own prices."""

    def __init__(self, seed: int, start: int) -> None:
        self.seed, self.start = seed, start - start % DAY
        self._opens = [np.log(np.array([coin.price for coin in COINS]))]  # log price at each day's start
        self._days: OrderedDict[int, Day] = OrderedDict()

    def pass_through(self, days: int) -> None:
        """Shift the whole path so that the coins stand at their own prices after so many days."""
        self.day(days)
        listed = self._opens[0]
        self._opens = [2 * listed - self._opens[days]]
        self._days.clear()

    def day(self, number: int) -> Day:
        """The day `number` after the start, from 0."""
        if number < 0:
            raise ValueError("the market had not opened yet")
        for missing in range(len(self._opens) - 1, number):
            self._keep(missing)
        return self._days.get(number) or self._keep(number)

    def jumps(self, start: int, end: int) -> list[Jump]:
        """Those in [start, end) ms, in time order."""
        numbers = range(max(start - self.start, 0) // DAY, max(end - self.start, 0) // DAY + 1)
        found = [jump for number in numbers for jump in self.day(number).jumps]
        return sorted((jump for jump in found if start <= jump.at < end), key=lambda jump: jump.at)

    def bars(self, start: int, end: int, step: int) -> Floats:
        """Bars of all coins (coins, 6, n): open, high, low, close, volume, trades; `step` divides a day.

        The last one is cut off at `end` where that is no multiple of the step; what was before the market
        opened is left out.
        """
        start = max(start, self.start) // step * step
        first, last = (start - self.start) // MINUTE, (end - self.start + MINUTE - 1) // MINUTE
        parts = [np.empty((len(COINS), 6, 0))]
        for number in range(first // MINUTES, (last - 1) // MINUTES + 1):  # a day at a time: months fit
            day, begin = self.day(number), number * MINUTES
            wide = np.stack((day.open, day.high, day.low, day.close, day.volume, day.trades), axis=1)
            parts.append(together(wide[:, :, max(first - begin, 0) : last - begin], step // MINUTE))
        return np.concatenate(parts, axis=2)

    def price(self, at: int) -> Floats:
        """Prices of all coins (coins,) within the minute of `at`, on the way from its open to its close."""
        minute, part = divmod(at - self.start, MINUTE)
        day, place = self.day(minute // MINUTES), minute % MINUTES
        share = part / MINUTE
        return np.exp((1 - share) * np.log(day.open[:, place]) + share * np.log(day.close[:, place]))

    def _keep(self, number: int) -> Day:
        day = draw_day(self.seed, number, self.start + number * DAY, self._opens[number])
        if number + 1 == len(self._opens):
            self._opens.append(np.log(day.close[:, -1]))
        self._days[number] = day
        if len(self._days) > KEPT:
            self._days.popitem(last=False)
        return day


def together(minutes: Floats, width: int) -> Floats:
    """Minutes (coins, 6, n) as bars of `width` minutes; the last may be short."""
    edges = np.arange(0, minutes.shape[2], width)
    ends = np.minimum(edges + width, minutes.shape[2]) - 1
    return np.stack(
        (
            minutes[:, 0, edges],
            np.maximum.reduceat(minutes[:, 1], edges, axis=1),
            np.minimum.reduceat(minutes[:, 2], edges, axis=1),
            minutes[:, 3, ends],
            np.add.reduceat(minutes[:, 4], edges, axis=1),
            np.add.reduceat(minutes[:, 5], edges, axis=1),
        ),
        axis=1,
    )


def draw_day(seed: int, number: int, midnight: int, opens: Floats) -> Day:
    """One day from its own chance; `opens` are the log prices it starts from."""
    rng = np.random.default_rng([seed, number])
    volatility, drift = regimes(rng)
    fat = rng.standard_t(4, (len(COINS) + 1, MINUTES)) / sqrt(2)  # variance 1
    beta, own = (np.array([getattr(coin, name) for coin in COINS])[:, None] for name in ("beta", "own"))
    usual = sqrt(1 / YEAR_MINUTES) * volatility
    market = MARKET_VOLATILITY * usual * fat[0] + drift
    moves = beta * market + own * usual * fat[1:]
    jumps, pushes, bursts = draw_jumps(rng, midnight)
    moves += pushes
    closes = opens[:, None] + np.cumsum(moves, axis=1)
    starts = np.concatenate((opens[:, None], closes[:, :-1]), axis=1)
    wick = np.abs(rng.normal(0, 0.5, (2, len(COINS), MINUTES))) * usual * (MARKET_VOLATILITY * beta + own)
    high, low = np.maximum(starts, closes) + wick[0], np.minimum(starts, closes) - wick[1]
    value = np.array([coin.price * coin.supply for coin in COINS])[:, None] * TURNOVER / MINUTES
    hours = 1 + 0.35 * np.sin((np.arange(MINUTES) / MINUTES - 0.35) * 2 * np.pi)  # busiest in the afternoon
    lively = (0.6 + np.abs(moves) / usual / 0.8) * volatility * bursts
    traded = value * hours * lively * np.exp(rng.normal(0, 0.45, moves.shape))
    # whole lots of 1/256: sums are exact, whoever adds them up
    volume = np.ceil(traded / np.exp(closes) * LOTS) / LOTS
    trades = np.floor(traded / A_TRADE) + 1
    return Day(np.exp(starts), np.exp(high), np.exp(low), np.exp(closes), volume, trades, tuple(jumps))


def regimes(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Volatility against normal and drift a minute, each (1440,)."""
    chosen = rng.choice(len(REGIMES), SPANS, p=REGIME_WEIGHTS)
    width = MINUTES // SPANS
    volatility = np.repeat([REGIMES[i][0] for i in chosen], width)
    return volatility, np.repeat([REGIMES[i][1] / MINUTES for i in chosen], width)


def draw_jumps(rng: np.random.Generator, midnight: int) -> tuple[list[Jump], Floats, Floats]:
    """Jumps of the day, the moves they add and the volume they multiply, both (coins, 1440)."""
    pushes, bursts = np.zeros((len(COINS), MINUTES)), np.ones((len(COINS), MINUTES))
    own = [int(coin) for coin in rng.integers(0, len(COINS), rng.poisson(OWN_JUMPS * len(COINS)))]
    jumps = list[Jump]()
    for coin in [*own, *[None] * int(rng.poisson(MARKET_JUMPS))]:
        minute = int(rng.integers(0, MINUTES - 60))
        size = float(rng.choice((-1, 1)) * (0.02 + rng.exponential(0.025)))
        jumps.append(Jump(midnight + minute * MINUTE, coin, size))
        rows = slice(None) if coin is None else slice(coin, coin + 1)
        pushes[rows, minute : minute + 5] += size * np.array((0.45, 0.25, 0.15, 0.1, 0.05))
        # what follows goes on or comes back, as chance has it: the demo promises no edge
        pushes[rows, minute + 5 : minute + 60] += size * rng.normal(0, 0.25) / 55
        bursts[rows, minute : minute + 60] *= 1 + rng.uniform(10, 40) * np.exp(-np.arange(60) / 15)
    return sorted(jumps, key=lambda jump: jump.at), pushes, bursts
