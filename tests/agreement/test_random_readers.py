"""Intervals for other readers."""

from __future__ import annotations

import numpy as np
import pytest

from agreement.frozen import FEW, QUICK, graded
from spinegrade.agreement import Design, Plan, fleiss_kappa, gwet_ac, icc, over_readers, precision, rate
from spinegrade.agreement.simulation import draw_ratings

DESIGN = Design(60, items_per_patient=3, readers=5, patient=0.2, item=0.4, reader=0.15)


def of_icc(ratings, plan):
    return icc(ratings, "A1", plan=plan)


def test_variance_over_readers_by_hand():
    """Squares of the values without each reader times (r - 1) / r, added to the variance over patients."""
    ratings = graded("grades_gaps")
    found = over_readers(ratings, lambda some, plan: fleiss_kappa(some, plan=plan), FEW)
    whole = fleiss_kappa(ratings, plan=FEW)
    left = np.array([fleiss_kappa(ratings.without_reader(at), plan=QUICK).value for at in range(5)])
    by_readers = 4 / 5 * ((left - left.mean()) ** 2).sum()
    assert found.value == whole.value
    assert found.standard_error == pytest.approx((whole.standard_error**2 + by_readers) ** 0.5)
    assert found.low < whole.low
    assert found.method == "bootstrap over clusters, BCa; jackknife over readers; t"


def test_other_readers_need_a_wider_interval():
    """Where readers differ the interval over patients misses too often, the other does not."""
    rng = np.random.default_rng(1)
    truth = 0.6
    plan = Plan(method="linear")
    held = {"patients": 0, "readers": 0}
    for _ in range(60):
        ratings = draw_ratings(DESIGN, rng)
        patients, readers = of_icc(ratings, plan), over_readers(ratings, of_icc, plan)
        held["patients"] += patients.low <= truth <= patients.high
        held["readers"] += readers.low <= truth <= readers.high
    assert held["patients"] < 51
    assert held["readers"] >= 52


def test_a_measurement_has_no_most():
    """A least significant change has a symmetric interval; a coefficient never leaves -1 to 1."""

    def change(some, plan):
        return precision(some, plan)[0]

    ratings = draw_ratings(DESIGN, np.random.default_rng(3))
    found = over_readers(ratings, change, FEW, most=np.inf)
    assert found.high - found.value == pytest.approx(found.value - found.low)
    high = over_readers(
        graded("grades_gaps").where(np.arange(80) < 8), lambda some, plan: gwet_ac(some, plan=plan), FEW
    )
    assert -1 < high.low < high.value < high.high < 1


def test_two_readers_say_nothing_of_others():
    found = over_readers(graded("grades").pair(0, 1), lambda some, plan: fleiss_kappa(some, plan=plan), FEW)
    assert (found.low, found.method) == (None, "none")
    assert found.reason.startswith("two readers do not say how readers differ")


def test_what_has_no_value_stays_so():
    ratings = rate([[0, 0, 0]] * 4, (0, 1))
    found = over_readers(ratings, lambda some, plan: fleiss_kappa(some, plan=plan), FEW)
    assert found.value is None
    assert found.reason.startswith("every rating is in one category")


def test_a_reader_without_whom_there_is_nothing():
    """Only one reader links the others: without that one no item was read by two."""
    nan = float("nan")
    values = [[0, 0, nan], [1, 1, nan], [1, nan, 1], [0, nan, 0], [0, 1, nan], [1, nan, 0]]
    found = over_readers(rate(values, (0, 1)), lambda some, plan: fleiss_kappa(some, plan=plan), FEW)
    assert found.value is not None
    assert found.reason.startswith("without one of 1 of the readers the statistic has no value")
