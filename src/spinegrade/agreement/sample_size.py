"""How many items, patients and readers give a kappa or an intraclass correlation of a wanted precision.

By formula, where items are independent; a design effect turns independent items into items of patients.
By simulation for everything else: readers who differ, items that only some readers read, patients with
several items.

Sources: Donner A, Eliasziw M, Stat Med 1992;11:1511, doi 10.1002/sim.4780111109, and Bloch DA, Kraemer
HC, Biometrics 1989;45:269, doi 10.2307/2532052 (two readers, two categories); Cantor AB, Psychol Methods
1996;1:150, doi 10.1037/1082-989X.1.2.150 (number of items from the variance of kappa); Bonett DG, Stat
Med 2002;21:1331, doi 10.1002/sim.1108 (intraclass correlation).  Several readers and categories: the same
variance by linearisation of the Dirichlet-multinomial model, which with two readers and two categories is
that of Bloch and Kraemer.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen, validators

from spinegrade.agreement.coefficients import fleiss_kappa_of
from spinegrade.agreement.intervals import normal_quantile
from spinegrade.agreement.sums import Sums, item_error
from spinegrade.agreement.tallies import Tally, tallies
from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spinegrade.agreement.weights import WeightName, Weights

    Floats = NDArray[np.float64]

_SHARE = [validators.ge(0.0), validators.le(1.0)]
_LARGE = 1_000_000.0
_MOST_READERS = 30


@frozen
class Aim:
    """The precision that is wanted.

    Attributes
    ----------
    half_width
        Half the width of the interval.
    level
        Its confidence.
    design_effect
        How many times larger the variance is than with independent items; 1 + (items of a patient - 1)
        times their correlation, or what a pilot's `Estimate.design_effect` says.
    items_per_patient
        To turn items into patients.
    """

    half_width: float = field(validator=validators.gt(0.0))
    level: float = field(default=0.95, validator=[validators.gt(0.0), validators.lt(1.0)])
    design_effect: float = field(default=1.0, validator=validators.gt(0.0))
    items_per_patient: float = field(default=1.0, validator=validators.gt(0.0))


@frozen
class SampleSize:
    """Numbers of items, patients and readers, and by what method."""

    items: int
    patients: int
    readers: int
    method: str


def items_for_kappa(
    kappa: float,
    prevalence: Sequence[float],
    aim: Aim,
    readers: int = 2,
    weights: WeightName | Weights = "unweighted",
) -> SampleSize:
    """Return the items that ``readers`` have to read for Fleiss' kappa, any weights, of a given precision.

    ``prevalence`` are the shares of the categories.

    Raises
    ------
    SpinegradeError
        If the shares do not add up to 1, kappa is not in 0 to 1, or there are less than two readers.

    Examples
    --------
    >>> items_for_kappa(0.6, (0.8, 0.2), Aim(half_width=0.1)).items
    392
    """
    error = kappa_error(kappa, prevalence, readers, weights)
    items = (normal_quantile(aim.level) * error / aim.half_width) ** 2
    return _size(items, aim, readers, "variance of Fleiss' kappa under a Dirichlet-multinomial model")


def kappa_error(
    kappa: float, prevalence: Sequence[float], readers: int = 2, weights: WeightName | Weights = "unweighted"
) -> float:
    """Return the standard error of Fleiss' kappa from one item, the root of n times that from n items."""
    shares = np.asarray(prevalence, dtype=float)
    if not (shares > 0).all() or not np.isclose(shares.sum(), 1.0):
        msg = f"prevalence: expected shares above 0 that add up to 1, got {list(prevalence)}"
        raise SpinegradeError(msg)
    if not 0.0 <= kappa < 1.0:
        msg = f"kappa: expected 0 or more and less than 1, got {kappa:g}"
        raise SpinegradeError(msg)
    if readers < 2:
        msg = f"readers: expected 2 or more, got {readers}"
        raise SpinegradeError(msg)
    place = Tally(len(shares), readers)
    patterns = np.array(list(combinations_with_replacement(range(len(shares)), readers)), dtype=np.int16)
    counts = (patterns[:, :, None] == np.arange(len(shares))).sum(axis=1)
    kinds = tallies(patterns, place)
    weighted = _LARGE * _dirichlet_multinomial(counts, shares, kappa)
    sums = Sums((weighted @ kinds)[None], int(_LARGE), kinds, weighted)
    error = item_error(evolve(fleiss_kappa_of(place, weights), lost=0), sums)
    return float((error or 0.0) * np.sqrt(_LARGE))


def _dirichlet_multinomial(counts: NDArray[np.int_], shares: Floats, kappa: float) -> Floats:
    """Return the chance that readers split over categories like each row of ``(patterns, categories)``."""
    from scipy.special import gammaln

    number = counts.sum(axis=1)
    ways = gammaln(number + 1.0) - gammaln(counts + 1.0).sum(axis=1)
    if kappa == 0:
        chances: Floats = np.exp(ways + (counts * np.log(shares)).sum(axis=1))
        return chances
    concentration = shares * (1.0 - kappa) / kappa
    each = (gammaln(counts + concentration) - gammaln(concentration)).sum(axis=1)
    whole = concentration.sum()
    result: Floats = np.exp(ways + each + gammaln(whole) - gammaln(number + whole))
    return result


def items_for_icc(icc: float, aim: Aim, readers: int = 2) -> SampleSize:
    """Return the items that ``readers`` have to read for an intraclass correlation, single readings.

    Raises
    ------
    SpinegradeError
        If the correlation is not in 0 to 1, or there are less than two readers.

    Examples
    --------
    >>> items_for_icc(0.8, Aim(half_width=0.1), readers=3).items
    36
    """
    if not 0.0 <= icc < 1.0:
        msg = f"icc: expected 0 or more and less than 1, got {icc:g}"
        raise SpinegradeError(msg)
    if readers < 2:
        msg = f"readers: expected 2 or more, got {readers}"
        raise SpinegradeError(msg)
    z, width = normal_quantile(aim.level), 2.0 * aim.half_width
    spread = ((1.0 - icc) * (1.0 + (readers - 1.0) * icc)) ** 2
    items = 8.0 * z**2 * spread / (readers * (readers - 1.0) * width**2) + 1.0
    if readers == 2 and icc >= 0.7:
        items += 5.0 * icc
    return _size(items, aim, readers, "Bonett 2002")


def readers_for(items: int, size: Callable[[int], SampleSize]) -> SampleSize | None:
    """Return the fewest readers with whom so many items are enough; None if 30 are too few.

    ``size`` gives the sample size for a number of readers.

    Examples
    --------
    >>> readers_for(50, lambda readers: items_for_icc(0.7, Aim(half_width=0.1), readers)).readers
    6
    """
    for readers in range(2, _MOST_READERS + 1):
        needed = size(readers)
        if needed.items <= items:
            return needed
    return None


def _size(items: float, aim: Aim, readers: int, method: str) -> SampleSize:
    number = ceil(items * aim.design_effect - 1e-9)
    return SampleSize(number, ceil(number / aim.items_per_patient - 1e-9), readers, method)
