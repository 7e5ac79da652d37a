"""Readings of spines whose grades are chosen, as landmark tables, and comparisons made of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from spinegrade.agreement import Plan
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method, grade_rows
from spinegrade.io.sources import open_sources
from spinegrade.reader_agreement import (
    Asking,
    analyse,
    compare,
    find_measure,
    gather_findings,
    tabulate,
)
from spines import heights, sound, table

MOSMED = Path(__file__).parents[3] / "shared" / "data" / "mosmed" / "readings.csv"
SAMPLES = Path(__file__).parents[2] / "sample_images" / "readings"

LOSS = (0.05, 0.22, 0.30, 0.45)
"""Loss of anterior height by grade."""

FEW = Plan(resamples=100)
LEVELS = ("T10", "T11", "T12", "L1")


def spine(patient, reader, grades, *, levels=LEVELS, exam=None, **cells):
    """Return the landmark table of one reading, its vertebrae wedged to these grades; None leaves one out."""
    kept = [(level, grade) for level, grade in zip(levels, grades, strict=True) if grade is not None]
    lost = {level: (LOSS[grade], 0.0, 0.0) for level, grade in kept}
    sides = heights(tuple(level for level, _ in kept), **lost)
    frame = table(sides, exam=exam or f"{patient}-film", reader=reader, **cells)
    return frame.with_columns(patient=pl.lit(patient))


def readings(*spines):
    """Return the tables of readings as one."""
    return pl.concat(spines, how="diagonal")


def tabled(*spines, levels=GRADED, method=None):
    """Return the readings as items x readers x occasions."""
    return tabulate(grade_rows(sound(*spines), method or Method()), levels)


def compared(measure, *spines, by="vertebra", **asked):
    """Return a measure of the readings, ready to be compared."""
    return compare(tabled(*spines), find_measure(measure, by), Asking(**({"plan": FEW} | asked)), by)


def analysed(measure, *spines, by="vertebra", **asked):
    """Return what the readings come to."""
    return analyse(compared(measure, *spines, by=by, **asked))


def from_files(path, measure, *, method=None, by="vertebra", **asked):
    """Return what the readings in files come to."""
    rows = gather_findings(open_sources([path]).sources, method or Method()).rows
    asking = Asking(**({"plan": FEW} | asked))
    return analyse(compare(tabulate(rows, GRADED), find_measure(measure, by), asking, by))


def two_by_two():
    """Return two patients' spines by R1 and R2: 2 vertebrae both call fractured, 5 neither, 1 only R1."""
    return (
        spine("A", "R1", (1, 1, 2, 0)),
        spine("A", "R2", (0, 1, 2, 0)),
        spine("B", "R1", (0, 0, 0, 0)),
        spine("B", "R2", (0, 0, 0, 0)),
    )


def three_readers(patients=18):
    """Return spines of many patients by three readers; R3 calls T12 one grade higher than the others."""
    made = []
    for number in range(patients):
        grades = (number % 2, 0, (number // 2) % 3, 1 if number % 5 == 0 else 0)
        higher = (grades[0], grades[1], grades[2] + 1, grades[3])
        for reader, seen in (("R1", grades), ("R2", grades), ("R3", higher)):
            made.append(spine(f"P{number:02}", reader, seen))
    return made


def value(estimates, statistic, **wanted):
    """Return the value of the only such estimate of all readers, or of the readers that are named."""
    wanted = {"readers": None} | wanted
    (found,) = [
        one
        for one in estimates
        if one.statistic == statistic and all(getattr(one, name) == what for name, what in wanted.items())
    ]
    return found.value
