"""Features of an asset in three formats, of all assets at once, and the dictionary that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.api.query import Query
from functions.api.reads import AS_OF, LIMIT, Ask, Parameter, Read
from shared.errors import Invalid, NotFound
from shared.models import DAY, HOUR, LATEST, MINUTE, Asset

if TYPE_CHECKING:
    from shared.market.features.feature import Feature
    from shared.store.features import Packed

TIMEFRAMES = {"5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}
FORMATS = ("structured", "flat", "array")
NEWEST_CLOSES = 3  # an asset whose bar comes late is looked for in the closes before
STALE_BARS = 2.0  # the next bar has closed, and had a bar's time to arrive


async def asset_features(ask: Ask) -> dict[str, Any]:
    from shared.market.features.feature import VERSION
    from shared.store import features
    from shared.store.assets import source_names

    query, now = ask.query, ask.env.now()
    chosen, shape = chosen_features(query), query.choice("format", FORMATS) or "structured"
    timeframe, as_of = timeframe_of(query), query.as_of(now)
    latest = query.choice("latest_only", ("true", "false")) != "false"
    limit = 1 if latest else query.limit()
    asset = await ask.snapshots.asset(ask.path["symbol"])
    step, known_by = TIMEFRAMES[timeframe], LATEST if as_of is None else as_of
    rows = await features.of_asset(ask.env.db, asset.id, step, until=known_by, as_of=known_by, limit=limit)
    if not rows:
        raise NotFound(f"there are no {timeframe} features of {asset.symbol} yet", symbol=asset.symbol)
    sources = await source_names(ask.env.db, {row.source for row in rows})
    data = [row_json(row, sources[row.source], chosen, shape) for row in rows]
    return {
        **head_json(timeframe, shape, chosen, VERSION),
        "symbol": asset.symbol,
        "quality": quality_json(rows[0], step, now if as_of is None else as_of),
        "data": data[0] if latest else data,
    }


async def all_features(ask: Ask) -> dict[str, Any]:
    """The newest features of every asset that has some."""
    from shared.market.features.feature import VERSION
    from shared.store.assets import source_names

    query = ask.query
    chosen, shape = chosen_features(query), query.choice("format", FORMATS) or "structured"
    timeframe, as_of = timeframe_of(query), query.as_of(ask.env.now())
    known_by = LATEST if as_of is None else as_of
    rows = await newest_rows(ask, TIMEFRAMES[timeframe], known_by)
    assets = {asset.id: asset for asset in await ask.snapshots.assets()}
    sources = await source_names(ask.env.db, {row.source for row in rows})
    named = sorted((rank_of(assets[row.asset]), row) for row in rows if row.asset in assets)
    return {
        **head_json(timeframe, shape, chosen, VERSION),
        "data": [
            {"symbol": assets[row.asset].symbol, **row_json(row, sources[row.source], chosen, shape)}
            for _, row in named
        ],
    }


async def dictionary(ask: Ask) -> dict[str, Any]:
    """Every feature with its definition, and for how many of the assets it has a value right now."""
    from shared.market.features.codec import decode
    from shared.market.features.dictionary import names
    from shared.market.features.feature import GROUPS, VERSION

    timeframe = timeframe_of(ask.query)
    rows = await newest_rows(ask, TIMEFRAMES[timeframe], LATEST)
    counts = dict.fromkeys(names(), 0)
    for row in rows:
        values = zip(names(row.dictionary), decode(row.data, row.dictionary), strict=True)
        for name, value in values:
            counts[name] += value is not None
    chosen = chosen_features(ask.query)
    return {
        "dictionary": VERSION,
        "timeframe": timeframe,
        "assets": len(rows),
        "groups": {group: sum(one.group == group for one in chosen) for group in GROUPS},
        "data": [feature_json(one, counts[one.name], len(rows)) for one in chosen],
    }


async def newest_rows(ask: Ask, step: int, known_by: int) -> list[Packed]:
    """Each asset's newest row of the newest closes."""
    from shared.store import features

    closes = await features.newest_closes(ask.env.db, step, NEWEST_CLOSES, known_by)
    rows = await features.at_closes(ask.env.db, step, closes, known_by)
    return list({row.asset: row for row in sorted(rows, key=lambda row: row.at)}.values())


def timeframe_of(query: Query) -> str:
    return query.choice("timeframe", TIMEFRAMES, "INVALID_TIMEFRAME") or "1h"


def chosen_features(query: Query) -> tuple[Feature, ...]:
    """The features of the groups that are asked for, all without any; Invalid names an unknown group."""
    from shared.market.features.dictionary import of_groups
    from shared.market.features.feature import GROUPS

    text = query.text("feature_groups")
    asked = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    unknown = [word for word in asked if word not in GROUPS]
    if unknown:
        known = ", ".join(GROUPS)
        raise Invalid(f"feature_groups: {unknown[0]!r} is not one of {known}", field="feature_groups")
    return of_groups(asked)


def head_json(timeframe: str, shape: str, chosen: tuple[Feature, ...], version: int) -> dict[str, Any]:
    head: dict[str, Any] = {"timeframe": timeframe, "format": shape, "dictionary": version}
    head["groups"] = list(dict.fromkeys(one.group for one in chosen))
    if shape == "array":
        head["names"] = [one.name for one in chosen]
    return head


def row_json(row: Packed, source: str, chosen: tuple[Feature, ...], shape: str) -> dict[str, Any]:
    """One row: nested by group, on one level, or values in the order of `names`; unknown is null."""
    values = values_of(row)
    told: dict[str, Any] = {"at": row.at, "known_at": row.known_at, "source": source}
    told["dictionary"] = row.dictionary
    if shape == "array":
        return {**told, "values": [values.get(one.name) for one in chosen]}
    if shape == "flat":
        return {**told, **{one.name: values.get(one.name) for one in chosen}}
    nested: dict[str, dict[str, float | None]] = {}
    for one in chosen:
        nested.setdefault(one.group, {})[one.name] = values.get(one.name)
    return {**told, "features": nested}


def values_of(row: Packed) -> dict[str, float | None]:
    from shared.market.features.codec import decode
    from shared.market.features.dictionary import names

    return dict(zip(names(row.dictionary), decode(row.data, row.dictionary), strict=True))


def quality_json(row: Packed, step: int, now: int) -> dict[str, Any]:
    """The rating of the newest row, and how old that row is by now."""
    from shared.market.features.dictionary import of_groups

    values = values_of(row)
    age = (now - row.at) / step
    parts = {one.name.removeprefix("quality_"): values.get(one.name) for one in of_groups(("quality",))}
    return {**parts, "at": row.at, "age_bars": round(age, 2), "stale": age > STALE_BARS}


def feature_json(one: Feature, known: int, assets: int) -> dict[str, Any]:
    return {
        "name": one.name,
        "group": one.group,
        "definition": one.definition,
        "unit": one.unit,
        "inputs": one.inputs,
        "warmup_bars": one.warmup,
        "since": one.since,
        "coverage": round(known / assets, 4) if assets else 0.0,
        "status": "ok" if known else "no data",
    }


def rank_of(asset: Asset) -> tuple[bool, int, int]:
    """Where an asset stands in lists: by rank, the unranked last."""
    return (asset.rank is None, asset.rank or 0, asset.id)


GROUP = Parameter("feature_groups", "Groups, separated by commas: price,trend (default: all)")
FORMAT = Parameter(
    "format", "Nested by group, one level, or values in the order of `names`", {"enum": [*FORMATS]}
)
TIMEFRAME = Parameter("timeframe", "Length of the bars", {"enum": [*TIMEFRAMES], "default": "1h"})
ONE = Parameter(
    "latest_only", "Only the newest row (default), or the newest `limit` rows", {"enum": ["true", "false"]}
)
READS = (
    Read(
        "/api/v1/ml-features/bulk",
        "Newest features of all assets, by rank",
        "read:ml-features",
        "prices",
        all_features,
        (GROUP, FORMAT, TIMEFRAME, AS_OF),
    ),
    Read(
        "/api/v1/ml-features/{symbol}",
        "Features of one asset at the closes of its bars, newest first",
        "read:ml-features",
        "prices",
        asset_features,
        (GROUP, ONE, FORMAT, TIMEFRAME, AS_OF, LIMIT),
        aliases=("/api/v1/ml-features/{symbol}/current",),
    ),
    Read(
        "/api/v1/features",
        "The dictionary of features: definitions, units, inputs, coverage",
        "read:ml-features",
        "prices",
        dictionary,
        (GROUP, TIMEFRAME),
    ),
)
