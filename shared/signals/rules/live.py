"""A rule on the bars that are new to it: pure, from what was read to what is to be stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.models import Asset
from shared.signals.bars import Ints
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.evidence import evidence
from shared.signals.rules.firing import Progress, fire
from shared.signals.rules.inputs import Inputs, Kernels, columns_of
from shared.signals.rules.limits import CATCH_UP, PRIMING
from shared.signals.rules.tree import Program
from shared.store.rules import Progress as Progressed
from shared.store.rules import Rule, RuleEvent

# Rules that look about equally far back share what is read.
DEPTHS = (128, 512, 2_048, 8_192)


@dataclass(frozen=True, slots=True)
class Due:
    """A rule with new bars: its assets, how far each was judged, and how many bars are new at most."""

    rule: Rule
    program: Program
    assets: tuple[Asset, ...]
    progress: tuple[Progress, ...]
    fresh: int

    @property
    def depth(self) -> int:
        """Rows to read of each asset."""
        need = self.program.history + self.fresh + PRIMING
        return next((depth for depth in DEPTHS if depth >= need), need)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule's firings and how far it is judged now, as the store takes it; or why it could not be."""

    due: Due
    events: Sequence[RuleEvent] = ()
    progress: Progressed | None = None
    error: str | None = None


def progress_of(rule: Rule, asset: int) -> Progress:
    """How far an asset was judged; from when the rule was made (or changed) where it never was."""
    state = (rule.progress or {}).get(str(asset))
    return Progress(rule.since) if state is None else Progress(state[0] or 0, state[1] or 0, state[2])


def new_bars(progress: Sequence[Progress], closes: Sequence[int], step: int) -> int:
    """How many bars are new at most, of assets whose newest bars closed at `closes`."""
    behind = [-(-(close - one.seen) // step) for one, close in zip(progress, closes, strict=True)]
    return min(max(behind, default=0), CATCH_UP)


def judge(due: Due, inputs: Inputs, kernel: Kernels) -> Judged:
    """Judge the new bars of one rule; `inputs` has a column for each of its assets, in their order.

    Events are dated but not yet known (`known_at` is `at`).
    """
    panel, columns = inputs.panel, columns_of(due.program.leaves, inputs, kernel)
    verdicts = evaluate(due.program, columns, panel.open_time)
    closes = panel.open_time + due.rule.step
    # an asset that left a set may come back: its progress stays
    events, progress = list[RuleEvent](), dict(due.rule.progress or {})
    for i, (asset, before) in enumerate(zip(due.assets, due.progress, strict=True)):
        rows, after = fire(
            verdicts[:, i], closes[:, i], due.rule.cooldown_ms, caught_up(before, closes[:, i], due)
        )
        progress[str(asset.id)] = [after.seen, after.known, after.fired_at]
        numbers = evidence(due.program, columns, panel.open_time, rows, i)
        for row, told in zip(rows, numbers, strict=True):
            at, price = int(closes[row, i]), float(panel.ohlcv.close[row, i])
            events.append(RuleEvent(due.rule.id, asset.id, at, at, price, told))
    return Judged(due, events, progress)


def caught_up(before: Progress, closes: Ints, due: Due) -> Progress:
    """Bars older than those that were read with their whole history are passed over."""
    older = len(closes) - due.fresh
    return before if older <= 0 else before._replace(seen=max(before.seen, int(closes[older - 1])))
