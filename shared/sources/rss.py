"""Crypto news by RSS and Atom: each feed of feeds.csv is a source of its own.

feedparser reads bytes only: given a string it opens files and URLs itself.
"""

from __future__ import annotations

import csv
from calendar import timegm
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from shared.errors import Malformed, Refused
from shared.models import DAY, Article
from shared.news.text import KEY_MAX, clean, clean_link, link_key
from shared.platform.fetch import Request
from shared.sources.source import Ask, Source

FEEDS = Path(__file__).with_name("feeds.csv")
BYTES_MAX, ITEMS_MAX = 2_000_000, 200
RELIABILITY = {"1": 0.75, "2": 0.6}
EARLIEST = 1_230_940_800_000  # 2009-01-03, the first block; an article of before is a wrong date


def requests(url: str, ask: Ask) -> Iterable[Request]:
    yield Request(url, max_bytes=BYTES_MAX)


def items(body: bytes, request: Request, ask: Ask) -> Iterable[Any]:
    """At most 200 entries; Malformed for what is not a feed, entries of a broken feed as far as they go."""
    import feedparser  # type: ignore[import-untyped]

    try:
        found = feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # its parsers let all kinds of errors through on hostile bytes
        raise Malformed(f"not a feed: {type(error).__name__}") from error
    if not found.get("version") and not found.entries:
        raise Malformed(f"not a feed; it begins with {body[:60].decode('utf-8', 'replace')!r}")
    if found.get("bozo") and not found.entries:
        raise Malformed(f"a broken feed without entries: {str(found.bozo_exception)[:100]}")
    return list(found.entries[:ITEMS_MAX])


def read(name: str, item: Any, request: Request, ask: Ask) -> Article | None:
    guid = text_of(item.get("id"))
    url = clean_link(text_of(item.get("link"))) or clean_link(guid)
    if url is None:
        raise Refused(f"no http link: {text_of(item.get('link'))[:60]!r}")
    title = clean(text_of(item.get("title")))
    if not title:
        raise Refused(f"no title: {url[:100]}")
    summary = clean(text_of(item.get("summary")))
    return Article(
        key=key_of(name, guid, url),
        feed=name,
        url=url,
        title=title,
        at=published(item, ask),
        summary=summary if summary not in ("", title) else None,
    )


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def key_of(name: str, guid: str, url: str) -> str:
    """A guid that is a link, else the feed's own guid, else the link: the same from run to run."""
    link = clean_link(guid)
    key = link_key(link) if link else f"{name}:{guid.strip()}" if guid.strip() else link_key(url)
    if len(key) <= KEY_MAX and key.isprintable():
        return key
    return f"{name}:{sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def published(item: Any, ask: Ask) -> int:
    """When it was published; now where it does not say. A day ahead at most is a wrong zone and means now."""
    # as a plain dict: feedparser's own get answers one for the other, with a warning
    parsed = dict.get(item, "published_parsed") or dict.get(item, "updated_parsed")
    try:
        at = timegm(parsed) * 1000 if parsed else ask.now
    except (TypeError, ValueError, OverflowError):
        at = ask.now
    if not EARLIEST <= at <= ask.now + DAY:
        raise Refused(f"published: {at} is not in the time of crypto news")
    return min(at, ask.now)


def feeds(path: Path = FEEDS) -> list[dict[str, str]]:
    """name, url and tier (1 reports itself, 2 mostly retells) of each feed."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


SOURCES = tuple(
    Source(
        feed["name"],
        "crypto_news",
        partial(requests, feed["url"]),
        items,
        partial(read, feed["name"]),
        reliability=RELIABILITY[feed["tier"]],
    )
    for feed in feeds()
)
