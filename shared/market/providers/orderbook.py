"""Order book depth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from shared.errors import NotFound
from shared.market.providers import REFRESH_BOOK_S, Inputs, Json, Parameter, Provider, Settings, listed
from shared.models import OrderBook


def side(levels: Sequence[tuple[float, float]]) -> Json:
    """Levels best first, with all that stands up to each."""
    prices, quantities = zip(*levels, strict=True)
    return listed(price=prices, quantity=quantities, total=list(accumulate(quantities)))


def chosen(books: Sequence[OrderBook], source: str | None) -> OrderBook:
    """The book of a source, or the newest of all; raises NotFound."""
    found = [book for book in books if source in (None, book.source)]
    if not found:
        known = sorted(book.source for book in books)
        what = f"of {source[:64]!r}; there are books of {', '.join(known)}" if source and known else "yet"
        raise NotFound(f"there is no order book {what}", sources=known)
    return max(found, key=lambda book: (book.at, book.source))


def read(inputs: Inputs, settings: Settings) -> Json:
    """The newest order book of one source: what stands at each price, and the sum of it from the best price
    on."""
    book = chosen(inputs.books, settings["source"])
    bids, asks = book.bids[: settings["limit"]], book.asks[: settings["limit"]]
    (bid, _), (ask, _) = bids[0], asks[0]
    bought, sold = (sum(quantity for _, quantity in levels) for levels in (bids, asks))
    middle = (bid + ask) / 2
    return {
        "at": book.at,
        "source": book.source,
        "sources": sorted(one.source for one in inputs.books),
        "bids": side(bids),
        "asks": side(asks),
        "middle": middle,
        "spread": ask - bid,
        "spread_bps": 10_000 * (ask - bid) / middle,
        "imbalance": (bought - sold) / (bought + sold) if bought + sold else 0.0,
    }


PROVIDER = Provider(
    "Order book",
    "depth",
    {
        "bids": "Levels from the best price down: price in USD, quantity, and its running total",
        "asks": "Levels from the best price up",
        "middle": "Between best bid and best ask, in USD",
        "spread": "Best ask less best bid, in USD",
        "spread_bps": "The spread in basis points of the middle",
        "imbalance": "What is bid less what is asked by their sum, over the levels shown: -1 to 1",
        "at": "When it was taken",
        "source": "Where",
        "sources": "All that have a book",
    },
    read,
    (
        Parameter("limit", "Levels of each side", 200, 1, 1000),
        Parameter("source", "The exchange; else the newest book of all", None),
    ),
    needs="order_books",
    refresh_s=REFRESH_BOOK_S,
)
