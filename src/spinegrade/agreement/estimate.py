"""What a statistic came to: its value, how sure it is, by what method, and words where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from attrs import Attribute


@frozen
class Analytic:
    """An interval by a formula, to stand beside the resampled one.

    It takes the items for independent unless ``method`` says otherwise, so it is too narrow where one
    patient gives several.
    """

    low: float
    high: float
    standard_error: float | None
    method: str


def _undefined_has_words(estimate: Estimate, _: Attribute[str | None], reason: str | None) -> None:
    missing = None in (estimate.value, estimate.low, estimate.high)
    if missing and not reason:
        msg = f"{estimate.statistic}: expected a reason for what has no value, got none"
        raise ValueError(msg)


@frozen(kw_only=True)
class Estimate:
    """A statistic of agreement and its interval.

    Attributes
    ----------
    statistic
        Its name, such as ``cohen_kappa``.
    value
        A fraction, never percent, or in the unit of the ratings; None where it is not defined.
    low, high
        The interval; None where it is not defined.
    level
        The confidence of the interval.
    n
        Number of items that were used.
    clusters
        Number of clusters (patients) that these items come from.
    method
        How the interval was made.
    reason
        Why the value or the interval is not defined, in words; None where both are.
    weights
        What disagreements weigh: the name of weights or of a metric; None where it has no meaning.
    readers
        The pair of readers that were compared; None for all of them.
    about
        What of, where a statistic has several: a category, a landmark, the number of averaged readings.
    standard_error
        Standard error that goes with the interval: the SD of the resampled values, or by linearisation.
    analytic
        The interval by a formula; None where there is none.
    design_effect
        Variance with clusters over variance as if items were independent, both by linearisation.
    resamples
        Number of resamples in which the statistic was defined; 0 where nothing was resampled.
    warnings
        What a reader of the interval has to know.
    """

    statistic: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    n: int
    clusters: int
    method: str
    weights: str | None = None
    readers: tuple[str, str] | None = None
    about: str | None = None
    standard_error: float | None = None
    analytic: Analytic | None = None
    design_effect: float | None = None
    resamples: int = 0
    reason: str | None = field(default=None, validator=_undefined_has_words)
    warnings: tuple[str, ...] = ()
