"""The psychology of a market as one of five words: panic, fear, neutral, greed, euphoria (NLP-06).

Two numbers decide, as in the circumplex model of affect (Russell 1980): valence, whether things go well, and
arousal, how much is going on.

    valence = (sentiment / 0.4 + change / 0.2 + 2 · momentum / 2) / 4
    arousal = (volatility / ln 2 + volume / ln 2) / 2

each term between -1 and 1. What people pay counts as much as what they write: momentum twice. Units are where
a term is full: headlines spread by 0.35 to 0.4 and their day's mean seldom moves by half of that; a day
beyond two of its standard deviations is rare; volatility and volume are full when they double.

    below -0.25 fear, and panic where it is below -0.6 with an arousal of 0.5 at least;
    above  0.25 greed, and euphoria where it is above 0.6 with as much arousal; else neutral.

Where an input is missing there is no word but "no data". Rules, not a model: nothing is fitted, and the word
is a summary of its inputs, not a forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log, sqrt

UNITS: Mapping[str, float] = {
    "sentiment": 0.4,
    "sentiment_change": 0.2,
    "momentum": 2.0,
    "volatility": log(2),
    "volume": log(2),
}
VALENCE: Mapping[str, int] = {"sentiment": 1, "sentiment_change": 1, "momentum": 2}
AROUSAL: Mapping[str, int] = {"volatility": 1, "volume": 1}
MOVED, EXTREME, AROUSED = 0.25, 0.6, 0.5
NO_DATA = "no data"
# A mean of fewer articles, and a volatility of fewer hours, says little: three quarters of the last day, half
# of the week before it.
LEAST_ARTICLES, LEAST_ARTICLES_BEFORE = 3, 10
DAY_BARS, LEAST_BARS, LEAST_BARS_BEFORE = 24, 18, 84


@dataclass(frozen=True, slots=True)
class Inputs:
    """None for what is not known.

    `sentiment` mean of a day's articles (-1 to 1), `sentiment_change` that less the mean of the week before,
    `momentum` the day's log return in standard deviations of a day, `volatility` and `volume` the logarithm
    of the day's against the week's before.
    """

    sentiment: float | None = None
    sentiment_change: float | None = None
    momentum: float | None = None
    volatility: float | None = None
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class Psychology:
    """`parts` are the terms in -1 to 1; `index` is valence as 0 (all fear) to 100 (all greed)."""

    state: str
    index: float | None
    valence: float | None
    arousal: float | None
    parts: dict[str, float]
    missing: tuple[str, ...]


def psychology(inputs: Inputs) -> Psychology:
    """The word for these inputs, with what led to it."""
    given = {name: value for name, value in asdict(inputs).items() if value is not None}
    parts = {name: max(-1.0, min(1.0, value / UNITS[name])) for name, value in given.items()}
    missing = tuple(name for name in UNITS if name not in parts)
    if missing:
        return Psychology(NO_DATA, None, None, None, parts, missing)
    valence, arousal = weighted(parts, VALENCE), weighted(parts, AROUSAL)
    return Psychology(word(valence, arousal), 50 * (1 + valence), valence, arousal, parts, ())


def weighted(parts: Mapping[str, float], weights: Mapping[str, int]) -> float:
    return sum(weight * parts[name] for name, weight in weights.items()) / sum(weights.values())


def word(valence: float, arousal: float) -> str:
    if abs(valence) < MOVED:
        return "neutral"
    extreme = abs(valence) >= EXTREME and arousal >= AROUSED
    if valence < 0:
        return "panic" if extreme else "fear"
    return "euphoria" if extreme else "greed"


def of_moods(day: Sequence[float], before: Sequence[float]) -> tuple[float | None, float | None]:
    """Sentiment and its change, from the moods of a day's articles and those of the week before."""
    if len(day) < LEAST_ARTICLES:
        return None, None
    mean = sum(day) / len(day)
    if len(before) < LEAST_ARTICLES_BEFORE:
        return mean, None
    return mean, mean - sum(before) / len(before)


def of_bars(
    day: Sequence[tuple[float, float]], before: Sequence[tuple[float, float]]
) -> tuple[float | None, float | None, float | None]:
    """Momentum, volatility and volume, from hourly (close, volume) of a day and of the week before."""
    if len(day) < LEAST_BARS or len(before) < LEAST_BARS_BEFORE:
        return None, None, None
    closes = [close for close, _ in before]
    usual, own = deviation(closes), deviation([closes[-1], *(close for close, _ in day)])
    momentum = log(day[-1][0] / closes[-1]) / (usual * sqrt(DAY_BARS)) if usual else None
    volatility = log(own / usual) if own and usual else None
    traded = [sum(volume for _, volume in bars) / len(bars) for bars in (day, before)]
    return momentum, volatility, log(traded[0] / traded[1]) if min(traded) > 0 else None


def deviation(closes: Sequence[float]) -> float:
    """Root mean square of the log returns."""
    squares = [log(b / a) ** 2 for a, b in pairwise(closes)]
    return sqrt(sum(squares) / len(squares))
