"""From columns to features: the operations of the dictionary, and rows as one matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from shared.market.features.dictionary import FEATURES
from shared.market.features.feature import GIVEN
from shared.market.indicators.kernel import Floats

Operation = Callable[..., Floats]
OPERATIONS: dict[str, Operation] = {
    "pick": lambda x: x,
    "hundredth": lambda x: x / 100.0,
    "ratio": lambda x, y: x / y,
    "difference": lambda x, y: x - y,
    "balance": lambda x, y: (x - y) / (x + y),
    "place": lambda x, low, high: (x - low) / (high - low),
    "log": np.log,
    "log1p": np.log1p,
    "signed_log": lambda x: np.sign(x) * np.log1p(np.abs(x)),
    "log_ratio": lambda x, y: np.log(x / y),
    "log1p_ratio": lambda x, y: np.log((1.0 + x) / (1.0 + y)),
    "sums_log_ratio": lambda a, b, c, d: np.log((a + b) / (c + d)),
    "farther_from_one": lambda x, y: np.maximum(np.abs(x - 1.0), np.abs(y - 1.0)),
}


def matrix(columns: Mapping[str, Floats], rows: int) -> Floats:
    """All features (rows, F) in the order of the dictionary, from columns (rows,) by name.

    NaN where a column is missing, or the operation has no answer (no range, no volume, no trade).
    """
    found = np.full((len(FEATURES), rows), np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for place, feature in enumerate(FEATURES):
            if feature.how == GIVEN:
                if feature.name in columns:
                    found[place] = columns[feature.name]
            elif all(name in columns for name in feature.inputs):
                found[place] = OPERATIONS[feature.how](*[columns[name] for name in feature.inputs])
    found[~np.isfinite(found)] = np.nan
    return np.ascontiguousarray(found.T)
