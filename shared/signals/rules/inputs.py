"""The columns of a rule's series, from bars, stories and signals at hand. Decides, never reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.market.codec import Columns
from shared.market.indicators.registry import INDICATORS, Ohlcv, compute_indicator
from shared.models import EARLIEST, MINUTE
from shared.signals.bars import Floats, Ints
from shared.signals.rules.names import PRICES
from shared.signals.rules.tree import Leaf

# What detectors find on a bar is stored within a run or two behind its close; a signal that came later counts
# from when it was known.
USUAL_DELAY = 5 * MINUTE
EXACT = 1_000_000_000  # moods are summed up as whole billionths: the same sum from any start


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of several assets side by side: all (T, S), newest last; NaN in front of the shorter ones."""

    assets: tuple[int, ...]
    open_time: Ints
    ohlcv: Ohlcv


@dataclass(frozen=True, slots=True)
class Stories:
    """Articles about assets, copies of a story left out: all (N,). `mood` is NaN where it was not rated."""

    asset: Ints
    at: Ints
    known_at: Ints
    mood: Floats
    since: int | None  # when the first article of all became known


@dataclass(frozen=True, slots=True)
class Raised:
    """Signals of one type: all (N,). `confidence` is NaN where it was not known; `direction` a word."""

    asset: Ints
    at: Ints
    known_at: Ints
    confidence: Floats
    direction: Sequence[str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the rules of one bar length read; `others` by slug, `ids` the asset of each slug."""

    step: int
    panel: Panel
    others: Mapping[str, Panel]
    ids: Mapping[str, int]
    stories: Stories
    raised: Mapping[str, Raised]


def panel_of(series: Sequence[tuple[int, Columns]]) -> Panel:
    """A panel of (asset, bars in time order)."""
    rows = max((len(bars.open_time) for _, bars in series), default=0)
    times = np.full((rows, len(series)), EARLIEST, np.int64)
    prices = {name: np.full(times.shape, np.nan) for name in PRICES}
    for column, (_, bars) in enumerate(series):
        first = rows - len(bars.open_time)
        times[first:, column] = bars.open_time
        for name, values in prices.items():
            values[first:, column] = getattr(bars, name)
    opened = np.where(times == EARLIEST, np.nan, times.astype(np.float64))
    return Panel(tuple(asset for asset, _ in series), times, Ohlcv(**prices, open_time=opened))


def column_of(leaf: Leaf, inputs: Inputs, chunks: int = 1) -> Floats:
    """One series on every row of the panel (T, S); a condition as 1 or 0. NaN where it is not known."""
    panel = inputs.panel
    if leaf.source in ("sentiment", "mentions", "signal"):
        assets = panel.assets if leaf.asset is None else (inputs.ids[leaf.asset],) * len(panel.assets)
        closes = panel.open_time + inputs.step
        columns = [told(leaf, asset, closes[:, i], inputs) for i, asset in enumerate(assets)]
        found: Floats = np.where(panel.open_time == EARLIEST, np.nan, np.stack(columns, axis=1))
        return found
    if leaf.asset is None:
        return measured(leaf, panel, chunks)
    other = inputs.others[leaf.asset]
    return aligned(measured(leaf, other, chunks)[:, 0], other.open_time[:, 0], panel.open_time)


def measured(leaf: Leaf, panel: Panel, chunks: int) -> Floats:
    if leaf.source == "price":
        price: Floats = getattr(panel.ohlcv, leaf.name)
        return price
    settings = {name: value for name, value in leaf.settings if not isinstance(value, str)}
    outputs = compute_indicator(leaf.name, panel.ohlcv, chunks=chunks, **settings)
    place = INDICATORS[leaf.name].outputs.index(leaf.output)
    return list(outputs.values())[place]


def aligned(values: Floats, times: Ints, wanted: Ints) -> Floats:
    """Values of another series (R,) at the bars that opened when `wanted` (T, S) did; NaN where none did."""
    if not len(times):
        return np.full(wanted.shape, np.nan)
    places = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    found: Floats = np.where(times[places] == wanted, values[places], np.nan)
    return found


def told(leaf: Leaf, asset: int, closes: Ints, inputs: Inputs) -> Floats:
    """News or signals of one asset at each close (T,)."""
    within = int(leaf.setting("within"))
    if leaf.source == "signal":
        raised = inputs.raised.get(leaf.name)
        if raised is None:
            return np.zeros(len(closes))
        enter, leave = lasting(raised, leaf, asset, within)
        return (active(enter, leave, np.ones(len(enter), np.int64), closes) > 0).astype(np.float64)
    stories = inputs.stories
    mine = stories.asset == asset
    if leaf.source == "sentiment":
        mine = mine & ~np.isnan(stories.mood)
    enter = np.maximum(stories.at[mine], stories.known_at[mine])
    leave = stories.at[mine] + within
    count = active(enter, leave, np.ones(len(enter), np.int64), closes).astype(np.float64)
    known = np.full(len(closes), stories.since is not None) & (closes - within >= (stories.since or 0))
    if leaf.source == "mentions":
        return np.where(known, count, np.nan)
    moods = np.rint(stories.mood[mine] * EXACT).astype(np.int64)
    total = active(enter, leave, moods, closes)
    with np.errstate(invalid="ignore"):
        return np.where(known & (count > 0), total / EXACT / count, np.nan)


def lasting(raised: Raised, leaf: Leaf, asset: int, within: int) -> tuple[Ints, Ints]:
    """From when until when each signal of an asset counts, as the rule asks it."""
    least, direction = float(leaf.setting("min_confidence")), leaf.setting("direction")
    mine = raised.asset == asset
    if least:
        mine = mine & (raised.confidence >= least)
    if direction:
        mine = mine & (np.array(raised.direction, dtype=object) == direction)
    at, known_at = raised.at[mine], raised.known_at[mine]
    return np.where(known_at - at <= USUAL_DELAY, at, known_at), at + within


def active(enter: Ints, leave: Ints, weight: Ints, moments: Ints) -> Ints:
    """Sum of the weights of what has entered and not left at each moment; whole numbers, so exact."""
    lasts = leave > enter
    enter, leave, weight = enter[lasts], leave[lasts], weight[lasts]
    come = np.searchsorted(np.sort(enter), moments, side="right")
    gone = np.searchsorted(np.sort(leave), moments, side="right")
    by_enter = np.concatenate(([0], np.cumsum(weight[np.argsort(enter)])))
    by_leave = np.concatenate(([0], np.cumsum(weight[np.argsort(leave)])))
    total: Ints = by_enter[come] - by_leave[gone]
    return total
