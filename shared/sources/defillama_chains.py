"""DeFiLlama: value locked on each chain, in USD, as `tvl:<chain>`.

https://api-docs.defillama.com/ — keyless. The answer has no time: `at` is the window's start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from shared.errors import Refused
from shared.models import Metric
from shared.platform.fetch import Request
from shared.sources.decode import row, rows
from shared.sources.source import Ask, Source

URL = "https://api.llama.fi/v2/chains"


class Chain(msgspec.Struct):
    name: str
    tvl: float


def requests(ask: Ask) -> Iterable[Request]:
    yield Request(URL, accept=("application/json",))


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    return rows(body, Chain)


def read(item: Any, request: Request, ask: Ask) -> Metric | None:
    chain: Chain = row(item, Chain)
    slug = slug_of(chain.name)
    if not slug or not chain.tvl >= 0:
        raise Refused(f"{chain.name[:40]!r}: {chain.tvl} is not an amount on a chain")
    return Metric(f"tvl:{slug}", "defillama", ask.window, chain.tvl)


def slug_of(name: str) -> str:
    """OP Mainnet → op-mainnet."""
    return re.sub(r"[^a-z0-9]+", "-", name[:60].lower()).strip("-")


SOURCE = Source("defillama_chains", "defi", requests, items, read, reliability=0.8)
