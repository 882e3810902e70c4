"""Indicators: the seven of the budget and all that are registered, against TA-Lib in the same run.

    .venv/bin/python benchmarks/indicators.py [--symbols 130] [--bars 20000] [--rounds 3]
    .venv/bin/python benchmarks/indicators.py --full        all indicators over a year of 5 minutes: 105,120

Budgets: the seven (RSI, MACD, Bollinger, ATR, SMA, EMA, z-score: ten results) in <= 2 x TA-Lib's time, one
live bar of 130 symbols <= 20 us for them and <= 1.3 x their kernel alone. "delivered": both sides leave every
result in memory of the caller, TA-Lib symbol by symbol, ours bar by bar, each in its own order. "computed":
both let go of a result once it is there. CPU time of one core, best of some rounds taken in turn.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from itertools import count

import numpy as np
import talib

from shared.market.indicators import engine as engines
from shared.market.indicators.engine import Engine, Ohlcv, compute
from shared.market.indicators.kernel import FIELDS, Floats, Maker
from shared.market.indicators.registry import INDICATORS
from shared.market.indicators.seven import Seven
from shared.models import MINUTE

CHUNKS = 24  # 3,120 lanes of 130 symbols: enough to make numpy's calls cheap, few enough for the cache
SEVEN_BARS, YEAR = 100_000, 365 * 288
Peer = Callable[[Ohlcv], list[Floats]]  # of one symbol, each field (T,)


def seven_of_talib(b: Ohlcv) -> list[Floats]:
    score = (b.close - talib.SMA(b.close, 20)) / talib.STDDEV(b.close, 20)
    return [
        talib.RSI(b.close, 14),
        *talib.MACD(b.close, 12, 26, 9),
        *talib.BBANDS(b.close, 20, 2.0, 2.0),
        talib.ATR(b.high, b.low, b.close, 14),
        talib.EMA(b.close, 20),
        score,
    ]


def directional(b: Ohlcv) -> list[Floats]:
    return [find(b.high, b.low, b.close, 14) for find in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)]


def donchian(b: Ohlcv) -> list[Floats]:
    return [talib.MAX(b.high, 20), talib.MIDPRICE(b.high, b.low, 20), talib.MIN(b.low, 20)]


PEERS: dict[str, Peer] = {
    "sma": lambda b: [talib.SMA(b.close, 20)],
    "ema": lambda b: [talib.EMA(b.close, 20)],
    "wma": lambda b: [talib.WMA(b.close, 20)],
    "dema": lambda b: [talib.DEMA(b.close, 20)],
    "kama": lambda b: [talib.KAMA(b.close, 10)],
    "rsi": lambda b: [talib.RSI(b.close, 14)],
    "macd": lambda b: [*talib.MACD(b.close, 12, 26, 9)],
    "atr": lambda b: [talib.ATR(b.high, b.low, b.close, 14)],
    "adx": directional,
    "bollinger": lambda b: [*talib.BBANDS(b.close, 20, 2.0, 2.0)],
    "zscore": lambda b: [(b.close - talib.SMA(b.close, 20)) / talib.STDDEV(b.close, 20)],
    "stochastic": lambda b: [*talib.STOCHF(b.high, b.low, b.close, 14, 3, 0)],
    "williams_r": lambda b: [talib.WILLR(b.high, b.low, b.close, 14)],
    "roc": lambda b: [talib.ROC(b.close, 12)],
    "cci": lambda b: [talib.CCI(b.high, b.low, b.close, 20)],
    "stochrsi": lambda b: [*talib.STOCHRSI(b.close, 14, 14, 3, 0)],
    "mfi": lambda b: [talib.MFI(b.high, b.low, b.close, b.volume, 14)],
    "obv": lambda b: [talib.OBV(b.close, b.volume)],
    "volume_sma": lambda b: [talib.SMA(b.volume, 20)],
    "donchian": donchian,
    "psar": lambda b: [talib.SAR(b.high, b.low)],
    "aroon": lambda b: [*talib.AROON(b.high, b.low, 25), talib.AROONOSC(b.high, b.low, 25)],
}


def made_bars(bars: int, symbols: int) -> Ohlcv:
    """Random walks (T, S) about 60,000, a fat-tailed tenth of a percent a bar."""
    chance = np.random.default_rng(1)
    close = chance.standard_t(4, (bars, symbols)) * 0.0007
    close = 60_000 * np.exp(np.cumsum(close, axis=0, out=close), out=close)
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) * 1.0004, np.minimum(opened, close) * 0.9996
    volume = np.exp(chance.normal(3, 0.6, close.shape))
    times = np.repeat(np.arange(bars, dtype=np.float64)[:, None] * 5 * MINUTE, symbols, axis=1)
    return Ohlcv(opened, high, low, close, volume, open_time=times)


def by_symbol(bars: Ohlcv) -> list[Ohlcv]:
    """What TA-Lib reads: each field of each symbol in a row of its own."""
    fields = [np.ascontiguousarray(field.T) for field in bars[:5]]
    return [Ohlcv(*rows) for rows in zip(*fields, strict=True)]


def talibs(peer: Peer, symbols: list[Ohlcv], results: Floats | None) -> None:
    """All symbols, results copied to `results` (C, S, T) or let go."""
    for i, one in enumerate(symbols):
        found = peer(one)
        if results is not None:
            for row, column in zip(results, found, strict=False):
                row[i] = column


def ours(maker: Maker, bars: Ohlcv, results: Floats | None) -> None:
    """All symbols in chunks side by side; without `results` the columns of a bar are let go with the next."""
    if results is not None:
        compute(maker, bars, chunks=CHUNKS, out=results)
        return
    engine = Engine([maker])
    lead, length = engines.cut(engine, len(bars.close), CHUNKS)
    chunks = (len(bars.close) - lead) // length
    state = engine.empty(chunks * bars.close.shape[1])
    load = engines.loader(state, {i: bars[i] for i in engine.reads if bars[i] is not None}, lead, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in engines.stepped(state, lead + length, load):
            pass


def best(work: list[Callable[[], None]], rounds: int) -> list[float]:
    """Least CPU seconds of each, taken in turn."""
    least = [float("inf")] * len(work)
    for _ in range(rounds):
        for i, one in enumerate(work):
            began = time.process_time()
            one()
            least[i] = min(least[i], time.process_time() - began)
    return least


def seven(bars: Ohlcv, rounds: int) -> None:
    total, symbols = bars.close.shape
    theirs = by_symbol(bars)
    kept, peers = np.ones((10, total, symbols)), np.ones((10, symbols, total))
    took = best(
        [
            lambda: ours(Seven, bars, kept),
            lambda: talibs(seven_of_talib, theirs, peers),
            lambda: ours(Seven, bars, None),
            lambda: talibs(seven_of_talib, theirs, None),
        ],
        rounds,
    )
    a, b, c, d = (1e9 * seconds / total / symbols for seconds in took)
    print(f"the seven, {symbols} symbols x {total:,} bars, ns a symbol and bar (10 results):")
    print(f"  delivered  ours {a:5.1f}   TA-Lib {b:5.1f}   ratio {a / b:.2f}   (budget 2.0)")
    print(f"  computed   ours {c:5.1f}   TA-Lib {d:5.1f}   ratio {c / d:.2f}")
    print(f"  ours delivered by TA-Lib computed: {a / d:.2f}")


def live(symbols: int) -> None:
    """One bar of all symbols: the seven and all that is registered, lanes of one age and of many."""
    everything = Engine([one.make() for one in INDICATORS.values()])
    for name, engine, calls in (("the seven", Engine([Seven]), 2000), ("all indicators", everything, 200)):
        for ages in (1, 20):
            whole, kernels = live_bar(engine, symbols, ages, calls)
            print(
                f"one live bar x {symbols} symbols, {name} ({len(engine.names)} columns), lanes of {ages:2} "
                f"age(s): {whole:6.1f} us, kernels alone {kernels:6.1f} us, ratio {whole / kernels:.2f}"
            )


def live_bar(engine: Engine, symbols: int, ages: int, calls: int) -> tuple[float, float]:
    """Microseconds of Engine.advance, and of the kernels' steps within it."""
    bars = made_bars(400, symbols)
    absent = np.full_like(bars.close, np.nan)
    fields = np.stack([absent if part is None else part for part in bars])
    assert len(fields) == len(FIELDS)
    state = engine.empty(symbols)
    for age in range(ages):
        lanes = np.arange(age, symbols, ages)
        engine.advance(state, fields[:, : 300 + age][:, :, lanes], lanes)
    ready = [np.ascontiguousarray(fields[:, i : i + 1]) for i in range(320, 400)]
    numbers = count()

    def whole() -> None:
        for _ in range(calls):
            engine.advance(state, ready[next(numbers) % len(ready)])

    def kernels() -> None:
        window = state.window
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(calls):
                window.count += 1
                window.least, window.most = window.least + 1, window.most + 1
                for step, out in state.steps:
                    step(window, out)

    a, b = best([whole, kernels], 7)
    return 1e6 * a / calls, 1e6 * b / calls


def registered(bars: Ohlcv) -> None:
    """Every indicator over all bars, one after the other, results delivered."""
    total, symbols = bars.close.shape
    theirs = by_symbol(bars)
    widest = max(len(one.make()(1).names) for one in INDICATORS.values())
    kept, peers = np.ones((widest, total, symbols)), np.ones((widest, symbols, total))
    sums = {"all": 0.0, "shared": 0.0, "TA-Lib": 0.0}
    print(f"all indicators, {symbols} symbols x {total:,} bars, ns a symbol and bar:")
    for name, indicator in INDICATORS.items():
        maker, peer = indicator.make(), PEERS.get(name)
        width = len(maker(1).names)
        (a,) = best([lambda m=maker, w=width: ours(m, bars, kept[:w])], 1)  # type: ignore[misc]
        sums["all"] += a
        line = f"  {name:20} {width} columns {1e9 * a / total / symbols:7.1f}"
        if peer:
            (b,) = best([lambda p=peer: talibs(p, theirs, peers)], 1)  # type: ignore[misc]
            sums["shared"] += a
            sums["TA-Lib"] += b
            line += f"   TA-Lib {1e9 * b / total / symbols:7.1f}   ratio {a / b:5.2f}"
        print(line, flush=True)
    print(f"  all {len(INDICATORS)}: {sums['all']:.1f} s")
    print(
        f"  the {len(PEERS)} that TA-Lib has: ours {sums['shared']:.1f} s, TA-Lib {sums['TA-Lib']:.1f} s, "
        f"ratio {sums['shared'] / sums['TA-Lib']:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--symbols", type=int, default=130)
    parser.add_argument("--bars", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    live(asked.symbols)
    seven(made_bars(SEVEN_BARS, asked.symbols), asked.rounds)
    registered(made_bars(YEAR if asked.full else asked.bars, asked.symbols))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory, bars and results of both sides included: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
