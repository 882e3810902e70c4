"""Headlines of the demo: what the market did, told by feeds, between news that moves nothing."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from shared.dev.demo.coins import COINS
from shared.dev.demo.market import Jump, Market
from shared.models import DAY, HOUR, MINUTE

KEPT = 16  # days of articles kept ready
QUIET_A_DAY = 110  # articles about nothing in particular
TELLING = 0.75  # of the jumps that get a story
NEWSWORTHY = 0.025  # log return; smaller jumps pass without one
MARKET = "Crypto market"

GOOD = (
    "{name} rallies as strong demand returns and buyers celebrate",
    "{name} surges to its best level in weeks, traders cheer a great day",
    "Big win for {name}: approval lifts prices and optimism",
    "{name} soars after upbeat partnership news, holders delighted",
    "Bulls love {name}: record inflows push the price higher",
    "Why {name} gains so impressively today, and who benefits",
    "{name} breakthrough excites investors, analysts see a bright outlook",
    "Happy hours for {name} holders as a successful upgrade lands",
)
BAD = (
    "{name} crashes as fear spreads and traders panic",
    "{name} plunges, worst losses in weeks hurt holders badly",
    "Lawsuit fears hit {name}: heavy selling, angry investors",
    "{name} slumps after exploit, hackers steal funds from a bridge",
    "Bears attack {name}: liquidations wreck long positions",
    "Why {name} fails today: weak demand and terrible sentiment",
    "{name} collapse worries regulators, analysts warn of more pain",
    "Bad day for {name} as a critical bug forces a halt",
)
TAILS = ("", ", say desks from Tokyo to Toronto after a sleepless session")
PLAIN = (
    "{name} developers publish notes of call {n}",
    "What to know about {name} this week, part {n}",
    "{name} in numbers: {n} facts about supply and fees",
    "A conversation about {name} and the next {n} months",
    "{name} foundation lists {n} open positions",
    "How {n} wallets changed their {name} holdings",
    "{name} conference announces {n} speakers",
    "Explained: {name} staking, custody and taxes in {n} minutes",
    "{name} node software reaches version {n}",
    "{name} community votes on proposal {n}",
    "Survey: {n} percent of readers have heard of {name}",
    "Interview {n}: building tools around {name}",
)


@dataclass(frozen=True, slots=True)
class Story:
    """An article of the demo; `feed` counts feeds from 0, `number` is unique."""

    number: int
    feed: int
    at: int
    title: str
    summary: str


class Press:
    """Stories of `feeds` feeds about a market, day by day."""

    def __init__(self, market: Market, feeds: int) -> None:
        self.market, self.feeds = market, feeds
        self._days: OrderedDict[int, list[Story]] = OrderedDict()

    def stories(self, start: int, end: int) -> list[Story]:
        """Those published in (start, end], oldest first."""
        first = max(start - self.market.start, 0) // DAY
        last = max(end - self.market.start, 0) // DAY
        found = [story for number in range(first, last + 1) for story in self._day(number)]
        return sorted((one for one in found if start < one.at <= end), key=lambda one: (one.at, one.number))

    def _day(self, number: int) -> list[Story]:
        if number not in self._days:
            self._days[number] = write_day(self.market, number, self.feeds)
            if len(self._days) > KEPT:
                self._days.popitem(last=False)
        return self._days[number]


def write_day(market: Market, number: int, feeds: int) -> list[Story]:
    """All stories of one day; a story about a jump may be published early on the next."""
    rng = np.random.default_rng([market.seed, number, 1])
    midnight = market.start + number * DAY
    told = [(int(at), *plain(rng)) for at in rng.integers(midnight, midnight + DAY, QUIET_A_DAY)]
    for jump in market.day(number).jumps:
        if abs(jump.size) >= NEWSWORTHY and rng.random() < TELLING:
            told += stirring(rng, jump)
    return [
        Story(number * 10_000 + i, int(rng.integers(feeds)), at, title, summary)
        for i, (at, title, summary) in enumerate(sorted(told))
    ]


def plain(rng: np.random.Generator) -> tuple[str, str]:
    """Title and summary about any coin, the large ones more often."""
    name = COINS[int(len(COINS) * rng.random() ** 2)].name
    title = PLAIN[int(rng.integers(len(PLAIN)))].format(name=name, n=int(rng.integers(2, 400)))
    return title, f"A generated article of the demo about {name}."


def stirring(rng: np.random.Generator, jump: Jump) -> list[tuple[int, str, str]]:
    """Time, title and summary of what is written about a jump: some hear of it before the price does."""
    name = MARKET if jump.coin is None else COINS[jump.coin].name
    titles = GOOD if jump.size > 0 else BAD
    order, found = rng.permutation(len(titles)), []
    for i in range(int(rng.integers(8, 15))):
        at = jump.at + int(rng.triangular(-10 * MINUTE, 10 * MINUTE, HOUR))
        title = titles[order[i % len(order)]].format(name=name) + TAILS[i // len(order)]
        found.append((at, title, f"A generated article of the demo about {name} and {jump.size:+.1%}."))
    return found
