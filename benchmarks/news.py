"""News: one cycle of 26 feeds with 50 entries each, our work beside its peers in one run, CPU time.

sentiment      our scores with VADER's lexicon (equal to the digit) and with ours, beside vaderSentiment
entities       the trie pattern over all assets and names, beside a plain list of alternatives
duplicates     exact Jaccard with an index, beside comparing all pairs
cycle          all three on 1,300 articles: the budget is 60 ms
unchanged      a feed whose body is the same as last time: the budget is 1 ms
feedparser     what reading the XML costs, apart

python benchmarks/news.py [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FEEDS, ENTRIES = 26, 50
BUDGET_CYCLE_MS, BUDGET_UNCHANGED_MS = 60.0, 1.0
NOW = 1_763_726_400_000
WHO = "Bitcoin,Ethereum,Solana,XRP,Cardano,BlackRock,Coinbase,the SEC,Tether,Dogecoin,Michael Saylor,Binance"
DOES = "soars past,plunges below,faces lawsuit over,approves,expands into,warns about,gains on,halts,explores"
WHAT = (
    "key support,record ETF inflows,a $40M exploit,staking rules,new custody law,the $100K mark,layer-2 fees"
)
WHEN = (
    "as traders await the Fed,amid growing adoption,despite whale selling,ahead of the halving,says analyst"
)
FILLER = "The move follows weeks of quiet trading across major venues and mixed signals from on-chain data. "


def articles(seed: int = 7) -> list[Any]:
    """1,300 headlines with summaries; one in five retells another feed's story in other words.

    Each has a few words of its own, as headlines have; the rest comes from what all write about.
    """
    from shared.models import Article

    chance = random.Random(seed)
    parts = [text.split(",") for text in (WHO, DOES, WHAT, WHEN)]
    found: list[Any] = []
    for number in range(FEEDS * ENTRIES):
        who, does, what, when = (chance.choice(words) for words in parts)
        own = ["".join(chance.choices("aeioulnrst", k=chance.randint(4, 9))) for _ in range(3)]
        title = f"{who} {own[0]} {does} {own[1]} {own[2]} {chance.choice((what, when))}"
        if found and chance.random() < 0.2:
            title = f"{chance.choice(found).title} today"
        summary = f"{title}. {FILLER * 2}"
        key = f"feed{number % FEEDS}:{number}"
        found.append(
            Article(key, f"feed{number % FEEDS}", f"https://a.example/{number}", title, NOW, summary)
        )
    return found


def assets() -> list[Any]:
    """What the migrations know."""
    from shared.models import Asset

    db = sqlite3.connect(":memory:")
    for migration in sorted((ROOT / "migrations").glob("*.sql")):
        db.executescript(migration.read_text())
    return [Asset(*row) for row in db.execute("SELECT id, slug, symbol, name, kind, rank FROM crypto_assets")]


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """The median of so many rounds, milliseconds of CPU."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def sentiments(items: list[Any], rounds: int) -> dict[str, float]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    from shared.news.sentiment import compound, crypto, vader

    titles = [item.title for item in items]
    peer, plain, ours = SentimentIntensityAnalyzer(), vader(), crypto()
    same = all(compound(t, plain) == peer.polarity_scores(t)["compound"] for t in titles)
    theirs = cpu_ms(lambda: [peer.polarity_scores(t) for t in titles], rounds)
    equal = cpu_ms(lambda: [compound(t, plain) for t in titles], rounds)
    wider = cpu_ms(lambda: [compound(t, ours) for t in titles], rounds)
    return {
        "us_vaderSentiment": theirs / len(titles) * 1000,
        "us_equal_scores": equal / len(titles) * 1000,
        "us_with_our_terms": wider / len(titles) * 1000,
        "equal_scores": float(same),
        "ratio_equal_scores": theirs / equal,
        "ratio_with_our_terms": theirs / wider,
    }


def entities(items: list[Any], rounds: int) -> dict[str, float]:
    from shared.news.entities import Tagger

    texts = [f"{item.title}\n{item.summary}" for item in items]
    tagger = Tagger(assets())
    names = sorted(tagger.meanings, key=len, reverse=True)
    plain = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    few = texts[: len(texts) // 10]
    theirs = cpu_ms(lambda: [list(plain.finditer(t)) for t in few], 1) * len(texts) / len(few)
    whole = cpu_ms(lambda: [tagger.find(item.title, item.summary) for item in items], rounds)
    letters = sum(map(len, texts))
    return {
        "names": float(len(names)),
        "ns_per_char": whole / letters * 1e6,
        "ratio_to_alternatives": theirs / whole,
    }


def duplicates(items: list[Any], rounds: int) -> dict[str, float]:
    from shared.news.duplicates import ALIKE, Headlines, title_of

    def indexed() -> int:
        known = Headlines()
        return sum(known.original_of(item.key, item.title, item.at) is not None for item in items)

    def all_pairs() -> int:
        sets = [title_of(item.key, item.title, item.at).words for item in items]
        return sum(any(len(a & b) >= ALIKE * len(a | b) for b in sets[:n]) for n, a in enumerate(sets))

    ours = cpu_ms(indexed, rounds)
    return {
        "us_each": ours / len(items) * 1000,
        "found": indexed(),
        "ratio_to_all_pairs": cpu_ms(all_pairs, 1) / ours,
    }


def cycle(items: list[Any], rounds: int) -> float:
    """Sentiment, entities and duplicates of all articles, as collection does it."""
    from shared.collect.news import new_article
    from shared.news.duplicates import Headlines
    from shared.news.entities import Tagger

    tagger = Tagger(assets())

    def work() -> None:
        known = Headlines()
        for item in items:
            new_article(item, known, tagger)

    return cpu_ms(work, rounds)


def feed(items: list[Any]) -> bytes:
    entries = "".join(
        f"<item><title>{i.title}</title><link>{i.url}</link><guid>{i.key}</guid>"
        f"<pubDate>Fri, 21 Nov 2025 11:00:00 GMT</pubDate><description>{i.summary}</description></item>"
        for i in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'.encode()


async def unchanged(body: bytes, rounds: int) -> float:
    """A feed that says the same again, from the answer's bytes to the noted run, store included."""
    import httpx2

    from shared.collect.gathering import Limits, gather_source
    from shared.collect.keeping import keep
    from shared.collect.news import Desk
    from shared.env import read_settings
    from shared.platform import d1
    from shared.platform.bindings import open_env
    from shared.platform.fetch import Fetch
    from shared.sources import SOURCES, Ask
    from shared.store import assets as stored_assets
    from shared.store import jobs
    from shared.store.fetch_memory import StoredFetchMemory
    from shared.store.jobs import JobRun

    with tempfile.TemporaryDirectory() as folder:
        db = await d1.connect(f"file:{folder}/news.db")
        await d1.migrate(db, ROOT / "migrations")
        answer = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
        http = Fetch(StoredFetchMemory(db), lambda: NOW, transport=answer)
        env = await open_env(read_settings({"LAKE_URL": f"file:{folder}"}), now=lambda: NOW, db=db, http=http)
        source = next(source for source in SOURCES if source.name == "coindesk")
        known = await stored_assets.load(db)
        desk, ask = Desk(env, known), Ask(NOW, NOW, env.settings, known)
        token = await jobs.lease(db, source.job, "bench", NOW) or 0
        times = []
        for number in range(rounds * 10 + 1):
            began = time.process_time()
            limits = Limits(NOW + 45_000, asyncio.get_running_loop().time() + 45, asyncio.Semaphore(5))
            gots = await gather_source(env, source, ask, limits)
            run = JobRun(str(number), source.job, source.name, NOW, NOW, NOW, "ok")
            await keep(env, desk, token, source, ask, gots, run)
            times.append((time.process_time() - began) * 1000)
        assert gots[0].unchanged
        await env.close()
    return statistics.median(times[1:])


def measure(rounds: int) -> dict[str, Any]:
    import feedparser

    items = articles()
    body = feed(items[:ENTRIES])
    mine = cycle(items, rounds)
    same = asyncio.run(unchanged(body, rounds))
    return {
        "sentiment": sentiments(items, rounds),
        "entities": entities(items, rounds),
        "duplicates": duplicates(items, rounds),
        "cycle": {"ms": mine, "budget_ms": BUDGET_CYCLE_MS, "share_of_budget": mine / BUDGET_CYCLE_MS},
        "unchanged_feed": {"ms": same, "budget_ms": BUDGET_UNCHANGED_MS},
        "feedparser": {"ms_for_all": cpu_ms(lambda: feedparser.parse(body), 1) * FEEDS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for part, figures in found.items():
        print(part, *(f"{name}={value:.3g}" for name, value in figures.items()), sep="  ")


if __name__ == "__main__":
    main()
