"""What both key-value drivers promise: the records, the protocol and the limits of Cloudflare's KV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from shared.errors import Invalid, Unavailable

KEY_BYTES = 512
VALUE_BYTES = 25 * 2**20
METADATA_BYTES = 1024
LIST_LIMIT = 1000


class KVUnavailable(Unavailable):
    """The key-value server does not answer; what must not be guessed (sessions, leases) fails closed."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One policy of the rate limiter: `limit` requests in `period_s` seconds, at most `burst` at once.

    GCRA: in any t seconds at most burst + limit * t / period_s pass. Without `burst` it is `limit`.
    """

    scope: str
    id: str
    limit: int
    period_s: float
    burst: int | None = None
    cost: int = 1
    key: str = field(init=False, repr=False, compare=False)
    interval: float = field(init=False, repr=False, compare=False)  # microseconds a request uses up
    spend: float = field(init=False, repr=False, compare=False)  # microseconds this call uses up
    tolerance: float = field(init=False, repr=False, compare=False)  # microseconds of a full burst

    def __post_init__(self) -> None:
        burst = self.limit if self.burst is None else self.burst
        if self.limit < 1 or self.period_s <= 0 or not 1 <= self.cost <= burst:
            raise Invalid(f"rate limit {self.scope}: needs limit >= 1, period > 0 and 1 <= cost <= burst")
        # Quarters of a microsecond: sums of them since 1970 are exact in the doubles of Lua and Python.
        interval = max(1, round(4e6 * self.period_s / self.limit)) / 4
        values = (f"rate_limit:{self.scope}:{self.id}", interval, interval * self.cost, interval * burst)
        for name, value in zip(("key", "interval", "spend", "tolerance"), values, strict=True):
            object.__setattr__(self, name, value)


class Decision(NamedTuple):
    """What the limiter said; `layer` is the one that refused, or the one with least left."""

    allowed: bool
    layer: Layer
    remaining: int
    retry_after_s: float  # 0 when allowed
    reset_s: float  # until the layer is untouched again


class KVKey(NamedTuple):
    """One row of a listing; `expiration` in milliseconds UTC."""

    name: str
    expiration: int | None
    metadata: dict[str, Any] | None


class KVList(NamedTuple):
    """One page of names, sorted by their UTF-8 bytes."""

    keys: list[KVKey]
    cursor: str | None
    list_complete: bool


class Event(NamedTuple):
    """A published message; ids rise and have the form milliseconds-sequence.

    The topic `missed` (message `null`) says that events older than the bounded log are lost.
    """

    id: str
    topic: str
    message: bytes


MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something until `until` (ms); `token` rises with each holder: fence writes with it."""

    name: str
    owner: str
    token: int
    until: int
    ttl_s: float


class KV(Protocol):
    """A key-value store with rate limits, published events, leases and counters."""

    async def get(self, key: str) -> bytes | None: ...

    async def get_with_metadata(self, key: str) -> tuple[bytes | None, dict[str, Any] | None]: ...

    async def put(
        self,
        key: str,
        value: bytes | str,
        *,
        ttl: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def list(
        self, prefix: str = "", *, limit: int = LIST_LIMIT, cursor: str | None = None
    ) -> KVList: ...

    async def limit(self, layers: Sequence[Layer]) -> Decision: ...

    async def gate(self, layers: Sequence[Layer], cache_key: str) -> tuple[Decision, bytes | None]: ...

    async def publish(self, topic: str, message: bytes) -> str: ...

    def subscribe(self, topics: Sequence[str], after: str | None = None) -> AsyncIterator[Event]: ...

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None: ...

    async def renew(self, lease: Lease) -> bool: ...

    async def release(self, lease: Lease) -> None: ...

    async def count(self, increments: Mapping[str, float]) -> None: ...

    async def counters(self, prefix: str) -> dict[str, float]: ...

    async def ping(self) -> bool: ...

    async def close(self) -> None: ...
