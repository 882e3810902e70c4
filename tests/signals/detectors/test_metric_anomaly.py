"""The scorer's verdict on a metric as a finding: its side, and its evidence."""

from __future__ import annotations

import numpy as np
import pytest

from shared.models import HOUR
from shared.signals import univariate
from shared.signals.detector import NO_BAR
from shared.signals.detectors import metric_anomaly
from shared.signals.families import series
from shared.signals.families.family import Fresh, Look
from shared.signals.families.followed import FOLLOWED
from shared.signals.families.memory import Memory

START = 1_763_726_400_000


def values(*more: float) -> list[float]:
    return [*np.random.default_rng(2).normal(2e9, 1e7, 400).tolist(), *more]


def looks(name: str, told: list[float]) -> list[Look]:
    rows = [(name, 1, START + n * HOUR, value, START + n * HOUR) for n, value in enumerate(told)]
    return list(series.step(Memory(), Fresh(0, (rows, {1: "x"}), len(rows))))


@pytest.mark.parametrize(
    ("name", "last", "side"),
    [
        ("tvl:bsc", 3e9, 1),
        ("tvl:bsc", 1e9, -1),
        ("fees_usd:bitcoin", 3e9, 1),
        ("stablecoin_supply:usdt", 3e9, 0),
        ("exchange_netflow:bitcoin", -3e9, 0),
    ],
)
def test_what_never_was_reaches_the_level_on_the_side_that_can_be_read(
    name: str, last: float, side: int
) -> None:
    found = looks(name, values(last))[-1]
    scores = metric_anomaly.score(found.rows, NO_BAR)
    assert scores.score.tolist() == [0.0, found.rows["score"][1]]  # calm an hour before
    assert univariate.ALARM <= scores.score[1] < 1
    assert scores.side[1] == side
    assert found.at.tolist() == [START + 399 * HOUR, START + 400 * HOUR]


def test_the_evidence_tells_the_series_and_what_the_reader_compares_it_with() -> None:
    told = values(3e9)
    found = looks("tvl:bsc", told)[-1]
    assert metric_anomaly.evidence(found.rows, 1, NO_BAR) == {
        "value": 3e9,
        "score": found.rows["score"][1],
        "median": float(np.median(told[-17:-1])),
        "since": START,
        "values": 401,
        "threshold": univariate.ALARM,
        "window": {"first": START + 384 * HOUR, "last": START + 399 * HOUR, "n": 16},
        "series": {"name": "tvl:bsc", "source": "x"},
        "before": told[-17:-1],
    }


def test_a_flat_line_is_silent_and_so_is_what_is_new_to_a_young_series() -> None:
    assert looks("tvl:bsc", [2e9] * 600) == []
    assert looks("tvl:bsc", [*[2e9] * (series.YOUNG - 1), 4e9]) == []
    assert len(looks("tvl:bsc", [*[2e9] * series.YOUNG, 4e9])) == 1


def test_values_below_the_least_begin_no_series() -> None:
    least = FOLLOWED["tvl"].least
    assert looks("tvl:bsc", [0.9 * least] * 400 + [0.1 * least]) == []
    found = looks("tvl:bsc", [0.9 * least] * 10 + values(3e9))[-1]
    assert found.rows["since"][1] == START + 10 * HOUR
