"""Names, programs and columns for tests of the rule language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from shared.models import HOUR
from shared.signals.bars import Floats
from shared.signals.rules.check import check
from shared.signals.rules.evaluate import evaluate
from shared.signals.rules.features import reaches
from shared.signals.rules.names import Names
from shared.signals.rules.tree import Program

SLUGS = {"btc": "bitcoin", "bitcoin": "bitcoin", "eth": "ethereum", "sol": "solana", "1inch": "1inch"}
SLUGS |= {f"c{n}": f"coin-{n}" for n in range(12)}
NAMES = Names(
    features=reaches(),
    signals=frozenset(("price_anomaly", "volume_spike")),
    resolve=lambda name: SLUGS.get(name.lower()),
    near=lambda name: ["BTC"],
)
MISSING = None


def program(text: str, step: int = HOUR) -> Program:
    return check(text, step, NAMES)


def judged(text: str, step: int = HOUR, **columns: Sequence[float | None]) -> list[bool | None]:
    """What an expression says on each row of columns given by the text of their series; None is unknown."""
    made = program(text, step)
    given = {name: np.array([np.nan if v is None else v for v in row]) for name, row in columns.items()}
    return told(made, {leaf.text: given[leaf.text] for leaf in made.leaves})


def told(made: Program, by_text: Mapping[str, Floats], open_time: Sequence[int] = ()) -> list[bool | None]:
    columns = {leaf: by_text[leaf.text] for leaf in made.leaves}
    rows = len(next(iter(columns.values())))
    times = np.array(open_time, np.int64) if open_time else np.arange(rows) * made.step
    found = evaluate(made, columns, times)
    return [(False, None, True)[verdict] for verdict in found.tolist()]
