"""Measure what design.md section 9 asks for, each beside what a user would take instead.

``python benchmarks/run.py`` runs everything at full size (13 million vertebrae, some minutes, 4 GB of disk);
``--spines 50000`` is quicker.  Ratios come from one run on one machine; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import psutil

from open_films import FILMS, measure
from spinegrade.anatomy import GRADED
from spinegrade.genant import grade_spines
from spinegrade.genant_rule import genant_rule
from spinegrade.io.columns import COORDINATES
from spinegrade.morphometry import measure_area, measure_heights
from spinegrade.phantom import lay_out_spine
from timing import best

SAMPLE = Path(__file__).parents[1] / "sample_images" / "readings" / "crush_R1_1.reading.json"


def main() -> None:
    """Run the benchmarks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spines", type=int, default=1_000_000, help="spines of 13 vertebrae")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(f"{psutil.cpu_count()} cores, Python {sys.version.split()[0]}, polars {pl.__version__}")
    core()
    start_up()
    measure(FILMS)
    phantom()
    whole_path(given.spines, given.workers)


def spines(count: int, seed: int = 0) -> np.ndarray:
    """Return ``(count, 13, 6, 2)`` landmarks in pixels; about one vertebra in ten has lost height."""
    rng = np.random.default_rng(seed)
    rule = genant_rule("genant-1993")
    levels = len(GRADED.levels)
    heights = 150.0 * rule.growth ** np.arange(levels)[:, None] * rng.normal(1.0, 0.03, (count, levels, 3))
    heights *= 1 - rng.uniform(0, 0.6, heights.shape) * (rng.random(heights.shape) < 0.04)
    tilts = np.interp(np.arange(levels), [0, 5, 9, 12], [18.0, 0.0, -12.0, 8.0])
    return lay_out_spine(heights, 200.0, tilts=tilts).round(2)


def core() -> None:
    """Measure and grade on one core: landmarks to heights, areas, losses, shapes and grades."""
    rule = genant_rule("genant-1993")
    points = spines(4_000)
    seconds = best(lambda: _measure_and_grade(points, rule), 15)
    rate = points.shape[0] * points.shape[1] / seconds
    few = points[:40]
    loop = best(lambda: [_by_hand(body) for spine in few for body in spine], 3)
    by_hand = few.shape[0] * few.shape[1] / loop
    print(f"core, one core: {rate / 1e6:.2f} M vertebrae/s (bar 1.0)")
    print(f"  beside a Python loop, own reference: {by_hand / 1e6:.3f} M/s; {rate / by_hand:.0f}x")


def _measure_and_grade(points: np.ndarray, rule: object) -> None:
    heights = measure_heights(points)
    grade_spines(heights, rule, areas=measure_area(points))  # type: ignore[arg-type]


def _by_hand(body: np.ndarray) -> int:
    """Grade one vertebra as a script would that was written for one."""
    anterior, middle, posterior = (np.linalg.norm(body[n + 3] - body[n]) for n in range(3))
    loss = max(1 - anterior / posterior, 1 - middle / posterior, 0.0)
    return sum(loss >= bound - 1e-9 for bound in (0.2, 0.25, 0.4))


def phantom() -> None:
    """Time the rendering of a film of 6 megapixels."""
    from spinegrade.phantom.film import render
    from spinegrade.phantom.scene import Scene

    rows, columns = render(Scene()).pixels.shape
    seconds = best(lambda: render(Scene(seed=1)), 3)
    print(f"phantom of {rows * columns / 1e6:.1f} megapixels: {seconds:.1f} s (bar 5)")


def start_up() -> None:
    """Compare the start of the command line with importing numpy."""
    numpy = best(lambda: _python("-c", "import numpy"), 15)
    helped = best(lambda: _python("-m", "spinegrade", "--help"), 15)
    graded = best(lambda: _python("-m", "spinegrade", "grade", str(SAMPLE)), 15)
    print(f'start: python -c "import numpy" {numpy * 1e3:.0f} ms')
    print(f"  spinegrade --help {helped * 1e3:.0f} ms, {helped / numpy:.1f}x (bar 2x)")
    print(f"  spinegrade grade, one spine {graded * 1e3:.0f} ms, {graded / numpy:.1f}x (bar 5x)")


def _python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def whole_path(count: int, workers: int) -> None:
    """Grade a Parquet table into a Parquet table, beside polars reading the one and writing the other."""
    with tempfile.TemporaryDirectory() as folder:
        table, graded = Path(folder) / "landmarks.parquet", Path(folder) / "grades.parquet"
        _write_table(table, count)
        grade = ("grade", str(table), "-o", str(graded), "--workers", str(workers))
        seconds, peak = watched("-m", "spinegrade", *grade)
        polars = polars_alone(table, graded, Path(folder) / "copy.parquet")
    vertebrae = count * len(GRADED.levels)
    print(f"whole path: {vertebrae / 1e6:.1f} M vertebrae in {seconds:.1f} s, {workers} workers")
    print(f"  peak memory of all processes {peak / 2**30:.1f} GiB (bar 6)")
    print(f"  polars alone reads the one, writes the other: {polars:.1f} s; {seconds / polars:.2f}x (bar 3x)")


def _write_table(path: Path, count: int) -> None:
    """Write the landmark table, some spines at a time."""
    parts = []
    for begin in range(0, count, 50_000):
        some = min(50_000, count - begin)
        points = spines(some, seed=begin).reshape(-1, len(COORDINATES))
        spine = np.repeat(np.arange(begin, begin + some), len(GRADED.levels))
        names = pl.Series(spine).cast(pl.String)
        parts.append(
            pl.DataFrame(
                {
                    "patient": "P" + names,
                    "exam": "E" + names,
                    "reader": pl.repeat("R1", len(spine), eager=True),
                    "occasion": pl.repeat(1, len(spine), eager=True),
                    "level": list(GRADED.levels) * some,
                    **{name: points[:, place] for place, name in enumerate(COORDINATES)},
                }
            )
        )
    pl.concat(parts).write_parquet(path)


def watched(*arguments: str) -> tuple[float, int]:
    """Return the seconds that a run takes and the most memory that it and its children hold."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments])
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peak))
    watcher.start()
    if process.wait() != 0:
        sys.exit("the run failed")
    seconds = time.perf_counter() - begin
    watcher.join()
    return seconds, peak[0]


def _watch(process: psutil.Process, peak: list[int]) -> None:
    while True:
        try:
            family = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(one.memory_full_info().uss for one in family))
        except psutil.Error:
            if not process.is_running():
                return
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)


def polars_alone(table: Path, graded: Path, copy: Path) -> float:
    """Return the seconds that reading the table and writing the results takes; no more is done."""
    begin = time.perf_counter()
    pl.read_parquet(table)
    read = time.perf_counter() - begin
    results = pl.read_parquet(graded)
    begin = time.perf_counter()
    results.write_parquet(copy)
    return read + time.perf_counter() - begin


if __name__ == "__main__":
    main()
