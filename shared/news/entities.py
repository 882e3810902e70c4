"""Who and what a text is about: assets by name and ticker, and the people, firms and offices of names.csv.

A name counts as a whole word. What is also an ordinary word (Optimism, LINK, ONE) counts only where it
cannot be that: as $LINK, as (LINK), or with a word of the trade beside it, "LINK price", "Optimism
network". A ticker counts in upper case, in a text that is not all upper case.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.models import Asset
from shared.news.trie import word_pattern

NAMES = Path(__file__).with_name("names.csv")
# Names of assets that are ordinary words, and tickers that are words or other people's abbreviations.
WORDS = """
optimism compound maker render stacks mantle gate flow flare quant avalanche stellar wormhole
jupiter immutable dash oasis sushi pepe bonk gala story sonic movement flux harmony waves beam curve
the-graph the-sandbox"""
ABBREVIATIONS = """
LINK DOT APE SAND FLOW GALA NEAR TON ONE GAS HOT FUN ICE MASK COMP RAY ROSE CAKE BAT ATOM SUN TRUMP
HYPE PUMP THETA RENDER ENS MINA MANA RUNE DASH LEO WOO APT ETC VIRTUAL SUPER MOVE SIX POL SEI SUSHI
FET QUANT MAGIC PEOPLE PRIME PORTAL BLUR SAFE FORM IMX MNT NEXO ORDI UNI CELO KAVA"""
# Words that stand beside an asset and seldom beside its homonym.
TRADE_WORDS = """
token tokens coin coins crypto cryptocurrency price prices network protocol blockchain mainnet
testnet ecosystem foundation labs holders holder whale whales bulls bears staking staked chain defi
dex dao etf etfs futures wallet wallets airdrop tvl trader traders usd usdt usdc btc eth altcoin
altcoins layer-1 layer-2 l1 l2 finance validators validator rallies surges soars jumps rises drops
falls slides plunges gains climbs rebounds bounces breaks outperforms"""
AMBIGUOUS_NAMES = frozenset(word.replace("-", " ") for word in WORDS.split())
AMBIGUOUS_TICKERS = frozenset(ABBREVIATIONS.split())
TRADE = frozenset(TRADE_WORDS.split())
# What else an asset is called.
OTHER_NAMES = {
    "ripple": ("Ripple",),
    "bitcoin": ("Bitcoins", "bitcoins"),
    "ethereum": ("Ether", "ether"),
    "polygon-ecosystem-token": ("Polygon", "MATIC"),
    "the-open-network": ("Toncoin", "The Open Network"),
    "near": ("Near Protocol",),
    "cosmos": ("Cosmos",),
    "binancecoin": ("Binance Coin",),
}
CASHTAG = re.compile(r"(?<=\$)[a-z]\w{0,9}\b")
BESIDE = re.compile(r"[\s:,'’s-]*([\w-]+)")
LAST_WORD = re.compile(r"([\w-]+)[\s:,-]*$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a spelling stands for; `asset` for assets. `ambiguous`: only with a sign that it is meant."""

    type: str
    name: str
    asset: int | None = None
    ambiguous: bool = False
    ticker: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of the assets a text is about, and all it names as (type, name), each once in text order."""

    assets: tuple[int, ...]
    entities: tuple[tuple[str, str], ...]


class Tagger:
    """Patterns over all names; build it once for a set of assets."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self.meanings = spellings(assets)
        self.capital = re.compile(word_pattern(name for name in self.meanings if not name[0].islower()))
        self.lower = re.compile(word_pattern(name for name in self.meanings if name[0].islower()))

    def find(self, title: str, summary: str = "") -> Found:
        """Who and what a text names; names in lower case are looked for in the title alone."""
        text = f"{title}\n{summary}"
        matches = [*self.capital.finditer(text), *self.lower.finditer(title)]
        if "$" in text:
            matches += CASHTAG.finditer(text)
        found: dict[tuple[str, str], int | None] = {}
        for match in sorted(matches, key=re.Match.start):
            meaning = self.meanings.get(match[0]) or self.meanings.get(match[0].upper())
            if meaning and meant(meaning, match, text, title.isupper()):
                found[meaning.type, meaning.name] = meaning.asset
        assets = tuple(asset for asset in found.values() if asset is not None)
        return Found(assets, tuple(found))


def meant(meaning: Meaning, match: re.Match[str], text: str, shouting: bool) -> bool:
    """Tell a name from a word that is spelled like it."""
    start, end = match.span()
    before = text[start - 1] if start else ""
    if before == "$":
        return meaning.ticker
    if before == "(" and text[end : end + 1] == ")":
        return True
    if meaning.ticker and (shouting or not match[0].isupper()):
        return False
    return not meaning.ambiguous or traded(match, text)


def traded(match: re.Match[str], text: str) -> bool:
    """Whether a word of the trade stands beside the match."""
    after = BESIDE.match(text, match.end())
    before = LAST_WORD.search(text, max(0, match.start() - 30), match.start())
    return any(word is not None and word[1].lower() in TRADE for word in (after, before))


def spellings(assets: Iterable[Asset]) -> dict[str, Meaning]:
    """Every spelling with what it means; where two claim one, the earlier asset keeps it."""
    found: dict[str, Meaning] = {}
    for asset in assets:
        if asset.kind != "crypto":
            continue
        ticker, name = asset.symbol.upper(), re.sub(r"\s*\(.*", "", asset.name)
        unsure = name.lower() in AMBIGUOUS_NAMES or len(name) < 3
        named = Meaning("asset", asset.name, asset.id, unsure)
        cased = () if unsure or name.upper() == ticker else (name.upper(), name.lower(), name.title())
        for text in (*(() if name == ticker else (name,)), *cased, *OTHER_NAMES.get(asset.slug, ())):
            found.setdefault(text, named)
        short = len(ticker) < 3 or ticker in AMBIGUOUS_TICKERS or unsure
        called = Meaning("asset", asset.name, asset.id, short, ticker=True)
        found.setdefault(ticker, called)
    for type, name, aliases in other_names():
        for text in (name, *aliases):
            found.setdefault(text, Meaning(type, name))
    return found


@cache
def other_names() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(type, name, aliases) of names.csv."""
    with NAMES.open(newline="", encoding="utf-8") as file:
        rows = [(row["type"], row["name"], row["aliases"]) for row in csv.DictReader(file)]
    return tuple((type, name, tuple(a for a in aliases.split("|") if a)) for type, name, aliases in rows)
