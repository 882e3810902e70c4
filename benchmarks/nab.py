"""How good the univariate detector is: Numenta's anomaly benchmark, standard profile, beside simple ones.

The 17 series in ../shared/real/labels/anomaly are held out: nothing was chosen by them. Two procedures:

    optimised   NAB's own, as all published scores are: the one threshold that is best for these series
    fixed       the threshold chosen beforehand on the other 41 series of NAB (see docs/ANOMALY_QUALITY.md)

With --nab and a clone of github.com/numenta/NAB the 41 development series are scored too, and the results
that lie in it of published detectors are scored on the same 17 series.

    python benchmarks/nab.py [--nab folder] [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.dev.nab import corpus, detectors, scoring
from shared.signals.univariate import ALARM

DRAWS = 10_000
ROOT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("CRYPTOINTEL_REAL") or ROOT.parent / "shared" / "real")
Detect = Callable[[Sequence[corpus.Series]], list[scoring.Floats]]

# Each with its fixed threshold, the best on the 41 development series (ours: within the plateau).
DETECTORS: dict[str, tuple[Detect, float]] = {
    "ours": (detectors.ours, ALARM),
    "windowed Gaussian": (detectors.windowed_gaussian, 0.9999999999998),
    "robust z": (detectors.robust_z, 0.99999400),
    "windowed Gaussian, episodes": (detectors.gaussian_episodes, 0.68994),
    "robust z, episodes": (detectors.robust_episodes, 0.93777),
}
PUBLISHED = (
    "ARTime",
    "numenta",
    "contextOSE",
    "knncad",
    "randomCutForest",
    "windowedGaussian",
    "bayesChangePt",
)


def measure(series: list[corpus.Series], scores: list[scoring.Floats], fixed: float) -> dict[str, Any]:
    """Both procedures, and of the fixed one what every series brings."""
    scored = [scoring.prepare(one, item.windows) for one, item in zip(scores, series, strict=True)]
    threshold, raw = scoring.optimise(scored)
    details = {item.name: detail(one, fixed) for one, item in zip(scored, series, strict=True)}
    return {
        "optimised": scoring.normalise(raw, scored),
        "threshold": threshold,
        "fixed": scoring.normalise(scoring.at(scored, fixed), scored),
        "fixed_threshold": fixed,
        "fixed_95": interval(list(details.values())),
        "series": details,
    }


def interval(details: list[dict[str, float]]) -> list[float]:
    """95 % of the fixed score when the series are drawn anew: how much 17 series can say."""
    gain = np.array([one["gain"] for one in details])
    best = np.array([2.0 * one["windows"] for one in details])
    drawn = np.random.default_rng(0).integers(0, len(gain), (DRAWS, len(gain)))
    scores = 100.0 * gain[drawn].sum(axis=1) / best[drawn].sum(axis=1)
    return [float(value) for value in np.quantile(scores, (0.025, 0.975))]


def detail(one: scoring.Scored, fixed: float) -> dict[str, float]:
    alarm = one.scores >= fixed
    found = len(np.unique(one.window[alarm & (one.window >= 0)]))
    raw = scoring.at([one], fixed)
    return {
        "windows": one.labels,
        "found": found,
        "false_alarms": int(np.count_nonzero(alarm & (one.window < 0))),
        "gain": raw + len(scoring.hittable(one)),  # over the silent detector; at most 2 a window
    }


def run(series: list[corpus.Series]) -> dict[str, dict[str, Any]]:
    results = {}
    for name, (detect, fixed) in DETECTORS.items():
        began = time.process_time()
        scores = detect(series)
        results[name] = {"seconds": time.process_time() - began, **measure(series, scores, fixed)}
    return results


def published(
    nab: Path, series: list[corpus.Series], other: list[corpus.Series]
) -> dict[str, dict[str, Any]]:
    """The score files that NAB carries, the fixed threshold being the best on the other series."""
    results = {}
    for name in PUBLISHED:
        tuned = [scoring.prepare(recorded(nab, name, one), one.windows) for one in other]
        fixed = scoring.optimise(tuned)[0]
        results[name] = measure(series, [recorded(nab, name, one) for one in series], fixed)
    return results


def recorded(nab: Path, detector: str, one: corpus.Series) -> scoring.Floats:
    folder, file = one.name.split("/")
    with (nab / "results" / detector / folder / f"{detector}_{file}").open() as lines:
        return np.array([float(row["anomaly_score"]) for row in csv.DictReader(lines)])


def show(title: str, results: dict[str, dict[str, Any]]) -> None:
    heads = f"{'optimised':>10}{'threshold':>12}{'fixed':>8}{'threshold':>12}{'95 %':>12}{'CPU s':>7}"
    print(f"\n{title}\n{'':30}{heads}")
    for name, one in results.items():
        low, high = one["fixed_95"]
        seconds = f"{one['seconds']:7.1f}" if "seconds" in one else ""
        print(
            f"{name:30}{one['optimised']:10.1f}{one['threshold']:12.6f}"
            f"{one['fixed']:8.1f}{one['fixed_threshold']:12.6f}{low:7.0f}…{high:3.0f}{seconds}"
        )


def show_series(ours: dict[str, dict[str, float]]) -> None:
    print(f"\nours at the fixed threshold\n{'':58}{'windows':>8}{'found':>6}{'false':>6}{'gain':>7}")
    for name, one in ours.items():
        figures = f"{one['windows']:8.0f}{one['found']:6.0f}{one['false_alarms']:6.0f}{one['gain']:7.2f}"
        print(f"{name:58}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--nab", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = REAL / "labels" / "anomaly" / "nab"
    if not folder.is_dir():
        print(f"no labelled series at {folder} (set CRYPTOINTEL_REAL)")
        return
    held = corpus.read(folder)
    results = {"held out": run(held)}
    if options.nab:
        names = {one.name for one in held}
        every = corpus.read(options.nab / "data", options.nab / "labels" / "combined_windows.json")
        other = [one for one in every if one.name not in names]
        results["development"] = run(other)
        results["held out, published"] = published(options.nab, held, other)
        results["all 58"] = {"ours": measure(every, detectors.ours(every), ALARM)}
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for title, one in results.items():
        show(title, one)
    show_series(results["held out"]["ours"]["series"])


if __name__ == "__main__":
    main()
