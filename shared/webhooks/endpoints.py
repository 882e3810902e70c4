"""Register, change, rotate and test webhook endpoints. Secrets are shown once and stored encrypted.

`owner` is the user who asks; None is an admin, who may touch any. Somebody else's webhook answers exactly
as one that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ulid import ULID

from shared.access import crypto
from shared.errors import Conflict, Invalid, NotFound
from shared.models import DAY
from shared.platform.addresses import check_url, networks
from shared.store import outbox, webhooks
from shared.store.webhooks import Webhook
from shared.webhooks import notes, sign

if TYPE_CHECKING:
    from shared.env import Env

EVENT_TYPES = ("signal.raised", "signal.resolved", "rule.fired", notes.TEST, notes.EXHAUSTED, notes.DISABLED)
SCHEMES = ("v1", "v1a")
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}\Z")
PER_OWNER, SYMBOLS_MAX = 50, 500
OLD_SECRETS, OVERLAP = 10, DAY


@dataclass(frozen=True, slots=True)
class Created:
    """A webhook and what its owner needs to verify: the secret of v1, now and never again."""

    webhook: Webhook
    secret: str | None


async def create(
    env: Env,
    owner: str,
    url: str,
    *,
    scheme: str = "v1",
    event_types: Sequence[str] = (),
    symbols: Sequence[str] = (),
) -> Created:
    """Register an endpoint; no event types means all signals, no symbols means all."""
    if len(await webhooks.of_owner(env.db, owner)) >= PER_OWNER:
        raise Conflict(f"at most {PER_OWNER} webhooks per user")
    now = env.now()
    id = str(ULID.from_timestamp(now))
    secret, public = new_secret(scheme)
    hook = Webhook(
        id=id,
        owner=owner,
        url=checked_url(env, url),
        secret=crypto.encrypt(env.secrets, "webhooks", "secret", id, secret),
        scheme=scheme,
        public_key=public,
        event_types=checked_types(event_types),
        symbols=checked_symbols(symbols),
        created_at=now,
    )
    await webhooks.add(env.db, hook)
    return Created(hook, None if public else secret)


async def get(env: Env, owner: str | None, id: str) -> Webhook:
    hook = await webhooks.get(env.db, id)
    if hook is None or owner not in (None, hook.owner):
        raise NotFound("no such webhook")
    return hook


async def owned(env: Env, owner: str) -> list[Webhook]:
    """All webhooks of a user, oldest first."""
    return await webhooks.of_owner(env.db, owner)


async def change(
    env: Env,
    owner: str | None,
    id: str,
    *,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    symbols: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change what is given; `enabled=True` also forgets the failures that led to a disabling."""
    hook = await get(env, owner, id)
    hook = replace(
        hook,
        url=hook.url if url is None else checked_url(env, url),
        event_types=hook.event_types if event_types is None else checked_types(event_types),
        symbols=hook.symbols if symbols is None else checked_symbols(symbols),
    )
    await webhooks.change(env.db, id, hook.url, hook.event_types, hook.symbols)
    if enabled:
        await webhooks.enable(env.db, id)
    elif enabled is False:
        await webhooks.disable(env.db, id, env.now(), "disabled by its owner")
    return await get(env, owner, id)


async def delete(env: Env, owner: str | None, id: str) -> None:
    """With its secrets and its delivery log."""
    await webhooks.delete(env.db, (await get(env, owner, id)).id)


async def rotate(
    env: Env, owner: str | None, id: str, *, scheme: str | None = None, overlap: int = OVERLAP
) -> Created:
    """A new secret, also of the other scheme; the old one signs beside it for `overlap` milliseconds."""
    if not 0 <= overlap <= 30 * DAY:
        raise Invalid("overlap: between 0 and 30 days", field="overlap")
    old = await get(env, owner, id)
    secret, public = new_secret(scheme or old.scheme)
    new = replace(
        old,
        secret=crypto.encrypt(env.secrets, "webhooks", "secret", id, secret),
        scheme=scheme or old.scheme,
        public_key=public,
    )
    now, kept_id = env.now(), str(ULID())
    before = crypto.decrypt(env.secrets, "webhooks", "secret", id, old.secret)
    kept = (kept_id, crypto.encrypt(env.secrets, "webhook_secrets", "secret", kept_id, before), now + overlap)
    if not await webhooks.rotate(env.db, old, new, kept, now, OLD_SECRETS):
        raise Conflict("the secret was rotated by somebody else at the same time")
    return Created(new, None if public else secret)


async def send_test(env: Env, owner: str | None, id: str) -> str:
    """Queue a `webhook.test` event for this endpoint alone and start its delivery; the event's id."""
    hook = await get(env, owner, id)
    if hook.disabled_at is not None:
        raise Conflict("the webhook is disabled: enable it first")
    now = env.now()
    event = str(ULID.from_timestamp(now))
    data = {"webhook": id, "message": "This is a test event. 🔔"}
    await env.db.batch(outbox.addressed_statements(env.db, event, notes.TEST, now, data, [id]))
    await env.trigger("deliver")
    return event


async def signers_of(env: Env, hook: Webhook) -> list[sign.Signer]:
    """What signs for this endpoint: the secret, then older ones whose overlap is not over."""
    secrets = [crypto.decrypt(env.secrets, "webhooks", "secret", hook.id, hook.secret)]
    for id, stored in await webhooks.old_secrets(env.db, hook.id, env.now()):
        secrets.append(crypto.decrypt(env.secrets, "webhook_secrets", "secret", id, stored))
    return [sign.signer(secret) for secret in secrets]


def shown(hook: Webhook, secret: str | None = None) -> dict[str, Any]:
    """The webhook as the API shows it; never the stored secret."""
    return {
        "id": hook.id,
        "url": hook.url,
        "scheme": hook.scheme,
        "public_key": hook.public_key,
        "event_types": list(hook.event_types),
        "symbols": list(hook.symbols),
        "enabled": hook.disabled_at is None,
        "created_at": hook.created_at,
        "failing_since": hook.failing_since,
        "paused_until": hook.paused_until or None,
        "disabled_at": hook.disabled_at,
        "disabled_reason": hook.disabled_reason,
        **({"secret": secret} if secret else {}),
    }


def new_secret(scheme: str) -> tuple[str, str | None]:
    """The secret, and the public key where there is one."""
    if scheme not in SCHEMES:
        raise Invalid(f"scheme: one of {', '.join(SCHEMES)}", field="scheme")
    return (sign.new_secret(), None) if scheme == "v1" else sign.new_key_pair()


def checked_url(env: Env, url: str) -> str:
    development = env.settings.environment == "development"
    return check_url(url, development=development, allowed=networks(env.settings.webhook_networks))


def checked_types(types: Sequence[str]) -> tuple[str, ...]:
    wrong = [type for type in types if type not in EVENT_TYPES]
    if wrong:
        raise Invalid(f"event_types: each one of {', '.join(EVENT_TYPES)}", field="event_types")
    return tuple(dict.fromkeys(types))


def checked_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    upper = tuple(dict.fromkeys(symbol.upper() for symbol in symbols))
    if len(upper) > SYMBOLS_MAX or not all(SYMBOL.match(symbol) for symbol in upper):
        raise Invalid(f"symbols: at most {SYMBOLS_MAX} tickers such as BTC", field="symbols")
    return upper
