"""Mean and SD of the normals in a sample that has some fractures in it, by trimming its tails.

After the idea of Black DM et al., J Bone Miner Res 1991;6:883-892: cut the tails until what is left looks as
a normal distribution does.  His own recipe could not be read.  Here the cut lies a number of SD from the
mean; mean and SD are those of the normal distribution that, cut there, has the moments of what is left,
found by iteration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDS = 200
_SETTLED = 1e-10
_QUARTILES_OF_SD = 1.3489795003921634
"""Distance of the quartiles of a normal distribution, in SD."""


@frozen
class Moments:
    """``(samples,)`` means and SDs, and how many values were kept."""

    mean: Floats
    sd: Floats
    kept: Floats


class _Sums:
    """Running sums over sorted values, to have the moments of any run of them at once."""

    def __init__(self, values: Floats, counts: Floats) -> None:
        self.values = values
        self.centre = float(np.median(values))
        centred = values - self.centre
        zero = np.zeros((len(counts), 1))
        self.sums = [
            np.concatenate([zero, np.cumsum(counts * one, axis=1)], axis=1)
            for one in (np.ones(len(values)), centred, centred**2)
        ]

    def between(self, low: Floats, high: Floats) -> Moments:
        """Return the plain moments of the values from ``low`` to ``high``, both ``(samples,)``."""
        first = np.searchsorted(self.values, low, side="left")
        last = np.searchsorted(self.values, high, side="right")
        sample = np.arange(len(first))
        n, total, squares = (one[sample, last] - one[sample, first] for one in self.sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / n
            variance = np.maximum(squares - n * mean**2, 0.0) / (n - 1)
        return Moments(mean + self.centre, np.sqrt(variance), n)


def sample_moments(values: Floats, counts: Floats, trim: float | None) -> Moments:
    """Return mean and SD of samples that hold each of the ``(n,)`` values ``(samples, n)`` times.

    With ``trim``, the tails beyond so many SD are left out and the SD is made good for it; without, all
    count.  NaN for fewer than two values.

    Examples
    --------
    >>> found = sample_moments(np.array([1.0, 2.0, 3.0]), np.ones((1, 3)), None)
    >>> found.mean.item(), found.sd.item()
    (2.0, 1.0)
    """
    order = np.argsort(values, kind="stable")
    sums = _Sums(values[order], counts[:, order])
    everywhere = np.full(len(counts), np.inf)
    whole = sums.between(-everywhere, everywhere)
    if trim is None:
        return whole
    mean, sd = _start(sums)
    share = truncated_sd(trim)
    found = whole
    for _ in range(_ROUNDS):
        found = sums.between(mean - trim * sd, mean + trim * sd)
        moved = np.nanmax(np.abs([found.mean - mean, found.sd / share - sd]), initial=0.0)
        mean, sd = found.mean, found.sd / share
        if moved < _SETTLED:
            break
    return Moments(mean, sd, found.kept)


def _start(sums: _Sums) -> tuple[Floats, Floats]:
    """Return the medians, and SDs from the quartiles, which a few fractures do not move."""
    cumulated = sums.sums[0]
    total = cumulated[:, -1:]
    quarters = [
        sums.values[np.minimum((cumulated[:, 1:] < share * total).sum(axis=1), len(sums.values) - 1)]
        for share in (0.25, 0.5, 0.75)
    ]
    return quarters[1], (quarters[2] - quarters[0]) / _QUARTILES_OF_SD


def truncated_sd(trim: float) -> float:
    """Return the SD of a standard normal distribution without its tails beyond ``trim``."""
    from scipy.special import erf

    within = float(erf(trim / np.sqrt(2.0)))
    density = float(np.exp(-(trim**2) / 2.0) / np.sqrt(2.0 * np.pi))
    return float(np.sqrt(1.0 - 2.0 * trim * density / within))
