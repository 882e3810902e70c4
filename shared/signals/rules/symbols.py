"""Which assets a rule is about: a list, the largest so many, or all of which there are bars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.errors import Invalid
from shared.models import Asset
from shared.signals.detectors import DETECTORS
from shared.signals.rules.features import reaches
from shared.signals.rules.limits import SYMBOLS_MAX
from shared.signals.rules.names import Names
from shared.store.assets import Assets
from shared.store.candle_series import Series

ALL = "all"
TOP = re.compile(r"top\((\d{1,3})\)")


def names_of(assets: Assets) -> Names:
    """Everything a rule may name, symbols by the assets that are known now."""

    def resolve(name: str) -> str | None:
        found = assets.resolve(name) if len(name) <= 64 else None
        return found.slug if found else None

    def near(name: str) -> list[str]:
        return assets.near(name[:64])

    return Names(reaches(), frozenset(one.type for one in DETECTORS), resolve, near)


def checked_symbols(assets: Assets, given: Sequence[str]) -> tuple[str, ...]:
    """Slugs of what was named, or "all" or "top(20)" alone; Invalid names what nobody knows."""
    if not 1 <= len(given) <= SYMBOLS_MAX:
        raise Invalid(f"symbols: 1 to {SYMBOLS_MAX}, or all, or top(20)", field="symbols")
    words = [one.strip().lower().replace(" ", "") for one in given]
    sets = [word for word in words if word == ALL or TOP.fullmatch(word)]
    if sets:
        if len(words) > 1:
            raise Invalid(f"symbols: {sets[0]} stands alone", field="symbols")
        top = TOP.fullmatch(sets[0])
        if top and not 1 <= int(top[1]) <= SYMBOLS_MAX:
            raise Invalid(f"symbols: top(1) to top({SYMBOLS_MAX})", field="symbols")
        return (sets[0],)
    return tuple(dict.fromkeys(known_asset(assets, one).slug for one in given))


def known_asset(assets: Assets, name: str) -> Asset:
    found = assets.resolve(name) if len(name) <= 64 else None
    if found is None:
        near = assets.near(name[:64])
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise Invalid(f"symbols: no asset is called {name[:64]!r}{hint}", field="symbols", near=near)
    return found


def members(symbols: Sequence[str], assets: Assets, series: Sequence[Series]) -> list[Asset]:
    """The assets of a rule of which there are bars, by rank; `series` are those of its bar length."""
    there = {one.asset for one in series}
    if symbols[0] != ALL and not TOP.fullmatch(symbols[0]):
        named = {found.id for name in symbols if (found := assets.resolve(name))}
        return [asset for asset in assets if asset.id in named & there]
    coins = [asset for asset in assets if asset.id in there and asset.kind == "crypto"]
    top = TOP.fullmatch(symbols[0])
    return coins[: int(top[1])] if top else coins


def spoken(symbols: Sequence[str], assets: Assets) -> list[str]:
    """Slugs as tickers, where the ticker means that asset."""
    found = list[str]()
    for slug in symbols:
        asset = assets.resolve(slug)
        clear = asset is not None and assets.resolve(asset.symbol) == asset
        found.append(asset.symbol if asset and clear else slug)
    return found
