"""JSON lines of exactly {timestamp, level, service, message, metadata}, one per record, secrets left out.

Write with `logging.getLogger(name).info("Text", extra={"metadata": {...}})`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
from pythonjsonlogger.core import BaseJsonFormatter

LINE_BYTES = 16_000
KEEP = 1000  # lines a service
TEXT, SHORT, SHORTEST = 4000, 500, 100  # characters of one string, by how much must be saved
ITEMS, DEPTH = 100, 5

# Each pattern also knows the beginning of a secret: a text may have been cut in the middle of one.
SECRETS = re.compile(
    r"(?P<key>cik_(?:dev|stg|prod)_[0-9A-Za-z]{0,4})[0-9A-Za-z]*"
    r"|(?P<jwt>eyJ)[\w-]{8,}(?:\.[\w-]*)*"
    r"|(?P<hook>wh(?:sec|sk)_)[A-Za-z0-9+/=]+"
    r"|(?P<auth>(?i:bearer|basic)\s+)[^\s\"',;]+"
    r"|(?P<cookie>__Host-sid=)[^\s;\"']+"
    r"|(?P<link>/login#)[\w-]+"
    r"|(?P<query>[?&](?i:api_?key|access_token|token|secret|password|code|signature)=)[^&\s\"']+"
)
SECRET_NAMES = re.compile(
    r"(?i)^(proxy-)?authorization$|^(set-)?cookie$|^(x-)?api[-_]?key$|^(access_|refresh_)?token$|password|secret$"
)
# Not escaped by JSON, yet a line break or an order to a terminal: C1 controls, U+2028/9, bidi marks.
UNSAFE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

current: ContextVar[str] = ContextVar("service", default="")


def redact(text: str) -> str:
    """The text with keys, tokens, cookies and link secrets cut after what names them."""
    return SECRETS.sub(lambda match: f"{match[match.lastgroup or 0]}…", text)


def clean(value: Any, length: int, depth: int = 0) -> Any:
    """A JSON value of bounded size: strings cut and redacted, unknown types as text."""
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)[:length]
    if depth < DEPTH and isinstance(value, dict):
        return {name: kept(name, v, length, depth) for name, v in text_items(value)}
    if depth < DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [clean(v, length, depth + 1) for v in [*value][:ITEMS]]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = redact(text[: 2 * length].encode("utf-8", "replace").decode())
    return text if len(text) <= length else f"{text[:length]}…"


def text_items(value: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(clean(str(name), SHORTEST)), v) for name, v in [*value.items()][:ITEMS]]


def kept(name: str, value: Any, length: int, depth: int) -> Any:
    return "…" if SECRET_NAMES.search(name) else clean(value, length, depth + 1)


class LineFormatter(BaseJsonFormatter):
    """python-json-logger's formatter with our five fields and our bounds."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def service_of(self, record: logging.LogRecord) -> str:
        """The function at work; else a logger named after one; else the process."""
        plain = "." not in record.name and record.name not in ("root", "uvicorn", "asyncio")
        return current.get() or (record.name if plain else self.service)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        metadata = {k: v for k, v in record.__dict__.items() if k not in self.reserved_attrs}
        metadata.pop("color_message", None)  # uvicorn's message once more, for terminals
        given = metadata.pop("metadata", None)
        metadata.update(given if isinstance(given, dict) else {"value": given} if given is not None else {})
        if trace := message_dict.pop("exc_info", None):
            metadata["exception"] = str(trace)[-TEXT:]  # the end names the error
        metadata.update(message_dict)
        log_data.clear()
        log_data["timestamp"] = timestamp(record.created)
        log_data["level"] = record.levelname
        log_data["service"] = self.service_of(record)
        log_data["message"] = record.message
        log_data["metadata"] = metadata

    def format(self, record: logging.LogRecord) -> str:
        try:
            return super().format(record)
        except (TypeError, ValueError, KeyError):  # arguments that do not fit the text
            record.msg, record.args = f"{record.msg!s} {record.args!r}", None
            return super().format(record)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        for length in (TEXT, SHORT, SHORTEST):
            line = escaped(clean(log_data, length))
            if len(line.encode()) <= LINE_BYTES:
                return line
        return escaped(clean({**log_data, "metadata": {"dropped_bytes": len(line)}}, SHORTEST))


def escaped(value: Any) -> str:
    line = orjson.dumps(value).decode()
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Lines(logging.Handler):
    """Write each line to a stream, keep the last ones of each service, hand them to who follows."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.kept: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEEP))
        self.followers: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Queue[str]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            formatter = self.formatter
            service = formatter.service_of(record) if isinstance(formatter, LineFormatter) else ""
            self.kept[service].append(line)
            self.stream.write(line + "\n")
            self.stream.flush()
        except (OSError, ValueError, TypeError):
            self.handleError(record)
            return
        for name, loop, queue in [*self.followers]:
            if name == service and not loop.is_closed() and not queue.full():
                loop.call_soon_threadsafe(offer, queue, line)


def offer(queue: asyncio.Queue[str], line: str) -> None:
    if not queue.full():
        queue.put_nowait(line)


def handler() -> Lines | None:
    return next((h for h in logging.getLogger().handlers if isinstance(h, Lines)), None)


def configure(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger of this process, uvicorn's too, through one JSON handler (standard error)."""
    root = logging.getLogger()
    lines = Lines(stream or sys.stderr)
    lines.setFormatter(LineFormatter(service))
    root.handlers[:] = [lines]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # one line a request to a provider says nothing that job_runs does not
    logging.getLogger("httpx2").setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


@contextmanager
def serving(service: str) -> Iterator[None]:
    """Records written inside, in this task and those it starts, belong to this service."""
    token = current.set(service)
    try:
        yield
    finally:
        current.reset(token)


def recent(service: str, since: datetime | None = None, tail: int | None = None) -> list[str]:
    """The last lines of a service in this process, oldest first, at most `tail` of them."""
    lines = handler()
    found = [*lines.kept[service]] if lines and service in lines.kept else []
    if since is not None:
        first = timestamp((since if since.tzinfo else since.replace(tzinfo=UTC)).timestamp())
        found = [line for line in found if orjson.loads(line)["timestamp"] >= first]
    return found[-tail:] if tail else found


async def follow(service: str) -> AsyncIterator[str]:
    """The lines of a service from now on; a reader that falls 1000 lines behind misses some."""
    lines = handler()
    if lines is None:
        return
    follower = (service, asyncio.get_running_loop(), asyncio.Queue[str](KEEP))
    lines.followers.append(follower)
    try:
        while True:
            yield await follower[2].get()
    finally:
        lines.followers.remove(follower)
