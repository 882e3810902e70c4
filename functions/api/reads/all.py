"""Every read of the API, and the one that a path asks for."""

from __future__ import annotations

from collections.abc import Iterable

from functions.api.reads import Read, analytics, event_study, market, news, patterns, regime, signals

READS: tuple[Read, ...] = (
    *market.READS,
    *signals.READS,
    *news.READS,
    *analytics.READS,
    *patterns.READS,
    *regime.READS,
    *event_study.READS,
)


class Paths:
    """Look a path up in constant time; every read has at most one parameter."""

    def __init__(self, reads: Iterable[Read]) -> None:
        self.exact: dict[str, Read] = {}
        self.ending: dict[str, tuple[Read, str]] = {}  # /signals/{type} by /signals
        self.inside: dict[tuple[str, str], tuple[Read, str]] = {}  # /market-data/{symbol}/history
        for read in reads:
            for path in (read.path, *read.aliases):
                self.add(read, path)

    def add(self, read: Read, path: str) -> None:
        before, brace, rest = path.partition("/{")
        if not brace:
            self.exact[path] = read
            return
        name, _, after = rest.partition("}")
        if after:
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
        return None
