"""Assets and names in headlines: what is meant, and what only looks like it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models import Asset
from shared.news.entities import Tagger, other_names
from shared.news.trie import branches, trie_of

ASSETS = [
    Asset(1, "bitcoin", "BTC", "Bitcoin", rank=1),
    Asset(2, "ethereum", "ETH", "Ethereum", rank=2),
    Asset(4, "ripple", "XRP", "XRP", rank=4),
    Asset(6, "solana", "SOL", "Solana", rank=6),
    Asset(8, "tron", "TRX", "TRON", rank=8),
    Asset(11, "chainlink", "LINK", "Chainlink", rank=11),
    Asset(12, "bitcoin-cash", "BCH", "Bitcoin Cash", rank=12),
    Asset(14, "sui", "SUI", "Sui", rank=14),
    Asset(15, "avalanche-2", "AVAX", "Avalanche", rank=15),
    Asset(32, "near", "NEAR", "NEAR Protocol", rank=32),
    Asset(41, "polygon-ecosystem-token", "POL", "POL (ex-MATIC)", rank=41),
    Asset(45, "optimism", "OP", "Optimism", rank=45),
    Asset(46, "official-trump", "TRUMP", "Official Trump", rank=46),
    Asset(109, "wormhole", "W", "Wormhole", rank=109),
    Asset(900, "eur-gbp", "EUR", "EUR", kind="pair"),
]
TICKER = {asset.id: asset.symbol for asset in ASSETS}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(ASSETS)


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        ("Bitcoin and ether climb", "BTC ETH"),
        ("bitcoin slides, ETHEREUM follows", "BTC ETH"),
        ("Bitcoin Cash is not Bitcoin", "BCH BTC"),
        ("BTC, ETH and $sol", "BTC ETH SOL"),
        ("btc and eth in lower case are words of chat", ""),
        ("Ripple wins; XRP jumps", "XRP"),
        ("Tron's founder", "TRX"),
        ("Chainlink (LINK) rallies", "LINK"),
        ("LINK to the past", ""),
        ("Click the LINK below", ""),
        ("LINK price nears resistance", "LINK"),
        ("$LINK", "LINK"),
        ("Optimism returns to markets", ""),
        ("Optimism network halts", "OP"),
        ("Price is near the top", ""),
        ("NEAR Protocol ships; NEAR token up", "NEAR"),
        ("Trump speaks on crypto", ""),
        ("Official Trump falls, TRUMP token follows", "TRUMP"),
        ("An avalanche of selling", ""),
        ("Avalanche of liquidations", ""),
        ("Avalanche blockchain grows", "AVAX"),
        ("BITCOIN CRASHES AND SOL TOO", "BTC"),
        ("W is a letter, $W is not", "W"),
        ("Polygon and MATIC holders", "POL"),
        ("Bitcoins", "BTC"),
        ("unbitcoinlike", ""),
        ("Sui soars", "SUI"),
        ("EUR falls", ""),
    ],
)
def test_assets(tagger: Tagger, text: str, tickers: str) -> None:
    assert " ".join(TICKER[asset] for asset in tagger.find(text).assets) == tickers


def test_people_firms_and_offices(tagger: Tagger) -> None:
    found = tagger.find("SEC sues Coinbase; Gary Gensler and Bitcoin’s Michael Saylor disagree. SEC again")
    assert found.entities == (
        ("regulator", "SEC"),
        ("exchange", "Coinbase"),
        ("person", "Gary Gensler"),
        ("asset", "Bitcoin"),
        ("person", "Michael Saylor"),
    )
    assert tagger.find("SBF and CZ").entities == (
        ("person", "Sam Bankman-Fried"),
        ("person", "Changpeng Zhao"),
    )


def test_names_are_listed_once() -> None:
    spelled = [text for _, name, aliases in other_names() for text in (name, *aliases)]
    assert len(spelled) == len(set(spelled)) > 150


@given(
    st.lists(st.text("abc.$", min_size=1, max_size=5), min_size=1, max_size=30),
    st.text("abc.$ ", max_size=30),
)
def test_the_trie_matches_as_alternatives_longest_first_do(words: list[str], text: str) -> None:
    plain = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))
    assert re.findall(branches(trie_of(words)), text) == re.findall(plain, text)


def test_real_headlines_with_tickers(real: Path, tagger: Tagger) -> None:
    """CryptoPanic's tags are weak labels, also of titles that name no asset; what we tag is named."""
    with (real / "labels/entities/cryptopanic_2018_titles.csv").open(encoding="utf-8") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    right = wrong = 0
    for row in rows:
        text = " ".join(str(value) for value in row)
        for asset in tagger.find(str(row[1])).assets:
            named = re.search(
                rf"\b({TICKER[asset]}|{ASSETS[0].name if asset == 1 else TICKER[asset]})\b", text, re.I
            )
            right, wrong = right + bool(named), wrong + (not named)
    assert right >= 8
    assert wrong <= 3
