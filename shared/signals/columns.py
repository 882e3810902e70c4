"""The columns every bar is measured in: indicators, features and what detectors need, stepped as one."""

from __future__ import annotations

from collections.abc import Sequence

from shared.market.indicators.engine import Engine
from shared.market.indicators.kernel import Maker
from shared.market.indicators.registry import INDICATORS, settings
from shared.signals.kernels.baseline import Baseline
from shared.signals.kernels.burst import Burst
from shared.signals.kernels.correlation import Correlation
from shared.signals.kernels.cusum import Cusum
from shared.signals.kernels.holding import Holding
from shared.signals.kernels.volatility import VolatilityRatio

DETECTORS: tuple[Maker, ...] = (Baseline, VolatilityRatio, Cusum, Burst, Holding, Correlation)


def indicators() -> tuple[Maker, ...]:
    """Every indicator with its usual parameters."""
    return tuple(one.make(**settings(one, {})) for one in INDICATORS.values())


def distinct(makers: Sequence[Maker]) -> tuple[Maker, ...]:
    """Without those whose columns an earlier one puts out: a derived kernel has those of its inner one."""
    known, kept = set[str](), list[Maker]()
    for maker in makers:
        names = maker(1).names
        if not names or not known.issuperset(names):
            kept.append(maker)
        known.update(names)
    return tuple(kept)


MAKERS = distinct((*DETECTORS, *indicators()))
ENGINE = Engine(MAKERS)
