"""Precision of repeated readings: the meters of 1986, R, figures by hand; scatter of landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from agreement.frozen import DATA, FEW, QUICK, R
from spinegrade.agreement import point_scatter, precision, rate
from spinegrade.errors import SpinegradeError

nan = float("nan")


def by_name(found):
    return {(one.statistic, one.about): one for one in found}


def test_repeated_readings_of_the_wright_meter():
    """SD within subjects 15.3 l/min (Bland and Altman 1986), interval by chi-squared as R has it."""
    found = by_name(precision(rate(np.reshape(DATA["pefr"]["wright"], (-1, 2))), QUICK))
    spread, frozen = found["rms_sd", None], R["pefr_within"]
    assert round(spread.value, 1) == 15.3
    assert spread.value == pytest.approx(frozen["sd"])
    assert (spread.analytic.low, spread.analytic.high) == pytest.approx(frozen["limits"])
    assert found["least_significant_change", None].value == pytest.approx(2.77 * frozen["sd"])


def test_by_hand():
    """Variances 2 and 8, means 9 and 20; 2.77 times is a significant change."""
    found = by_name(precision(rate([[8.0, 10.0], [18.0, 22.0]]), QUICK))
    relative = ((2 / 81 + 8 / 400) / 2) ** 0.5
    assert found["rms_sd", None].value == pytest.approx(5**0.5)
    assert found["rms_cv", "of the item's mean"].value == pytest.approx(relative)
    assert found["least_significant_change", "of the item's mean"].value == pytest.approx(2.77 * relative)


def test_items_count_by_their_degrees_of_freedom():
    """Squares 2 and 2 over 1 + 2; what was read once adds nothing."""
    found = precision(rate([[8.0, 10.0, nan], [1.0, 2.0, 3.0], [nan, 99.0, nan]]), QUICK)[0]
    assert found.value == pytest.approx((4 / 3) ** 0.5)
    assert (found.n, found.clusters) == (2, 2)


def test_a_mean_of_zero_has_no_cv():
    found = by_name(precision(rate([[-1.0, 1.0], [3.0, 4.0], [5.0, 7.0]]), FEW))
    assert found["rms_sd", None].value is not None
    assert found["rms_cv", "of the item's mean"].reason == "a mean of 0 has no coefficient of variation"
    assert found["least_significant_change", "of the item's mean"].value is None


def test_perfect_repeats_have_no_error():
    found = precision(rate([[1.0, 1.0], [2.0, 2.0]]), FEW)[0]
    assert (found.value, found.low, found.analytic) == (0.0, None, None)
    assert "every resample has the same value" in found.reason


def test_known_scatter_is_recovered():
    """Row and column have errors of their own, groups theirs; patients are resampled."""
    rng = np.random.default_rng(7)
    truth = rng.uniform(0, 500, (400, 1, 2, 2))
    errors = rng.normal(0, 1, (400, 3, 2, 2)) * np.array([[0.5, 1.0], [2.0, 0.25]])
    errors[200:] *= 2
    points = truth + errors
    points[3, 1, 0] = nan
    level = np.repeat(["T8", "L1"], 200)
    found = point_scatter(
        points, ("anterior", "posterior"), groups=level, clusters=np.arange(400) // 4, plan=FEW
    )
    values = {one.about: one for one in found}
    assert list(values)[:2] == ["anterior row L1", "anterior row T8"]
    assert values["anterior row T8"].value == pytest.approx(0.5, rel=0.08)
    assert values["posterior row L1"].value == pytest.approx(4.0, rel=0.08)
    assert values["posterior column T8"].value == pytest.approx(0.25, rel=0.08)
    assert values["anterior row T8"].clusters == 50
    assert all(one.statistic == "point_sd" and one.low < one.value < one.high for one in found)
    together = point_scatter(points[:200], ("anterior", "posterior"), plan=QUICK)
    assert [one.about for one in together] == [
        "anterior row",
        "anterior column",
        "posterior row",
        "posterior column",
    ]


def test_names_have_to_fit_the_points():
    with pytest.raises(SpinegradeError, match=r"items x readings x 1 x 2, got shape \(2, 3, 2, 2\)"):
        point_scatter(np.zeros((2, 3, 2, 2)), ("one",))
