"""Processes that collect: killed in the middle, or all at once. Nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from provider_support import MINUTE, Provider

from shared.platform import d1
from shared.sources import SOURCES

ROOT = Path(__file__).resolve().parents[2]
START = 1_763_726_400_000  # the start of a window of every job
KILLS = 4
STEP = 61_000  # longer than a lease; five runs lie in one window of five minutes
FACTS = {
    "quotes": "SELECT id, price, volume_24h, market_cap, open_24h, high_24h, low_24h FROM quotes ORDER BY id",
    "latest": "SELECT * FROM latest_quotes ORDER BY asset, source",
    "candles": """SELECT step, open_time, asset, source, open, high, low, close, volume, trades FROM candles
        ORDER BY 1, 2, 3, 4""",
    "revisions": "SELECT * FROM candle_revisions",
    "books": "SELECT asset, source, bids, asks FROM order_books ORDER BY 1, 2",
    "metrics": "SELECT name, at, source, value FROM metrics ORDER BY 1",
    "articles": "SELECT key, feed, url, title, summary, at, sentiment FROM articles ORDER BY key",
    "assets": """SELECT a.key, x.asset FROM article_assets x JOIN articles a ON a.id = x.article
        ORDER BY 1, 2""",
    "mentions": """SELECT entity_type, entity_name, source, mention_count FROM entity_mentions
        ORDER BY 1, 2, 3""",
    "marks": """SELECT symbol, data_type, record_count FROM extraction_metadata
        ORDER BY 1, 2""",
    "validators": "SELECT url, body_sha256 FROM fetch_validators ORDER BY url",
    "runs": """SELECT job, source, window, count(*) FROM job_runs WHERE job <> 'klines'
        AND status IN ('ok', 'unchanged') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
}


@pytest.fixture(scope="module")
def provider_url() -> Iterator[str]:
    """A local HTTP server in front of a provider whose clock stands still."""
    provider = Provider(lambda: START)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = provider.answer(self.headers["x-asked"])
            time.sleep(0.002)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def start_child(database: Path, provider_url: str, now: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("collecting_child.py"))]
    return subprocess.Popen(
        [*command, str(database), provider_url, str(now)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


def run_child(database: Path, provider_url: str, now: int, kill_after: float | None) -> bool:
    """Collect in a process of its own, killed so many seconds after it began; whether it finished."""
    child = start_child(database, provider_url, now)
    assert child.stdout is not None
    assert child.stdout.readline() == b"start\n"
    if kill_after is not None:
        time.sleep(kill_after)
        child.kill()
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    return rest.startswith(b"done")


async def migrated(folder: Path) -> Path:
    folder.mkdir()
    db = await d1.connect(f"file:{folder / 'test.db'}")
    await d1.migrate(db, ROOT / "migrations")
    await db.close()
    return folder / "test.db"


def facts(database: Path) -> dict[str, list[Any]]:
    with sqlite3.connect(database) as db:
        found = {name: db.execute(sql).fetchall() for name, sql in FACTS.items()}
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_point_the_next_run_completes_it(
    tmp_path: Path, provider_url: str, seed: int
) -> None:
    last = START + KILLS * STEP
    assert last < START + 5 * MINUTE
    calm = await migrated(tmp_path / "calm")
    began = time.monotonic()
    assert run_child(calm, provider_url, last, None)
    whole = time.monotonic() - began
    chance = random.Random(seed)
    shaken = await migrated(tmp_path / "shaken")
    for kill in range(KILLS):
        run_child(shaken, provider_url, START + kill * STEP, chance.uniform(0, 0.6 * whole))
    assert run_child(shaken, provider_url, last, None)
    expected, found = facts(calm), facts(shaken)
    for name in FACTS:
        assert found[name] == expected[name], name
    assert len(found["quotes"]) == 132
    assert all(times == 1 for *_, times in found["runs"])


async def test_processes_side_by_side_collect_once(tmp_path: Path, provider_url: str) -> None:
    calm, crowded = await migrated(tmp_path / "calm"), await migrated(tmp_path / "crowded")
    assert run_child(calm, provider_url, START, None)
    children = [start_child(crowded, provider_url, START) for _ in range(6)]
    said = [child.communicate()[0].decode().splitlines()[-1] for child in children]
    assert all(line.startswith("done ") for line in said)
    assert "done already_collected" in said
    assert facts(crowded) == facts(calm)
    with sqlite3.connect(crowded) as db:
        assert db.execute("SELECT count(*), count(DISTINCT source) FROM job_runs").fetchone() == (
            len(SOURCES),
            len(SOURCES),
        )
    db.close()
