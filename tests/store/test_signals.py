"""The tables of detection: once, in pages, as of a time, and compare-and-set of the carried state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.models import HOUR
from shared.platform.d1 import D1Database, D1Error
from shared.signals.identity import signal_key, ulid_of
from shared.signals.view import label, signal_json
from shared.store import detector_state, outcomes, signals
from shared.store.signals import Signal, Update

HORIZONS = (HOUR, 4 * HOUR)


def a_signal(n: int, *, type: str = "price_anomaly", asset: int = 1, known: int = 0) -> Signal:
    at = n * HOUR
    symbol, slug, name = (("BTC", "bitcoin", "Bitcoin"), ("ETH", "ethereum", "Ethereum"))[asset - 1]
    key = signal_key(type, slug, HOUR, at)
    times = {"at": at, "known_at": known or at, "created_at": at, "updated_at": at, "expires_at": at + HOUR}
    facts = {"raw_score": 7.0, "confidence_score": None, "step": HOUR, "reference_price": 5.5}
    metadata = {"value": 0.1, "articles": [3]}
    return Signal(
        ulid_of(key, at),
        key,
        type,
        asset,
        symbol,
        name,
        "up",
        state="active",
        metadata=metadata,
        **times,
        **facts,
    )


async def add(db: D1Database, *rows: Signal) -> None:
    await db.batch([one for row in rows for one in signals.add_statements(db, row, HORIZONS)])


async def test_what_is_added_is_read_back_and_only_once(db: D1Database) -> None:
    await add(db, a_signal(10))
    await add(db, replace(a_signal(10), raw_score=99.0))
    assert await signals.page(db) == [a_signal(10)]
    assert await signals.by_id(db, a_signal(10).id) == a_signal(10)
    assert await signals.by_id(db, "none") is None
    found = (await outcomes.of_signals(db, [a_signal(10).id]))[a_signal(10).id]
    assert [(one.horizon, one.status) for one in found] == [(HOUR, "pending"), (4 * HOUR, "pending")]


async def test_pages_are_newest_first_and_hang_together(db: D1Database) -> None:
    await add(db, *(a_signal(n, asset=1 + n % 2) for n in range(1, 30)))
    seen, before = [], None
    while part := await signals.page(db, limit=7, before=before):
        seen += part
        before = (part[-1].at, part[-1].id)
    assert [one.at for one in seen] == [n * HOUR for n in range(29, 0, -1)]


async def test_filters(db: D1Database) -> None:
    sure = replace(a_signal(3), confidence_score=0.8)
    await add(db, a_signal(1), a_signal(2, type="volume_spike", asset=2), sure, a_signal(4, known=9 * HOUR))

    async def hours(**asked: object) -> list[int]:
        return [one.at // HOUR for one in await signals.page(db, **asked)]  # type: ignore[arg-type]

    assert await hours(symbol="BTC") == [4, 3, 1]
    assert await hours(types=["volume_spike"]) == [2]
    assert await hours(symbol="ETH", types=["volume_spike"]) == [2]
    assert await hours(symbol="BTC", types=["volume_spike"]) == []
    assert await hours(types=["volume_spike", "price_anomaly"]) == [4, 3, 2, 1]
    assert await hours(over_at=a_signal(3).expires_at) == [3, 2, 1]
    assert await hours(since=3 * HOUR) == [4, 3]
    assert await hours(confidence_min=0.5) == [3]
    assert await hours(as_of=5 * HOUR) == [3, 2, 1]


async def test_a_stronger_bar_becomes_the_peak_and_the_score_stays(db: D1Database) -> None:
    await add(db, a_signal(1))
    id = a_signal(1).id
    for at, score in ((2, 9.0), (3, 8.0), (4, 6.0)):
        peak = {"raw_score": score, "known_at": at * HOUR, "value": 0.3}
        await signals.update_statement(db, Update(id, at * HOUR, score, peak)).run()
    stored = await signals.by_id(db, id)
    assert stored is not None
    assert (stored.raw_score, stored.updated_at) == (7.0, 4 * HOUR)
    assert stored.metadata["peak"] == {"raw_score": 9.0, "known_at": 2 * HOUR, "value": 0.3}
    assert stored.metadata["value"] == 0.1
    assert "peak" not in signal_json(stored, as_of=HOUR)["evidence"]
    assert "peak" in signal_json(stored, as_of=2 * HOUR)["evidence"]


async def test_expiry_touches_what_is_over_and_nothing_else(db: D1Database) -> None:
    await add(db, a_signal(1), a_signal(5))
    assert await signals.expire(db, 2 * HOUR) == 1
    assert await signals.expire(db, 2 * HOUR) == 0
    assert [one.state for one in await signals.page(db)] == ["active", "expired"]


async def test_the_public_shape_is_whole(db: D1Database) -> None:
    await add(db, a_signal(1))
    (stored,) = await signals.page(db)
    shown = signal_json(stored, (await outcomes.of_signals(db, [stored.id]))[stored.id])
    assert {name: shown[name] for name in ("symbol", "name", "direction", "interval", "price", "state")} == {
        "symbol": "BTC",
        "name": "Bitcoin",
        "direction": "up",
        "interval": "1h",
        "price": 5.5,
        "state": "active",
    }
    assert shown["confidence_score"] is None
    assert shown["confidence"] == {
        "status": "insufficient data",
        "score": None,
        "horizon": None,
        "raw_score": 7.0,
        "outcomes": 0,
        "base_rate": None,
        "interval": None,
        "calibration": None,
        "by_horizon": {},
    }
    assert [one["horizon"] for one in shown["outcomes"]] == ["1h", "4h"]


def test_labels() -> None:
    assert [label(n) for n in (300_000, HOUR, 24 * HOUR, 7 * 24 * HOUR, 0, 1500)] == [
        "5m",
        "1h",
        "1d",
        "7d",
        "0",
        "1500",
    ]


def test_an_id_comes_from_its_key_and_carries_its_time() -> None:
    from ulid import ULID

    key = signal_key("price_anomaly", "bitcoin", 24 * HOUR, 1_584_057_600_000)
    assert key == "price_anomaly:bitcoin:1d:1584057600000"
    assert ulid_of(key, 1_584_057_600_000) == ulid_of(key, 1_584_057_600_000)
    assert ULID.from_str(ulid_of(key, 1_584_057_600_000)).milliseconds == 1_584_057_600_000
    assert ulid_of(key, -5) != ulid_of(key + "x", -5)


async def test_state_is_swapped_by_one_and_breaks_the_batch_of_the_other(db: D1Database) -> None:
    first = await detector_state.load(db, "bars:1h")
    await db.batch(detector_state.swap_statements(db, first, 5, b"one"))
    with pytest.raises(D1Error) as late_start:
        await db.batch(detector_state.swap_statements(db, first, 6, b"two"))
    assert detector_state.lost_race(late_start.value)
    held = await detector_state.load(db, "bars:1h")
    assert (held.version, held.cursor, held.state) == (1, 5, b"one")
    await db.batch(detector_state.swap_statements(db, held, 7, b"three"))
    with pytest.raises(D1Error) as loser:
        await db.batch(
            [
                *signals.add_statements(db, a_signal(1), HORIZONS),
                *detector_state.swap_statements(db, held, 8, b"four"),
            ]
        )
    assert detector_state.lost_race(loser.value)
    assert await signals.page(db) == []
    assert (await detector_state.load(db, "bars:1h")).state == b"three"


async def test_a_state_longer_than_a_row_may_be_goes_on_in_others(db: D1Database) -> None:
    long = bytes(range(256)) * (2 * detector_state.PART // 256 + 5)
    for state in (long, long[: -detector_state.PART], b"short", long):
        held = await detector_state.load(db, "bars:1h")
        await db.batch(detector_state.swap_statements(db, held, 5, state))
        assert (await detector_state.load(db, "bars:1h")).state == state
    assert (await detector_state.load(db, "bars:1d")).version == 0
    lost = await detector_state.load(db, "bars:1h")
    await db.batch(detector_state.swap_statements(db, lost, 6, b"newer"))
    with pytest.raises(D1Error) as loser:
        await db.batch(detector_state.swap_statements(db, lost, 6, long))
    assert detector_state.lost_race(loser.value)
    await db.prepare("DELETE FROM detector_state WHERE name = 'bars:1h'").run()
    await db.batch(detector_state.swap_statements(db, await detector_state.load(db, "bars:1h"), 7, long))
    assert (await detector_state.load(db, "bars:1h")).state == long


async def test_another_broken_constraint_is_no_lost_race(db: D1Database) -> None:
    with pytest.raises(D1Error) as broken:
        await db.prepare("INSERT INTO sources (name) VALUES (NULL)").run()
    assert not detector_state.lost_race(broken.value)
