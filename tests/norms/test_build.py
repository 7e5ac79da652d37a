"""Norms made from normals whose truth is known, and from real bodies on CT."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from spinegrade.anatomy import LEVELS
from spinegrade.errors import FormatError, RuleError
from spinegrade.norms.build import Title, build_norm
from spinegrade.norms.ct import read_ct_table
from spinegrade.norms.fitting import Recipe
from spinegrade.norms.lms_fit import _unlikely, fit_lms
from spinegrade.norms.measures import PREDICTED, over_predicted, predicted_posterior, ratio
from spinegrade.norms.normals import Normals
from spinegrade.norms.trimming import sample_moments, truncated_sd

nan = np.nan
CT = Path(__file__).parents[3] / "shared" / "data" / "norms" / "ct_body_heights_t11_l5.csv"
TITLE = Title("made", "Made", "nobody")
T4, T11, T12, L1, L2 = (LEVELS.index(level) for level in ("T4", "T11", "T12", "L1", "L2"))


def normals(count=400, *, seed=0, fractured=0.0, levels=slice(T11, L2)):
    """Return people with wedge 0.95 +- 0.04 and biconcave 0.90 +- 0.03 of a posterior height of 20."""
    rng = np.random.default_rng(seed)
    heights = np.full((count, len(LEVELS), 3), nan)
    posterior = rng.normal(20, 1, (count, 1)) * rng.normal(1, 0.02, (count, len(LEVELS)))
    wedge = rng.normal(0.95, 0.04, posterior.shape)
    wedge = np.where(rng.random(wedge.shape) < fractured, wedge - 0.25, wedge)
    shapes = np.stack([wedge, rng.normal(0.90, 0.03, posterior.shape), np.ones(posterior.shape)], axis=-1)
    heights[:, levels] = (posterior[..., None] * shapes)[:, levels]
    return Normals(
        np.arange(count), rng.integers(0, 2, count), rng.uniform(40, 80, count), heights, "made up", "none"
    )


class TestMeasures:
    def test_by_hand(self):
        heights = np.full((len(LEVELS), 3), nan)
        heights[T4], heights[T11], heights[T12] = [10, 10, 10], [18, 17, 20], [19, 18, 22]
        assert ratio("wedge_ratio", heights)[T11] == pytest.approx(18 / 20)
        assert ratio("biconcave_ratio", heights)[T11] == pytest.approx(17 / 20)
        assert ratio("posterior_above", heights)[T12] == pytest.approx(22 / 20)
        assert ratio("posterior_below", heights)[T11] == pytest.approx(20 / 22)
        assert ratio("anterior_above", heights)[T12] == pytest.approx(19 / 18)
        assert ratio("middle_to_t4", heights)[T12] == pytest.approx(1.8)
        assert np.isnan(ratio("posterior_above_2", heights)[T12])

    def test_predicted_by_up_to_four_neighbours(self):
        """Neighbours of 20, 22 and 18 that are normally as high: the mean of those that are there."""
        heights = np.full((len(LEVELS), 3), nan)
        for level, posterior in ((T11, 20.0), (L1, 22.0), (L1 + 1, 18.0), (T12, 15.0)):
            heights[level] = [15.0, 14.0, posterior]
        normal = dict.fromkeys(
            ("posterior_above", "posterior_above_2", "posterior_below", "posterior_below_2"),
            np.ones(len(LEVELS)),
        )
        assert predicted_posterior(heights, normal)[T12] == pytest.approx((20 + 22 + 18) / 3)
        assert over_predicted(heights, normal)["posterior_predicted"][T12] == pytest.approx(15 / 20)
        assert np.isnan(predicted_posterior(heights, normal)[T4])


class TestTrimming:
    def test_of_a_normal_sample_moves_neither_mean_nor_sd(self):
        values = np.random.default_rng(1).normal(0.95, 0.05, 200_000)
        for trim in (2.0, 2.5, 3.0):
            found = sample_moments(values, np.ones((1, len(values))), trim)
            assert found.mean[0] == pytest.approx(0.95, abs=5e-4)
            assert found.sd[0] == pytest.approx(0.05, rel=0.01)

    def test_fractures_hardly_move_it(self):
        """With one vertebra in twenty fractured, plain SD is off by 40 %, the trimmed one by a few."""
        rng = np.random.default_rng(2)
        values = np.concatenate([rng.normal(0.95, 0.05, 9_500), rng.normal(0.72, 0.08, 500)])
        plain = sample_moments(values, np.ones((1, len(values))), None)
        trimmed = sample_moments(values, np.ones((1, len(values))), 2.5)
        assert plain.sd[0] > 0.07
        assert trimmed.sd[0] == pytest.approx(0.05, rel=0.04)
        assert trimmed.mean[0] == pytest.approx(0.95, abs=0.002)
        assert trimmed.kept[0] == pytest.approx(9_500, rel=0.02)

    def test_counts_are_repeats(self):
        """A value that counts three times is as if it were there three times."""
        values = np.random.default_rng(3).normal(1, 0.1, 60)
        counts = np.random.default_rng(4).integers(0, 4, (5, 60)).astype(float)
        for trim in (None, 2.5):
            found = sample_moments(values, counts, trim)
            for row, times in enumerate(counts.astype(int)):
                repeated = np.repeat(values, times)
                alone = sample_moments(repeated, np.ones((1, len(repeated))), trim)
                assert found.sd[row] == pytest.approx(alone.sd[0], rel=1e-6)
        plain = sample_moments(values, np.ones((1, 60)), None)
        assert plain.mean[0] == pytest.approx(values.mean())
        assert plain.sd[0] == pytest.approx(values.std(ddof=1))

    def test_truncated_sd(self):
        """By integration: the SD of a standard normal within 2 is 0.8796."""
        assert truncated_sd(2.0) == pytest.approx(0.8796, abs=5e-5)


class TestLmsFit:
    def test_finds_what_a_sample_was_drawn_from(self):
        rng = np.random.default_rng(5)
        knots = np.array([5.0, 10.0, 15.0])
        age = rng.uniform(5, 15, 20_000)
        skew, median, spread = (
            2.0,
            np.interp(age, knots, [0.5, 0.7, 0.9]),
            np.interp(age, knots, [0.1, 0.12, 0.1]),
        )
        values = median * (1 + skew * spread * rng.normal(size=age.size)) ** (1 / skew)
        found = fit_lms(values, age, knots)
        assert found[0] == pytest.approx([2.0] * 3, abs=0.15)
        assert found[1] == pytest.approx([0.5, 0.7, 0.9], rel=0.01)
        assert found[2] == pytest.approx([0.1, 0.12, 0.1], rel=0.03)

    @pytest.mark.parametrize("skew", [1.5, 1e-9, -2.0])
    def test_gradient(self, skew):
        """The gradient is the slope of the likelihood, near no skew too."""
        rng = np.random.default_rng(6)
        basis = rng.dirichlet([1, 1], 50)
        log, weight = rng.normal(0, 0.1, 50), rng.integers(0, 3, 50).astype(float)
        point = np.array([skew, 0.01, -0.02, -2.0, -2.2])
        _, gradient = _unlikely(point, log, basis, weight)
        for place in range(5):
            step = np.zeros(5)
            step[place] = 1e-6
            rise = (
                _unlikely(point + step, log, basis, weight)[0]
                - _unlikely(point - step, log, basis, weight)[0]
            )
            assert gradient[place] == pytest.approx(rise / 2e-6, abs=1e-6)

    def test_weights_are_repeats(self):
        rng = np.random.default_rng(7)
        age, values = rng.uniform(5, 15, 300), rng.normal(0.9, 0.05, 300)
        times = rng.integers(0, 3, 300)
        knots = np.array([5.0, 15.0])
        weighted = fit_lms(values, age, knots, weights=times.astype(float))
        repeated = fit_lms(np.repeat(values, times), np.repeat(age, times), knots)
        assert weighted[1] == pytest.approx(repeated[1], rel=1e-4)
        again = fit_lms(values, age, knots, weights=times.astype(float), near=weighted)
        assert again[2] == pytest.approx(weighted[2], rel=1e-3)


class TestBuild:
    def test_finds_the_truth(self):
        """Mean and SD come out as the people were made, by sex, with intervals that hold them."""
        norm = build_norm(normals(3000), Recipe(resamples=200), TITLE).norm
        rows = norm.frame.filter((norm.frame["measure"] == "wedge_ratio") & (norm.frame["level"] == "T12"))
        assert rows["sex"].to_list() == ["female", "male"]
        for row in rows.iter_rows(named=True):
            assert row["mean"] == pytest.approx(0.95, abs=0.004)
            assert row["sd"] == pytest.approx(0.04, rel=0.06)
            assert row["mean_low"] < row["mean"] < row["mean_high"]
            assert row["mean_high"] - row["mean_low"] == pytest.approx(
                2 * 1.96 * 0.04 / row["n"] ** 0.5, rel=0.25
            )
            assert row["sd_low"] < row["sd"] < row["sd_high"]

    def test_trims_fractures_away(self):
        sick = normals(3000, fractured=0.05)
        by = {}
        for trim in (2.5, None):
            norm = build_norm(sick, Recipe(trim=trim, resamples=0), TITLE, by_sex="any").norm
            by[trim] = norm.lms("wedge_ratio", age=60).value(-3.0)[T12]
        assert by[2.5] == pytest.approx(0.95 - 3 * 0.04, abs=0.012)
        assert by[None] < 0.77

    def test_same_seed_same_text(self):
        recipe = Recipe(resamples=50, seed=4)
        first, again, other = (
            build_norm(normals(100), one, TITLE, by_sex="any").text
            for one in (recipe, recipe, Recipe(resamples=50, seed=5))
        )
        assert first == again
        assert first != other

    def test_predicted_heights_are_measures_too(self):
        norm = build_norm(normals(300), Recipe(resamples=0), TITLE, by_sex="any").norm
        assert set(PREDICTED) <= set(norm.measures)
        assert norm.lms("posterior_predicted", age=60).m[T12] == pytest.approx(1.0, abs=0.01)

    def test_bands_of_age(self):
        norm = build_norm(normals(2000), Recipe(ages=(40, 60, 80), resamples=0), TITLE, by_sex="both").norm
        assert norm.frame["sex"].unique().sort().to_list() == ["any", "female", "male"]
        assert norm.frame.select("age_from", "age_to").unique().sort("age_from").rows() == [
            (40, 60),
            (60, 80),
        ]
        assert np.isnan(norm.lms("wedge_ratio", 0, 80).m[T12])

    def test_one_band_is_as_long_as_the_people_are_old(self):
        """Of people of 40 to 79 it says nothing of a child of 9, nor of somebody whose age is not known."""
        made = evolve(normals(300), age=np.linspace(40.3, 79.2, 300))
        norm = build_norm(made, Recipe(resamples=0), TITLE, by_sex="any").norm
        assert norm.frame.select("age_from", "age_to").unique().rows() == [(40.0, 80.0)]
        found = norm.lms("wedge_ratio", age=[9, 39.9, 40, 79.9, 80, nan]).m[:, T12]
        assert np.isnan(found).tolist() == [True, True, False, False, True, True]
        assert norm.header["ages"] == "40, 80 (one band, over the ages of the people)"
        assert norm.header["notes"] == "none"

    def test_people_of_no_known_age_take_no_part_beside_others(self):
        made = evolve(normals(300), age=np.r_[np.full(100, nan), np.linspace(40, 79, 200)])
        norm = build_norm(made, Recipe(resamples=0), TITLE, by_sex="any").norm
        assert set(norm.frame.filter(norm.frame["measure"] == "wedge_ratio")["n"]) == {200}
        assert norm.header["notes"] == "100 people of no known age left out"

    def test_people_counted_are_those_in_some_row(self):
        """Of 300 people 40 have no age, 30 more no sex, 20 more are of 20 years, and 3 of 90."""
        made = normals(300)
        age, sex = np.full(300, 60.0), made.sex.copy()
        age[:40], sex[30:70], age[70:90], age[90:93] = nan, -1, 20.0, 90.0
        recipe = Recipe(ages=(40, 80, 100), resamples=0)
        norm = build_norm(evolve(made, age=age, sex=sex), recipe, TITLE).norm
        assert (norm.header["people"], norm.header["spines"]) == (207, 207)
        assert norm.header["notes"].split("; ") == [
            "40 people of no known age left out",
            "30 more people of no known sex (--sexes any takes them) left out",
            "20 more people outside the ages of the norm left out",
            "3 more people in groups too small for a row, or without a ratio, left out",
        ]
        most = norm.frame.filter(norm.frame["measure"] == "wedge_ratio").group_by("level").agg(pl.sum("n"))
        assert set(most["n"]) == {207}
        of_any = build_norm(evolve(made, age=age, sex=sex), recipe, TITLE, by_sex="any").norm
        assert of_any.header["people"] == 237
        assert "of no known sex" not in of_any.header["notes"]

    def test_why_there_is_no_norm_is_said(self):
        unknown = evolve(normals(240), sex=np.full(240, -1))
        with pytest.raises(RuleError, match=r"the 240 there are: 240 people of no known sex \(--sexes any"):
            build_norm(unknown, Recipe(), TITLE)

    def test_values_and_those_kept_stand_beside_people(self):
        """Two exams a person: 240 values of 120 people, and how many of them trimming keeps."""
        once = normals(120)
        twice = evolve(
            once,
            person=np.tile(once.person, 2),
            sex=np.tile(once.sex, 2),
            age=np.tile(once.age, 2),
            heights=np.tile(once.heights, (2, 1, 1)),
        )
        norm = build_norm(twice, Recipe(resamples=0), TITLE, by_sex="any").norm
        of_wedge = norm.frame.filter(norm.frame["measure"] == "wedge_ratio")
        assert of_wedge.select("n", "values").unique().rows() == [(120, 240)]
        assert ((of_wedge["kept"] > 200) & (of_wedge["kept"] <= 240)).all()
        assert (norm.header["people"], norm.header["spines"]) == (120, 240)

    def test_nobodys_age_known_is_said(self):
        made = evolve(normals(100), age=np.full(100, nan))
        norm = build_norm(made, Recipe(resamples=0), TITLE, by_sex="any").norm
        assert norm.frame["age_from"].null_count() == norm.frame.height
        assert norm.header["ages"] == "any"
        assert norm.header["notes"] == "ages of the people not known: the norm is for any age"

    def test_too_few_people_make_no_row(self):
        with pytest.raises(RuleError, match=r"expected 30 people or more at some level.*of the 40 there are"):
            build_norm(normals(40), Recipe(), TITLE)
        norm = build_norm(normals(40), Recipe(least=15, resamples=0), TITLE).norm
        assert norm.frame["n"].min() >= 15

    def test_a_person_measured_twice_counts_once_and_is_drawn_whole(self):
        """Every spine twice over: the same mean, and intervals as wide, not narrower by the root of two."""
        once = normals(400)
        twice = Normals(
            np.tile(once.person, 2),
            np.tile(once.sex, 2),
            np.tile(once.age, 2),
            np.tile(once.heights, (2, 1, 1)),
            "",
            "",
        )
        rows = []
        for one in (once, twice):
            norm = build_norm(one, Recipe(resamples=500, trim=None), TITLE, by_sex="any").norm
            rows.append(norm.frame.filter(norm.frame["measure"] == "wedge_ratio").row(0, named=True))
        assert rows[0]["n"] == rows[1]["n"] == 400
        widths = [row["mean_high"] - row["mean_low"] for row in rows]
        assert widths[1] == pytest.approx(widths[0], rel=0.15)

    def test_lms(self):
        recipe = Recipe("lms", ages=(40, 60, 80), resamples=5)
        norm = build_norm(normals(800, levels=slice(T12, L1)), recipe, TITLE, by_sex="any").norm
        assert norm.form == "lms"
        assert norm.lms("wedge_ratio", age=[45, 70]).m[:, T12] == pytest.approx([0.95, 0.95], abs=0.01)
        assert norm.frame["m_low"].null_count() == 0

    def test_lms_wants_people_round_every_knot(self):
        recipe = Recipe("lms", ages=(10, 60, 80), resamples=0)
        with pytest.raises(RuleError, match="expected 30 people"):
            build_norm(normals(100), recipe, TITLE)
        with pytest.raises(RuleError, match="two ages or more as knots"):
            build_norm(normals(100), Recipe("lms"), TITLE)

    def test_ages_have_to_rise(self):
        with pytest.raises(ValueError, match="ages: expected rising numbers, got 50, 40"):
            Recipe(ages=(50, 40))


@pytest.mark.skipif(not CT.exists(), reason="shared/data is not on this machine")
class TestRealCt:
    def test_bodies_on_ct(self):
        """Adults: wedged at T11-T12, square or higher in front from L2 on; men are the more wedged."""
        norm = build_norm(read_ct_table(CT), Recipe(resamples=100), TITLE).norm
        women, men = (norm.lms("wedge_ratio", sex, 60).m for sex in (0, 1))
        levels = [LEVELS.index(level) for level in ("T11", "T12", "L1", "L2", "L3", "L4", "L5")]
        assert (np.diff(women[levels]) > 0).all()
        assert (men[levels] < women[levels]).all()
        assert women[T12] == pytest.approx(0.96, abs=0.01)
        assert "biconcave_ratio" not in norm.measures
        assert norm.header["people"] == 679
        assert "93 people of no known age left out; 30 more people of no known sex" in norm.header["notes"]
        with CT.open() as file:
            given = [
                float(row["wedge_ratio_L1"])
                for row in csv.DictReader(file)
                if row["wedge_ratio_L1"] and row["sex"] == "female" and not row["wedge_rejected_L1"]
            ]
        plain = build_norm(read_ct_table(CT), Recipe(resamples=0, trim=None), TITLE).norm
        assert plain.lms("wedge_ratio", 0, 60).m[L1] == pytest.approx(np.mean(given), abs=0.002)

    def test_what_failed_there_is_left_out(self):
        found = read_ct_table(CT)
        assert found.count == 802
        assert found.notes[0] == "86 vertebrae left out, their measurement marked as failed there"
        assert np.isnan(found.heights[0, LEVELS.index("L2")]).all()
        assert np.isnan(found.heights[..., 1]).all()


class TestCtTable:
    HEADER = "case,age,sex,body_height_L1_mm,body_height_post_L1_mm\n"

    def test_cell_that_is_no_number(self, tmp_path):
        path = tmp_path / "ct.csv"
        path.write_text(self.HEADER + "1,50,male,28,30\n2,old,male,28,30\n")
        with pytest.raises(FormatError, match="case 2: age: expected a number, got 'old'"):
            read_ct_table(path)

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ("1,50,male,0,30\n", "case 1: anterior L1: expected a height above 0, got 0"),
            ("1,50,male,28,30\n2,50,male,28,-3\n", "case 2: posterior L1: expected a height above 0, got -3"),
            ("1,50,male,99,30\n1,50,male,17,30\n", "case: expected every person once, got 1 again"),
        ],
    )
    def test_heights_that_are_none_and_people_twice(self, tmp_path, rows, words):
        path = tmp_path / "ct.csv"
        path.write_text(self.HEADER + rows)
        with pytest.raises(FormatError, match=words):
            read_ct_table(path)

    def test_without_a_measured_body(self, tmp_path):
        path = tmp_path / "ct.csv"
        path.write_text(self.HEADER + "1,50,male,,30\n")
        with pytest.raises(FormatError, match="expected at least one vertebra"):
            read_ct_table(path)

    def test_file_that_is_not_there(self, tmp_path):
        with pytest.raises(FormatError, match="expected a CSV table"):
            read_ct_table(tmp_path / "gone.csv")
