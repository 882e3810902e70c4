"""Assets and the names they go by, and the sources that tell of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from weakref import WeakKeyDictionary

import orjson

from shared.models import Asset
from shared.platform.d1 import D1Database

COLUMNS = tuple(item.name for item in fields(Asset))
DOLLARS = ("USDT", "USDC", "USD")
MONEY = frozenset(("EUR", "GBP", "JPY", "AUD", "CAD", "CHF", "TRY", "BRL", "KRW", "CNY"))
INDICES = frozenset(("VIX", "SNP", "SPX", "SP500", "GSPC", "NDX", "DJI", "DXY", "TNX"))
QUOTED = re.compile(rf"(.+?)[-_/: ]?({'|'.join(DOLLARS)})")
PARTS = re.compile(r"[-_/:]")

SQL_ASSETS = """SELECT id, slug, symbol, name, kind, rank, tracked, coingecko_id, binance_symbol
FROM crypto_assets ORDER BY rank IS NULL, rank, id"""
SQL_IDS = "SELECT slug, id FROM crypto_assets WHERE slug IN (SELECT value FROM json_each(?))"
SQL_ALIASES = "SELECT alias, asset FROM asset_aliases"
SQL_ADD_ASSET = "INSERT OR IGNORE INTO crypto_assets (slug, symbol, name, kind) VALUES (?, ?, ?, ?)"
SQL_ADD_ALIAS = """INSERT OR IGNORE INTO asset_aliases (alias, asset)
SELECT ?1, id FROM crypto_assets WHERE slug = ?2"""
# ids of sources never change; asking for them at every write would cost more than small writes do
KNOWN_SOURCES: WeakKeyDictionary[D1Database, dict[str, int]] = WeakKeyDictionary()
NAMES_OF_SOURCES: WeakKeyDictionary[D1Database, dict[int, str]] = WeakKeyDictionary()

SQL_SOURCES = "SELECT id, name FROM sources"
SQL_ADD_SOURCE = "INSERT OR IGNORE INTO sources (name) VALUES (?)"


class Assets:
    """What was in the database when it was loaded: iterate in rank order, look up by any name."""

    def __init__(self, assets: Sequence[Asset], aliases: Mapping[str, int]) -> None:
        self._assets = {asset.id: asset for asset in assets}
        self._aliases = aliases

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._assets.values())

    def __len__(self) -> int:
        return len(self._assets)

    def by_id(self, asset: int) -> Asset:
        return self._assets[asset]

    def resolve(self, name: str) -> Asset | None:
        """`bitcoin`, `BTC`, `btc-usdt`, `BTCUSDT`, `XXBTZUSD`: the asset, priced in dollars, or None."""
        wanted = name.strip().upper()
        found = self._aliases.get(wanted)
        if found is None and (quoted := QUOTED.fullmatch(wanted)):
            found = self._aliases.get(quoted[1])
        return None if found is None else self._assets[found]

    def near(self, name: str, limit: int = 3) -> list[str]:
        """Slugs and tickers that look like a name nobody knows, for the error message."""
        from difflib import get_close_matches

        known = {key: text for asset in self for key, text in spoken(asset)}
        close = get_close_matches(name.strip().upper(), known, n=limit, cutoff=0.6)
        return list(dict.fromkeys(known[key] for key in close))


def spoken(asset: Asset) -> tuple[tuple[str, str], ...]:
    return (
        (asset.slug.upper(), asset.slug),
        (asset.symbol.upper(), asset.symbol),
        (asset.name.upper(), asset.slug),
    )


async def load(db: D1Database) -> Assets:
    """All assets and aliases: two reads; keep the answer for the length of a run or a minute."""
    rows = await db.prepare(SQL_ASSETS).raw()
    aliases: list[tuple[str, int]] = await db.prepare(SQL_ALIASES).raw()
    assets = [Asset(**{**dict(zip(COLUMNS, row, strict=True)), "tracked": bool(row[6])}) for row in rows]
    return Assets(assets, dict(aliases))


async def ids(db: D1Database, slugs: Iterable[str]) -> dict[str, int]:
    """Our ids of these assets by slug, those that exist."""
    return dict(await db.prepare(SQL_IDS).bind(orjson.dumps(list(slugs)).decode()).raw())


async def ensure(db: D1Database, symbol: str, name: str | None = None, kind: str | None = None) -> Asset:
    """The asset of an imported file's symbol, created where nobody knows it.

    ARBUSDT is ARB; ADA_BTC, priced in something else than dollars, is a pair of its own.
    """
    known = (await load(db)).resolve(symbol)
    if known is not None:
        return known
    wanted = symbol.strip().upper()
    ticker, guessed = describe(wanted)
    slug = re.sub(r"[^a-z0-9]+", "-", ticker.lower()).strip("-")
    aliases = dict.fromkeys((wanted, ticker, slug.upper(), ticker.replace("-", ""), ticker.replace("-", "/")))
    add_alias = db.prepare(SQL_ADD_ALIAS)
    await db.batch(
        [
            db.prepare(SQL_ADD_ASSET).bind(slug, ticker, name or ticker, kind or guessed),
            *(add_alias.bind(alias, slug) for alias in aliases),
        ]
    )
    return next(asset for asset in await load(db) if asset.slug == slug)


def describe(symbol: str) -> tuple[str, str]:
    """Ticker and kind of a symbol that is new: EURUSDT → (EUR, other), ADA_BTC → (ADA-BTC, pair).

    XRP_USDT_USDT, a future settled in USDT, stays apart from XRP.
    """
    parts = PARTS.split(symbol)
    if len(parts) > 2:
        return "-".join(parts), "other"
    quoted = QUOTED.fullmatch(symbol)
    base = quoted[1] if quoted else "-".join(parts)
    if base in INDICES:
        return base, "index"
    if base in MONEY:
        return base, "other"
    return base, "pair" if len(parts) == 2 and quoted is None else "crypto"


async def sources(db: D1Database) -> dict[int, str]:
    """Names of the sources by our id."""
    rows: list[tuple[int, str]] = await db.prepare(SQL_SOURCES).raw()
    return dict(rows)


async def source_names(db: D1Database, ids: set[int]) -> dict[int, str]:
    """Names of these sources and perhaps others."""
    known = NAMES_OF_SOURCES.setdefault(db, {})
    if not ids <= known.keys():
        known.update(await sources(db))
    return known


async def source_ids(db: D1Database, names: set[str]) -> dict[str, int]:
    """Our ids of sources by name; a source nobody named before is added."""
    known = KNOWN_SOURCES.setdefault(db, {})
    if not names <= known.keys():
        await db.batch([db.prepare(SQL_ADD_SOURCE).bind(name) for name in sorted(names)])
        known.update({name: id for id, name in (await sources(db)).items()})
    return known


async def source_id(db: D1Database, name: str) -> int:
    """Our id of one source."""
    return (await source_ids(db, {name}))[name]
