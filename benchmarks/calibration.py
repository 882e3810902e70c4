"""Whether the track record and the probabilities are true: markets whose truth is known, many seeds each.

    .venv/bin/python benchmarks/calibration.py [--seeds 100] [--detectors 0]

walk        random walks, calls at random: how often the 95 % intervals of lift, direction and return cover 0
storms      GARCH with fat tails, calls after jumps: lift shows volatility, direction must cover 0
planted     calls that know more the higher their score: does the interval cover the true lift, which is
            computed exactly, and how far are the walk-forward probabilities from what came true (ECE)
detectors   the real bar detectors on random walks with fat tails (N markets; some 20 s each)
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from shared.dev import simulation
from shared.models import DAY, HOUR
from shared.signals.calibrate import fitted_to
from shared.signals.intervals import Estimate
from shared.signals.track_record import EDGE, LEAST, Record, record, records
from shared.signals.view import horizon_label

HORIZONS = (HOUR, 4 * HOUR, DAY, 7 * DAY)
ASSETS, BARS = 20, 6000  # 1,200 calls, two thirds of a year
EDGES = (0.25, 0.5, 1.0)  # standard deviations of the day that the surest call knows
Told = dict[str, float]


def inside(found: Estimate | None, truth: float = 0.0) -> float:
    return float(found is not None and found.low <= truth <= found.high)


def facts(one: Record, truth: float = 0.0) -> Told:
    assert one.lift is not None
    assert one.direction is not None
    assert one.hit_rate is not None
    assert one.opposite_hit_rate is not None
    return {
        "n": one.n,
        "lift covers": inside(one.lift, truth),
        "lift": one.lift.mean,
        "direction covers 0": inside(one.direction),
        "direction": one.direction.mean,
        "return covers 0": inside(one.return_difference),
        "hit": one.hit_rate,
        "opposite": one.opposite_hit_rate,
        "edge": float(one.verdict == EDGE),
    }


def walk(seed: int) -> list[tuple[str, Told]]:
    rng = np.random.default_rng(seed)
    calls = simulation.random_calls(rng, ASSETS, BARS)
    rows = map(simulation.row_of, simulation.play(simulation.walk(rng, ASSETS, BARS), calls, HORIZONS))
    told = list[tuple[str, Told]]()
    kept = sorted(rows, key=lambda row: row.at)
    for one in records(kept):
        key = (one.type, one.step, one.horizon)
        own = [row for row in kept if row.horizon == one.horizon]
        fit = fitted_to(key, own, own[-1].resolved_at)
        more = {"base rate": float(fit.model["kind"] == "base"), "ece": fit.ece or 0.0}
        told.append((f"walk {horizon_label(one.horizon):>3}", {**facts(one), **more}))
    return told


def storms(seed: int) -> list[tuple[str, Told]]:
    market = simulation.clustered(np.random.default_rng(seed), 2 * ASSETS, BARS)
    played = simulation.play(market, simulation.after_jumps(market), HORIZONS)
    found = records(map(simulation.row_of, played))
    return [(f"storms {horizon_label(one.horizon):>3}", facts(one)) for one in found]


def planted(seed: int, edge: float) -> list[tuple[str, Told]]:
    rng = np.random.default_rng(seed)
    calls = simulation.random_calls(rng, ASSETS, BARS, edge)
    market = simulation.walk(rng, ASSETS, BARS, calls)
    played = simulation.play(market, calls, (DAY,))
    rows = sorted(map(simulation.row_of, played), key=lambda row: row.at)
    key, truth = (rows[0].type, rows[0].step, DAY), simulation.true_lift(market, played)
    fit = fitted_to(key, rows, rows[-1].resolved_at)
    more = {"true lift": truth, "ece": fit.ece or 0.0, "ece < 0.05": float((fit.ece or 0) < 0.05)}
    more["skill"] = fit.brier_skill or 0.0
    return [(f"planted {edge:.2f}", {**facts(record(key, rows), truth), **more})]


def detectors(seed: int) -> list[tuple[str, Told]]:
    rng = np.random.default_rng(seed)
    market = simulation.fat_tailed(rng, 40, BARS)
    played = simulation.play(market, simulation.detected(market, rng), (DAY,))
    found = records(simulation.row_of(one) for one in played if one.call.direction != "none")
    return [(f"{one.type} 24h", facts(one)) for one in found if one.pairs >= LEAST]


def summed(name: str, told: Sequence[Told]) -> str:
    """Means over seeds; what covers is a share."""
    columns = [f"{key} {np.mean([one[key] for one in told]):.3f}" for key in told[0] if key != "n"]
    return f"{name:24} seeds {len(told):3}  n {np.mean([one['n'] for one in told]):5.0f}  " + "  ".join(
        columns
    )


def run(title: str, work: Callable[[int], list[tuple[str, Told]]], seeds: int) -> None:
    began, found = time.perf_counter(), defaultdict[str, list[Told]](list)
    with ProcessPoolExecutor(2) as pool:
        for part in pool.map(work, range(seeds)):
            for name, told in part:
                found[name].append(told)
    for name in sorted(found):
        print(summed(name, found[name]), flush=True)
    print(f"  {title}: {time.perf_counter() - began:.0f} s", flush=True)


def weak(seed: int) -> list[tuple[str, Told]]:
    return [line for edge in EDGES for line in planted(seed, edge)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--seeds", type=int, default=100)
    options.add_argument("--detectors", type=int, default=0, metavar="N")
    asked = options.parse_args()
    for title, work, seeds in (
        ("walk", walk, asked.seeds),
        ("storms", storms, asked.seeds),
        ("planted", weak, asked.seeds),
        ("detectors", detectors, asked.detectors),
    ):
        if seeds:
            run(title, work, seeds)


if __name__ == "__main__":
    main()
