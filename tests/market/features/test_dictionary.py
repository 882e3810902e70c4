"""The dictionary is complete, unambiguous and agrees with what is computed."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from shared.env import ROOT
from shared.market.features import calendar, dictionary
from shared.market.features.dictionary import BY_NAME, FEATURES, names, of_groups
from shared.market.features.feature import GIVEN, GROUPS, SHOWN, VERSION, Feature
from shared.market.features.kernels import MAKERS, BarFeatures
from shared.market.features.kernels.continuity import NAMES as CONTINUITY
from shared.market.features.metrics import CHAINS, FAMILIES, WANTED
from shared.market.features.values import OPERATIONS, matrix
from shared.signals.columns import ENGINE


def test_there_are_at_least_110_features_in_every_group_named() -> None:
    assert len(FEATURES) >= 110
    assert len(BY_NAME) == len(FEATURES)
    assert {one.group for one in FEATURES} == set(GROUPS)
    for one in FEATURES:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", one.name), one.name
        assert all((one.definition, one.unit, one.inputs)), one.name
        assert one.warmup >= 0, one.name
        assert 1 <= one.since <= VERSION, one.name


def test_every_operation_is_computed_and_shown() -> None:
    assert set(OPERATIONS) == set(SHOWN)
    assert {one.how for one in FEATURES} - {GIVEN} <= set(OPERATIONS) | set(calendar.calendar(np.array([0])))


def test_every_column_of_the_kernel_is_a_feature_and_every_column_read_exists() -> None:
    assert set(BarFeatures.names) - set(BY_NAME) == set(CONTINUITY)
    computed = set(ENGINE.names) | {"close"}
    read = {name for one in FEATURES if one.how != GIVEN for name in one.inputs if ":" not in name}
    assert read <= computed
    assert {name for maker in MAKERS for name in maker(1).names} <= set(ENGINE.names)


def test_a_later_version_only_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.since for one in FEATURES] == sorted(one.since for one in FEATURES)
    added = Feature("new_one", "price", "x", "log", GIVEN, ("close",), since=VERSION + 1)
    monkeypatch.setattr(dictionary, "FEATURES", (*FEATURES, added))
    names.cache_clear()
    try:
        assert names(VERSION + 1) == (*names(VERSION), "new_one")
    finally:
        names.cache_clear()


def test_groups_are_chosen_in_the_order_of_the_dictionary() -> None:
    chosen = of_groups(("trend", "price"))
    assert {one.group for one in chosen} == {"trend", "price"}
    assert chosen == tuple(one for one in FEATURES if one.group in ("price", "trend"))
    assert of_groups(()) == FEATURES


def test_what_is_not_there_is_unknown_and_so_is_what_has_no_answer() -> None:
    columns = {
        "close": np.array([2.0, 2.0]),
        "ema_12": np.array([1.0, 0.0]),
        "rsi_14": np.array([50.0, np.inf]),
    }
    table = matrix(columns, 2)
    at = names().index
    assert table.shape == (2, len(FEATURES))
    assert table[0, at("ema_gap_12")] == np.log(2.0)
    assert np.isnan(table[1, at("ema_gap_12")])
    assert (table[0, at("rsi_14")], np.isnan(table[1, at("rsi_14")])) == (0.5, True)
    assert np.isnan(table[:, at("funding_rate")]).all()


@pytest.mark.parametrize(
    ("how", "inputs", "expected"),
    [
        ("balance", (3.0, 1.0), 0.5),
        ("place", (3.0, 1.0, 5.0), 0.5),
        ("signed_log", (-1.0,), -np.log(2.0)),
        ("log1p_ratio", (3.0, 1.0), np.log(2.0)),
        ("sums_log_ratio", (3.0, 1.0, 1.0, 1.0), np.log(2.0)),
        ("farther_from_one", (1.01, 0.98), 0.02),
        ("log_ratio", (4.0, 2.0), np.log(2.0)),
    ],
)
def test_operations(how: str, inputs: tuple[float, ...], expected: float) -> None:
    columns = [np.array([value]) for value in inputs]
    assert OPERATIONS[how](*columns)[0] == pytest.approx(expected, abs=1e-15)


def test_metrics_have_a_family_an_age_and_a_name_for_each_asset() -> None:
    assert {one.pattern.partition(":")[0] for one in WANTED} <= set(FAMILIES)
    assert all(one.prefix.endswith(":") == one.own for one in WANTED)
    tvl = next(one for one in WANTED if one.column == "tvl:{chain}@24h")
    assert (tvl.name("binancecoin"), tvl.name("solana")) == ("tvl:bsc", "tvl:solana")
    assert (tvl.own, tvl.by_chain, tvl.prefix) == (True, True, "tvl:")
    cpi = next(one for one in WANTED if one.column == "macro:cpi@365d")
    assert (cpi.name("bitcoin"), cpi.lag, cpi.own) == ("macro:cpi", 365 * 86_400_000, False)
    assert cpi.max_age > FAMILIES["macro"].max_age
    assert all(slug != chain for slug, chain in CHAINS.items())


def test_reading_the_dictionary_and_packed_rows_loads_no_numpy() -> None:
    code = (
        "import sys, shared.store.features; from shared.market.features import codec, dictionary, metrics;"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"
