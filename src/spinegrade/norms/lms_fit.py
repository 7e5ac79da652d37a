"""L, M and S of a sample by maximum likelihood, at knots of age.

M and S have a value at each knot, L is one for all ages.  Between knots the logarithms of M and S run
straight while they are fitted, M and S themselves when the table is looked up: with knots a few years apart
that is one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_L = 15.0


def fit_lms(
    values: Floats, ages: Floats, knots: Floats, *, weights: Floats | None = None, near: Floats | None = None
) -> Floats:
    """Return the ``(3, knots)`` L, M and S of values above 0 at these ages, inside the knots.

    ``weights`` count each value so many times; ``near`` is an earlier answer to begin from.
    """
    from scipy.optimize import minimize

    weight = np.ones(len(values)) if weights is None else weights
    basis = _hats(ages, knots)
    log = np.log(values)
    start = _start(log, basis, weight) if near is None else _parameters(near)
    spread = float(np.exp(start[-1]))  # a step of 1 then means about as much in every parameter
    scale = np.concatenate([[1.0 / spread], np.full(len(knots), spread), np.ones(len(knots))])

    def unlikely(steps: Floats) -> tuple[float, Floats]:
        value, gradient = _unlikely(steps * scale, log, basis, weight)
        return value, gradient * scale

    bounds = [(-_MOST_L * spread, _MOST_L * spread), *[(None, None)] * (2 * len(knots))]
    found = scale * minimize(unlikely, start / scale, jac=True, method="L-BFGS-B", bounds=bounds).x
    count = len(knots)
    return np.stack([np.full(count, found[0]), np.exp(found[1 : count + 1]), np.exp(found[count + 1 :])])


def _start(log: Floats, basis: Floats, weight: Floats) -> Floats:
    """Return the parameters of a straight fit with one spread."""
    root = np.sqrt(weight)
    level, *_ = np.linalg.lstsq(basis * root[:, None], log * root, rcond=None)
    spread = np.log(np.sqrt(np.average((log - basis @ level) ** 2, weights=weight)))
    return np.concatenate([[1.0], level, np.full(basis.shape[1], spread)])


def _parameters(found: Floats) -> Floats:
    return np.concatenate([found[0, :1], np.log(found[1]), np.log(found[2])])


def _hats(ages: Floats, knots: Floats) -> Floats:
    """Return the ``(n, knots)`` shares that each knot has in each age."""
    eye = np.eye(len(knots))
    return np.stack([np.interp(ages, knots, one) for one in eye], axis=1)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # a step too far is only unlikely
def _unlikely(parameters: Floats, log: Floats, basis: Floats, weight: Floats) -> tuple[float, Floats]:
    """Return the mean negative log likelihood and its gradient."""
    count = basis.shape[1]
    skew, medians, spreads = parameters[0], parameters[1 : count + 1], parameters[count + 1 :]
    distance = log - basis @ medians
    log_s = basis @ spreads
    s = np.exp(log_s)
    product = skew * distance
    grown = np.exp(product)
    u = np.where(np.abs(product) < 1e-5, distance * (1.0 + product / 2.0), np.expm1(product) / (skew or 1.0))
    z = u / s
    total = weight.sum()
    value = float((weight * (0.5 * z**2 + log_s - product)).sum() / total)
    du_dl = np.where(
        np.abs(product) < 1e-5, distance**2 * (0.5 + product / 3.0), (distance * grown - u) / (skew or 1.0)
    )
    by_l = (weight * (z * du_dl / s - distance)).sum() / total
    by_m = basis.T @ (weight * (-z * grown / s + skew)) / total
    by_s = basis.T @ (weight * (1.0 - z**2)) / total
    return value, np.concatenate([[by_l], by_m, by_s])
