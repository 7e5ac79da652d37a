"""What a disagreement between two categories weighs: 1 is full agreement, 0 none.

Named weights go by the rank of a category, not by its value: grades 0, 0.5, 1, 2, 3 are five steps.

Sources: Cohen J, Psychol Bull 1968;70:213, doi 10.1037/h0026256 (any weights); Fleiss JL, Cohen J,
Educ Psychol Meas 1973;33:613, doi 10.1177/001316447303300309 (quadratic); Cicchetti DV, Allison T, Am J EEG
Technol 1971;11:101, doi 10.1080/00029238.1971.11080840 (linear).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

WeightName = Literal["unweighted", "linear", "quadratic"]
WEIGHT_NAMES: tuple[WeightName, ...] = ("unweighted", "linear", "quadratic")


@frozen(eq=False)
class Weights:
    """Weights of agreement between categories, ``(categories, categories)``, 1 on the diagonal."""

    name: str
    agreement: Floats

    @property
    def disagreement(self) -> Floats:
        """``(categories, categories)`` weights of disagreement, 0 on the diagonal."""
        return 1.0 - self.agreement


def weigh(weights: WeightName | Weights, categories: int) -> Weights:
    """Return weights for so many categories, by name or as they are.

    Raises
    ------
    SpinegradeError
        If the name is unknown or the weights are for another number of categories.
    """
    if isinstance(weights, Weights):
        if len(weights.agreement) != categories:
            size = len(weights.agreement)
            msg = f"weights {weights.name}: expected them for {categories} categories, got {size}"
            raise SpinegradeError(msg)
        return weights
    if weights not in WEIGHT_NAMES:
        msg = f"weights: expected {', '.join(WEIGHT_NAMES)} or a matrix, got {weights!r}"
        raise SpinegradeError(msg)
    rank = np.arange(categories)
    steps = np.abs(rank[:, None] - rank) / max(categories - 1, 1)
    by_name = {"unweighted": (steps == 0).astype(float), "linear": 1.0 - steps, "quadratic": 1.0 - steps**2}
    return Weights(weights, by_name[weights])


def custom_weights(agreement: ArrayLike, name: str = "custom") -> Weights:
    """Return any ``(categories, categories)`` matrix as weights of agreement.

    Raises
    ------
    SpinegradeError
        If it is not square and symmetric, has no 1 all along the diagonal, or leaves 0 to 1.
    """
    matrix = np.asarray(agreement, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.array_equal(matrix, matrix.T):
        msg = f"weights {name}: expected a square, symmetric matrix, got shape {matrix.shape}"
        raise SpinegradeError(msg)
    if not ((matrix >= 0) & (matrix <= 1)).all() or not (np.diag(matrix) == 1).all():
        msg = f"weights {name}: expected 1 on the diagonal and 0 to 1 elsewhere, got {matrix.tolist()}"
        raise SpinegradeError(msg)
    return Weights(name, matrix)
