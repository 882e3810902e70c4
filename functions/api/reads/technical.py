"""Technical indicators of one asset, and what its last 24 hours came to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from functions.api.query import INTERVALS
from functions.api.reads import AS_OF, Ask, Parameter, Read
from functions.api.reads.bars import newest_bars, only
from shared.errors import Invalid, NotFound
from shared.models import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from shared.market.codec import Columns

Wanted = list[tuple[str, dict[str, int], int]]  # indicator, its period, bars it needs before the first shown

DEFAULT_TIMEFRAME = "1h"
# REF-13: what is answered where nothing is asked for.
USUAL: dict[str, tuple[int, ...]] = {
    "sma": (20, 50, 200),
    "ema": (12, 26),
    "macd": (),
    "rsi": (),
    "stochastic": (),
    "williams_r": (),
    "roc": (),
    "bollinger": (),
    "atr": (),
    "volatility_ratio": (),
    "vwap": (),
    "volume_sma": (),
    "pvt": (),
    "obv": (),
}
MOST_PERIODS, LONGEST = 5, 500
MOST_WANTED = 40  # every indicator once: of the longest period two seconds of computing
CHUNKS = 16  # parts of the time that move side by side where an indicator looks at its window alone
DAY_STEPS = (5 * MINUTE, MINUTE, HOUR, DAY)  # for the last 24 hours: the first that is up to date


async def technical(ask: Ask) -> dict[str, Any]:
    """Give the newest value of each indicator, and with `limit` the rows before it too.

    What is still in its warm-up is null; `warm_up` says how many bars that takes. Totals and stops, which
    never forget where they began, name the bar they were counted from as `begun`.
    """
    query = ask.query
    only(ask, ("indicators", "timeframe", "periods", "limit", "as_of"))
    timeframe = query.choice("timeframe", INTERVALS, "INVALID_TIMEFRAME") or DEFAULT_TIMEFRAME
    as_of, limit = query.as_of(ask.env.now()), query.limit() if query.text("limit") else None
    asset = await ask.snapshots.asset(ask.path["symbol"])
    # in a thread: numpy may have to be imported yet
    wanted = await asyncio.to_thread(
        chosen, query.text("indicators"), query.text("periods"), INTERVALS[timeframe]
    )
    rows = max(lead for *_, lead in wanted) + (limit or 1)
    source, bars = await newest_bars(ask, asset, timeframe, rows, as_of)
    found = await asyncio.to_thread(computed, wanted, bars, limit)
    newest = bars.open_time[-1]
    return {
        "symbol": asset.symbol,
        "timeframe": timeframe,
        "source": source,
        "open_time": newest,
        "at": newest + INTERVALS[timeframe],
        "close": bars.close[-1],
        **found,
    }


def chosen(indicators: str | None, periods: str | None, step: int) -> Wanted:
    """What to compute; raises Invalid."""
    from shared.market.indicators.reach import bars_before
    from shared.market.indicators.registry import INDICATORS

    lengths = read_periods(periods)
    names = list(dict.fromkeys((indicators or ",".join(USUAL)).replace(" ", "").split(",")))
    if names == ["all"]:
        names = [*INDICATORS]
    wanted: Wanted = []
    for name in names:
        if name not in INDICATORS:
            known = ", ".join(sorted(INDICATORS))
            raise Invalid(
                f"indicators: there is no {name[:64]!r}; there are {known}, or all of them by `all`",
                field="indicators",
                known=sorted(INDICATORS),
            )
        wanted += [(name, one, bars_before(name, step, **one)) for one in settings_of(name, lengths)]
    if len(wanted) > MOST_WANTED:
        told = f"periods: {len(wanted)} indicators with their periods, at most {MOST_WANTED} at once"
        raise Invalid(told, field="periods")
    return wanted


def read_periods(text: str | None) -> list[int]:
    words = text.replace(" ", "").split(",") if text else []
    if len(words) > MOST_PERIODS or not all(
        word.isascii() and word.isdecimal() and len(word) < 5 and 2 <= int(word) <= LONGEST for word in words
    ):
        what = f"at most {MOST_PERIODS} whole numbers from 2 to {LONGEST}, with commas between"
        raise Invalid(f"periods: {text!r} is not {what}", field="periods")
    return list(dict.fromkeys(int(word) for word in words))


def settings_of(name: str, periods: list[int]) -> list[dict[str, int]]:
    """The settings of an indicator: by the periods asked for, else the usual ones."""
    from shared.market.indicators.registry import INDICATORS

    if not any(one.name == "period" for one in INDICATORS[name].parameters):
        return [{}]
    return [{"period": period} for period in periods or USUAL.get(name, ())] or [{}]


def computed(wanted: Wanted, bars: Columns, limit: int | None) -> dict[str, Any]:
    """The newest values by indicator, and the last `limit` rows of all columns."""
    from shared.market.indicators.registry import INDICATORS, compute_indicator, settings
    from shared.market.providers import listed, nullable, of_columns

    series = of_columns(bars)
    shown = slice(max(0, len(series) - (limit or 1)), None)
    columns: dict[str, Any] = {"open_time": bars.open_time[shown], "close": bars.close[shown]}
    data = []
    for name, given, lead in wanted:
        indicator, part = INDICATORS[name], series.last(lead + (limit or 1))
        values = compute_indicator(name, part.ohlcv, chunks=CHUNKS, **given)
        rows = {column: nullable(one[-len(columns["close"]) :]) for column, one in values.items()}
        columns |= rows
        data.append(
            {
                "name": name,
                "title": indicator.title,
                "parameters": (used := settings(indicator, {**given})),
                "warm_up": indicator.warmup(**used),
                "values": {column: one[-1] for column, one in rows.items()},
            }
        )
        if indicator.make(**used)(1).settle is None:
            data[-1]["begun"] = part.open_time[0]
    return {"data": data, "series": listed(**columns)} if limit else {"data": data}


async def day_statistics(ask: Ask) -> dict[str, Any]:
    """Give change, volume, high and low of the 24 hours up to the newest bar, and the bars it is made of."""
    from dataclasses import asdict

    from shared.market.day import day_of
    from shared.store import candle_series, candles

    only(ask, ("as_of",))
    as_of = ask.query.as_of(ask.env.now())
    asset = await ask.snapshots.asset(ask.path["symbol"])
    limit = as_of or ask.env.now()
    ends: dict[int, int] = {}
    for step in DAY_STEPS:
        series = await candle_series.of_asset(ask.env.db, asset.id, step)
        if series:
            ends[step] = min(limit // step * step, max(one.last_open for one in series) + step)
    # shorter bars say more, unless they ended before the longer ones did
    for step, end in ends.items():
        if end < max(ends.values()) - HOUR:
            continue
        source, bars = await candles.read_columns(ask.env.db, asset.id, step, end - DAY, end, as_of=as_of)
        if bars.open_time:
            about = {"symbol": asset.symbol, "from": end - DAY, "at": end, "source": source}
            interval = next(name for name, length in INTERVALS.items() if length == step)
            return {
                "data": {**about, "interval": interval, "bars_expected": DAY // step, **asdict(day_of(bars))}
            }
    raise NotFound(f"there are no candles of {asset.symbol} to count a day from", symbol=asset.symbol)


READS = (
    Read(
        "/api/v1/technical/{symbol}",
        "Technical indicators of one asset",
        "read:prices",
        "prices",
        technical,
        (
            Parameter(
                "indicators",
                "Names, comma separated, or `all`; docs/INDICATORS.md defines them. Else moving averages, "
                "MACD, RSI, stochastic, Williams %R, ROC, Bollinger, ATR, volatility ratio, VWAP, mean "
                "volume, PVT, OBV",
            ),
            Parameter("timeframe", "Length of a bar", {"enum": [*INTERVALS], "default": DEFAULT_TIMEFRAME}),
            Parameter(
                "periods", "Lengths, comma separated, of the indicators that have one; else each one's own"
            ),
            Parameter(
                "limit",
                "Give the newest so many rows as `series` too",
                {"type": "integer", "minimum": 1, "maximum": 1000},
            ),
            AS_OF,
        ),
        aliases=("/api/v1/technical/{symbol}/indicators", "/api/indicators/{symbol}"),
    ),
    Read(
        "/api/v1/market-data/{symbol}/statistics",
        "The last 24 hours of one asset: change, volume, high and low",
        "read:prices",
        "prices",
        day_statistics,
        (AS_OF,),
        aliases=("/api/stats/{symbol}",),
    ),
)
