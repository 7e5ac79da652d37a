"""What readings saw on their films, as arrays over the readings and all levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from spinegrade.anatomy import LEVELS
from spinegrade.assess import find
from spinegrade.calibration import why_no_mm
from spinegrade.errors import RuleError, UnitError
from spinegrade.followup.change import Seen
from spinegrade.io.arrays import pixel_sizes
from spinegrade.io.columns import CALIBRATION, UNIT
from spinegrade.morphometry import pixel_along_height
from spinegrade.quantitative import find_deformities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinegrade.assess import PointSd
    from spinegrade.followup.asking import Asking
    from spinegrade.io.arrays import Spines

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Rows = NDArray[np.int64]


@frozen(eq=False)
class Films:
    """What was seen in readings: arrays over the readings and the 23 `LEVELS`.

    ``grade`` is the one that is asked for, ``computed`` and ``visual`` are both of them; ``deformed`` is
    None where the rule does not ask; ``units`` and ``calibrations`` are those of the readings.
    """

    heights: Floats
    grade: Floats
    computed: Floats
    visual: Floats
    read: Booleans
    point_sd: Floats | None
    deformed: Floats | None
    units: NDArray[np.object_]
    calibrations: NDArray[np.object_]

    def seen(self, rows: Rows) -> Seen:
        """Return what the readings at these rows saw."""
        sd, deformed = (None if one is None else one[rows] for one in (self.point_sd, self.deformed))
        return Seen(self.heights[rows], self.grade[rows], self.read[rows], sd, deformed)


def see_films(spines: Spines, asking: Asking, order: Rows) -> Films:
    """Return what was seen in the readings, in this order, within the levels that are asked for.

    Raises
    ------
    RuleError
        If the rule asks for deformities and there is no norm.
    UnitError
        If a landmark error in mm was given for a film without mm.
    """
    found = find(spines, asking.method)
    evaluable = ~np.isnan(found.grading.height_loss)
    frame, window = spines.frame, spines.window
    given = asking.method.point_sd
    visual = spines.spread(frame["visual_grade"].to_numpy())
    graded = found.grade if asking.grade == "morphometric" else visual

    def whole(values: Floats) -> Floats:
        return _on_all_levels(values, window, asking.method.levels.indices)[order]

    heights = np.where(evaluable[..., None], found.heights, np.nan)
    deformed = _deformed(_on_all_levels(heights, window, _EVERY), spines, asking)
    return Films(
        heights=whole(heights),
        grade=whole(graded),
        computed=whole(found.grade),
        visual=whole(visual),
        read=~np.isnan(whole(spines.spread(np.ones(frame.height)))),
        point_sd=None if given is None else whole(spines.spread(_point_sd(spines, given))),
        deformed=None if deformed is None else deformed[order],
        units=frame[UNIT][spines.firsts].to_numpy()[order],
        calibrations=frame[CALIBRATION].fill_null("")[spines.firsts].to_numpy()[order],
    )


_EVERY = slice(0, len(LEVELS))


def _deformed(heights: Floats, spines: Spines, asking: Asking) -> Floats | None:
    """Return which of the ``(spines, 23)`` vertebrae are deformed, where the rule asks for that."""
    rule, norms = asking.follow_up_rule.deformity, asking.method.norms
    if rule is None:
        return None
    if norms is None:
        msg = f"{asking.rule}: expected a norm for its deformities (--norms), got none"
        raise RuleError(msg)
    people = spines.frame.select("patient", "date")[spines.firsts]
    sex, age = norms.facts(people["patient"], people["date"])
    deformed: Floats = find_deformities(heights, norms.norm, rule, sex=sex, age=age).deformed
    return deformed


def _on_all_levels(values: Floats, window: slice, levels: slice) -> Floats:
    """Return values over the levels of a window as values over all levels, NaN outside ``levels``."""
    every = np.full((len(values), len(LEVELS), *values.shape[2:]), np.nan)
    every[:, window] = values
    every[:, : levels.start] = np.nan
    every[:, levels.stop :] = np.nan
    return every


def _point_sd(spines: Spines, given: PointSd) -> Floats:
    """Return the ``(rows,)`` landmark error in the unit of each row's heights."""
    in_pixels = (spines.frame[UNIT] == "px").to_numpy()
    if given.unit == "mm" and in_pixels.any():
        exam, state = spines.frame.filter(spines.frame[UNIT] == "px").select("exam", CALIBRATION).row(0)
        msg = f"landmark error: expected px for exam {exam}, which has no mm ({why_no_mm(state)}), got mm"
        raise UnitError(msg)
    sd = np.full(len(in_pixels), float(given.value))
    return sd * pixel_along_height(spines.points, pixel_sizes(spines.frame)) if given.unit == "px" else sd
