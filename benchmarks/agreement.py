"""Measure row 3 of design.md section 9: intervals over patients, beside loops over other packages.

``python benchmarks/agreement.py``; ``--patients 100000`` is quicker.  The loops need scikit-learn and
statsmodels, which the project does not: without them they are left out, and that is said.  Ratios come
from one run.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.agreement import Plan, cohen_kappa, icc, krippendorff_alpha, pair_agreement, rate
from timing import best

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = 13
RESAMPLES = 1000
SMALL = 1000
PLAN = Plan(resamples=RESAMPLES)


def main() -> None:
    """Run the benchmarks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1_000_000, help="patients of 13 vertebrae")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        large(given.patients)
        return
    subprocess.run([sys.executable, __file__, "--alone", "--patients", str(given.patients)], check=True)
    beside_loops()
    others()


def read(patients: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(items, 2)`` grades, about one in ten above 0, and the ``(items,)`` patients."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), LEVELS)
    seen = rng.normal(0, 0.7, patients)[patient] + rng.normal(0, 0.6, len(patient))
    grades = np.empty((len(patient), 2))
    for reader in range(2):
        grades[:, reader] = np.searchsorted([1.3, 1.7, 2.2], seen + rng.normal(0, 0.35, len(patient)))
    return grades, patient


def large(patients: int) -> None:
    """Measure every statistic of a pair, from one set of resamples, in a process of its own."""
    grades, patient = read(patients)
    before = _peak()
    begin = time.perf_counter()
    found = pair_agreement(rate(grades, (0, 1, 2, 3), patient), plan=PLAN)
    seconds = time.perf_counter() - begin
    kappa = found[1]
    print(f"{len(grades):,} items, {patients:,} patients, {RESAMPLES} resamples, {len(found)} statistics:")
    print(f"  {seconds:.1f} s, peak {_peak():.2f} GiB of which {before:.2f} before (bar 60 s, 4 GB)")
    print(f"  {kappa.statistic} {kappa.weights} {kappa.value:.4f} ({kappa.low:.4f} to {kappa.high:.4f})")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def beside_loops() -> None:
    """Measure one kappa at 1,000 patients beside a loop that resamples rows and calls another package."""
    grades, patient = read(SMALL)
    ours = best(lambda: cohen_kappa(rate(grades, (0, 1, 2, 3), patient), "linear", PLAN), 20)
    print(f"{SMALL:,} patients, {RESAMPLES} resamples, linear kappa: {ours * 1000:.0f} ms")
    loops: dict[str, Callable[[np.ndarray], float]] = {}
    try:
        from sklearn.metrics import cohen_kappa_score
        from statsmodels.stats.inter_rater import cohens_kappa, to_table
    except ImportError as missing:
        print(f"  without a loop beside it: {missing}")
        return
    loops["scikit-learn"] = lambda x: cohen_kappa_score(
        x[:, 0], x[:, 1], labels=[0, 1, 2, 3], weights="linear"
    )
    loops["statsmodels"] = lambda x: cohens_kappa(to_table(x, bins=4)[0], wt="linear").kappa
    for name, kappa in loops.items():
        loop = best(lambda kappa=kappa: _loop(grades, kappa), 1)
        print(f"  beside a loop over {name}: {loop:.1f} s; {loop / ours:.0f}x")


def _loop(grades: np.ndarray, kappa: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """Resample patients as a script does: 13 rows each, one call a resample."""
    rng = np.random.default_rng(0)
    rows = np.arange(len(grades)).reshape(-1, LEVELS)
    integers = grades.astype(int)
    values = [kappa(integers[rows[rng.integers(0, len(rows), len(rows))].ravel()]) for _ in range(RESAMPLES)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def others() -> None:
    """Measure what takes more than tables of counts."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(SMALL), LEVELS)
    heights = 20 + rng.normal(0, 2, (len(patient), 1)) + rng.normal(0, 0.7, (len(patient), 7))
    heights[rng.random(heights.shape) < 0.6] = np.nan
    ratings = rate(heights, clusters=patient)
    refit = best(lambda: icc(ratings, "A1", plan=PLAN), 1)
    print(f"ICC(A,1) by REML, 7 readers with gaps, {len(patient):,} items, {RESAMPLES} refits: {refit:.1f} s")
    million = rate(20 + rng.normal(0, 2, (500_000, 1)) + rng.normal(0, 1, (500_000, 2)))
    for metric in ("interval", "ratio"):
        once = best(lambda metric=metric: krippendorff_alpha(million, metric, Plan(method="linear")), 1)
        print(f"alpha by {metric}, 1,000,000 measurements, linearised interval: {once:.1f} s")


if __name__ == "__main__":
    main()
