"""Intervals by resampling clusters: R's boot, brute force, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from agreement.frozen import FEW, QUICK, R, array, graded
from spinegrade.agreement import Plan, cohen_kappa, fleiss_kappa, icc, rate
from spinegrade.agreement.coefficients import cohen_kappa_of, fleiss_kappa_of
from spinegrade.agreement.estimating import estimate
from spinegrade.agreement.resampling import (
    _draw,
    acceleration,
    bca_limits,
    percentile_limits,
    resample,
    skewness_of_jackknife,
)
from spinegrade.agreement.sums import Statistic, Sums, cluster_error, gradient, item_error
from spinegrade.agreement.tallies import tally

nan = float("nan")
CLUSTERS = np.repeat(np.arange(20), 3)


def grades(seed=0, patients=20):
    """Return grades of two readers, alike within patients of three items."""
    rng = np.random.default_rng(seed)
    seen = np.repeat(rng.normal(0, 1, patients), 3)[:, None] + rng.normal(0, 0.8, (3 * patients, 2))
    return rate(np.searchsorted([0.5, 1.2, 2.0], seen), (0, 1, 2, 3), np.repeat(np.arange(patients), 3))


def test_limits_of_boot():
    """The same replicates and influence values; boot interpolates between replicates on another scale."""
    draws, influence = array("replicates")[:, 0], array("influence")[:, 0]
    frozen = R["boot"]
    assert percentile_limits(draws, 0.95) == pytest.approx(frozen["percent"], abs=2e-4)
    centred = influence - influence.mean()
    speed = skewness_of_jackknife(-influence, np.ones(len(influence)))
    assert speed == pytest.approx((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    speed_of_boot = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)  # it does not take off the mean
    assert bca_limits(draws, frozen["t0"], speed_of_boot, 0.95) == pytest.approx(frozen["bca"], abs=1e-3)


def test_a_resample_is_the_sample_with_clusters_copied():
    """Weights times tables give the kappa of the ratings of the drawn patients, put below each other."""
    ratings = grades()
    place, sums = tally(ratings)
    statistic = cohen_kappa_of(place, "linear")
    weights = np.random.default_rng(3).multinomial(20, np.full(20, 0.05), 10)
    quick = statistic.at(weights @ sums.clusters)
    for row, value in zip(weights, quick, strict=True):
        items = np.concatenate(
            [np.flatnonzero(ratings.clusters == c) for c, n in enumerate(row) for _ in range(n)]
        )
        copied = cohen_kappa(rate(ratings.values[items], (0, 1, 2, 3)), "linear", QUICK)
        assert value == pytest.approx(copied.value)


def test_weights_of_one_give_the_value():
    for name in ("grades", "grades_gaps", "grades_singles"):
        place, sums = tally(graded(name))
        rows, counts = sums.distinct
        np.testing.assert_allclose(counts @ rows, sums.total, rtol=1e-12)
        statistic = fleiss_kappa_of(place)
        assert statistic.at((counts @ rows)[None])[0] == pytest.approx(
            fleiss_kappa(graded(name), plan=QUICK).value
        )


@pytest.mark.parametrize("groups", [3, 400])
def test_clusters_are_drawn_evenly(groups):
    """Whether by numbers of each kind or one by one: means and variances of a multinomial distribution."""
    counts = np.bincount(np.arange(1000) % groups).astype(float)
    drawn = _draw(np.random.default_rng(1), counts, 3000)
    assert (drawn.sum(axis=1) == 1000).all()
    share = counts / 1000
    np.testing.assert_allclose(drawn.mean(axis=0), counts, rtol=0.12)
    assert np.mean(drawn.var(axis=0) / (1000 * share * (1 - share))) == pytest.approx(1.0, abs=0.05)


def test_the_seed_and_not_the_memory_decides():
    _, sums = tally(grades())
    whole = resample(sums, Plan(resamples=300, seed=5))
    np.testing.assert_array_equal(whole, resample(sums, Plan(resamples=300, seed=5, memory=1)))
    assert not np.array_equal(whole, resample(sums, Plan(resamples=300, seed=6)))


def test_different_rows_of_one_hash_are_not_taken_for_one(monkeypatch):
    from spinegrade.agreement import sums as module

    monkeypatch.setattr(module, "_PRIME", np.uint64(0))
    _, sums = tally(grades())
    rows, counts = evolve(sums).distinct
    np.testing.assert_array_equal(rows, sums.clusters)
    assert counts.tolist() == [1.0] * 20


def test_gradient_and_errors_by_jackknife():
    """Linearised over clusters, the standard error is the jackknife's to first order."""
    ratings = grades(patients=60)
    place, sums = tally(ratings)
    statistic = cohen_kappa_of(place, "quadratic")
    left = statistic.at(sums.total - sums.clusters)
    jackknife = np.sqrt(59 / 60 * ((left - left.mean()) ** 2).sum())
    assert cluster_error(statistic, sums) == pytest.approx(jackknife, rel=0.05)
    assert acceleration(statistic, sums) == pytest.approx(skewness_of_jackknife(left, np.ones(60)))
    by_hand = [
        (statistic.at(sums.total + step) - statistic.at(sums.total - step)) / 2e-4
        for step in 1e-4 * np.eye(len(sums.total))
    ]
    used = sums.total > 0
    np.testing.assert_allclose(gradient(statistic, sums)[used], np.array(by_hand)[used], atol=1e-8)


def test_design_effect_of_copies():
    """Every item three times in its patient: the variance is three times that of independent items."""
    once = grades()
    values = np.repeat(once.values, 3, axis=0)
    found = cohen_kappa(rate(values, (0, 1, 2, 3), np.repeat(np.arange(60), 3)), plan=QUICK)
    assert found.design_effect == pytest.approx(3.0, rel=0.02)
    assert found.clusters == 60
    alone = cohen_kappa(rate(values, (0, 1, 2, 3)), plan=QUICK)
    assert alone.design_effect == pytest.approx(1.0)


def test_errors_agree_with_resampling():
    ratings = grades(seed=4, patients=80)
    found = cohen_kappa(ratings, "linear", Plan(seed=2))
    linear = cohen_kappa(ratings, "linear", QUICK)
    assert linear.standard_error == pytest.approx(found.standard_error, rel=0.06)
    assert (linear.low, linear.high) == pytest.approx((found.low, found.high), abs=0.03)
    percentile = cohen_kappa(ratings, "linear", Plan(seed=2, method="percentile"))
    assert (percentile.low, percentile.high) == pytest.approx((found.low, found.high), abs=0.03)
    assert percentile.method == "bootstrap over clusters, percentile"
    assert found.method == "bootstrap over clusters, BCa"


@pytest.mark.parametrize("method", ["bca", "percentile", "linear"])
def test_intervals_hold_the_truth_as_often_as_they_say(method):
    """200 studies of 40 patients at 90 %: within three SD of that share, or a little below."""
    rng = np.random.default_rng(8)
    plan = Plan(resamples=400, level=0.9, method=method)
    truth = fleiss_kappa(grades_of(rng, 60_000), plan=QUICK).value
    held = 0
    for _ in range(200):
        found = fleiss_kappa(grades_of(rng, 40), plan=plan)
        held += found.low <= truth <= found.high
    assert 0.9 - 0.075 <= held / 200 <= 0.965


def grades_of(rng, patients):
    """Return binary ratings of three readers, alike within patients of four items."""
    seen = np.repeat(rng.normal(0, 1, patients), 4)[:, None] + rng.normal(0, 0.7, (4 * patients, 1))
    seen = seen + rng.normal(0, 0.7, (4 * patients, 3))
    return rate((seen > 0.8).astype(float), (0, 1), np.repeat(np.arange(patients), 4))


def test_as_if_independent_the_interval_is_too_narrow():
    """Which the design effect says."""
    rng = np.random.default_rng(9)
    ratings = grades_of(rng, 100)
    found = fleiss_kappa(ratings, plan=FEW)
    independent = fleiss_kappa(rate(ratings.values, (0, 1)), plan=FEW)
    assert found.design_effect > 1.15
    assert found.high - found.low > 1.05 * (independent.high - independent.low)


def test_few_clusters_are_warned_of():
    found = cohen_kappa(grades(patients=14), plan=FEW)
    assert found.warnings[0] == "only 14 clusters: with fewer than 15 the interval is likely too narrow"
    assert cohen_kappa(grades(patients=15), plan=FEW).warnings == ()


def test_resamples_without_a_value_are_counted():
    """One patient has the only fracture: without that patient there is one category, and no kappa."""
    values = np.zeros((20, 2))
    values[0] = 1
    found = cohen_kappa(rate(np.vstack([values, [[1, 0], [0, 1]]]), (0, 1), [*range(20), 0, 0]), plan=FEW)
    assert found.resamples < 400
    assert any("resamples had no value and were left out" in one for one in found.warnings)


def test_all_resamples_on_one_side():
    """A statistic that no resample exceeds has no BCa; the percentile interval stands in, and says so."""
    greatest = Statistic("spread", lambda sums: 1.0 - (sums[..., 1] / sums[..., 0] - 0.5) ** 2, "")
    clusters = np.column_stack([np.ones(4001), np.r_[np.zeros(2000), 0.5, np.ones(2000)]])
    clusters[:, 1] += 1e-9  # so that no resample is quite as great
    (found,) = estimate(Sums(clusters, 4001), [greatest], Plan(resamples=100))
    assert found.method == "bootstrap over clusters, percentile"
    assert "all resamples lie to one side of the value" in found.warnings[0]


def test_acceleration_where_leaving_one_out_leaves_nothing():
    assert skewness_of_jackknife(np.empty(0), np.empty(0)) == 0.0
    assert skewness_of_jackknife(np.ones(3), np.ones(3)) == 0.0


def test_errors_that_have_no_meaning_are_none():
    statistic = Statistic("mean", lambda sums: sums[..., 0], "")
    assert item_error(statistic, Sums(np.ones((3, 1)), 3)) is None
    assert cluster_error(statistic, Sums(np.ones((1, 1)), 3)) is None


@pytest.mark.parametrize(
    "given", [{"resamples": 10}, {"level": 1.0}, {"level": 0.0}, {"method": "magic"}, {"memory": 0}]
)
def test_plans_that_make_no_sense(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Plan(**given)


def test_refitted_models_are_linearised():
    ratings = rate(array("heights_gaps"), clusters=np.arange(57) // 3)
    linear, found = (icc(ratings, "C1", plan=plan) for plan in (QUICK, FEW))
    assert linear.standard_error == pytest.approx(found.standard_error, rel=0.25)
    assert linear.method == "linearised over clusters, t"
