"""Each detector on bars made for it, with evidence that computes its score again."""

from __future__ import annotations

import re
from math import log, sqrt
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from shared.models import DAY, HOUR
from shared.signals import detectors, windows
from shared.signals.bars import STEPS, bars_of
from shared.signals.detectors import DETECTORS, price_anomaly, sentiment_shift, volume_spike
from shared.signals.moods import moods_at, table_of
from shared.signals.windows import Measured

RESERVED = {"history", "performance", "compound", "correlations", "patterns", "by-id"}


def measured(closes: list[float], volumes: list[float]) -> Measured:
    pairs = enumerate(zip(closes, volumes, strict=True))
    bars = bars_of([(1, 1, i * HOUR, c, c, c, c, v) for i, (c, v) in pairs])
    one = np.array([1])
    return windows.step(windows.with_lanes(windows.empty(), one, one), HOUR, bars)


def zigzag(n: int = 120) -> tuple[list[float], list[float]]:
    """Prices that move by 1 % up and down a little irregularly, volumes around 100."""
    closes = [100 * 1.01 ** (i % 2) * 1.001 ** (i % 5) for i in range(n)]
    return closes, [100.0 + 10 * (i % 7) for i in range(n)]


def test_files_and_list_agree_and_no_type_is_a_reserved_word() -> None:
    folder = Path(detectors.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {detector.type for detector in DETECTORS}
    assert not files & RESERVED
    assert all(re.fullmatch(r"[a-z][a-z_]+", name) for name in files)


def test_every_bar_detector_has_a_level_for_every_step() -> None:
    for detector in DETECTORS:
        assert set(detector.raise_at) == (set(STEPS) if detector.reads == "bars" else {0})


@pytest.mark.parametrize(("factor", "side"), [(0.8, -1), (1.25, 1)])
def test_price_anomaly_scores_a_jump_and_its_evidence_computes_it(factor: float, side: int) -> None:
    closes, volumes = zigzag()
    closes[-1] = closes[-2] * factor
    bars = measured(closes, volumes)
    scores = price_anomaly.score(bars, HOUR)
    evidence = price_anomaly.evidence(bars, len(closes) - 1, HOUR)
    returns = [log(b / a) for a, b in zip(closes[-98:-2], closes[-97:-1], strict=True)]
    middle = median(returns)
    scale = max(1.4826 * median(abs(r - middle) for r in returns), 0.0005)
    assert scores.score[-1] == pytest.approx(abs(log(closes[-1] / closes[-2]) - middle) / scale, rel=1e-12)
    assert scores.score[-1] == abs(evidence["value"] - evidence["median"]) / evidence["scale"]
    assert scores.side[-1] == side
    assert evidence["window"]["n"] == 96
    assert scores.score[:97].max() == 0


def test_a_pegged_price_does_not_make_a_tick_infinite() -> None:
    bars = measured([1.0] * 119 + [1.0001], [1.0] * 120)
    assert price_anomaly.score(bars, HOUR).score[-1] == pytest.approx(0.2, rel=1e-3)


def test_volume_spike_scores_the_logarithm_and_takes_the_side_of_the_bar() -> None:
    closes, volumes = zigzag()
    volumes[-1] = 5000.0
    bars = measured(closes, volumes)
    scores, evidence = volume_spike.score(bars, HOUR), volume_spike.evidence(bars, 119, HOUR)
    logs = [log(v) for v in volumes[-97:-1]]
    scale = max(1.4826 * median(abs(x - median(logs)) for x in logs), 0.25)
    assert scores.score[-1] == pytest.approx((log(5000) - median(logs)) / scale, rel=1e-12)
    assert evidence["volume"] == pytest.approx(5000)
    assert scores.side[-1] == np.sign(closes[-1] - closes[-2])


def test_a_quiet_bar_or_a_window_without_trades_is_no_spike() -> None:
    closes, volumes = zigzag()
    assert volume_spike.score(measured(closes, [*volumes[:-1], 0.001]), HOUR).score[-1] == 0
    assert volume_spike.score(measured(closes, [0.0] * 119 + [5.0]), HOUR).score[-1] == 0


def article(asset: int, at: int, mood: float, known: int | None = None) -> tuple[int, int, int, float, int]:
    return (asset, at, at if known is None else known, mood, 0)


def newsroom(recent: list[float], now: int = 30 * DAY) -> list[tuple[int, int, int, float, int]]:
    old = [article(1, now - 2 * DAY - i * HOUR, 0.1 * (-1) ** i) for i in range(40)]
    return old + [article(1, now - i * 600_000, mood) for i, mood in enumerate(recent)]


def test_sentiment_shift_follows_its_formula() -> None:
    recent = [-0.8, -0.7, -0.9, -0.6, -0.8, -0.75]
    moods = moods_at(table_of(newsroom(recent)), 30 * DAY)
    scores, evidence = sentiment_shift.score(moods, 0), sentiment_shift.evidence(moods, 0, 0)
    old = [0.1 * (-1) ** i for i in range(40)]
    m0, m1 = sum(old) / 40, sum(recent) / 6
    squares = sum((x - m0) ** 2 for x in old) + sum((x - m1) ** 2 for x in recent)
    spread = max(sqrt(squares / 44), 0.2)
    value = (6 * m1 + 3 * m0) / 9
    assert scores.score[0] == pytest.approx(abs(value - m0) / (spread * sqrt(1 / 6 + 1 / 40)))
    assert scores.side[0] == -1
    assert scores.score[0] > 3
    assert (evidence["recent"]["n"], evidence["baseline"]["n"]) == (6, 40)


def test_few_articles_or_a_short_past_are_not_judged() -> None:
    assert sentiment_shift.score(moods_at(table_of(newsroom([-0.9] * 4)), 30 * DAY), 0).score[0] == 0
    short = [row for row in newsroom([-0.9] * 8) if row[1] > 30 * DAY - 2 * DAY - 10 * HOUR]
    assert sentiment_shift.score(moods_at(table_of(short), 30 * DAY), 0).score[0] == 0


def test_an_article_counts_from_when_it_was_known() -> None:
    rows = [*newsroom([]), *(article(1, 30 * DAY - 60_000, -0.9, known=30 * DAY + 1) for _ in range(9))]
    moods = moods_at(table_of(rows), 30 * DAY)
    assert moods.recent_n[0] == 0
    assert moods_at(table_of(rows), 30 * DAY + HOUR).recent_n[0] == 9
