"""DeFiLlama: stablecoins, as `stablecoin_supply:<symbol>` and `stablecoin_price:<symbol>`.

https://api-docs.defillama.com/ — keyless. Supply is in units of the peg. Symbols are not unique: the list
is sorted by size, and the first keeps the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from shared.errors import Refused
from shared.models import Metric
from shared.platform.fetch import Request
from shared.sources.decode import row, whole
from shared.sources.defillama_chains import slug_of
from shared.sources.source import Ask, Source

URL = "https://stablecoins.llama.fi/stablecoins"


class Coin(msgspec.Struct, rename="camel"):
    symbol: str
    peg_type: str
    circulating: dict[str, float | None]
    price: float | None = None


class Answer(msgspec.Struct, rename="camel"):
    pegged_assets: list[msgspec.Raw]


def requests(ask: Ask) -> Iterable[Request]:
    yield Request(
        URL, params=(("includePrices", "true"),), accept=("application/json",), max_bytes=10_000_000
    )


def items(body: bytes, request: Request, ask: Ask) -> Iterator[Any]:
    """(what, coin or the undecoded row), two for each coin that has a price."""
    taken = set()
    for raw in whole(body, Answer).pegged_assets:
        try:
            coin: Coin = row(raw, Coin)
        except Refused as error:
            yield "refused", error
            continue
        name = slug_of(coin.symbol)
        if not name or name in taken:
            yield "refused", Refused(f"symbol {coin.symbol[:40]!r} is empty, or a larger coin's")
            continue
        taken.add(name)
        yield "supply", coin
        if coin.price is not None:
            yield "price", coin


def read(item: tuple[str, Any], request: Request, ask: Ask) -> Metric | None:
    what, coin = item
    if what == "refused":
        raise coin
    value = coin.price if what == "price" else coin.circulating.get(coin.peg_type)
    if value is None or not value >= 0:
        raise Refused(f"{coin.symbol[:40]!r}: {value} is not a {what}")
    return Metric(f"stablecoin_{what}:{slug_of(coin.symbol)}", "defillama", ask.window, value)


SOURCE = Source("defillama_stablecoins", "defi", requests, items, read, reliability=0.8)
