"""Cohen's kappa of two readers: the table of 1968, R's vcd and psych, statsmodels, scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement.frozen import DATA, PYTHON, QUICK, R, from_table, graded
from agreement.strategies import CATEGORIES, grades, same
from spinegrade.agreement import (
    Plan,
    cohen_kappa,
    custom_weights,
    every_pair,
    pair_agreement,
    rate,
    weigh,
)
from spinegrade.errors import SpinegradeError

WEIGHTS = ("unweighted", "linear", "quadratic")


def test_table_of_1968():
    """Cohen J, Psychol Bull 1968;70:213, table 1: kappa .492, weighted .348, with weights from 0 to 6."""
    ratings = from_table(DATA["cohen_1968"])
    weights = custom_weights(1 - np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6, "Cohen 1968")
    plain, weighted = (cohen_kappa(ratings, one, QUICK) for one in ("unweighted", weights))
    assert round(plain.value, 3) == 0.492
    assert round(weighted.value, 3) == 0.348
    assert weighted.weights == "Cohen 1968"
    frozen = R["psych_cohen_1968"]
    assert (plain.value, weighted.value) == pytest.approx((frozen["kappa"], frozen["weighted"]), abs=1e-12)
    assert plain.analytic.standard_error**2 == pytest.approx(frozen["var_kappa"], rel=1e-10)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(
    ("name", "readers", "level"), [("pair01", (0, 1), 0.95), ("pair12_level90", (1, 2), 0.90)]
)
def test_value_error_and_interval_of_vcd(name, readers, level, weights):
    found = cohen_kappa(graded("grades").pair(*readers), weights, Plan(method="linear", level=level))
    value, error, low, high = R["vcd_kappa"][name][weights]
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.analytic.standard_error == pytest.approx(error, abs=1e-12)
    assert (found.analytic.low, found.analytic.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_value_and_error_of_statsmodels(weights):
    found = cohen_kappa(graded("grades").pair(0, 1), weights, QUICK)
    ours = (found.value, found.analytic.standard_error, found.analytic.low, found.analytic.high)
    assert ours == pytest.approx(PYTHON["statsmodels_kappa"][weights], abs=1e-12)


def test_every_pair_of_scikit_learn():
    found = every_pair(graded("grades", readers=["0", "1", "2"]), plan=QUICK)
    ours = {
        f"{one.readers[0]}{one.readers[1]} {one.weights}": one.value
        for one in found
        if one.statistic == "cohen_kappa"
    }
    assert ours == pytest.approx(PYTHON["sklearn_kappa"], abs=1e-12)


def test_only_items_that_both_read_count():
    """Gaps are left out, pair by pair."""
    ratings = graded("grades_gaps")
    pair = ratings.pair(1, 4)
    found = cohen_kappa(pair, "linear", QUICK)
    assert found.n == len(pair.values) < len(ratings.values)
    table = np.zeros((4, 4))
    np.add.at(table, tuple(pair.values.astype(int).T), 1)
    v, p = weigh("linear", 4).disagreement, table / table.sum()
    assert found.value == pytest.approx(1 - (v * p).sum() / (v * np.outer(p.sum(1), p.sum(0))).sum())


def test_two_readers_are_expected():
    with pytest.raises(SpinegradeError, match="cohen_kappa: expected two readers, got 3"):
        cohen_kappa(graded("grades"))
    with pytest.raises(SpinegradeError, match="agreement of a pair: expected two readers, got 3"):
        pair_agreement(graded("grades"))


@given(values=grades(readers=st.just(2)), weights=st.sampled_from(WEIGHTS))
def test_kappa_is_symmetric(values, weights):
    one = cohen_kappa(rate(values, CATEGORIES), weights, QUICK)
    other = cohen_kappa(rate(values[:, ::-1], CATEGORIES), weights, QUICK)
    assert same(one.value, other.value)
    assert one.n == other.n


@given(values=grades(readers=st.just(2)), order=st.permutations(range(4)), data=st.data())
def test_kappa_does_not_know_names_or_order(values, order, data):
    """Unweighted, categories may be called anything; items may come in any order."""
    renamed = np.where(np.isnan(values), np.nan, np.array(order, float)[np.nan_to_num(values).astype(int)])
    shuffled = data.draw(st.permutations(list(renamed)))
    one = cohen_kappa(rate(values, CATEGORIES), plan=QUICK)
    other = cohen_kappa(rate(np.array(shuffled), CATEGORIES), plan=QUICK)
    assert same(one.value, other.value)
