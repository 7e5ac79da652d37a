"""How a cohort fares over time: Kaplan-Meier with Greenwood's interval, and rates of events.

Sources: Kaplan EL, Meier P, J Am Stat Assoc 1958;53:457, doi 10.1080/01621459.1958.10501452; Greenwood's
variance on the log(-log) scale, which stays between 0 and 1.  Checked in the tests against the survival
package of R, lifelines and statsmodels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.errors import SpinegradeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

METHOD = "Kaplan-Meier, Greenwood's interval on the log(-log) scale"
RATE_METHOD = "events over time at risk, exact Poisson interval"


@frozen(eq=False)
class Survival:
    """Who is still without the event, at each time at which one had it.

    Attributes
    ----------
    times
        ``(k,)`` times of events, rising.
    at_risk, events
        ``(k,)`` how many were under observation just before, and how many had it.
    survival, low, high
        ``(k,)`` share without the event from then on, and its interval; the interval is NaN where the share
        is 0.
    n
        How many were followed.
    """

    times: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: Floats
    low: Floats
    high: Floats
    n: int

    @property
    def median(self) -> float:
        """The first time at which no more than half are without the event; NaN if that is not reached."""
        reached = self.times[self.survival <= 0.5]
        return float(reached[0]) if len(reached) else float("nan")

    def at(self, time: float) -> tuple[float, float, float]:
        """Return the share without the event at a time, and its interval; 1 before the first event."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0:
            return 1.0, 1.0, 1.0
        return float(self.survival[place]), float(self.low[place]), float(self.high[place])


def kaplan_meier(time: ArrayLike, event: ArrayLike, level: float = 0.95) -> Survival:
    """Return the Kaplan-Meier estimate from ``(n,)`` times, and whether each ended with the event.

    A time without the event is when somebody was last known to be without it.  Who leaves at the time of
    an event was still at risk of it.

    Raises
    ------
    SpinegradeError
        If a time is missing or below 0.

    Examples
    --------
    >>> found = kaplan_meier([6, 12, 12, 24], [True, False, True, False])
    >>> found.times.tolist(), found.survival.tolist()
    ([6.0, 12.0], [0.75, 0.5])
    """
    length, ended = _checked(time, event)
    times, inverse = np.unique(length[ended], return_inverse=True)
    events = np.bincount(inverse, minlength=len(times)).astype(np.int64)
    at_risk = (len(length) - np.searchsorted(np.sort(length), times, side="left")).astype(np.int64)
    survival: Floats = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
    low, high = _interval(survival, events, at_risk, level)
    return Survival(times, at_risk, events, survival, low, high, len(length))


def _checked(time: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    length, ended = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    if length.shape != ended.shape or length.ndim != 1:
        msg = f"survival: expected as many times as events, got shapes {length.shape} and {ended.shape}"
        raise SpinegradeError(msg)
    if not (length >= 0).all():
        wrong = length[~(length >= 0)][0]
        msg = f"survival: expected times of 0 or more, got {wrong:g}: dates in the wrong order?"
        raise SpinegradeError(msg)
    return length, ended


def _interval(
    survival: Floats, events: NDArray[np.int64], at_risk: NDArray[np.int64], level: float
) -> tuple[Floats, Floats]:
    from scipy.special import ndtri

    remaining = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * remaining.astype(float))))
        log = np.log(survival)
        half = ndtri(0.5 + level / 2) * spread / np.abs(log)
        low, high = survival ** np.exp(half), survival ** np.exp(-half)
    gone = remaining == 0
    return np.where(gone, np.nan, low), np.where(gone, np.nan, high)


@frozen
class Rate:
    """Events per unit of time at risk, and the interval."""

    events: int
    time: float
    value: float
    low: float
    high: float


def event_rate(events: int, time: float, level: float = 0.95) -> Rate:
    """Return events over the time at risk, in events per unit of that time, with the exact interval.

    Source: Garwood F, Biometrika 1936;28:437, doi 10.1093/biomet/28.3-4.437.

    Raises
    ------
    SpinegradeError
        If there is no time at risk, or a number of events below 0.
    """
    from scipy.special import gammaincinv

    if not time > 0 or events < 0:
        msg = f"rate: expected time at risk and 0 or more events, got {events} events in {time:g}"
        raise SpinegradeError(msg)
    tail = (1.0 - level) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    high = float(gammaincinv(events + 1, 1.0 - tail))
    return Rate(events, float(time), events / time, low / time, high / time)
