"""Markets whose truth is known, and calls made in them: what the track record must find, and must not.

Prices are walks of hourly bars. Each bar's move is chance times its volatility, and where a call knows
something, the bars after it drift its way. With normal chance the probability of every outcome, of calls and
of the entries they are compared with, can be computed exactly; the figures are then held against it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from shared.models import DAY, HOUR, Direction
from shared.signals.bars import Bars, Floats, Ints
from shared.signals.matched import Closes, match, volatility
from shared.signals.measure import Bar, Start, measure, threshold
from shared.signals.play import play_bars, stretches
from shared.signals.windows import WINDOW
from shared.store.matched import Entry, Matched
from shared.store.outcomes import Outcome
from shared.store.track_record import Resolved

STEP = HOUR
START = 1_577_836_800_000  # 2020-01-01
SIGMA = 0.01  # of an hour
# A call every four days at most: what one knows has come true before the next is made.
APART = 96
JUMP = 5.0  # times the usual move of an hour
LEAST_ROW = WINDOW + 1  # a call needs a volatility
# GARCH(1, 1) with Student's t of 5 degrees: shocks die out by half within a day and a half
REACTION, PERSISTENCE, FREEDOM = 0.1, 0.88, 5


@dataclass(frozen=True, slots=True)
class Market:
    """Closes and the drift within each bar's move, both (assets, bars); `open_time` (bars,) of all."""

    open_time: Ints
    close: Floats
    drift: Floats

    def closes(self, asset: int) -> Closes:
        return Closes(self.open_time, self.close[asset])


@dataclass(frozen=True, slots=True)
class Call:
    """A signal on the close of bar `row`, whoever made it; `knows` is how far its horizon drifts its way, in
    standard deviations of the horizon's move."""

    asset: int
    row: int
    direction: Direction
    raw_score: float
    knows: float = 0.0
    type: str = "simulated"


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a call, and the entries it is compared with."""

    call: Call
    start: Start
    outcome: Outcome
    matched: Matched


def random_calls(rng: np.random.Generator, assets: int, bars: int, edge: float = 0.0) -> list[Call]:
    """Calls at random times, in random directions; their scores say what they know, from nothing to `edge`.

    A score of 8 knows nothing, one of 80 all there is to know: the logarithm of the score decides.
    """
    found = list[Call]()
    for asset in range(assets):
        rows = np.arange(LEAST_ROW + APART, bars - 1, APART)
        rows = rows + rng.integers(0, APART // 2, len(rows))
        sides, shares = rng.choice((-1, 1), len(rows)), rng.random(len(rows))
        for row, side, share in zip(rows.tolist(), sides.tolist(), shares.tolist(), strict=True):
            found.append(Call(asset, row, "up" if side > 0 else "down", 8 * 10**share, edge * share))
    return [call for call in found if call.row < bars]


def walk(
    rng: np.random.Generator, assets: int, bars: int, calls: Sequence[Call] = (), horizon: int = DAY
) -> Market:
    """Normal moves of constant volatility, and after each call what it knows, spread over its horizon."""
    drift, width = np.zeros((assets, bars)), horizon // STEP
    for call in calls:
        side = 1 if call.direction == "up" else -1
        drift[call.asset, call.row + 1 : call.row + 1 + width] += side * call.knows * SIGMA / np.sqrt(width)
    return market(drift + SIGMA * rng.standard_normal((assets, bars)), drift)


def clustered(rng: np.random.Generator, assets: int, bars: int) -> Market:
    """Calm and stormy times without any direction: GARCH(1, 1) with fat tails."""
    chance = rng.standard_t(FREEDOM, (bars, assets)) * np.sqrt((FREEDOM - 2) / FREEDOM)
    moves, variance = np.empty((bars, assets)), np.full(assets, SIGMA**2)
    for row in range(bars):
        moves[row] = np.sqrt(variance) * chance[row]
        rest = (1 - REACTION - PERSISTENCE) * SIGMA**2
        variance = rest + REACTION * moves[row] ** 2 + PERSISTENCE * variance
    return market(moves.T, np.zeros((assets, bars)))


def fat_tailed(rng: np.random.Generator, assets: int, bars: int) -> Market:
    """A random walk with the jumps that detectors look for: Student's t of 4 degrees."""
    return market(SIGMA / np.sqrt(2) * rng.standard_t(4, (assets, bars)), np.zeros((assets, bars)))


def market(moves: Floats, drift: Floats) -> Market:
    open_time = START + STEP * np.arange(moves.shape[1])
    return Market(open_time, 100 * np.exp(np.cumsum(moves, axis=1)), drift)


def bars_of(made: Market, rng: np.random.Generator) -> Bars:
    """The market as detectors read it, asset n under the number n + 1; volumes are chance alone."""
    assets, n = made.close.shape
    price, volume = made.close.ravel(), np.exp(rng.normal(3, 0.6, assets * n))
    ids, times = np.repeat(np.arange(1, assets + 1), n), np.tile(made.open_time, assets)
    return Bars(ids, np.ones_like(ids), times, price, price, price, price, volume)


def after_jumps(made: Market) -> list[Call]:
    """Calls on every bar that moved JUMP times as far as bars had before, its way, an APART at most."""
    found = list[Call]()
    for asset in range(len(made.close)):
        moves = np.diff(np.log(made.close[asset]), prepend=np.log(made.close[asset, 0]))
        rows = np.arange(LEAST_ROW, len(moves))
        score = np.abs(moves[rows]) / volatility(rows, STEP, made.closes(asset))
        last = -APART
        for row, much in zip(rows[score > JUMP].tolist(), score[score > JUMP].tolist(), strict=True):
            if row - last >= APART:
                found.append(Call(asset, row, "up" if moves[row] > 0 else "down", much))
                last = row
    return found


def detected(made: Market, rng: np.random.Generator, types: Collection[str] = ()) -> list[Call]:
    """What the bar detectors raise on a market, as calls of their types (default: all)."""
    bars, found, carried = bars_of(made, rng), list[Call](), None
    for rows in stretches(bars):
        played = play_bars(carried, STEP, bars.take(rows))
        carried = played.carried
        for one in played.found:
            if one.raises and (not types or one.finding.type in types):
                row = (one.finding.at - START) // STEP - 1
                told = one.finding.direction, one.finding.raw_score
                found.append(Call(one.finding.asset - 1, row, *told, type=one.finding.type))
    return found


def play(made: Market, calls: Sequence[Call], horizons: Sequence[int]) -> list[Played]:
    """Measure every call and draw its entries, with the code that does it for signals."""
    found = list[Played]()
    for asset in sorted({call.asset for call in calls}):
        closes, own = made.closes(asset), [call for call in calls if call.asset == asset]
        prices, times = closes.close.tolist(), made.open_time.tolist()
        bars: list[Bar] = list(zip(times, prices, prices, prices, strict=True))
        hourly = volatility(np.array([call.row for call in own]), STEP, closes)
        for call, spread in zip(own, hourly.tolist(), strict=True):
            start = Start(times[call.row] + STEP, prices[call.row], call.direction, spread)
            name = f"{call.type}:{asset}:{start.at}"
            for matched in match(name, name, start, STEP, horizons, closes):
                outcome = measure(start, name, matched.horizon, STEP, bars)
                if outcome:
                    found.append(Played(call, start, outcome, matched))
    return found


def row_of(played: Played) -> Resolved:
    """A played call as the row of the track record that a signal would have."""
    call, start, o, m = played.call, played.start, played.outcome, played.matched
    return Resolved(
        signal=o.signal,
        type=call.type,
        step=STEP,
        symbol=f"A{call.asset}",
        direction=call.direction,
        at=start.at,
        known_at=start.at,
        raw_score=call.raw_score,
        volatility_1h=start.volatility_1h,
        horizon=o.horizon,
        resolved_at=start.at + o.horizon,
        forward_return=o.forward_return or 0.0,
        max_favourable=o.max_favourable,
        max_adverse=o.max_adverse,
        hit=None if o.hit is None else int(o.hit),
        matched_n=m.n,
        matched_hits=m.hits,
        matched_opposite=m.opposite_hits,
        matched_return=m.mean_return,
    )


def chance_of_hit(made: Market, asset: int, start: Start, horizon: int) -> float:
    """The probability of a hit, exactly, from the drift that lies ahead and the volatility of the walk."""
    from scipy.special import ndtr

    first = (start.at - START) // STEP
    drift = float(made.drift[asset, first : first + horizon // STEP].sum())
    spread, move = SIGMA * (horizon / STEP) ** 0.5, threshold(start, horizon)
    if start.direction == "up":
        return float(ndtr((drift - log(1 + move)) / spread))
    return float(ndtr((log(max(1 - move, 1e-12)) - drift) / spread))


def true_lift(made: Market, played: Sequence[Played]) -> float:
    """The lift that a record of infinitely many worlds like this one would show."""
    apart = list[float]()
    for one in played:
        if one.matched.n:
            own = chance_of_hit(made, one.call.asset, one.start, one.outcome.horizon)
            drawn = [
                chance_of_hit(made, one.call.asset, entry_start(one, e), one.outcome.horizon)
                for e in one.matched.entries
            ]
            apart.append(own - sum(drawn) / len(drawn))
    return sum(apart) / len(apart)


def entry_start(played: Played, entry: Entry) -> Start:
    at, hourly, _ = entry
    return Start(at, 1.0, played.call.direction, hourly)
