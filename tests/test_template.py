"""template/python3-asgi stops without losing a request (L12).

The parent below does what of-watchdog does: it passes SIGTERM on at once, keeps proxying for
`healthcheck_interval`, and fails if the child has ended before it or with a code other than 0.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from processes import free_port

ROOT = Path(__file__).resolve().parent.parent
INTERVAL = 0.5  # healthcheck_interval of the tests, seconds
APP = """
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
OWN_PROTOCOL = """
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
class Own(HttpToolsProtocol):
    def _start_asgi_task(self, cycle, app):
        cycle.transport.write(b"HTTP/1.1 200 OK\\r\\nconnection: close\\r\\n\\r\\nby itself")
        cycle.transport.close()
app.protocol = "handler:Own"
"""
SLOW_IMPORT = """
import time
time.sleep(1)
"""


async def start_child(folder: Path, port: int, app: str = APP) -> asyncio.subprocess.Process:
    (folder / "handler.py").write_text(app)
    environ = {
        **os.environ,
        "FUNCTION_FOLDER": str(folder),
        "port_upstream": str(port),
        "healthcheck_interval": f"{INTERVAL}s",
    }
    index = ROOT / "template" / "python3-asgi" / "index.py"
    child = await asyncio.create_subprocess_exec(sys.executable, str(index), env=environ)
    for _ in range(400):
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
        except OSError:
            await asyncio.sleep(0.02)
        else:
            return child
    raise TimeoutError("the child does not listen")


async def request(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def load(port: int, stop: asyncio.Event) -> list[str]:
    answers = []
    while not stop.is_set():
        answers.append(await request(port))
    return answers


@pytest.mark.parametrize("times", [1, 5])
async def test_sigterm_under_load_loses_no_request(tmp_path: Path, times: int) -> None:
    port, stop = free_port(), asyncio.Event()
    child = await start_child(tmp_path, port)
    clients = [asyncio.create_task(load(port, stop)) for _ in range(8)]
    await asyncio.sleep(0.3)
    for _ in range(times):
        child.send_signal(signal.SIGTERM)
    await asyncio.sleep(INTERVAL)  # the lame duck: the gateway still sends requests here
    assert child.returncode is None
    stop.set()
    answers = [answer for batch in await asyncio.gather(*clients) for answer in batch]
    assert len(answers) > 50
    assert all(answer.startswith("HTTP/1.1 200") and answer.endswith("ok") for answer in answers)
    assert await asyncio.wait_for(child.wait(), 15) == 0


@pytest.mark.parametrize(("more", "answer"), [(OWN_PROTOCOL, "by itself"), (SLOW_IMPORT, "ok")])
async def test_an_app_may_bring_its_protocol_and_take_its_time(
    tmp_path: Path, more: str, answer: str
) -> None:
    port = free_port()
    child = await start_child(tmp_path, port, APP + more)
    assert (await request(port)).endswith(answer)
    child.kill()
    await child.wait()


def test_durations_as_go_writes_them() -> None:
    sys.path.insert(0, str(ROOT / "template" / "python3-asgi"))
    try:
        import index
    finally:
        sys.path.pop(0)
    assert [index.seconds(d) for d in ("3s", "1m30s", "500ms", "1h")] == [3, 90, 0.5, 3600]
    with pytest.raises(ValueError, match="is not a duration"):
        index.seconds("soon")
