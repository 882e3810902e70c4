"""Cold start: from spawning a function's process to the first byte of its answer, and its memory then.

The peer is `uvicorn.run` of the template's smallest function, in the same run, case by case; the same
function under our runner shows what the runner itself costs. The api answers a price to a bearer key from
a database that is there already; jobs answer /health.

    python benchmarks/cold_start.py [--rounds 15] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNNER = ROOT / "template" / "python3-asgi" / "index.py"
SMALLEST = ROOT / "template" / "python3-asgi" / "function"
BARE = """
import os, sys, uvicorn
sys.path.insert(0, os.environ["FUNCTION_FOLDER"])
options = {"loop": "uvloop", "http": "httptools", "access_log": False, "log_config": None}
uvicorn.run(os.environ["FUNCTION_HANDLER"] + ":app", port=int(os.environ["port_upstream"]), **options)
"""
BUDGET_RATIO, BUDGET_MS, BUDGET_MB = 1.1, 90, 32
PRICE = "/api/v1/market-data/BTC"
Case = tuple[list[str], Path, str, str]  # python's arguments, folder, module, path to ask for


async def prepare(folder: Path) -> str:
    """Make a database with one price and a key; return the key."""
    from shared.access import keys
    from shared.env import read_settings
    from shared.models import Quote
    from shared.platform import d1
    from shared.platform.bindings import open_env
    from shared.store import quotes, users

    env = await open_env(read_settings({"LIBSQL_URL": f"file:{folder / 'bench.db'}"}))
    await d1.migrate(env.db, ROOT / "migrations")
    await users.create(env.db, "bench", "admin", env.now())
    made = await keys.create(env, owner="bench", level="readonly")
    await quotes.add(env.db, [Quote(1, "coingecko", env.now(), 100.0)], env.now())
    await env.close()
    return made.key


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_byte(case: Case, environ: dict[str, str], key: str) -> tuple[float, float, int]:
    """Return (milliseconds, MB resident, status) of one cold start."""
    command, folder, module, path = case
    port = free_port()
    environ = {
        **environ,
        "FUNCTION_FOLDER": str(folder),
        "FUNCTION_HANDLER": module,
        "port_upstream": str(port),
    }
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n".encode()
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], env=environ, stderr=subprocess.DEVNULL)
    try:
        while True:
            with socket.socket() as client:
                client.settimeout(5)
                if client.connect_ex(("127.0.0.1", port)) != 0:
                    time.sleep(0.0005)
                    continue
                client.sendall(request)
                head = client.recv(65536)
                break
        took = (time.perf_counter() - started) * 1000
        resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 2**20
        return took, resident, int(head.split()[1])
    finally:
        process.send_signal(9)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15, help="cold starts of each case, in turn")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = asyncio.run(prepare(Path(folder)))
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "LIBSQL_URL": f"file:{folder}/bench.db"}
        # bytecode is in the image; here the first round, which does not count, writes it
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        environ["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        cases: dict[str, Case] = {
            "bare uvicorn": (["-c", BARE], SMALLEST, "handler", "/"),
            "smallest function": ([str(RUNNER)], SMALLEST, "handler", "/"),
            "api, price by key": ([str(RUNNER)], ROOT, "functions.api.handler", PRICE),
            "collect, /health": ([str(RUNNER)], ROOT, "functions.collect.handler", "/health"),
            "dashboard, /": ([str(RUNNER)], ROOT, "functions.dashboard.handler", "/"),
        }
        seen: dict[str, list[tuple[float, float, int]]] = {name: [] for name in cases}
        for _ in range(asked.rounds + 1):
            for name, case in cases.items():
                seen[name].append(first_byte(case, environ, key))
    report({name: runs[1:] for name, runs in seen.items()}, asked.json)


def report(seen: dict[str, list[tuple[float, float, int]]], as_json: bool) -> None:
    """Print medians and what they are of the peer's."""
    rows = {
        name: {
            "ms": round(statistics.median(run[0] for run in runs), 1),
            "mb": round(statistics.median(run[1] for run in runs), 1),
            "status": runs[-1][2],
        }
        for name, runs in seen.items()
    }
    bare = rows["bare uvicorn"]
    for row in rows.values():
        row["ratio"] = round(row["ms"] / bare["ms"], 2)
    if as_json:
        print(json.dumps(rows))
        return
    print(f"{'case':22s} {'ms':>7s} {'ratio':>6s} {'MB':>6s}  status")
    for name, row in rows.items():
        print(f"{name:22s} {row['ms']:7.1f} {row['ratio']:6.2f} {row['mb']:6.1f}  {row['status']}")
    print(f"budget: {BUDGET_RATIO} × bare uvicorn ({BUDGET_MS} ms where that takes 83), {BUDGET_MB} MB")


if __name__ == "__main__":
    main()
