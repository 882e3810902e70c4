"""The same story told twice: equal titles, or titles that share most of their words, within two days.

Jaccard similarity of the words, exact, without comparing all pairs: a set that is 0.7 like another misses
at most 0.3 of its words there, so of one word more than that, the rarest ones, at least one is shared.
Titles that differ in a number are two stories: "Price analysis, May 5" and "May 6".
"""

from __future__ import annotations

import re
from collections import defaultdict
from math import ceil
from typing import NamedTuple

from shared.models import HOUR

ALIKE = 0.7
WITHIN = 48 * HOUR
FEWEST = 4  # words; shorter titles ("Price analysis 11/21") are the same only when they are equal
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"\d\w*")
SITE = re.compile(r"\s+[-|–—]\s+[\w.' ]{2,25}$")  # "… - CoinDesk"


class Title(NamedTuple):
    """A title as the words it is made of."""

    key: str
    at: int
    words: frozenset[str]
    numbers: frozenset[str]


def title_of(key: str, text: str, at: int) -> Title:
    if "-" in text or "|" in text or "–" in text or "—" in text:
        text = SITE.sub("", text)
    text = text.casefold()
    return Title(key, at, frozenset(WORD.findall(text)), frozenset(NUMBER.findall(text)))


class Headlines:
    """Titles known so far that repeat no other."""

    def __init__(self) -> None:
        self.known: list[Title] = []
        self.exact: dict[frozenset[str], list[Title]] = defaultdict(list)
        self.by_word: dict[str, list[int]] = defaultdict(list)

    def add(self, key: str, title: str, at: int) -> None:
        """Remember a title that repeats no other."""
        self.remember(title_of(key, title, at))

    def original_of(self, key: str, title: str, at: int) -> str | None:
        """Key of the known title that this one repeats; otherwise it is remembered as new, and None."""
        own = title_of(key, title, at)
        found = self.repeated(own)
        if found is None:
            self.remember(own)
        return found

    def remember(self, title: Title) -> None:
        number = len(self.known)
        self.known.append(title)
        self.exact[title.words].append(title)
        if len(title.words) >= FEWEST:
            for word in title.words:
                self.by_word[word].append(number)

    def repeated(self, own: Title) -> str | None:
        """The title most like this one; of equally alike ones the first."""
        for title in self.exact.get(own.words, ()):
            if abs(title.at - own.at) <= WITHIN:
                return title.key
        size = len(own.words)
        if size < FEWEST:
            return None
        lists = sorted((self.by_word.get(word, ()) for word in own.words), key=len)
        needed = size - ceil(ALIKE * size - 1e-9) + 1
        best, found = (ALIKE, -len(self.known)), None
        for number in set().union(*lists[:needed]):
            key, when, other, numbers = self.known[number]
            shared = len(own.words & other)
            likeness = shared / (size + len(other) - shared)
            if (likeness, -number) > best and numbers == own.numbers and abs(when - own.at) <= WITHIN:
                best, found = (likeness, -number), key
        return found
