"""From candles to a verified call: W2 end to end; and one signal whoever detects how often: L5."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from candle_files import crash_file
from hook_receiver import Receiver
from product_support import SQL_QUIET, Product
from standardwebhooks import Webhook

HOOKS = "/api/v1/webhooks"


def crashed(product: Product, tmp_path: Path, symbol: str = "BTC") -> None:
    """Import hours that end in a crash."""
    file = crash_file(tmp_path, symbol)
    report = json.loads(product.run("import", str(file), "--json"))
    assert report["files"][0]["stored"] == 200, report


def test_w2_a_signal_reaches_a_receiver_that_verifies_it(
    launch: Callable[..., Product], receiver: Receiver, tmp_path: Path
) -> None:
    product = launch()
    made = product.post(HOOKS, {"url": receiver.url, "event_types": ["signal.raised"], "symbols": ["BTC"]})
    assert made.status == 201, made
    hook = made.json()["data"]
    crashed(product, tmp_path)
    detected = product.post("/function/detect-signals").json()
    assert detected["types"]["price_anomaly"] >= 1, detected
    assert product.post("/function/deliver").status == 200
    assert receiver.got
    events = []
    for headers, body in receiver.got:
        event = Webhook(hook["secret"]).verify(body, headers)
        assert headers["webhook-signature"].count(" ") == 0
        assert event["data"]["symbol"] == "BTC"
        events.append(event)
    assert {event["type"] for event in events} == {"signal.raised"}
    anomaly = next(e["data"] for e in events if e["data"]["type"] == "price_anomaly")
    assert anomaly["direction"] == "down"
    assert anomaly["evidence"]["threshold"] <= anomaly["confidence"]["raw_score"]
    shown = product.get("/api/v1/signals/price_anomaly?symbol=BTC").json()["data"][0]
    assert shown["id"] == anomaly["id"]
    log = product.get(f"{HOOKS}/{hook['id']}/deliveries").json()["data"]
    assert len(log) == len(events)
    again = product.post("/function/deliver").json()
    assert len(receiver.got) == len(events), again
    assert hook["secret"] not in product.log()
    assert hook["secret"].encode() not in product.database.read_bytes()


def test_l5_a_signal_is_one_however_often_it_is_looked_for(
    launch: Callable[..., Product], tmp_path: Path
) -> None:
    product = launch()
    product.rows(SQL_QUIET)
    crashed(product, tmp_path)
    with ThreadPoolExecutor(8) as at_once:
        answers = [*at_once.map(lambda _: product.post("/function/detect-signals"), range(8))]
    assert {answer.status for answer in answers} == {200}
    raised = sum(answer.json()["raised"] for answer in answers)
    rows = product.rows("SELECT key FROM signals")
    assert len(rows) == len(set(rows)) == raised >= 1
    crashed_again = crash_file(tmp_path, "BTC")
    product.run("import", str(crashed_again))
    product.collect()
    assert json.loads(product.run("detect", "--json"))["raised"] == 0
    assert product.post("/function/detect-signals").json()["raised"] == 0
    assert product.rows("SELECT key FROM signals") == rows
    events = product.rows("SELECT id FROM outbox WHERE type = 'signal.raised'")
    assert len(events) == raised
