"""Files of candles a user may import: quiet hours, then one that nobody can miss; and markets that live."""

from __future__ import annotations

import csv
import random
import time
from pathlib import Path

HOUR = 3_600_000
BARS = 200
COLUMNS = ("open_time", "open", "high", "low", "close", "volume")


def crash_file(folder: Path, symbol: str, *, bars: int = BARS, now: int | None = None) -> Path:
    """Hourly bars up to the last closed one, which falls by a quarter on forty times the volume."""
    end = (now or time.time_ns() // 1_000_000) // HOUR * HOUR
    file, close = folder / f"{symbol}_1h.csv", 100.0
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for n in range(bars):
            first, last = close, n == bars - 1
            close *= 0.75 if last else 1 + ((n * 7919) % 21 - 10) / 5000
            volume = (1000 + (n * 104_729) % 300) * (40 if last else 1)
            high, low = max(first, close) * 1.001, min(first, close) * 0.999
            rows.writerow((end - (bars - n) * HOUR, first, high, low, close, volume))
    return file


def market_file(folder: Path, symbol: str, *, name: str, step: int, bars: int, end: int) -> Path:
    """A random walk of the symbol's own, one bar in forty of which moves and trades far beyond the usual."""
    file, close, chance = folder / f"{symbol}_{name}.csv", 100.0, random.Random(symbol)
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for n in range(bars):
            wild = 12 if chance.random() < 1 / 40 else 1
            first, close = close, close * (1 + chance.gauss(0, 0.002) * wild)
            high, low = max(first, close) * 1.0005, min(first, close) * 0.9995
            volume = chance.lognormvariate(7, 0.3) * wild
            rows.writerow((end - (bars - n) * step, first, high, low, close, volume))
    return file
