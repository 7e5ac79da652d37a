"""Variance of items, readers and the rest in ratings with gaps, by restricted maximum likelihood.

The model is rating = mean + item + reader + rest, all normal, independent, with variances of their own.
Items are integrated out in closed form.  What is left of the likelihood depends on the data through sums
over items of readers x readers tables, one for each number of readings that an item has; so a fit takes
as long for a million items as for a hundred, and many resamples are fitted at once.

Written in t = SD of items and s = SD of readers, both over the SD of the rest, the criterion is smooth and
symmetric about 0, so that a variance of zero is no boundary.  Newton's method, gradient by complex steps.

Source: Patterson HD, Thompson R, Biometrika 1971;58:545, doi 10.1093/biomet/58.3.545; Bates D et al., J
Stat Softw 2015;67:1, doi 10.18637/jss.v067.i01 (profiled criterion).  The reduction to tables is derived
here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.agreement.crossed import Layout, Tables, as_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.agreement.sums import Array

    Floats = NDArray[np.float64]

LARGEST = 1e4
"""The most that the SD of items or readers can be over that of the rest: beyond, there is no rest."""

_STEP = 1e-30
_SHIFT = 1e-6
_ROUNDS = 80
_HALVINGS = 12
_CLOSE = 1e-10
_NOTHING = 1e-6
_ROUNDING = 1e-13
_SMALL = 1e-6
_GRID = (0.1, 0.4, 1.0, 2.5, 8.0)
_BLOCK = 512


@frozen
class Fit:
    """Fits of ``(fits,)`` samples; NaN where the variances cannot be told apart.

    Attributes
    ----------
    t, s
        SD of items, and of readers, over that of the rest.
    rest
        Variance of the rest.
    curvature
        ``(fits, 2, 2)`` second derivatives by t and s of -2 log restricted likelihood.
    """

    t: Floats
    s: Floats
    rest: Floats
    curvature: Floats


def criterion(tables: Tables, t: Array, s: Array) -> tuple[Array, Array]:
    """Return -2 log restricted likelihood but for a constant, and the variance of the rest, each ``(fits,)``.

    ``t`` and ``s`` are ``(fits,)``, real or complex.
    """
    item, reader = t[:, None] ** 2, s**2
    shrink = item / (1.0 + tables.sizes * item)
    readers = np.arange(tables.by_reader.shape[1])
    crossed = -np.einsum("fn,fnij->fij", shrink, tables.together)
    crossed[:, readers, readers] += np.einsum("fnii->fi", tables.together)
    left = tables.by_reader - np.einsum("fn,fni->fi", shrink, tables.totals)
    raw = tables.raw - (shrink * tables.squares).sum(axis=1)
    mixed = reader[:, None, None] * crossed
    mixed[:, readers, readers] += 1.0
    solved = np.linalg.solve(mixed, np.stack([crossed.sum(axis=-1), left], axis=-1))
    mean, along = np.moveaxis(solved.sum(axis=1), -1, 0)
    raw = raw - reader * (left * solved[..., 1]).sum(axis=-1) - along**2 / mean
    least = _ROUNDING * tables.raw  # without any rest, rounding would leave less than nothing
    raw = np.where(raw.real > least, raw, least)
    sign, size = np.linalg.slogdet(mixed)
    freedom = tables.number - 1.0
    value = freedom * np.log(raw) + (tables.items * np.log(1.0 + tables.sizes * item)).sum(axis=1)
    return value + size + np.log(sign) + np.log(mean), raw / freedom


def fit(sums: Floats, layout: Layout, *, with_readers: bool = True) -> Fit:
    """Return the fits of ``(fits, sums)`` samples; without readers, as if readings were interchangeable."""
    tables = as_tables(sums, layout)
    parts = [
        _fit(tables.pick(np.arange(start, min(start + _BLOCK, len(sums)))), with_readers=with_readers)
        for start in range(0, len(sums), _BLOCK)
    ]
    columns = zip(*((part.t, part.s, part.rest, part.curvature) for part in parts), strict=True)
    return Fit(*(np.concatenate(column) for column in columns))


def follow(total: Floats, layout: Layout, *, with_readers: bool = True) -> tuple[Fit, Floats]:
    """Return the fit of ``(sums,)`` and the ``(2, sums)`` slopes of t and s by the sums.

    By the implicit function theorem: where the sums move, the slope of the criterion has to stay 0.
    """
    found = fit(total[None], layout, with_readers=with_readers)
    size = _SMALL * (np.abs(total) + 1.0)
    moved = np.concatenate([total + np.diag(size), total - np.diag(size)])
    here = np.repeat(np.array([found.t, found.s]), len(moved), axis=1)
    slope = _slope(as_tables(moved, layout), here, with_readers=with_readers)
    mixed = (slope[:, : len(total)] - slope[:, len(total) :]) / (2.0 * size)
    curvature = found.curvature[0]
    if not np.linalg.det(curvature) > 0:
        return found, np.zeros(mixed.shape)
    slopes: Floats = -np.linalg.solve(curvature, mixed)
    return found, slopes


def _fit(tables: Tables, *, with_readers: bool) -> Fit:
    size = len(tables.raw)
    t, s, rest = np.full((3, size), np.nan)
    fit = Fit(t, s, rest, np.full((size, 2, 2), np.nan))
    usable = np.flatnonzero(_can_be_fitted(tables))
    if len(usable) == 0:
        return fit
    chosen = tables.pick(usable)
    point = _start(chosen, with_readers=with_readers)
    fit.curvature[usable] = _descend(chosen, point, with_readers=with_readers)
    fit.t[usable], fit.s[usable] = np.where(np.abs(point) < _NOTHING, 0.0, np.abs(point))
    fit.rest[usable] = criterion(chosen, point[0], point[1])[1]
    return fit


def _can_be_fitted(tables: Tables) -> NDArray[np.bool_]:
    """Return where there are two items, one of them was read more than once, and ratings differ."""
    number = tables.number
    mean = tables.by_reader.sum(axis=1) / np.maximum(number, 1.0)
    spread = tables.raw - number * mean**2
    repeated = tables.items[:, tables.sizes > 1].sum(axis=1) > 0
    usable: NDArray[np.bool_] = repeated & (tables.items.sum(axis=1) > 1) & (spread > 1e-12 * tables.raw)
    return usable


def _start(tables: Tables, *, with_readers: bool) -> Floats:
    """Return the best ``(2, fits)`` of a coarse grid."""
    size = len(tables.raw)
    best = np.full(size, np.inf)
    point = np.zeros((2, size))
    for t in _GRID:
        for s in _GRID if with_readers else (0.0,):
            value, _ = criterion(tables, np.full(size, t), np.full(size, s))
            better = value < best
            best[better] = value[better]
            point[:, better] = np.array([[t], [s]])
    return point


def _descend(tables: Tables, point: Floats, *, with_readers: bool) -> Floats:
    """Move ``(2, fits)`` points to the minimum in place; return the ``(fits, 2, 2)`` curvature there."""
    curvature = np.zeros((point.shape[1], 2, 2))
    open_fits = np.arange(point.shape[1])
    for _ in range(_ROUNDS):
        some = tables.pick(open_fits)
        here = point[:, open_fits]
        slope, curvature[open_fits] = _derivatives(some, here, with_readers=with_readers)
        step = _newton_step(slope, curvature[open_fits])
        moved = _search(some, here, step)
        point[:, open_fits] = moved
        open_fits = open_fits[(np.abs(moved - here) > _CLOSE * (1.0 + np.abs(here))).any(axis=0)]
        if len(open_fits) == 0:
            break
    return curvature


def _slope(tables: Tables, point: Floats, *, with_readers: bool) -> Floats:
    t, s = point
    by_t = criterion(tables, t + 1j * _STEP, s + 0j)[0].imag / _STEP
    by_s = criterion(tables, t + 0j, s + 1j * _STEP)[0].imag / _STEP if with_readers else np.zeros(len(s))
    return np.stack([by_t, by_s])


def _derivatives(tables: Tables, point: Floats, *, with_readers: bool) -> tuple[Floats, Floats]:
    """Return the ``(2, fits)`` slope and the ``(fits, 2, 2)`` curvature, which is 1 for readers left out."""
    slope = _slope(tables, point, with_readers=with_readers)
    curvature = np.tile(np.eye(2), (point.shape[1], 1, 1))
    free = 2 if with_readers else 1
    for axis in range(free):
        shift = np.zeros((2, 1))
        shift[axis] = _SHIFT
        beyond = _slope(tables, point + shift, with_readers=with_readers)
        curvature[:, axis, :free] = ((beyond - slope) / _SHIFT)[:free].T
    return slope, (curvature + curvature.swapaxes(-2, -1)) / 2.0


def _newton_step(slope: Floats, curvature: Floats) -> Floats:
    """Return the ``(2, fits)`` step that goes downhill: curvatures below 0 are turned round."""
    values, vectors = np.linalg.eigh(curvature)
    scale = np.maximum(np.abs(values), 1e-8 * np.abs(values).max(axis=-1, keepdims=True) + 1e-300)
    along = np.einsum("fij,if->fj", vectors, slope)
    step: Floats = -np.einsum("fij,fj->if", vectors, along / scale)
    return step


def _search(tables: Tables, here: Floats, step: Floats) -> Floats:
    """Return the points after as much of the step as does not go uphill, which may be none of it."""
    value = criterion(tables, *here)[0]
    value = value + 1e-12 * np.abs(value)  # the slope is more exact than the criterion
    moved, open_fits = here.copy(), np.arange(here.shape[1])
    share = 1.0
    for _ in range(_HALVINGS):
        some = tables.pick(open_fits)
        tried = np.clip(here[:, open_fits] + share * step[:, open_fits], -LARGEST, LARGEST)
        good = criterion(some, *tried)[0] <= value[open_fits]
        moved[:, open_fits[good]] = tried[:, good]
        open_fits = open_fits[~good]
        if len(open_fits) == 0:
            break
        share /= 2.0
    return moved
