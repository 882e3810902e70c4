"""The registry of chart providers: found by being there, described by themselves, strict about parameters."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import orjson
import pytest
from chart_bars import ask, bitcoin, closing

import shared.market.providers as package
from shared.errors import Invalid, NotFound
from shared.market.providers import STEPS, provider, providers
from shared.models import OrderBook

REQUIRED = {
    "candlestick",
    "volume",
    "rsi",
    "macd",
    "bollinger",
    "orderbook",
    "atr",
    "correlation",
    "price_distribution",
    "return_distribution",
    "volume_profile",
}
NAMES = sorted(REQUIRED)
WITH_BARS = [name for name in NAMES if name != "orderbook"]


def test_a_file_in_the_folder_is_a_provider() -> None:
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(providers()) == files
    assert files >= REQUIRED


def test_a_new_file_is_found_without_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = inspect.getsource(__import__("shared.market.providers.volume", fromlist=["PROVIDER"]))
    (tmp_path / "made_here.py").write_text(code.replace('"Volume",', '"Made here",'))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    providers.cache_clear()
    try:
        assert provider("made_here").title == "Made here"
    finally:
        providers.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_metadata_says_what_a_client_needs(name: str) -> None:
    found = provider(name).describe(name)
    assert found["name"] == name
    assert all(found[key] for key in ("title", "description", "chart", "outputs"))
    assert found["refresh_seconds"] in (10, 15, 30)
    for parameter in found["parameters"].values():
        assert parameter["type"] in ("integer", "number", "string")
        assert parameter["description"]
        if parameter["type"] != "string":
            assert parameter["minimum"] <= parameter["default"] <= parameter["maximum"]
    assert orjson.loads(orjson.dumps(found)) == found


def test_defaults_are_those_of_the_reference_charts() -> None:
    defaults: dict[str, dict[str, Any]] = {
        name: {one.name: one.default for one in found.parameters} for name, found in providers().items()
    }
    assert {name: found["limit"] for name, found in defaults.items()} == dict.fromkeys(defaults, 200)
    assert defaults["candlestick"]["averages"] == "7,25,99"
    assert (defaults["rsi"]["period"], defaults["rsi"]["overbought"], defaults["rsi"]["oversold"]) == (
        14,
        70,
        30,
    )
    assert [defaults["macd"][f"{name}_period"] for name in ("fast", "slow", "signal")] == [12, 26, 9]
    assert (defaults["volume_profile"]["bins"], defaults["volume_profile"]["value_area"]) == (20, 0.7)
    assert defaults["return_distribution"]["bins"] == 30
    refreshed = {name: found.refresh_s for name, found in providers().items()}
    assert refreshed.pop("orderbook") == 10
    slow = {"price_distribution", "return_distribution", "volume_profile"}
    assert {name for name, seconds in refreshed.items() if seconds == 30} == slow
    assert {seconds for name, seconds in refreshed.items() if name not in slow} == {15}


def test_an_unknown_provider_is_told_which_there_are() -> None:
    with pytest.raises(NotFound, match="candlestick, correlation"):
        provider("candles")


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("rsi", {"perod": "7"}, "perod: no such parameter; there are limit, interval, period"),
        ("rsi", {"period": "1"}, "period: '1' is not a whole number from 2 to 500"),
        ("rsi", {"period": "fourteen"}, "period: 'fourteen' is not a whole number"),
        ("rsi", {"period": "14.5"}, "period: '14.5' is not a whole number"),
        ("bollinger", {"std_dev": "nan"}, "std_dev: 'nan' is not a number from 0.1 to 10"),
        ("candlestick", {"limit": "1001"}, "limit: '1001' is not a whole number from 1 to 1000"),
        ("candlestick", {"interval": "2h"}, "interval: '2h' is not one of 1m, 5m, 1h, 1d"),
    ],
)
def test_a_wrong_parameter_is_named(name: str, given: dict[str, str], text: str) -> None:
    with pytest.raises(Invalid) as raised:
        provider(name).settings(given)
    assert text in str(raised.value)


@pytest.mark.parametrize("words", ["", "7,", "7;25", "1", "501", "2,3,4,5,6,7", "-7", "٣"])
def test_averages_are_a_few_whole_numbers(words: str) -> None:
    with pytest.raises(Invalid, match="averages"):
        ask("candlestick", closing(1, 2, 3), averages=words)


def test_slow_must_be_slower_than_fast() -> None:
    with pytest.raises(Invalid, match="fast_period"):
        ask("macd", closing(1, 2, 3), fast_period=30)


@pytest.mark.parametrize("name", WITH_BARS)
@pytest.mark.parametrize("closes", [(5.0,), (5.0, 5.0), (5.0,) * 60, (1e-9, 2e-9, 1e9)])
def test_any_bars_give_an_answer_for_json(name: str, closes: tuple[float, ...]) -> None:
    bars = closing(*closes, volume=0.0)
    if name == "return_distribution" and len(closes) == 1:
        with pytest.raises(NotFound):
            ask(name, bars)
        return
    answer = ask(name, bars, {"ETH": bars, "SOL": bars})
    assert "NaN" not in str(answer).replace("nan", "NaN")
    assert orjson.loads(orjson.dumps(answer)) == answer


@pytest.mark.parametrize("name", WITH_BARS)
def test_the_first_row_shown_is_right(name: str, real: Path) -> None:
    """With the lead it asks for, a provider shows what it would with all of history before."""
    bars, found = bitcoin(real), provider(name)
    settings = found.settings({"limit": "50", "interval": "1d"})
    least = bars.last(50 + found.lead(settings))
    short = ask(name, least, {"ETH": least, "SOL": least}, limit=50)
    whole = ask(name, bars, {"ETH": bars, "SOL": bars}, limit=50)
    assert short["columns"] == whole["columns"]
    for mine, full in zip(short["data"], whole["data"], strict=True):
        assert mine == pytest.approx(full, rel=1e-9, abs=1e-9)
    assert len(short["data"]) >= 20
    assert {found.lead({**settings, "interval": step}) for step in STEPS} == {found.lead(settings)}


def test_an_order_book_shows_what_stands_up_to_each_price() -> None:
    old = OrderBook(1, "kraken", 1000, ((99.0, 1.0),), ((101.0, 1.0),))
    new = OrderBook(1, "binance", 2000, ((99.0, 2.0), (98.0, 1.0), (97.0, 5.0)), ((101.0, 1.0), (103.0, 4.0)))
    answer = ask("orderbook", books=[old, new], limit=2)
    assert answer == {
        "at": 2000,
        "source": "binance",
        "sources": ["binance", "kraken"],
        "bids": {"columns": ["price", "quantity", "total"], "data": [[99.0, 2.0, 2.0], [98.0, 1.0, 3.0]]},
        "asks": {"columns": ["price", "quantity", "total"], "data": [[101.0, 1.0, 1.0], [103.0, 4.0, 5.0]]},
        "middle": 100.0,
        "spread": 2.0,
        "spread_bps": 200.0,
        "imbalance": -0.25,
    }
    assert ask("orderbook", books=[old, new], source="kraken")["at"] == 1000
    with pytest.raises(NotFound, match="there are books of binance, kraken"):
        ask("orderbook", books=[old, new], source="bitfinex")
