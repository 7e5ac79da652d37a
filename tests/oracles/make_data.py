"""Write data.json: published tables, typed in, and random ones, drawn once.  Run only to add a data set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

K = None
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, K, K, K],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, K, 3],
    [K, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, K],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, K],
]
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
PEFR = {
    "wright": """
    494 490 395 397 516 512 434 401 476 470 557 611 413 415 442 431 650 638 433 429 417 420 656 633
    267 275 478 492 178 165 423 372 427 421""",
    "mini": """
    512 525 430 415 520 508 428 444 500 500 600 625 364 460 380 390 658 642 445 432 432 420 626 605
    260 227 477 467 259 268 350 370 451 443""",
}


def as_list(values: np.ndarray) -> list:
    """Return an array as lists, None for NaN."""
    return [[None if np.isnan(one) else float(one) for one in row] for row in values]


def draw_grades(rng: np.random.Generator, items: int, readers: int) -> np.ndarray:
    """Return grades 0 to 3 that agree moderately."""
    seen = rng.normal(size=(items, 1)) * 1.2 + rng.normal(size=(items, readers)) * 0.8
    return np.searchsorted([0.6, 1.2, 2.0], seen + 0.2 * np.arange(readers)).astype(float)


def main() -> None:
    """Write the file beside this one."""
    rng = np.random.default_rng(1993)
    gaps = draw_grades(rng, 80, 5)
    keep = rng.random(gaps.shape).argsort(axis=1) < rng.integers(2, 6, (80, 1))
    singles = np.where(np.arange(80)[:, None] % 8 == 0, keep & (keep.cumsum(axis=1) == 1), keep)
    patient = np.repeat(np.arange(20), rng.integers(1, 6, 20))
    heights = 20 + rng.normal(size=(len(patient), 1)) * 2 + rng.normal(size=(len(patient), 5)) * 0.6
    heights += np.array([0.0, 0.5, -0.4, 0.2, 0.1])
    missing = np.where(rng.random(heights.shape) < 0.35, np.nan, heights).round(3)
    pair = np.round(heights[:, :2] + rng.normal(size=(20, 1))[patient] * [0.5, 0.0], 3)
    fleiss = [[cat for cat, n in enumerate(map(int, row)) for _ in range(n)] for row in FLEISS.split()]
    data = {
        "krippendorff_2011": [list(row) for row in zip(*KRIPPENDORFF, strict=True)],
        "fleiss_1971": fleiss,
        "cohen_1968": [[88, 14, 18], [10, 40, 10], [2, 6, 12]],
        "gwet_2002": [[118, 5], [2, 0]],
        "shrout_fleiss_1979": [
            [9, 2, 5, 8],
            [6, 1, 3, 2],
            [8, 4, 6, 8],
            [7, 1, 2, 6],
            [10, 5, 6, 9],
            [6, 2, 4, 7],
        ],
        "pefr": {meter: [int(one) for one in words.split()] for meter, words in PEFR.items()},
        "grades": as_list(draw_grades(rng, 60, 3)),
        "grades_gaps": as_list(np.where(keep, gaps, np.nan)),
        "grades_singles": as_list(np.where(singles, gaps, np.nan)),
        "binary": [[40, 9], [3, 48]],
        "heights": as_list(heights.round(3)),
        "heights_gaps": as_list(missing),
        "heights_pair": as_list(pair),
        "patient": patient.tolist(),
        "replicates": as_list(np.sort(rng.normal(0.6, 0.08, (999, 1)) ** 1.5, axis=0)[rng.permutation(999)]),
        "influence": as_list((rng.exponential(1.0, (40, 1)) - 1.0).round(4)),
    }
    Path(__file__).with_name("data.json").write_text(json.dumps(data) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
