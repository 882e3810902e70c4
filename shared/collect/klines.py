"""Binance extraction under the names of COL-12: candles and order books of the tracked symbols."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from shared.env import Env
from shared.errors import NotFound
from shared.models import Candle, OrderBook
from shared.platform.d1 import D1Database
from shared.platform.fetch import Request
from shared.sources import Ask, Source, binance_depth, binance_klines, read_all
from shared.store import assets, jobs

FETCH_MS = 30_000

log = logging.getLogger("collect")


async def run_cycle(env: Env) -> dict[str, Any]:
    """Extract candles and order books of all tracked symbols now, unless their window is collected."""
    from shared.collect.run import collect

    return await collect(env, [binance_klines.SOURCE.job, binance_depth.SOURCE.job])


async def fetch_klines(
    env: Env, symbol: str, start_time: int | None = None, limit: int | None = None
) -> list[Candle]:
    """Closed one-minute bars of a symbol (BTCUSDT); without arguments those since the last extraction."""
    if start_time is None and limit is None:
        last = await get_last_extraction_time(env.db, symbol, binance_klines.DATA_TYPE)
        start_time, limit = binance_klines.stretch(last, env.now())
    base = env.settings.binance_url
    request = binance_klines.request_for(base, symbol, start_time, limit or binance_klines.MOST)
    found = await fetch_records(env, binance_klines.SOURCE, symbol, request)
    return [record for record in found if isinstance(record, Candle)]


async def fetch_depth(env: Env, symbol: str, limit: int = binance_depth.LEVELS) -> OrderBook:
    """The order book of a symbol, at most twenty levels a side."""
    request = binance_depth.request_for(env.settings.binance_url, symbol, limit)
    (book,) = await fetch_records(env, binance_depth.SOURCE, symbol, request)
    assert isinstance(book, OrderBook)
    return book


async def fetch_records(env: Env, source: Source, symbol: str, request: Request) -> Sequence[object]:
    """Ask and read one request; FetchFailed and Malformed reach the caller."""
    known = await assets.load(env.db)
    if not any(asset.binance_symbol == symbol for asset in known):
        raise NotFound(f"no asset has the Binance symbol {symbol!r}", code="INVALID_SYMBOL")
    answer = await env.http.get(request, deadline=env.now() + FETCH_MS)
    ask = Ask(env.now(), env.now(), env.settings, known)
    return read_all(source, answer.body, request, ask).records


async def get_last_extraction_time(db: D1Database, symbol: str, data_type: str) -> int | None:
    """Open time (ms) of the last bar extracted, None before the first."""
    return await jobs.last_extraction(db, symbol, data_type)


async def update_extraction_metadata(
    db: D1Database, symbol: str, data_type: str, last_open_time: int, count: int, now: int
) -> None:
    """Move the mark of a series forward; `count` records were added behind it."""
    await jobs.extracted_statement(db, symbol, data_type, last_open_time, count, now).run()


async def save_to_datalake(env: Env, body: bytes, symbol: str, data_type: str) -> str | None:
    """Keep a raw answer as YYYY-MM-DD/SYMBOL_type_epochms.json; its key, or None where that is off.

    A lake that cannot be written costs the raw copy, not the data.
    """
    if not env.settings.keep_raw:
        return None
    now = env.now()
    day = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    key = f"{day}/{symbol}_{data_type}_{now}.json"
    try:
        await env.lake.put(key, body)
    except Exception as error:  # obstore raises classes of each store it speaks to
        log.warning("Raw answer not kept", extra={"metadata": {"key": key, "error": str(error)[:200]}})
        return None
    return key
