"""Collection that is killed (L1) and called by many at once (L2)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException

from market_provider import MINUTE, Provider
from product_support import SQL_LEASES_OVER, SQL_QUIET, Answer, Product

# Time goes by: what was collected belongs to a window of an hour ago, and nobody holds a job.
SQL_LATER = (
    "UPDATE job_runs SET window = window - 3600000",
    "UPDATE job_schedule SET next_run = 0",
    "DELETE FROM fetch_hosts",  # what was spent of the minute's budget
)
SQL_CANDLES = """SELECT c.asset, s.name, c.step, c.open_time, c.open, c.high, c.low, c.close, c.volume
FROM candles c JOIN sources s ON s.id = c.source WHERE c.step = 60000 ORDER BY 1, 2, 3, 4"""
SQL_LATEST = """SELECT q.asset, s.name, q.at, q.price FROM latest_quotes l
JOIN quotes q ON q.id = l.quote
JOIN sources s ON s.id = q.source ORDER BY 1, 2"""
SQL_QUOTES = "SELECT q.asset, s.name, q.at, q.price FROM quotes q JOIN sources s ON s.id = q.source"
SQL_DOUBLES = """SELECT job, source, window, count(*) FROM job_runs
WHERE status IN ('ok', 'unchanged', 'partial') GROUP BY 1, 2, 3 HAVING count(*) > 1"""
# Kill when so many requests of a run have come, so many seconds later; a whole run makes 42.
KILLS = ((1, 0), (4, 0.0), (12, 0.01), (22, 0.0), (30, 0.02), (38, 0.0), (42, 0.0), (42, 0.01), (42, 0.03))
KILLS = (*KILLS, (42, 0.06))


@contextmanager
def watching(product: Product, seen: set[tuple[int, float]]) -> Iterator[None]:
    """Read all the while what the product has acknowledged: bars of BTC that a reader was shown."""
    stop, wrong = threading.Event(), list[Answer]()

    def read() -> None:
        while not stop.wait(0.1):
            try:
                answer = product.get("/api/v1/market-data/BTC/history?interval=1m&period=24h")
            except (OSError, HTTPException):
                continue
            wrong.extend([answer] if answer.status not in (200, 404, 503) else [])
            if answer.status == 200:
                seen.update((row[0], row[4]) for row in answer.json()["data"])

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        assert not wrong, (wrong[0], product.log())


def later(product: Product, provider: Provider) -> None:
    """Another minute has passed for everybody."""
    for sql in (*SQL_LATER, SQL_LEASES_OVER):
        product.rows(sql)
    assert provider.frozen
    provider.frozen += MINUTE


def kill_during_collection(product: Product, provider: Provider, calls: int, seconds: float) -> None:
    before, reached = len(provider.calls), threading.Event()

    def count(path: str) -> None:
        if len(provider.calls) - before >= calls:
            reached.set()

    provider.disturb = count
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(product.post, "/function/collect")
        assert reached.wait(20)
        time.sleep(seconds)
        product.kill()
        try:
            answer = asked.result()
            assert answer.status == 200
        except (OSError, HTTPException):
            pass
    provider.disturb = lambda path: None


def test_l1_killed_ten_times_collection_loses_and_doubles_nothing(
    launch: Callable[..., Product], provider: Provider
) -> None:
    began = time.time_ns() // 1_000_000 // MINUTE * MINUTE - (len(KILLS) + 4) * MINUTE
    provider.frozen = began
    product = launch("killed")
    product.rows(SQL_QUIET)
    assert product.collect()["status"] == "ok"
    seen: set[tuple[int, float]] = set()
    for calls, seconds in KILLS:
        later(product, provider)
        with watching(product, seen):
            kill_during_collection(product, provider, calls, seconds)
        assert product.rows("PRAGMA integrity_check") == [("ok",)]
        product.start()
    later(product, provider)
    assert product.collect()["status"] == "ok"
    assert product.rows("PRAGMA integrity_check") == [("ok",)]
    assert product.rows(SQL_DOUBLES) == []
    (btc,) = product.rows("SELECT id FROM crypto_assets WHERE symbol = 'BTC'")
    stored = product.rows(SQL_CANDLES)
    assert len(seen) >= 100
    assert seen <= {(row[3], row[7]) for row in stored if row[0] == btc[0]}
    provider.frozen = began
    calm = launch("calm")
    calm.rows(SQL_QUIET)
    assert calm.collect()["status"] == "ok"
    for _ in range(len(KILLS) + 1):
        later(calm, provider)
        assert calm.collect()["status"] == "ok"
    assert stored == calm.rows(SQL_CANDLES)
    assert product.rows(SQL_LATEST) == calm.rows(SQL_LATEST)
    assert set(product.rows(SQL_QUOTES)) <= set(calm.rows(SQL_QUOTES))


def test_l2_a_window_is_collected_once_whoever_asks(
    launch: Callable[..., Product], provider: Provider
) -> None:
    provider.frozen = time.time_ns() // 1_000_000 - 2 * MINUTE
    provider.delay = 0.02
    one, two = launch(), launch()
    one.rows(SQL_QUIET)
    while time.time() % 60 > 50:  # the window must not end in mid-test
        time.sleep(0.2)
    with ThreadPoolExecutor(20) as at_once:
        asked = [at_once.submit((one, two)[n % 2].post, "/function/collect") for n in range(20)]
        answers = [one.result() for one in asked]
    assert {answer.status for answer in answers} == {200}
    summaries = [answer.json() for answer in answers]
    worked = Counter(
        job for s in summaries for job, one in s["jobs"].items() if one["status"] != "already_collected"
    )
    assert worked == {"crypto_prices": 1, "klines": 1, "order_books": 1}
    assert sum(s["status"] == "already_collected" for s in summaries) >= 17
    assert set(provider.counts().values()) == {1}
    assert one.rows(SQL_DOUBLES) == []
    assert len(one.rows("SELECT DISTINCT source FROM job_runs")) == 4
    assert one.rows("SELECT count(*) FROM job_runs") == [(4,)]
    assert one.collect()["status"] == "already_collected"
    assert set(provider.counts().values()) == {1}
