"""Order-book features: spread, depth and its imbalance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from shared.market.indicators.kernel import Floats

LEVELS = 20  # as many as are collected; a book with fewer has no figure for the depths it does not reach
BPS = 1e4

Side = Sequence[Sequence[float]]  # [[price, quantity], …], best first


def sides(books: Sequence[Side]) -> Floats:
    """One side of many books as (n, LEVELS, 2), NaN where there are fewer levels."""
    found = np.full((len(books), LEVELS, 2), np.nan)
    counts = np.array([min(len(book), LEVELS) for book in books], np.int64)
    flat = chain.from_iterable(chain.from_iterable(book[:LEVELS] for book in books))
    there = np.arange(LEVELS) < counts[:, None]
    found[there] = np.fromiter(flat, np.float64).reshape(-1, 2)
    return found


def book_features(bids: Floats, asks: Floats) -> dict[str, Floats]:
    """Columns (n,) by feature name from both sides (n, LEVELS, 2)."""
    bid, ask = bids[:, 0, 0], asks[:, 0, 0]
    middle = (bid + ask) / 2
    bid_size, ask_size = bids[:, 0, 1], asks[:, 0, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        micro = (bid * ask_size + ask * bid_size) / (bid_size + ask_size)
        depth = {n: (usd(bids, n), usd(asks, n)) for n in (1, 5, LEVELS)}
        whole = depth[LEVELS][0] + depth[LEVELS][1]
        reach = (asks[:, -1, 0] - bids[:, -1, 0]) / 2
        return {
            "spread_bps": BPS * (ask - bid) / middle,
            "micro_gap_bps": BPS * (micro - middle) / middle,
            **{f"book_imbalance_{n}": (b - a) / (b + a) for n, (b, a) in depth.items()},
            "book_depth_20": np.log(whole),
            "book_top_share": (depth[5][0] + depth[5][1]) / whole,
            "book_reach_bps": BPS * reach / middle,
        }


def usd(side: Floats, levels: int) -> Floats:
    """Value of the best levels of each book (n,)."""
    value: Floats = (side[:, :levels, 0] * side[:, :levels, 1]).sum(axis=1)
    return value
