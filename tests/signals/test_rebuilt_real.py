"""A state built again from the newest 1,000 real bars tells of the later ones what the lost one told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.dev.recorded import read_recorded
from shared.market.imports import plan
from shared.models import HOUR
from shared.platform.d1 import D1Database
from shared.signals.bars import Bars
from shared.signals.beside import nothing_beside
from shared.signals.detectors import ON_BARS
from shared.signals.intake import HISTORY
from shared.signals.play import play_bars
from shared.store import assets

LONG, BEHIND = 1600, 320  # bars in all; bars after which a start matters to no detector


def told(bars: Bars, leader: int) -> dict[tuple[str, int, int, int], float]:
    found = play_bars(None, HOUR, bars, nothing_beside(bars, leader)).found
    return {
        (one.finding.type, one.finding.asset, one.finding.at, one.opened): one.finding.raw_score
        for one in found
    }


async def test_a_rebuilt_state_decides_as_the_lost_one(db: D1Database, real: Path) -> None:
    known = await assets.load(db)
    planned = plan(real / "candles" / "binance_1h_2024", known=known.resolve)
    recorded = await read_recorded(db, planned)
    bars = recorded.bars(slice(0, len(recorded)), HOUR)
    times = np.unique(bars.open_time)[:LONG]
    whole = bars.take(bars.open_time <= times[-1])
    part = whole.take(whole.open_time >= times[-HISTORY])
    leader = known.resolve("BTC")
    assert leader is not None
    settled = int(times[-HISTORY + BEHIND])
    lost, rebuilt = (
        {key: score for key, score in told(some, leader.id).items() if key[2] > settled}
        for some in (whole, part)
    )
    assert lost.keys() == rebuilt.keys()
    assert len({key[0] for key in lost}) > len(ON_BARS) // 2
    for key, score in lost.items():
        assert rebuilt[key] == pytest.approx(score, rel=1e-9)
