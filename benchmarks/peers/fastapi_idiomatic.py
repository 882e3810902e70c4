"""The price route as FastAPI's own tutorial would write it: Depends, response_model, everything in memory."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Response
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
    response.headers["X-RateLimit-Remaining"] = str(10**9 - counts[who, window])
    return who


@app.get("/api/v1/prices/current/{symbol}", response_model=Answer)
async def price(symbol: str, response: Response, who: Annotated[str, Depends(limited)]) -> Answer:
    response.headers["Cache-Control"] = "private, max-age=300"
    if symbol not in cache:
        raise HTTPException(404)
    return cache[symbol]
