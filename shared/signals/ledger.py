"""The signal log: sealed when raised and when resolved, so that a published track record can be trusted.

    hash = sha256(previous ‖ canonical JSON of {seq, signal, kind, at, content_hash})

Canonical JSON has sorted keys, no white space, and the shortest decimals that read back as the same doubles.
`content_hash` covers what must not change any more: at the raise everything the signal said (type, asset,
direction, scores, price, times, evidence) and when its outcomes fall due; when resolved, the outcomes and
the matched entries with all their figures. A later peak, the state and `updated_at` are no claims and are
not covered. Any number of processes may seal at once: of two that append the same entry one breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import orjson

from shared.env import Env
from shared.store import signal_log
from shared.store.signal_log import RAISED, Content, Entry, Waiting

GENESIS = "0" * 64
PAGE = 500
REALS = ("raw_score", "confidence_score", "reference_price")
SIGNAL = (
    "id",
    "key",
    "type",
    "asset",
    "symbol",
    "direction",
    "raw_score",
    "confidence_score",
    "step",
    "at",
    "known_at",
    "created_at",
    "expires_at",
    "reference_price",
)


async def seal(env: Env, moment: Callable[[int], int] | None = None) -> dict[str, Any]:
    """Append what waits. `moment` tells when what became known at an instant is sealed; default: now."""
    sealed_at = moment or (lambda known: max(known, env.now()))
    sealed = 0
    while True:
        # the head first: what another run appends from here on breaks our batch, and we look again
        head = await signal_log.head(env.db)
        due = await signal_log.waiting(env.db, PAGE)
        if not due:
            return {"sealed": sealed}
        found = await signal_log.contents(env.db, {one.signal for one in due})
        entries = chained(
            head, due, [content_hash(one.kind, found.get(one.signal)) for one in due], sealed_at
        )
        if await signal_log.append(env.db, entries, due):
            sealed += len(entries)


def chained(
    head: Entry | None, due: Sequence[Waiting], contents: Sequence[str], sealed_at: Callable[[int], int]
) -> list[Entry]:
    """The entries that follow the head."""
    entries = list[Entry]()
    last = head
    for one, content in zip(due, contents, strict=True):
        seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
        at = max(sealed_at(one.known), last.at if last else one.known)
        last = Entry(seq, one.signal, one.kind, at, content, previous, "")
        last = last._replace(hash=entry_hash(last))
        entries.append(last)
    return entries


def entry_hash(entry: Entry) -> str:
    told = {name: getattr(entry, name) for name in ("seq", "signal", "kind", "at", "content_hash")}
    return sha256(entry.previous.encode() + canonical(told)).hexdigest()


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_hash(kind: str, content: Content | None) -> str:
    """What an entry of that kind covers of a signal, hashed; None where the signal is gone."""
    told = None if content is None else raised(content) if kind == RAISED else resolved(content)
    return sha256(canonical(told)).hexdigest()


def raised(content: Content) -> dict[str, Any]:
    """What a signal said when it was raised, and when what became of it falls due."""
    *columns, metadata, _ = content.signal
    told = dict(zip(SIGNAL, columns, strict=True))
    for name in REALS:  # a driver may give 5.0 as 5
        told[name] = None if told[name] is None else float(told[name])
    evidence = orjson.loads(metadata or "{}")
    evidence.pop("peak", None)
    due = [(horizon, due_at) for _, horizon, due_at, *_ in content.outcomes]
    return {**told, "evidence": evidence, "due": due}


def resolved(content: Content) -> dict[str, Any]:
    """What became of a signal at each horizon, and of the entries it is compared with."""
    outcomes = [
        [horizon, status, *map(real, figures), hit, resolved_at]
        for _, horizon, _, status, *figures, hit, resolved_at in content.outcomes
    ]
    matched = [
        [horizon, n, hits, against, real(mean), orjson.loads(entries)]
        for _, horizon, n, hits, against, mean, entries in content.matched
    ]
    return {"signal": content.signal[0], "outcomes": outcomes, "matched": matched}


def real(value: float | None) -> float | None:
    return None if value is None else float(value)
