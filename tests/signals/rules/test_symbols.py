"""Which assets a rule is about, and how they are shown."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Invalid
from shared.models import DAY, HOUR, Candle
from shared.signals.rules.symbols import checked_symbols, members, names_of, spoken
from shared.store import assets, candle_series, candles


async def test_names_become_slugs_and_are_shown_as_tickers(db: Any) -> None:
    known = await assets.load(db)
    slugs = checked_symbols(known, ["btc", "ETHUSDT", "bitcoin", "XBTUSD"])
    assert slugs == ("bitcoin", "ethereum")
    assert spoken(slugs, known) == ["BTC", "ETH"]
    assert checked_symbols(known, [" Top( 20 ) "]) == ("top(20)",)
    assert checked_symbols(known, ["ALL"]) == ("all",)
    assert spoken(("all",), known) == ["all"]
    assert names_of(known).resolve("btc") == "bitcoin"
    assert names_of(known).resolve("x" * 100) is None


@pytest.mark.parametrize(
    "given",
    [[], ["nothing-of-that-name"], ["all", "BTC"], ["top(0)"], ["top(201)"], ["BTC"] * 201, ["x" * 99]],
)
async def test_what_is_no_set_of_symbols(db: Any, given: list[str]) -> None:
    with pytest.raises(Invalid, match="symbols"):
        checked_symbols(await assets.load(db), given)


async def test_sets_hold_the_coins_of_which_there_are_bars(db: Any) -> None:
    await assets.ensure(db, "ADA_BTC")
    known = await assets.load(db)
    named = {name: known.resolve(name) for name in ("SOL", "BTC", "ADA-BTC", "ETH")}
    bars = [
        Candle(asset.id, "binance", HOUR, 0, 1, 1, 1, 1, 1)
        for name, asset in named.items()
        if asset and name != "ETH"
    ]
    await candles.add(db, bars, 0)
    series = await candle_series.of_step(db, HOUR)

    def symbols(*given: str) -> list[str]:
        return [asset.symbol for asset in members(given, known, series)]

    assert symbols("all") == ["BTC", "SOL"]  # by rank, no pairs
    assert symbols("top(1)") == ["BTC"]
    assert symbols("top(9)") == ["BTC", "SOL"]
    assert symbols("solana", "ethereum") == ["SOL"]
    assert symbols("ada-btc") == ["ADA-BTC"]
    assert members(("all",), known, await candle_series.of_step(db, DAY)) == []
