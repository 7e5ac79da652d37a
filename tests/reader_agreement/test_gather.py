"""Who read what: readings of nothing, and rows that say only that an exam was read."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from read_films import make_reading, save
from reader_agreement.graded import FEW, LEVELS, readings, spine
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method
from spinegrade.io.columns import COORDINATES
from spinegrade.io.sources import open_sources
from spinegrade.reader_agreement import (
    Asking,
    analyse,
    compare,
    find_measure,
    gather_findings,
    gather_landmarks,
    place_landmarks,
    tabulate,
)
from spinegrade.readings import Exam
from spines import invoke


def evaluability(path):
    """Return the analysis of who could read what in these files."""
    found = gather_findings(open_sources([path]).sources, Method())
    table = tabulate(found.rows, GRADED, found.read)
    return analyse(compare(table, find_measure("evaluable"), Asking(plan=FEW)))


def agreed(made):
    """Return the share of pairs that agree."""
    return next(one.value for one in made.between if one.statistic == "percent_agreement")


def by_two(folder, second):
    """Write readings of four exams by R1, and by R2, of whose first exam the reading is another."""
    for n in range(4):
        for reader in ("R1", "R2"):
            made = make_reading(reader=reader, lost={}, exam=f"E{n}")
            made = evolve(made, exam=Exam(f"P{n}", f"E{n}"))
            made = second(made) if (n, reader) == (0, "R2") else made
            save(made, folder / f"{n}-{reader}.reading.json")


class TestFiles:
    def test_a_reading_of_nothing_is_one_in_which_nothing_is_evaluable(self, tmp_path):
        by_two(tmp_path, lambda reading: evolve(reading, vertebrae=()))
        made = evaluability(tmp_path)
        assert (made.items, made.compared) == (52, 52)
        assert agreed(made) == pytest.approx(39 / 52)

    def test_so_is_one_of_levels_outside_the_range(self, tmp_path):
        outside = spine("P0", "R2", (0, 0, 0, 0), exam="E0", levels=("C4", "C5", "C6", "C7"))
        readings(spine("P0", "R1", (0, 0, 0, 0), exam="E0"), outside).write_csv(tmp_path / "a.csv")
        assert agreed(evaluability(tmp_path / "a.csv")) == 0

    def test_a_reader_who_read_nothing_anywhere_is_a_reader(self, tmp_path):
        for reader in ("R1", "R2"):
            made = make_reading(reader=reader, lost={})
            save(made if reader == "R1" else evolve(made, vertebrae=()), tmp_path / f"{reader}.reading.json")
        made = evaluability(tmp_path)
        assert made.readers == ("R1", "R2")
        assert agreed(made) == 0

    def test_it_is_the_first_occasion_even_of_nothing(self, tmp_path):
        for n in (1, 2):
            made = make_reading(reader="R2", occasion=n, lost={})
            save(evolve(made, vertebrae=()) if n == 1 else made, tmp_path / f"R2-{n}.reading.json")
        save(make_reading(reader="R1", lost={}), tmp_path / "R1.reading.json")
        assert agreed(evaluability(tmp_path)) == 0

    def test_a_damaged_file_is_listed_once(self, tmp_path):
        by_two(tmp_path, lambda reading: evolve(reading, vertebrae=()))
        (tmp_path / "z.reading.json").write_text("{")
        measures = ("-m", "evaluable", "-m", "landmarks", "--resamples", 100)
        said = invoke("agree", tmp_path, *measures, "--keep-going")
        assert said.code == 1
        assert said.err.count("left out: ") == 1

    def test_the_page_has_the_reader_who_read_nothing(self, tmp_path):
        by_two(tmp_path, lambda reading: evolve(reading, vertebrae=()))
        html = tmp_path / "a.html"
        assert invoke("agree", tmp_path, "-m", "evaluable", "--resamples", 100, "--html", html).code == 0
        assert "not evaluable</td>" in html.read_text(encoding="utf-8")


class TestRowsOfNothing:
    """A table has a row of every level that a reading left out, so that the reading is known."""

    @pytest.fixture
    def path(self, tmp_path):
        """Give a table in which R2 says nothing of A, and neither reader says anything of L2."""
        frames = [
            spine(patient, reader, (0, 1, 0, 0, 0), levels=(*LEVELS, "L2"))
            for patient in "ABCDEFG"
            for reader in ("R1", "R2")
        ]
        nothing = (pl.col("level") == "L2") | ((pl.col("patient") == "A") & (pl.col("reader") == "R2"))
        frame = readings(*frames).with_columns(pl.lit(None, pl.Boolean).alias("evaluable"))
        frame.with_columns(pl.when(~nothing).then(pl.col(one)).alias(one) for one in COORDINATES).write_csv(
            tmp_path / "a.csv"
        )
        return tmp_path / "a.csv"

    def test_count_as_left_out(self, path):
        """What nobody said anything of is no item; what one reader left out is not evaluable to that one."""
        made = evaluability(path)
        assert (made.items, made.compared) == (28, 28)
        assert agreed(made) == pytest.approx(24 / 28)

    def test_of_a_level_that_was_marked_are_kept(self, path):
        frame = pl.read_csv(path)
        marked = frame.with_columns(
            pl.when(pl.col("level") == "L2").then(pl.lit(value)).alias(name)
            for name, value in (("evaluable", "false"), ("not_evaluable_reason", "overlap"))
        )
        marked.write_csv(path)
        assert evaluability(path).items == 35

    def test_have_no_landmarks(self, path):
        found = gather_landmarks(open_sources([path]).sources, Method())
        placed = place_landmarks(found.rows, GRADED, found.read)
        assert placed.table.shape == (28, 2, 1)
        assert np.isnan(placed.points[:4, 1]).all()
        assert placed.compared == 24

    def test_are_graded_as_incomplete(self, path, tmp_path):
        assert invoke("grade", path, "-o", tmp_path / "g.csv").code == 0
        graded = pl.read_csv(tmp_path / "g.csv").filter(pl.col("level") == "L2")
        assert graded["evaluable"].to_list() == [False] * 14
        assert graded["flags"].unique().to_list() == ["incomplete"]
