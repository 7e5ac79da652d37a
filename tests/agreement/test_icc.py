"""Intraclass correlation: Shrout and Fleiss 1979, R's psych and lme4, pingouin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agreement.frozen import FEW, PYTHON, QUICK, R, array
from agreement.strategies import lengths
from spinegrade.agreement import icc, rate, variance_components
from spinegrade.agreement.crossed import as_tables, crossed_sums
from spinegrade.agreement.icc import reml_icc
from spinegrade.agreement.reml import criterion, fit
from spinegrade.agreement.sums import cluster_error, gradient
from spinegrade.errors import SpinegradeError

nan = float("nan")
FORMS = ("1", "A1", "C1")
OF_PSYCH = {
    ("1", 1): "ICC1",
    ("A1", 1): "ICC2",
    ("C1", 1): "ICC3",
    ("1", 0): "ICC1k",
    ("A1", 0): "ICC2k",
    ("C1", 0): "ICC3k",
}


@pytest.mark.parametrize(
    ("form", "average_of", "name", "printed"),
    [
        ("1", 1, "icc_1", 0.17),
        ("A1", 1, "icc_a1", 0.29),
        ("C1", 1, "icc_c1", 0.71),
        ("1", 4, "icc_k", 0.44),
        ("A1", 4, "icc_ak", 0.62),
        ("C1", 4, "icc_ck", 0.91),
    ],
)
def test_six_targets_and_four_judges_of_1979(form, average_of, name, printed):
    """Shrout PE, Fleiss JL, Psychol Bull 1979;86:420, tables 2 and 4."""
    found = icc(rate(array("shrout_fleiss_1979")), form, average_of, plan=QUICK)
    assert round(found.value, 2) == printed
    assert found.statistic == name
    assert found.about == (None if average_of == 1 else "mean of 4 readings")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("name", ["shrout_fleiss_1979", "heights"])
def test_values_and_f_intervals_of_psych(name, averaged, form):
    ratings = rate(array(name))
    found = icc(ratings, form, len(ratings.readers) if averaged else 1, plan=QUICK)
    frozen = R["psych_icc"][name][OF_PSYCH[form, 0 if averaged else 1]]
    assert (found.value, found.analytic.low, found.analytic.high) == pytest.approx(frozen, abs=1e-10)
    if name == "heights":
        other = {"1": "1,", "A1": "A,", "C1": "C,"}[form] + ("k" if averaged else "1")
        assert found.value == pytest.approx(PYTHON["pingouin_icc"][f"ICC({other})"], abs=1e-10)


@pytest.mark.parametrize("name", ["heights_gaps", "heights", "grades_gaps", "shrout_fleiss_1979"])
def test_variances_of_lme4(name):
    """Crossed random effects of items and readers; lme4 stops at about six digits."""
    found, frozen = variance_components(rate(array(name))), R["lme4"][name]
    assert found.items == pytest.approx(frozen["item"], rel=2e-5)
    assert found.readers == pytest.approx(frozen["reader"], rel=2e-5)
    assert found.rest == pytest.approx(frozen["rest"], rel=2e-5)


@pytest.mark.parametrize("name", ["heights_gaps", "grades_gaps"])
def test_correlations_of_lme4(name):
    ratings, frozen = rate(array(name)), R["lme4"][name]
    whole = frozen["item"] + frozen["reader"] + frozen["rest"]
    assert icc(ratings, "A1", plan=FEW).value == pytest.approx(frozen["item"] / whole, rel=1e-5)
    assert icc(ratings, "C1", plan=FEW).value == pytest.approx(
        frozen["item"] / (whole - frozen["reader"]), rel=1e-5
    )
    alone = R["lme4"][f"{name}_oneway"]
    one = icc(ratings, "1", plan=FEW)
    assert one.value == pytest.approx(alone["item"] / (alone["item"] + alone["rest"]), rel=1e-5)


@pytest.mark.parametrize("name", ["heights_gaps", "grades_gaps", "shrout_fleiss_1979"])
def test_restricted_likelihood_of_lme4(name):
    """The criterion itself, with the constant that is left out here."""
    layout, sums = crossed_sums(rate(array(name)))
    tables = as_tables(sums.total[None], layout)
    found = fit(sums.total[None], layout)
    value = criterion(tables, found.t, found.s)[0][0]
    freedom = tables.number[0] - 1
    whole = value + freedom * (1 + np.log(2 * np.pi / freedom))
    assert whole == pytest.approx(R["lme4"][name]["criterion"], abs=1e-6)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(values=lengths(gaps=False), form=st.sampled_from(FORMS))
def test_without_gaps_reml_is_analysis_of_variance(values, form):
    """Where the variances of analysis of variance are all above 0."""
    ratings = rate(values)
    by_anova = icc(ratings, form, by="anova", plan=QUICK).value
    assume(by_anova is not None)
    items, rest = values.mean(axis=1).var(ddof=1), values - values.mean(axis=1, keepdims=True)
    columns = rest - rest.mean(axis=0)
    number, readers = values.shape
    error = (columns**2).sum() / ((number - 1) * (readers - 1))
    over_readers = number * rest.mean(axis=0).var(ddof=1)
    within = (rest**2).sum() / (number * (readers - 1))
    assume(error > 1e-3 and readers * items > 1.01 * max(error, within))
    assume(form == "1" or over_readers > 1.01 * error)
    assert icc(ratings, form, by="reml", plan=QUICK).value == pytest.approx(by_anova, abs=1e-8)


def test_many_fits_at_once_are_the_fits_one_by_one():
    """A resample in which a cluster comes twice is a sample with that cluster copied."""
    values = array("heights_gaps")
    patient = np.repeat(np.arange(len(values) // 3), 3)
    layout, sums = crossed_sums(rate(values, clusters=patient))
    weights = np.random.default_rng(1).multinomial(
        len(sums.clusters), np.full(len(sums.clusters), 1 / len(sums.clusters)), 5
    )
    together = fit(weights @ sums.clusters, layout)
    for row, t, s in zip(weights, together.t, together.s, strict=True):
        copied = np.concatenate([np.tile(values[patient == c], (n, 1)) for c, n in enumerate(row)])
        alone = variance_components(rate(copied))
        assert t**2 == pytest.approx(alone.items / alone.rest, rel=1e-6)
        assert s**2 == pytest.approx(alone.readers / alone.rest, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_linearised_error_is_that_of_a_jackknife(form):
    """The slopes of a fit by the sums, against fits without each patient and fits of moved sums."""
    values = array("heights_gaps")
    layout, sums = crossed_sums(rate(values, clusters=np.arange(len(values)) // 2))
    statistic = reml_icc(layout, form, 1)
    left = statistic.at(sums.total - sums.clusters)
    number = len(left)
    assert cluster_error(statistic, sums) == pytest.approx(((number - 1) * left.var()) ** 0.5, rel=0.15)
    size = 1e-4 * np.sqrt((sums.clusters**2).sum(axis=0))
    moved = np.flatnonzero(size)
    both = [statistic.at(sums.total + side * np.diag(size)[moved]) for side in (1, -1)]
    np.testing.assert_allclose(
        gradient(statistic, sums)[moved] * size[moved], (both[0] - both[1]) / 2, atol=1e-10
    )


@pytest.mark.parametrize("seed", range(5))
def test_one_way_fits_know_no_readers(seed):
    """However much readers differ: the minimum of the criterion along t alone, with s at 0."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (60, 1)) + rng.normal(0, 1, (1, 4)) + rng.normal(0, 0.5, (60, 4))
    values[rng.random(values.shape) < 0.4] = nan
    layout, sums = crossed_sums(rate(values))
    found = fit(sums.total[None], layout, with_readers=False)
    assert found.s[0] == 0.0
    grid = np.linspace(0.0, 3.0, 3001)
    along = criterion(as_tables(np.repeat(sums.total[None], 3001, axis=0), layout), grid, np.zeros(3001))[0]
    assert found.t[0] == pytest.approx(grid[along.argmin()], abs=0.001)


def test_a_variance_of_nothing_is_zero():
    """Readers who do not differ at all, beyond their noise."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(200, 1)) + rng.normal(size=(200, 4))
    values -= values.mean(axis=0)
    values[rng.random(values.shape) < 0.1] = nan
    found = variance_components(rate(values))
    assert found.readers == 0.0
    assert found.items == pytest.approx(1.0, abs=0.25)
    estimate = icc(rate(values), "A1", plan=FEW)
    assert estimate.value == icc(rate(values), "C1", plan=FEW).value
    assert estimate.low < estimate.value < estimate.high


def test_intervals_beside_each_other():
    """By likelihood and by resampling, of data that follow the model, both are near the truth of 0.6."""
    rng = np.random.default_rng(4)
    values = (
        rng.normal(0, 0.6**0.5, (400, 1))
        + rng.normal(0, 0.1**0.5, (1, 8))
        + rng.normal(0, 0.3**0.5, (400, 8))
    )
    values[rng.random(values.shape) < 0.6] = nan
    found = icc(rate(values), "C1", plan=FEW)
    assert found.low < 2 / 3 < found.high
    assert (found.analytic.low, found.analytic.high) == pytest.approx((found.low, found.high), abs=0.03)
    assert found.design_effect == pytest.approx(1.0, abs=1e-9)
    assert found.method == "bootstrap over clusters, BCa"


def test_readers_without_noise():
    """With gaps and no disagreement at all the correlation is 1, and resampling has nothing to say."""
    values = np.array([[1.0, 1.0, nan], [2.0, 2.0, 2.0], [5.0, nan, 5.0], [3.0, 3.0, nan]])
    found = icc(rate(values), "A1", plan=FEW)
    assert found.value == 1.0
    assert "every resample has the same value" in found.reason
    complete = icc(rate(np.repeat([[1.0], [2.0], [5.0]], 3, axis=1)), "A1", plan=FEW)
    assert complete.value == pytest.approx(1.0)
    assert complete.analytic is None


def test_shifted_readers_are_consistent_and_do_not_agree():
    values = np.add.outer([1.0, 2.0, 5.0, 4.0], [0.0, 2.0, 1.0])
    assert icc(rate(values), "C1", plan=QUICK).value == pytest.approx(1.0)
    assert icc(rate(values), "A1", plan=QUICK).value == pytest.approx((10 / 3) / (10 / 3 + 1))


def test_too_many_cells_are_not_kept(monkeypatch):
    """Then there is no design effect; the rest is the same."""
    from spinegrade.agreement import crossed

    ratings = rate(array("heights_gaps"))
    before = icc(ratings, plan=FEW)
    monkeypatch.setattr(crossed, "_MOST_CELLS", 10)
    after = icc(ratings, plan=FEW)
    assert (before.value, before.low) == (after.value, after.low)
    assert (before.design_effect is None, after.design_effect is None) == (False, True)


def test_words_that_are_unknown():
    ratings = rate(array("heights"))
    with pytest.raises(SpinegradeError, match="icc form: expected 1, A1, C1, got '2'"):
        icc(ratings, "2")
    with pytest.raises(SpinegradeError, match="icc by: expected auto, anova, reml, got 'bayes'"):
        icc(ratings, by="bayes")
    with pytest.raises(SpinegradeError, match="expected the mean of 1 reading or more, got 0"):
        icc(ratings, average_of=0)
    with pytest.raises(
        SpinegradeError, match="icc by anova: expected every item read by all 5 readers, got gaps"
    ):
        icc(rate(array("heights_gaps")), by="anova")
