"""Norm files: what they hold, how they are looked up, and what is refused."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from norms.norm_files import HEADER, LMS, MEAN_SD, norm, norm_text
from spinegrade.anatomy import LEVELS
from spinegrade.errors import RuleError
from spinegrade.norms import load_norm, norm_ids
from spinegrade.norms.files import read_norm
from spinegrade.norms.lms import Curve, Lms
from spinegrade.norms.table import WHY_NO_NORM

nan = np.nan
T10, T12, L1, L3, L4 = (LEVELS.index(level) for level in ("T10", "T12", "L1", "L3", "L4"))


def at(level, value):
    """Return a value at one level, nothing elsewhere."""
    values = np.full(len(LEVELS), nan)
    values[level] = value
    return values


class TestLms:
    @pytest.mark.parametrize("skew", [-2.0, -1e-9, 0.0, 1e-9, 1.0, 3.0])
    @given(z=st.floats(-2.5, 2.5))
    def test_value_and_z_undo_each_other(self, skew, z):
        lms = Lms(np.array(skew), np.array(0.9), np.array(0.06))
        assert lms.z(lms.value(z)) == pytest.approx(z, abs=1e-6)

    def test_no_skew_is_the_logarithm(self):
        lms = Lms(np.array(0.0), np.array(2.0), np.array(0.5))
        assert lms.z(2.0 * np.exp(-1.0)) == pytest.approx(-2.0)

    def test_what_is_not_above_zero_has_none(self):
        lms = Lms(np.array(0.5), np.array(2.0), np.array(0.5))
        assert np.isnan(lms.z([0.0, -1.0, nan])).all()
        assert np.isnan(lms.value(-10.0))

    def test_curve_runs_straight_and_ends(self):
        curve = Curve(*np.array([[5.0, 10.0], [1.0, 2.0], [0.5, 0.7], [0.1, 0.2]]))
        found = curve.at([4.9, 5.0, 7.5, 10.0, 10.1, nan])
        assert found.m == pytest.approx([nan, 0.5, 0.6, 0.7, nan, nan], nan_ok=True)
        assert found.l[2] == pytest.approx(1.5)


class TestGaca:
    """The one paediatric number that is confirmed: 0.893 at T10-L3."""

    def test_comes_along(self):
        assert norm_ids() == ("gaca-2010",)
        assert load_norm("gaca-2010").form == "percentile"
        assert "2010;194:516" in load_norm("gaca-2010").citation

    @pytest.mark.parametrize(
        ("ratio", "age", "level", "below"),
        [
            (0.892, 8, T12, 1),
            (0.893, 8, T12, 0),
            (0.894, 8, T12, 0),
            (0.79, 8, T10, 1),
            (0.85, 17.9, L3, 1),
            (0.85, 18, L3, nan),
            (0.85, 50, L3, nan),
            (0.85, nan, L3, nan),
            (0.85, 8, L4, nan),
            (nan, 8, L3, nan),
        ],
    )
    def test_below_the_5th_percentile(self, ratio, age, level, below):
        """It speaks of children, at the levels where it was found, and of nobody whose age is unknown."""
        found = load_norm("gaca-2010").below("wedge_ratio", at(level, ratio), age=age)
        assert found[level] == pytest.approx(below, nan_ok=True)

    def test_is_apart_from_genant(self):
        """Between 0.80 and the line a body is below the percentile, and no fracture."""
        from spinegrade.genant import grade_spines
        from spinegrade.genant_rule import genant_rule

        heights = np.full((len(LEVELS), 3), 20.0)
        heights[T12] = [17.0, 19.0, 20.0]
        below = load_norm("gaca-2010").below("wedge_ratio", heights[:, 0] / heights[:, 2], age=9)
        assert below[T12] == 1
        assert grade_spines(heights, genant_rule("genant-1993")).grade[T12] == 0

    def test_a_ratio_on_the_line_is_not_below_it(self):
        """Heights of 89.3 and 100 make a ratio of 0.8929999999999999, on paper 0.893."""
        heights = np.full((len(LEVELS), 3), 100.0)
        heights[T10:L3, 0] = [89.3, 8.93 * 10, 89.299, 89.301, 89.3]
        found = load_norm("gaca-2010")
        values = found.ratios(heights)["wedge_ratio"]
        assert found.below("wedge_ratio", values, age=9)[T10:L3].tolist() == [0, 0, 1, 0, 0]
        for size in (1.0, 7.0, 17.0, 100 / 3):
            values = found.ratios(heights * size)["wedge_ratio"]
            assert found.below("wedge_ratio", values, age=9)[T10] == 0

    def test_has_no_z_score(self):
        assert np.isnan(load_norm("gaca-2010").z("wedge_ratio", at(T12, 0.85), age=9)).all()


class TestLookUp:
    def test_bands_of_age_and_sexes(self):
        """A band takes its lower end and leaves its upper one to the next."""
        one = norm(
            [
                "wedge_ratio,T12,female,40,50,0.95,0.05",
                "wedge_ratio,T12,female,50,60,0.93,0.05",
                "wedge_ratio,T12,any,40,60,0.90,0.05",
            ]
        )
        sex, age = [0, 0, 0, 0, 1, -1], [40, 49.99, 50, 60, 45, 45]
        assert one.lms("wedge_ratio", sex, age).m[:, T12] == pytest.approx(
            [0.95, 0.95, 0.93, nan, 0.90, 0.90], nan_ok=True
        )

    def test_z(self):
        one = norm(["wedge_ratio,T12,any,,,0.95,0.05"])
        assert one.z("wedge_ratio", at(T12, 0.80))[T12] == pytest.approx(-3.0)

    def test_lms_table(self):
        one = norm(["wedge_ratio,T12,any,10,1,0.97,0.05", "wedge_ratio,T12,any,5,1,0.95,0.05"], "lms")
        assert one.lms("wedge_ratio", 0, [4, 5, 7.5, 10, 11]).m[:, T12] == pytest.approx(
            [nan, 0.95, 0.96, 0.97, nan], nan_ok=True
        )

    def test_why_there_is_none(self):
        one = norm(["wedge_ratio,T12,female,40,50,0.95,0.05", "wedge_ratio,L1,any,,,1,0.05"])
        sex, age = [0, 1, -1, 0, 0], [45, 45, 45, nan, 60]
        why = one.why("wedge_ratio", sex, age)
        assert [WHY_NO_NORM[place] for place in why[:, T12]] == [
            "", "sex not in the norm", "sex not known", "age not known", "age outside the norm",
        ]  # fmt: skip
        assert {WHY_NO_NORM[place] for place in why[:, L1]} == {""}
        assert {WHY_NO_NORM[place] for place in why[:, L3]} == {"level not in the norm"}

    def test_expected_ratios(self):
        """What the norm does not know of any level stays as it is; a level that it lacks is not known."""
        wedge = norm(["wedge_ratio,T12,any,,,0.95,0.05"]).expected_ratios()
        assert wedge[T12].tolist() == [0.95, 1.0, 1.0]
        assert np.isnan(wedge[L1, :2]).all()
        both = norm(
            ["wedge_ratio,T12,any,,,0.95,0.05", "biconcave_ratio,T12,any,,,0.9,0.05"]
        ).expected_ratios()
        assert both[T12].tolist() == [0.95, 0.9, 1.0]

    def test_every_shape_of_people(self):
        one = norm(["wedge_ratio,T12,female,40,50,0.95,0.05"])
        assert one.lms("wedge_ratio", 0, 45).m.shape == (23,)
        assert one.lms("wedge_ratio", [[0, 1]], [[45], [46], [60]]).m.shape == (3, 2, 23)


class TestFiles:
    def test_stamp(self, tmp_path):
        text = norm_text(["wedge_ratio,T12,any,,,0.95,0.05"])
        path = tmp_path / "mine.csv"
        path.write_bytes(text.replace("\n", "\r\n").encode())
        assert (
            load_norm(str(path)).stamp
            == f"norm made revision 2 sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        )

    SHEET = "wedge_ratio;T12;any;40;50;0,95;0,05"

    @pytest.mark.parametrize("extra", ["", ";;"])
    def test_semicolons_and_decimal_commas_of_a_spreadsheet(self, extra):
        """What a spreadsheet makes of a norm where commas are decimal is the same norm."""
        plain = norm(["wedge_ratio,T12,any,40,50,0.95,0.05"])
        head = "".join(f"{line}{extra}\n" for line in HEADER.format(form="mean-sd").splitlines())
        table = f"{MEAN_SD.strip().replace(',', ';')}{extra}\n{self.SHEET}{extra}\n{extra}\n"
        assert read_norm((head + table).encode(), "made.csv").frame.equals(plain.frame)
        tabs = (head + table).replace(";", "\t")
        assert read_norm(tabs.encode(), "made.csv").frame.equals(plain.frame)

    def test_a_head_that_a_spreadsheet_quoted(self):
        plain = norm(["wedge_ratio,T12,any,40,50,0.95,0.05"])
        quoted = "".join(
            f'"{line.replace(chr(34), chr(34) * 2)}";;\n' if '"' in line else f"{line};;\n"
            for line in HEADER.format(form="mean-sd").splitlines()
        )
        text = quoted + MEAN_SD.replace(",", ";") + self.SHEET
        assert read_norm(text.encode(), "made.csv").frame.equals(plain.frame)

    def test_a_field_too_many_is_refused_there_too(self):
        text = HEADER.format(form="mean-sd") + MEAN_SD.strip().replace(",", ";") + f";\n{self.SHEET};7\n"
        with pytest.raises(RuleError, match="expected as many fields in every row as columns, got more"):
            read_norm(text.encode(), "made.csv")

    @pytest.mark.parametrize("name", ["gaca", "", "../tables/gaca-2010"])
    def test_unknown_norm(self, name):
        with pytest.raises(RuleError, match=r"norms: expected gaca-2010 or a \.csv file, got"):
            load_norm(name)

    def test_file_that_is_not_there(self, tmp_path):
        with pytest.raises(RuleError, match=r"gone\.csv: expected a norm file, got No such file"):
            load_norm(str(tmp_path / "gone.csv"))

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('# id = "made"\n', "", "id: expected str at the head of the file, got None"),
            ("revision = 2", "revision = true", "revision: expected int"),
            ("norm/1", "norm/9", "format: expected spinegrade-norm/1, got"),
            ('"mean-sd"', '"means"', "form: expected mean-sd or lms or percentile, got 'means'"),
            ('"made"', "made", "expected TOML in the lines that begin with #"),
            (MEAN_SD, "measure,level,sex,age_from,age_to,mean\n", "expected .* once each, got 0 times: sd"),
            (",sd\n", ",sd,colour\n", "got unknown column 'colour'"),
            (",sd\n", ",sd,sd\n", "got 2 times: sd"),
            ("wedge_ratio", "slope", "line 9: measure: expected one of wedge_ratio, .*, got 'slope'"),
            ("T12", "S1", r"line 9: level: expected one of C3\.\.L6, got 'S1'"),
            ("any", "all", "line 9: sex: expected one of female, male, any, got 'all'"),
            ("0.95", "high", "line 9: mean: expected a number above 0, got 'high'"),
            ("0.95", "", "line 9: mean: expected a number above 0, got None"),
            ("0.95", "nan", "line 9: mean: expected a number above 0, got 'nan'"),
            ("0.95", "95", "line 9: mean: expected a ratio as 0.95, no percentage, got '95'"),
            ('id = "made"', 'id = " "', "id: expected a name, got ' '"),
            ("0.05", "0", "line 9: sd: expected a number above 0, got '0'"),
            ("40,50", "40,", "line 9: age_from, age_to: expected both or neither"),
            ("40,50", "50,40", "line 9: age_to: expected an age above age_from"),
            ("40,50", "forty,50", "line 9: age_from: expected a number, got 'forty'"),
            (
                "0.05\n",
                "0.05\nwedge_ratio,T12,any,49,60,0.9,0.1\n",
                "line 10: age_from: .*overlap, got 49 inside",
            ),
            ("0.05\n", "0.05\nwedge_ratio,T12,any,,,0.9,0.1\n", "line 9: age_from: .*overlap, got 40 inside"),
            ("0.05\n", "0.05,7\n", "expected as many fields in every row as columns"),
            ("wedge_ratio,T12,any,40,50,0.95,0.05\n", "", "expected rows below the header, got none"),
            (MEAN_SD + "wedge_ratio,T12,any,40,50,0.95,0.05\n", "", "expected measure, level"),
        ],
    )
    def test_defects_are_named(self, old, new, said):
        text = norm_text(["wedge_ratio,T12,any,40,50,0.95,0.05"])
        assert old in text
        with pytest.raises(RuleError, match=said) as caught:
            read_norm(text.replace(old, new).encode(), "made.csv")
        assert str(caught.value).startswith("made.csv: ")
        assert "\n" not in str(caught.value)

    def test_age_given_twice(self):
        rows = ["wedge_ratio,T12,any,5,1,0.9,0.1"] * 2
        with pytest.raises(RuleError, match=r"line 9: age: expected each age .* once, got 5 twice"):
            read_norm((HEADER.format(form="lms") + LMS + "\n".join(rows)).encode(), "made.csv")

    def test_bytes_that_are_no_text(self):
        with pytest.raises(RuleError, match="expected a norm in UTF-8"):
            read_norm(b"# \xff", "made.csv")

    def test_packaged_norms_are_filed_under_their_ids(self):
        for name in norm_ids():
            content = (resources.files("spinegrade.norms") / "tables" / f"{name}.csv").read_bytes()
            assert load_norm(name).id == name
            assert load_norm(name).sha256 == hashlib.sha256(content).hexdigest()
