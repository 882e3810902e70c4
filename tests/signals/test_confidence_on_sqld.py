"""Outcomes, entries, calibration and the log over sqld: as on a file, also when several do it at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from test_calibration import AT, a_signal, settle
from test_ledger import a_signal as a_priced_signal
from test_ledger import bar

from shared.env import ROOT, Env
from shared.models import DAY
from shared.platform import d1
from shared.signals.audit import audit
from shared.signals.calibrate import FRESH, calibrate
from shared.signals.ledger import seal
from shared.signals.outcomes import resolve
from shared.signals.performance import Asked, performance
from shared.signals.raising import HORIZONS
from shared.store import candles, matched, signals


@pytest.fixture
async def over(env: Env, empty_sqld: str) -> AsyncIterator[Env]:
    """The same bindings, the database on sqld, at a time when everything is due."""
    db = await d1.connect(empty_sqld)
    await d1.migrate(db, ROOT / "migrations")
    yield replace(env, db=db, now=lambda: AT + 40 * DAY)
    await db.close()


async def test_everything_of_confidence_works_over_sqld(over: Env) -> None:
    db, n = over.db, 50 + FRESH
    for number in range(n):
        await settle(over, a_signal(number), number % 2 == 0)
    assert await calibrate(over) == {"fitted": 1}
    assert await calibrate(over) == {"fitted": 0}
    one = replace(a_priced_signal(7 * 24), type="volume_spike")
    await db.batch(signals.add_statements(db, one, HORIZONS))
    await candles.add(db, [bar(number) for number in range(-60 * 24, 15 * 24)], AT)
    await asyncio.gather(*(resolve(over) for _ in range(4)), *(seal(over) for _ in range(4)))
    assert [m.n for m in (await matched.of_signals(db, [one.id]))[one.id]] == [20, 20, 20, 20]
    (told,) = (await performance(over, Asked(type="price_anomaly", horizon=DAY)))["data"]
    assert (told["n"], told["hits"], told["calibration"]["n"]) == (n, n // 2, n)
    found = await audit(over)
    # raised and resolved, and all were there when the log began
    assert (found.findings, found.entries, found.older) == ([], 2 * (n + 1), n + 1)
    await db.prepare("UPDATE signals SET raw_score = 99 WHERE id = ?").bind(one.id).run()
    assert len((await audit(over)).findings) == 1
