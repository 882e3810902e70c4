"""Recordings beside their expected records: what a source makes of an answer."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from shared.env import read_settings
from shared.errors import Malformed
from shared.models import Asset
from shared.platform.fetch import Request
from shared.sources import SOURCES, Ask, Source, read_all
from shared.store.assets import Assets

FOLDER = Path(__file__).parent / "recordings"
ROOT = Path(__file__).resolve().parents[2]
NOW = 1_763_726_400_000  # 2025-11-21T12:00:00Z: every recording is read at this instant


@cache
def assets() -> Assets:
    """What the migrations know."""
    db = sqlite3.connect(":memory:")
    for migration in sorted((ROOT / "migrations").glob("*.sql")):
        db.executescript(migration.read_text())
    columns = "id, slug, symbol, name, kind, rank, tracked, coingecko_id, binance_symbol"
    rows = db.execute(f"SELECT {columns} FROM crypto_assets ORDER BY rank").fetchall()
    return Assets([Asset(*row) for row in rows], dict(db.execute("SELECT alias, asset FROM asset_aliases")))


def ask(now: int = NOW) -> Ask:
    return Ask(now, now // 900_000 * 900_000, read_settings({}), assets())


def module_of(source: Source) -> str:
    """The file a source is written in."""
    return getattr(source.items, "__module__", "").rpartition(".")[2]


def source_of(folder: str) -> tuple[Source, Request]:
    """The source of a folder of recordings, with one of its requests."""
    source = next(source for source in SOURCES if module_of(source) == folder)
    return source, next(iter(source.requests(ask())))


def reading(source: Source, request: Request, body: bytes, now: int = NOW) -> dict[str, Any]:
    """Records, refusals and what was not readable, as JSON would hold them."""
    try:
        found = read_all(source, body, request, ask(now))
    except Malformed as error:
        return {"malformed": str(error)}
    records = [{"kind": type(record).__name__, **asdict(record)} for record in found.records]
    return {"items": found.items, "records": records, "refused": found.refused, "reasons": found.reasons}
