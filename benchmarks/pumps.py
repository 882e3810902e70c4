"""What recorded pump-and-dump events can show about our detectors, and what they cannot.

The files in ../shared/real/labels/pumps (La Morgia et al. 2020) are announcements of pump groups (coin,
exchange, minute) and, for part of them, the 25-second chunk of the order flow in which the pump began, with
the authors' features of it. There are no candles of these coins around the events and no chunks without a
pump. So neither the recall nor the precision of a detector on bars can be measured here, and nothing printed
below is one. What can be said is how announcements are timed and how large the moves in the chunks are; that
the chunks lie at the announced minute says little, for the authors found them by it.

    python benchmarks/pumps.py [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("CRYPTOINTEL_REAL") or ROOT.parent / "shared" / "real")
FEATURES = ("avg_price_max", "avg_price", "avg_volume", "std_volume", "std_rush_order", "std_trades")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (REAL / "labels" / "pumps" / name).open() as lines:
        return list(csv.DictReader(lines))


def announcements(events: list[Row]) -> dict[str, Any]:
    """How many there are, when they are set, and whether we hold candles of any of these coins."""
    distinct = {(one["symbol"], one["date"], one["hour"]) for one in events}
    held = {path.name.split(".")[0] for path in (REAL / "candles").rglob("*.csv.gz")}
    bases = {re.split("USDT|[_-]", name)[0] for name in held}
    return {
        "announcements": len(events),
        "distinct (coin, minute)": len(distinct),
        "coins": len({one["symbol"] for one in events}),
        "by exchange": dict(Counter(one["exchange"] for one in events)),
        "on a full hour": sum(minute.endswith(":00") for _, _, minute in distinct) / len(distinct),
        "15:00 to 19:59 UTC": sum("15" <= minute[:2] <= "19" for _, _, minute in distinct) / len(distinct),
        "coins of which we hold candles": sorted({one["symbol"] for one in events} & bases),
    }


def lags(events: list[Row], chunks: list[Row]) -> np.ndarray:
    """Seconds from the nearest announced minute of the same coin and day to the chunk."""
    announced: dict[tuple[str, str], list[datetime]] = {}
    for one in events:
        moment = datetime.fromisoformat(f"{one['date']} {one['hour']}")
        announced.setdefault((one["symbol"], one["date"]), []).append(moment)
    found = []
    for one in chunks:
        at = datetime.fromisoformat(one["date"])
        moments = announced.get((one["symbol"], one["date"][:10]), [])
        away = [(at - moment).total_seconds() for moment in moments]
        if away:
            found.append(min(away, key=abs))
    return np.array(found)


def measure() -> dict[str, Any]:
    events, chunks = read("sapienza_pump_telegram.csv"), read("sapienza_label_25S.csv")
    seconds = lags(events, chunks)
    sizes = {name: np.array([float(one[name]) for one in chunks]) for name in FEATURES}
    up = (sizes["avg_price"] > 0) & (sizes["avg_volume"] > 0)
    return {
        "announced": announcements(events),
        "chunks": len(chunks),
        "chunks without a pump": sum(one["gt"] != "1" for one in chunks),
        "chunks announced for that day": len(seconds),
        "within a minute of it": float((abs(seconds) <= 60).mean()),
        "seconds late": quantiles(seconds),
        "price and volume both up": float(up.mean()),
        "features": {name: quantiles(values) for name, values in sizes.items()},
    }


def quantiles(values: np.ndarray) -> dict[str, float]:
    return {
        f"{q:.0%}": round(float(v), 4) for q, v in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)
    }


def show(result: dict[str, Any]) -> None:
    for name, value in result.items():
        if isinstance(value, dict) and name != "seconds late":
            print(f"{name}:")
            for key, item in value.items():
                print(f"    {key:32} {item}")
        else:
            print(f"{name:36} {value}")
    print("\nno candles around these events and no chunks without one: no recall, no precision, no threshold")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (REAL / "labels" / "pumps").is_dir():
        print(f"no pump events at {REAL / 'labels' / 'pumps'} (set CRYPTOINTEL_REAL)")
        return
    result = measure()
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)


if __name__ == "__main__":
    main()
