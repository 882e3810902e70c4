"""Fetch: asks politely, retries a little, gives up with a reason, and remembers what it learned."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from shared.models import MINUTE
from shared.platform.addresses import EVERYWHERE, Lookup, host_and_port, system_lookup
from shared.platform.fetch import policy
from shared.platform.fetch.exchange import CONNECT, SILENCE, exchange, origin
from shared.platform.fetch.records import (
    Answer,
    FetchFailed,
    FetchMemory,
    HostState,
    Request,
    Validators,
    without_secrets,
)

if TYPE_CHECKING:
    import httpx2

USER_AGENT = "cryptointel/0.1"
USED_WEIGHT = "x-mbx-used-weight-1m"  # Binance: what the address has used of this minute's budget
SHOWN_URL = 160  # characters of it in an error
PIECES = 20  # a budget is taken in twentieths, so that a minute of calls costs few writes


class Fetch:
    """One per process. `transport` (any httpx2 transport) answers in place of the network.

    Only public addresses are connected to. `trusted` lists URLs of the operator's choice, such as a mirror
    in the own network, whose host and port are exempt; `allow_private` lifts the rule for tests.
    """

    def __init__(
        self,
        memory: FetchMemory,
        now: Callable[[], int],
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        allow_private: bool = False,
        trusted: Iterable[str] = (),
        lookup: Lookup = system_lookup,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._memory, self._now, self._sleep = memory, now, sleep
        self._transport, self._lookup = transport, lookup
        self._allowed = EVERYWHERE if allow_private else ()
        self._trusted = frozenset(host_and_port(url) for url in trusted)
        self._client: httpx2.AsyncClient | None = None
        self._left: dict[str, tuple[int, int]] = {}  # host: (minute, credits taken and not yet spent)

    async def get(self, request: Request, *, deadline: int) -> Answer:
        """The answer, or FetchFailed. `deadline`: when the run ends, milliseconds of the same clock."""
        host = origin(request.full_url())[1]
        url = without_secrets(request.full_url())
        try:
            return await self._get(request, url, host, deadline)
        except FetchFailed as error:
            # a list of a hundred ids would push the reason out of every place that shows it
            error.args = (f"{url if len(url) <= SHOWN_URL else f'{url[:SHOWN_URL]}…'}: {error}",)
            raise

    async def remember(self, answer: Answer) -> None:
        """Keep the validators of an answer whose data is stored already, where there is no batch to join."""
        if answer.validators:
            await self._memory.remember(answer.validators)

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _get(self, request: Request, url: str, host: str, deadline: int) -> Answer:
        state, known = await self._memory.recall(host, url if request.conditional else None)
        attempts = 1 if await self._admit(host, state) else policy.ATTEMPTS
        for attempt in range(1, attempts + 1):
            await self._spend(host, request, deadline)
            try:
                answer = await self._attempt(request, url, host, known, attempt, deadline)
            except FetchFailed as error:
                wait = policy.next_wait(error, attempt, attempts, self._now(), deadline)
                if wait is None:
                    raise await self._give_up(host, state, error) from error
                await self._sleep(wait)
                continue
            if state.failures:
                await self._memory.recovered(host)
            return answer
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(
        self, request: Request, url: str, host: str, known: Validators | None, attempt: int, deadline: int
    ) -> Answer:
        now = self._now()
        if deadline - now < policy.LEAST:
            raise FetchFailed("deadline", "the run has no time left")
        client = self._open()
        status, headers, body = await exchange(client, request, known, now, (deadline - now) / 1000)
        await self._observe(host, headers.get(USED_WEIGHT))
        digest = sha256(body).digest() if request.conditional and status == 200 else None
        same = digest is not None and known is not None and known.body_sha256 == digest
        return Answer(
            status=status,
            headers=headers,
            body=body,
            unchanged=same or status == 304,
            url=url,
            from_retry=attempt - 1,
            validators=Validators(url, headers.get("etag"), headers.get("last-modified"), digest, now)
            if digest and not same
            else None,
        )

    async def _admit(self, host: str, state: HostState) -> bool:
        """Pass, raise, or take the one probe of a breaker whose cool-down is over (then True)."""
        now = self._now()
        held = policy.held(state, now)
        if held:
            raise held
        if state.failures < policy.BREAKER_LIMIT:
            return False
        until = now + policy.cool_down(state.failures + 1)
        if not await self._memory.claim_probe(host, state.open_until, until):
            raise FetchFailed("breaker_open", "another run is probing the host", not_before=until)
        return True

    async def _give_up(self, host: str, state: HostState, error: FetchFailed) -> FetchFailed:
        """Remember what the failure says of the host; the error to raise."""
        now, until = self._now(), policy.hold_until(error, self._now())
        if policy.counts_against(error):
            opens = now + policy.cool_down(policy.BREAKER_LIMIT)
            await self._memory.failed(host, str(error), opens, policy.BREAKER_LIMIT)
        elif state.failures and error.status:
            await self._memory.recovered(host)
        if until is None:
            return error
        await self._memory.hold(host, until, str(error))
        return FetchFailed("not_before", str(error), status=error.status, not_before=until)

    async def _spend(self, host: str, request: Request, deadline: int) -> None:
        """Take the cost from the host's minute; wait for the next one where that is near."""
        budget = request.budget_per_minute
        if budget is None:
            return
        while not await self._charge(host, request.cost, budget):
            now = self._now()
            turn = (now // MINUTE + 1) * MINUTE
            soon = turn - now <= policy.WAIT_MAX * 1000 and turn + policy.LEAST <= deadline
            if not soon or request.cost > budget:
                raise FetchFailed("not_before", "the budget of this minute is spent", not_before=turn)
            await self._sleep((turn - now) / 1000)

    async def _charge(self, host: str, cost: int, budget: int) -> bool:
        minute = self._now() // MINUTE * MINUTE
        kept, left = self._left.get(host, (minute, 0))
        left = left if kept == minute else 0
        for take in (0,) if left >= cost else (max(cost, budget // PIECES), cost):
            if take and await self._memory.charge(host, minute, take, budget) is None:
                continue
            # read again: another task may have spent while this one waited for the store
            kept, left = self._left.get(host, (minute, 0))
            self._left[host] = (minute, (left if kept == minute else 0) + take - cost)
            return True
        return False

    async def _observe(self, host: str, used: str | None) -> None:
        """Other programs behind our address use the same budget: the provider's own count wins."""
        if used and used.isdecimal() and len(used) < 10:
            minute = self._now() // MINUTE * MINUTE
            await self._memory.observe(host, minute, int(used))

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            from http.cookiejar import CookieJar, DefaultCookiePolicy

            import httpx2

            from shared.platform.fetch.connect import guarded_transport

            self._client = httpx2.AsyncClient(
                transport=self._transport or guarded_transport(self._allowed, self._trusted, self._lookup),
                timeout=httpx2.Timeout(SILENCE, connect=CONNECT, pool=None),
                headers={"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=False,
            )
        return self._client
