"""Charts (IND-04, IND-16): which providers there are, and the data of one for one asset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from functions.api.query import INTERVALS
from functions.api.reads import AS_OF, Ask, Parameter, Read
from functions.api.reads.bars import newest_bars
from shared.errors import Invalid, NotFound
from shared.models import LATEST, Asset

if TYPE_CHECKING:
    from shared.market.providers import Bars, Inputs, Provider

Settings = dict[str, Any]
# What an asset is compared with unless the caller says so.
COMPARED = ("bitcoin", "ethereum")


def described() -> list[dict[str, Any]]:
    from shared.market.providers import providers

    return [one.describe(name) for name, one in providers().items()]


def known(name: str) -> Provider:
    from shared.market.providers import provider

    return provider(name)


async def provider_list(ask: Ask) -> dict[str, Any]:
    """List the providers with their parameters (types, defaults, ranges), outputs, chart and refresh time."""
    # in a thread: numpy may have to be imported yet
    return {"data": await asyncio.to_thread(described)}


async def provider_data(ask: Ask) -> dict[str, Any]:
    """Give the data of one chart. Which parameters a provider takes is in the list of providers."""
    name = ask.path["provider"]
    found = await asyncio.to_thread(known, name)
    given = {key: text for key in ask.query.values if key != "as_of" and (text := ask.query.text(key))}
    settings = found.settings(given)
    as_of = ask.query.as_of(ask.env.now())
    asset = await ask.snapshots.asset(ask.path["symbol"])
    about: dict[str, Any] = {"provider": name, "symbol": asset.symbol}
    if found.needs == "order_books":
        inputs = await order_books(ask, asset, as_of)
    else:
        source, inputs = await candles(ask, asset, found, settings, as_of)
        about |= {"interval": settings["interval"], "source": source}
    data = await asyncio.to_thread(found.read, inputs, settings)
    return about | {"parameters": settings, "refresh_seconds": found.refresh_s} | data


async def order_books(ask: Ask, asset: Asset, as_of: int | None) -> Inputs:
    from shared.market.providers import Inputs
    from shared.store import books

    found = await books.newest(ask.env.db, asset.id, LATEST if as_of is None else as_of)
    if not found:
        raise NotFound(f"there is no order book of {asset.symbol} yet", symbol=asset.symbol)
    return Inputs(asset.symbol, books=found)


async def candles(
    ask: Ask, asset: Asset, found: Provider, settings: Settings, as_of: int | None
) -> tuple[str, Inputs]:
    """The asset's bars, those before the first one shown included, and those of the others it is compared
    with, whose names are written into `settings`."""
    from shared.market.providers import Inputs, of_columns

    interval, rows = settings["interval"], settings["limit"] + found.lead(settings)
    source, bars = await newest_bars(ask, asset, interval, rows, as_of)
    others: dict[str, Bars] = {}
    for name, other in zip(found.others, await compared(ask, asset, found, settings), strict=False):
        _, columns = await newest_bars(ask, other, interval, rows, as_of)
        others[other.symbol] = await asyncio.to_thread(of_columns, columns)
        settings[name] = other.symbol
    return source, Inputs(asset.symbol, await asyncio.to_thread(of_columns, bars), others)


async def compared(ask: Ask, asset: Asset, found: Provider, settings: Settings) -> list[Asset]:
    """The other assets: those named, then the usual ones, then by rank, of which there are such candles."""
    if not found.others:
        return []
    from shared.store import candle_series

    chosen = [await ask.snapshots.asset(settings[name]) for name in found.others if settings[name]]
    if asset in chosen or len({other.id for other in chosen}) < len(chosen):
        raise Invalid(f"{found.others[0]}: three different assets are compared", field=found.others[0])
    step = INTERVALS[settings["interval"]]
    there = {one.asset for one in await candle_series.of_step(ask.env.db, step)}
    every = [one for one in await ask.snapshots.assets() if one.id in there and one.kind == "crypto"]
    usual = sorted(every, key=lambda one: COMPARED.index(one.slug) if one.slug in COMPARED else len(COMPARED))
    free = [one for one in usual if one != asset and one not in chosen]
    whole = [*chosen, *free[: len(found.others) - len(chosen)]]
    if not whole:
        raise NotFound(f"there are no {settings['interval']} candles of another asset to compare with")
    return whole


READS = (
    Read(
        "/api/analytics/providers",
        "Providers of chart data, with what they take and give",
        "read:prices",
        "prices",
        provider_list,
    ),
    Read(
        "/api/analytics/data/{provider}/{symbol}",
        "Data of one chart of one asset",
        "read:prices",
        "prices",
        provider_data,
        (
            Parameter("interval", "Length of a bar", {"enum": [*INTERVALS], "default": "1h"}),
            Parameter(
                "limit",
                "The newest so many bars, or levels of an order book",
                {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200},
            ),
            AS_OF,
        ),
    ),
)
