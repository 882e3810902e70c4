"""One row of cells into one valid bar, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from shared.market.imports.layout import Layout
from shared.market.imports.times import Clock
from shared.models import EARLIEST, LATEST
from shared.store.candle_rows import CandleRow

THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?")


@dataclass(frozen=True, slots=True)
class Reader:
    """`only`: the symbol to keep where the file has a column for it; `step`: to find the open of an end;
    `decimal_comma`: that of 43,123 is one."""

    layout: Layout
    clock: Clock
    only: str | None
    step: int
    decimal_comma: bool = False

    def wanted(self, cells: Sequence[Any]) -> bool:
        column = self.layout.symbol
        return self.only is None or column is None or same(str(cells[column]), self.only)

    def bar(self, cells: Sequence[Any]) -> CandleRow:
        """(open_time, open, high, low, close, volume, trades); ValueError says what is wrong."""
        at = self.layout
        if at.close >= len(cells) or at.time >= len(cells):
            raise ValueError(f"{len(cells)} cells are too few")
        time = self.open_time(cells[at.time])
        open_ = self.number("open", cells[at.open])
        high = self.number("high", cells[at.high])
        low = self.number("low", cells[at.low])
        close = self.number("close", cells[at.close])
        volume = 0.0 if at.volume is None else self.number("volume", cells[at.volume])
        if not 0.0 < low < inf:
            raise ValueError(f"low: {cells[at.low]} is not a positive number")
        if not (low <= open_ <= high < inf and low <= close <= high):
            raise ValueError(f"open {open_:g}, high {high:g}, low {low:g}, close {close:g} is not a bar")
        if not 0.0 <= volume < inf:
            raise ValueError(f"volume: {volume:g} is not zero or more")
        return time, open_, high, low, close, volume, count(cells, at.trades)

    def number(self, name: str, cell: Any) -> float:
        """A float, also with a decimal comma or commas between thousands; ValueError where it may be both."""
        try:
            return float(cell)
        except (TypeError, ValueError):
            text = str(cell).strip()
        if THOUSANDS.fullmatch(text):
            if "." in text or text.count(",") > 1:
                return float(text.replace(",", ""))
            if not self.decimal_comma:
                raise ValueError(f"{name}: {cell!r} may be thousands or a decimal comma: write it without")
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise ValueError(f"{name}: {cell!r} is not a number") from None

    def open_time(self, cell: Any) -> int:
        time = self.clock(cell)
        if self.layout.ends:
            # 11:59:59.999 is how exchanges write an end
            time += (time % 1000 == 999) - self.step
        if not EARLIEST <= time < LATEST:
            raise ValueError(f"time: {cell!r} is not between 1830 and 2100")
        return time


def same(one: str, other: str) -> bool:
    return one.strip().upper() == other.strip().upper()


def count(cells: Sequence[Any], column: int | None) -> int | None:
    if column is None or column >= len(cells):
        return None
    try:
        return int(float(cells[column]))
    except (TypeError, ValueError):
        return None
