"""Settings, read once with all problems in one message, and Env: everything outside arrives through it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from shared.errors import Unavailable

if TYPE_CHECKING:
    import asyncio

    from shared.platform.d1 import D1Database
    from shared.platform.fetch import Answer, Request
    from shared.platform.kv import KV
    from shared.platform.lake import Lake

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """Every setting that is wrong, one line each."""


def setting(default: Any, doc: str, check: Callable[[str], Any] = str) -> Any:
    return field(default=default, metadata={"doc": doc, "check": check})


def one_of(*values: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise ValueError(f"is not one of {', '.join(values)}")
        return text

    return check


def url_of(*schemes: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise ValueError(f"does not start with {' or '.join(f'{s}:' for s in schemes)}")
        if not text.partition(":")[2].strip("/"):
            raise ValueError("names no place")
        return text.rstrip("/") if text.startswith("http") else text

    return check


def whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("is not a whole number")
    return int(text)


def yes_no(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError("is not true or false")
    return text.lower() in ("true", "1")


def network_list(text: str) -> tuple[str, ...]:
    for part in names(text):
        ip_network(part)  # ValueError names it
    return names(text)


def seconds_list(text: str) -> tuple[int, ...]:
    return tuple(whole(part) for part in names(text))


def names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Settings:
    """One field is one environment variable of the same name in capitals."""

    libsql_url: str = setting(
        "file:data/cryptointel.db",
        "database: `file:PATH` or `http://host:port` of a sqld",
        url_of("file", "http", "https"),
    )
    libsql_auth_token: str = setting("", "token for the sqld, where it asks for one")
    redis_url: str = setting(
        "",
        "`redis://host:port/0`; empty: the key-value store lives in the process",
        url_of("redis", "rediss"),
    )
    lake_url: str = setting(
        "file:data/lake",
        "raw answers and archives: `file:PATH` or `s3://bucket/prefix`",
        url_of("file", "s3"),
    )
    public_base_url: str = setting(
        "http://127.0.0.1:8080", "how users reach the server", url_of("http", "https")
    )
    environment: str = setting(
        "development", "development, staging or production", one_of("development", "staging", "production")
    )
    public_read: bool = setting(False, "let anyone read market data, news and signals without a key", yes_no)
    secrets_dir: str = setting(".secrets", "folder of secret files, one secret a file")
    gateway_url: str = setting(
        "http://127.0.0.1:8080",
        "OpenFaaS gateway, for one function to start another",
        url_of("http", "https"),
    )
    trusted_proxy_hops: int = setting(
        0, "how many proxies of our own stand in front; 0 ignores X-Forwarded-For", whole
    )
    cors_origins: tuple[str, ...] = setting(
        (), "origins that may call the API from a browser, comma separated", names
    )
    webhook_networks: tuple[str, ...] = setting(
        (),
        "private networks that webhooks may reach, such as `127.0.0.0/8,10.1.0.0/16`; empty: none",
        network_list,
    )
    webhook_schedule: tuple[int, ...] = setting(
        (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400),
        "seconds before each attempt of a webhook delivery, comma separated; one attempt each",
        seconds_list,
    )
    binance_url: str = setting(
        "https://data-api.binance.vision",
        "Binance market-data host (some places get HTTP 451 from api.binance.com)",
        url_of("http", "https"),
    )
    coingecko_url: str = setting("https://api.coingecko.com", "CoinGecko host", url_of("http", "https"))
    keep_raw: bool = setting(True, "keep raw candle and order-book answers in the lake", yes_no)
    log_level: str = setting(
        "INFO", "DEBUG, INFO, WARNING or ERROR", one_of("DEBUG", "INFO", "WARNING", "ERROR")
    )
    coingecko_api_key: str = setting("", "CoinGecko key; without it the public limits apply")
    fred_api_key: str = setting("", "FRED key")
    guardian_api_key: str = setting("", "Guardian key")
    openai_api_key: str = setting("", "OpenAI key")
    demo: bool = setting(False, "serve generated market history instead of collecting", yes_no)


SECRET_SETTINGS = (
    "libsql_auth_token",
    "coingecko_api_key",
    "fred_api_key",
    "guardian_api_key",
    "openai_api_key",
)


def read_settings(environ: Mapping[str, str] = os.environ, **replace: Any) -> Settings:
    """Read the environment, keys also from secret files; raise SettingsError with all problems."""
    values, problems = dict[str, Any](), list[str]()
    folder = Path(environ.get("SECRETS_DIR") or ".secrets")
    for item in fields(Settings):
        try:
            text = environ.get(item.name.upper()) or secret_setting(folder, item.name)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{item.name.upper()}: not readable in {folder}: {type(error).__name__}")
            continue
        if not text:
            continue
        try:
            values[item.name] = item.metadata["check"](text)
        except ValueError as error:
            shown = "its value" if item.name in SECRET_SETTINGS else repr(text)
            problems.append(f"{item.name.upper()}: {shown} {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**{**values, **replace})


def secret_setting(folder: Path, name: str) -> str:
    """Provider keys may also be files: COINGECKO_API_KEY as in OpenFaaS secrets."""
    file = folder / name.upper()
    return file.read_text().strip() if name in SECRET_SETTINGS and file.is_file() else ""


def settings_table() -> str:
    """The table of the README, in Markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        shown = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
        shown = ",".join(map(str, item.default)) if isinstance(item.default, tuple) else shown
        default = f"`{shown}`" if item.default not in ("", ()) else ""
        rows.append(f"| `{item.name.upper()}` | {default} | {item.metadata['doc']} |")
    return "\n".join(rows)


class SecretMissing(Unavailable):
    """A secret the server needs is not there; none has a default."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Files of one folder (`/var/openfaas/secrets`, `.secrets/` locally), read when asked for."""

    folder: Path

    def get(self, name: str) -> bytes:
        file = self.folder / name
        if not file.is_file():
            raise SecretMissing(f"secret {name} is missing: run `make secrets`, or put it into {self.folder}")
        return file.read_bytes().strip()


async def no_trigger(function: str) -> None:
    """Nobody to start: the other function's own schedule will."""


def new_event() -> asyncio.Event:
    import asyncio  # 10 ms that a function without bindings need not spend

    return asyncio.Event()


class Http(Protocol):
    """What is asked of shared.platform.fetch.Fetch."""

    async def get(self, request: Request, *, deadline: int) -> Answer: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Env:
    """The bindings of one process. Tests, replay and the demo replace what they need."""

    db: D1Database
    kv: KV
    lake: Lake
    http: Http
    settings: Settings
    secrets: Secrets
    now: Callable[[], int]
    trigger: Callable[[str], Awaitable[None]] = no_trigger
    # What this process remembers for seconds (identities, parsed keys), by the module it belongs to.
    memory: dict[str, Any] = field(default_factory=dict)
    # Set when the server is told to stop: streams that would go on for ever end themselves.
    stopping: asyncio.Event = field(default_factory=new_event)

    async def close(self) -> None:
        await self.http.close()
        await self.kv.close()
        await self.db.close()
