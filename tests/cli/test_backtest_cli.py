"""backtest and verify on the command line: JSON, what is told to people, exit codes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from test_cli import Run, command, write_days

__all__ = ["command"]


def test_a_backtest_leaves_the_configured_database_alone(command: Run, tmp_path: Path) -> None:
    write_days(tmp_path / "bars")
    done = command("backtest", str(tmp_path / "bars"), "--json", "--step", "1d")
    told = json.loads(done.stdout)
    assert (told["rows"], told["files"], done.returncode) == (120, 1, 0)
    assert not (tmp_path / "data").exists()


def test_a_backtest_says_what_it_could_not_judge(command: Run, tmp_path: Path) -> None:
    write_days(tmp_path / "bars")
    done = command("backtest", str(tmp_path / "bars"))
    assert "0 kinds judged at their primary horizon, no edge shown by any" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("--types", "astrology"), "astrology"), (("--step", "3h"), "--step")],
)
def test_a_wrong_call_is_named(command: Run, arguments: tuple[str, ...], named: str, tmp_path: Path) -> None:
    write_days(tmp_path / "bars")
    done = command("backtest", str(tmp_path / "bars"), *arguments)
    assert (done.returncode, named in done.stderr) == (2, True)


def test_a_backtest_of_nothing_fails(command: Run, tmp_path: Path) -> None:
    (tmp_path / "BTC_1d.csv").touch()
    done = command("backtest", str(tmp_path))
    assert done.returncode == 1


def test_verify_tells_the_head_and_finds_what_is_wrong(command: Run, tmp_path: Path) -> None:
    empty = json.loads(command("verify", "--json").stdout)
    assert (empty["ok"], empty["entries"], empty["head"]) == (True, 0, None)
    raise_one(tmp_path / "data" / "test.db", "A")
    command("maintain", "seal")
    whole = json.loads(command("verify", "--json").stdout)
    assert (whole["ok"], whole["entries"], whole["before_the_log"]) == (True, 1, 1)
    kept = command("verify", "--head", whole["head"])
    assert (kept.returncode, "all as logged" in kept.stdout, whole["head"] in kept.stdout) == (0, True, True)
    raise_one(tmp_path / "data" / "test.db", "B")
    wrong = command("verify", "--json")
    told = json.loads(wrong.stdout)
    assert (told["ok"], told["findings"], wrong.returncode) == (False, ["signal B is not in the log"], 1)
    cut = command("verify", "--head", "0" * 64)
    assert (cut.returncode, "it was cut short or written anew" in cut.stdout) == (1, True)


def raise_one(file: Path, id: str) -> None:
    """A signal that says it is as old as the epoch."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(
            """INSERT INTO signals (id, type, symbol, created_at, key, asset, at, known_at, direction,
            raw_score, step, updated_at, expires_at)
            VALUES (?1, 'price_anomaly', 'BTC', 1, ?1, 1, 1, 1, 'up', 9, 86400000, 1, 2)""",
            (id,),
        )
