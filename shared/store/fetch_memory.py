"""What fetch remembers across cold starts: the state of each host, the validators of each URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.platform.fetch.records import HostState, Validators

if TYPE_CHECKING:
    from shared.platform.d1 import D1Database, D1PreparedStatement

SQL_HOST = "SELECT failures, open_until, not_before FROM fetch_hosts WHERE host = ?"
SQL_VALIDATORS = "SELECT url, etag, last_modified, body_sha256, at FROM fetch_validators WHERE url = ?"
SQL_FAILED = """
INSERT INTO fetch_hosts (host, failures, last_error) VALUES (?1, 1, ?2)
ON CONFLICT (host) DO UPDATE SET failures = failures + 1, last_error = excluded.last_error,
  open_until = CASE WHEN failures + 1 >= ?4 THEN ?3 ELSE 0 END
WHERE failures < ?4"""
SQL_CLAIM_PROBE = """
UPDATE fetch_hosts SET failures = failures + 1, open_until = ?3 WHERE host = ?1 AND open_until = ?2"""
SQL_RECOVERED = "UPDATE fetch_hosts SET failures = 0, open_until = 0, last_error = NULL WHERE host = ?"
SQL_HOLD = """
INSERT INTO fetch_hosts (host, not_before, last_error) VALUES (?1, ?2, ?3)
ON CONFLICT (host) DO UPDATE SET not_before = max(not_before, excluded.not_before),
  last_error = excluded.last_error"""
SQL_CHARGE = """
INSERT INTO fetch_hosts (host, window, used) VALUES (?1, ?2, ?3)
ON CONFLICT (host) DO UPDATE SET window = excluded.window,
  used = excluded.used + CASE WHEN window = excluded.window THEN used ELSE 0 END
WHERE excluded.used + CASE WHEN window = excluded.window THEN used ELSE 0 END <= ?4
RETURNING used"""
SQL_OBSERVE = """
UPDATE fetch_hosts SET used = ?3 WHERE host = ?1 AND window = ?2 AND used < ?3"""
SQL_REMEMBER = """
INSERT INTO fetch_validators (url, etag, last_modified, body_sha256, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (url) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
  body_sha256 = excluded.body_sha256, at = excluded.at"""
SQL_HOSTS = "SELECT host, failures, open_until, not_before FROM fetch_hosts"


class StoredFetchMemory:
    """FetchMemory of `shared.platform.fetch` in the database."""

    def __init__(self, db: D1Database) -> None:
        self.db = db

    async def recall(self, host: str, url: str | None) -> tuple[HostState, Validators | None]:
        if url is None:
            rows = await self.db.prepare(SQL_HOST).bind(host).raw()
            return HostState(*rows[0]) if rows else HostState(), None
        found = await self.db.batch(
            [self.db.prepare(SQL_HOST).bind(host), self.db.prepare(SQL_VALIDATORS).bind(url)]
        )
        state, known = found[0].results, found[1].results
        return HostState(**state[0]) if state else HostState(), Validators(**known[0]) if known else None

    async def failed(self, host: str, error: str, open_until: int, limit: int) -> None:
        await self.db.prepare(SQL_FAILED).bind(host, error[:500], open_until, limit).run()

    async def claim_probe(self, host: str, seen: int, open_until: int) -> bool:
        result = await self.db.prepare(SQL_CLAIM_PROBE).bind(host, seen, open_until).run()
        return bool(result.meta.changes)

    async def recovered(self, host: str) -> None:
        await self.db.prepare(SQL_RECOVERED).bind(host).run()

    async def hold(self, host: str, not_before: int, error: str) -> None:
        await self.db.prepare(SQL_HOLD).bind(host, not_before, error[:500]).run()

    async def charge(self, host: str, window: int, cost: int, budget: int) -> int | None:
        if cost > budget:
            return None
        used = await self.db.prepare(SQL_CHARGE).bind(host, window, cost, budget).first("used")
        return None if used is None else int(used)

    async def observe(self, host: str, window: int, used: int) -> None:
        await self.db.prepare(SQL_OBSERVE).bind(host, window, used).run()

    async def remember(self, validators: Validators) -> None:
        await validator_statement(self.db, validators).run()


def validator_statement(db: D1Database, validators: Validators) -> D1PreparedStatement:
    """For the batch that stores the rows of an answer: validators never run ahead of the data."""
    seen = validators
    return db.prepare(SQL_REMEMBER).bind(seen.url, seen.etag, seen.last_modified, seen.body_sha256, seen.at)


async def host_states(db: D1Database) -> dict[str, HostState]:
    """Every host known, for health."""
    rows = await db.prepare(SQL_HOSTS).raw()
    return {row[0]: HostState(*row[1:]) for row in rows}
