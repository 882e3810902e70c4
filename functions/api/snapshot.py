"""What this process knows of the market right now, read once for each version of the data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.env import Env
from shared.errors import NotFound
from shared.market.consensus import market_row
from shared.models import Asset
from shared.platform.web.freshness import Freshness
from shared.store import assets, quotes
from shared.store.assets import Assets
from shared.store.quotes import StoredQuote

KEEP_S = 5.0  # as the hot path: another process may collect into the same database
ASSETS_KEEP_S = 60.0


@dataclass(slots=True)
class Snapshot:
    """All newest quotes of one version; a row is made when it is first asked for."""

    assets: Assets
    quotes: Mapping[int, list[StoredQuote]]
    now: int
    known_at: int
    rows: dict[int, dict[str, Any] | None] = field(default_factory=dict)

    def row(self, asset: Asset) -> dict[str, Any] | None:
        """Return the market row of an asset; None where nobody ever quoted it."""
        if asset.id not in self.rows:
            self.rows[asset.id] = market_row(asset, self.quotes.get(asset.id, ()), self.now)
        return self.rows[asset.id]


class Snapshots:
    """The newest snapshot, and the assets; both are read again when they are outdated."""

    def __init__(self, env: Env, freshness: Freshness) -> None:
        self.env, self.freshness = env, freshness
        self.newest: tuple[str, float, Snapshot] | None = None
        self.known_assets: tuple[float, Assets] | None = None

    @property
    def until(self) -> float:
        """When the newest snapshot is read again, by time.monotonic."""
        return float("inf") if self.newest is None else self.newest[1]

    def warm(self) -> Snapshot | None:
        """Return what is known now if that needs no reading."""
        if self.newest is None or self.known_assets is None:
            return None
        version, until, snapshot = self.newest
        return snapshot if version == self.freshness.versions["prices"] and until > time.monotonic() else None

    async def now(self) -> Snapshot:
        """Return what is known now."""
        if (warm := self.warm()) is not None:
            return warm
        version = self.freshness.versions["prices"]
        until = time.monotonic() + KEEP_S
        snapshot = make(await self.assets(), await quotes.latest(self.env.db), self.env.now())
        self.newest = (version, until, snapshot)
        return snapshot

    async def as_of(self, instant: int) -> Snapshot:
        """Return what was known at an instant (ms)."""
        return make(await self.assets(), await quotes.as_of(self.env.db, instant), instant)

    async def assets(self, max_age_s: float = ASSETS_KEEP_S) -> Assets:
        """Return all assets; one that nobody knows may have been imported since, so look again."""
        if self.known_assets is None or self.known_assets[0] + max_age_s <= time.monotonic():
            self.known_assets = (time.monotonic(), await assets.load(self.env.db))
        return self.known_assets[1]

    async def asset(self, name: str) -> Asset:
        """Resolve bitcoin, BTC, BTCUSDT, XXBTZUSD; raise 404 INVALID_SYMBOL with names that look alike."""
        found = (await self.assets()).resolve(name) if len(name) <= 64 else None
        if found is None:
            found = (known := await self.assets(max_age_s=1)).resolve(name) if len(name) <= 64 else None
            if found is None:
                near = known.near(name) if len(name) <= 64 else []
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                raise NotFound(f"no asset is called {name[:64]!r}{hint}", code="INVALID_SYMBOL", near=near)
        return found


def make(known: Assets, found: Mapping[int, list[StoredQuote]], now: int) -> Snapshot:
    newest = max((q.known_at for group in found.values() for q in group), default=0)
    return Snapshot(known, found, now, newest)
