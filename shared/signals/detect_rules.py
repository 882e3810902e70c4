"""Users' rules behind the detectors: one question where there are none."""

from __future__ import annotations

from collections.abc import Callable

from shared.env import Env
from shared.signals.raising import Names
from shared.store import rules


async def detect_rules(env: Env, names: Names, moment: Callable[[int], int]) -> int:
    """Judge every enabled rule on the bars that are new to it; how many firings were stored."""
    enabled = await rules.enabled(env.db)
    if not enabled:
        return 0
    from shared.signals.rules.watching import (
        watch,
    )  # an eighth of a second that a run without rules can spare

    return await watch(env, enabled, names, moment)
