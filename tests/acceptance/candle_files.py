"""Files of candles a user may import: quiet hours, then one that nobody can miss."""

from __future__ import annotations

import csv
import time
from pathlib import Path

HOUR = 3_600_000
BARS = 200


def crash_file(folder: Path, symbol: str, *, bars: int = BARS, now: int | None = None) -> Path:
    """Hourly bars up to the last closed one, which falls by a quarter on forty times the volume."""
    end = (now or time.time_ns() // 1_000_000) // HOUR * HOUR
    file, close = folder / f"{symbol}_1h.csv", 100.0
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("open_time", "open", "high", "low", "close", "volume"))
        for n in range(bars):
            first, last = close, n == bars - 1
            close *= 0.75 if last else 1 + ((n * 7919) % 21 - 10) / 5000
            volume = (1000 + (n * 104_729) % 300) * (40 if last else 1)
            high, low = max(first, close) * 1.001, min(first, close) * 0.999
            rows.writerow((end - (bars - n) * HOUR, first, high, low, close, volume))
    return file
