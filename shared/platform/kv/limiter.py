"""GCRA in the process: the memory driver's limiter, and what stands in while Redis is away."""

from __future__ import annotations

from collections.abc import Sequence

from shared.platform.kv.interface import Decision, Layer

COUNTED = "user"  # the scope whose passed requests are also counted by window (KV-08)
SWEEP_FROM = 10_000


class Limiter:
    """Theoretical arrival times by key, in microseconds since 1970."""

    def __init__(self) -> None:
        self._arrivals: dict[str, float] = {}
        self._counts: dict[str, tuple[int, float]] = {}  # passed in the window, when to forget it
        self._sweep_at = SWEEP_FROM

    def decide(self, layers: Sequence[Layer], now: float) -> Decision:
        """Let one call through all layers or through none; `now` in microseconds."""
        arrivals = self._arrivals
        afters = [max(arrivals.get(layer.key, 0.0), now) + layer.spend for layer in layers]
        least, tightest = -1, 0
        for i, layer in enumerate(layers):
            left = layer.tolerance - (afters[i] - now)
            if left < 0:
                return refusal(layers, afters, now)
            remaining = int(left // layer.interval)
            if least < 0 or remaining < least:
                least, tightest = remaining, i
        for i, layer in enumerate(layers):
            arrivals[layer.key] = afters[i]
            if layer.scope == COUNTED:
                self._count(layer, now)
        if len(arrivals) > self._sweep_at:
            self._sweep(now)
        return Decision(True, layers[tightest], least, 0.0, (afters[tightest] - now) / 1e6)

    def _count(self, layer: Layer, now: float) -> None:
        key = f"rate_limit:{layer.id}:{int(now // (layer.period_s * 1e6))}"
        count, until = self._counts.get(key) or (0, now + 2e6 * layer.period_s)
        self._counts[key] = (count + layer.cost, until)
        if count == 0 and len(self._counts) > SWEEP_FROM:
            self._counts = {k: v for k, v in self._counts.items() if v[1] > now}

    def _sweep(self, now: float) -> None:
        """Forget who is at rest; the mark doubles so that a sweep is paid for by as many calls."""
        self._arrivals = {key: at for key, at in self._arrivals.items() if at > now}
        self._sweep_at = max(SWEEP_FROM, 2 * len(self._arrivals))

    def read(self, key: str) -> bytes | None:
        """The stored text of a limiter key: a count of a window, or an arrival time."""
        if key in self._counts:
            return b"%d" % self._counts[key][0]
        return b"%.2f" % self._arrivals[key] if key in self._arrivals else None


def refusal(layers: Sequence[Layer], afters: Sequence[float], now: float) -> Decision:
    """The answer of the layer that will refuse longest."""
    waits = [after - now - layer.tolerance for layer, after in zip(layers, afters, strict=True)]
    worst = max(range(len(layers)), key=lambda i: waits[i])
    layer, ahead = layers[worst], afters[worst] - now - layers[worst].spend
    remaining = max(0, int((layer.tolerance - ahead) // layer.interval))
    return Decision(False, layer, remaining, waits[worst] / 1e6, ahead / 1e6)
