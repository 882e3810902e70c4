"""GCRA in the process: the memory driver's limiter, and what stands in while Redis is away."""

from __future__ import annotations

from collections.abc import Sequence

from shared.platform.kv.interface import Decision, Layer

COUNTED = "user"  # the scope whose passed requests are also counted by window (KV-08)
SWEEP_FROM = 10_000
UNLIMITED = float("inf")


class Limiter:
    """Theoretical arrival times by key, in microseconds since 1970."""

    def __init__(self) -> None:
        self._arrivals: dict[str, float] = {}
        self._counts: dict[str, tuple[int, float]] = {}  # passed in the window, when to forget it
        self._sweep_at = SWEEP_FROM

    def decide(self, layers: Sequence[Layer], now: float) -> Decision:
        """Let one call through all layers or through none; `now` in microseconds."""
        arrivals = self._arrivals
        afters: dict[str, float] = {}
        least, tightest, ahead, counted = UNLIMITED, layers[0], 0.0, None
        for layer in layers:
            at = arrivals.get(layer.key, 0.0)
            after = (at if at > now else now) + layer.spend
            left = layer.tolerance - (after - now)
            if left < 0:
                return self._refusal(layers, now)
            remaining = left // layer.interval
            if remaining < least:
                least, tightest, ahead = remaining, layer, after - now
            afters[layer.key] = after
            if layer.scope == COUNTED:
                counted = layer
        arrivals.update(afters)
        if counted is not None:
            self._count(counted, now)
        if len(arrivals) > self._sweep_at:
            self._sweep(now)
        return Decision(True, tightest, int(least), 0.0, ahead / 1e6)

    def _refusal(self, layers: Sequence[Layer], now: float) -> Decision:
        """The answer of the layer that will refuse longest."""
        aheads = [max(self._arrivals.get(layer.key, 0.0) - now, 0.0) for layer in layers]
        waits = [ahead + layer.spend - layer.tolerance for layer, ahead in zip(layers, aheads, strict=True)]
        worst = max(range(len(layers)), key=lambda i: waits[i])
        layer, ahead = layers[worst], aheads[worst]
        remaining = max(0, int((layer.tolerance - ahead) // layer.interval))
        return Decision(False, layer, remaining, waits[worst] / 1e6, ahead / 1e6)

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
