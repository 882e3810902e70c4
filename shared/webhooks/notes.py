"""Events about webhooks themselves, for other webhooks of the same owner that ask for them by name."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ulid import ULID

from shared.store import outbox, webhooks

if TYPE_CHECKING:
    from shared.env import Env
    from shared.store.outbox import Due
    from shared.store.webhooks import Webhook
    from shared.webhooks.schedule import Result

logger = logging.getLogger(__name__)
EXHAUSTED, DISABLED, TEST = "webhook.exhausted", "webhook.disabled", "webhook.test"


async def exhausted(env: Env, hook: Webhook, due: Due, result: Result) -> None:
    """A delivery failed for good. A note that fails makes no further note."""
    logger.warning("webhook %s: event %s is given up: %s", hook.id, due.event, result.error)
    if f'"type":"{EXHAUSTED}"' in due.payload[:100] or f'"type":"{DISABLED}"' in due.payload[:100]:
        return
    data = {"webhook": hook.id, "event": due.event, "attempts": due.attempts + 1, "error": result.error}
    await tell(env, hook, EXHAUSTED, f"{due.event}:{hook.id}:{due.attempts}", data)


async def disabled(env: Env, hook: Webhook, reason: str) -> None:
    logger.warning("webhook %s is disabled: %s", hook.id, reason)
    await tell(env, hook, DISABLED, f"{hook.id}:{env.now()}", {"webhook": hook.id, "reason": reason})


async def tell(env: Env, hook: Webhook, type: str, key: str, data: dict[str, Any]) -> None:
    to = await webhooks.subscribed(env.db, hook, type)
    if to:
        now = env.now()
        await env.db.batch(
            outbox.addressed_statements(env.db, event_id(now, f"{type}:{key}"), type, now, data, to)
        )


def event_id(at: int, key: str) -> str:
    """A ULID of the instant and of what it is about: the same fact has the same id."""
    return str(ULID.from_bytes(at.to_bytes(6, "big") + sha256(key.encode()).digest()[:10]))
