"""Krippendorff's alpha: the reliability data of 2011, the package krippendorff, and every pair by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement.frozen import IRRCAC, PYTHON, QUICK, array, graded
from agreement.strategies import CATEGORIES, grades, lengths, same
from spinegrade.agreement import krippendorff_alpha, rate
from spinegrade.errors import ReadingError, SpinegradeError

METRICS = ("nominal", "ordinal", "interval", "ratio")


@pytest.mark.parametrize(
    ("metric", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_reliability_data_of_2011(metric, printed):
    """Four observers, twelve units: Krippendorff K, Computing Krippendorff's Alpha-Reliability, 2011."""
    assert round(krippendorff_alpha(graded("krippendorff_2011"), metric, QUICK).value, 3) == printed


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["krippendorff_2011", "grades", "grades_gaps", "grades_singles"])
def test_values_of_krippendorff(name, metric):
    found = krippendorff_alpha(graded(name), metric, QUICK)
    assert found.value == pytest.approx(PYTHON["krippendorff"][f"{name} {metric}"], abs=1e-12)
    assert found.weights == metric


@pytest.mark.parametrize(
    "name", ["krippendorff_2011", "grades", "grades_gaps", "grades_singles", "heights_gaps"]
)
@pytest.mark.parametrize("metric", ["interval", "ratio"])
def test_measurements_without_categories(name, metric):
    """The same numbers, without a table of categories: zeros among them, for ratio."""
    found = krippendorff_alpha(rate(array(name)), metric, QUICK)
    assert found.value == pytest.approx(PYTHON["krippendorff"][f"{name} {metric}"], abs=1e-11)


@pytest.mark.parametrize("name", ["fleiss_1971", "grades", "grades_gaps"])
@pytest.mark.parametrize(("weights", "metric"), [("identity", "nominal"), ("quadratic", "interval")])
def test_standard_errors_of_irrcac(name, weights, metric):
    """Which leaves out the factor (n - 1) / n that alpha has, n the number of ratings."""
    ratings = graded(name)
    number = int(ratings.read.sum())
    found = krippendorff_alpha(ratings, metric, QUICK).analytic.standard_error
    frozen = IRRCAC[f"{name} {weights} krippendorff"]["se"]
    assert found * number / (number - 1) == pytest.approx(frozen, rel=2e-4)


def by_hand(values, metric):
    """Return 1 - D_o / D_e over every pair of values, one by one; None where D_e is 0."""
    units = [row[~np.isnan(row)] for row in values]
    units = [unit for unit in units if len(unit) > 1]
    every = np.concatenate(units) if units else np.empty(0)
    rank = {value: (every < value).sum() + (every == value).sum() / 2 for value in every}

    def apart(a, b):
        if metric == "nominal":
            return float(a != b)
        if metric == "ordinal":
            return (rank[a] - rank[b]) ** 2
        if metric == "interval":
            return (a - b) ** 2
        return ((a - b) / (a + b)) ** 2 if a + b else 0.0

    observed = sum(apart(a, b) / (len(unit) - 1) for unit in units for a in unit for b in unit)
    expected = sum(apart(a, b) for a in every for b in every)
    if expected < 1e-9:
        return None
    return 1 - (len(every) - 1) * observed / expected


@given(values=grades(), metric=st.sampled_from(METRICS))
def test_grades_pair_by_pair(values, metric):
    found = krippendorff_alpha(rate(values, CATEGORIES), metric, QUICK)
    assert same(found.value, by_hand(values, metric))


@given(values=lengths(low=0.0), metric=st.sampled_from(["interval", "ratio"]))
def test_measurements_pair_by_pair(values, metric):
    found = krippendorff_alpha(rate(values), metric, QUICK)
    expected = by_hand(values, metric)
    if expected is not None and found.value is not None:
        assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-6)
    else:
        assert expected is None or abs(np.nanmax(values) - np.nanmin(values)) < 0.05


def test_ratio_over_many_orders_of_magnitude():
    """The number of frequencies follows the span of the values."""
    rng = np.random.default_rng(3)
    values = np.exp(rng.uniform(-60, 60, (40, 1)) + rng.normal(0, 0.5, (40, 3)))
    found = krippendorff_alpha(rate(values), "ratio", QUICK)
    assert found.value == pytest.approx(by_hand(values, "ratio"), abs=1e-11)


def test_many_measurements_are_quick_and_small(monkeypatch):
    """What the package krippendorff would need 109 GiB for; items are then not kept one by one."""
    from spinegrade.agreement import krippendorff

    monkeypatch.setattr(krippendorff, "_MOST_CELLS", 1000)
    rng = np.random.default_rng(5)
    values = 20 + rng.normal(0, 2, (60_000, 1)) + rng.normal(0, 1, (60_000, 2))
    interval, ratio = (krippendorff_alpha(rate(values), metric, QUICK) for metric in ("interval", "ratio"))
    assert interval.value == pytest.approx(0.8, abs=0.01)
    assert ratio.value == pytest.approx(interval.value, abs=0.01)
    assert interval.design_effect == pytest.approx(1.0)
    assert ratio.design_effect is None
    assert ratio.analytic.method == "clusters independent, large sample"


def test_what_alpha_does_not_take():
    with pytest.raises(
        SpinegradeError, match="metric: expected nominal, ordinal, interval, ratio, got 'cubic'"
    ):
        krippendorff_alpha(graded("grades"), "cubic")
    with pytest.raises(SpinegradeError, match="of measurements: expected interval or ratio, got ordinal"):
        krippendorff_alpha(rate(array("heights")), "ordinal")
    with pytest.raises(ReadingError, match="ratio metric: expected no value below 0, got -1"):
        krippendorff_alpha(rate([[-1.0, 2.0]]), "ratio")
