"""Sample sizes: formulas by their sources' examples, simulation beside the formula where both hold."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.agreement import Aim, items_for_icc, items_for_kappa, weigh
from spinegrade.errors import SpinegradeError
from spinegrade.reader_agreement.planning import (
    Circumstances,
    Expected,
    by_formula,
    by_simulation,
    kappa_of,
    readers_by_formula,
)

AIM = Aim(half_width=0.1)
KAPPA = Expected(kind="kappa", value=0.6)
ICC = Expected(kind="icc", value=0.8)


def test_formulas_are_those_of_agreement():
    assert by_formula(KAPPA, AIM, 2) == items_for_kappa(0.6, (0.8, 0.2), AIM)
    assert by_formula(ICC, AIM, 3) == items_for_icc(0.8, AIM, 3)


def test_patients_that_there_are_say_how_many_readers():
    assert readers_by_formula(Expected(kind="icc", value=0.7), AIM, 50).readers == 6
    with pytest.raises(SpinegradeError, match="expected more patients, got 3: they are too few even for 30"):
        readers_by_formula(KAPPA, AIM, 3)


class TestCorrelation:
    def test_of_halves_is_known(self):
        """Two views cut in the middle: agreement 1/2 + asin(r)/pi, so kappa 2 asin(r)/pi (Sheppard 1899)."""
        shares, agreement = np.array([0.5, 0.5]), weigh("unweighted", 2).agreement
        for correlation in (0.0, 0.3, 0.9):
            expected = 2 * np.arcsin(correlation) / np.pi
            assert kappa_of(correlation, shares, agreement) == pytest.approx(expected, abs=1e-4)

    def test_grows_with_kappa(self):
        shares, agreement = np.array([0.7, 0.2, 0.1]), weigh("linear", 3).agreement
        found = [kappa_of(one, shares, agreement) for one in (0.1, 0.5, 0.9, 0.999)]
        assert found == sorted(found)
        assert found[-1] > 0.95


class TestSimulation:
    CALM = Circumstances(within_patient=0.0, readers_differ=0.0, studies=60)

    @pytest.mark.parametrize("expected", [KAPPA, ICC], ids=["kappa", "icc"])
    def test_comes_near_the_formula_where_that_holds(self, expected):
        """Independent items and readers alike: what the formulas take for granted."""
        size, came_to = by_simulation(expected, AIM, 3, self.CALM)
        assert size.patients == pytest.approx(by_formula(expected, AIM, 3).patients, rel=0.25)
        assert came_to.value == pytest.approx(expected.value, abs=0.03)
        assert came_to.half_width == pytest.approx(0.1, abs=0.01)
        assert size.method == "simulation of 60 studies, seed 0"

    def test_patients_with_several_vertebrae_are_fewer_than_vertebrae(self):
        aim = Aim(half_width=0.1, items_per_patient=10)
        size, _ = by_simulation(KAPPA, aim, 2, Circumstances(studies=40))
        alike, _ = by_simulation(KAPPA, aim, 2, Circumstances(studies=40, within_patient=0.9))
        assert size.items == 10 * size.patients
        assert alike.patients > size.patients

    def test_films_that_only_some_readers_read(self):
        all_read, _ = by_simulation(ICC, AIM, 4, Circumstances(studies=40))
        some, _ = by_simulation(ICC, AIM, 4, Circumstances(studies=40, reads_per_item=2))
        assert some.patients > all_read.patients

    def test_no_agreement_at_all(self):
        size, came_to = by_simulation(Expected(kind="kappa", value=0.0), AIM, 2, self.CALM)
        assert came_to.value == pytest.approx(0, abs=0.02)
        assert size.patients > 100

    @pytest.mark.parametrize(
        ("expected", "circumstances", "words"),
        [
            (KAPPA, Circumstances(readers_differ=0.6), "readers differ: expected a share of at most"),
            (KAPPA, Circumstances(reads_per_item=5), "reads per item: expected 2 to 3, got 5"),
            (Expected(kind="kappa", value=1.0), Circumstances(), "kappa: expected 0 or more"),
            (Expected(kind="icc", value=-1.0), Circumstances(), "icc: expected 0 or more"),
        ],
    )
    def test_what_cannot_be_is_refused(self, expected, circumstances, words):
        with pytest.raises(SpinegradeError, match=words):
            by_simulation(expected, AIM, 3, circumstances)
