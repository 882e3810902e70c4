"""The built page in memory: files by URL path, with their compressed forms, client routes and validators."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".webmanifest": b"application/manifest+json",
    ".woff2": b"font/woff2",
}
ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))  # best first


@dataclass(frozen=True, slots=True)
class File:
    """One file; `encoded` holds what the build compressed, best first."""

    body: bytes
    type: bytes
    etag: bytes
    encoded: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """All that can be asked for. A path not in `assets` is never looked up on disk, so none can escape."""

    index: File
    assets: dict[str, File]
    routes: tuple[re.Pattern[str], ...]
    version: int  # modification time of index.html in nanoseconds: the build writes it last

    def is_route(self, path: str) -> bool:
        """Tell whether the client's router knows this path."""
        return any(route.fullmatch(path) for route in self.routes)


def version_of(dist: Path) -> int:
    """Return what changes with every build; 0 where there is none."""
    try:
        return (dist / "index.html").stat().st_mtime_ns
    except OSError:
        return 0


def load(dist: Path) -> Site | None:
    """Read a build; None where there is no complete one."""
    version = version_of(dist)
    try:
        index = read(dist / "index.html")
        patterns = json.loads((dist / "routes.json").read_text())
        found = sorted((dist / "assets").iterdir())
        assets = {f"/assets/{file.name}": read(file) for file in found if file.suffix in TYPES}
    except (OSError, ValueError):  # ValueError: routes.json caught half written
        return None
    return Site(index, assets, tuple(route(pattern) for pattern in patterns), version)


def read(file: Path) -> File:
    body = file.read_bytes()
    forms = ((name, file.with_name(file.name + suffix)) for name, suffix in ENCODINGS)
    encoded = tuple((name, form.read_bytes()) for name, form in forms if form.is_file())
    # Weak, because one tag stands for all encodings of the same content.
    etag = b'W/"%s"' % hashlib.sha256(body).hexdigest()[:20].encode()
    return File(body, TYPES[file.suffix], etag, encoded)


def route(pattern: str) -> re.Pattern[str]:
    """Turn a client route into a pattern: `/signals/:id` matches one segment where `:id` stands."""
    parts = ("[^/]+" if part.startswith(":") else re.escape(part) for part in pattern.split("/"))
    return re.compile("/".join(parts))
