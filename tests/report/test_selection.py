"""Which readings of which sources go on a page."""

from __future__ import annotations

import polars as pl
import pytest
from attrs import evolve

from read_films import make_reading, save
from spinegrade.errors import FormatError, ReadingError
from spinegrade.io.reading_table import reading_rows, readings_frame
from spinegrade.io.sources import open_sources
from spinegrade.readings import Exam
from spinegrade.report import MOST_READINGS, Choice, choose
from spines import many, shuffled, table


def named(chosen):
    return [(one.reading.exam.id, one.reading.reader, one.reading.occasion) for one in chosen]


def sources(*paths):
    return open_sources(paths).sources


@pytest.fixture
def folder(tmp_path):
    """Give a folder with three readings and a landmark table of another."""
    save(make_reading(), tmp_path / "a.reading.json")
    save(make_reading(reader="R2"), tmp_path / "b.reading.json")
    save(make_reading(reader="R2", occasion=2), tmp_path / "c.reading.json")
    table(exam="E9", image="film.dcm", visual_grade=1.0).write_csv(tmp_path / "t.csv")
    return tmp_path


class TestChoice:
    def test_of_nothing_takes_all(self, folder):
        found = named(choose(sources(folder), Choice()))
        assert sorted(found) == [("E1", "R1", 1), ("E1", "R2", 1), ("E1", "R2", 2), ("E9", "R1", 1)]

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            (Choice(exam="E9"), [("E9", "R1", 1)]),
            (Choice(reader="R2"), [("E1", "R2", 1), ("E1", "R2", 2)]),
            (Choice(occasion=2), [("E1", "R2", 2)]),
            (Choice(exam="E1", reader="R1", occasion=1), [("E1", "R1", 1)]),
        ],
        ids=str,
    )
    def test_of_some_takes_those(self, folder, choice, expected):
        assert sorted(named(choose(sources(folder), choice))) == expected

    def test_of_none_is_an_error_that_says_what_was_asked_for(self, folder):
        said = "report: expected a reading of exam E1, occasion 3, got none"
        with pytest.raises(FormatError, match=said):
            choose(sources(folder), Choice(exam="E1", occasion=3))

    def test_keeps_what_a_table_says(self, folder):
        (one,) = choose(sources(folder / "t.csv"), Choice())
        assert (one.file, one.reading.image.file_name) == (folder / "t.csv", "film.dcm")
        assert {seen.visual_grade for seen in one.reading.vertebrae} == {1.0}

    def test_knows_whose_spacing_nothing_explains(self, folder):
        table(spacing=(0.2, 0.2)).write_csv(folder / "mm.csv")
        unexplained = [
            choose(sources(folder / name), Choice())[0].unexplained
            for name in ("mm.csv", "t.csv", "a.reading.json")
        ]
        assert unexplained == [True, False, False]

    def test_of_a_table_whose_spines_lie_apart(self, tmp_path):
        shuffled(many(4)).write_csv(tmp_path / "t.csv")
        chosen = choose(sources(tmp_path / "t.csv"), Choice())
        assert sorted(named(chosen)) == [(f"E{n}", "R1", 1) for n in range(4)]
        assert {len(one.reading.vertebrae) for one in chosen} == {13}


class TestTooMany:
    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_are_refused_with_what_to_do(self, tmp_path, suffix):
        getattr(many(MOST_READINGS + 1), f"write_{suffix}")(tmp_path / f"t.{suffix}")
        said = f"expected at most {MOST_READINGS} readings on a page, got more; choose by --exam"
        with pytest.raises(ReadingError, match=said):
            choose(sources(tmp_path / f"t.{suffix}"), Choice())
        assert named(choose(sources(tmp_path / f"t.{suffix}"), Choice(exam="E7"))) == [("E7", "R1", 1)]

    def test_are_not_as_many_as_fit(self, tmp_path):
        many(MOST_READINGS).write_csv(tmp_path / "t.csv")
        assert len(choose(sources(tmp_path / "t.csv"), Choice())) == MOST_READINGS

    def test_in_files_are_refused_too(self, tmp_path):
        for number in range(MOST_READINGS + 1):
            reading = evolve(make_reading(), exam=Exam("P", f"E{number}"))
            save(reading, tmp_path / f"{number}.reading.json")
        with pytest.raises(ReadingError, match="expected at most 50 readings"):
            choose(sources(tmp_path), Choice())


class TestRefused:
    def test_a_reading_that_stands_in_two_files(self, tmp_path):
        save(make_reading(), tmp_path / "a.reading.json")
        save(make_reading(), tmp_path / "b.reading.json")
        with pytest.raises(ReadingError, match=r"expected one such reading, got another one in .*a\.reading"):
            choose(sources(tmp_path), Choice())

    def test_a_row_that_cannot_be_used(self, tmp_path):
        rows = table().with_columns(pl.col("level").replace("T7", "T77"))
        rows.write_csv(tmp_path / "t.csv")
        with pytest.raises(FormatError, match=r"t\.csv: line 5: level: expected one of C3\.\.L6, got 'T77'"):
            choose(sources(tmp_path / "t.csv"), Choice())

    def test_a_reading_whose_landmarks_no_vertebra_has(self, tmp_path):
        reading = make_reading()
        rows = readings_frame(reading_rows(reading))
        assert rows.height == 13
        flat = evolve(
            reading.vertebrae[0],
            landmarks=reading.vertebrae[0].landmarks
            | {"superior_middle": reading.vertebrae[0].landmarks["inferior_middle"]},
        )
        save(evolve(reading, vertebrae=(flat, *reading.vertebrae[1:])), tmp_path / "a.reading.json")
        (one,) = choose(sources(tmp_path), Choice())
        with pytest.raises(FormatError, match="T4: expected middle height above 0, got two landmarks"):
            one.spines()
