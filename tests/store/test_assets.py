"""The assets known from the start, and every name they go by."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from shared.platform.d1 import D1Database
from shared.store import assets


async def test_a_hundred_and_thirty_assets_in_rank_order(db: D1Database) -> None:
    known = await assets.load(db)
    assert sum(asset.kind == "crypto" for asset in known) == 130
    assert [asset.symbol for asset in known][:4] == ["BTC", "ETH", "USDT", "XRP"]
    tracked = [asset.symbol for asset in known if asset.tracked]
    assert len(tracked) == 20
    assert not {"USDT", "USDC", "DAI", "FDUSD"} & set(tracked)
    assert all(asset.binance_symbol for asset in known if asset.tracked)


async def test_the_market_as_a_whole_has_a_place_without_a_price(db: D1Database) -> None:
    market = (await assets.load(db)).resolve("market")
    assert market is not None
    assert (market.symbol, market.kind, market.tracked) == ("MARKET", "index", False)
    assert (market.coingecko_id, market.binance_symbol, market.rank) == (None, None, None)


@pytest.mark.parametrize(
    "name",
    ["bitcoin", "BTC", "btc", " BTCUSDT ", "BTC-USD", "BTC/USD", "btc_usdt", "BTCUSDC", "XBT", "XXBTZUSD"],
)
async def test_bitcoin_by_any_name(db: D1Database, name: str) -> None:
    found = (await assets.load(db)).resolve(name)
    assert found is not None
    assert found.slug == "bitcoin"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("XETHZUSD", "ethereum"),
        ("XDGUSD", "dogecoin"),
        ("TUSD", "true-usd"),  # a ticker before T + USD
        ("MATIC", "polygon-ecosystem-token"),
        ("BTTCUSDT", "bittorrent"),  # the exchange's own name of the pair
        ("XRP_USDT_USDT", None),  # a future, not the coin
        ("ADA_BTC", None),
        ("nonsense", None),
        ("", None),
    ],
)
async def test_names_that_are_easily_mixed_up(db: D1Database, name: str, slug: str | None) -> None:
    found = (await assets.load(db)).resolve(name)
    assert (found.slug if found else None) == slug


async def test_suggestions_for_a_misspelt_name(db: D1Database) -> None:
    known = await assets.load(db)
    assert "bitcoin" in known.near("bitcion")
    assert "ethereum" in known.near("etherium")
    assert known.near("zzzzzzzzz") == []


async def test_slugs_are_coingecko_ids(db: D1Database, real: Path) -> None:
    """Of the coins that existed in 2021, the list CoinGecko gave then knows each by this id."""
    listed = gzip.decompress((real / "lists" / "coingecko_coins_list_2021-05-15.json.gz").read_bytes())
    tickers = {coin["id"]: coin["symbol"].upper() for coin in json.loads(listed)}
    renamed = {"render-token", "iota", "terra-luna"}
    shared = [asset for asset in await assets.load(db) if asset.coingecko_id in tickers]
    assert len(shared) >= 85
    assert [a.slug for a in shared if tickers[a.slug] != a.symbol and a.slug not in renamed] == []


@pytest.mark.parametrize(
    ("symbol", "ticker", "kind"),
    [
        ("ARBUSDT", "ARB", "crypto"),
        ("NEWCOINUSDT", "NEWCOIN", "crypto"),
        ("ADA_BTC", "ADA-BTC", "pair"),
        ("VIX", "VIX", "index"),
        ("EURUSDT", "EUR", "other"),
        ("XRP_USDT_USDT", "XRP-USDT-USDT", "other"),
    ],
)
async def test_an_imported_symbol_becomes_one_asset(
    db: D1Database, symbol: str, ticker: str, kind: str
) -> None:
    first = await assets.ensure(db, symbol)
    again = await assets.ensure(db, symbol.lower())
    assert first == again
    assert (first.symbol, first.kind) == (ticker, kind)
    assert (await assets.load(db)).resolve(ticker) == first


async def test_an_imported_future_does_not_take_the_name_of_the_coin(db: D1Database) -> None:
    await assets.ensure(db, "XRP_USDT_USDT")
    found = (await assets.load(db)).resolve("XRP-USDT")
    assert found is not None
    assert found.slug == "ripple"


async def test_sources_are_added_once(db: D1Database) -> None:
    first = await assets.source_id(db, "somewhere")
    assert await assets.source_id(db, "somewhere") == first
    assert (await assets.sources(db))[first] == "somewhere"
    assert await assets.source_id(db, "binance") == 1
