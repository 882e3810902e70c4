"""Every read of the API, and the one that a path asks for."""

from __future__ import annotations

from collections.abc import Iterable

from functions.api.reads import (
    Read,
    analytics,
    charts,
    event_study,
    features,
    market,
    news,
    patterns,
    performance,
    psychology,
    regime,
    signal_log,
    signal_types,
    signals,
    technical,
)

READS: tuple[Read, ...] = (
    *market.READS,
    *signal_log.READS,
    *signal_types.READS,
    *signals.READS,
    *news.READS,
    *analytics.READS,
    *patterns.READS,
    *performance.READS,
    *psychology.READS,
    *regime.READS,
    *event_study.READS,
    *features.READS,
    *technical.READS,
    *charts.READS,
)


class Paths:
    """Look a path up in constant time; a read has one parameter, or two at its end."""

    def __init__(self, reads: Iterable[Read]) -> None:
        self.exact: dict[str, Read] = {}
        self.ending: dict[str, tuple[Read, str]] = {}  # /signals/{type} by /signals
        self.inside: dict[tuple[str, str], tuple[Read, str]] = {}  # /market-data/{symbol}/history
        self.pairs: dict[str, tuple[Read, str, str]] = {}  # /analytics/data/{provider}/{symbol}
        for read in reads:
            for path in (read.path, *read.aliases):
                self.add(read, path)

    def add(self, read: Read, path: str) -> None:
        before, brace, rest = path.partition("/{")
        if not brace:
            self.exact[path] = read
            return
        name, _, after = rest.partition("}")
        if after.startswith("/{"):
            self.pairs[before] = (read, name, after[2:-1])
        elif after:
            self.inside[before, after.removeprefix("/")] = (read, name)
        else:
            self.ending[before] = (read, name)

    def find(self, path: str) -> tuple[Read, dict[str, str]] | None:
        """Return the read and its path parameters; None for a path that is none of them."""
        if (exact := self.exact.get(path)) is not None:
            return exact, {}
        parent, _, last = path.rpartition("/")
        if last and (found := self.ending.get(parent)) is not None:
            return found[0], {found[1]: last}
        before, _, value = parent.rpartition("/")
        if value and (found := self.inside.get((before, last))) is not None:
            return found[0], {found[1]: value}
        if value and last and (pair := self.pairs.get(before)) is not None:
            return pair[0], {pair[1]: value, pair[2]: last}
        return None
