"""What the fake API answers of the track record: an edge, none, too few, and a type without a direction."""

from __future__ import annotations

from typing import Any

from page_data import NOW

HEAD = "485a44b1c2c3dc43012996c563cb889a96d074b610ddc42c2c5b7dc3865ed363"


def record(
    kind: str, interval: str | None, horizon: str, n: int, verdict: str, lift: float | None
) -> dict[str, Any]:
    known, rate = lift is not None, 0.4 + (lift or 0.0)

    def around(value: float, width: float) -> list[float] | None:
        return [value - width, value + width] if known else None

    return {
        "type": kind,
        "interval": interval,
        "horizon": horizon,
        "n": n,
        "hits": None if verdict == "no direction" else round(n * rate),
        "status": "measured" if n >= 50 else "insufficient data",
        "verdict": verdict,
        "hit_rate": rate if known else None,
        "hit_rate_95": around(rate, 0.06),
        "opposite_hit_rate": 0.31 if known else None,
        "matched": {"signals": n, "n": 20 * n, "hit_rate": 0.4 if known else None, "mean_return": 0.0004},
        "lift": lift,
        "lift_95": around(lift or 0.0, 0.08),
        "direction": lift,
        "direction_95": around(lift or 0.0, 0.07),
        "mean_return": lift / 10 if known and lift else None,
        "median_return": 0.001 if known else None,
        "return_difference": 0.002 if known else None,
        "return_difference_95": around(0.002, 0.004),
        "mean_favourable": 0.02 if known else None,
        "mean_adverse": 0.01 if known else None,
        "calibration": calibration(n) if known else None,
    }


def calibration(n: int) -> dict[str, Any]:
    bins = [
        {
            "from": k / 10,
            "to": (k + 1) / 10,
            "n": 20 + k,
            "predicted": k / 10 + 0.05,
            "observed": k / 10 + 0.02,
        }
        for k in (3, 4, 6)
    ]
    return {
        "id": 7,
        "status": "calibrated",
        "model": "beta",
        "n": n,
        "judged": 73,
        "brier": 0.2214,
        "brier_skill": 0.031,
        "ece": 0.041,
        "ece_95": [0.012, 0.087],
        "base_rate": 0.48,
        "reliability": bins,
        "fitted_at": NOW - 3_600_000,
    }


RECORDS = (
    record("price_anomaly", "1h", "24h", 214, "edge", 0.17),
    record("price_anomaly", "1h", "1h", 220, "no edge shown", 0.03),
    record("volume_spike", "5m", "4h", 120, "no edge shown", -0.021),
    record("macd_cross", "1d", "7d", 12, "insufficient data", None),
    record("volatility_regime", "1h", "24h", 90, "no direction", None),
    record("sentiment_shift", None, "24h", 0, "insufficient data", None),
)


def performance(asked: dict[str, str]) -> dict[str, Any]:
    rows = [
        row
        for row in RECORDS
        if asked.get("type") in (None, row["type"]) and asked.get("horizon") in (None, row["horizon"])
    ]
    if asked.get("symbol"):
        rows = rows[:1]
    if by := asked.get("by"):
        values = {"regime": ("bear", "bull"), "symbol": ("BTC",), "hour": (), "weekday": ("monday",)}[by]
        rows = [{**row, "calibration": None, "by": {by: value}} for row in rows for value in values]
    return {"data": rows, "least_outcomes": 50, "generated_at": NOW - 60_000}


def log() -> dict[str, Any]:
    return {
        "data": [],
        "head": {"seq": 1503, "hash": HEAD, "at": NOW - 60_000},
        "days": [],
        "next_cursor": None,
    }
