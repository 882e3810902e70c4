"""A stop that nobody notices: under load, with streams open, and resumed after it: L12."""

from __future__ import annotations

import asyncio
import http.client
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest
from market_provider import Provider
from product_support import SQL_QUIET, Product, log_lines


@dataclass
class Stream:
    """An SSE client: what it read; `ended` is how: "closed" by the server in order, or an error's name."""

    events: list[tuple[str, str, str]] = field(default_factory=list)
    opened: threading.Event = field(default_factory=threading.Event)
    ended: str = ""

    def follow(self, product: Product, after: str = "") -> None:
        headers = {"authorization": f"Bearer {product.key}", "accept": "text/event-stream"}
        if after:
            headers["last-event-id"] = after
        with closing(http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)) as connection:
            try:
                connection.request("GET", "/api/v1/stream?topics=prices", headers=headers)
                answer = connection.getresponse()
                assert answer.status == 200
                self.opened.set()
                self.read(answer)
                self.ended = "closed"
            except (OSError, http.client.HTTPException) as error:
                self.ended = type(error).__name__

    def read(self, answer: http.client.HTTPResponse) -> None:
        event: dict[str, str] = {}
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "id" in event:
                self.events.append((event["id"], event["event"], event["data"]))
                event = {}


@contextmanager
def following(product: Product, after: str = "") -> Iterator[Stream]:
    stream = Stream()
    thread = threading.Thread(target=stream.follow, args=(product, after), daemon=True)
    thread.start()
    assert stream.opened.wait(10)
    yield stream
    thread.join(10)


def wait_for(what: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def load(product: Product, failures: list[float], done: list[int], stop: threading.Event) -> None:
    """Ask until nobody listens any more; `failures` are when unanswered requests began.

    A kernel resets connections that nobody has accepted yet when the socket closes; behind a gateway
    the lame duck spares us that, alone a client sees a refused connection and one more.
    """
    while not stop.is_set():
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
        try:
            connection.connect()
        except OSError:
            return
        try:
            headers = {"authorization": f"Bearer {product.key}"}
            connection.request("GET", f"/api/v1/market-data?limit={len(done) % 50 + 1}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            done.append(answer.status)
        except (OSError, http.client.HTTPException):
            failures.append(began)
        finally:
            connection.close()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_l12_a_stop_under_load_with_streams_open_is_clean(
    launch: Callable[..., Product], sign: signal.Signals
) -> None:
    product = launch()
    product.rows(SQL_QUIET)
    product.collect()
    failures, done, stop = list[float](), list[int](), threading.Event()
    asking = [threading.Thread(target=load, args=(product, failures, done, stop)) for _ in range(4)]
    with following(product) as one, following(product) as two:
        for thread in asking:
            thread.start()
        wait_for(lambda: len(done) > 50)
        assert product.process
        began = time.monotonic()
        product.process.send_signal(sign)
        code = product.process.wait(15)
    took = time.monotonic() - began
    stop.set()
    for thread in asking:
        thread.join()
    assert code == 0
    assert took < 4
    assert (one.ended, two.ended) == ("closed", "closed")
    assert set(done) <= {200, 429}  # the first key may ask a hundred times at once
    assert [at for at in failures if at < began - 0.1] == []
    assert len(failures) <= len(asking)
    lines = log_lines(product.log())
    assert [line for line in lines if line["level"] not in ("INFO", "WARNING")] == []
    assert "Traceback" not in product.log() + product.printed()


@pytest.mark.parametrize(("delay", "status"), [(0.1, 200), (8, 503)])
def test_l12_a_stop_finishes_a_collection_or_says_that_it_did_not(
    launch: Callable[..., Product], provider: Provider, delay: float, status: int
) -> None:
    product = launch()
    product.rows(SQL_QUIET)
    provider.delay = delay
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(product.post("/function/collect").status))
    asking.start()
    wait_for(lambda: provider.calls)
    assert product.stop() == 0
    asking.join()
    assert answers == [status]
    assert "Traceback" not in product.log() + product.printed()


def test_l12_a_stream_resumes_after_a_restart_without_a_gap(
    launch: Callable[..., Product], redis_url: str
) -> None:
    product = launch(REDIS_URL=redis_url)
    product.rows(SQL_QUIET)

    async def publish(*messages: bytes) -> list[str]:
        from shared.platform import kv

        store = await kv.connect(redis_url, timeout_s=5)
        ids = [await store.publish("prices", message) for message in messages]
        await store.close()
        return ids

    with following(product) as first:
        product.collect()
        wait_for(lambda: first.events)
        known = asyncio.run(publish(b"[1]", b"[2]"))
        wait_for(lambda: len(first.events) >= 3)
        assert product.stop() == 0
    assert [event[0] for event in first.events][-2:] == known
    missed = asyncio.run(publish(b"[3]", b"[4]", b"[5]"))
    product.start()
    with following(product, after=known[0]) as second:
        wait_for(lambda: len(second.events) >= 4)
        more = asyncio.run(publish(b"[6]"))
        wait_for(lambda: len(second.events) >= 5)
        assert product.stop() == 0
    assert [event[0] for event in second.events] == [known[1], *missed, *more]
    assert [event[2] for event in second.events] == ["[2]", "[3]", "[4]", "[5]", "[6]"]
