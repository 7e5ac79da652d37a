"""Bone mineral density: z-scores, conversions, height, sites and intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from spinegrade.bmd import (
    INTERVALS,
    WHY,
    WHY_NO_HEIGHT_AGE,
    Density,
    adjust_for_height,
    apparent_density,
    bmd_z,
    convert_density,
    feasible,
    fit_height_adjustment,
    height_age,
    interval,
    months_between,
    why_no_height_age,
)
from spinegrade.bmd_registry import Bmad, load_registry
from spinegrade.bmd_sites import SITES
from spinegrade.bmd_tables import read_bmd_references, read_height_adjustments
from spinegrade.errors import RuleError

nan = np.nan

HEAD = 'format = "spinegrade-bmd/1"\n'
CONVERSION = """\
[[conversion]]
id = "own"
from = "A"
to = "B"
site = "total_hip"
slope = 1
intercept = 0
status = "confirmed"
source = "here"
"""
HEIGHT_AGE = """\
[[height_age]]
id = "own"
sex = "girl"
constant = 0
slope = 0.1
root = 0
min_height = 80
max_height = 150
min_age = 2
max_age = 12
status = "confirmed"
source = "here"
"""

TABLE = """\
reference,device,site,sex,age,l,m,s
made,Hologic,lumbar_spine,female,5,1,0.5,0.1
made,Hologic,lumbar_spine,female,10,1,0.7,0.1
made,Hologic,lumbar_spine,female,15,0,0.9,0.1
made,Hologic,lumbar_spine,male,10,1,0.8,0.1
made,Hologic,lumbar_spine,male,12,1,0.8,0.1
made,Hologic,femoral_neck,any,10,1,0.6,0.1
made,Hologic,femoral_neck,any,12,1,0.6,0.1
"""


@pytest.fixture
def reference(tmp_path):
    """Give a reference whose z-scores can be worked out in the head."""
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return read_bmd_references(path)["made"]


def score(reference, value, sex, age, site="lumbar_spine", device="Hologic", **more):
    return bmd_z(Density(value, site, device), reference, sex=sex, age=age, **more)


def words(scores):
    return [WHY[place] for place in np.atleast_1d(scores.why)]


class TestZ:
    def test_worked(self, reference):
        """L = 1: (x - M) / (M S).  At 7.5 years M is 0.6, half way; at 15 L is 0: ln(x / M) / S."""
        found = score(reference, [0.5, 0.45, 0.54, 0.9 * np.e**-0.2], 0, [5, 5, 7.5, 15])
        assert found.z == pytest.approx([0.0, -1.0, -1.0, -2.0])
        assert words(found) == [""] * 4
        assert found.low == pytest.approx(found.z)
        assert (found.reference, found.conversion) == ("made", "")

    def test_missing_stays_missing_and_says_why(self, reference):
        """Nothing is carried beyond the ages of a curve, and a sex that is not known is not guessed."""
        found = score(
            reference, [nan, 0.5, 0.5, 0.5, 0.5, -1.0], [0, -1, 0, 0, 0, 0], [8, 8, nan, 4.99, 15.01, 8]
        )
        assert np.isnan(found.z).all()
        assert words(found) == [
            "value missing",
            "sex not known",
            "age not known",
            "younger than the reference",
            "older than the reference",
            "value missing",
        ]

    def test_site_sex_or_group_that_the_reference_lacks(self, reference):
        lacking = "site or sex not in the reference"
        assert words(score(reference, 0.5, 0, 8, site="total_hip")) == [lacking]
        assert words(score(reference, 0.5, 0, 8, group="other")) == [lacking]
        assert score(reference, 0.6, -1, 11, site="femoral_neck").z == pytest.approx(0.0)

    def test_a_sex_that_the_site_lacks(self, tmp_path):
        girls = "".join(line for line in TABLE.splitlines(keepends=True) if ",male," not in line)
        (tmp_path / "table.csv").write_text(girls)
        reference = read_bmd_references(tmp_path / "table.csv")["made"]
        assert words(score(reference, 0.5, 1, [8, 40, nan])) == [
            "site or sex not in the reference",
            "site or sex not in the reference",
            "age not known",
        ]

    def test_ages_are_those_of_the_sex(self, reference):
        """Girls are in it from 5 to 15 years, boys from 10 to 12, the neck of any sex too."""
        assert words(score(reference, 0.5, [1, 0], [13, 13])) == ["older than the reference", ""]
        assert words(score(reference, 0.5, [1, 0], [8, 8])) == ["younger than the reference", ""]
        found = score(reference, 0.5, [-1, 0, 1, -1], [13, 13, 9, 11], site="femoral_neck")
        assert words(found) == [
            "older than the reference",
            "older than the reference",
            "younger than the reference",
            "",
        ]

    def test_a_curve_of_a_sex_stands_before_one_of_any(self, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text(
            TABLE
            + "made,Hologic,femoral_neck,male,10,1,0.5,0.1\nmade,Hologic,femoral_neck,male,16,1,0.5,0.1\n"
        )
        reference = read_bmd_references(path)["made"]
        found = score(reference, 0.5, [1, 0, -1], 14, site="femoral_neck")
        assert words(found) == ["", "older than the reference", "older than the reference"]

    def test_missing_sex_is_said_before_an_age_outside(self, reference):
        assert words(score(reference, 0.5, -1, 40)) == ["sex not known"]

    def test_another_device_is_never_converted_silently(self, reference):
        with pytest.raises(
            RuleError, match=r"expected a density of Hologic.*conversion named, got one of Lunar"
        ):
            score(reference, 0.8, 0, 10, device="Lunar")
        with pytest.raises(RuleError, match="got one of an unknown device"):
            score(reference, 0.8, 0, 10, device="")

    def test_conversion_and_its_error_in_the_interval(self, reference):
        """0.8 Lunar is 0.6906 Hologic; 7 % of it is 0.048342; a z is 0.07 wide at 10 years."""
        conversion = load_registry().conversion("lunar-hologic-spine")
        found = score(reference, 0.8, 0, 10, device="Lunar", conversion=conversion)
        assert found.z == pytest.approx((0.6906 - 0.7) / 0.07)
        half = 1.959964 * 0.07 * 0.6906 / 0.07
        assert [found.low, found.high] == pytest.approx([found.z - half, found.z + half])
        assert found.conversion == "lunar-hologic-spine"

    def test_conversion_of_another_site_is_refused(self, reference):
        conversion = load_registry().conversion("lunar-hologic-femoral-neck")
        with pytest.raises(RuleError, match="lunar-hologic-femoral-neck: expected from, to and site"):
            score(reference, 0.8, 0, 10, device="Lunar", conversion=conversion)


class TestConversion:
    @pytest.mark.parametrize(
        ("name", "lunar", "hologic"),
        [
            ("lunar-hologic-spine", 0.8, 0.691),
            ("lunar-hologic-spine", 1.1, 0.942),
            ("lunar-hologic-femoral-neck", 0.8, 0.650),
        ],
    )
    def test_published_values(self, name, lunar, hologic):
        found = convert_density(lunar, load_registry().conversion(name))
        assert found.value == pytest.approx(hologic, abs=5e-4)
        assert found.sd == pytest.approx(0.07 * found.value)

    def test_below_the_age_it_was_used_at(self):
        found = convert_density(
            [0.8, 0.8, nan], load_registry().conversion("lunar-hologic-spine"), [9.9, 10, 12]
        )
        assert np.isnan(found.value).tolist() == [True, False, True]
        assert [WHY[place] for place in found.why] == [
            "younger than the conversion was used at",
            "",
            "value missing",
        ]

    def test_range_of_ones_own(self, tmp_path):
        path = tmp_path / "own.toml"
        path.write_text(
            'format = "spinegrade-bmd/1"\n[[conversion]]\nid = "own"\nfrom = "A"\nto = "B"\n'
            'site = "total_hip"\nslope = 1\nintercept = 0\n'
            "standard_error = 0.05\nmin_bmd = 0.5\nmax_bmd = 1.0\n"
            'status = "confirmed"\nsource = "here"\n'
        )
        found = convert_density([0.49, 0.5, 1.0, 1.01], load_registry(path).conversion("own"))
        assert np.isnan(found.value).tolist() == [True, False, False, True]
        assert WHY[found.why[0]] == WHY[found.why[3]] == "value outside the range of the conversion"


class TestRegistry:
    def test_unconfirmed_equations_are_refused(self):
        with pytest.raises(
            RuleError, match="lunar-hologic-spine-1994: expected a confirmed one, got unconfirmed"
        ):
            load_registry().conversion("lunar-hologic-spine-1994")
        for site in ("lumbar-spine", "femoral-neck"):
            with pytest.raises(RuleError, match=f"bmad-{site}: expected a confirmed one"):
                load_registry().bmad(f"bmad-{site}")

    def test_no_apparent_density_ships_with_a_number(self):
        assert [one.exponent for one in load_registry().bmads] == [None, None]

    def test_unknown_equation(self):
        with pytest.raises(RuleError, match="expected one of preteen-girls, preteen-boys, got 'teen'"):
            load_registry().height_age("teen")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("format = 1", "expected format 'spinegrade-bmd/1'"),
            ("x = ", "expected TOML"),
            ('format = "spinegrade-bmd/1"\nother = 1', "expected format 'spinegrade-bmd/1'"),
            ('format = "spinegrade-bmd/1"\n[[bmad]]\nid = "a"', "a: expected .*lacks site, source, status"),
            (f'{HEAD}[[bmad]]\nid="a"\nsite="spine"\nstatus="unconfirmed"\nsource="d"\nx=1',
             "has an unknown x"),
            ('format = "spinegrade-bmd/1"\n[[bmad]]\nid="a"\nsite="spine"\nstatus="unconfirmed"\nsource=1',
             "source: expected text"),
            (f'{HEAD}[[bmad]]\nid="a"\nsite="spine"\nstatus="unconfirmed"\nsource="d"\nexponent="2"',
             "exponent: expected text or a finite number, got '2'"),
            ('format = "spinegrade-bmd/1"\n[[bmad]]\nid="a"\nsite="spine"\nstatus="confirmed"\nsource="d"',
             "expected an exponent"),
            (HEAD + '[[bmad]]\nid="a"\nsite="spine"\nstatus="unconfirmed"\nsource="d"\n' * 2,
             "every id once"),
            (f'{HEAD}[[bmad]]\nid="a"\nsite="spine"\nstatus="sure"\nsource="d"',
             "a: status: expected one of confirmed, unconfirmed, got 'sure'"),
            (f'{HEAD}[[bmad]]\nid="a"\nsite="height"\nstatus="unconfirmed"\nsource="d"',
             "a: site: expected one of lumbar_spine, .*, got 'height'"),
            (f'{HEAD}{CONVERSION}standard_error = 0.5', "standard_error: expected a fraction .*, got 0.5"),
            (f'{HEAD}{CONVERSION}standard_error = -0.1', "standard_error: expected a fraction"),
            (f'{HEAD}{HEIGHT_AGE}', "sex: expected female or male, got 'girl'"),
        ],
    )  # fmt: skip
    def test_defects_are_named(self, tmp_path, text, said):
        path = tmp_path / "own.toml"
        path.write_text(text)
        with pytest.raises(RuleError, match=said):
            load_registry(path)

    def test_file_that_is_not_there(self, tmp_path):
        with pytest.raises(RuleError, match=r"gone\.toml: expected TOML"):
            load_registry(tmp_path / "gone.toml")


class TestApparentDensity:
    def test_with_a_number_of_ones_own(self):
        one = Bmad(id="own", status="confirmed", source="here", site="lumbar_spine", exponent=1.5)
        assert apparent_density([8.0, nan, 8.0, 0.0], [4.0, 4.0, 0.0, 4.0], one) == pytest.approx(
            [1.0, nan, nan, nan], nan_ok=True
        )

    def test_without_a_number(self):
        with pytest.raises(RuleError, match="expected an exponent from its source"):
            apparent_density(8.0, 4.0, load_registry().bmads[0])


class TestHeightAge:
    def test_published_points(self):
        """Medians of height give their ages back: 107.9 and 138.2 cm girls, 109 cm boys."""
        found = height_age([107.9, 138.2, 109.0], [0, 0, 1], load_registry().height_ages)
        assert found == pytest.approx([4.93, 9.93, 5.18], abs=0.005)

    @pytest.mark.parametrize(
        ("height", "sex"), [(84.9, 0), (151.1, 0), (85.9, 1), (156.1, 1), (nan, 0), (110, -1)]
    )
    def test_outside_its_range_there_is_none(self, height, sex):
        assert np.isnan(height_age(height, sex, load_registry().height_ages))

    def test_age_outside_the_range_of_the_source(self):
        """86 cm is within the boys' heights and comes to under 2 years: not carried on."""
        assert np.isnan(height_age(86.0, 1, load_registry().height_ages))

    @pytest.mark.parametrize(
        ("height", "sex", "why"),
        [
            (110.0, 0, ""),
            (85.1, 0, "height age outside the years of its equation"),  # 1.98 years
            (151.0, 0, "height age outside the years of its equation"),  # 12.33 years
            (86.0, 1, "height age outside the years of its equation"),
            (156.0, 1, ""),  # 12.93 years
            (84.9, 0, "height outside the range of the equation of height age"),
            (156.1, 1, "height outside the range of the equation of height age"),
            (nan, 0, "height not known"),
            (110.0, -1, "sex not known, or no equation of height age for it"),
        ],
    )
    def test_why_there_is_none(self, height, sex, why):
        equations = load_registry().height_ages
        assert WHY_NO_HEIGHT_AGE[why_no_height_age(height, sex, equations)] == why
        assert np.isnan(height_age(height, sex, equations)) == (why != "")

    def test_rises_with_height(self):
        for sex, low, high in ((0, 95, 151), (1, 95, 150)):
            found = height_age(np.linspace(low, high, 50), sex, load_registry().height_ages)
            known = found[~np.isnan(found)]
            assert len(known) > 30
            assert (np.diff(known) > 0).all()


class TestHeightAdjustment:
    def test_loaded(self, tmp_path):
        path = tmp_path / "height.csv"
        path.write_text("reference,site,sex,intercept,slope\nmade,lumbar_spine,F,0.1,0.5\n")
        line = read_height_adjustments(path)["made"]
        found = adjust_for_height(
            [-2.5, -2.5, nan, -2.5], [-2.0, nan, -2.0, -2.0], [0, 0, 0, 1], "lumbar_spine", line
        )
        assert found == pytest.approx([-1.6, nan, nan, nan], nan_ok=True)
        assert np.isnan(adjust_for_height(-2.5, -2.0, 0, "total_hip", line))

    def test_for_any_sex(self, tmp_path):
        path = tmp_path / "height.csv"
        path.write_text("reference,site,sex,intercept,slope\nmade,lumbar_spine,any,0,0.5\n")
        line = read_height_adjustments(path)["made"]
        assert adjust_for_height(-2.0, -2.0, [-1, 0], "lumbar_spine", line).tolist() == [-1.0, -1.0]

    @given(st.floats(-2, 2), st.floats(-2, 2))
    def test_fitted_line_leaves_no_height_in_z(self, intercept, slope):
        """What is fitted and taken away again leaves z that height says nothing of."""
        haz = np.linspace(-3, 3, 20)
        found = fit_height_adjustment(np.append(intercept + slope * haz, nan), np.append(haz, 1.0))
        assert found == pytest.approx((intercept, slope), abs=1e-9)

    @pytest.mark.parametrize(("z", "haz"), [([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])])
    def test_too_little_to_fit(self, z, haz):
        with pytest.raises(RuleError, match="expected z and height-z of three people"):
            fit_height_adjustment(z, haz)


class TestSites:
    def test_ages(self):
        """The spine from birth, the whole body from 3 years on; of the extra sites nothing is stated."""
        assert feasible("lumbar_spine", [0, 5, 17]).tolist() == [1, 1, 1]
        assert feasible("total_body_less_head", [2.99, 3.0]).tolist() == [0, 1]
        assert feasible("whole_body", [2.99, nan]) == pytest.approx([0, nan], nan_ok=True)
        assert np.isnan(feasible("lateral_distal_femur", 8))

    def test_unknown_site(self):
        with pytest.raises(RuleError, match=f"expected one of {SITES[0]}"):
            feasible("skull", 8)


class TestInterval:
    @pytest.mark.parametrize(
        ("first", "second", "months", "said"),
        [
            ("2025-01-15", "2025-07-14", 5, "under 6 months"),
            ("2025-01-15", "2025-07-15", 6, "6 to 12 months"),
            ("2025-01-15", "2026-01-14", 11, "6 to 12 months"),
            ("2025-01-15", "2026-01-15", 12, "12 months or more"),
            ("2024-08-31", "2025-02-28", 6, "6 to 12 months"),
            ("2024-02-29", "2025-02-28", 12, "12 months or more"),
            ("2025-07-15", "2025-01-15", -6, "dates out of order"),
            ("2025-07-15", "2025-07-15", 0, "under 6 months"),
            ("2025-07-15", "2025-07-14", 0, "dates out of order"),
            ("NaT", "2025-07-14", nan, ""),
        ],
    )
    def test_months(self, first, second, months, said):
        assert months_between(first, second) == pytest.approx(months, nan_ok=True)
        assert INTERVALS[int(interval(first, second))] == said


class TestTables:
    def test_as_spreadsheets_write_them(self, tmp_path):
        path, other = tmp_path / "table.csv", tmp_path / "excel.csv"
        path.write_text(TABLE)
        header, *lines = [line.replace(",", ";").replace(".", ",") for line in TABLE.splitlines()]
        words = header.replace(";l;m;s", ";L;M;S").replace("reference", "Reference")
        other.write_text("\r\n".join([words, "", *lines, ""]), encoding="utf-8-sig", newline="")
        one, two = read_bmd_references(path)["made"], read_bmd_references(other)["made"]
        assert one.curves.keys() == two.curves.keys()
        for key, curve in one.curves.items():
            assert np.array_equal(astuple(curve), astuple(two.curves[key]))

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (",s\n", ",S,m\n", "header: expected every column once, got 'm' twice"),
            ("female,10,1,0.7,0.1", "female,10,1,0.7,0.1,9", "line 3: expected as many fields as columns"),
            (
                "made,Hologic,lumbar_spine,female,10",
                "made,Hologic,lumbar_spine,female,5",
                "line 2: .*row twice",
            ),
            (",male,10,1,0.8", ",male,10,1,0", "line 5: m: expected more than 0"),
            (",male,10,1,0.8", ",male,10,1,none", "line 5: m: expected a number"),
            (",male,10,", ",male,-1,", "line 5: age: expected 0 or more .*, got '-1'"),
            (",male,10,", ",male,131,", "line 5: age: expected 0 or more and at most 130 years, got '131'"),
            (",male,10,1,0.8", ",male,10,1,800", "line 5: m: .*at most 10 g/cm2, got '800'"),
            ("lumbar_spine,male,10,1,0.8", "height,male,10,1,1.4", "line 5: m: .*20 to 260 cm, got '1.4'"),
            (",male,10,1,0.8,0.1", ",male,10,1,0.8,10", "line 5: s: expected .*less than 1, got '10'"),
            ("femoral_neck,any,10", "knee,any,10", "line 7: site: expected one of .*, got 'knee'"),
            (",male,10,", ",boy,10,", "line 5: sex: expected female, male or any"),
            (
                "made,Hologic,femoral_neck,any,12",
                "made,Lunar,femoral_neck,any,12",
                "line 2: device: expected one",
            ),
            (",s\n", ",sd\n", "expected column 's'"),
            ("device", "machine", "got 'machine'"),
            (
                "made,Hologic,lumbar_spine,male,10",
                ",Hologic,lumbar_spine,male,10",
                "line 5: reference: expected a value",
            ),
            (TABLE[TABLE.index("\n") :], "\n", "expected rows below the header"),
            (TABLE, "", "expected a CSV table"),
        ],
    )
    def test_defects_are_named(self, tmp_path, old, new, said):
        path = tmp_path / "table.csv"
        assert old in TABLE
        path.write_text(TABLE.replace(old, new))
        with pytest.raises(RuleError, match=said):
            read_bmd_references(path)

    def test_adjustment_given_twice(self, tmp_path):
        path = tmp_path / "height.csv"
        path.write_text("reference,site,sex,intercept,slope\n" + "made,lumbar_spine,F,0.1,0.5\n" * 2)
        with pytest.raises(RuleError, match="line 2: expected reference, site, sex once"):
            read_height_adjustments(path)

    def test_sites_are_known(self, reference):
        assert reference.sites == ("lumbar_spine", "femoral_neck")

    def test_file_that_is_not_there(self, tmp_path):
        with pytest.raises(RuleError, match="expected a CSV table"):
            read_bmd_references(Path(tmp_path / "gone.csv"))
