"""Sample sizes: published variances, simulation, and that designs keep what formulas promise."""

from __future__ import annotations

import numpy as np
import pytest

from agreement.frozen import QUICK
from spinegrade.agreement import (
    Aim,
    Design,
    Plan,
    fleiss_kappa,
    icc,
    items_for_icc,
    items_for_kappa,
    kappa_error,
    patients_for,
    rate,
    readers_for,
    simulate,
)
from spinegrade.agreement.sample_size import _dirichlet_multinomial
from spinegrade.agreement.simulation import draw_ratings
from spinegrade.errors import SpinegradeError


@pytest.mark.parametrize("kappa", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_variance_of_bloch_and_kraemer(kappa, share):
    """Two readers, two categories: Biometrics 1989;45:269; Donner and Eliasziw, Stat Med 1992;11:1511."""
    printed = (1 - kappa) * ((1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / (2 * share * (1 - share)))
    assert kappa_error(kappa, (1 - share, share)) ** 2 == pytest.approx(printed, rel=1e-8)


def test_variance_of_many_readers_by_simulation():
    """Four readers, three grades, linear weights: the SD of Fleiss' kappa over 600 studies of 300 items."""
    rng = np.random.default_rng(1)
    kappa, shares = 0.5, np.array([0.7, 0.2, 0.1])
    chances = rng.dirichlet(shares * (1 - kappa) / kappa, (600, 300))
    drawn = (rng.random((600, 300, 4, 1)) > np.cumsum(chances, axis=-1)[:, :, None, :]).sum(axis=-1)
    values = [fleiss_kappa(rate(np.minimum(one, 2), (0, 1, 2)), "linear", QUICK).value for one in drawn]
    assert np.mean(values) == pytest.approx(kappa, abs=0.01)
    assert np.std(values) == pytest.approx(kappa_error(kappa, shares, 4, "linear") / 300**0.5, rel=0.08)


def test_dirichlet_multinomial_adds_up():
    counts = np.array([[4 - i - j, i, j] for i in range(5) for j in range(5 - i)])
    for kappa in (0.0, 0.4):
        chances = _dirichlet_multinomial(counts, np.array([0.6, 0.3, 0.1]), kappa)
        assert chances.sum() == pytest.approx(1.0)
        assert chances @ counts / 4 == pytest.approx([0.6, 0.3, 0.1])


def test_items_for_kappa_by_hand():
    """Variance times 1.96^2 over the half width squared, rounded up; with a design effect, patients."""
    variance = 0.4 * (0.4 * -0.2 + 0.6 * 1.4 / 0.32)
    found = items_for_kappa(0.6, (0.8, 0.2), Aim(0.1))
    assert found.items == int(np.ceil(1.959964**2 * variance / 0.01))
    clustered = items_for_kappa(0.6, (0.8, 0.2), Aim(0.1, design_effect=1.5, items_per_patient=13))
    assert clustered.items == int(np.ceil(1.5 * 1.959964**2 * variance / 0.01))
    assert clustered.patients == int(np.ceil(clustered.items / 13))
    assert items_for_kappa(0.6, (0.8, 0.2), Aim(0.1), readers=4).items < found.items


def test_two_readers_of_bonett():
    """0.8 with two readers and a width of 0.2: 51, and 4 more for two readers, 55 (Stat Med 2002;21:1331)."""
    assert items_for_icc(0.8, Aim(0.1)).items == 55


@pytest.mark.parametrize(("true", "readers"), [(0.8, 2), (0.7, 3), (0.4, 5)])
def test_items_for_icc_give_the_width(true, readers):
    """Bonett's number of items, by the F interval of simulated studies (with two readers a little wide)."""
    size = items_for_icc(true, Aim(0.1), readers)
    rng = np.random.default_rng(3)
    widths = []
    for _ in range(300):
        values = rng.normal(0, true**0.5, (size.items, 1)) + rng.normal(
            0, (1 - true) ** 0.5, (size.items, readers)
        )
        found = icc(rate(values), "1", plan=QUICK).analytic
        widths.append(found.high - found.low)
    assert np.mean(widths) == pytest.approx(0.2, rel=0.06)


def test_readers_that_are_enough():
    def size(readers):
        return items_for_icc(0.7, Aim(0.1), readers)

    found = readers_for(50, size)
    assert found.items <= 50 < size(found.readers - 1).items
    assert readers_for(5, size) is None


def test_simulated_designs_have_what_they_say():
    """Shares of variance come back as a correlation, prevalence as shares, readings as gaps."""
    design = Design(600, items_per_patient=2, readers=6, reads_per_item=3, prevalence=(0.8, 0.15, 0.05))
    ratings = draw_ratings(design, np.random.default_rng(2))
    assert (ratings.read.sum(axis=1) == 3).all()
    known = ratings.values[ratings.read]
    assert np.mean(known == 0) == pytest.approx(0.8, abs=0.05)
    measured = draw_ratings(Design(400, 3, 20, patient=0.3, item=0.3, reader=0.1), np.random.default_rng(3))
    assert icc(measured, "A1", plan=QUICK).value == pytest.approx(0.6, abs=0.06)


def test_simulation_agrees_with_the_formula():
    """One item a patient, two readers who do not differ: Bonett's half width."""
    size = items_for_icc(0.7, Aim(0.1), 3)
    design = Design(size.items, readers=3, patient=0.0, item=0.7, reader=0.0)
    found = simulate(design, lambda some, plan: icc(some, "1", plan=plan), studies=150)
    assert found.half_width == pytest.approx(0.1, rel=0.12)
    assert found.value == pytest.approx(0.7, abs=0.02)
    assert found.defined == found.studies == 150


def test_patients_for_a_design_that_no_formula_covers():
    """Five readers, each film read by two, three vertebrae a patient: the width comes out as asked."""
    design = Design(
        40, 3, 5, reads_per_item=2, patient=0.3, item=0.4, reader=0.02, prevalence=(0.7, 0.2, 0.1)
    )

    def statistic(some, plan):
        return fleiss_kappa(some, "linear", plan)

    size, found = patients_for(design, statistic, Aim(0.1), studies=60)
    assert found.half_width == pytest.approx(0.1, rel=0.05)
    assert size.patients > 40
    assert size.items == 3 * size.patients
    assert size.method == "simulation of 60 studies"


def test_a_design_in_which_nothing_is_defined():
    """Each film is read once."""
    design = Design(10, readers=3, reads_per_item=1, prevalence=(0.5, 0.5))

    def statistic(some, plan):
        return fleiss_kappa(some, plan=plan)

    assert simulate(design, statistic, studies=3) == simulate(design, statistic, studies=3, seed=1)
    with pytest.raises(
        SpinegradeError, match="expected a statistic that is defined with 10 patients, got none"
    ):
        patients_for(design, statistic, Aim(0.1), studies=3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda: items_for_kappa(1.0, (0.5, 0.5), Aim(0.1)),
            "kappa: expected 0 or more and less than 1, got 1",
        ),
        (
            lambda: items_for_kappa(0.5, (0.5, 0.6), Aim(0.1)),
            r"shares above 0 that add up to 1, got \[0.5, 0.6\]",
        ),
        (lambda: items_for_kappa(0.5, (1.0, 0.0), Aim(0.1)), "shares above 0"),
        (lambda: items_for_kappa(0.5, (0.5, 0.5), Aim(0.1), 1), "readers: expected 2 or more, got 1"),
        (lambda: items_for_icc(-0.1, Aim(0.1)), "icc: expected 0 or more and less than 1, got -0.1"),
        (lambda: items_for_icc(0.5, Aim(0.1), 1), "readers: expected 2 or more, got 1"),
        (lambda: Design(10, patient=0.6, item=0.6), "shares of variance that add up to 1 at most, got 1.25"),
        (lambda: Design(10, prevalence=(0.5, 0.4)), r"shares that add up to 1, got \[0.5, 0.4\]"),
    ],
)
def test_aims_and_designs_that_make_no_sense(call, match):
    with pytest.raises(SpinegradeError, match=match):
        call()


def test_plan_of_a_simulation_draws_nothing():
    seen = []

    def statistic(some, plan):
        seen.append(plan)
        return fleiss_kappa(some, plan=plan)

    simulate(Design(20, prevalence=(0.5, 0.5)), statistic, studies=2, level=0.9)
    assert seen == [Plan(method="linear", level=0.9)] * 2
