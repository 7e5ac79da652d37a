"""What cannot be estimated: a stated answer, words for what there is not, never a NaN and never a warning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement.frozen import QUICK
from agreement.strategies import CATEGORIES, grades, lengths
from spinegrade.agreement import (
    Estimate,
    Plan,
    accuracy,
    bland_altman,
    bland_altman_repeats,
    cohen_kappa,
    every_pair,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    mcnemar,
    pair_agreement,
    percent_agreement,
    precision,
    rate,
    reader_agreement,
    variance_components,
)

nan = float("nan")
SMALL = Plan(resamples=100)

TABLES = {
    "no items": np.empty((0, 2)),
    "one item": [[1, 1]],
    "one item, disagreed": [[0, 1]],
    "all missing": [[nan, nan], [nan, nan]],
    "never both": [[1, nan], [nan, 2], [0, nan]],
    "one category": [[0, 0]] * 6,
    "two constants": [[0, 1]] * 6,
    "no disagreement": [[0, 0], [1, 1], [2, 2], [3, 3]],
    "no agreement": [[0, 1], [1, 0], [2, 3], [3, 2]],
    "two items": [[0, 0], [3, 3]],
}
ALONE = {
    "one reader": [[0], [1], [2]],
    "one reader, nothing": [[nan]],
    "three readers, one reads": [[0, nan, nan]] * 3,
}


def all_estimates(values, plan, clusters=None):
    """Return every estimate there is of ratings, as grades and as measurements."""
    in_categories = rate(values, CATEGORIES, clusters)
    measured = rate(values, clusters=clusters)
    found = reader_agreement(in_categories, metrics=("nominal", "ordinal", "interval", "ratio"), plan=plan)
    found += every_pair(in_categories, plan=plan)
    found += [krippendorff_alpha(measured, metric, plan) for metric in ("interval", "ratio")]
    found += [icc(measured, form, k, plan=plan) for form in ("1", "A1", "C1") for k in (1, 2)]
    found += [icc(measured, form, by="reml", plan=plan) for form in ("1", "A1", "C1")]
    found += precision(measured, plan)
    for pair in measured.pairs():
        found += bland_altman(pair, plan=plan) + bland_altman(pair, "independent", plan)
        found += bland_altman_repeats(pair.values[:, :1], pair.values[:, 1:], pair.clusters, plan)
    return found


def check(one: Estimate):
    """Assert that an estimate has numbers or words."""
    numbers = (one.value, one.low, one.high, one.standard_error, one.design_effect)
    if one.analytic is not None:
        numbers += (one.analytic.low, one.analytic.high, one.analytic.standard_error)
    assert all(number is None or math.isfinite(number) for number in numbers), one
    if None in (one.value, one.low, one.high):
        assert one.reason, one
    if one.value is None:
        assert (one.low, one.high, one.method) == (None, None, "none"), one
    elif one.low is not None:
        assert one.low <= one.high, one


@pytest.mark.parametrize("plan", [SMALL, QUICK], ids=["resampled", "linearised"])
@pytest.mark.parametrize("name", [*TABLES, *ALONE])
def test_numbers_or_words(name, plan):
    for one in all_estimates((TABLES | ALONE)[name], plan):
        check(one)


@pytest.mark.parametrize("name", TABLES)
def test_one_patient(name):
    """All items of one patient: a value, and no interval."""
    values = np.array(TABLES[name], dtype=float)
    for one in all_estimates(values, SMALL, np.zeros(len(values), dtype=int)):
        check(one)
        assert one.low is None


@settings(max_examples=40)
@given(values=grades(), groups=st.integers(1, 4))
def test_any_grades(values, groups):
    for one in all_estimates(values, QUICK, np.arange(len(values)) % groups):
        check(one)


@settings(max_examples=40)
@given(values=lengths(low=-20.0), groups=st.integers(1, 4))
def test_any_lengths(values, groups):
    ratings = rate(values, clusters=np.arange(len(values)) % groups)
    found = [icc(ratings, form, plan=plan) for form in ("1", "A1", "C1") for plan in (SMALL, QUICK)]
    found += [*precision(ratings, SMALL), krippendorff_alpha(ratings, "interval", SMALL)]
    for one in found:
        check(one)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("no items", None, "no item was read by two readers"),
        ("all missing", None, "no item was read by two readers"),
        ("never both", None, "no item was read by two readers"),
        ("one category", None, "every rating is in one category, so agreement by chance is complete"),
        ("two constants", 0.0, "every resample has the same value"),
        ("no disagreement", 1.0, "every resample has the same value"),
        ("one item, disagreed", 0.0, "all items come from one cluster"),
        ("one item", None, "every rating is in one category"),
    ],
)
def test_kappa_in_words(name, value, reason):
    found = cohen_kappa(rate(TABLES[name], CATEGORIES), plan=SMALL)
    assert found.value == value
    assert found.reason.startswith(reason)


def test_one_category_is_full_agreement_for_those_that_can_say_so():
    ratings = rate(TABLES["one category"], CATEGORIES)
    assert gwet_ac(ratings, plan=SMALL).value == 1.0
    assert percent_agreement(ratings, plan=SMALL).value == 1.0
    assert fleiss_kappa(ratings, plan=SMALL).value is None
    found = krippendorff_alpha(ratings, plan=SMALL)
    assert (
        found.reason
        == "all values that could be compared are the same, so no disagreement is expected by chance either"
    )


def test_one_declared_category():
    found = {one.statistic: one for one in pair_agreement(rate([[0, 0]] * 3, (0,)), plan=SMALL)}
    assert found["gwet_ac"].reason == "only one category was declared, so there is nothing to disagree about"
    assert found["pabak"].reason == found["gwet_ac"].reason


def test_one_reader():
    ratings = rate(ALONE["one reader"], CATEGORIES)
    assert fleiss_kappa(ratings, plan=SMALL).reason == "no item was read by two readers"
    assert icc(rate(ALONE["one reader"]), plan=SMALL).reason == "no item was read by two readers"
    assert every_pair(ratings, plan=SMALL) == []


def test_correlation_in_words():
    assert icc(rate([[1.0, 2.0]]), plan=SMALL).reason == "one item does not say how items differ"
    same = icc(rate([[1.0, 1.0]] * 4), plan=SMALL)
    assert same.reason == "all ratings are the same, so there is no variance to divide"
    assert variance_components(rate([[1.0, 2.0]])).reason == "one item does not say how items differ"
    assert variance_components(rate([[1.0, 1.0]] * 4)).reason == same.reason
    assert variance_components(rate([[1.0, nan]] * 4)).reason == "no item was read by two readers"


def test_an_estimate_without_value_needs_words():
    with pytest.raises(ValueError, match="kappa: expected a reason for what has no value, got none"):
        Estimate(
            statistic="kappa", value=None, low=None, high=None, level=0.95, n=0, clusters=0, method="none"
        )


def test_tests_and_accuracy_of_nothing():
    empty = rate(np.empty((0, 2)), (0, 1))
    assert mcnemar(empty).exact == 1.0
    for one in accuracy(empty, []):
        check(one)
