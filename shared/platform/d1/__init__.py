"""D1-compatible database over two drivers: a SQLite file, or sqld over HTTP."""

from __future__ import annotations

from shared.platform.d1.database import D1Database, D1PreparedStatement
from shared.platform.d1.errors import D1ColumnNotFound, D1Error, D1ExecError, D1TypeError, D1Unavailable
from shared.platform.d1.migrate import migrate
from shared.platform.d1.result import D1ExecResult, D1Meta, D1Result

__all__ = [
    "D1ColumnNotFound",
    "D1Database",
    "D1Error",
    "D1ExecError",
    "D1ExecResult",
    "D1Meta",
    "D1PreparedStatement",
    "D1Result",
    "D1TypeError",
    "D1Unavailable",
    "connect",
    "migrate",
]


async def connect(url: str, auth_token: str | None = None) -> D1Database:
    """Open `file:PATH` (created if absent), `file::memory:`, or a sqld at `http://host:port`."""
    if url.startswith("file:"):
        from shared.platform.d1.sqlite import open_sqlite

        return D1Database(await open_sqlite(url.removeprefix("file:")))
    if url.startswith(("http://", "https://")):
        from shared.platform.d1.hrana import HranaDriver

        return D1Database(HranaDriver(url, auth_token))
    raise ValueError(f"{url!r} is neither file:PATH nor http://host:port")
