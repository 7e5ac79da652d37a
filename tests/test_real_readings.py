"""Real readings of real spines: 50 patients, 7 readers, 1,722 rows (MosMed, see shared/data/README.md)."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import polars as pl
import pytest

from spinegrade.anatomy import GRADED, LANDMARKS
from spinegrade.executors import Where
from spinegrade.io.sources import open_sources
from spinegrade.repeats import find_repeats
from spines import invoke, shuffled

READINGS = Path(__file__).parents[2] / "shared" / "data" / "mosmed" / "readings.csv"

pytestmark = pytest.mark.skipif(
    not READINGS.exists(),
    reason="the MosMed readings are not there: their licence forbids a copy in the tree",
)

FROZEN = {
    "standard": {0: 1014, 1: 151, 2: 111, 3: 38},
    "own": {0: 1017, 1: 151, 2: 108, 3: 38},
    "adjacent": {0: 1229, 1: 22, 2: 38, 3: 25},
    "largest": {0: 1012, 1: 153, 2: 111, 3: 38},
}
"""Vertebrae of each grade at T4-L4, as they were when the numbers were frozen."""

KEY = ["patient", "exam", "reader", "occasion", "level"]


@pytest.fixture(scope="module")
def rows():
    """Give the rows of the file, as text."""
    with READINGS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def heights(rows):
    """Give three heights by row, by nothing but `math.hypot`."""
    pairs = list(zip(LANDMARKS[:3], LANDMARKS[3:], strict=True))
    return [
        tuple(
            math.hypot(
                *(float(row[f"{one}_{axis}"]) - float(row[f"{other}_{axis}"]) for axis in ("row", "column"))
            )
            for one, other in pairs
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    """Give a function that grades the file by the command line, once for each reference."""
    folder = tmp_path_factory.mktemp("graded")

    def make(reference="standard"):
        output = folder / f"{reference}.parquet"
        if not output.exists():
            said = invoke("grade", READINGS, "--reference", reference, "-o", output)
            assert (said.code, said.out, said.err) == (0, "", "")
        return pl.read_parquet(output)

    return make


@pytest.mark.parametrize("reference", FROZEN)
class TestEveryReference:
    def test_a_row_comes_out_for_every_row_in_the_order_of_the_file(self, grade, rows, reference):
        found = grade(reference).select(KEY).cast(pl.String)
        assert found.height == 1722
        assert found.rows() == [tuple(row[name] for name in KEY) for row in rows]

    def test_as_many_of_each_grade_as_ever(self, grade, reference):
        found = grade(reference)
        counts = found["grade"].drop_nulls().value_counts()
        assert dict(counts.iter_rows()) == FROZEN[reference]
        graded = found.filter(pl.col("grade").is_not_null())["level"].unique()
        assert set(graded) <= set(GRADED.levels)

    def test_heights_are_those_of_plain_python(self, grade, heights, reference):
        found = grade(reference).select("anterior", "middle", "posterior", "unit").rows()
        assert [row[3] for row in found] == ["px"] * 1722
        assert [row[:3] for row in found] == [pytest.approx(three, rel=1e-12) for three in heights]


class TestPlainPython:
    """Grades that need no neighbour, made again by hand."""

    @pytest.mark.parametrize(("reference", "base"), [("own", lambda three: three[2]), ("largest", max)])
    def test_grades_are_those_of_plain_python(self, grade, rows, heights, reference, base):
        made = [
            sum(1 - min(three) / base(three) >= bound - 1e-9 for bound in (0.20, 0.25, 0.40))
            if row["level"] in GRADED.levels
            else None
            for row, three in zip(rows, heights, strict=True)
        ]
        assert grade(reference)["grade"].to_list() == made

    def test_ratios_are_those_of_plain_python(self, grade, heights):
        found = grade().select("wedge_ratio", "biconcave_ratio").rows()
        assert found == [pytest.approx((a / p, m / p), rel=1e-12) for a, m, p in heights]


class TestWholeFile:
    def test_shuffled_rows_get_the_same_grades(self, grade, tmp_path):
        path = tmp_path / "shuffled.csv"
        shuffled(pl.read_csv(READINGS)).write_csv(path)
        said = invoke("grade", path, "-o", tmp_path / "graded.parquet")
        assert said.code == 0
        found = pl.read_parquet(tmp_path / "graded.parquet")
        assert found.select(KEY).rows() == pl.read_csv(path).select(KEY).rows()
        assert found.sort(KEY).equals(grade().sort(KEY))

    def test_a_row_for_every_reading(self, grade):
        said = invoke("assess", READINGS)
        spines = pl.read_csv(said.out.encode())
        sums = grade().group_by(KEY[:4], maintain_order=True).agg(pl.col("grade").sum().alias("sdi"))
        graded = spines.filter(pl.col("evaluable") > 0).select(*KEY[:4], "sdi")
        assert spines.height == sums.height == 138
        assert graded.rows() == sums.join(graded, on=KEY[:4], how="semi", maintain_order="left").rows()

    def test_readers_differ_by_less_than_a_pixel(self):
        found = find_repeats(open_sources([READINGS]).sources, Where(workers=1))
        assert not found.within_readers
        assert found.unit == "px"
        assert found.error.sd == pytest.approx(0.729, abs=0.0005)
        assert found.error.vertebrae == 626

    def test_with_that_error_every_grade_has_its_probability(self, tmp_path):
        said = invoke("grade", READINGS, "--point-sd", "repeats", "-o", tmp_path / "a.parquet")
        assert said.err.startswith("landmark error 0.729 px (SD along the height), from 626 vertebrae")
        found = pl.read_parquet(tmp_path / "a.parquet").filter(pl.col("grade").is_not_null())
        total = found.select(pl.sum_horizontal("p0", "p1", "p2", "p3")).to_series()
        assert total.to_list() == pytest.approx([1.0] * found.height)
        assert found["p0"].null_count() == 0
