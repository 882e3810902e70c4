"""Which metrics are watched, and how: what is kept of them, and over what time they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from shared.models import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Watch:
    """One sort of metric, by the word before the colon of its name.

    At most one value each `every` ms is kept, so that a window spans days however often a source is asked.
    A move is measured over `span` ms. `log`: amounts multiply rather than add, so their logarithms are
    compared. Series below `least` are not watched: a pool of a thousand dollars halves without meaning it.
    """

    kind: str
    every: int = HOUR
    span: int = HOUR
    log: bool = False
    least: float = -inf


WATCHED: Mapping[str, Watch] = {
    # A settlement of eight hours each: 96 values are a month.
    "funding_rate": Watch("funding", every=8 * HOUR),
    "risk_reversal_25d": Watch("risk_reversal", every=8 * HOUR),
    # 96 hourly values are four days.
    "open_interest": Watch("open_interest", log=True, least=1e6),
    "tvl": Watch("tvl", span=DAY, log=True, least=1e7),
    "dex_volume": Watch("dex_volume", log=True, least=1e6),
    "dex_liquidity": Watch("liquidity", log=True, least=1e5),
    "dex_new_pairs": Watch("new_pairs"),
    "mentions": Watch("mentions"),
}
BY_KIND: Mapping[str, Watch] = {watch.kind: watch for watch in WATCHED.values()}


def watch_of(name: str) -> Watch | None:
    """How `tvl:ethereum` is watched; None for what is not."""
    return WATCHED.get(name.partition(":")[0])
