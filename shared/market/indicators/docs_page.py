"""docs/INDICATORS.md, made of the registry."""

from __future__ import annotations

from collections.abc import Iterator

from shared.market.indicators.definition import Indicator
from shared.market.indicators.registry import INDICATORS

INTRO = """# Indicators

Generated from the registry by `make docs`. All are step kernels: live bars and backfills run the same code
and give the same bits, whatever is computed beside them. A value is stated once its warm-up has passed (the
number of first bars in which an output is missing, below for the default parameters); later there always is
one.

The API serves them by these names: `GET /api/v1/technical/{symbol}?indicators=rsi,sma&periods=7,14`. A column
is called by its output and the parameters that tell two settings apart: `rsi_14`, `macd_signal_12_26_9`.
"""


def page() -> str:
    """The whole document, indicators by name."""
    lines = [INTRO]
    for name in sorted(INDICATORS):
        lines += section(INDICATORS[name])
    return "\n".join(lines)


def section(indicator: Indicator) -> Iterator[str]:
    """The lines about one indicator."""
    columns = ", ".join(f"`{column}`" for column in indicator.make()(1).names)
    yield from (f"## {indicator.name}: {indicator.title}", "", indicator.doc, "")
    yield from (f"Columns: {columns}. Warm-up: {indicator.warmup()} bars.", "")
    if not indicator.parameters:
        return
    yield from ("| parameter | default | from | to |", "|---|---|---|---|")
    for one in indicator.parameters:
        yield f"| `{one.name}` | {one.default:g} | {one.low:g} | {one.high:g} |"
    yield ""
