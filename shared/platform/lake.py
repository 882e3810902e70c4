"""Objects in a local folder or any S3, by `obstore`: raw answers, archives, exports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.errors import Invalid


class Lake:
    """Object storage behind one URL; the store is opened when it is first used."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._store: Any = None

    @property
    def store(self) -> Any:
        self._store = self._store or open_store(self.url)
        return self._store

    async def put(self, key: str, data: bytes) -> None:
        """Store an object whole: a reader sees the old or the new one."""
        import obstore

        await obstore.put_async(self.store, checked(key), data)

    async def get(self, key: str) -> bytes | None:
        """Read an object, None where there is none."""
        import obstore

        try:
            return bytes(await (await obstore.get_async(self.store, checked(key))).bytes_async())
        except FileNotFoundError:
            return None

    async def list(self, prefix: str = "") -> list[str]:
        """List keys below a prefix (whole path segments), sorted."""
        import obstore

        found = [item["path"] async for page in obstore.list(self.store, prefix or None) for item in page]
        return sorted(found)

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is fine."""
        import obstore

        try:
            await obstore.delete_async(self.store, checked(key))
        except FileNotFoundError:
            return

    async def exists(self, key: str) -> bool:
        import obstore

        try:
            await obstore.head_async(self.store, checked(key))
        except FileNotFoundError:
            return False
        return True

    async def move(self, source: str, target: str) -> None:
        """Rename an object, replacing what is at the target."""
        import obstore

        await obstore.rename_async(self.store, checked(source), checked(target))


def checked(key: str) -> str:
    """Refuse what would leave the lake."""
    if not key or key.startswith("/") or ".." in key.split("/") or "\\" in key or "\0" in key:
        raise Invalid(f"{key!r} is not a key of the lake")
    return key


def open_store(url: str) -> Any:
    """Open `file:PATH` or `s3://bucket/prefix` (credentials: AWS_… or MINIO_… in the environment)."""
    from obstore.store import LocalStore, S3Store

    if url.startswith("file:"):
        folder = Path(url.removeprefix("file:"))
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(folder.resolve())
    parts = urlsplit(url)
    options: dict[str, Any] = {}
    if endpoint := os.environ.get("MINIO_ENDPOINT"):
        secure = os.environ.get("MINIO_SECURE", "false").lower() == "true"
        options = {
            "endpoint": endpoint if "://" in endpoint else f"http{'s' if secure else ''}://{endpoint}",
            "access_key_id": os.environ.get("MINIO_ACCESS_KEY"),
            "secret_access_key": os.environ.get("MINIO_SECRET_KEY"),
            "client_options": {"allow_http": not secure},
        }
    return S3Store(parts.netloc, prefix=parts.path.strip("/") or None, **options)


def connect(url: str) -> Lake:
    """Return the lake of a settings URL; nothing is opened before it is used."""
    return Lake(url)
