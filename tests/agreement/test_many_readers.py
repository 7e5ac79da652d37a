"""Fleiss' and Conger's kappa and Gwet's AC of many readers: published values, irrCAC, statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement.frozen import DATA, IRRCAC, PYTHON, QUICK, from_table, graded
from agreement.strategies import CATEGORIES, grades, same
from spinegrade.agreement import (
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    pabak,
    percent_agreement,
    rate,
    reader_agreement,
)

SETS = ("krippendorff_2011", "fleiss_1971", "grades", "grades_gaps", "grades_singles")
WEIGHTS = {"identity": "unweighted", "linear": "linear", "quadratic": "quadratic"}
STATISTICS = {"fleiss": fleiss_kappa, "conger": conger_kappa, "gwet": gwet_ac}


def test_diagnoses_of_fleiss_1971():
    """30 patients, 6 psychiatrists, 5 diagnoses: kappa 0.430 (Fleiss, Psychol Bull 1971;76:378)."""
    ratings = graded("fleiss_1971")
    assert np.bincount(ratings.values.astype(int).ravel()).tolist() == [26, 26, 30, 55, 43]
    found = fleiss_kappa(ratings, plan=QUICK)
    assert round(found.value, 3) == 0.430
    assert found.value == pytest.approx(PYTHON["statsmodels_fleiss"]["fleiss_1971"], abs=1e-12)
    grades_of_three = fleiss_kappa(graded("grades"), plan=QUICK)
    assert grades_of_three.value == pytest.approx(PYTHON["statsmodels_fleiss"]["grades"], abs=1e-12)


def test_rare_finding_of_gwet():
    """118 and 0 agreed, 5 and 2 not: kappa -0.023 beside AC1 0.941, the paradox of high agreement.

    Gwet KL, Kappa statistic is not satisfactory for assessing the extent of agreement between raters, 2002.
    """
    ratings = from_table(DATA["gwet_2002"])
    assert round(cohen_kappa(ratings, plan=QUICK).value, 4) == -0.0234
    assert round(gwet_ac(ratings, plan=QUICK).value, 4) == 0.9408


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("name", SETS)
def test_values_of_irrcac(name, statistic, weights):
    """With every pattern of gaps, items that one reader read included."""
    found = STATISTICS[statistic](graded(name), WEIGHTS[weights], QUICK)
    assert found.value == pytest.approx(
        IRRCAC[f"{name} {weights} {statistic}"]["coefficient_value"], abs=2e-12
    )


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("name", ["fleiss_1971", "grades", "grades_gaps"])
def test_standard_errors_of_irrcac(name, statistic, weights):
    """Where every item was read twice or more; else irrCAC takes the number of those that were for fixed."""
    found = STATISTICS[statistic](graded(name), WEIGHTS[weights], QUICK)
    assert found.analytic.standard_error == pytest.approx(
        IRRCAC[f"{name} {weights} {statistic}"]["se"], rel=1e-9
    )


@pytest.mark.parametrize("name", SETS)
def test_agreement_and_pabak_of_irrcac(name):
    """PABAK with q categories is the coefficient of Brennan and Prediger."""
    ratings = graded(name)
    frozen = IRRCAC[f"{name} identity bp"]
    assert pabak(ratings, QUICK).value == pytest.approx(frozen["coefficient_value"], abs=2e-12)
    assert percent_agreement(ratings, plan=QUICK).value == pytest.approx(frozen["pa"], abs=2e-12)
    linear = percent_agreement(ratings, "linear", QUICK).value
    assert linear == pytest.approx(IRRCAC[f"{name} linear fleiss"]["pa"], abs=2e-12)


def test_items_read_once_count_for_categories_only():
    """The number of items is that of those on which agreement can be seen."""
    ratings = graded("grades_singles")
    found = fleiss_kappa(ratings, plan=QUICK)
    assert found.n == int((ratings.read.sum(axis=1) > 1).sum()) < len(ratings.values)


def test_standard_error_with_items_read_once():
    """Linearised, it is that of a jackknife over items, to first order."""
    ratings = graded("grades_singles")
    found = gwet_ac(ratings, "quadratic", QUICK)
    number = len(ratings.values)
    left = [gwet_ac(ratings.where(np.arange(number) != at), "quadratic", QUICK).value for at in range(number)]
    jackknife = np.sqrt((number - 1) * np.var(left))
    assert found.analytic.standard_error == pytest.approx(jackknife, rel=0.05)


@given(values=grades(readers=st.just(2), gaps=False), weights=st.sampled_from(sorted(WEIGHTS.values())))
def test_of_two_readers_conger_is_cohen(values, weights):
    ratings = rate(values, CATEGORIES)
    assert same(conger_kappa(ratings, weights, QUICK).value, cohen_kappa(ratings, weights, QUICK).value)


@given(values=grades(), data=st.data())
def test_order_of_items_and_readers_does_not_matter(values, data):
    ratings = rate(values, CATEGORIES)
    rows = data.draw(st.permutations(range(len(values))))
    columns = data.draw(st.permutations(range(values.shape[1])))
    turned = rate(values[rows][:, columns], CATEGORIES)
    for statistic in STATISTICS.values():
        assert same(statistic(ratings, "linear", QUICK).value, statistic(turned, "linear", QUICK).value)


@given(values=grades(), order=st.permutations(range(4)))
def test_unweighted_does_not_know_names(values, order):
    renamed = np.where(np.isnan(values), np.nan, np.array(order, float)[np.nan_to_num(values).astype(int)])
    for statistic in (*STATISTICS.values(), krippendorff_alpha):
        one, other = (statistic(rate(some, CATEGORIES), plan=QUICK) for some in (values, renamed))
        assert same(one.value, other.value)


@given(values=grades(readers=st.integers(2, 4)))
def test_fleiss_by_its_definition(values):
    """Pairs of readings counted one by one."""
    apart, shares = [], np.zeros(4)
    read = [row[~np.isnan(row)] for row in values]
    for row in read:
        if len(row):
            shares += [np.mean(row == category) for category in CATEGORIES]
        if len(row) > 1:
            differ = [a != b for i, a in enumerate(row) for j, b in enumerate(row) if i != j]
            apart.append(np.mean(differ))
    found = fleiss_kappa(rate(values, CATEGORIES), plan=QUICK)
    expected = 1 - ((shares / max(shares.sum(), 1)) ** 2).sum()
    if not apart or expected < 1e-12:
        assert found.value is None
        assert found.reason
    else:
        assert found.value == pytest.approx(1 - np.mean(apart) / expected)


def test_many_readers_have_too_many_patterns_to_number():
    """With 40 readers the number of what they could say does not fit into 64 bits."""
    rng = np.random.default_rng(4)
    values = rng.integers(0, 4, (30, 40)).astype(float)
    values[rng.random(values.shape) < 0.5] = np.nan
    found = fleiss_kappa(rate(values, CATEGORIES), plan=QUICK)
    half = fleiss_kappa(rate(values[:, :20], CATEGORIES), plan=QUICK)
    assert abs(found.value) < 0.05
    assert abs(half.value) < 0.1


def test_all_statistics_at_once_are_those_one_by_one():
    """The same value, and with the same seed the same interval."""
    ratings = graded("grades_gaps")
    found = {(one.statistic, one.weights): one for one in reader_agreement(ratings)}
    for name, statistic in (
        ("fleiss_kappa", fleiss_kappa),
        ("conger_kappa", conger_kappa),
        ("gwet_ac", gwet_ac),
    ):
        assert found[name, "linear"] == statistic(ratings, "linear")
    assert found["krippendorff_alpha", "ordinal"] == krippendorff_alpha(ratings, "ordinal")
