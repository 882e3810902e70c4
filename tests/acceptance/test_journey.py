"""A user's first hour: start, log in, ask every documented route, start again, look around."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from candle_files import crash_file
from market_provider import Provider
from product_support import SQL_QUIET, Product, log_lines

SAMPLES = {"symbol": "BTC", "type": "price_anomaly", "provider": "rsi", "metric": "market_cap"}
RULE = {"name": "oversold", "expression": "rsi(14) crosses below 30", "symbols": ["BTC"]}
HOURLY = ("/technical/", "/ml-features/", "/analytics/data/", "/indicators/")  # need hours: the imported ones
OTHERS = {"/history": "?interval=1m", "/stream": None}  # what needs more than a path, or never ends


def documented(product: Product) -> list[str]:
    """Every GET of the description, with samples in place of its parameters."""
    paths: dict[str, Any] = product.get("/openapi.json").json()["paths"]
    found = [path for path, methods in paths.items() if "get" in methods]
    return [re.sub(r"\{(\w+)\}", lambda name: SAMPLES.get(name[1], name[0]), path) for path in found]


def test_a_fresh_folder_serves_every_documented_route_to_the_printed_key(
    launch: Callable[..., Product], provider: Provider, tmp_path: Path
) -> None:
    product = launch()
    assert product.printed().count(product.key) == 2
    product.rows(SQL_QUIET)
    summary = product.collect()
    assert summary["status"] == "ok", summary
    # an asset that no exchange here trades: its hours are the imported ones at any minute of the hour
    product.run("import", str(crash_file(tmp_path, "XMR")))
    # the detection that collection started may still be at it, and take the imported hours along
    assert product.post("/function/detect-signals").status == 200
    signal = product.get("/api/v1/signals?symbol=XMR").json()["data"][0]["id"]
    made = product.post("/api/v1/webhooks", {"url": f"{provider.url}/hook"})
    assert made.status == 201, made
    rule = product.post("/api/v1/rules", RULE)
    assert rule.status == 201, rule
    ids = {"/signals/": signal, "/rules/": rule.json()["data"]["id"], "/webhooks": made.json()["data"]["id"]}
    answers = {}
    for path in documented(product):
        filled = path.replace("{id}", next((id for part, id in ids.items() if part in path), ""))
        if any(part in path for part in HOURLY):
            filled = filled.replace("/BTC", "/XMR")
        more = next((query for end, query in OTHERS.items() if path.endswith(end)), "")
        if more is not None:
            answers[filled] = product.get(filled + more)
    assert len(answers) >= 40
    assert {path: a.status for path, a in answers.items() if a.status != 200} == {}
    assert answers["/api/v1/market-data/BTC"].json()["data"]["price"] > 0
    assert not [line for line in log_lines(product.log()) if line["level"] == "ERROR"]


def test_the_second_start_prints_no_key_and_the_commands_read_the_same_data(
    launch: Callable[..., Product],
) -> None:
    product = launch()
    product.rows(SQL_QUIET)
    product.collect()
    first = product.key
    assert product.stop() == 0
    before = len(product.printed())
    product.start()
    again = product.printed()[before:]
    assert "cik_" not in again
    assert "/login#" in again
    assert product.get("/api/v1/market-data/BTC").status == 200
    jobs = {job["job"]: job["status"] for job in json.loads(product.run("jobs", "--json"))}
    assert (jobs["crypto_prices"], jobs["klines"], jobs["defi"]) == ("healthy", "healthy", "disabled")
    sources = {s["name"]: s["status"] for s in json.loads(product.run("sources", "--json"))}
    assert sources["binance_klines"] == sources["coingecko_markets"] == "healthy"
    assert json.loads(product.run("signals", "--json")) == []
    findings = {f["what"]: f for f in json.loads(product.run("doctor", "--json"))}
    assert findings["database"]["state"] == findings["secrets"]["state"] == "ok"
    assert first not in json.dumps([*findings.values(), jobs])


def test_a_provider_without_network_costs_the_others_nothing(product: Product) -> None:
    """Two providers of ours answer; whoever cannot be reached fails alone and is named."""
    health = product.get("/api/v1/health").json()
    states = {source["name"]: source["status"] for source in health["sources"]}
    assert states["binance_ticker"] == states["coingecko_markets"] == states["binance_depth"] == "healthy"
