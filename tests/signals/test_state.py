"""The packed state: what lanes share is stored once and comes back bit for bit; how far it is comes first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from signals_support import bars_from_paths, store_bars

from shared.env import Env
from shared.models import HOUR
from shared.platform import d1
from shared.signals import alike, at_hand, detect, play, state
from shared.signals.bars import Bars
from shared.signals.beside import nothing_beside
from shared.signals.columns import ENGINE
from shared.signals.play import play_bars, stretches
from shared.store import detector_state


def carried(bars: Bars) -> state.Carried:
    return play_bars(None, HOUR, bars, nothing_beside(bars, 1)).carried


@pytest.mark.parametrize("holes", [False, True])
def test_history_comes_back_bit_for_bit(holes: bool) -> None:
    history, count, _ = ENGINE.pack(carried(bars_from_paths(5, 150, holes=holes)).windows.state)
    apart, arrays = alike.fold(history, count)
    assert (len(apart) > 0) == holes
    assert [array.shape for array in arrays] == [shape for _, shape in alike.folded(5, len(apart))]
    again = alike.unfold(*arrays, apart)
    np.testing.assert_array_equal(again.view(np.int64), history.view(np.int64))


def test_lanes_at_the_same_bars_take_a_third_less() -> None:
    together = state.pack(carried(bars_from_paths(8, 250)))
    apart = state.pack(carried(bars_from_paths(8, 250, holes=True)))
    assert len(together) < 0.75 * len(apart)


def test_the_head_alone_tells_how_far_every_lane_is() -> None:
    bars = bars_from_paths(4, 120, holes=True)
    packed = state.pack(carried(bars))
    lanes = state.lanes_of(packed[: state.head_length(packed)])
    assert lanes == {asset: (1, int(bars.open_time[bars.asset == asset].max())) for asset in range(1, 5)}
    assert state.lanes_of(packed[: state.head_length(packed) - 1]) == {}
    assert state.lanes_of(b"") == {}


def test_stretches_are_whole_instants_and_all_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = bars_from_paths(5, 100, holes=True)
    assert list(stretches(bars)) == [slice(None)]
    monkeypatch.setattr(play, "STRETCH", 60)
    parts = [bars.take(rows) for rows in stretches(bars)]
    assert sum(len(part) for part in parts) == len(bars)
    assert all(a.open_time.max() < b.open_time.min() for a, b in pairwise(parts))
    assert max(len(part) for part in parts) <= 65
    whole = play_bars(None, HOUR, bars)
    after, found = None, []
    for part in parts:
        played = play_bars(after, HOUR, part)
        after, found = played.carried, found + played.found
    assert found == whole.found
    assert after is not None
    assert state.pack(after) == state.pack(whole.carried)


async def test_a_state_damaged_behind_its_head_is_rebuilt(env: Env) -> None:
    bars = bars_from_paths(3, 150, jumps=True)
    env.now = lambda: 151 * HOUR
    await store_bars(env, bars.take(bars.open_time < 150 * HOUR))
    env.now = lambda: 150 * HOUR
    await detect.detect(env)
    await env.db.prepare("UPDATE detector_state SET state = x'00' WHERE name = 'bars:1h/1'").run()
    at_hand.HELD.clear()
    await store_bars(env, bars)
    env.now = lambda: 151 * HOUR
    assert (await detect.detect(env))["bars"] == 3 * 150
    loaded = await detector_state.load(env.db, "bars:1h")
    assert state.unpack(loaded.state) is not None


async def test_processes_that_take_turns_go_on_from_each_others_state(env: Env, tmp_path: Path) -> None:
    """Each holds what it stored last, and sees that the other has stored since."""
    other = await d1.connect(f"file:{tmp_path / 'test.db'}")
    bars = bars_from_paths(3, 170, jumps=True, holes=True)
    for number, close in enumerate(np.unique(bars.open_time)[-40:] + HOUR):
        turn = replace(env, db=(env.db, env.db, other)[number % 3], now=lambda close=int(close): close)
        new = bars.take(bars.open_time < close)
        await store_bars(turn, new)
        await detect.detect(turn)
    assert len(at_hand.HELD[env.db]) == len(at_hand.HELD[other]) == 1
    loaded = await detector_state.load(env.db, "bars:1h")
    assert (loaded.version, loaded.state) == (40, state.pack(carried(bars)))
    await other.close()


async def test_a_long_backfill_leaves_the_event_loop_free(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[bool] = []

    def noted(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            where.append(threading.current_thread() is threading.main_thread())
            return work(*given)

        return run

    monkeypatch.setattr(detect, "measure_bars", noted(play.measure_bars))
    monkeypatch.setattr(detect, "judge_bars", noted(play.judge_bars))
    monkeypatch.setattr(detect, "AT_ONCE", 100)
    bars = bars_from_paths(3, 60)
    env.now = lambda: 61 * HOUR
    await store_bars(env, bars)
    beats = asyncio.create_task(asyncio.sleep(0))
    await detect.detect(env)
    await beats
    assert where == [False, False]
    await store_bars(env, bars_from_paths(3, 70))
    env.now = lambda: 71 * HOUR
    await detect.detect(env)
    assert where == [False, False, True, True]
