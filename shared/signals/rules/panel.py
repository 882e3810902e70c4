"""Bars of several assets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shared.market.codec import Columns
from shared.market.indicators.registry import Ohlcv
from shared.models import EARLIEST
from shared.signals.bars import Floats, Ints
from shared.signals.rules.features import PRICES


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of some assets: all (T, S), newest last; NaN, and EARLIEST as time, in front of shorter ones."""

    assets: tuple[int, ...]
    open_time: Ints
    ohlcv: Ohlcv


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


def beside_bitcoin(panel: Panel, bitcoin: Panel) -> Panel:
    """The panel with bitcoin's close at each bar, for the features that compare with it."""
    closes = aligned(bitcoin.ohlcv.close[:, 0], bitcoin.open_time[:, 0], panel.open_time)
    return replace(panel, ohlcv=panel.ohlcv._replace(btc=closes))


def aligned(values: Floats, times: Ints, wanted: Ints) -> Floats:
    """Values (R,) that belong to `times`, at the wanted instants (T, S); NaN where there is none."""
    if not len(times):
        return np.full(wanted.shape, np.nan)
    places = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    found: Floats = np.where(times[places] == wanted, values[places], np.nan)
    return found
