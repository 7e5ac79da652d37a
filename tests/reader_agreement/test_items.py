"""Rows as items x readers x occasions: nothing lost, nothing mixed, in no order that matters."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader_agreement.graded import LEVELS, compared, readings, spine, tabled, two_by_two
from spinegrade.anatomy import GRADED, LevelRange
from spinegrade.assess import Method, grade_rows
from spinegrade.errors import ReadingError, UnitError
from spinegrade.reader_agreement import MEASURES, find_measure, tabulate
from spinegrade.reader_agreement.items import by_spine
from spinegrade.reader_agreement.measures import BYS
from spines import shuffled, sound

GRADE = MEASURES["grade"]


def items(table):
    """Return what stands at each item, by exam and level."""
    first = table.first(table.values(GRADE))
    return dict(zip(table.items.select("exam", "level").rows(), first.tolist(), strict=True))


class TestTable:
    def test_an_item_is_one_level_of_one_exam(self):
        table = tabled(*two_by_two())
        assert table.shape == (8, 2, 1)
        assert table.readers == ("R1", "R2")
        assert items(table)["A-film", "T10"] == [1.0, 0.0]
        assert table.levels.tolist() == [*LEVELS] * 2

    def test_a_patient_is_a_cluster_whatever_the_exams(self):
        spines = [
            spine("A", reader, (0, 0, 0, 0), exam=exam) for exam in ("1", "2") for reader in ("R1", "R2")
        ]
        table = tabled(*spines, spine("B", "R1", (0, 0, 0, 0), exam="3"))
        assert table.clusters.tolist() == [0] * 8 + [1] * 4
        assert table.exams.tolist() == [0] * 4 + [1] * 4 + [2] * 4
        assert table.patients == 2

    def test_what_was_not_read_has_no_value(self):
        table = tabled(spine("A", "R1", (1, None, 0, 0)), spine("A", "R2", (0, 2, 0, 0)))
        assert np.isnan(items(table)["A-film", "T11"][0])
        assert items(table)["A-film", "T11"][1] == 2

    def test_levels_beyond_the_range_are_no_items(self):
        frame = [spine("A", reader, (0, 1, 0, 0)) for reader in ("R1", "R2")]
        assert tabled(*frame, levels=LevelRange("T11", "T12")).levels.tolist() == ["T11", "T12"]

    @settings(max_examples=20)
    @given(st.integers(0, 10_000))
    def test_the_order_of_rows_does_not_matter(self, seed):
        rows = grade_rows(sound(readings(*two_by_two())), Method())
        one, other = tabulate(rows, GRADED), tabulate(shuffled(rows, seed=seed), GRADED)
        assert one.items.equals(other.items)
        np.testing.assert_array_equal(one.values(GRADE), other.values(GRADE))


class TestOccasions:
    @pytest.fixture
    def table(self):
        return tabled(
            spine("A", "R1", (0, 0, 0, 0)),
            spine("A", "R1", (1, 1, 1, 1), occasion=2),
            spine("A", "R2", (2, 2, 2, 2), occasion=2),
        )

    def test_readers_are_compared_on_the_first_that_each_has(self, table):
        """R2 read the exam on the second occasion only: that is R2's first."""
        assert table.occasions == (1, 2)
        assert items(table)["A-film", "T12"] == [0.0, 2.0]

    def test_what_the_first_occasion_lacks_is_not_taken_from_the_second(self):
        table = tabled(
            spine("A", "R1", (None, 0, 0, 0)),
            spine("A", "R1", (1, 1, 1, 1), occasion=2),
            spine("A", "R2", (2, 2, 2, 2)),
        )
        first = items(table)["A-film", "T10"]
        assert np.isnan(first[0])
        assert first[1] == 2

    def test_asked_is_who_read_the_exam_when(self, table):
        assert table.asked[0].tolist() == [[True, True], [False, True]]


class TestEvaluability:
    def test_is_yes_no_and_left_out(self):
        marked = {"evaluable": False, "not_evaluable_reason": "overlap"}
        frame = spine("A", "R1", (0, 0, 0, None))
        refused = spine("A", "R2", (0, 0, 0, 0)).with_columns(
            pl.when(pl.col("level") == "T11").then(pl.lit(marked["evaluable"])).alias("evaluable"),
            pl.when(pl.col("level") == "T11").then(pl.lit("overlap")).alias("not_evaluable_reason"),
        )
        of = compared("evaluable", frame, refused)
        assert of.ratings.values.tolist() == [[1, 1], [1, 0], [1, 1], [0, 1]]

    def test_of_spines_that_nobody_could_grade_has_no_shapes(self):
        marked = {"evaluable": False, "not_evaluable_reason": "overlap"}
        spines = [spine("A", reader, (0, 0, 0, 0), **marked) for reader in ("R1", "R2")]
        assert [name for name, _, _ in compared("evaluable", *spines).groupings()] == ["level"]

    def test_of_an_exam_that_a_reader_did_not_read_is_unknown(self):
        of = compared("evaluable", *two_by_two()[:3])
        assert np.isnan(of.ratings.values[4:, 1]).all()


class TestSpines:
    def test_have_the_worst_grade_any_fracture_and_the_sum(self):
        for name, wanted in (("grade", [2.0, 0.0]), ("fracture", [1.0, 0.0]), ("sdi", [4.0, 0.0])):
            table = by_spine(tabled(*two_by_two()), find_measure(name, "patient"))
            assert table.shape == (2, 2, 1)
            values = table.values(find_measure(name, "patient"))
            assert values[:, 0, 0].tolist() == wanted

    def test_pass_over_what_could_not_be_graded(self):
        marked = {"evaluable": False, "not_evaluable_reason": "overlap"}
        blind = spine("A", "R2", (0, 0, 0, 0), **marked)
        table = by_spine(tabled(spine("A", "R1", (1, 1, 0, 0)), blind), find_measure("sdi", "patient"))
        values = table.values(find_measure("sdi", "patient"))[0, :, 0]
        assert values[0] == 2
        assert np.isnan(values[1])


class TestRefuses:
    def test_an_exam_of_two_patients(self):
        spines = [spine(patient, reader, (0, 0, 0, 0), exam="E7") for patient, reader in ("AX", "BY")]
        with pytest.raises(ReadingError, match="expected exam E7 to be of one patient, got A and B"):
            tabled(*spines)

    def test_levels_that_nobody_read(self):
        with pytest.raises(ReadingError, match=r"expected vertebrae of C3-C7, got T10, T11, T12, L1"):
            tabled(*two_by_two(), levels=LevelRange("C3", "C7"))

    def test_a_single_reader_on_a_single_occasion(self):
        with pytest.raises(ReadingError, match="expected two readers, or one on two occasions, got R1 on"):
            tabled(spine("A", "R1", (0, 0, 0, 0)))

    def test_a_measure_that_no_reading_has(self):
        with pytest.raises(
            ReadingError, match="visual-grade: expected readings that have one, got none in 16"
        ):
            compared("visual-grade", *two_by_two())

    def test_heights_of_which_some_are_in_mm(self):
        mixed = [spine("A", "R1", (0, 0, 0, 0), spacing=(0.5, 0.5)), spine("A", "R2", (0, 0, 0, 0))]
        with pytest.raises(UnitError, match="in one unit, got some in mm and some in px; --unit px"):
            compared("anterior", *mixed)
        assert compared("wedge-ratio", *mixed).ratings.values.shape == (4, 2)


class TestMeasures:
    @pytest.mark.parametrize("name", MEASURES)
    def test_have_a_title_and_something_that_they_are_of(self, name):
        measure = MEASURES[name]
        assert measure.title
        assert set(measure.by) <= set(BYS)
        assert len(measure.labels) == len(measure.categories)
        assert list(measure.categories) == sorted(measure.categories)

    def test_unknown_names_are_refused(self):
        with pytest.raises(ReadingError, match=r"expected one of grade, .*got 'size'"):
            find_measure("size")

    def test_measures_of_spines_are_not_those_of_vertebrae(self):
        with pytest.raises(
            ReadingError, match=r"by patient: expected one of grade, fracture, visual-grade, sdi, got"
        ):
            find_measure("wedge-ratio", "patient")
        with pytest.raises(ReadingError, match="by vertebra"):
            find_measure("sdi")
