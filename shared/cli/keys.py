"""keys and tokens: who may call the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from shared.cli.session import as_json, instant, opened, run, show, table
from shared.cli.welcome import ADMIN

if TYPE_CHECKING:
    from shared.access.keys import NewKey
    from shared.store.keys import KeyRecord

LEVELS = click.Choice(["master", "trading", "readonly"])


@click.group()
def keys() -> None:
    """Create, list, rotate and revoke API keys."""


@click.group()
def tokens() -> None:
    """Make short-lived JWTs that stand for a key."""


def described(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "prefix": record.prefix,
        "name": record.name,
        "level": record.level,
        "scopes": sorted(record.scopes),
        "rate_limit": record.rate_limit,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "last_used_at": record.last_used_at,
    }


def show_new(made: NewKey, as_json: bool) -> None:
    """The key is shown here and never again; only its hash is stored."""
    note = "Keep it: it is shown only now."
    show({"key": made.key, **described(made.record)}, as_json, [made.key, f"id {made.record.id}. {note}"])


@keys.command("create")
@click.option("--level", type=LEVELS, required=True)
@click.option("--scopes", help="Fewer scopes than the level has, comma separated.")
@click.option("--name", default="", help="What the key is for.")
@as_json
def create_key(level: str, scopes: str | None, name: str, as_json: bool) -> None:
    """Create a key and print it once."""

    async def work() -> NewKey:
        from shared.access import keys as access
        from shared.cli.welcome import ensure_admin

        async with opened() as env:
            await ensure_admin(env)
            wanted = [scope.strip() for scope in scopes.split(",")] if scopes else None
            return await access.create(env, owner=ADMIN, level=level, name=name, scopes=wanted)

    show_new(run(work()), as_json)


@keys.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """List all keys; of each only its first characters are known."""

    async def work() -> list[dict[str, Any]]:
        from shared.access import keys as access

        async with opened() as env:
            return [described(record) for record in await access.every(env)]

    found = run(work())
    head = ("id", "key", "level", "name", "last used", "revoked", "expires")
    rows = [
        (
            k["id"],
            f"{k['prefix']}…",
            k["level"],
            k["name"],
            instant(k["last_used_at"]),
            instant(k["revoked_at"]),
            instant(k["expires_at"]),
        )
        for k in found
    ]
    show(found, as_json, table(head, rows))


@keys.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option("--overlap", default=0.0, show_default=True, help="Seconds the old key still works.")
@as_json
def rotate_key(key_id: str, overlap: float, as_json: bool) -> None:
    """Replace a key by a new one with the same rights."""

    async def work() -> NewKey:
        from shared.access import keys as access

        async with opened() as env:
            return await access.rotate(env, key_id, overlap_s=overlap)

    show_new(run(work()), as_json)


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
@as_json
def revoke_key(key_id: str, as_json: bool) -> None:
    """Make a key useless, in every replica within a second."""

    async def work() -> None:
        from shared.access import keys as access

        async with opened() as env:
            await access.revoke(env, key_id)

    run(work())
    show({"id": key_id, "revoked": True}, as_json, [f"{key_id} is revoked"])


@tokens.command("create")
@click.option("--key", "key_id", required=True, metavar="ID", help="The key it stands for.")
@click.option("--ttl", default=900, show_default=True, type=click.IntRange(1, 900), help="Seconds it lives.")
@as_json
def create_token(key_id: str, ttl: int, as_json: bool) -> None:
    """Make a JWT with the scopes of a key."""

    async def work() -> str:
        from shared.access import tokens as access
        from shared.errors import NotFound
        from shared.store import keys as store

        async with opened() as env:
            record = await store.by_id(env.db, key_id)
            if record is None or not record.valid(env.now()):
                raise NotFound(f"there is no usable key {key_id!r}; see `cryptointel keys list`")
            return access.mint(env, record, ttl)

    token = run(work())
    show({"token": token, "expires_in": ttl}, as_json, [token])
