"""The gateway calls that `faas-cli list`, `describe`, `invoke` and `logs` make (`/system/…`)."""

from __future__ import annotations

import platform
from collections.abc import AsyncIterator
from datetime import datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs

import orjson

from shared.dev.functions import Functions, Loaded
from shared.platform import log

NAMESPACE = "openfaas-fn"


def status(loaded: Loaded) -> dict[str, Any]:
    """Describe a function as the gateway's OpenAPI (FunctionStatus) does."""
    function = loaded.function
    return {
        "name": function.name,
        "image": function.image,
        "namespace": NAMESPACE,
        "envProcess": "python index.py",
        "envVars": function.environment,
        "secrets": list(function.secrets),
        "labels": function.labels,
        "annotations": function.annotations,
        "limits": function.limits or None,
        "requests": function.requests or None,
        "invocationCount": loaded.invocations,
        "replicas": 1,
        "availableReplicas": 1,
    }


def info() -> dict[str, Any]:
    release = version("cryptointel")
    return {
        "provider": {
            "provider": "cryptointel-dev",
            "orchestration": "one process",
            "version": {"sha": "", "release": release},
        },
        "version": {"sha": "", "release": release, "commit_message": "dev server"},
        "arch": platform.machine(),
    }


def answer(functions: Functions, path: str) -> tuple[int, Any]:
    """Answer a GET under /system as (HTTP status, JSON body)."""
    if path == "/system/functions":
        return 200, [status(loaded) for loaded in functions.loaded.values()]
    if path.startswith("/system/function/"):
        loaded = functions.find(path.removeprefix("/system/function/"))
        return (200, status(loaded)) if loaded else (404, {"error": "function not found"})
    if path == "/system/info":
        return 200, info()
    if path == "/system/namespaces":
        return 200, [NAMESPACE]
    if path == "/system/secrets":
        names = sorted({name for loaded in functions.loaded.values() for name in loaded.function.secrets})
        return 200, [{"name": name, "namespace": NAMESPACE} for name in names]
    return 404, {"error": f"{path} is not served by the dev server"}


async def log_lines(query: str) -> AsyncIterator[bytes]:
    """Yield the log of one function as NDJSON lines, following it when asked to."""
    asked = {key: values[-1] for key, values in parse_qs(query).items()}
    since = datetime.fromisoformat(asked["since"]) if asked.get("since") else None
    name = asked.get("name", "").partition(".")[0]
    for line in log.recent(name, since=since, tail=int(asked.get("tail") or 0) or None):
        yield message(name, line)
    if asked.get("follow") in ("1", "true"):
        async for line in log.follow(name):
            yield message(name, line)


def message(name: str, line: Any) -> bytes:
    text = line if isinstance(line, str) else orjson.dumps(line).decode()
    when = orjson.loads(text)["timestamp"]
    instance = "dev-1"
    entry = {"name": name, "namespace": NAMESPACE, "instance": instance, "timestamp": when, "text": text}
    return orjson.dumps(entry) + b"\n"
