"""API read path: a price by bearer key, with rate limit and cache headers, beside its peers in one run.

Cases take turns; each answers the same JSON on the same uvicorn[httptools,uvloop], server on one core and
wrk on another. What counts is requests per second of server CPU, for the machine may be busy.

    constant   plain ASGI that sends one fixed answer with two headers: what the server itself costs
    hit        our whole path: identify, limit, cached answer, security and rate-limit headers, request log
    first      our path where every request asks a key for the first time (memory is switched off)
    fastapi    the same answer as FastAPI teaches it: Depends, response_model, middleware, logging
    flask      the constant answer by flask on waitress, as the stock python3-http template serves
    nginx      the constant answer as a static file, where nginx is installed: the limit of a general server

    python benchmarks/api.py [--seconds 2] [--rounds 3] [--connections 32] [--redis redis://…] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATH = "/api/v1/prices/current/bitcoin"
CASES = ("constant", "hit", "first", "fastapi", "flask", *(("nginx",) if shutil.which("nginx") else ()))
PEERS = ("flask", "nginx")
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 512; }}
http {{
  access_log off; default_type application/json; keepalive_requests 1000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""
BUDGETS = (("hit", "constant", 0.85), ("hit", "fastapi", 10.0), ("first", "hit", 0.6))


async def prepare(folder: Path) -> str:
    """Make a database with prices of three sources and a key without a limit in practice."""
    from shared.access import keys
    from shared.env import read_settings
    from shared.models import Quote
    from shared.platform import d1
    from shared.platform.bindings import open_env
    from shared.store import assets, quotes, users

    env = await open_env(read_settings({"LIBSQL_URL": f"file:{folder / 'bench.db'}"}))
    await d1.migrate(env.db, ROOT / "migrations")
    await users.create(env.db, "bench", "admin", env.now())
    rate = "999999999999/day;burst=999999999"
    made = await keys.create(env, owner="bench", level="readonly", rate_limit=rate)
    now = env.now()
    known = [asset.id for asset in await assets.load(env.db)]
    rows = [Quote(a, s, now, 100.0 + a, volume_24h=5.0) for a in known for s in ("binance", "coingecko")]
    await quotes.add(env.db, rows, now)
    await env.close()
    return made.key


def serve(case: str, port: int) -> None:
    """Run one case's server in this process until it is killed."""
    if case in PEERS:
        serve_peer(case, port)
        return
    import uvicorn

    from shared.platform.web.protocol import Protocol

    http = "httptools" if case in ("constant", "fastapi") else Protocol
    options: dict[str, Any] = {"loop": "uvloop", "http": http, "access_log": False, "log_config": None}
    uvicorn.run(
        make_app(case), port=port, server_header=False, proxy_headers=False, lifespan="auto", **options
    )


def serve_peer(case: str, port: int) -> None:
    """Serve the constant answer by a server that is not ours."""
    if case == "nginx":
        folder = Path(tempfile.mkdtemp())
        file = folder / "www" / PATH.removeprefix("/")
        file.parent.mkdir(parents=True)
        file.write_bytes(BODY)
        folder.chmod(0o755)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        os.execvp("nginx", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "/dev/null"])
    import flask
    import waitress

    app = flask.Flask(case)
    app.add_url_rule(PATH, view_func=lambda: flask.Response(BODY, content_type="application/json"))
    waitress.serve(app, host="127.0.0.1", port=port, threads=4, _quiet=True)


def make_app(case: str) -> Any:
    if case == "constant":
        return constant
    if case == "fastapi":
        from peers.fastapi_idiomatic import app as idiomatic

        return idiomatic
    from functions.api import app as api
    from functions.api import handler
    from shared.platform.web import hot

    if case == "first":
        hot.Hot.keep = lambda self, scope, entry: None  # type: ignore[method-assign]
    assert api.Api
    return handler.app


BODY = b'{"data":{"symbol":"BTC","price":101.0,"consensus":"agreed"},"filler":"' + b"x" * 300 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def constant(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(case: str, environ: dict[str, str], core: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [*core, sys.executable, __file__, "--serve", case, "--port", str(port)]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    raise TimeoutError(case)


def load(port: int, key: str, asked: argparse.Namespace, core: list[str]) -> tuple[int, float, str]:
    """Run wrk once; return requests, those that failed as a share, and its p99."""
    command = [*core, "wrk", "-t1", f"-c{asked.connections}", f"-d{asked.seconds}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {key}", f"http://127.0.0.1:{port}{PATH}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    done = int(re.search(r"(\d+) requests in", text)[1])  # type: ignore[index]
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    p99 = re.search(r"99%\s+(\S+)", text)
    return done, int(failed[1]) / done if failed else 0.0, p99[1] if p99 else "?"


def measure(asked: argparse.Namespace, key: str, environ: dict[str, str]) -> dict[str, dict[str, Any]]:
    cores = shutil.which("taskset") and (os.cpu_count() or 1) > 1
    here, there = (["taskset", "-c", "0"], ["taskset", "-c", "1"]) if cores else ([], [])
    running = {case: start(case, environ, here) for case in CASES}
    rates: dict[str, list[float]] = {case: [] for case in CASES}
    rows: dict[str, dict[str, Any]] = {case: {} for case in CASES}
    try:
        for turn in range(asked.rounds + 1):
            for case, (process, port) in running.items():
                before = cpu_seconds(process.pid)
                done, failed, p99 = load(port, key, asked, there)
                spent = cpu_seconds(process.pid) - before
                if turn:  # the first warms up
                    rates[case].append(done / spent)
                    rows[case] = {"p99": p99, "failed": failed, "per_second": round(done / asked.seconds)}
    finally:
        for process, _ in running.values():
            process.kill()
            process.wait()
    return {c: {"per_cpu_second": round(statistics.median(rates[c])), **rows[c]} for c in CASES}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=2, help="of load for each case and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--redis", default="", help="measure our cases behind this Redis")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if asked.serve:
        serve(asked.serve, asked.port)
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        key = asyncio.run(prepare(Path(folder)))
        environ = {**os.environ, "LIBSQL_URL": f"file:{folder}/bench.db", "BENCH_KEY": key}
        rows = measure(asked, key, {**environ, "REDIS_URL": asked.redis, "LOG_LEVEL": "INFO"})
    if asked.json:
        print(json.dumps(rows))
        return
    for case, row in rows.items():
        print(f"{case:10s}", "  ".join(f"{name} {value}" for name, value in row.items()))
    for ours, peer, budget in BUDGETS:
        ratio = rows[ours]["per_cpu_second"] / rows[peer]["per_cpu_second"]
        print(f"{ours} / {peer}: {ratio:.2f} (budget ≥ {budget}) {'met' if ratio >= budget else 'MISSED'}")
    for peer in rows.keys() & set(PEERS):
        print(f"hit / {peer}: {rows['hit']['per_cpu_second'] / rows[peer]['per_cpu_second']:.2f}")


if __name__ == "__main__":
    main()
