"""Small tables of patients, and cohorts classified from them."""

from __future__ import annotations

import polars as pl

from spinegrade.anatomy import GRADED
from spinegrade.assess import Method
from spinegrade.osteoporosis.cohort import Classification, classify
from spinegrade.osteoporosis.rule import osteoporosis_rules
from spinegrade.osteoporosis.spines import spine_rows, spine_schema
from spinegrade.osteoporosis.switches import parse_switches
from spinegrade.patients.reading import read_patients
from spines import sound


def write(folder, **tables):
    """Write tables as CSV into a folder, each as its lines."""
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def classified(folder, *landmarks, switches=(), rules=(), **tables):
    """Return the rows of a cohort by patient, with films where there are landmark tables.

    ``rules`` are files to run instead of those of their codes.
    """
    set_to = parse_switches(switches)
    readings = None
    if landmarks:
        readings = spine_rows(sound(*landmarks), Method()).select(list(spine_schema(GRADED)))
    given = read_patients(write(folder, **tables))
    frame = classify(given, readings, GRADED, Classification(set_to, osteoporosis_rules(set_to, rules)))
    return {row["patient"]: row for row in frame.iter_rows(named=True)}


def one(folder, header, cells, *landmarks, switches=(), rules=(), **tables):
    """Return the row of the one patient P1."""
    lines = [f"patient,{header}", f"P1,{cells}"]
    return classified(folder, *landmarks, switches=switches, rules=rules, patients=lines, **tables)["P1"]


def dated(frame, on, **cells):
    """Return a landmark table with a date and other cells put in."""
    return frame.with_columns(pl.lit(on).alias("date"), *(pl.lit(v).alias(k) for k, v in cells.items()))
