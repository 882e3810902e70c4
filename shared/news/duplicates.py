"""The same story told twice: equal titles, or titles that share most of their words, within two days.

Jaccard similarity of the words, exact, found by prefix filtering: two sets that are 0.7 alike share a word
among the first few of each when words are in one order (Chaudhuri et al. 2006; longest words first here,
which are the rare ones). Titles that differ in a number are two stories: "Price analysis, May 5" and "May 6".
"""

from __future__ import annotations

import re
from collections import defaultdict
from math import ceil, floor

from shared.models import HOUR

ALIKE = 0.7
WITHIN = 48 * HOUR
FEWEST = 4  # words; shorter titles ("Price analysis 11/21") are the same only when they are equal
WORD = re.compile(r"\w+")
SITE = re.compile(r"\s+[-|–—]\s+[\w.' ]{2,25}$")  # "… - CoinDesk"


def words_of(title: str) -> list[str]:
    """The title's different words, longest first."""
    words = set(WORD.findall(SITE.sub("", title).casefold()))
    return sorted(words, key=lambda word: (-len(word), word))


class Headlines:
    """Titles known so far, by key."""

    def __init__(self) -> None:
        self.known: list[tuple[str, int, frozenset[str]]] = []
        self.exact: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self.by_word: dict[str, list[int]] = defaultdict(list)

    def add(self, key: str, title: str, at: int) -> None:
        """Remember a title that repeats no other."""
        self.remember(key, words_of(title), at)

    def original_of(self, key: str, title: str, at: int) -> str | None:
        """Key of the known title that this one repeats; otherwise it is remembered as new, and None."""
        words = words_of(title)
        found = self.repeated(words, at)
        if found is None:
            self.remember(key, words, at)
        return found

    def remember(self, key: str, words: list[str], at: int) -> None:
        number = len(self.known)
        self.known.append((key, at, frozenset(words)))
        self.exact[tuple(words)].append(number)
        if len(words) >= FEWEST:
            for word in prefix(words):
                self.by_word[word].append(number)

    def repeated(self, words: list[str], at: int) -> str | None:
        for number in self.exact.get(tuple(words), ()):
            if abs(self.known[number][1] - at) <= WITHIN:
                return self.known[number][0]
        if len(words) < FEWEST:
            return None
        own, best, found = frozenset(words), ALIKE, None
        least, most = ceil(ALIKE * len(words)), floor(len(words) / ALIKE)
        candidates = {n for word in prefix(words) for n in self.by_word.get(word, ())}
        for number in sorted(candidates):
            key, when, other = self.known[number]
            if not least <= len(other) <= most or abs(when - at) > WITHIN or numbers(own) != numbers(other):
                continue
            shared = len(own & other)
            likeness = shared / (len(own) + len(other) - shared)
            if likeness > best or (likeness == best and found is None):
                best, found = likeness, key
        return found


def numbers(words: frozenset[str]) -> set[str]:
    return {word for word in words if word[0].isdecimal()}


def prefix(words: list[str]) -> list[str]:
    """So many of the first words that two titles alike enough share one of them."""
    return words[: len(words) - ceil(ALIKE * len(words) - 1e-9) + 1]
