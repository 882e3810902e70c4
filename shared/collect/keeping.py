"""Store what a source gave. Rows first, each by its own key; then, in one batch under the lease, what we
now know: order books, metrics, articles, how far series are extracted, validators, and the run itself.

Killed before the batch, the next run asks again, and what is stored already changes nothing; killed after
it, the window counts as collected. Validators never run ahead of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TypeVar

from shared.collect.gathering import Got, failures
from shared.collect.news import Desk
from shared.env import Env
from shared.models import Article, Candle, Metric, OrderBook, Quote, Record
from shared.platform.d1 import D1Error, D1PreparedStatement
from shared.sources import Ask, Source
from shared.store import articles, books, candles, jobs, metrics, quotes
from shared.store.articles import NewArticle
from shared.store.assets import source_ids
from shared.store.fetch_memory import validator_statement
from shared.store.jobs import JobRun

T = TypeVar("T")


class LeaseLost(Exception):
    """Another run has the job by now: what this one found is not stored."""


@dataclass(slots=True)
class Kept:
    """The run as noted, and what it changed for those who follow."""

    run: JobRun
    quoted: set[int] = field(default_factory=set)  # assets with a new price
    bars: dict[int, int | None] = field(default_factory=dict)  # oldest new minute, if any, by asset
    news: list[str] = field(default_factory=list)  # keys of new articles


async def keep(
    env: Env, desk: Desk, token: int, source: Source, ask: Ask, gots: list[Got], run: JobRun
) -> Kept:
    """Store everything; `run` comes without counts. LeaseLost where the job has passed to another run."""
    records = [record for got in gots for record in got.reading.records]
    known_at = env.now()
    quoted, bars = of_kind(records, Quote), of_kind(records, Candle)
    stored = await quotes.add(env.db, quoted, known_at) if quoted else 0
    stored += await candles.add(env.db, bars, known_at) if bars else 0
    found = of_kind(records, Article)
    async with AsyncExitStack() as stack:
        if found:
            await stack.enter_async_context(desk.turn)
        new = await desk.examine(found)
        rest = await statements(env, records, new, known_at)
        stored += len(of_kind(records, OrderBook)) + len(of_kind(records, Metric)) + len(new)
        noted = counted(replace(run, finished_at=env.now(), stored=stored), gots)
        rest += extractions(env, source, ask, gots, known_at)
        rest += [validator_statement(env.db, got.validators) for got in gots if got.validators]
        await commit(env, token, [*rest, jobs.run_statement(env.db, noted)], run.job)
    changed = {quote.asset for quote in quoted} if stored else set[int]()
    return Kept(noted, changed, oldest_new(source, ask, gots), [n.article.key for n in new])


def oldest_new(source: Source, ask: Ask, gots: Sequence[Got]) -> dict[int, int | None]:
    """Assets whose minutes came, with the oldest that lies behind the mark.

    Also where none does: a run before may have been killed after it stored and before it rolled up.
    """
    found: dict[int, int | None] = {}
    for got in gots:
        bars = of_kind(got.reading.records, Candle)
        if source.series and bars:
            mark = ask.progress.get(source.series(got.request), -1)
            found[bars[0].asset] = min((bar.open_time for bar in bars if bar.open_time > mark), default=None)
    return found


def of_kind(records: Sequence[Record], kind: type[T]) -> list[T]:
    return [record for record in records if isinstance(record, kind)]


async def statements(
    env: Env, records: Sequence[Record], new: Sequence[NewArticle], known_at: int
) -> list[D1PreparedStatement]:
    """What goes into the batch beside the notes."""
    taken, measured = of_kind(records, OrderBook), of_kind(records, Metric)
    names = {book.source for book in taken} | {metric.source for metric in measured}
    ids = await source_ids(env.db, names) if names else {}
    return [
        *books.add_statements(env.db, taken, ids, known_at),
        *metrics.add_statements(env.db, measured, ids, known_at),
        *articles.add_statements(env.db, new, known_at),
    ]


def extractions(
    env: Env, source: Source, ask: Ask, gots: Sequence[Got], now: int
) -> list[D1PreparedStatement]:
    """How far each series reaches now; records are counted once, by what lay behind the mark before."""
    found = []
    for got in gots:
        times = [r.open_time if isinstance(r, Candle) else r.at for r in got.reading.records]
        if source.series and times:
            series = source.series(got.request)
            before = ask.progress.get(series)
            added = sum(before is None or at > before for at in times)
            found.append(jobs.extracted_statement(env.db, *series, max(times), added, now))
    return found


def counted(run: JobRun, gots: Sequence[Got]) -> JobRun:
    """With status and figures: failed where nothing could be read, partial where a request failed."""
    items = sum(got.reading.items for got in gots)
    refused = sum(got.reading.refused for got in gots)
    failed = sum(got.error is not None for got in gots)
    reasons = [*failures(gots), *(reason for got in gots for reason in got.reading.reasons)]
    if not gots:
        status = "skipped"
    elif failed == len(gots) or (items and refused == items):
        status = "failed"
    elif failed:
        status = "partial"
    else:
        status = "unchanged" if all(got.unchanged for got in gots) else "ok"
    error = "; ".join(reasons[:3]) or None
    return replace(run, status=status, fetched=items, refused=refused, failed=failed, error=error)


async def commit(env: Env, token: int, rest: Sequence[D1PreparedStatement], job: str) -> None:
    try:
        await env.db.batch([jobs.fence_statement(env.db, job, token), *rest])
    except D1Error as error:
        if jobs.lost_lease(error):
            raise LeaseLost(job) from error
        raise
