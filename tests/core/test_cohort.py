"""Before and after treatment, against the printed figures of a study; survival, against other programs."""

from __future__ import annotations

import csv
import itertools
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spinegrade.cohort import (
    WILCOXON_METHODS,
    WILCOXON_WORDS,
    compare_before_after,
    correlate_ranks,
    summarise,
)
from spinegrade.errors import ReadingError, SpinegradeError
from spinegrade.followup.asking import Asking
from spinegrade.followup.cohort_rows import COHORT_SCHEMA, cohort_rows, time_to_fracture, time_to_reshaping
from spinegrade.followup.compare import compare
from spinegrade.survival import event_rate, kaplan_meier
from spines import heights, sound, table

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "survival.toml").read_text("utf-8"))
TABLE = Path(__file__).parents[3] / "shared" / "data" / "cohort" / "pamidronate_table1.csv"


@pytest.fixture(scope="module")
def study():
    """Give the columns of the printed table of 13 children before and after pamidronate."""
    if not TABLE.exists():
        pytest.skip("needs the printed table of the pamidronate study")
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("age_first_dose", "followup_mo", "ls0", "fn0", "ls1", "fn1", "fx_before", "fx_after")
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


class TestPamidronate:
    """Each figure as the study prints it, from the table that it prints."""

    @pytest.mark.parametrize(
        ("column", "n", "mean", "sd"),
        [
            ("age_first_dose", 13, 12.7, 4.3),
            ("ls0", 13, -3.8, 1.4),
            ("fn0", 11, -5.7, 2.4),
            ("ls1", 13, -1.6, 1.9),
            ("fn1", 11, -3.6, 3.0),
        ],
    )
    def test_means_and_deviations_that_reproduce(self, study, column, n, mean, sd):
        """The femoral neck was measured in 11 of the 13, which the text does not say."""
        found = summarise(study[column])
        assert (found.n, round(found.mean, 1), round(found.sd, 1)) == (n, mean, sd)

    def test_ranges_fractures_and_rises_that_reproduce(self, study):
        age, months = summarise(study["age_first_dose"]), summarise(study["followup_mo"])
        assert (age.low, age.high, months.low, months.high) == (5.8, 17.8, 12.0, 50.0)
        assert (study["fx_before"] > 0).sum() == 5
        found = compare_before_after(study["ls0"], study["ls1"])
        assert (found.risen, found.fallen, found.equal) == (13, 0, 0)

    def test_femoral_neck_reproduces_by_the_normal_approximation(self, study):
        """Printed 0.029."""
        found = compare_before_after(study["fn0"], study["fn1"], "normal")
        assert (found.change.n, found.statistic, round(found.p, 5)) == (11, 8.5, 0.02922)
        assert compare_before_after(study["fn0"], study["fn1"], "exact").p == pytest.approx(0.0273, abs=5e-5)

    def test_correlation_at_the_femoral_neck_reproduces(self, study):
        """Printed r = 0.123, p = 0.718."""
        found = correlate_ranks(study["followup_mo"], study["fn1"] - study["fn0"])
        assert (found.n, round(found.rho, 4), round(found.p, 3)) == (11, 0.1233, 0.718)

    def test_one_mean_duration_does_not_reproduce(self, study):
        """Printed 25.9 months, the table gives 26.9: a slip of a digit, as SD and range agree."""
        found = summarise(study["followup_mo"])
        assert (round(found.mean, 2), round(found.sd, 1)) == (26.92, 11.9)
        assert study["followup_mo"].sum() == 350
        assert round(25.9 * 13) == 337

    def test_two_p_of_the_lumbar_spine_is_not_the_exact_one(self, study):
        """Printed 0.001: by the normal approximation 0.00147, exactly 0.00024; the method is not named."""
        p = {m: compare_before_after(study["ls0"], study["ls1"], m) for m in WILCOXON_METHODS}
        assert {found.statistic for found in p.values()} == {0.0}
        assert p["exact"].p == pytest.approx(2 / 2**13)
        assert round(p["normal"].p, 5) == 0.00147
        assert round(p["normal-corrected"].p, 5) == 0.00166
        assert [round(p[m].p, 3) for m in WILCOXON_METHODS] == [0.0, 0.001, 0.002]

    def test_three_correlation_at_the_lumbar_spine_needs_unrounded_values(self, study):
        """Printed r = 0.650, p = 0.016; the rounded table gives 0.631 and 0.021.

        Patients 4 and 11 rose by 0.3 and 0.4, which rounding may have exchanged: with their ranks exchanged
        the printed figures come out.
        """
        rise = study["ls1"] - study["ls0"]
        found = correlate_ranks(study["followup_mo"], rise)
        assert (round(found.rho, 4), round(found.p, 4), found.ties) == (0.6309, 0.0208, True)
        rise[[3, 10]] = rise[[10, 3]]
        exchanged = correlate_ranks(study["followup_mo"], rise)
        assert (round(exchanged.rho, 4), round(exchanged.p, 3)) == (0.6501, 0.016)


class TestBeforeAfter:
    def test_the_method_is_named(self):
        for method in WILCOXON_METHODS:
            found = compare_before_after([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], method)
            assert found.method == WILCOXON_WORDS[method]
            assert found.method.startswith("Wilcoxon signed-rank, ")

    @given(st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=9))
    def test_exact_p_counts_all_changes_of_sign(self, changes):
        """Ties and all, against the plain enumeration."""
        found = compare_before_after(np.zeros(len(changes)), changes)
        ranks = stats.rankdata(np.abs(changes))
        sums = [np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(changes))]
        expected = min(1.0, 2 * np.mean(np.array(sums) <= found.statistic + 1e-9))
        assert found.p == pytest.approx(expected)

    @given(st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=5, max_size=40))
    def test_normal_p_is_that_of_scipy(self, changes):
        if not any(changes):
            return
        for method, correction in (("normal", False), ("normal-corrected", True)):
            found = compare_before_after(np.zeros(len(changes)), changes, method)
            with np.errstate(all="ignore"):
                expected = stats.wilcoxon(changes, correction=correction, method="asymptotic")
            assert found.statistic == pytest.approx(expected.statistic)
            assert found.p == pytest.approx(min(expected.pvalue, 1.0))

    def test_exact_p_without_ties_is_that_of_scipy(self):
        changes = np.random.default_rng(1).normal(0.3, 1, 25)
        assert compare_before_after(np.zeros(25), changes).p == pytest.approx(
            stats.wilcoxon(changes, method="exact").pvalue
        )

    def test_who_lacks_a_value_or_did_not_change(self):
        found = compare_before_after([1.0, np.nan, 3.0, 4.0], [1.0, 2.0, 5.0, np.nan])
        assert (found.before.n, found.after.n, found.change.n) == (3, 3, 2)
        assert (found.risen, found.fallen, found.equal, found.p) == (1, 0, 1, 1.0)

    def test_nobody_changed(self):
        found = compare_before_after([1.0, 2.0], [1.0, 2.0])
        assert found.equal == 2
        assert np.isnan([found.statistic, found.p]).all()

    def test_differences_that_only_a_computer_tells_apart_tie(self):
        """0.3 - 0.1 and 0.4 - 0.2 differ in the last bit."""
        assert 0.3 - 0.1 != 0.4 - 0.2
        found = compare_before_after([0.1, 0.2, 0.0], [0.3, 0.4, -0.2])
        assert (found.statistic, found.p) == (2.0, 1.0)

    def test_what_is_refused(self):
        with pytest.raises(SpinegradeError, match=r"two lists of equal length, got shapes \(2,\) and \(3,\)"):
            compare_before_after([1, 2], [1, 2, 3])
        with pytest.raises(SpinegradeError, match=r"method: expected one of exact, normal, .* got 'auto'"):
            compare_before_after([1], [2], "auto")
        with pytest.raises(SpinegradeError, match="two lists of equal length"):
            correlate_ranks([[1, 2]], [[1, 2]])

    def test_too_few_values(self):
        assert summarise([np.nan]).n == 0
        assert np.isnan(summarise([]).mean)
        assert (summarise([4.0]).mean, np.isnan(summarise([4.0]).sd)) == (4.0, True)
        assert np.isnan(correlate_ranks([1, 1, 1], [1, 2, 3]).rho)
        assert not correlate_ranks([1.0, 2, 3, np.nan], [3, 1, 2, 9]).ties


class TestSurvival:
    @pytest.mark.parametrize("case", CASES["curve"], ids=[case["name"] for case in CASES["curve"]])
    def test_as_r_lifelines_and_statsmodels_have_it(self, case):
        found = kaplan_meier(case["time"], np.array(case["event"], dtype=bool))
        assert found.times.tolist() == case["times"]
        assert found.at_risk.tolist() == case["at_risk"]
        assert found.events.tolist() == case["events"]
        np.testing.assert_allclose(found.survival, case["survival"], atol=1e-12)
        known = len(case["low"])
        np.testing.assert_allclose(found.low[:known], case["low"], rtol=1e-9)
        np.testing.assert_allclose(found.high[:known], case["high"], rtol=1e-9)
        assert np.isnan(found.low[known:]).all()
        assert np.isnan(found.high[known:]).all()
        assert (found.median, found.n) == (case["median"], len(case["time"]))

    @pytest.mark.parametrize("case", CASES["rate"], ids=[str(case["events"]) for case in CASES["rate"]])
    def test_rates_as_r_has_them(self, case):
        found = event_rate(case["events"], 12.5)
        assert (found.low, found.high) == (pytest.approx(case["low"]), pytest.approx(case["high"]))
        assert found.value == case["events"] / 12.5

    def test_at_any_time(self):
        found = kaplan_meier([6, 12, 12, 24], [True, False, True, False])
        assert found.at(5.9) == (1.0, 1.0, 1.0)
        assert found.at(6.0)[0] == 0.75
        assert found.at(100)[0] == 0.5
        assert np.isnan(kaplan_meier([6, 12], [False, False]).median)

    @given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=30))
    def test_without_losses_it_is_the_share_that_is_left(self, data):
        time = [one for one, _ in data]
        found = kaplan_meier(time, [True] * len(time))
        for at, share in zip(found.times, found.survival, strict=True):
            assert share == pytest.approx(np.mean(np.array(time) > at))
        censored = kaplan_meier(time, [one for _, one in data])
        assert ((np.diff(censored.survival) <= 0) & (censored.survival[1:] >= 0)).all()

    @pytest.mark.parametrize("time", [[-1.0, 2.0], [np.nan, 2.0]])
    def test_times_that_nobody_can_have(self, time):
        with pytest.raises(SpinegradeError, match=r"expected times of 0 or more, got (-1|nan): dates in the"):
            kaplan_meier(time, [True, False])

    def test_what_else_is_refused(self):
        with pytest.raises(SpinegradeError, match="as many times as events"):
            kaplan_meier([1.0], [True, False])
        with pytest.raises(SpinegradeError, match="rate: expected time at risk and 0 or more events, got 1"):
            event_rate(1, 0.0)
        with pytest.raises(SpinegradeError, match="got -1 events in 2"):
            event_rate(-1, 2.0)


def film(patient, year, *, reader="R1", **lost):
    """Return a landmark table of one spine in mm, read in that year."""
    sides = heights(**{level: (loss, 0.0, 0.0) for level, loss in lost.items()})
    cells = {"patient": patient, "exam": f"{patient}-{year}", "reader": reader}
    return table(sides, spacing=(0.2, 0.2), date=[date(year, 3, 1)] * 13, **cells)


@pytest.fixture
def cohort():
    """Give four patients: new fracture after two years, none in three, reshaped, fractured throughout."""
    return [
        *(film("A", 2018), film("A", 2019), film("A", 2020, T7=0.3, L1=0.3)),
        *(film("B", 2018), film("B", 2021)),
        *(film("C", 2018, T6=0.3, T9=0.45), film("C", 2019, T6=0.0, T9=0.3), film("C", 2020)),
        *(film("D", 2018, L2=0.3), film("D", 2019, L2=0.3, L4=0.3)),
        film("E", 2018, T8=0.3),
    ]


def figures(rows, statistic, about):
    """Return the rows of one statistic of something."""
    return [row for row in rows.to_dicts() if (row["statistic"], row["about"]) == (statistic, about)]


class TestCohort:
    def test_time_to_the_first_new_fracture(self, cohort):
        found = time_to_fracture(compare(sound(*cohort), Asking()))
        assert dict(zip("ABCD", zip(found.months, found.event, strict=True), strict=True)) == {
            "A": (24.0, True),
            "B": (36.0, False),
            "C": (24.0, False),
            "D": (12.0, True),
        }

    def test_time_to_reshaping(self, cohort):
        """T6 of C after a year, T9 after two, L2 of D not in one; those never seen again do not count."""
        vertebrae, patients = time_to_reshaping(compare(sound(*cohort), Asking()))
        assert sorted(zip(vertebrae.months, vertebrae.event, strict=True)) == [
            (12.0, False),
            (12.0, True),
            (24.0, True),
        ]
        assert sorted(zip(patients.months, patients.event, strict=True)) == [(12.0, False), (24.0, True)]

    def test_figures(self, cohort):
        rows = cohort_rows([compare(sound(*cohort), Asking())])
        assert dict(rows.schema) == {name: kind() for name, kind in COHORT_SCHEMA.items()}
        incidence = figures(rows, "incidence", "first new fracture, patients")
        assert [(row["months"], row["value"], row["n"], row["events"]) for row in incidence] == [
            (12.0, 0.25, 4, 1),
            (24.0, 0.5, 4, 2),
        ]
        (rate,) = figures(rows, "incidence_rate", "patients with a new fracture in 100 patient-years")
        assert (rate["value"], rate["events"]) == (pytest.approx(100 * 2 / 8), 2)
        reshaped = figures(rows, "reshaped", "fractured vertebrae")
        assert [(row["months"], round(row["value"], 4)) for row in reshaped] == [(12.0, 0.3333), (24.0, 1.0)]
        assert [(row["n"], row["at_risk"]) for row in reshaped] == [(3, 3), (3, 1)]
        assert [row["at_risk"] for row in incidence] == [4, 3]  # who leaves in that month is still at risk
        assert (rate["at_risk"], rate["n"]) == (None, 4)
        assert reshaped[0]["low"] < 0.3333 < reshaped[0]["high"]
        assert (reshaped[1]["low"], reshaped[1]["high"]) == (None, None)
        (median,) = figures(rows, "median_months_reshaped", "fractured vertebrae")
        assert (median["months"], median["at_risk"]) == (24.0, None)
        new = {
            row["about"]: (row["events"], row["n"])
            for row in rows.to_dicts()
            if row["statistic"] == "new_fractures"
        }
        assert {level: counts for level, counts in new.items() if counts[0]} == {
            "T7": (1, 4),
            "L1": (1, 4),
            "L4": (1, 4),
        }
        assert "too narrow" in reshaped[0]["method"]

    def test_patients_in_portions_are_the_cohort(self, cohort):
        """What is computed some thousand patients at a time is the same as all at once."""
        whole = cohort_rows([compare(sound(*cohort), Asking())])
        parts = cohort_rows([compare(sound(*part), Asking()) for part in (cohort[:5], cohort[5:])])
        assert whole.equals(parts)

    def test_a_patient_read_by_two(self, cohort):
        with pytest.raises(
            ReadingError, match=r"got several of patient B \(by R1, R2\); --reader and --occasion"
        ):
            cohort_rows([compare(sound(*cohort, film("B", 2020, reader="R2")), Asking())])

    def test_dates_that_cannot_be_told_are_no_time_without_a_fracture(self, cohort):
        """By a rule of mm the film of another scale says nothing."""
        small = film("B", 2021).with_columns(row_spacing_mm=0.1, column_spacing_mm=0.1)
        compared = compare(sound(*cohort[:4], small), Asking(rule="followup-wu-1995"))
        found = time_to_fracture(compared)
        assert found.months.tolist() == [24.0]
        assert not any(
            "incidence" in row
            for row in cohort_rows([compare(sound(film("B", 2018), small), Asking(rule="followup-wu-1995"))])[
                "statistic"
            ]
        )
