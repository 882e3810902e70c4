"""What the fake API answers of rules."""

from __future__ import annotations

from typing import Any

from page_data import DAY, HOUR, NOW

EXAMPLES = (
    ("rsi(14) crosses below 30", "RSI turns oversold"),
    ("change(close, 24h) < -10% and rsi(14) < 25", "deep and fast fall"),
)


def rule(number: int, **replace: Any) -> dict[str, Any]:
    made = {
        "id": f"01KARU{number:020d}",
        "name": "Dip in a rising trend",
        "expression": "rsi(14) crosses below 30 and close > sma(200)",
        "symbols": ["BTC", "ETH"],
        "timeframe": "1h",
        "direction": "up",
        "cooldown_seconds": 14_400,
        "enabled": True,
        "notify": True,
        "created_at": NOW - DAY,
        "updated_at": NOW - DAY,
        "last_fired_at": NOW - 3 * HOUR,
        "last_error": None,
    }
    return {**made, **replace}


RULES = (
    rule(0),
    rule(1, name="Gone <b>wrong</b>", enabled=False, symbols="top(20)", last_fired_at=None,
         last_error="no name is called 'rsj'"),
)  # fmt: skip


def answer(rest: list[str]) -> tuple[int, Any]:
    match rest:
        case []:
            return 200, {"data": list(RULES), "next_cursor": None}
        case ["language"]:
            examples = [{"expression": text, "doc": doc} for text, doc in EXAMPLES]
            return 200, {"data": {"examples": examples, "limits": {"characters": 2000}, "periods": []}}
        case [id, "events"]:
            fired = {"symbol": "BTC", "at": NOW - 3 * HOUR, "price": 84_112.5}
            evidence = {"rsi(14)": 29.31, "close": 84_112.5, "sentiment(6h)": None}
            return 200, {"data": [{**fired, "rule": id, "evidence": evidence}], "next_cursor": None}
    return 404, {"detail": "no such rule", "code": "DATA_NOT_AVAILABLE"}


def followed(horizon: str, n: int) -> dict[str, Any]:
    return {
        "horizon": horizon,
        "status": "measured" if n >= 50 else "insufficient data" if n else "no data",
        "n": n,
        "mean": 0.0042,
        "mean_95": [-0.001, 0.0094],
        "median": 0.003,
        "hit_share": 0.46,
        "hit_share_95": [0.37, 0.55],
        "matched": {"mean": 0.0006, "hit_share": 0.41},
        "excess": 0.0036,
        "excess_95": [-0.002, 0.009],
        "lift": 0.05,
        "lift_95": [-0.04, 0.14],
        "direction": 0.02,
        "direction_95": [-0.1, 0.14],
    }


def dry_run(**replace: Any) -> dict[str, Any]:
    made = {
        "expression": "close > 1",
        "symbols": ["BTC"],
        "timeframe": "1h",
        "direction": "up",
        "bars": 17_520,
        "coverage": 0.988,
        "holds": 0.0123,
        "fires": 61,
        "fired": [{"symbol": "BTC", "at": NOW - n * DAY, "price": 84_000.0 + n} for n in range(61)],
        "forward": [followed("1h", 61), followed("4h", 61), followed("24h", 60), followed("7d", 12)],
        "warnings": ["insufficient data at 7d: 12 outcomes, 50 are needed"],
        "period": {"from": NOW - 365 * DAY, "to": NOW},
        "took_ms": 412,
    }
    return {**made, **replace}


def wrong_at(position: int, expression: str, problem: str, suggestion: str | None) -> tuple[int, Any]:
    """As RuleError is answered for an expression of one line."""
    details = {
        "field": "expression",
        "problem": problem,
        "position": position,
        "line": 1,
        "column": position + 1,
        "excerpt": f"{expression}\n{' ' * position}^",
        "suggestion": suggestion,
    }
    return 400, {"status": 400, "detail": problem, "code": "VALIDATION_ERROR", "details": details}
