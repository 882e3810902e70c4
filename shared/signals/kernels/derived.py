"""Kernels that read what another kernel has just put out: stepped as one, nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shared.market.indicators.kernel import Floats, Kernel, Maker, Window


class Derived(Kernel):
    """Puts out the columns of `inner` unchanged, then its own, which `derive` computes from them.

    `own` are the names of its own columns, `state` its own arrays; what `inner` carries is carried with them.
    A subclass says what it reads itself (`reads`, `depth`, `settle`).
    """

    def __init__(self, inner: Kernel, own: tuple[str, ...], state: tuple[Floats, ...]) -> None:
        self.inner = inner
        self.names = (*inner.names, *own)
        self.depth = max(inner.depth, self.depth)
        self.reads = tuple(dict.fromkeys((*inner.reads, *self.reads)))
        forgets = inner.settle is not None and self.settle is not None
        self.settle = max(inner.settle or 0, self.settle or 0) if forgets else None
        self.state = (*inner.state, *state)
        self.width = len(inner.names)

    def step(self, window: Window, out: tuple[Floats, ...]) -> None:
        told = out[: self.width]
        self.inner.step(window, told)
        self.derive(window, dict(zip(self.inner.names, told, strict=True)), out[self.width :])

    def derive(self, window: Window, told: dict[str, Floats], out: tuple[Floats, ...]) -> None:
        raise NotImplementedError


class Previous(Derived):
    """Some columns of a kernel as they were one bar ago, named `<column>_before`; NaN at the first bar."""

    reads = ()
    depth = 1

    def __init__(self, inner: Kernel, columns: tuple[str, ...], lanes: int) -> None:
        self.columns = columns
        self.kept = np.full((len(columns), lanes), np.nan)
        super().__init__(inner, tuple(f"{name}_before" for name in columns), (self.kept,))

    def derive(self, window: Window, told: dict[str, Floats], out: tuple[Floats, ...]) -> None:
        for row, name in enumerate(self.columns):
            out[row][:] = self.kept[row]
            self.kept[row] = told[name]


def previous(maker: Maker, *columns: str) -> Maker:
    """A maker of the same kernel that also tells what `columns` were one bar before."""
    return lambda lanes: Previous(maker(lanes), columns, lanes)


def over(kernel: Callable[[Kernel, int], Kernel], maker: Maker) -> Maker:
    """A maker of `kernel(inner, lanes)` over the kernel that `maker` makes."""
    return lambda lanes: kernel(maker(lanes), lanes)
