"""The price route as FastAPI's own tutorial would write it: Depends, response_model, a middleware.

It answers what ours answers: key, limit with its headers, cached record, security headers, request id and
one JSON log line a request. Key, counter and cache are plain dicts, cheaper than any real ones.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel


class Source(BaseModel):
    source: str
    price: float
    at: int
    used: bool


class Price(BaseModel):
    symbol: str
    id: str
    name: str
    rank: int | None = None
    price: float | None = None
    change_24h: float | None = None
    open_24h: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None
    volume_24h: float | None = None
    market_cap: float | None = None
    at: int
    known_at: int
    consensus: str
    spread_bps: float | None = None
    sources: list[Source]


class Answer(BaseModel):
    data: Price


app = FastAPI()
log = logging.getLogger("peer")
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler(sys.stderr))
bearer = HTTPBearer()
known = {sha256(os.environ.get("BENCH_KEY", "").encode()).hexdigest(): "key_1"}
counts: dict[tuple[str, int], int] = {}
cache = {
    "bitcoin": Answer(
        data=Price(
            symbol="BTC",
            id="bitcoin",
            name="Bitcoin",
            rank=1,
            price=101.0,
            volume_24h=5.0,
            at=1_763_726_400_000,
            known_at=1_763_726_400_000,
            consensus="agreed",
            spread_bps=0.0,
            sources=[
                Source(source=name, price=101.0, at=1_763_726_400_000, used=True)
                for name in ("binance", "coingecko")
            ],
        )
    )
}


@app.middleware("http")
async def around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    started = time.perf_counter()
    response = await call_next(request)
    request_id = str(uuid4())
    response.headers["X-Request-Id"] = request_id
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    took = (time.perf_counter() - started) * 1000
    line = {"path": request.url.path, "status": response.status_code, "ms": took, "id": request_id}
    log.info(json.dumps(line))
    return response


async def principal(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    who = known.get(sha256(credentials.credentials.encode()).hexdigest())
    if who is None:
        raise HTTPException(401)
    return who


async def limited(response: Response, who: Annotated[str, Depends(principal)]) -> str:
    window = int(time.time()) // 3600
    counts[who, window] = counts.get((who, window), 0) + 1
    if counts[who, window] > 10**9:
        raise HTTPException(429)
    left = 10**9 - counts[who, window]
    response.headers["RateLimit-Policy"] = f'"user";q={10**9};w=3600'
    response.headers["RateLimit"] = f'"user";r={left};t={3600 - int(time.time()) % 3600}'
    response.headers["X-RateLimit-Remaining"] = str(left)
    return who


@app.get("/api/v1/prices/current/{symbol}", response_model=Answer)
async def price(symbol: str, response: Response, who: Annotated[str, Depends(limited)]) -> Answer:
    response.headers["Cache-Control"] = "private, max-age=300"
    if symbol not in cache:
        raise HTTPException(404)
    return cache[symbol]
