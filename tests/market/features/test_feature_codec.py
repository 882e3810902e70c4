"""A packed row gives back every bit, and says what it does not know."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.env import ROOT
from shared.market.features import codec, dictionary
from shared.market.features.codec import decode, decode_all, encode
from shared.market.features.dictionary import names
from shared.market.features.feature import VERSION
from shared.platform.d1.limits import VALUE_BYTES

WIDTH = len(names())


def rows(seed: int, n: int = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, WIDTH)) * 10.0 ** rng.integers(-300, 300, (n, WIDTH))
    table[rng.random((n, WIDTH)) < 0.4] = np.nan
    return table


@pytest.mark.parametrize("seed", range(5))
def test_rows_come_back_bit_for_bit(seed: int) -> None:
    table = rows(seed)
    packed = encode(table)
    again = decode_all(packed, [VERSION] * len(packed))
    assert np.array_equal(again.view(np.int64), table.view(np.int64))
    for row, data in zip(table, packed, strict=True):
        expected = [None if np.isnan(value) else value for value in row.tolist()]
        assert decode(data, VERSION) == expected


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=WIDTH, max_size=WIDTH))
def test_any_values_come_back(values: list[float | None]) -> None:
    table = np.array([[np.nan if value is None else value for value in values]])
    assert decode(encode(table)[0], VERSION) == values


def test_a_row_is_bits_then_doubles_little_end_first() -> None:
    table = np.full((1, WIDTH), np.nan)
    table[0, 0], table[0, 9] = 1.5, -2.0
    head = -(-WIDTH // 8)
    mask = bytearray(head)
    mask[0], mask[1] = 0b1, 0b10
    assert encode(table) == [bytes(mask) + struct.pack("<2d", 1.5, -2.0)]


def test_the_reader_in_the_docs_reads_them() -> None:
    text = (ROOT / "docs" / "FEATURES.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.S)
    assert code
    scope: dict[str, object] = {}
    exec(code[1], scope)  # the page's own example
    table = rows(7, 1)
    read = scope["unpack"](encode(table)[0], names())  # type: ignore[operator]
    assert list(read.values()) == decode(encode(table)[0], VERSION)
    assert tuple(read) == names()


def test_a_full_row_is_far_below_the_limit_of_a_value() -> None:
    assert len(encode(np.ones((1, WIDTH)))[0]) == -(-WIDTH // 8) + 8 * WIDTH < VALUE_BYTES / 1000


def test_rows_of_an_older_version_are_read_by_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows(3, 2)
    old = encode(table)
    added = dictionary.FEATURES[0]._replace(name="new_one", since=VERSION + 1)
    monkeypatch.setattr(dictionary, "FEATURES", (*dictionary.FEATURES, added))
    names.cache_clear()
    try:
        monkeypatch.setattr(codec, "names", lambda version=VERSION + 1: names(version))
        assert len(decode(old[0], VERSION)) == WIDTH
        wider = decode_all(old, [VERSION, VERSION])
        assert np.array_equal(wider[:, :WIDTH], table, equal_nan=True)
        assert np.isnan(wider[:, WIDTH]).all()
    finally:
        names.cache_clear()
