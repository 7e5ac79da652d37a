"""Percent agreement, PABAK, prevalence and bias, specific agreement: R's epiR and tables by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreement.frozen import DATA, FEW, PYTHON, QUICK, R, array, from_table, graded
from spinegrade.agreement import pabak, pair_agreement, percent_agreement, rate, reader_agreement
from spinegrade.agreement.intervals import wilson_limits


def by_name(found):
    return {one.statistic if one.about is None else f"{one.statistic} {one.about}": one for one in found}


def test_two_categories_of_epir():
    """Its first category is positive, ours the second, which turns the signs of its indices."""
    found = by_name(pair_agreement(from_table(DATA["binary"]), weights=["unweighted"], plan=QUICK))
    frozen = R["epiR_kappa"]
    assert found["percent_agreement"].value == pytest.approx(frozen["prop_agree"][0])
    assert found["pabak"].value == pytest.approx(frozen["pabak"][0])
    assert found["prevalence_index"].value == pytest.approx(-frozen["pindex"][0])
    assert found["bias_index"].value == pytest.approx(-frozen["bindex"][0])
    assert found["cohen_kappa"].value == pytest.approx(frozen["kappa"][0])


def test_specific_agreement_by_hand():
    """Of [[40, 9], [3, 48]]: 96 of 108 ratings yes, 80 of 92 ratings no (Cicchetti and Feinstein 1990)."""
    found = by_name(pair_agreement(from_table(DATA["binary"]), plan=QUICK))
    assert found["positive_agreement 1"].value == pytest.approx(96 / 108)
    assert found["negative_agreement 0"].value == pytest.approx(80 / 92)
    assert found["prevalence 1"].value == pytest.approx((51 + 57) / 200)


def test_paradox_of_1990():
    """Feinstein AR, Cicchetti DV, J Clin Epidemiol 1990;43:543, doi 10.1016/0895-4356(90)90158-L.

    Tables with 0.85 agreement each, kappa 0.70 and 0.32.
    """
    for table, kappa in (([[40, 9], [6, 45]], 0.70), ([[80, 10], [5, 5]], 0.32)):
        found = by_name(pair_agreement(from_table(table), weights=["unweighted"], plan=QUICK))
        assert found["percent_agreement"].value == 0.85
        assert found["pabak"].value == pytest.approx(0.70)
        assert round(found["cohen_kappa"].value, 2) == kappa


def test_specific_agreement_of_many_readers():
    """Ordered pairs of readings of one item, counted one by one, through gaps."""
    values = array("grades_gaps")
    found = [
        one
        for one in reader_agreement(graded("grades_gaps"), plan=QUICK)
        if one.statistic == "specific_agreement"
    ]
    rows = [row[~np.isnan(row)] for row in values]
    for grade, one in enumerate(found):
        others = [
            b for row in rows for i, a in enumerate(row) for j, b in enumerate(row) if i != j and a == grade
        ]
        assert one.value == pytest.approx(np.mean(np.array(others) == grade))
        assert one.about == str(grade)


def test_agreement_of_two_has_wilsons_interval():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, statsmodels, R's prop.test)."""
    for frozen in (R["wilson_81_263"], PYTHON["wilson_81_263"]):
        assert wilson_limits(81 / 263, 263, 0.95) == pytest.approx(frozen, abs=1e-12)
    found = percent_agreement(from_table([[81, 100], [82, 0]]), plan=QUICK)
    assert (found.analytic.low, found.analytic.high) == pytest.approx(R["wilson_81_263"], abs=1e-12)
    assert found.analytic.method == "Wilson, items independent"


def test_full_agreement_still_has_an_interval_by_formula():
    """Resampling cannot make a disagreement where there is none, and says so."""
    found = percent_agreement(from_table(np.diag([10, 10])), plan=FEW)
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert found.reason == "every resample has the same value, so resampling cannot say how sure it is"
    assert found.analytic.low == pytest.approx(20 / (20 + 1.959964**2))
    assert found.analytic.high == 1.0


def test_pabak_of_two_is_twice_agreement_less_one():
    ratings = rate([[0, 0], [1, 0], [1, 1], [0, 0], [1, 1]], (0, 1))
    assert pabak(ratings, QUICK).value == pytest.approx(2 * percent_agreement(ratings, plan=QUICK).value - 1)
