"""One pipeline to sqld over HTTP: pool, time-outs, and what may be tried again.

aiohttp and not httpx2: 0.29 against 0.76 ms of client CPU a call (benchmarks/d1.py).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from shared.platform.d1 import limits
from shared.platform.d1.errors import D1Error, D1TypeError, D1Unavailable

if TYPE_CHECKING:
    import aiohttp

Json = dict[str, Any]
CONNECTIONS = 15
CONNECT_SECONDS = 5.0
PAUSES = (0.05, 0.15, 0.5, 0.0)  # after each try; then it is given up


class NotDone(Exception):
    """The server certainly did nothing."""


class Unknown(Exception):
    """The server may or may not have done it."""


class Http:
    """Nothing is imported or opened before the first pipeline: a cold start does not wait for aiohttp."""

    def __init__(self, url: str, auth_token: str | None) -> None:
        self._url = f"{url.rstrip('/')}/v3/pipeline"
        self._headers = {"content-type": "application/json"}
        if auth_token:
            self._headers["authorization"] = f"Bearer {auth_token}"
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def pipeline(self, requests: list[Json], *, reads: bool) -> list[Json]:
        """The server's results, one a request. `reads`: may be sent again after a lost connection."""
        try:
            body = orjson.dumps({"baton": None, "requests": [*requests, {"type": "close"}]})
        except TypeError as error:  # a lone surrogate in a row of execute_many
            raise D1TypeError(f"a value cannot be bound: {error}", D1TypeError.prefix) from error
        for pause in PAUSES:
            try:
                return await self._post(body)
            except NotDone as error:
                reason = str(error)
            except Unknown as error:
                reason = str(error)
                if not reads:
                    break
            await asyncio.sleep(pause)
        raise D1Unavailable(f"the database server does not answer: {reason}", "UNAVAILABLE")

    async def close(self) -> None:
        self._closed = True
        if self._session:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise D1Error("the database is closed: SQLITE_MISUSE", "SQLITE_MISUSE")
        self._session = self._session or aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=limits.QUERY_SECONDS, sock_connect=CONNECT_SECONDS),
            headers=self._headers,
        )
        return self._session

    async def _post(self, body: bytes) -> list[Json]:
        import aiohttp

        try:
            async with self._opened().post(self._url, data=body) as response:
                answer = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotDone("no connection") from error
        except TimeoutError as error:
            raise D1Unavailable(
                f"the database server did not answer within {limits.QUERY_SECONDS:g} s", "UNAVAILABLE"
            ) from error
        except aiohttp.ClientError as error:
            raise Unknown(type(error).__name__) from error
        if response.status == 429:  # sqld has 128 streams for all its clients
            raise NotDone("too many open streams")
        if response.status >= 400:
            raise refused(response.status, answer)
        results: list[Json] = orjson.loads(answer)["results"]
        return results


def refused(status: int, answer: bytes) -> D1Error:
    """An answer that is not a pipeline's."""
    if status in (401, 403):
        return D1Error(f"the database server refuses the token ({status})", "SQLITE_AUTH")
    try:
        message = str(orjson.loads(answer)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = f"HTTP {status}: {answer[:200].decode(errors='replace')}"
    if status in (502, 503, 504):
        return D1Unavailable(f"the database server does not answer: {message}", "UNAVAILABLE")
    return D1Error(message)
