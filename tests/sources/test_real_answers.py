"""Sources against what real providers answered, and feed readers' own torture sets."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from recordings_support import ask, reading, source_of

from shared.errors import Malformed
from shared.models import Article, Candle, Metric, OrderBook, Quote
from shared.sources import binance_depth, binance_klines, read_all


def body(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_coingecko_markets(real: Path) -> None:
    source, request = source_of("coingecko_markets")
    found = reading(source, request, body(real / "api/coingecko/market_data_for_a_coin_200.json"))
    (quote,) = found["records"]
    assert (quote["price"], quote["at"]) == (49053, at("2021-05-15T15:59:43.867"))
    assert quote["open_24h"] == 49053 + 2246.57482218
    many = real / "api/coingecko/market_data_for_multiple_coins_in_eth_200.json"
    assert [r["asset"] for r in reading(source, request, body(many))["records"]] == [1, 2]


@pytest.mark.parametrize("provider", ["coingecko", "http_errors"])
def test_recorded_errors_are_malformed(real: Path, provider: str) -> None:
    failed = [
        p for p in (real / "api" / provider).iterdir() if ".meta." not in p.name and "_200" not in p.name
    ]
    assert len(failed) > 3
    for path in failed:
        for name in ("coingecko_markets", "binance_ticker", "defillama_stablecoins", "rss"):
            source, request = source_of(name)
            assert "malformed" in reading(source, request, body(path)), path.name


def test_binance_tickers_leave_dead_pairs_out(real: Path) -> None:
    source, request = source_of("binance_ticker")
    answer = body(real / "api/binance/Binance_api_binance_com_api_v1_ticker_24hr_0_200.json.gz")
    rows = {row["symbol"]: row for row in orjson.loads(answer)}
    found = read_all(source, answer, request, replace(ask(), now=at("2019-08-22T03:38:26")))
    assert found.items == len(rows) == 595
    assert len(found.records) > 20
    for quote in found.records:
        assert isinstance(quote, Quote)
        asset = ask().assets.by_id(quote.asset)
        assert quote.price == float(rows[asset.binance_symbol or ""]["lastPrice"]) > 0
    dead = {s for s, row in rows.items() if row["count"] == 0}
    ours = {a.binance_symbol for a in ask().assets}
    assert len(dead) == 51
    assert found.refused == len(dead & ours)


@pytest.mark.parametrize(("symbol", "bars"), [("BTCUSDT", 500), ("ETHUSDT", 1000), ("SOLUSDT", 500)])
def test_binance_klines(real: Path, symbol: str, bars: int) -> None:
    answer = body(real / f"api/binance/klines_{symbol}_1d_{bars}_reassembled.json.gz")
    request = binance_klines.request_for("https://api.example", symbol, None, 1000)
    found = read_all(binance_klines.SOURCE, answer, request, ask())
    rows = orjson.loads(answer)
    assert found.refused == 0
    assert len(found.records) == len(rows) == bars
    for row, candle in zip(rows, found.records, strict=True):
        assert isinstance(candle, Candle)
        assert candle.open_time == row[0]
        values = (candle.open, candle.high, candle.low, candle.close, candle.volume)
        assert values == tuple(map(float, row[1:6]))


def test_binance_depth(real: Path) -> None:
    answer = body(real / "api/binance/Binance_api_binance_com_api_v1_depth_0_200.json")
    request = binance_depth.request_for("https://api.example", "BTCUSDT")
    (book,) = read_all(binance_depth.SOURCE, answer, request, ask()).records
    assert isinstance(book, OrderBook)
    assert len(book.bids) == len(book.asks) == 20
    assert (book.bids[0], book.asks[0]) == ((9907.32, 0.006031), (9915.0, 0.927248))


def test_defillama_stablecoins(real: Path) -> None:
    source, request = source_of("defillama_stablecoins")
    found = read_all(source, body(real / "api/defillama/stablecoins_first6.json"), request, ask())
    values = {r.name: r.value for r in found.records if isinstance(r, Metric)}
    assert len(values) == 12
    assert values["stablecoin_supply:usdt"] == 187046513494.91772
    assert values["stablecoin_price:pyusd"] == 0.9998491466986025


def test_crypto_feeds(real: Path) -> None:
    source, request = source_of("rss")
    later = at("2026-10-01T00:00:00")
    coindesk = reading(source, request, body(real / "feeds/crypto/coindesk_2026-09-25.xml"), later)
    assert coindesk["records"][0]["key"] == "coindesk:a0b4a6ba-5569-4fef-940c-e402f9698d89"
    assert coindesk["records"][0]["at"] == at("2026-09-25T14:41:53")
    assert coindesk["refused"] == 0
    assert len(coindesk["records"]) == 3
    excerpt = real / "feeds/crypto/cointelegraph_2026-09-30_excerpt.xml"
    found = reading(source, request, body(excerpt), later)["records"]
    assert len(found) == 3
    assert all("utm_" not in r["url"] + r["key"] and not r["title"].endswith(" ") for r in found)
    assert found[0]["summary"].startswith("Petrobras developed two Cardano-based")


def feed_bodies(real: Path) -> list[tuple[str, bytes]]:
    found = []
    for path in sorted((real / "feeds").rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as pack:
                found += [(f"{path.name}/{n}", pack.read(n)) for n in pack.namelist() if n.endswith(".xml")]
        elif path.is_file() and path.suffix != ".md":
            found.append((path.name, body(path)))
    return found


def test_every_recorded_feed_is_read_without_harm(real: Path) -> None:
    source, request = source_of("rss")
    read, articles = 0, list[Any]()
    bodies = feed_bodies(real)
    for _, text in bodies:
        try:
            found = read_all(source, text, request, ask())
        except Malformed:
            continue
        read += 1
        articles += found.records
    assert len(bodies) > 700
    assert read > 600
    for article in articles:
        assert isinstance(article, Article)
        assert article.url.startswith(("http://", "https://"))
        text = f"{article.title} {article.summary}"
        assert not any(bad in text.lower() for bad in ("<script", "<img", "<iframe", "onerror=x", "<style"))
        assert "root:" not in text  # an external entity that was followed
