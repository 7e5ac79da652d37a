"""McNemar's test: the published table of Fagerland, R, statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from agreement.frozen import PYTHON, R, from_table
from spinegrade.agreement import mcnemar, rate
from spinegrade.errors import SpinegradeError


def test_airways_of_fagerland():
    """1, 1, 7, 12 of 21 children: exact 0.070, mid-p 0.039 (BMC Med Res Methodol 2013;13:91, table 1)."""
    found = mcnemar(from_table([[12, 7], [1, 1]]))
    assert (found.first_only, found.second_only, found.n) == (1, 7, 21)
    assert (round(found.exact, 3), round(found.mid_p, 3)) == (0.070, 0.039)
    assert found.exact == pytest.approx(R["mcnemar"]["exact_1_7"], abs=1e-12)
    assert found.exact == pytest.approx(PYTHON["mcnemar_exact"], abs=1e-12)
    assert found.mid_p == pytest.approx(R["mcnemar"]["mid_1_7"], abs=1e-12)


def test_exact_of_r():
    found = mcnemar(from_table([[5, 3], [9, 5]]))
    assert found.exact == pytest.approx(R["mcnemar"]["exact_9_3"], abs=1e-12)


def test_as_often_one_as_the_other():
    """P is 1; mid-p takes off half of what was seen: 1 - C(4, 2) / 2 ** 5."""
    found = mcnemar(from_table([[5, 2], [2, 5]]))
    assert (found.exact, found.mid_p) == (1.0, pytest.approx(1 - 6 / 32))


def test_of_single_items_the_score_test_is_the_classic_one():
    """(b - c)^2 / (b + c), chi-squared with one degree of freedom."""
    found = mcnemar(from_table([[794, 86], [150, 570]]))
    assert found.clustered == pytest.approx(chi2.sf((86 - 150) ** 2 / (86 + 150), 1), rel=1e-12)


def test_items_of_one_patient_count_together():
    """Ten disagreements in two patients are no more than two."""
    ratings = from_table([[40, 0], [10, 40]], clusters=np.r_[range(40), [90] * 5, [91] * 5, range(40, 80)])
    found = mcnemar(ratings)
    assert found.exact == pytest.approx(2 / 2**10)
    assert found.clustered == pytest.approx(0.1573, abs=1e-4)
    assert found.warnings == (
        "items of one cluster are not independent: exact and mid-p are likely too small",
        "only 2 clusters have disagreement: the score test is a rough one",
    )


def test_no_disagreement():
    found = mcnemar(from_table([[5, 0], [0, 5]]))
    assert (found.exact, found.mid_p, found.clustered) == (1.0, 1.0, None)
    assert found.reason == "the readers do not disagree on any item"


def test_one_cluster():
    found = mcnemar(from_table([[5, 3], [0, 5]], clusters=[1] * 13))
    assert found.clustered is None
    assert found.reason == "1 clusters speak for one of the readers, which leaves nothing to test over"


def test_nothing_read_by_both():
    found = mcnemar(rate([[0, np.nan]], (0, 1)))
    assert (found.n, found.exact, found.reason) == (0, 1.0, "the readers do not disagree on any item")


def test_two_readers_and_two_categories():
    with pytest.raises(SpinegradeError, match="two readers and two categories, got 3 readers, 2 categories"):
        mcnemar(rate([[0, 1, 1]], (0, 1)))
