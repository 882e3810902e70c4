"""The dictionary: every feature with what it means, in the order in which rows are packed."""

from __future__ import annotations

from functools import cache

from shared.market.features.dictionary import bars, context, markets
from shared.market.features.feature import VERSION, Feature

# Packed in this order: new ones go behind the last, with a `since` of their own.
FEATURES: tuple[Feature, ...] = (*bars.FEATURES, *markets.FEATURES, *context.FEATURES)
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in FEATURES}


@cache
def names(version: int = VERSION) -> tuple[str, ...]:
    """Names of the features a version has, in packing order."""
    return tuple(feature.name for feature in FEATURES if feature.since <= version)


def of_groups(groups: tuple[str, ...]) -> tuple[Feature, ...]:
    """The features of some groups, in the order of the dictionary; of all where none is named."""
    return tuple(feature for feature in FEATURES if not groups or feature.group in groups)
