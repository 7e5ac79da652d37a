"""How far an estimate can be trusted: by how many patients, and by what of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from spinegrade.agreement import FEW_CLUSTERS
from spinegrade.agreement.estimating import few_clusters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinegrade.agreement import Estimate, Ratings

LEAST_PATIENTS = 6
"""Of fewer patients there are so few different resamples that their quantiles mean nothing."""

_TOO_FEW = f"fewer than {LEAST_PATIENTS} patients"
_MAY_BE_ZERO = "values may be 0, and in relation to 0 no precision has a meaning"


def counted_patients(ratings: Ratings) -> int:
    """Return the number of patients with an item that was read twice or more: the others compare nothing."""
    return len(np.unique(ratings.clusters[ratings.read.sum(axis=1) > 1]))


def recounted(estimates: Iterable[Estimate], ratings: Ratings) -> list[Estimate]:
    """Return estimates of these ratings with the number of patients who have an item that counts."""
    patients = counted_patients(ratings)
    return [_recounted(one, patients) for one in estimates]


def _recounted(one: Estimate, patients: int) -> Estimate:
    if one.clusters <= patients:
        return one
    warnings = tuple(each for each in one.warnings if each != few_clusters(one.clusters))
    if one.value is not None and 1 < patients < FEW_CLUSTERS:
        warnings = (few_clusters(patients), *warnings)
    return evolve(one, clusters=patients, warnings=warnings)


def without_tiny(estimates: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """Return the estimates, those of very few patients without an interval by resampling."""
    return tuple(
        evolve(
            one,
            low=None,
            high=None,
            method="none",
            standard_error=None,
            design_effect=None,
            resamples=0,
            reason=_TOO_FEW,
            warnings=(),
        )
        if one.low is not None and one.resamples and one.clusters < LEAST_PATIENTS
        else one
        for one in estimates
    )


def without_relative(estimates: Iterable[Estimate]) -> list[Estimate]:
    """Return the estimates, those in relation to an item's mean without a value."""
    return [
        evolve(
            one,
            value=None,
            low=None,
            high=None,
            method="none",
            standard_error=None,
            analytic=None,
            design_effect=None,
            resamples=0,
            reason=_MAY_BE_ZERO,
            warnings=(),
        )
        if one.about == "of the item's mean"
        else one
        for one in estimates
    ]
