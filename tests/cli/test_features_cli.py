"""`cryptointel features`: history as CSV and NDJSON, computed from the stored candles."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shared.env import ROOT
from shared.market.features.dictionary import names

Run = Callable[..., subprocess.CompletedProcess[str]]
HEAD = ["at", "known_at", "dictionary", "symbol", "source"]
START = 1_704_067_200_000  # 2024-01-01T00:00Z
HOUR = 3_600_000


@pytest.fixture
def command(tmp_path: Path) -> Run:
    """Run `cryptointel` on a database with 60 hours of bitcoin and ethereum."""
    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "SECRETS_DIR": str(tmp_path / "secrets"),
        "LIBSQL_URL": f"file:{tmp_path / 'test.db'}",
        "LAKE_URL": f"file:{tmp_path / 'lake'}",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-c", "from shared.cli import main; main()", *arguments]
        return subprocess.run(
            program, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )

    rng = np.random.default_rng(0)
    folder = tmp_path / "candles"
    folder.mkdir()
    for symbol in ("BTCUSDT", "ETHUSDT"):
        prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 61)))
        lines = [
            f"{START + i * HOUR},{a},{max(a, b) + 1},{min(a, b) - 1},{b},5"
            for i, (a, b) in enumerate(zip(prices[:-1].tolist(), prices[1:].tolist(), strict=True))
        ]
        (folder / f"{symbol}-1h.csv").write_text("\n".join(["open_time,open,high,low,close,volume", *lines]))
    run("secrets")
    assert run("import", str(folder)).returncode == 0
    return run


def test_history_goes_to_a_file_or_to_standard_output_in_two_formats(command: Run, tmp_path: Path) -> None:
    span = ("--from", "2024-01-02", "--to", "2024-01-03")
    out = tmp_path / "features.csv"
    done = command("features", "all", *span, "--out", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert "48 rows" in done.stderr
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == [*HEAD, *names()]
    assert [(row["at"], row["symbol"]) for row in rows[:3]] == [
        (str(START + 24 * HOUR), "BTC"), (str(START + 24 * HOUR), "ETH"), (str(START + 25 * HOUR), "BTC"),
    ]  # fmt: skip
    assert all(int(row["known_at"]) >= int(row["at"]) for row in rows)
    assert {(row["dictionary"], row["source"]) for row in rows} == {("1", "import")}
    assert (rows[0]["vix"], rows[0]["return_96"]) == ("", "")
    lines = command("features", "ETH", *span, "--format", "ndjson").stdout.splitlines()
    told = [json.loads(line) for line in lines]
    assert [row["at"] for row in told] == [START + (24 + i) * HOUR for i in range(24)]
    assert (told[0]["symbol"], told[0]["vix"]) == ("ETH", None)
    assert told[5]["return_3"] == float(rows[11]["return_3"])


def test_nothing_to_export_is_said(command: Run) -> None:
    done = command("features", "BTC", "--step", "1d")
    assert done.returncode == 1
    assert "0 rows" in done.stderr
    assert list(csv.reader(io.StringIO(done.stdout))) == [[*HEAD, *names()]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("BTC", "--from", "soon"), "'soon' is not a date"),
        (("BTC", "--from", "2024-01-03", "--to", "2024-01-02"), "begins at or after --to"),
        (("BTC", "--step", "2h"), "'2h' is not one of"),
        (("BTCC",), "no asset is called 'BTCC'"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(command: Run, arguments: tuple[str, ...], says: str) -> None:
    done = command("features", *arguments)
    assert done.returncode in (1, 2)
    assert says in done.stderr
