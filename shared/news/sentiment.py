"""The mood of a headline: VADER's rules and lexicon with the words that mean something in markets.

`compound` is a rewrite of vaderSentiment 3.3.2's `polarity_scores(text)["compound"]` that gives the same
number with the same lexicon (checked on recorded texts), several times faster: it looks only at the words
that the lexicon knows. lexicon.csv holds our terms; those of several words become one word first.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from pathlib import Path
from string import punctuation
from typing import Literal

MODEL = "vader+crypto"
NEUTRAL = 0.05  # VADER's own thresholds
TERMS = Path(__file__).with_name("lexicon.csv")
ALPHA = 15
CAPITALS, NEGATION = 0.733, -0.74
FADES = (1.0, 0.95, 0.9)  # what a modifier one, two, three words before still does

Label = Literal["positive", "neutral", "negative"]


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` -1..1."""

    score: float
    label: Label
    model: str = MODEL


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Valence of words, emoji as words, and the words that change what follows."""

    valence: dict[str, float]
    emojis: dict[str, str]
    boosters: dict[str, float]
    negations: frozenset[str]
    idioms: dict[str, float]
    phrases: dict[str, list[list[str]]] = field(default_factory=dict)  # by first word, longest first


@cache
def vader() -> Lexicon:
    """VADER's own lexicon; reading it takes 5 ms, so once and not before it is needed."""
    from vaderSentiment import vaderSentiment as package  # type: ignore[import-untyped]

    known = package.SentimentIntensityAnalyzer()
    return Lexicon(
        known.lexicon, known.emojis, package.BOOSTER_DICT, frozenset(package.NEGATE), package.SPECIAL_CASES
    )


@cache
def crypto() -> Lexicon:
    """VADER's with our terms."""
    plain = vader()
    with TERMS.open(newline="", encoding="utf-8") as file:
        terms = {row["term"]: float(row["valence"]) for row in csv.DictReader(file)}
    phrases: dict[str, list[list[str]]] = {}
    for words in sorted((term.split() for term in terms if " " in term), key=len, reverse=True):
        phrases.setdefault(words[0], []).append(words)
    boosters = {word: by for word, by in plain.boosters.items() if word not in terms}
    known = {**plain.valence, **terms}
    return Lexicon(known, plain.emojis, boosters, plain.negations, plain.idioms, phrases)


def sentiment(text: str) -> Sentiment:
    """Score a headline."""
    score = compound(text, crypto())
    return Sentiment(score, label_of(score))


def label_of(score: float) -> Label:
    return "positive" if score >= NEUTRAL else "negative" if score <= -NEUTRAL else "neutral"


def compound(text: str, lexicon: Lexicon) -> float:
    """-1..1, rounded to four digits."""
    if not text.isascii():
        text = without_emoji(text, lexicon.emojis)
    words = [word if len(bare := word.strip(punctuation)) <= 2 else bare for word in text.split()]
    lower = [word.lower() for word in words]
    if lexicon.phrases:
        join_phrases(words, lower, lexicon.phrases)
    known = lexicon.valence
    hits = [i for i, word in enumerate(lower) if word in known and word not in lexicon.boosters]
    if not hits:
        return 0.0
    shouted = sum(map(str.isupper, words))
    differ = 0 < shouted < len(words)
    moods = [0.0] * len(words)
    for i in hits:
        if lower[i] != "kind" or lower[i + 1 : i + 2] != ["of"]:
            moods[i] = valence(i, words, lower, differ, lexicon)
    if "but" in lower:
        weigh_contrast(moods, lower.index("but"))
    total = sum(moods)
    if total:
        total += emphasis(text) if total > 0 else -emphasis(text)
    return round(max(-1.0, min(1.0, total / sqrt(total * total + ALPHA))), 4)


def join_phrases(words: list[str], lower: list[str], phrases: dict[str, list[list[str]]]) -> None:
    """Make one word of each phrase, in place."""
    for at in reversed([i for i, word in enumerate(lower) if word in phrases]):
        for phrase in phrases[lower[at]]:
            end = at + len(phrase)
            if lower[at:end] == phrase:
                words[at:end] = [" ".join(words[at:end])]
                lower[at:end] = [" ".join(phrase)]
                break


def without_emoji(text: str, emojis: dict[str, str]) -> str:
    """Emoji as their descriptions, set apart by a blank only where none stands before, as VADER does."""
    parts, blank = list[str](), True
    for char in text:
        description = emojis.get(char)
        if description is not None and not blank:
            parts.append(" ")
        parts.append(description or char)
        blank = description is None and char == " "
    return "".join(parts).strip()


def valence(i: int, words: list[str], lower: list[str], differ: bool, lexicon: Lexicon) -> float:
    """What word i adds: its own valence, changed by capitals and by up to three words before."""
    known = lexicon.valence
    mood = own_mood(i, lower, known)
    if differ and words[i].isupper():
        mood += CAPITALS if mood > 0 else -CAPITALS
    for back in range(min(i, 3)):
        before = lower[i - back - 1]
        if before in known:
            continue
        if before in lexicon.boosters:
            mood += boost(words[i - back - 1], lexicon.boosters[before], mood, differ) * FADES[back]
        mood = negate(mood, lower, back, i, lexicon.negations)
        if back == 2:
            mood = idiom(mood, lower, i, lexicon)
    if i > 0 and lower[i - 1] == "least" and "least" not in known:
        mood *= 1 if i > 1 and lower[i - 2] in ("at", "very") else NEGATION
    return mood


def own_mood(i: int, lower: list[str], known: dict[str, float]) -> float:
    """The word's valence, turned by a "no" before it; a "no" before a known word only negates."""
    own = known[lower[i]]
    if "no" in lower[max(0, i - 3) : i] and denied(i, lower):
        return own * NEGATION
    return 0.0 if lower[i] == "no" and i + 1 < len(lower) and lower[i + 1] in known else own


def denied(i: int, lower: list[str]) -> bool:
    """A "no" one or two words before, or three where "or" or "nor" stands between."""
    near = lower[max(0, i - 2) : i]
    return "no" in near or (i > 2 and lower[i - 3] == "no" and lower[i - 1] in ("or", "nor"))


def boost(word: str, by: float, mood: float, differ: bool) -> float:
    by = -by if mood < 0 else by
    if differ and word.isupper():
        by += CAPITALS if mood > 0 else -CAPITALS
    return by


def negate(mood: float, lower: list[str], back: int, i: int, negations: frozenset[str]) -> float:
    """Turn the mood where the word `back` + 1 before negates it; "never so" strengthens instead."""
    before = lower[i - back - 1]
    if back:
        between = lower[i - back : i]
        so = between[0] in ("so", "this")
        if (before == "never" and so) or (back == 2 and between[1] in ("so", "this")):
            return mood * 1.25
        if before == "without" and "doubt" in between:
            return mood
    return mood * NEGATION if before in negations or "n't" in before else mood


def idiom(mood: float, lower: list[str], i: int, lexicon: Lexicon) -> float:
    """Idioms around word i that mean something else than their words, as "the bomb"."""
    cases = lexicon.idioms
    three, two, one, here = lower[i - 3 : i + 1]
    before = (f"{one} {here}", f"{two} {one} {here}", f"{two} {one}", f"{three} {two} {one}")
    for words in (*before, f"{three} {two}"):
        if words in cases:
            mood = cases[words]
            break
    for end in (i + 2, i + 3):
        if end <= len(lower):
            mood = cases.get(" ".join(lower[i:end]), mood)
    for words in (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}"):
        mood += lexicon.boosters.get(words, 0.0)
    return mood


def weigh_contrast(moods: list[float], but: int) -> None:
    """What comes after "but" counts more. VADER finds a mood by its value, so equal ones share a fate."""
    for mood in moods:
        at = moods.index(mood)
        if at != but:
            moods[at] = mood * (0.5 if at < but else 1.5)


def emphasis(text: str) -> float:
    """Up to four exclamation marks, and two or more question marks."""
    asked = text.count("?")
    questions = 0.0 if asked < 2 else asked * 0.18 if asked <= 3 else 0.96
    return min(text.count("!"), 4) * 0.292 + questions
