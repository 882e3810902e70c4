"""The columns of a rule's series, from what was read. Decides, never reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shared.market.indicators.engine import compute
from shared.market.indicators.kernel import Maker
from shared.market.indicators.registry import INDICATORS
from shared.models import EARLIEST
from shared.signals.bars import Floats, Ints
from shared.signals.rules.evaluate import go_on
from shared.signals.rules.features import computed, is_stored
from shared.signals.rules.panel import Panel, aligned
from shared.signals.rules.told import TOLD, Raised, Stories, signals_at, stories_at
from shared.signals.rules.tree import Leaf, Setting

# Bytes of kernels' columns that are kept for whoever asks next. A user may own a hundred rules of forty
# indicators each, and each is some megabytes for a whole market.
KEPT = 256_000_000
# Rows before which parts of time are stepped side by side: each warms up on its own, which costs as much.
CHUNK = 250


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything the rules of one bar length read. `others` by slug, `ids` the asset of each slug; `stored`:
    closes and values (R,) of a feature, by its name and asset."""

    step: int
    panel: Panel
    others: Mapping[str, Panel]
    ids: Mapping[str, int]
    stories: Stories
    raised: Mapping[str, Raised]
    stored: Mapping[tuple[str, int], tuple[Ints, Floats]]


# Output columns (T, S) of a kernel over the bars of a panel.
Kernels = Callable[[Panel, Maker], dict[str, Floats]]


def kernels(proceed: Callable[[], None] = go_on) -> Kernels:
    """Runs each kernel once for each panel, whoever asks and for whichever of its columns; of more than KEPT
    bytes the oldest are forgotten."""
    known: dict[tuple[int, Maker], tuple[Panel, dict[str, Floats]]] = {}
    kept = 0

    def run(panel: Panel, maker: Maker) -> dict[str, Floats]:
        nonlocal kept
        proceed()
        place = (id(panel), maker)
        if place not in known:  # with the panel, so that its id stays its own
            outputs = compute(maker, panel.ohlcv, chunks=max(1, len(panel.open_time) // CHUNK))
            known[place] = panel, outputs
            kept += size(outputs)
            while kept > KEPT and len(known) > 1:
                kept -= size(known.pop(next(iter(known)))[1])
        return known[place][1]

    return run


def size(outputs: Mapping[str, Floats]) -> int:
    return sum(column.nbytes for column in outputs.values())


def columns_of(leaves: Sequence[Leaf], inputs: Inputs, kernel: Kernels | None = None) -> dict[Leaf, Floats]:
    """Each series on every row of the panel (T, S); a condition as 1 or 0; NaN where it is not known."""
    run = kernel or kernels()
    return {leaf: column_of(leaf, inputs, run) for leaf in leaves}


def column_of(leaf: Leaf, inputs: Inputs, kernel: Kernels) -> Floats:
    panel = inputs.panel
    assets = panel.assets if leaf.asset is None else (inputs.ids[leaf.asset],) * len(panel.assets)
    if leaf.source in TOLD or (leaf.source == "feature" and is_stored(leaf.name)):
        closes = panel.open_time + inputs.step
        columns = [beside_bars(leaf, one, closes[:, i], inputs) for i, one in enumerate(assets)]
        joined = np.stack(columns, axis=1) if columns else np.empty(closes.shape)
        return np.where(panel.open_time == EARLIEST, np.nan, joined)
    if leaf.asset is None:
        return of_bars(leaf, panel, inputs.step, kernel)
    other = inputs.others[leaf.asset]
    return aligned(of_bars(leaf, other, inputs.step, kernel)[:, 0], other.open_time[:, 0], panel.open_time)


def beside_bars(leaf: Leaf, asset: int, closes: Ints, inputs: Inputs) -> Floats:
    """What was told or stored of one asset at each close (T,)."""
    if leaf.source == "signal":
        return signals_at(leaf, asset, closes, inputs.raised.get(leaf.name))
    if leaf.source != "feature":
        return stories_at(leaf, asset, closes, inputs.stories)
    times, values = inputs.stored.get((leaf.name, asset), (np.empty(0, np.int64), np.empty(0)))
    return aligned(values, times, closes)


def of_bars(leaf: Leaf, panel: Panel, step: int, kernel: Kernels) -> Floats:
    """A price, an indicator or a feature of the bars of a panel (T, S)."""
    if leaf.source == "price":
        price: Floats = getattr(panel.ohlcv, leaf.name)
        return price
    if leaf.source == "feature":
        return computed(leaf.name, panel.ohlcv, panel.open_time + step, lambda one: kernel(panel, one))
    outputs = kernel(panel, maker_of(leaf.name, leaf.settings))
    return list(outputs.values())[INDICATORS[leaf.name].outputs.index(leaf.output)]


@lru_cache(maxsize=1024)
def maker_of(name: str, settings: tuple[Setting, ...]) -> Maker:
    """One maker for all leaves of an indicator with the same settings: its kernel is run once for them."""
    return INDICATORS[name].make(**dict(settings))
