"""What an attempt means, decided without network."""

from __future__ import annotations

import pytest

from shared.env import Settings
from shared.models import DAY
from shared.webhooks.schedule import Result, disable_reason, settle, wait_before

SCHEDULE = Settings().webhook_schedule
FAILED = Result(500, "HTTP 500")


def test_the_schedule_is_that_of_the_specification() -> None:
    assert SCHEDULE == (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@pytest.mark.parametrize("step", range(1, 10))
def test_waits_vary_by_a_fifth_and_stay_the_same_for_the_same_delivery(step: int) -> None:
    base = SCHEDULE[step] * 1000
    waits = [wait_before(SCHEDULE, step, f"event{n}:hook") for n in range(500)]
    assert min(waits) >= 0.8 * base
    assert max(waits) <= 1.2 * base
    assert max(waits) - min(waits) > 0.35 * base
    assert waits == [wait_before(SCHEDULE, step, f"event{n}:hook") for n in range(500)]


def test_success_is_the_end() -> None:
    assert settle(SCHEDULE, 3, "k", Result(204, None), 7) == ("delivered", 3, 7)


def test_failure_moves_on_until_the_schedule_is_used_up() -> None:
    status, step, at = settle(SCHEDULE, 0, "k", FAILED, 1000)
    assert (status, step) == ("pending", 1)
    assert 5000 <= at <= 7000
    assert settle(SCHEDULE, 9, "k", FAILED, 1000)[0] == "exhausted"


def test_gone_is_the_end_too() -> None:
    gone = Result(410, "HTTP 410")
    assert settle(SCHEDULE, 0, "k", gone, 1)[0] == "cancelled"
    assert "410" in (disable_reason(gone, None, 1) or "")


@pytest.mark.parametrize(
    ("status", "asked", "least"),
    [(429, 3600, 3600_000), (503, 3600, 3600_000), (429, 1, 4000), (500, 3600, 4000)],
)
def test_retry_after_delays_but_never_hastens(status: int, asked: int, least: int) -> None:
    _, _, at = settle(SCHEDULE, 0, "k", Result(status, "x", retry_after=asked), 0)
    assert least <= at <= max(6000, least)


def test_retry_after_is_a_day_at_most() -> None:
    assert settle(SCHEDULE, 0, "k", Result(429, "x", retry_after=1e12), 0)[2] == DAY


def test_five_days_of_failures_disable() -> None:
    assert disable_reason(FAILED, None, 9 * DAY) is None
    assert disable_reason(FAILED, 4 * DAY, 9 * DAY - 1) is None
    assert disable_reason(FAILED, 4 * DAY, 9 * DAY)
    assert disable_reason(Result(200, None), 0, 9 * DAY) is None
