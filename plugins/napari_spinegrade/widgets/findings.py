"""What was found, in words: of the vertebra that is worked on, and of the spine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_spinegrade.widgets.parts import QUIET, label
from spinegrade.anatomy import LEVELS

if TYPE_CHECKING:
    from napari_spinegrade.live import Numbers
    from spinegrade.assess import Method

HIDDEN = "Computed values are hidden (V)"
_RATIOS = ("ant./post.", "mid./post.", "post./expected")


class FindingsPanel(QWidget):
    """Four lines under the table."""

    def __init__(self) -> None:
        super().__init__()
        self.ratios, self.grade, self.spine, self.how = label(), label(), label(), label()
        for quiet in (self.ratios, self.how):
            quiet.setStyleSheet(f"color: {QUIET}; font-size: 11px")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(0)
        for line in (self.grade, self.ratios, self.spine, self.how):
            layout.addWidget(line)

    def show_numbers(self, numbers: Numbers | None, level: str, method: Method) -> None:
        """Show the findings of a level and of the spine, or with None that they are hidden."""
        sd = method.point_sd
        error = "" if sd is None else f", error {sd.value:g} {sd.unit}"
        self.how.setText(f"{method.rules}, reference {method.reference}{error}. Research software.")
        self.ratios.setText("" if numbers is None else ratio_words(numbers, level))
        self.grade.setText("" if numbers is None else grade_words(numbers, level))
        self.spine.setText(HIDDEN if numbers is None else spine_words(numbers))


def grade_words(numbers: Numbers, level: str) -> str:
    """Return a level's grade with its shape, nearness to a bound and probabilities."""
    at = LEVELS.index(level)
    if np.isnan(numbers.grade[at]):
        return f"<b>{level}</b>: not graded"
    shape = numbers.shape_words(level)
    words = f"<b>{level}: grade {numbers.grade[at]:.0f}</b>{f', {shape}' if shape else ''}"
    if numbers.probabilities is not None and not np.isnan(numbers.probabilities[at]).any():
        chances = "  ".join(f"{grade}: {p:.2f}" for grade, p in enumerate(numbers.probabilities[at]))
        return f"{words}   P({chances})"
    return f"{words}, near a bound" if numbers.near[at] else words


def ratio_words(numbers: Numbers, level: str) -> str:
    """Return a level's three ratios."""
    ratios = numbers.ratios[LEVELS.index(level)]
    return "   ".join(
        f"{name} {'-' if np.isnan(value) else format(value, '.2f')}"
        for name, value in zip(_RATIOS, ratios, strict=True)
    )


def spine_words(numbers: Numbers) -> str:
    """Return what the grades add up to."""
    if not numbers.evaluable:
        return "Nothing measured yet"
    low, high = numbers.sdi_range
    bounds = f" ({low:.0f} to {high:.0f})" if low != high else ""
    sdi = "-" if np.isnan(numbers.sdi) else f"{numbers.sdi:.0f}"
    found = f"fractured {numbers.fractured} of {numbers.evaluable}"
    return f"Spine: <b>{numbers.status}</b>   SDI {sdi}{bounds}   {found}"
