"""What a named indicator is made of: its parameters, its outputs, its warm-up and the kernel it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import getdoc

from shared.market.indicators.kernel import Kernel, Maker


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number a caller may set, `low` and `high` included; whole where its default is an int."""

    name: str
    default: int | float
    low: int | float
    high: int | float


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: `make(**parameters)` gives its kernel, `warmup(**parameters)` its rows of NaN.

    Column names are the `outputs` with the numbers that tell two settings apart: rsi_14.
    """

    name: str
    title: str
    doc: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    warmup: Callable[..., int]
    make: Callable[..., Maker]


def labelled(outputs: tuple[str, ...], *numbers: int | float) -> tuple[str, ...]:
    """Column names of a setting: ("macd", "macd_signal"), 12, 26 -> ("macd_12_26", "macd_signal_12_26")."""
    suffix = "".join(f"_{number:g}" for number in numbers)
    return tuple(name + suffix for name in outputs)


def told_apart(
    outputs: tuple[str, ...], period: int, *others: tuple[int | float, int | float]
) -> tuple[str, ...]:
    """Column names by the period alone where every other (value, default) is usual: keltner_upper_20."""
    usual = all(value == default for value, default in others)
    return labelled(outputs, period, *(() if usual else (value for value, _ in others)))


def maker_of(kernel: Callable[..., Kernel]) -> Callable[..., Maker]:
    """`make` of a kernel class whose constructor takes the lanes and then the parameters by name."""

    def make(**parameters: int | float) -> Maker:
        return partial(kernel, **parameters)

    return make


def doc_of(kernel: type[Kernel]) -> str:
    """The definition a kernel class states."""
    return getdoc(kernel) or ""
