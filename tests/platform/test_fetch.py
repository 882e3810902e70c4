"""Fetch by behaviour: retries, waits, breaker, budget and validators, kept across cold starts."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx2
import pytest

from shared.models import MINUTE
from shared.platform.fetch import Fetch, FetchFailed, Request
from shared.platform.fetch.policy import wait_after
from shared.platform.fetch.records import without_secrets
from shared.store import fetch_memory
from shared.store.fetch_memory import StoredFetchMemory

URL = "https://api.example/v1/x"
Answering = Callable[[httpx2.Request], httpx2.Response]


class World:
    """A provider that answers from a list, the last answer for ever; sleeping moves the clock."""

    def __init__(self, db: Any, clock: Any, *answers: Any) -> None:
        self.db, self.clock, self.answers = db, clock, list(answers)
        self.seen: list[httpx2.Request] = []
        self.slept: list[float] = []
        self.fetch = self.cold()

    def cold(self) -> Fetch:
        """A new process: same database, nothing else."""
        self.fetch = Fetch(
            StoredFetchMemory(self.db),
            self.clock,
            transport=httpx2.MockTransport(self.answer),
            sleep=self.sleep,
        )
        return self.fetch

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(int(seconds * 1000))

    async def get(self, request: Request | str = URL, seconds: int = 50) -> Any:
        request = Request(request) if isinstance(request, str) else request
        return await self.fetch.get(request, deadline=self.clock() + seconds * 1000)

    async def fails(self, request: Request | str = URL, seconds: int = 50) -> FetchFailed:
        with pytest.raises(FetchFailed) as caught:
            await self.get(request, seconds)
        return caught.value


def status(code: int, **headers: str) -> Callable[[], httpx2.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(code, headers=named, text="" if code == 304 else "body")


OK = status(200)


def test_waits_are_those_of_the_requirement() -> None:
    assert [wait_after(n) for n in (1, 2, 3, 4, 5, 9)] == [4, 4, 4, 8, 10, 10]


@pytest.mark.parametrize("trouble", [status(500), status(503), httpx2.ConnectError("x"), status(429)])
async def test_provider_errors_are_tried_three_times(db: Any, clock: Any, trouble: Any) -> None:
    world = World(db, clock, trouble, trouble, OK)
    answer = await world.get()
    assert (answer.status, answer.from_retry, world.slept) == (200, 2, [4, 4])
    world = World(db, clock, trouble)
    assert (await world.fails()).reason in ("status", "network", "not_before")
    assert len(world.seen) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 451, 204, 206])
async def test_other_statuses_are_not_tried_again(db: Any, clock: Any, code: int) -> None:
    world = World(db, clock, status(code))
    failed = await world.fails()
    assert (failed.reason, failed.status, len(world.seen)) == ("status", code, 1)
    assert (await fetch_memory.host_states(db)).get("api.example") is None


async def test_no_wait_beyond_the_deadline_of_the_run(db: Any, clock: Any) -> None:
    world = World(db, clock, status(500))
    assert (await world.fails(seconds=4)).status == 500
    assert (len(world.seen), world.slept) == (1, [])
    assert (await world.fails(seconds=0)).reason == "deadline"
    assert len(world.seen) == 1


async def test_a_short_retry_after_is_waited_for(db: Any, clock: Any) -> None:
    world = World(db, clock, status(429, retry_after="7"), OK)
    await world.get()
    assert world.slept == [7]


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_long_retry_after_is_kept_for_all_processes(db: Any, clock: Any, form: str) -> None:
    text = "120" if form == "seconds" else formatdate(clock() / 1000 + 120, usegmt=True)
    world = World(db, clock, status(429, retry_after=text), OK)
    failed = await world.fails()
    assert (failed.reason, failed.status, failed.not_before) == ("not_before", 429, clock() + 120_000)
    clock.advance(119_000)
    world.cold()
    assert (await world.fails()).reason == "not_before"
    assert len(world.seen) == 1
    clock.advance(1_000)
    assert (await world.get()).status == 200


async def test_a_rate_limit_without_a_time_holds_a_minute(db: Any, clock: Any) -> None:
    world = World(db, clock, status(429))
    assert (await world.fails()).not_before == clock() + MINUTE


async def test_absurd_retry_after_holds_a_day_at_most(db: Any, clock: Any) -> None:
    world = World(db, clock, status(503, retry_after="9" * 30))
    assert (await world.fails()).not_before == clock() + 24 * 60 * MINUTE
    world = World(db, clock, status(503, retry_after="soon"))
    clock.advance(48 * 60 * MINUTE)
    assert (await world.fails()).reason == "status"


async def test_five_failures_open_the_breaker_for_cold_processes_too(db: Any, clock: Any) -> None:
    world = World(db, clock, status(500))
    for _ in range(5):
        assert (await world.fails()).reason == "status"
    calls = len(world.seen)
    world.cold()
    failed = await world.fails()
    assert (failed.reason, failed.not_before) == ("breaker_open", clock() + MINUTE)
    assert len(world.seen) == calls
    clock.advance(MINUTE)
    assert (await world.fails()).reason == "status"  # the probe: one attempt, then open for longer
    assert len(world.seen) == calls + 1
    assert (await world.fails()).not_before == clock() + 2 * MINUTE
    clock.advance(2 * MINUTE)
    world.answers = [OK]
    assert (await world.get()).status == 200
    assert (await fetch_memory.host_states(db))["api.example"] == fetch_memory.HostState()


async def test_of_many_processes_one_probes(db: Any, clock: Any) -> None:
    world = World(db, clock, status(500))
    for _ in range(5):
        await world.fails()
    clock.advance(MINUTE)
    memory = StoredFetchMemory(db)
    state, _ = await memory.recall("api.example", None)
    claims = [await memory.claim_probe("api.example", state.open_until, clock() + 1) for _ in range(5)]
    assert claims == [True, False, False, False, False]


async def test_a_clock_gone_wrong_does_not_close_a_host_for_ever(db: Any, clock: Any) -> None:
    world = World(db, clock, status(429, retry_after="3600"), OK)
    clock.advance(365 * 24 * 60 * MINUTE)
    await world.fails()
    clock.advance(-365 * 24 * 60 * MINUTE)
    assert (await world.get()).status == 200


async def test_the_budget_of_a_minute_is_never_passed(db: Any, clock: Any) -> None:
    world = World(db, clock, OK)
    clock.now = clock.now // MINUTE * MINUTE
    request = Request(URL, cost=7, budget_per_minute=100)
    for _ in range(14):
        world.cold()  # other processes share the budget
        await world.get(request)
    for _ in range(6):
        world.cold()
        failed = await world.fails(request)
        assert (failed.reason, failed.not_before) == ("not_before", clock() + MINUTE)
    assert len(world.seen) == 14
    clock.advance(MINUTE - 3_000)
    assert (await world.get(request)).status == 200  # the next minute is near: waited for
    assert world.slept == [3]


async def test_a_budget_costs_few_writes(db: Any, clock: Any) -> None:
    world, charges = World(db, clock, OK), 0
    memory = world.fetch._memory

    async def counted(*args: Any) -> int | None:
        nonlocal charges
        charges += 1
        return await StoredFetchMemory.charge(memory, *args)  # type: ignore[arg-type]

    memory.charge = counted  # type: ignore[method-assign]
    for _ in range(92):
        await world.get(Request(URL, cost=2, budget_per_minute=6000))
    assert charges == 1


async def test_the_provider_s_own_count_wins(db: Any, clock: Any) -> None:
    world = World(db, clock, status(200, x_mbx_used_weight_1m="5999"))
    request = Request(URL, cost=2, budget_per_minute=6000)
    await world.get(request)
    world.cold()
    assert (await world.fails(request)).reason == "not_before"


async def test_validators_are_sent_only_after_the_data_is_stored(db: Any, clock: Any) -> None:
    world = World(db, clock, status(200, etag='"1"', last_modified="Fri, 21 Nov 2025 12:00:00 GMT"))
    answer = await world.get()
    assert not answer.unchanged
    assert not (await world.get()).unchanged  # not remembered: a crash in between loses nothing
    await db.batch([fetch_memory.validator_statement(db, answer.validators)])
    world.answers = [status(304)]
    again = await world.get()
    assert (again.unchanged, again.body, again.validators) == (True, b"", None)
    sent = world.seen[-1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Fri, 21 Nov 2025 12:00:00 GMT")
    assert "if-none-match" not in world.seen[1].headers


async def test_an_equal_body_is_unchanged_without_validators(db: Any, clock: Any) -> None:
    world = World(db, clock, OK)
    await world.fetch.remember(await world.get())
    assert (await world.get()).unchanged
    assert not (await world.get(Request(URL, conditional=False))).unchanged


async def test_not_modified_without_having_asked_is_an_error(db: Any, clock: Any) -> None:
    assert (await World(db, clock, status(304)).fails()).status == 304


@pytest.mark.parametrize(
    ("kind", "fine"),
    [
        ("application/json; charset=utf-8", True),
        ("APPLICATION/JSON", True),
        ("text/html", False),
        ("", False),
    ],
)
async def test_the_content_type_is_checked_before_the_body(
    db: Any, clock: Any, kind: str, fine: bool
) -> None:
    world = World(db, clock, status(200, content_type=kind))
    request = Request(URL, accept=("application/json",))
    if fine:
        assert (await world.get(request)).body == b"body"
    else:
        assert (await world.fails(request)).reason == "content_type"


async def test_keys_never_reach_another_host_nor_an_error(db: Any, clock: Any) -> None:
    world = World(db, clock, status(302, location="https://elsewhere.example/y"), status(404))
    request = Request(f"{URL}?token=canary1", (("api_key", "canary2"),), (("x-cg-demo-api-key", "canary3"),))
    failed = await world.fails(request)
    assert "canary" not in str(failed)
    first, second = world.seen
    assert first.headers["x-cg-demo-api-key"] == "canary3"
    assert second.url.host == "elsewhere.example"
    assert "canary" not in f"{second.url}{second.headers.raw!r}"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://api.example/plain", "refused"),
        ("ftp://api.example/", "refused"),
        ("https://user:pass@api.example/", "refused"),
        ("", "refused"),
        ("/again", "refused"),
    ],
)
async def test_redirects(db: Any, clock: Any, location: str, reason: str) -> None:
    world = World(db, clock, status(301, location=location))
    assert (await world.fails()).reason == reason
    assert len(world.seen) == (4 if location == "/again" else 1)


@pytest.mark.parametrize("url", ["ftp://x.example/", "https://u:p@x.example/", "no url", "https://[::1/"])
async def test_odd_urls_are_refused(db: Any, clock: Any, url: str) -> None:
    assert (await World(db, clock, OK).fails(url)).reason == "refused"


def test_urls_in_errors_and_keys_are_without_secrets() -> None:
    shown = without_secrets("https://u:p@a.example:8443/x?api_key=1&symbol=BTC&access_token=2&x=#f")
    assert shown == "https://a.example:8443/x?api_key=&symbol=BTC&access_token=&x="
