"""Bias and limits of agreement: the peak flow meters of Bland and Altman 1986, R."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement.frozen import DATA, FEW, QUICK, R, array
from spinegrade.agreement import bland_altman, bland_altman_repeats, rate
from spinegrade.errors import SpinegradeError

WRIGHT, MINI = (np.reshape(DATA["pefr"][meter], (-1, 2)) for meter in ("wright", "mini"))
nan = float("nan")


def by_name(found):
    return {one.statistic: one for one in found}


def test_first_readings_of_two_meters():
    """Bias -2.1 l/min (-22.0 to 17.8), SD 38.8; limits are printed with 2 SD (Lancet 1986;327:307)."""
    found = by_name(bland_altman(rate(np.column_stack([WRIGHT[:, 0], MINI[:, 0]])), plan=QUICK))
    assert round(found["bias"].value, 1) == -2.1
    assert (round(found["bias"].analytic.low, 1), round(found["bias"].analytic.high, 1)) == (-22.0, 17.8)
    assert round(found["sd_of_differences"].value, 1) == 38.8
    spread = found["sd_of_differences"].value
    assert found["limit_low"].value == pytest.approx(found["bias"].value - 1.96 * spread)
    assert round(found["bias"].value - 2 * spread, 1) == -79.6  # printed -79.7, from rounded figures
    assert found["limit_high"].analytic.standard_error == pytest.approx((3 / 17) ** 0.5 * spread, rel=0.01)


def test_both_readings_of_two_meters():
    """The SD of single readings, put together again from means of two: 37.7 l/min."""
    found = by_name(bland_altman_repeats(WRIGHT, MINI, plan=QUICK))
    assert round(found["bias"].value, 1) == -6.0
    assert round(found["sd_of_differences"].value, 1) == 37.7


def test_one_reading_each_is_the_plain_analysis():
    plain = by_name(bland_altman(rate(np.column_stack([WRIGHT[:, 0], MINI[:, 0]])), plan=QUICK))
    once = by_name(bland_altman_repeats(WRIGHT[:, :1], MINI[:, :1], plan=QUICK))
    for name, one in once.items():
        assert (one.value, one.low) == pytest.approx((plain[name].value, plain[name].low))


def test_repeats_with_gaps():
    """Items that one of the two did not read at all are left out; single readings have no SD within."""
    first = [[1.0, 3.0], [4.0, nan], [nan, nan], [7.0, 7.5]]
    second = [[2.0, nan], [3.0, nan], [9.0, 9.0], [nan, nan]]
    found = by_name(bland_altman_repeats(first, second, plan=QUICK))
    assert found["bias"].n == 2
    assert found["bias"].value == pytest.approx(0.5)
    # differences 0 and 1: variance 0.5; half of the first reader's items were averaged from two: 1/4 of 2
    assert found["sd_of_differences"].value == pytest.approx((0.5 + 0.25 * 2.0) ** 0.5)


def test_clusters_by_rs_analysis_of_variance():
    """SD from mean squares between and within patients, with m0 (J Biopharm Stat 2007;17:571)."""
    frozen = R["differences"]
    between, within = frozen["ms"]
    sizes = np.array(frozen["sizes"])
    effective = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sizes) - 1)
    spread = (within + (between - within) / effective) ** 0.5
    ratings = rate(array("heights_pair"), clusters=DATA["patient"])
    found = by_name(bland_altman(ratings, plan=FEW))
    assert found["sd_of_differences"].value == pytest.approx(spread, rel=1e-10)
    assert found["limit_high"].value == pytest.approx(found["bias"].value + 1.96 * spread)
    assert found["bias"].value == pytest.approx(frozen["t"][0])
    assert found["bias"].design_effect > 1.5
    assert found["limit_low"].analytic.method == "clusters independent, large sample"


def test_as_if_independent_by_r():
    """t.test, sd, lm and confint."""
    frozen = R["differences"]
    ratings = rate(array("heights_pair"), clusters=DATA["patient"])
    found = by_name(bland_altman(ratings, "independent", FEW))
    assert (found["bias"].analytic.low, found["bias"].analytic.high) == pytest.approx(frozen["t"][1:])
    assert found["sd_of_differences"].value == pytest.approx(frozen["sd"])
    line = found["proportional_bias"]
    ours = (found["proportional_intercept"].value, line.value, line.analytic.low, line.analytic.high)
    assert ours == pytest.approx(frozen["line"], rel=1e-9)


def test_clusters_that_differ_less_than_chance_add_nothing():
    """Then the SD is that within clusters, not below."""
    values = np.array([[1.0, 0], [-1, 0], [1, 0], [-1, 0], [1, 0], [-1, 0]])
    found = by_name(bland_altman(rate(values, clusters=[0, 0, 1, 1, 2, 2]), plan=QUICK))
    assert found["sd_of_differences"].value == pytest.approx(2**0.5)


def test_known_bias_and_slope_are_recovered():
    rng = np.random.default_rng(6)
    truth = rng.uniform(10, 30, 300)
    first = 1.0 + 1.1 * truth + rng.normal(0, 0.1, 300)
    found = by_name(bland_altman(rate(np.column_stack([first, truth])), plan=FEW))
    assert found["proportional_bias"].value == pytest.approx(0.1 / 1.05, abs=0.003)
    assert found["bias"].value == pytest.approx(3.0, abs=0.1)
    assert found["proportional_bias"].low < 0.1 / 1.05 < found["proportional_bias"].high


@given(shift=st.floats(-1e6, 1e6))
def test_shifting_both_readers_changes_no_difference(shift):
    """Nor loses digits: squares are taken about the mean."""
    values = array("heights_pair")
    one, other = (
        by_name(bland_altman(rate(some, clusters=DATA["patient"]), plan=QUICK))
        for some in (values, values + shift)
    )
    for name in ("bias", "limit_low", "limit_high", "proportional_bias"):
        assert other[name].value == pytest.approx(one[name].value, rel=1e-6, abs=1e-8)


def test_two_readers_and_a_known_word():
    with pytest.raises(SpinegradeError, match="bland_altman: expected two readers, got 3"):
        bland_altman(rate(np.zeros((2, 3))))
    with pytest.raises(SpinegradeError, match="repeated: expected clusters or independent, got 'items'"):
        bland_altman(rate(np.zeros((2, 2))), "items")
