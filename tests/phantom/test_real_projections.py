"""Phantoms beside lateral projections of two real CTs, which are read in place."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
CT = ROOT.parent / "shared" / "data" / "ct"

pytestmark = pytest.mark.skipif(not CT.is_dir(), reason="the CTs of ../shared/data/ct are not here")


@pytest.fixture(scope="module")
def compare():
    """Give the script that compares."""
    spec = importlib.util.spec_from_file_location(
        "compare_phantoms", ROOT / "benchmarks" / "compare_phantoms.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def pairs(compare):
    """Give each CT's projection with that of a phantom."""
    return compare.pairs()


def test_as_much_is_met_behind_the_bodies(compare, pairs):
    """To within a third: that is what one body differs from another by."""
    for real, phantom in pairs:
        met = [compare.figures(one)["behind the bodies"] for one in (real, phantom)]
        assert met[1] == pytest.approx(met[0], rel=0.35)


def test_endplates_stand_out_as_much_to_within_a_factor_of_two(compare, pairs):
    """A healthy phantom's stand out more than those of two elderly people."""
    for real, phantom in pairs:
        relief = [compare.figures(one)["relief SD"] for one in (real, phantom)]
        assert 0.5 < relief[1] / relief[0] < 2.0


def test_grey_levels_round_the_spine_are_spread_alike(compare, pairs):
    for real, phantom in pairs:
        assert np.abs(compare.grey_levels(real) - compare.grey_levels(phantom)).max() < 0.25


def test_noise_is_of_one_size(compare, pairs):
    for real, phantom in pairs:
        noise = [compare.noise(one) for one in (real, phantom)]
        assert 0.4 < noise[1] / noise[0] < 2.5
