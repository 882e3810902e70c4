"""The command line as scripts use it: help, JSON, exit codes, keys shown once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from shared.cli import cli

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Run:
    """Run `cryptointel` on a database and secrets of this test's own."""
    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "SECRETS_DIR": str(tmp_path / "secrets"),
        "LIBSQL_URL": f"file:{tmp_path / 'data' / 'test.db'}",
        "LAKE_URL": f"file:{tmp_path / 'lake'}",
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-c", "from shared.cli import main; main()", *arguments]
        return subprocess.run(
            program,
            env={**environ, **more},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert run("secrets").returncode == 0
    return run


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        child = group.get_command(context, name)
        found.append((*path, name))
        if isinstance(child, click.Group):
            found += every_command(child, (*path, name))
    return found


@pytest.mark.parametrize("path", every_command(cli), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    from click.testing import CliRunner

    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


def test_the_commands_scripts_rely_on_exist() -> None:
    names = {" ".join(path) for path in every_command(cli)}
    assert names >= {
        "dev", "migrate", "doctor", "keys create", "keys list", "keys rotate", "keys revoke",
        "tokens create", "collect", "detect", "deliver", "maintain", "import", "replay", "sources",
        "jobs", "signals",
    }  # fmt: skip


def test_migrate_says_what_it_would_do_and_then_does_it(command: Run) -> None:
    planned = json.loads(command("migrate", "--dry-run", "--json").stdout)
    assert planned["migrations"][0] == "0001_init.sql"
    assert json.loads(command("migrate", "--json").stdout)["migrations"] == planned["migrations"]
    assert command("migrate").stdout == "up to date\n"


def test_a_key_is_shown_once_and_stored_nowhere(command: Run, tmp_path: Path) -> None:
    made = json.loads(command("keys", "create", "--level", "readonly", "--name", "bot", "--json").stdout)
    key = made["key"]
    assert re.fullmatch(r"cik_dev_[0-9A-Za-z]{49}", key)
    listed = command("keys", "list", "--json")
    assert [k["name"] for k in json.loads(listed.stdout)] == ["bot"]
    assert key not in listed.stdout
    for file in (tmp_path / "data").iterdir():
        assert key.encode() not in file.read_bytes()
        assert key[8:].encode() not in file.read_bytes()


def test_a_named_folder_wins_over_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.cli.session import settings_for

    monkeypatch.setenv("LIBSQL_URL", "file:elsewhere.db")
    assert settings_for(tmp_path).libsql_url == f"file:{tmp_path / 'cryptointel.db'}"
    assert settings_for().libsql_url == "file:elsewhere.db"
    monkeypatch.setenv("LIBSQL_URL", "http://127.0.0.1:1")
    assert settings_for(tmp_path).libsql_url == "http://127.0.0.1:1"


def test_rotate_and_revoke(command: Run) -> None:
    first = json.loads(command("keys", "create", "--level", "trading", "--json").stdout)
    second = json.loads(command("keys", "rotate", first["id"], "--json").stdout)
    assert second["scopes"] == first["scopes"]
    assert command("keys", "revoke", second["id"]).returncode == 0
    assert command("tokens", "create", "--key", second["id"]).returncode == 1
    assert command("keys", "revoke", "key_none").returncode == 1


def test_a_token_stands_for_a_key(command: Run) -> None:
    made = json.loads(command("keys", "create", "--level", "readonly", "--json").stdout)
    token = json.loads(command("tokens", "create", "--key", made["id"], "--ttl", "60", "--json").stdout)
    assert token["expires_in"] == 60
    assert token["token"].count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "No such command"),
        (("keys", "create"), "--level"),
        (("dev", "--port", "0"), "--port"),
        (("replay", ".", "--speed", "fast"), "--speed"),
        (("replay", ".", "--speed", "nan"), "--speed"),
        (("signals", "--since", "yesterday"), "not a date"),
    ],
)
def test_a_wrong_call_ends_with_2(command: Run, arguments: tuple[str, ...], said: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_end_with_2_and_name_all(command: Run) -> None:
    done = command("migrate", REDIS_URL="nowhere", PUBLIC_READ="maybe")
    assert done.returncode == 2
    assert "REDIS_URL" in done.stderr
    assert "PUBLIC_READ" in done.stderr


def test_signals_of_an_empty_database(command: Run) -> None:
    assert command("signals").stdout == "(none)\n"
    assert json.loads(command("signals", "--json").stdout) == []
    unknown = command("signals", "--symbol", "BITCON")
    assert unknown.returncode == 1
    assert "bitcoin" in unknown.stderr


def test_doctor_says_what_to_do(command: Run, tmp_path: Path) -> None:
    done = command("doctor", "--json")
    found = {item["what"]: item for item in json.loads(done.stdout)}
    assert found["secrets"]["state"] == "ok"
    assert "migrate" in found["database"]["advice"]
    (tmp_path / "secrets" / "field-key").unlink()
    assert command("doctor").returncode == 1


def test_a_taken_port_is_one_clear_line(command: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command("dev", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_or_database_that_cannot_be_used_is_one_line(command: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"no database, no folder" * 100)
    for url in (f"file:{tmp_path}/taken/x.db", "file:/proc/nowhere/x.db", f"file:{tmp_path}/taken"):
        for call in (("migrate",), ("collect", "klines"), ("doctor",)):
            done = command(*call, LIBSQL_URL=url)
            assert (done.returncode, "Traceback" in done.stderr) == (1, False), (url, call, done.stderr)
            assert len(done.stderr.splitlines()) == (call != ("doctor",)), done.stderr


def test_a_key_file_that_cannot_be_read_is_named(command: Run, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "FRED_API_KEY").write_bytes(b"\xff\xfe\x00")
    done = command("jobs")
    assert (done.returncode, "FRED_API_KEY" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


def write_days(folder: Path, name: str = "BTCUSDT_1d.csv") -> None:
    folder.mkdir(exist_ok=True)
    rows = [f"{1_600_041_600_000 + day * 86_400_000},1,2,1,2,5" for day in range(120)]
    (folder / name).write_text("\n".join(["open_time,open,high,low,close,volume", *rows]))


def test_replay_leaves_the_configured_database_alone(command: Run, tmp_path: Path) -> None:
    write_days(tmp_path / "bars")
    done = command("replay", str(tmp_path / "bars"), "--json", REDIS_URL="redis://127.0.0.1:9/0")
    assert json.loads(done.stdout)["rows"] == 120
    assert not (tmp_path / "data").exists()
    kept = command("replay", str(tmp_path / "bars"), "--data", str(tmp_path / "kept"))
    assert (kept.returncode, (tmp_path / "kept" / "cryptointel.db").exists()) == (0, True)
    assert not (tmp_path / "data").exists()


def test_replay_of_nothing_readable_fails(command: Run, tmp_path: Path) -> None:
    (tmp_path / "BTC_1d.csv").touch()
    done = command("replay", str(tmp_path))
    assert (done.returncode, "not read: BTC_1d.csv: has no columns" in done.stdout) == (1, True)
