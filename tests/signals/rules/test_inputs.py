"""The columns of a rule's series: news and signals as they were known at each close, symbols by time."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from rules_support import program

from shared.market.codec import Columns
from shared.market.indicators.engine import compute
from shared.models import HOUR, MINUTE
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.inputs import Inputs, columns_of, kernels
from shared.signals.rules.panel import Panel, beside_bitcoin, panel_of
from shared.signals.rules.told import Raised, Stories

OWN, BITCOIN = 7, 1
NO_STORIES = Stories(*(np.empty(0, np.int64),) * 3, np.empty(0), None)


def bars(times: Sequence[int], seed: int = 0) -> Columns:
    """A random walk of bars that opened at these instants."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(times))))
    start = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(start, close) * 1.001, np.minimum(start, close) * 0.999
    lists = [column.tolist() for column in (start, high, low, close, rng.lognormal(3, 1, len(times)))]
    return Columns(list(times), *lists, [], [])


def inputs(panel: Panel, stories: Stories = NO_STORIES, **raised: Raised) -> Inputs:
    return Inputs(HOUR, panel, {}, {"bitcoin": BITCOIN}, stories, raised, {})


def stories(*rows: tuple[int, int, int, float], since: int | None = 0) -> Stories:
    """From (asset, at, known_at, mood)."""
    table = np.array(rows).reshape(-1, 4)
    whole = table[:, :3].astype(np.int64)
    return Stories(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], since)


def only(text: str, given: Inputs) -> list[float]:
    (column,) = columns_of(program(text).leaves, given).values()
    return [float(value) for value in column[:, 0]]


def test_stories_count_from_when_they_were_known_until_the_span_is_over() -> None:
    panel = panel_of([(OWN, bars([n * HOUR for n in range(10, 16)]))])  # closes at 11h .. 16h
    told = stories(
        (OWN, 11 * HOUR, 11 * HOUR, 0.5),
        (OWN, 11 * HOUR + 1, 13 * HOUR, -0.1),  # known two hours late
        (OWN, 12 * HOUR, 40 * HOUR, 1.0),  # known when it was no news any more
        (OWN, 12 * HOUR + 1, 12 * HOUR + 1, np.nan),  # not rated
        (BITCOIN, 12 * HOUR, 12 * HOUR, 0.9),
    )
    given = inputs(panel, told)
    assert only("mentions(3h) > 0", given) == [1, 1, 3, 2, 1, 0]
    assert only("sentiment(3h) > 0", given) == pytest.approx(
        [0.5, 0.5, 0.2, -0.1, np.nan, np.nan], nan_ok=True
    )
    assert only("BTC.mentions(2h) > 0", given) == [0, 1, 1, 0, 0, 0]


def test_before_news_are_collected_their_number_is_unknown() -> None:
    panel = panel_of([(OWN, bars([n * HOUR for n in range(5)]))])
    assert only("mentions(2h) > 0", inputs(panel)) == pytest.approx([np.nan] * 5, nan_ok=True)
    late = inputs(panel, stories(since=HOUR))
    assert only("mentions(2h) > 0", late) == pytest.approx([np.nan, np.nan, 0, 0, 0], nan_ok=True)


def test_signals_count_from_when_they_were_known() -> None:
    panel = panel_of([(OWN, bars([n * HOUR for n in range(6)]))])  # closes at 1h .. 6h
    raised = Raised(
        np.array([OWN, OWN, BITCOIN]),
        np.array([2 * HOUR, 4 * HOUR, HOUR]),
        np.array([2 * HOUR + MINUTE, 5 * HOUR + 1, HOUR]),  # the second an hour late
        np.array([0.7, np.nan, 0.5]),
        ("up", "down", "none"),
    )
    given = inputs(panel, price_anomaly=raised)
    assert only('signal("price_anomaly")', given) == [0, 1, 0, 0, 0, 0]
    assert only('signal("price_anomaly", within=3h)', given) == [0, 1, 1, 1, 0, 1]
    assert only('signal("price_anomaly", within=3h, direction="down")', given) == [0, 0, 0, 0, 0, 1]
    assert only('signal("price_anomaly", within=3h, min_confidence=0.6)', given) == [0, 1, 1, 1, 0, 0]
    assert only('BTC.signal("price_anomaly")', given) == [1, 0, 0, 0, 0, 0]
    assert only('signal("volume_spike", within=1d)', given) == [0] * 6


def test_another_symbol_is_read_at_the_same_bar_or_not_at_all() -> None:
    own, other = bars([n * HOUR for n in (0, 1, 2, 5)]), bars([n * HOUR for n in (0, 2, 3, 5)], seed=1)
    bitcoin = {"bitcoin": panel_of([(BITCOIN, other)])}
    given = Inputs(HOUR, panel_of([(OWN, own)]), bitcoin, {"bitcoin": BITCOIN}, NO_STORIES, {}, {})
    expected = [other.close[0], np.nan, other.close[1], other.close[3]]
    assert only("BTC.close > 1", given) == pytest.approx(expected, nan_ok=True)
    empty = Inputs(
        HOUR,
        given.panel,
        {"bitcoin": panel_of([(BITCOIN, bars([]))])},
        {"bitcoin": BITCOIN},
        NO_STORIES,
        {},
        {},
    )
    assert np.isnan(only("BTC.close > 1", empty)).all()


RULES = (
    "rsi(14) crosses above 30 or ema(9) > ema(21) and change(close, 24h) > 1%",
    "close > highest(ago(high, 1), 20) and volume > 2 * mean(volume, 20)",
    "for(close > sma(50), 5) and not any(close < bollinger(20).lower, 24h)",
    "BTC.close > BTC.ema(50) and stdev(close, 48) / close > 1% or falling(close, 4)",
    'sentiment(6h) > 0.1 or mentions(24h) > 5 and signal("price_anomaly", within=6h)',
    "volatility_24 > BTC.volatility_24 and beta_btc_96 > 0.001 or hour_sin > 0.5 and rsi_14 < 0.4",
    "macd.histogram > 0 and atr(14) / close > 0.5% or count(close > open, 10) >= 8",
)


@pytest.mark.parametrize("text", RULES)
def test_nothing_looks_ahead(text: str) -> None:
    """What was said of a bar is said again when nothing is known of what came later."""
    made, whole = program(text), world(600)
    full = verdicts(text, whole, 600)
    assert len(np.unique(full[made.lookback :])) > 1
    for cut in (made.lookback + 2, 333, 471):
        assert np.array_equal(verdicts(text, whole, cut), full[:cut])


@pytest.mark.parametrize("text", RULES)
def test_live_reads_back_as_far_as_it_matters(text: str) -> None:
    """The newest bars over the history that a live run reads say what the whole history says."""
    rows = 1200
    made, whole = program(text), world(rows)
    full = verdicts(text, whole, rows)
    assert made.history + 100 < rows
    part = verdicts(text, whole, rows, start=rows - 100 - made.history)
    assert np.array_equal(part[-100:], full[-100:])


def world(rows: int) -> dict[str, object]:
    random = Random(4)
    times = [n * HOUR for n in range(rows)]
    told = [
        (random.choice((OWN, BITCOIN)), at, at + random.choice((0, MINUTE, 5 * HOUR)), random.uniform(-1, 1))
        for at in (random.randrange(rows * HOUR) for _ in range(rows))
    ]
    at = np.sort(np.array([random.randrange(rows) * HOUR for _ in range(rows // 20)]))
    late = at + np.array([random.choice((MINUTE, 3 * HOUR)) for _ in at])
    confidence = np.full(len(at), np.nan)
    raised = Raised(np.full(len(at), OWN), at, late, confidence, ("up",) * len(at))
    return {"own": bars(times, 5), "other": bars(times, 6), "told": told, "raised": raised}


def verdicts(text: str, world: dict[str, object], rows: int, start: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    """Judge bars start..rows of a world of which nothing later than the last close is known."""
    made, end = program(text), rows * HOUR
    own, other = (cut(world[name], start, rows) for name in ("own", "other"))  # type: ignore[arg-type]
    told = stories(*(one for one in world["told"] if one[2] <= end))  # type: ignore[attr-defined]
    raised: Raised = world["raised"]  # type: ignore[assignment]
    # a signal is stored a little after its bar, when the run that judges the bar looks
    known = np.flatnonzero(raised.known_at <= end + 5 * MINUTE)
    parts = [column[known] for column in (raised.asset, raised.at, raised.known_at, raised.confidence)]
    given = Inputs(
        HOUR,
        beside_bitcoin(panel_of([(OWN, own)]), panel_of([(BITCOIN, other)])),
        {"bitcoin": panel_of([(BITCOIN, other)])},
        {"bitcoin": BITCOIN},
        told,
        {"price_anomaly": Raised(*parts, [raised.direction[i] for i in known])},
        {},
    )
    columns = columns_of(made.leaves, given)
    found: np.ndarray = evaluate(made, columns, given.panel.open_time)[:, 0]  # type: ignore[type-arg]
    return found


def cut(whole: Columns, start: int, end: int) -> Columns:
    lists = (whole.open_time, whole.open, whole.high, whole.low, whole.close, whole.volume)
    return Columns(*(one[start:end] for one in lists), [], [])


def test_features_of_bars_are_those_of_the_dictionary() -> None:
    times = [n * HOUR for n in range(300)]
    panel = beside_bitcoin(panel_of([(OWN, bars(times, 3))]), panel_of([(BITCOIN, bars(times, 4))]))
    closes = np.array(bars(times, 3).close)
    returns = np.diff(np.log(closes))
    assert only("return_24 > 0", inputs(panel))[-1] == pytest.approx(np.log(closes[-1] / closes[-25]))
    assert only("volatility_96 > 0", inputs(panel))[-1] == pytest.approx(returns[-96:].std(ddof=1))
    market = np.diff(np.log(np.array(bars(times, 4).close)))
    beta = np.polyfit(market[-96:], returns[-96:], 1)[0]
    assert only("beta_btc_96 > 0", inputs(panel))[-1] == pytest.approx(beta)
    assert only("weekend > 0", inputs(panel))[-1] == 0.0  # a Tuesday
    rsi = only("rsi(14) > 0", inputs(panel))
    assert only("rsi_14 > 0", inputs(panel)) == pytest.approx([one / 100 for one in rsi], nan_ok=True)


def test_other_features_are_those_stored_at_the_close() -> None:
    panel = panel_of([(OWN, bars([n * HOUR for n in range(4)]))])  # closes at 1h .. 4h
    stored = {("funding_rate", OWN): (np.array([2 * HOUR, 4 * HOUR]), np.array([0.5, np.nan]))}
    given = Inputs(HOUR, panel, {}, {}, NO_STORIES, {}, stored)
    expected = [np.nan, 0.5, np.nan, np.nan]
    assert only("funding_rate > 0", given) == pytest.approx(expected, nan_ok=True)


def test_series_of_different_length_stand_side_by_side() -> None:
    long, short = bars([n * HOUR for n in range(50)], 1), bars([n * HOUR for n in range(30, 50)], 2)
    both, alone = panel_of([(OWN, long), (BITCOIN, short)]), panel_of([(BITCOIN, short)])
    assert both.open_time.shape == (50, 2)
    for text in ("close > 1", "ema(5) > 1", "sma(15) > 1", "rsi > 1", 'signal("price_anomaly")'):
        leaves = program(text).leaves
        (together,), (single,) = (columns_of(leaves, inputs(one)).values() for one in (both, alone))
        assert np.isnan(together[:30, 1]).all()
        assert np.array_equal(together[30:, 1], single[:, 0], equal_nan=True)
    assert panel_of([]).open_time.shape == (0, 0)


def test_what_kernels_gave_is_kept_for_the_next_rule_but_not_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, counted = panel_of([(OWN, bars([n * HOUR for n in range(40)]))]), list[int]()

    def counting(*given: Any, **named: Any) -> Any:
        counted.append(1)
        return compute(*given, **named)

    monkeypatch.setattr("shared.signals.rules.inputs.compute", counting)
    rules = [program(text).leaves for text in ("rsi(5) > 1", "ema(6) > 1", "rsi(5) > 2", "ema(6) > 2")]
    shared = kernels()
    whole = [columns_of(leaves, inputs(panel), shared) for leaves in rules]
    assert len(counted) == 2
    monkeypatch.setattr("shared.signals.rules.inputs.KEPT", 40 * 8)  # one column
    shared = kernels()
    for leaves, before in zip(rules, whole, strict=True):
        for leaf, column in columns_of(leaves, inputs(panel), shared).items():
            assert np.array_equal(column, before[leaf], equal_nan=True)
    assert len(counted) == 6
