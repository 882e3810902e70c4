"""Objects in a local folder or any S3, by `obstore`: raw answers, archives, exports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.errors import Invalid, Unavailable

CONNECT_SECONDS, ANSWER_SECONDS, RETRIES = 5, 30, 2  # obstore itself would try for three minutes


class Lake:
    """Object storage behind one URL; the store is opened when it is first used.

    Every method raises Invalid for a key that would leave the lake, Unavailable where the store does not
    answer or refuses.
    """

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

        with said():
            await obstore.put_async(self.store, checked(key), data)

    async def get(self, key: str) -> bytes | None:
        """Read an object, None where there is none."""
        import obstore

        try:
            with said():
                found = await obstore.get_async(self.store, checked(key))
                return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def list(self, prefix: str = "") -> list[str]:
        """List keys below a prefix (whole path segments), sorted."""
        import obstore

        below = checked(prefix.rstrip("/")) if prefix else None
        with said():
            return sorted([item["path"] async for page in obstore.list(self.store, below) for item in page])

    async def folders(self) -> tuple[str, ...]:
        """First segments of the keys, sorted."""
        import obstore

        with said():
            found = await obstore.list_with_delimiter_async(self.store)
        return tuple(sorted(str(prefix).rstrip("/") for prefix in found["common_prefixes"]))

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is fine."""
        import obstore

        try:
            with said():
                await obstore.delete_async(self.store, checked(key))
        except FileNotFoundError:
            return

    async def exists(self, key: str) -> bool:
        import obstore

        try:
            with said():
                await obstore.head_async(self.store, checked(key))
        except FileNotFoundError:
            return False
        return True

    async def move(self, source: str, target: str) -> bool:
        """Rename an object, replacing what is at the target; False where there is no source."""
        import obstore

        try:
            with said():
                await obstore.rename_async(self.store, checked(source), checked(target))
        except FileNotFoundError:
            return False
        return True


@contextmanager
def said() -> Iterator[None]:
    """Errors of the store in our words: its own name hosts, buckets and folders."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise Unavailable(f"the lake does not answer: {type(error).__name__}") from error


def checked(key: str) -> str:
    """Refuse what would leave the lake or would not be one name everywhere."""
    segments = key.split("/")
    odd = {"", ".", ".."} & set(segments) or "\\" in key or not key.isprintable() or len(key.encode()) > 1024
    if odd:
        raise Invalid(f"{key!r} is not a key of the lake", field="key")
    return key


def open_store(url: str) -> Any:
    """Open `file:PATH` or `s3://bucket/prefix`.

    An S3 that is not Amazon's is named by MINIO_ENDPOINT, MINIO_ACCESS_KEY, MINIO_SECRET_KEY and
    MINIO_SECURE; without MINIO_ENDPOINT the AWS_… variables hold.
    """
    from obstore.store import LocalStore, S3Store

    if url.startswith("file:"):
        folder = Path(url.removeprefix("file:"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"no folder for the lake: {error.strerror}") from error
        return LocalStore(folder.resolve())
    parts = urlsplit(url)
    options: dict[str, Any] = minio_options()
    secure = not str(options.get("endpoint", "")).startswith("http:")
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": not secure,
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=ANSWER_SECONDS),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)},
        **options,
    )


def minio_options() -> dict[str, Any]:
    """Endpoint and keys of an own S3, or nothing; keys have no default."""
    endpoint = os.environ.get("MINIO_ENDPOINT", "")
    if not endpoint:
        return {}
    secure = os.environ.get("MINIO_SECURE", "false").lower() in ("true", "1")
    scheme = "https" if secure else "http"
    return {
        "endpoint": endpoint if "://" in endpoint else f"{scheme}://{endpoint}",
        "access_key_id": credential("MINIO_ACCESS_KEY"),
        "secret_access_key": credential("MINIO_SECRET_KEY"),
        "region": os.environ.get("AWS_REGION", "us-east-1"),
    }


def credential(name: str) -> str:
    """From the environment or the file of that name in SECRETS_DIR."""
    file = Path(os.environ.get("SECRETS_DIR") or ".secrets") / name
    value = os.environ.get(name) or (file.read_text().strip() if file.is_file() else "")
    if not value:
        raise Unavailable(f"MINIO_ENDPOINT is set but {name} is not: set it or put it into {file}")
    return value


def connect(url: str) -> Lake:
    """Return the lake of a settings URL; nothing is opened before it is used."""
    return Lake(url)
