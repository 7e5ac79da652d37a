"""Sensitivity and specificity, and what a consensus is: R's epiR, tables by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreement.frozen import FEW, QUICK, R, from_table
from spinegrade.agreement import accuracy, find_consensus, rate
from spinegrade.errors import ReadingError, SpinegradeError

nan = float("nan")


def test_shares_and_wilson_intervals_of_epir():
    """Its table has the test down and disease across, positive first."""
    ratings = from_table([[48, 3], [9, 40]])
    found = accuracy(rate(ratings.values[:, :1], (0, 1), readers=["R1"]), ratings.values[:, 1], QUICK)
    assert [(one.statistic, one.readers) for one in found] == [
        ("sensitivity", ("R1", "reference")),
        ("specificity", ("R1", "reference")),
    ]
    for one in found:
        frozen = R["epiR_tests"][one.statistic]
        assert (one.value, one.analytic.low, one.analytic.high) == pytest.approx(frozen, abs=1e-12)
    assert [one.n for one in found] == [43, 57]


def test_every_reader_then_all():
    """Pooled, each reading counts once; what was not read does not count."""
    values = [[1, 1, nan], [1, 0, 0], [0, 0, 1], [nan, 1, 0]]
    found = accuracy(rate(values, (0, 1), readers=["A", "B", "C"]), [1, 1, 0, 0], QUICK, name="CT")
    shares = {(one.readers and one.readers[0], one.statistic): (one.value, one.n) for one in found}
    assert shares["A", "sensitivity"] == (1.0, 2)
    assert shares["B", "sensitivity"] == (0.5, 2)
    assert shares["C", "specificity"] == (0.5, 2)
    assert shares[None, "sensitivity"] == (pytest.approx(3 / 5), 5)
    assert shares[None, "specificity"] == (pytest.approx(3 / 5), 5)
    assert found[0].readers == ("A", "CT")


def test_patients_are_resampled_with_all_their_items():
    """Twice the patients of the same kind narrow the interval; twice the items of a patient do not."""
    rng = np.random.default_rng(2)
    truth = np.ones(60)
    said = np.repeat(rng.random(20) < 0.7, 3).astype(float)
    by_patient = accuracy(rate(said[:, None], (0, 1), np.repeat(np.arange(20), 3)), truth, FEW)[0]
    by_item = accuracy(rate(said[:, None], (0, 1)), truth, FEW)[0]
    assert by_patient.design_effect == pytest.approx(3.1, abs=0.1)
    assert by_patient.high - by_patient.low > 1.5 * (by_item.high - by_item.low)
    assert (by_patient.n, by_patient.clusters) == (60, 20)


def test_a_reference_without_positives():
    found = accuracy(rate([[0], [1]], (0, 1)), [0, 0], QUICK)
    assert found[0].value is None
    assert found[0].reason == "no item that was read is positive by the reference"
    assert found[1].value == 0.5


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("none", [0, nan, 3, nan, 1]), ("lower", [0, 1, 3, nan, 1]), ("higher", [0, 2, 3, nan, 1])],
)
def test_majority_and_ties(ties, expected):
    values = [[0, 0, 1], [1, 2, nan], [3, nan, nan], [nan, nan, nan], [1, 1, 1]]
    found = find_consensus(rate(values, (0, 1, 2, 3)), ties)
    np.testing.assert_array_equal(found.values, expected)
    assert (found.ties, found.alone) == (1, 1)


def test_a_reader_has_no_vote_in_the_own_reference():
    values = [[1, 0, 0], [0, 1, 1]]
    found = find_consensus(rate(values, (0, 1), readers=["A", "B", "C"]), without=0)
    assert found.values.tolist() == [0, 1]
    assert found.rule == "majority of the readers other than A; ties have no consensus"


def test_what_is_no_reference():
    ratings = rate([[0], [1]], (0, 1))
    with pytest.raises(
        SpinegradeError, match=r"reference: expected one for each of 2 items, got shape \(1,\)"
    ):
        accuracy(ratings, [1])
    with pytest.raises(ReadingError, match="reference of item 1: expected 0 or 1, got 2"):
        accuracy(ratings, [1, 2])
    with pytest.raises(SpinegradeError, match="accuracy: expected ratings of two categories, got 4"):
        accuracy(rate([[0]], (0, 1, 2, 3)), [0])
    with pytest.raises(SpinegradeError, match="ties: expected none, lower, higher, got 'coin'"):
        find_consensus(ratings, "coin")
