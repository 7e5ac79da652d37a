"""``spinegrade bmd``: densities of a clinic become z-scores that ``assess`` reads, or it is said why not."""

from __future__ import annotations

import io
import json
import math
import re
import shlex
import shutil
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from spinegrade.bmd_registry import load_registry
from spinegrade.bmd_sites import FROM_PATIENTS, IN_PATIENTS, SITES, site_named
from spinegrade.cli import bmd as verb
from spinegrade.patients.columns import BMD, TABLES
from spines import invoke

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "bmd"
CLINIC = CASES / "clinic"
REFERENCE = CASES / "made-up-reference.csv"
HEIGHTS = CASES / "made-up-heights.csv"
ADJUSTMENT = CASES / "made-up-adjustment.csv"
EQUATIONS = CASES / "made-up-equations.toml"
LUNAR_SPINE = ("--convert", "lunar-hologic-spine")
OWN = ("--equations", EQUATIONS)
ADJUSTED = ("--height-adjust", ADJUSTMENT, "--height-reference", HEIGHTS)
HALF = 1.959963984540054 * 0.07
"""Half of a converted density's 95 % interval, over the density."""


def clinic(folder, *scans, patients=("P1,F,2016-03-01,,2026-03-01,118",), columns=None):
    """Write a clinic of one girl, 10 years old on 1 March 2026, and her scans."""
    folder.mkdir(exist_ok=True)
    head = "patient,sex,birth_date,age,date,height_cm"
    (folder / "patients.csv").write_text("\n".join([head, *patients]) + "\n")
    (folder / "bmd.csv").write_text("\n".join([columns or "patient,site,device,value,date", *scans]) + "\n")
    return folder


def scored(source, *options, reference=REFERENCE, tmp=None):
    """Score and return what was said, and the details as rows."""
    details = (tmp or source) / "details.json"
    details.unlink(missing_ok=True)
    said = invoke("bmd", "score", source, "--reference", reference, "--details", details, *options)
    rows = json.loads(details.read_text()) if details.exists() else []
    details.unlink(missing_ok=True)
    return said, rows


def why(tmp_path, *scans, options=(), reference=REFERENCE, **of):
    """Return why each scan has no z-score."""
    said, rows = scored(clinic(tmp_path / "clinic", *scans, **of), *options, reference=reference)
    assert said.code == 0
    return [row["why_no_z"] for row in rows]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Give the clinic's scans as they are scored, by patient, site and date."""
    said, found = scored(CLINIC, *LUNAR_SPINE, *ADJUSTED, tmp=tmp_path_factory.mktemp("worked"))
    assert said.code == 0
    return {(row["patient"], row["site"], row["date"]): row for row in found}


class TestSites:
    def test_patients_and_references_mean_the_same(self):
        """Every site of a bmd row is a site of references, and back; a user may write either word."""
        (column,) = (one for one in TABLES[BMD] if one.name == "site")
        assert set(column.choices) == set(FROM_PATIENTS)
        assert {FROM_PATIENTS[theirs]: theirs for theirs in column.choices} == IN_PATIENTS
        assert set(SITES) - set(IN_PATIENTS) == {"whole_body"}
        assert [site_named(theirs) for theirs in column.choices] == [
            FROM_PATIENTS[one] for one in column.choices
        ]
        assert site_named("PA-spine") == site_named("Lumbar spine") == "lumbar_spine"
        assert site_named("height") == "height"
        assert site_named("skull") is None


class TestWorked:
    """Worked by hand from the made-up tables."""

    def test_median_between_two_ages(self, rows):
        """At 10 M is 0.70: (0.546 / 0.70 - 1) / 0.1; whole body (0.588 / 0.70 - 1) / 0.08."""
        assert rows["B-1", "spine", "2026-03-01"]["z"] == pytest.approx(-2.2)
        assert rows["B-1", "total_body_less_head", "2026-03-01"]["z"] == pytest.approx(-2.0)
        assert rows["B-1", "spine", "2026-03-01"]["z_low"] is None

    def test_age_is_that_at_the_scan(self, rows):
        """On 1 September 2025 the girl was nine and a half, whenever she was seen."""
        row = rows["B-1", "spine", "2025-09-01"]
        assert row["age"] == pytest.approx(9.5, abs=0.01)
        m = 0.5 + 0.2 * (row["age"] - 5) / 5
        assert row["z"] == pytest.approx((0.532 / m - 1) / 0.1)
        assert rows["B-4", "femoral_neck", "2024-05-05"]["age"] == 10.0

    def test_height_on_the_day(self, rows):
        """115 cm stands in the row of the scan; 118 cm was measured on the day of the other."""
        assert rows["B-1", "spine", "2025-09-01"]["height_cm"] == 115.0
        assert rows["B-1", "spine", "2026-03-01"]["height_cm"] == 118.0

    def test_conversion_and_its_interval(self, rows):
        """0.6 Lunar is 0.5232 Hologic; at 10 M is 0.65 and L is 0: ln(x / M) / S."""
        row = rows["B-2", "spine", "2026-03-01"]
        ends = [math.log(0.5232 * factor / 0.65) / 0.1 for factor in (1, 1 - HALF, 1 + HALF)]
        assert ends == pytest.approx([-2.1701, -3.6458, -0.8844], abs=1e-4)
        assert [row[name] for name in ("z", "z_low", "z_high")] == pytest.approx(ends)
        assert (row["conversion"], row["reference_device"]) == ("lunar-hologic-spine", "Hologic")

    def test_height_age_and_the_z_there(self, rows):
        """118 cm: 21.53 + 0.447 * 118 - 6.2415 * root of 118 = 6.476 years, where M is 0.559."""
        row = rows["B-1", "spine", "2026-03-01"]
        assert row["height_age"] == pytest.approx(6.476, abs=5e-4)
        assert row["z_at_height_age"] == pytest.approx(-0.2332, abs=5e-4)

    def test_z_at_height_age_of_a_converted_density(self, rows):
        """138 cm, a boy: 9.808 years; the conversion is allowed by his own 10 years."""
        row = rows["B-2", "spine", "2026-03-01"]
        assert row["height_age"] == pytest.approx(9.808, abs=5e-4)
        part = (row["height_age"] - 5) / 10
        m, power = 0.5 + 0.3 * part, 1 - 2 * part
        assert row["z_at_height_age"] == pytest.approx(((0.5232 / m) ** power - 1) / (power * 0.1))

    def test_adjusted_for_height(self, rows):
        """118 cm where 136 are the median, S 0.04: -3.309; z less (0.1 + 0.5 * that)."""
        row = rows["B-1", "spine", "2026-03-01"]
        assert row["height_z"] == pytest.approx(-3.308824, abs=1e-6)
        assert row["z_height_adjusted"] == pytest.approx(-2.2 - 0.1 + 0.5 * 3.308824, abs=1e-6)
        assert row["why_not_adjusted"] is None

    def test_months_since_the_scan_before(self, rows):
        row = rows["B-1", "spine", "2026-03-01"]
        assert (row["months_since"], row["interval"]) == (6, "6 to 12 months")
        first = rows["B-1", "spine", "2025-09-01"]
        assert (first["months_since"], first["interval"]) == (None, None)
        assert rows["B-1", "total_body_less_head", "2026-03-01"]["months_since"] is None

    def test_feasible_at_that_age(self, rows):
        """Whole body from 3 years; of the femoral neck no source says."""
        assert rows["B-3", "total_body_less_head", "2026-03-01"]["feasible"] is False
        assert rows["B-1", "total_body_less_head", "2026-03-01"]["feasible"] is True
        assert rows["B-4", "femoral_neck", "2024-05-05"]["feasible"] is None

    def test_every_scan_has_a_z_or_a_reason(self, rows):
        for row in rows.values():
            assert (row["z"] is None) == (row["why_no_z"] is not None)
        assert {row["why_no_z"] for row in rows.values()} == {
            None,
            "younger than the reference",
            "device not said",
            "device Lunar is not Hologic, and no conversion from it at this site was named",
        }

    def test_what_it_was_made_by(self, rows):
        (made,) = {row["made_by"] for row in rows.values()}
        for words in ("reference made-up sha256:", "heights made-up-heights sha256:", "adjustment made-up"):
            assert words in made
        assert load_registry().sha256 in made

    @pytest.mark.parametrize(
        ("sex", "height", "age"), [("F", 107.9, 4.93), ("F", 138.2, 9.93), ("M", 109.0, 5.18)]
    )
    def test_published_height_ages(self, tmp_path, sex, height, age):
        people = (f"P1,{sex},2016-03-01,,2026-03-01,{height}",)
        _, (row,) = scored(clinic(tmp_path / "c", "P1,spine,Hologic,0.6,2026-03-01", patients=people))
        assert row["height_age"] == pytest.approx(age, abs=0.005)

    @pytest.mark.parametrize(
        ("site", "equation", "value"),
        [("spine", "lunar-hologic-spine", 0.6906), ("femoral_neck", "lunar-hologic-femoral-neck", 0.6504)],
    )
    def test_published_conversions(self, tmp_path, site, equation, value):
        """0.8 Lunar is 0.691 (spine) and 0.650 (neck) Hologic, and has the z of that density."""
        day = "2026-03-01"
        source = clinic(tmp_path / "c", f"P1,{site},Lunar,0.8,{day}", f"P1,{site},Hologic,{value},{day}")
        _, (converted, native) = scored(source, "--convert", equation)
        assert converted["z"] == pytest.approx(native["z"])
        assert converted["z_low"] < converted["z"] < converted["z_high"]


class TestWritten:
    def test_assess_answers_as_with_z_typed_in(self, tmp_path):
        """To the rules z-scores worked by hand, as above, and those that were written are one."""
        answers = []
        for name, lines in {
            "typed": [
                "patient,site,device,value,z,z_low,z_high,reference,reference_device,conversion,date",
                "B-1,spine,Hologic,0.532,-2.1779,,,made-up,Hologic,,2025-09-01",
                "B-1,spine,Hologic,0.546,-2.2,,,made-up,Hologic,,2026-03-01",
                "B-1,total_body_less_head,Hologic,0.588,-2.0,,,made-up,Hologic,,2026-03-01",
                "B-2,spine,Lunar,0.6,-2.1701,-3.6458,-0.8844,made-up,Hologic,lunar-hologic-spine,2026-03-01",
                "B-2,femoral_neck,Lunar,0.8,,,,,,,2026-03-01",
                "B-3,total_body_less_head,Hologic,0.4,,,,,,,2026-03-01",
                "B-4,femoral_neck,Hologic,0.6,0.0,,,made-up,Hologic,,2024-05-05",
                "B-4,spine,,0.7,,,,,,,2024-05-05",
                "B-5,spine,Hologic,0.594,-1.0,,,made-up,Hologic,,2026-03-01",
                "B-5,femoral_neck,Hologic,0.500,-1.9,,,report of another clinic,,,2026-03-01",
            ],
            "written": None,
        }.items():
            folder = tmp_path / name
            shutil.copytree(CLINIC, folder)
            (folder / "bmd.csv").unlink()
            if lines:
                (folder / "bmd.csv").write_text("\n".join(lines) + "\n")
            else:
                out = ("-o", folder / "bmd.csv")
                assert invoke("bmd", "score", CLINIC, "--reference", REFERENCE, *LUNAR_SPINE, *out).code == 0
            said = invoke("assess", "--patients", folder, "--format", "json")
            assert said.code == 0
            answers.append({row["patient"]: row for row in json.loads(said.out)})
        typed, written = answers
        assert written["B-1"]["R3"] == "met"
        assert written["B-2"]["R3"] == "indeterminate"  # -2 lies within the interval that converting leaves
        for patient, row in typed.items():
            for name, value in row.items():
                close = pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
                assert written[patient][name] == close

    def test_an_adjusted_z_is_read_by_assess(self, tmp_path):
        folder = tmp_path / "clinic"
        shutil.copytree(CLINIC, folder)
        (folder / "bmd.csv").unlink()
        arguments = ("bmd", "score", CLINIC, "--reference", REFERENCE, *LUNAR_SPINE, *ADJUSTED)
        assert invoke(*arguments, "-o", folder / "bmd.csv").code == 0
        switch = ("--switch", "density_z=height-adjusted", "--format", "json")
        rows = {
            row["patient"]: row for row in json.loads(invoke("assess", "--patients", folder, *switch).out)
        }
        assert rows["B-1"]["bmd_z_low"] == pytest.approx(-0.645588, abs=1e-6)
        assert rows["B-1"]["R3"] == "not met"

    def test_columns_are_those_of_the_table(self):
        said = invoke("bmd", "score", CLINIC, "--reference", REFERENCE, *LUNAR_SPINE)
        frame = pl.read_csv(io.StringIO(said.out))
        assert frame.columns == [one.name for one in TABLES[BMD]]
        assert frame["value"].to_list() == pl.read_csv(CLINIC / "bmd.csv")["value"].to_list()

    @pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
    def test_every_format_says_the_same(self, tmp_path, suffix):
        out = tmp_path / f"bmd.{suffix}"
        assert invoke("bmd", "score", CLINIC, "--reference", REFERENCE, "-o", out).code == 0
        read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[suffix]
        assert read(out)["z"].drop_nulls().to_list() == pytest.approx([-2.177888, -2.2, -2.0, 0, -1, -1.9])

    def test_a_file_is_not_replaced_without_force(self, tmp_path):
        out = tmp_path / "bmd.csv"
        out.write_text("mine")
        arguments = ("bmd", "score", CLINIC, "--reference", REFERENCE, "-o", out)
        assert invoke(*arguments).code == 1
        assert out.read_text() == "mine"
        assert invoke(*arguments, "--force").code == 0
        assert out.read_text().startswith("patient,site")

    @pytest.mark.parametrize("name", ["bmd.csv", "patients.csv"])
    def test_what_is_read_is_never_written_over(self, tmp_path, name):
        source = clinic(tmp_path / "c", "P1,spine,Hologic,0.6,2026-03-01")
        before = (source / name).read_text()
        for option in ("-o", "--details"):
            said = invoke("bmd", "score", source, "--reference", REFERENCE, option, source / name, "--force")
            assert (said.code, len(said.lines)) == (1, 1)
            assert "expected another file than the input" in said.err
        assert (source / name).read_text() == before

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pl.DataFrame, "write_csv", full)
        said = invoke("bmd", "score", CLINIC, "--reference", REFERENCE, "-o", tmp_path / "bmd.csv")
        assert said.code == 1
        assert "No space left" in said.err
        assert list(tmp_path.iterdir()) == []

    def test_two_results_do_not_share_a_file(self, tmp_path):
        out = tmp_path / "one.csv"
        arguments = ("bmd", "score", CLINIC, "--reference", REFERENCE, "-o", out, "--details", out)
        said = invoke(*arguments)
        assert said.code == 1
        assert "expected another file by --details" in said.err
        assert not out.exists()

    def test_a_table_for_a_person(self):
        said = invoke(
            "bmd", "score", CLINIC, "--reference", REFERENCE, *LUNAR_SPINE, *ADJUSTED, "--format", "table"
        )
        assert said.code == 0
        assert max(map(len, said.out.splitlines())) <= 110
        for words in (
            "B-1 spine 2026-03-01: 6 months since the scan before (6 to 12 months)",
            "B-2 spine 2026-03-01: from Lunar by lunar-hologic-spine",
            "B-4 spine 2024-05-05: device not said",
            "B-3 total body less head 2026-03-01: younger than the reference; not feasible at this age",
            "B-5 femoral neck 2026-03-01: keeps its z",
            "reference: made-up (Hologic) sha256:",
            "standard error 7 %",
            "no diagnosis in a child",
            "no medical device",
        ):
            assert words in said.out
        lines = said.lines
        assert lines[0].startswith("10 scans: 6 scored, 1 with a z-score that they keep")
        assert "no z-score: device not said: 1, of patient B-4, spine" in lines

    def test_long_tables_are_cut_and_many_reasons_summed_up(self, tmp_path):
        scans = [f"P1,spine,Maker {n % 14},0.6,2026-03-01" for n in range(401)]
        source = clinic(tmp_path / "c", *scans)
        said = invoke("bmd", "score", source, "--reference", REFERENCE, "--format", "table")
        assert "400 of 401 scans shown" in said.out
        assert said.lines[-1] == "no z-score: 2 more reasons; --details FILE has all"
        assert ": 29, first patient P1, spine" in said.err


class TestKept:
    SCANS = ("P1,spine,Hologic,0.63,2026-03-01,-3.3,elsewhere", "P1,femoral_neck,,,2026-03-01,-1.0,elsewhere")
    COLUMNS = "patient,site,device,value,date,z,reference"

    def test_a_z_from_elsewhere_stays(self, tmp_path):
        source = clinic(tmp_path / "c", *self.SCANS, columns=self.COLUMNS)
        said, rows = scored(source)
        assert [(row["z"], row["reference"], row["scored"]) for row in rows] == [
            (-3.3, "elsewhere", "kept"),
            (-1.0, "elsewhere", "kept"),
        ]
        assert "2 with a z-score that they keep (--replace scores again)" in said.err

    def test_replace_takes_it_only_where_there_is_a_new_one(self, tmp_path):
        source = clinic(tmp_path / "c", *self.SCANS, columns=self.COLUMNS)
        _, rows = scored(source, "--replace")
        assert [(row["z"], row["reference"], row["scored"], row["why_no_z"]) for row in rows] == [
            (pytest.approx(-1.0), "made-up", "scored", None),
            (-1.0, "elsewhere", "kept", "value missing"),
        ]


class TestWhyNone:
    DAY = "2026-03-01"

    def test_of_a_scan(self, tmp_path):
        found = why(
            tmp_path,
            f"P1,,Hologic,0.6,{self.DAY}",
            f"P1,spine,Hologic,,{self.DAY}",
            f"P1,spine,Hologic,0,{self.DAY}",
            f"P1,spine,,0.6,{self.DAY}",
            f"P1,spine,Lunar,0.6,{self.DAY}",
            f"P1,spine,Hologic Discovery,0.6,{self.DAY}",
            "P1,spine,Hologic,0.6,",
            "P1,spine,Hologic,0.6,2015-03-01",
            "P1,spine,Hologic,0.6,2020-03-01",
            f"P1,total_hip,Hologic,0.6,{self.DAY}",
            f"P1,spine,Hologic,8.5,{self.DAY}",
            f"P2,spine,Hologic,0.6,{self.DAY}",
            f"P1,spine,hologic ,0.6,{self.DAY}",
        )
        assert found == [
            "site missing",
            "value missing",
            "value not above 0",
            "device not said",
            "device Lunar is not Hologic, and no conversion from it at this site was named",
            "device Hologic Discovery is not Hologic, and no conversion from it at this site was named",
            "age not known: the scan has no date",
            "scan dated before the birth",
            "younger than the reference",
            "site or sex not in the reference",
            "value implausible: z beyond 15; is it in g/cm2?",
            "patient not in the patients table",
            None,
        ]

    @pytest.mark.parametrize(
        ("person", "said"),
        [
            ("P1,,2016-03-01,,2026-03-01,118", "sex not known"),
            ("P1,F,,,2026-03-01,118",
             "age not known: the patient has no birth_date, nor an age with its date"),
            ("P1,F,,10,,118", "age not known: the patient has no birth_date, nor an age with its date"),
            ("P1,F,2016-03-01,8,2026-03-01,118",
             "age of the patient differs by more than a year from birth_date and date"),
            ("P1,F,2006-03-01,,2026-03-01,118", "older than the reference"),
            ("P1,F,,10,2026-03-01,118", None),
        ],
    )  # fmt: skip
    def test_of_a_person(self, tmp_path, person, said):
        assert why(tmp_path, f"P1,spine,Hologic,0.6,{self.DAY}", patients=(person,)) == [said]

    def test_a_boy_above_the_boys_of_a_reference_with_older_girls(self, tmp_path):
        own = tmp_path / "own.csv"
        lines = REFERENCE.read_text("utf-8").replace("male,15,-1", "male,12,-1").splitlines()
        own.write_text("\n".join(lines) + "\n", "utf-8")
        people = ("P1,M,2013-01-01,,2026-03-01,",)
        scan = f"P1,spine,Hologic,0.6,{self.DAY}"
        assert why(tmp_path, scan, patients=people, reference=own) == ["older than the reference"]

    def test_sex_does_not_matter_where_the_reference_is_for_any(self, tmp_path):
        people = ("P1,,2016-03-01,,2026-03-01,",)
        assert why(tmp_path, f"P1,femoral_neck,Hologic,0.6,{self.DAY}", patients=people) == [None]

    def test_conversion_below_its_age_and_outside_its_range(self, tmp_path):
        """From 10 years, to the day; the neck's own equation holds from 0.5 to 1.2 g/cm2."""
        own = ("--equations", EQUATIONS, "--convert", "made-up-neck")
        found = why(
            tmp_path,
            "P1,spine,Lunar,0.6,2026-02-28",
            "P1,spine,Lunar,0.6,2026-03-01",
            "P1,femoral_neck,Lunar,0.49,2026-03-01",
            "P1,femoral_neck,Lunar,0.5,2026-03-01",
            options=(*LUNAR_SPINE, *own),
        )
        assert found == [
            "younger than the conversion was used at",
            None,
            "value outside the range of the conversion",
            None,
        ]

    def test_a_number_in_mg_is_named_by_file_and_line(self, tmp_path):
        source = clinic(tmp_path / "c", f"P1,spine,Hologic,850,{self.DAY}")
        said, rows = scored(source)
        assert (said.code, rows) == (1, [])
        assert "bmd.csv: line 2: value: expected a number from 0 to 10, got '850'" in said.err

    def test_keep_going_leaves_such_a_row_out_and_says_so(self, tmp_path):
        source = clinic(
            tmp_path / "c", f"P1,spine,Hologic,850,{self.DAY}", f"P1,spine,Hologic,0.7,{self.DAY}"
        )
        said, rows = scored(source, "--keep-going")
        assert (said.code, len(rows)) == (1, 1)
        assert "left out: " in said.err

    def test_without_densities(self, tmp_path):
        source = clinic(tmp_path / "c", "P1,spine,Hologic,0.7,2026-03-01")
        (source / "bmd.csv").unlink()
        said, _ = scored(source)
        assert (said.code, said.lines) == (1, [f"spinegrade: {source}: expected rows of bmd, got none"])


class TestOnTheDay:
    def row(self, tmp_path, scan, person, *options):
        _, (row,) = scored(
            clinic(
                tmp_path / "c", scan, patients=(person,), columns="patient,site,device,value,date,height_cm"
            ),
            *options,
        )
        return row

    def test_an_age_with_its_date_is_counted_to_the_scan(self, tmp_path):
        """Ten years old on 1 March 2026, so 9 a year before."""
        row = self.row(tmp_path, "P1,spine,Hologic,0.6,2025-03-01,", "P1,F,,10,2026-03-01,")
        assert row["age"] == pytest.approx(9.0, abs=0.003)

    @pytest.mark.parametrize("person", ["P1,F,,10,,118", "P1,F,2016-03-01,,2026-03-01,118"])
    def test_undated_tables_take_a_word_of_the_user(self, tmp_path, person):
        assert self.row(tmp_path, "P1,spine,Hologic,0.63,,", person)["age"] is None
        row = self.row(tmp_path, "P1,spine,Hologic,0.63,,", person, "--same-day")
        assert (row["age"], row["height_cm"], row["z"]) == (10.0, 118.0, pytest.approx(-1.0))

    def test_a_height_of_another_time_is_not_used(self, tmp_path):
        said = {}
        for day, height, person in (
            ("2026-01-01", "", "2026-03-01"),
            ("2025-01-01", "", "2026-03-01"),
            ("2025-01-01", "112", "2026-03-01"),
            ("2025-01-01", "", ""),
        ):
            scan = f"P1,spine,Hologic,0.6,{day},{height}"
            row = self.row(tmp_path, scan, f"P1,F,2016-03-01,,{person},118", *ADJUSTED)
            said[day, height, person] = (row["height_cm"], row["why_not_adjusted"])
        assert list(said.values()) == [
            (118.0, None),
            (None, "height not used: more than 3 months from the scan"),
            (112.0, None),
            (None, "height not used: its date or that of the scan is not known"),
        ]

    def test_a_height_within_the_months_that_are_asked_for(self, tmp_path):
        row = self.row(
            tmp_path, "P1,spine,Hologic,0.6,2025-01-01,", "P1,F,2016-03-01,,2026-03-01,118",
            "--height-within", 14,
        )  # fmt: skip
        assert row["height_cm"] == 118.0

    @pytest.mark.parametrize(
        ("scan", "person", "said"),
        [
            ("P1,spine", "P1,F,2016-03-01,,2026-03-01,", "height not known"),
            ("P1,femoral_neck", "P1,F,2016-03-01,,2026-03-01,118", "site or sex not in the adjustment"),
            ("P1,femoral_neck", "P1,,2016-03-01,,2026-03-01,118",
             "sex, age or height outside the reference of heights"),
        ],
    )  # fmt: skip
    def test_why_it_is_not_adjusted(self, tmp_path, scan, person, said):
        row = self.row(tmp_path, f"{scan},Hologic,0.6,2026-03-01,", person, *ADJUSTED)
        assert row["z"] is not None
        assert (row["z_height_adjusted"], row["why_not_adjusted"]) == (None, said)

    def test_without_tables_for_it(self, tmp_path):
        arguments = (tmp_path, "P1,spine,Hologic,0.6,2026-03-01,", "P1,F,2016-03-01,,2026-03-01,118")
        assert self.row(*arguments)["why_not_adjusted"] == "no adjustment for height was given"

    def test_an_adjusted_z_that_no_table_would_take(self, tmp_path):
        steep = tmp_path / "steep.csv"
        steep.write_text("reference,site,sex,intercept,slope\nmade-up,spine,any,0,50\n")
        row = self.row(
            tmp_path, "P1,spine,Hologic,0.6,2026-03-01,", "P1,F,2016-03-01,,2026-03-01,118",
            "--height-adjust", steep, "--height-reference", HEIGHTS,
        )  # fmt: skip
        assert (row["z_height_adjusted"], row["why_not_adjusted"]) == (None, "height-adjusted z implausible")


class TestMonths:
    def test_the_scan_before_is_of_the_site_and_of_an_earlier_day(self, tmp_path):
        scans = (
            "P1,spine,Hologic,0.7,2026-03-01",
            "P1,spine,Lunar,0.8,2026-03-01",
            "P1,spine,Hologic,0.7,2025-12-31",
            "P1,femoral_neck,Hologic,0.7,2026-02-01",
            "P1,spine,Hologic,0.7,",
            "P1,spine,Hologic,0.7,2024-12-31",
        )
        _, rows = scored(clinic(tmp_path / "c", *scans))
        assert [(row["months_since"], row["interval"]) for row in rows] == [
            (2, "under 6 months"),
            (2, "under 6 months"),
            (12, "12 months or more"),
            (None, None),
            (None, None),
            (None, None),
        ]


class TestWhatDoesNotGoTogether:
    def refused(self, *options, reference=REFERENCE):
        said = invoke("bmd", "score", CLINIC, "--reference", reference, *options)
        assert (said.code, said.out, len(said.lines)) == (1, "", 1)
        return said.err

    def test_two_references_and_no_name(self, tmp_path):
        path = tmp_path / "two.csv"
        text = REFERENCE.read_text()
        path.write_text(text + text.partition("\n")[2].replace("made-up", "other").replace("0.50", "0.40"))
        assert "by --name: made-up, other; got none" in self.refused(reference=path)
        assert "got 'third'" in self.refused("--name", "third", reference=path)
        said, rows = scored(CLINIC, "--name", "other", reference=path, tmp=tmp_path)
        assert said.code == 0
        assert rows[1]["reference"] == "other"

    def test_a_reference_without_a_device(self, tmp_path):
        path = tmp_path / "bare.csv"
        path.write_text(REFERENCE.read_text().replace("Hologic", ""))
        assert "expected a device in its rows" in self.refused(reference=path)

    def test_groups(self, tmp_path):
        path = tmp_path / "groups.csv"
        head, *rows = REFERENCE.read_text().splitlines()
        path.write_text("\n".join([f"{head},group", *(f"{row},one" for row in rows)]) + "\n")
        assert "expected a group of it by --group: 'one'; got ''" in self.refused(reference=path)
        _, rows = scored(CLINIC, "--group", "one", reference=path, tmp=tmp_path)
        assert rows[1]["z"] == pytest.approx(-2.2)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--group", "x"), "got 'x'"),
            (("--convert", "lunar"), "expected one of lunar-hologic-spine, .* got 'lunar'"),
            (("--convert", "lunar-hologic-spine-1994"), "expected a confirmed one, got unconfirmed"),
            (("--convert", "lunar-hologic-femoral-neck", "--convert", "made-up-neck", *OWN),
             "expected one conversion from Lunar at femoral_neck, got 2"),
            (("--height-adjust", ADJUSTMENT, "--height-reference", REFERENCE),
             "expected one reference with rows of the site 'height', got none"),
            (("--height-adjust", REFERENCE, "--height-reference", HEIGHTS), "expected column 'intercept'"),
        ],
    )  # fmt: skip
    def test_is_named(self, options, said):
        assert re.search(said, self.refused(*options))

    def test_a_conversion_to_another_device(self, tmp_path):
        path = tmp_path / "lunar.csv"
        path.write_text(REFERENCE.read_text().replace("Hologic", "Lunar"))
        said = self.refused(*LUNAR_SPINE, reference=path)
        assert "expected one from another device to Lunar, as reference made-up has" in said

    def test_a_table_of_heights_alone(self):
        assert "by --name: it has none" in self.refused(reference=HEIGHTS)

    def test_an_adjustment_for_another_reference(self, tmp_path):
        path = tmp_path / "other.csv"
        path.write_text(ADJUSTMENT.read_text().replace("made-up", "other"))
        said = self.refused("--height-adjust", path, "--height-reference", HEIGHTS)
        assert "expected lines fitted for reference made-up, got those for other" in said

    def test_an_adjustment_without_heights(self):
        said = invoke("bmd", "score", CLINIC, "--reference", REFERENCE, "--height-adjust", ADJUSTMENT)
        assert (said.code, said.out) == (2, "")
        assert "--height-reference" in said.err


class TestMany:
    def test_a_table_in_any_order_is_scored_row_by_row(self, tmp_path):
        """Beside a plain loop of its own over 400 scans, in LMS written out once more."""
        rng = np.random.default_rng(6)
        tables = pl.read_csv(REFERENCE).rows(named=True)
        people = [f"P{n},{'FM'[n % 2]},{2010 + n % 7}-03-01,,2026-03-01," for n in range(100)]
        scans = []
        for _ in range(400):
            site = rng.choice(["spine", "femoral_neck", "total_body_less_head", "total_hip"])
            device, year = rng.choice(["Hologic", "Lunar"]), rng.integers(2019, 2027)
            scans.append((f"P{rng.integers(100)}", site, device, round(rng.uniform(0.3, 1.0), 3), year))
        lines = [f"{p},{s},{d},{v},{y}-03-01" for p, s, d, v, y in scans]
        equations = ("--convert", "lunar-hologic-femoral-neck")
        source = clinic(tmp_path / "c", *lines, patients=people)
        said, rows = scored(source, *LUNAR_SPINE, *equations)
        assert (said.code, len(rows)) == (0, 400)
        scores = [plain_z(tables, *scan) for scan in scans]
        assert [row["z"] for row in rows] == [None if z is None else pytest.approx(z) for z in scores]
        assert 100 < sum(z is not None for z in scores) < 350


def plain_z(tables, patient, site, device, value, year):
    """Return the z of one scan on a birthday, or None."""
    number = int(patient[1:])
    age, sex = int(year) - (2010 + number % 7), ("female", "male")[number % 2]
    if device == "Lunar":
        line = {"spine": (0.837, 0.021), "femoral_neck": (0.913, -0.080)}.get(site)
        if line is None or age < 10:
            return None
        value = line[0] * value + line[1]
    rows = [row for row in tables if row["site"] == site and row["sex"] in (sex, "any")]
    if not rows or not rows[0]["age"] <= age <= rows[-1]["age"]:
        return None
    l, m, s = (np.interp(age, [row["age"] for row in rows], [row[name] for row in rows]) for name in "lms")  # noqa: E741
    return math.log(value / m) / s if abs(l) < 1e-6 else ((value / m) ** l - 1) / (l * s)


class TestEquations:
    def test_lists_everything_with_source_and_status(self):
        said = invoke("bmd", "equations")
        assert said.code == 0
        text = said.out
        for entry in load_registry().entries:
            assert entry.id in text
            assert entry.source in text
        assert "Hologic = 0.837 x Lunar +0.021 g/cm2\n" in text
        assert "Hologic = 0.906 x Lunar -0.025 g/cm2 (unconfirmed: not run)" in text
        assert "standard error 7 % of a person's value; range of densities not stated; from 10 years" in text
        assert "85 to 151 cm, 2 to 12 years" in text
        assert "BMC / area^? (unconfirmed: not run)" in text

    def test_of_ones_own(self):
        said = invoke("bmd", "equations", "--equations", EQUATIONS)
        assert "from 0.5 to 1.2 g/cm2; from 8 years" in said.out
        assert "BMC / area^2\n" in said.out
        assert "lunar-hologic-spine " in said.out

    def test_of_ones_own_stand_instead_of_those_of_the_same_id(self, tmp_path):
        """What came along unconfirmed is confirmed by a file with the source that was read."""
        path = tmp_path / "own.toml"
        text = EQUATIONS.read_text().replace("made-up-neck", "lunar-hologic-spine-1994")
        path.write_text(text.replace('site = "femoral_neck"', 'site = "spine"'))
        source = clinic(tmp_path / "c", "P1,spine,Lunar,0.8,2026-03-01")
        _, (row,) = scored(source, "--equations", path, "--convert", "lunar-hologic-spine-1994")
        assert row["z"] == pytest.approx((0.72 / 0.7 - 1) / 0.1)
        assert "own.toml sha256:" in row["made_by"]


class TestApparent:
    ARGUMENTS = ("bmd", "apparent", CASES / "contents.csv", "--equations", EQUATIONS, "--equation")

    def test_worked(self):
        """24 g over 36 cm2 squared."""
        said = invoke(*self.ARGUMENTS, "made-up-bmad", "--format", "json")
        rows = json.loads(said.out)
        assert [row["bmad"] for row in rows] == [pytest.approx(24 / 1296), None, None]
        assert [row["why_no_bmad"] for row in rows] == [
            None,
            "content or area missing or not above 0",
            "the equation is of lumbar_spine",
        ]
        assert rows[0]["equation"].startswith("made-up-bmad, bmd_registry.toml sha256:")
        assert said.lines == ["3 rows: 1 with an apparent density, 2 without"]

    @pytest.mark.parametrize(
        ("content", "area", "density"),
        [("24.0", "3600", "0.0067"), ("3", "500", "0.006"), ("2400", "36", "67.0"), ("1.7", "36", "0.047")],
    )
    def test_a_slip_of_unit_is_not_given(self, tmp_path, content, area, density):
        """36 cm2 are 3600 mm2."""
        path = tmp_path / "contents.csv"
        path.write_text(f"patient,site,bmc_g,area_cm2\nP,spine,{content},{area}\nP,spine,1.9,36\n")
        said = invoke("bmd", "apparent", path, *self.ARGUMENTS[3:], "made-up-bmad", "--format", "json")
        slip, sound = json.loads(said.out)
        words = f"implausible: content over area is {density} g/cm2; are they in g and cm2?"
        assert (slip["bmad"], slip["why_no_bmad"]) == (None, words)
        assert (sound["bmad"], sound["why_no_bmad"]) == (pytest.approx(1.9 / 1296), None)
        assert said.lines == ["2 rows: 1 with an apparent density, 1 without"]

    def test_for_a_person(self):
        said = invoke(*self.ARGUMENTS, "made-up-bmad", "--format", "table")
        assert "0.0185" in said.out
        assert "no medical device" in said.out

    def test_long_tables_are_cut(self, tmp_path):
        path = tmp_path / "many.csv"
        path.write_text("patient,site,bmc_g,area_cm2\n" + "P,spine,24,36\n" * 401)
        arguments = ("--equations", EQUATIONS, "--equation", "made-up-bmad", "--format", "table")
        assert "400 of 401 rows shown" in invoke("bmd", "apparent", path, *arguments).out

    def test_what_comes_along_has_no_number(self):
        said = invoke(*self.ARGUMENTS, "bmad-lumbar-spine")
        assert (said.code, said.out) == (1, "")
        assert "expected a confirmed one, got unconfirmed" in said.err

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("24.0", "much", "line 2: bmc_g: expected a number from 0 to 5000, or nothing, got 'much'"),
            ("36.0", "-1", "line 2: area_cm2: expected a number"),
            ("femoral_neck", "knee", "line 4: site: expected one of lumbar_spine"),
            (",femoral_neck", ",", "line 4: site: expected one of"),
            ("area_cm2", "area", "expected column 'area_cm2'"),
            ("date", "bmad", "expected no column 'bmad'"),
        ],
    )
    def test_defects_are_named(self, tmp_path, old, new, said):
        path = tmp_path / "contents.csv"
        text = (CASES / "contents.csv").read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        found = invoke("bmd", "apparent", path, *self.ARGUMENTS[3:], "made-up-bmad")
        assert (found.code, found.out) == (1, "")
        assert said in found.err

    def test_a_file_that_is_not_there(self, tmp_path):
        found = invoke("bmd", "apparent", tmp_path / "gone.csv", *self.ARGUMENTS[3:], "made-up-bmad")
        assert found.code == 1
        assert "expected a CSV table" in found.err


class TestGuide:
    """What docs/bmd.md shows is what the program says."""

    TEXT = (ROOT / "docs" / "bmd.md").read_text("utf-8")

    def test_the_worked_example(self, rows):
        """Every row of the guide's table is a scan with those numbers, and every z of the clinic is there."""
        lines = [line.strip("| ").split(" | ") for line in self.TEXT.splitlines() if line.startswith("| B-")]
        shown = {}
        for patient, site, day, *numbers in lines:
            row = rows[patient, site, day]
            names = ("age", "value", "z", "z_low", "z_high", "height_age", "z_at_height_age")
            found = [row[name] for name in (*names, "z_height_adjusted")]
            assert [None if one == "-" else float(one) for one in numbers] == [
                None if one is None else pytest.approx(one, abs=0.0051) for one in found
            ]
            shown[patient, site, day] = row
        assert {key for key, row in rows.items() if row["scored"] == "scored"} <= set(shown)

    def test_commands_work(self, monkeypatch, tmp_path):
        """The commands are run one after the other as they are printed, in a copy of the cases."""
        shutil.copytree(CASES, tmp_path / "tests" / "cases" / "bmd")
        monkeypatch.chdir(tmp_path)
        commands = [line for line in self.TEXT.splitlines() if line.startswith(("spinegrade ", "cp "))]
        assert len(commands) >= 5
        for words in (shlex.split(line, comments=True) for line in commands):
            if words[0] == "cp":
                shutil.copytree(words[2], words[3])
            else:
                assert invoke(*words[1:]).code == 0

    def test_reasons_columns_and_equations_are_named(self):
        assert all(f"`{entry.id}`" in self.TEXT for entry in load_registry().entries)
        details = pl.read_json(io.BytesIO(json.dumps([one_row()]).encode())).columns
        assert [name for name in details if f"`{name}`" not in self.TEXT] == []


def one_row():
    """Return the first row of the details of the clinic."""
    with tempfile.TemporaryDirectory() as folder:
        return scored(CLINIC, tmp=Path(folder))[1][0]


class TestHelp:
    @pytest.mark.parametrize("example", [verb.EXAMPLE, verb.SCORE_EXAMPLE, verb.APPARENT_EXAMPLE])
    def test_examples_work(self, example, monkeypatch):
        monkeypatch.chdir(ROOT)
        assert invoke(*shlex.split(example)[2:]).code == 0

    def test_columns_are_those_of_a_reference(self, tmp_path):
        """The line that is printed, with a row below it, is a reference."""
        path = tmp_path / "mine.csv"
        path.write_text(invoke("bmd", "--columns").out + "mine,Hologic,spine,any,,10,1,0.7,0.1\n")
        _, rows = scored(CLINIC, reference=path, tmp=tmp_path)
        assert [row["z"] for row in rows if row["why_no_z"] is None] == [pytest.approx(-2.2), -1.9]

    def test_nothing_that_is_made_up_is_packaged(self):
        """What tests and the guide use says that it is made up, and lies outside the package."""
        for path in CASES.glob("made-up*"):
            assert "made" in path.read_text().lower()
            assert not list((ROOT / "src").rglob(path.name))
