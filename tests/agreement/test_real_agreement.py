"""Agreement of seven readers on real spines, beside what independent programs make of the same arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agreement.frozen import FEW, QUICK
from agreement.mosmed import READERS, READINGS, read_arrays
from spinegrade.agreement import (
    Plan,
    against_rest,
    bland_altman,
    cohen_kappa,
    conger_kappa,
    dichotomise,
    every_pair,
    fleiss_kappa,
    gwet_ac,
    icc,
    krippendorff_alpha,
    over_readers,
    rate,
    split,
    variance_components,
)

pytestmark = pytest.mark.skipif(
    not READINGS.exists(),
    reason="the MosMed readings are not there: their licence forbids a copy in the tree",
)

FROZEN = json.loads((Path(__file__).parents[1] / "oracles" / "mosmed.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def arrays():
    """Give grades and wedge ratios, items x readers."""
    return read_arrays()


@pytest.fixture(scope="module")
def grades(arrays):
    """Give the grades as ratings, patients as clusters."""
    return rate(arrays["grade"], (0, 1, 2, 3), arrays["patient"], READERS)


@pytest.fixture(scope="module")
def wedges(arrays):
    """Give the wedge ratios as ratings."""
    return rate(arrays["wedge_ratio"], clusters=arrays["patient"], readers=READERS)


def test_coefficients_of_irrcac(grades):
    for name, statistic in (("fleiss", fleiss_kappa), ("conger", conger_kappa), ("gwet", gwet_ac)):
        for frozen, weights in (("identity", "unweighted"), ("linear", "linear")):
            found = statistic(grades, weights, QUICK).value
            assert found == pytest.approx(FROZEN[f"{name} {frozen}"], abs=2e-12)


def test_alphas_of_krippendorff(grades, wedges):
    for metric in ("nominal", "ordinal", "interval"):
        found = krippendorff_alpha(grades, metric, QUICK)
        assert found.value == pytest.approx(FROZEN[f"alpha {metric}"], abs=1e-12)
    for metric in ("interval", "ratio"):
        found = krippendorff_alpha(wedges, metric, QUICK)
        assert found.value == pytest.approx(FROZEN[f"alpha wedge {metric}"], abs=1e-10)


def test_every_pair_of_scikit_learn(grades):
    """Pairs that never met have no kappa, and words."""
    found = [
        one
        for one in every_pair(grades, plan=QUICK)
        if one.statistic == "cohen_kappa" and one.weights == "linear"
    ]
    assert len(found) == 21
    for one in found:
        name = "linear kappa " + "".join(reader[1] for reader in one.readers)
        if name in FROZEN:
            assert one.value == pytest.approx(FROZEN[name], abs=1e-12)
        else:
            assert one.reason


def test_variances_of_lme4(wedges):
    """Items, readers and rest of the wedge ratio, through an incomplete block design."""
    found, frozen = variance_components(wedges), FROZEN["wedge variances"]
    assert (found.items, found.readers, found.rest) == pytest.approx(
        (frozen["item"], frozen["reader"], frozen["rest"]), rel=2e-5
    )
    whole = frozen["item"] + frozen["reader"] + frozen["rest"]
    estimate = icc(wedges, "A1", plan=FEW)
    assert estimate.value == pytest.approx(frozen["item"] / whole, rel=1e-5)
    assert estimate.low < estimate.value < estimate.high
    alone = frozen["oneway_item"] / (frozen["oneway_item"] + frozen["oneway_rest"])
    assert icc(wedges, "1", plan=QUICK).value == pytest.approx(alone, rel=1e-5)


def test_vertebrae_of_one_patient_are_not_independent(grades):
    """The design effect of fracture, and an interval wider than the one by formula."""
    fracture = dichotomise(grades, at_least=1)
    found = fleiss_kappa(fracture, plan=Plan())
    assert found.clusters == 50
    assert found.design_effect > 1.2
    assert found.high - found.low > found.analytic.high - found.analytic.low
    assert 0.4 < found.value < 0.8


def test_who_reads_high(wedges):
    """Biases against the rest add up to about nothing, and one reader's is clear."""
    found = [bland_altman(against_rest(wedges, place), plan=FEW)[0] for place in range(len(READERS))]
    assert [one.readers for one in found] == [(reader, "the rest") for reader in READERS]
    biases = np.array([one.value for one in found])
    assert abs(biases.mean()) < 0.005
    assert any(one.low > 0 or one.high < 0 for one in found)


def test_levels_one_by_one(grades, arrays):
    """Ten levels at least, each with numbers or words."""
    parts = split(grades, arrays["level"])
    assert len(parts) >= 10
    for part in parts.values():
        found = krippendorff_alpha(part, "ordinal", QUICK)
        assert found.value is not None or found.reason


def test_other_readers(grades):
    found = over_readers(grades, lambda some, plan: fleiss_kappa(some, "linear", plan), FEW)
    assert found.low < fleiss_kappa(grades, "linear", FEW).low


def test_order_of_the_rows_does_not_matter(arrays, grades):
    """Neither for the value nor, with the same seed, for the interval."""
    order = np.random.default_rng(0).permutation(len(arrays["grade"]))
    turned = rate(arrays["grade"][order], (0, 1, 2, 3), arrays["patient"][order], READERS)
    one, other = (cohen_kappa(some.pair(0, 5), "linear", FEW) for some in (grades, turned))
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-9)
