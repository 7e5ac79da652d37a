"""Krippendorff's alpha, of categories by coincidences and of measurements by moments.

Alpha is 1 - observed / expected disagreement, both means of a squared difference over pairs of values:
within items, and of any two values that are paired at all.  How the difference is taken is the metric.

For measurements the pairs are never formed.  ``interval`` needs the first two moments.  ``ratio``, with
((a - b) / (a + b))^2 = 1 - sech^2(log(a / b) / 2), needs the sum over all pairs of a kernel of log a -
log b whose Fourier transform is 4 pi w / sinh(pi w); it decays so fast that some hundred frequencies give
the sum to rounding error, each of them by one pass.  So both take time and memory in proportion to the
number of values.

Source: Krippendorff K, Computing Krippendorff's Alpha-Reliability, 2011,
https://repository.upenn.edu/asc_papers/43; Hayes AF, Krippendorff K, Commun Methods Meas 2007;1:77, doi
10.1080/19312450709336664.  The ratio metric by Fourier transform is derived here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from spinegrade.agreement.sums import Array, Statistic, Sums, add_up_items, ratio
from spinegrade.errors import ReadingError, SpinegradeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spinegrade.agreement.ratings import Ratings
    from spinegrade.agreement.tallies import Tally

    Floats = NDArray[np.float64]

Metric = Literal["nominal", "ordinal", "interval", "ratio"]
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval", "ratio")

_ALIKE = "all values that could be compared are the same, so no disagreement is expected by chance either"
_NOTHING = "no item was read by two readers"
_BOUNDS = (-np.inf, 1.0)

_HIGHEST = 13.8
"""Frequency beyond which the kernel's transform is below 1e-17 of its greatest."""
_REACH = 40.0
"""Distance beyond which the kernel itself is."""
_ROUNDING = 1e-12
_MOST_CELLS = 1 << 25
"""Items times sums beyond which items are not kept one by one, so that there is no design effect."""


def krippendorff_alpha_of(place: Tally, values: tuple[float, ...], metric: Metric) -> Statistic:
    """Return alpha of values in categories.

    Raises
    ------
    SpinegradeError
        If the metric is unknown.
    ReadingError
        If the metric is ratio and a category is below 0.
    """
    _check(metric, np.asarray(values))

    def function(sums: Array) -> Array:
        met = place.coincidences(sums)
        used = met.sum(axis=-1)
        apart = _differences(metric, np.asarray(values), used)
        observed = (met * apart).sum(axis=(-2, -1))
        expected = (used[..., :, None] * used[..., None, :] * apart).sum(axis=(-2, -1))
        alpha: Array = 1.0 - (used.sum(axis=-1) - 1.0) * ratio(observed, expected)
        return alpha

    return Statistic("krippendorff_alpha", function, _ALIKE, weights=metric, bounds=_BOUNDS)


def _check(metric: str, values: Floats) -> None:
    if metric not in METRICS:
        msg = f"metric: expected {', '.join(METRICS)}, got {metric!r}"
        raise SpinegradeError(msg)
    if metric == "ratio" and (values < 0).any():
        msg = f"ratio metric: expected no value below 0, got {np.nanmin(values):g}"
        raise ReadingError(msg)


def _differences(metric: Metric, values: Floats, used: Array) -> Array:
    """Return the squared ``(..., categories, categories)`` differences, 0 on the diagonal.

    The ordinal one is that of mid-ranks among the ``(..., categories)`` numbers of values.
    """
    if metric == "nominal":
        return 1.0 - np.eye(len(values))
    if metric == "ordinal":
        rank = np.cumsum(used, axis=-1) - used / 2.0
        return (rank[..., :, None] - rank[..., None, :]) ** 2
    apart = values[:, None] - values
    return (
        apart**2
        if metric == "interval"
        else ratio(apart, values[:, None] + values + np.eye(len(values))) ** 2
    )


def measured_alpha(ratings: Ratings, metric: Metric) -> tuple[Sums, Statistic]:
    """Return the sums of measurements and their alpha; the metric is interval or ratio.

    Raises
    ------
    SpinegradeError
        If the metric is another: nominal and ordinal ones need categories.
    ReadingError
        If the metric is ratio and a value is below 0.
    """
    _check(metric, ratings.values)
    if metric not in {"interval", "ratio"}:
        msg = f"krippendorff_alpha of measurements: expected interval or ratio, got {metric}"
        raise SpinegradeError(msg)
    paired = ratings.read_by(2)
    return (_interval_alpha if metric == "interval" else _ratio_alpha)(paired)


def _interval_alpha(paired: Ratings) -> tuple[Sums, Statistic]:
    known = np.where(paired.read, paired.values - _centre(paired), 0.0)
    number = paired.read.sum(axis=1).astype(float)
    total, squares = known.sum(axis=1), (known**2).sum(axis=1)
    mean = total / number
    within = np.where(paired.read, known - mean[:, None], 0.0)
    apart = 2.0 * number * (within**2).sum(axis=1) / (number - 1.0)
    items = np.column_stack([number, total, squares, apart])

    def function(sums: Array) -> Array:
        number, total, squares, apart = np.moveaxis(sums, -1, 0)
        expected = 2.0 * (number * squares - total**2)
        expected = np.where(expected.real <= _ROUNDING * (number * squares).real, 0.0, expected)
        alpha: Array = 1.0 - (number - 1.0) * ratio(apart, expected)
        return alpha

    sums = add_up_items(items, paired.clusters, _NOTHING)
    return sums, Statistic("krippendorff_alpha", function, _ALIKE, weights="interval", bounds=_BOUNDS)


def _centre(ratings: Ratings) -> float:
    """Return a value near which sums of squares lose no digits."""
    return float(np.nanmean(ratings.values)) if ratings.read.any() else 0.0


def _ratio_alpha(paired: Ratings) -> tuple[Sums, Statistic]:
    positive = paired.read & (paired.values > 0)
    logs = np.where(positive, np.log(np.where(positive, paired.values, 1.0)), 0.0)
    span = float(np.ptp(logs[positive])) if positive.any() else 0.0
    step = 2.0 * np.pi / (span + _REACH)
    frequencies = step * np.arange(int(_HIGHEST / step) + 1, dtype=float)
    transform = step / (2.0 * np.pi) * _transform(frequencies)
    blocks = [
        paired.read.sum(axis=1),
        positive.sum(axis=1),
        _ratio_disagreement(paired),
    ]
    sums = _wave_sums(paired, blocks, _waves(logs, positive, step, len(frequencies)))
    twice = np.tile(transform, (2, 1)).T.reshape(-1)  # for a cosine and a sine each

    def function(sums: Array) -> Array:
        number, above, apart = np.moveaxis(sums[..., :3], -1, 0)
        kernel = (sums[..., 3:] ** 2 * twice).sum(axis=-1)
        expected = above**2 - kernel + 2.0 * above * (number - above)
        expected = np.where(expected.real <= _ROUNDING * (number**2).real, 0.0, expected)
        alpha: Array = 1.0 - (number - 1.0) * ratio(apart, expected)
        return alpha

    return sums, Statistic("krippendorff_alpha", function, _ALIKE, weights="ratio", bounds=_BOUNDS)


def _transform(frequencies: Floats) -> Floats:
    """Return the transform of sech^2(u / 2), doubled but at 0 for the frequencies below 0."""
    beyond = np.pi * np.maximum(frequencies, 1e-300)
    return np.where(frequencies == 0, 4.0, 8.0 * beyond / np.sinh(beyond))


def _waves(logs: Floats, positive: NDArray[np.bool_], step: float, number: int) -> Iterator[Floats]:
    """Yield the ``(items,)`` sums over readers of cosine and sine, frequency by frequency."""
    turn = np.exp(1j * step * logs)
    wave = positive.astype(complex)
    for _ in range(number):
        total = wave.sum(axis=1)
        yield total.real
        yield total.imag
        wave *= turn


def _wave_sums(paired: Ratings, blocks: list[NDArray[np.generic]], waves: Iterator[Floats]) -> Sums:
    """Return the sums, of clusters only where those of items would take too much memory."""
    count, items = paired.cluster_count, len(paired.clusters)
    kept: list[Floats] = []
    columns: list[Floats] = []
    for column in (*blocks, *waves):
        values = column.astype(float)
        columns.append(np.bincount(paired.clusters, weights=values, minlength=count).astype(float))
        if items * (len(columns) + 1) <= _MOST_CELLS:
            kept.append(values)
    clusters = np.column_stack(columns)
    if len(kept) < len(columns):
        return Sums(clusters, items, nothing=_NOTHING)
    return Sums(clusters, items, np.column_stack(kept), np.ones(items), _NOTHING)


def _ratio_disagreement(paired: Ratings) -> Floats:
    """Return what each item adds to the observed disagreement."""
    values = np.where(paired.read, paired.values, np.nan)
    total = np.zeros(len(values))
    for one in range(values.shape[1]):
        for other in range(one):
            apart = ratio(values[:, one] - values[:, other], values[:, one] + values[:, other])
            total += np.nan_to_num(apart) ** 2
    added: Floats = 2.0 * total / np.maximum(paired.read.sum(axis=1) - 1.0, 1.0)
    return added
