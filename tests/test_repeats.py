"""The landmark error that repeated readings show, on readings that differ by a known length."""

from __future__ import annotations

import polars as pl
import pytest

from spinegrade import batch
from spinegrade.errors import FormatError, ReadingError
from spinegrade.executors import Where
from spinegrade.io.sources import open_sources
from spinegrade.repeats import find_repeats
from spines import heights, shuffled, table

LEVELS = ("T12", "L1", "L2", "L3")


def reading(longer=0.0, *, reader="R1", occasion=1, exam="E1", spacing=None):
    """Return a landmark table of a spine whose heights are all so much longer than normal."""
    sides = {level: [height + longer for height in three] for level, three in heights(LEVELS).items()}
    return table(sides, exam=exam, reader=reader, occasion=occasion, spacing=spacing)


@pytest.fixture
def repeats(tmp_path):
    """Give a function that finds the repeats in landmark tables, one file of all of them."""

    def find(*readings, name="a.csv"):
        path = tmp_path / name
        pl.concat(readings, how="diagonal").write_csv(path)
        return find_repeats(open_sources([path]).sources, Where(workers=1))

    return find


class TestReaders:
    def test_two_occasions_that_differ_by_one_pixel(self, repeats):
        """A height has the variance 1 / 2 then, a landmark half of that: SD 0.5."""
        found = repeats(reading(), reading(1.0, occasion=2))
        assert found.point_sd.value == pytest.approx(0.5)
        assert (found.point_sd.unit, found.within_readers) == ("px", True)
        assert (found.error.vertebrae, found.error.degrees_of_freedom) == (4, 12)

    def test_the_words_for_the_person(self, repeats):
        within = repeats(reading(), reading(1.0, occasion=2))
        assert str(within) == (
            "landmark error 0.5 px (SD along the height), from 4 vertebrae, one reader's repeated readings"
        )
        between = repeats(reading(), reading(0.5, reader="R2"))
        assert str(between).endswith(
            "landmark error 0.25 px (SD along the height), from 4 vertebrae, different readers"
        )

    def test_one_readers_occasions_are_preferred_to_other_readers(self, repeats):
        """The second reader sees everything 10 pixels longer, which is no matter of precision."""
        found = repeats(reading(), reading(1.0, occasion=2), reading(10.0, reader="R2"))
        assert found.within_readers
        assert (found.point_sd.value, found.point_sd.unit) == (pytest.approx(0.5), "px")

    def test_different_readers_where_nobody_read_twice(self, repeats):
        found = repeats(reading(), reading(2.0, reader="R2"), reading(exam="E2"))
        assert not found.within_readers
        assert (found.point_sd.value, found.point_sd.unit) == (pytest.approx(1.0), "px")
        assert found.error.vertebrae == 4

    def test_three_readers(self, repeats):
        """Heights of -1, 0 and 1 have the variance 1, a landmark half of that."""
        found = repeats(*(reading(longer, reader=f"R{longer}") for longer in (-1.0, 0.0, 1.0)))
        assert found.point_sd.value == pytest.approx(0.5**0.5)
        assert found.error.degrees_of_freedom == 24

    def test_the_same_reader_of_other_exams_is_no_repetition(self, repeats):
        with pytest.raises(ReadingError, match="expected vertebrae that were read more than once, got none"):
            repeats(reading(), reading(1.0, exam="E2"))

    def test_lengths_in_mm_give_an_error_in_mm(self, repeats):
        found = repeats(reading(spacing=(0.5, 0.25)), reading(1.0, occasion=2, spacing=(0.5, 0.25)))
        assert (found.point_sd.value, found.point_sd.unit) == (pytest.approx(0.5), "mm")

    def test_two_units_are_refused(self, repeats):
        with pytest.raises(
            ReadingError, match="expected repeated readings in one unit, got some in mm and some"
        ):
            repeats(reading(spacing=(1.0, 1.0)), reading(1.0, occasion=2))


class TestRows:
    def test_rows_that_lie_apart_in_many_batches(self, repeats, monkeypatch):
        monkeypatch.setattr(batch, "ROWS_A_BATCH", 8)
        exams = [
            reading(longer, exam=f"E{n}", occasion=1 + n % 2) for n, longer in enumerate((0.0, 0.0, 3.0))
        ]
        rows = shuffled(pl.concat([*exams, reading(1.0, exam="E0", occasion=2)]))
        found = repeats(rows)
        assert found.point_sd.value == pytest.approx(0.5)
        assert found.error.vertebrae == 4

    def test_rows_that_cannot_be_used_are_passed_over(self, repeats):
        second = reading(1.0, occasion=2)
        level = pl.when(pl.col("level") == "L3").then(pl.lit("S1")).otherwise("level").alias("level")
        found = repeats(reading(), second.with_columns(level))
        assert found.error.vertebrae == 3
        assert found.point_sd.value == pytest.approx(0.5)

    def test_a_height_that_was_not_placed_counts_for_nothing(self, repeats):
        second = reading(1.0, occasion=2).with_columns(
            superior_middle_row=pl.lit(None, pl.Float64), superior_middle_column=pl.lit(None, pl.Float64)
        )
        found = repeats(reading(), second)
        assert (found.error.vertebrae, found.error.degrees_of_freedom) == (4, 8)
        assert found.point_sd.value == pytest.approx(0.5)

    def test_readings_in_two_files(self, tmp_path):
        reading().write_csv(tmp_path / "a.csv")
        reading(1.0, reader="R2").write_parquet(tmp_path / "b.parquet")
        found = find_repeats(open_sources([tmp_path]).sources, Where(workers=2))
        assert found.point_sd.value == pytest.approx(0.5)

    def test_a_table_without_rows_is_an_error(self, repeats):
        with pytest.raises(FormatError, match="expected at least one vertebra"):
            repeats(reading()[:0])
