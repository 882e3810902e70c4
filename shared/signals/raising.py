"""From findings to what is stored: signals with their news and announcement, updates of open ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.env import Env
from shared.models import DAY, HOUR, Asset
from shared.platform.d1 import D1Database, D1Error, D1PreparedStatement
from shared.signals.confidence import Calibrations, confident, known
from shared.signals.detector import EXPIRES
from shared.signals.identity import signal_key, ulid_of
from shared.signals.play import Found
from shared.signals.view import signal_json
from shared.store import assets as asset_store
from shared.store import detector_state, mentions, outbox, signals
from shared.store.assets import Assets
from shared.store.detector_state import StoredState
from shared.store.mentions import Near
from shared.store.signals import Signal, Update

HORIZONS = (HOUR, 4 * HOUR, DAY, 7 * DAY)
NEWS_BEFORE = 2 * HOUR  # a story and the move it causes are rarely further apart
NEWS_AFTER = (
    2 * HOUR
)  # what was told later tells of the move rather than of its cause, whenever we learned of it
NEAR_MAX = 200  # articles that are counted
ARTICLES_MAX = 20  # ids only: the evidence must fit into a webhook


@dataclass(slots=True)
class Tally:
    """What a run did: bars looked at, rows of tables read, signals raised (new rows only), findings of open
    ones."""

    looked_at: int = 0
    rows: int = 0
    raised: list[Signal] = field(default_factory=list)
    updated: int = 0

    def add(self, other: Tally) -> None:
        self.looked_at += other.looked_at
        self.rows += other.rows
        self.raised += other.raised
        self.updated += other.updated


def signal_of(found: Found, asset: Asset, known_at: int) -> Signal:
    """A new signal; one that is already over when it becomes known starts as expired."""
    one = found.finding
    key, expires_at = signal_key(one.type, asset.slug, one.step, one.at), one.at + EXPIRES[one.step]
    return Signal(
        id=ulid_of(key, one.at),
        key=key,
        type=one.type,
        asset=asset.id,
        symbol=asset.symbol,
        name=asset.name,
        direction=one.direction,
        raw_score=one.raw_score,
        confidence_score=None,
        step=one.step,
        at=one.at,
        known_at=known_at,
        reference_price=one.price,
        state="active" if expires_at > known_at else "expired",
        created_at=known_at,
        updated_at=known_at,
        expires_at=expires_at,
        metadata=dict(one.evidence),
    )


def update_of(found: Found, asset: Asset, known_at: int) -> Update:
    one = found.finding
    opened = signal_key(one.type, asset.slug, one.step, found.opened)
    peak = {"raw_score": one.raw_score, "at": one.at, "known_at": known_at, **one.evidence}
    return Update(ulid_of(opened, found.opened), known_at, one.raw_score, peak)


async def explained(env: Env, signal: Signal) -> Signal:
    """Add the asset's news from shortly before the move until it was known; without any it is unexplained.

    `articles` are those that the finding itself counted, else the newest of these.
    """
    start, around = signal.at - max(NEWS_BEFORE, signal.step), signal.at + NEWS_AFTER
    near = await mentions.near(env.db, signal.asset, (start, around), signal.known_at, NEAR_MAX)
    told = cluster(near)
    ids = signal.metadata.get("articles", told["articles"])
    return replace(
        signal, metadata={**signal.metadata, "articles": ids, "explained": bool(ids), "news": told}
    )


def cluster(near: Sequence[Near]) -> dict[str, Any]:
    """Articles near a signal as stories: an article and those that repeat it are one."""
    return {
        "articles": [one.article for one in near[:ARTICLES_MAX]],
        "stories": len({one.story for one in near}),
        "feeds": len({one.feed for one in near}),
        "first_at": min((one.at for one in near), default=None),
    }


async def known_calibrations(env: Env, found: Sequence[Found], moment: Callable[[int], int]) -> Calibrations:
    """What was known of the types that are raised when the first of them was: nothing later is used."""
    raised = [one.finding for one in found if one.raises]
    if not raised:
        return {}
    kinds = [(one.type, one.step) for one in raised]
    return await known(env.db, kinds, HORIZONS, min(moment(one.at) for one in raised))


def raise_statements(env: Env, signal: Signal) -> list[D1PreparedStatement]:
    """The signal, its outcomes to come and, unless it is already over, its announcement."""
    statements = signals.add_statements(env.db, signal, HORIZONS)
    if signal.state == "active":
        event = ulid_of(f"signal.raised:{signal.key}", signal.at)
        shown = signal_json(signal)
        statements.append(
            outbox.event_statement(env.db, event, "signal.raised", signal.symbol, signal.known_at, shown)
        )
    return statements


class Names:
    """Assets and names of sources, read when something was found and not before."""

    def __init__(self, db: D1Database) -> None:
        self._db = db
        self._read: tuple[Assets, dict[int, str]] | None = None

    async def get(self) -> tuple[Assets, dict[int, str]]:
        if self._read is None:
            self._read = await asset_store.load(self._db), await asset_store.sources(self._db)
        return self._read


async def store(
    env: Env,
    names: Names,
    found: Sequence[Found],
    moment: Callable[[int], int],
    loaded: StoredState,
    carried: tuple[int, bytes],
    beside: Sequence[D1PreparedStatement] = (),
    head: int = detector_state.PART,
) -> Tally | None:
    """Everything in one batch with the state it follows from: `carried` is its cursor and bytes, of
    which `head` can be read alone; `beside` are statements for what else was learned from it.

    None where another run had stored that state first: nothing was written, look again.
    """
    new, statements = list[tuple[int, Signal]](), list[D1PreparedStatement]()
    calibrations = await known_calibrations(env, found, moment)
    for one in found:
        assets, sources = await names.get()
        asset, known_at = assets.by_id(one.finding.asset), moment(one.finding.at)
        if one.source:
            one.finding.evidence["source"] = sources[one.source]
        if one.raises:
            signal = confident(await explained(env, signal_of(one, asset, known_at)), calibrations)
            new.append((len(statements), signal))
            statements += raise_statements(env, signal)
        else:
            statements.append(signals.update_statement(env.db, update_of(one, asset, known_at)))
    statements += [*beside, *detector_state.swap_statements(env.db, loaded, *carried, head)]
    try:
        done = await env.db.batch(statements)
    except D1Error as error:
        if detector_state.lost_race(error):
            return None
        raise
    raised = [signal for place, signal in new if done[place].meta.changes]
    return Tally(raised=raised, updated=sum(not one.raises for one in found))
