"""The columns every bar is measured in: indicators, features and what detectors need, stepped as one."""

from __future__ import annotations

from collections.abc import Sequence

from shared.market.features import kernels as features
from shared.market.indicators.engine import Engine
from shared.market.indicators.kernel import Maker
from shared.market.indicators.registry import INDICATORS, settings
from shared.signals.kernels.baseline import Baseline
from shared.signals.kernels.burst import Burst
from shared.signals.kernels.correlation import Correlation
from shared.signals.kernels.cusum import Cusum
from shared.signals.kernels.derived import over, previous
from shared.signals.kernels.divergence import Divergence
from shared.signals.kernels.holding import Holding
from shared.signals.kernels.squeeze import Squeeze
from shared.signals.kernels.volatility import VolatilityRatio

# Beside the usual parameters: the averages that readers of charts look for.
MORE: tuple[tuple[str, int], ...] = (("sma", 50), ("sma", 200), ("ema", 12), ("ema", 26))


def usual(name: str) -> Maker:
    """An indicator with its usual parameters."""
    return INDICATORS[name].make(**settings(INDICATORS[name], {}))


DETECTORS: tuple[Maker, ...] = (
    Baseline,
    VolatilityRatio,
    Cusum,
    Burst,
    Holding,
    Correlation,
    previous(usual("macd"), "macd_histogram_12_26_9"),
    previous(usual("donchian"), "donchian_upper_20", "donchian_lower_20"),
    over(lambda inner, lanes: Divergence(inner, "rsi_14", lanes), usual("rsi")),
    over(lambda inner, lanes: Squeeze(inner, 20, lanes), usual("bollinger")),
)


def indicators() -> tuple[Maker, ...]:
    """Every indicator with its usual parameters, and MORE."""
    more = (INDICATORS[name].make(**settings(INDICATORS[name], {"period": n})) for name, n in MORE)
    return (*map(usual, INDICATORS), *more)


def distinct(makers: Sequence[Maker]) -> tuple[Maker, ...]:
    """Without those whose columns an earlier one puts out: a derived kernel has those of its inner one."""
    known, kept = set[str](), list[Maker]()
    for maker in makers:
        names = maker(1).names
        if not names or not known.issuperset(names):
            kept.append(maker)
        known.update(names)
    return tuple(kept)


MAKERS = distinct((*DETECTORS, *indicators(), *features.MAKERS))
ENGINE = Engine(MAKERS)
