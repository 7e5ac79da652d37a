"""Two dates as a table, one row a level: then, now, and in words what differs.  A click jumps there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt

from napari_spinegrade.comparing import RATIOS
from napari_spinegrade.widgets.level_table import LevelTable, paint_grade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_spinegrade.comparing import Difference, Pair

ARROW = "\u2192"
ROW = 30
"""Height of a row of differences, which has two lines of words."""

_SMALL = 11
"""Height of these words in pixels."""


class DifferenceTable(LevelTable):
    """What each level was then, and is now."""

    COLUMNS = ("level", "then", "now", "height loss", "a/p", "m/p", "what differs")
    _WIDTHS = (38, 34, 34, 80, 47, 47, 160)
    _WORDS = 6

    def __init__(self) -> None:
        super().__init__(ROW)
        self.setWordWrap(True)
        self.begin(self.COLUMNS, self._WIDTHS, ())

    def show_differences(self, differences: Sequence[Difference]) -> None:
        """Show other differences."""
        self.begin(self.COLUMNS, self._WIDTHS, [one.level for one in differences])
        for column, name in zip((4, 5), RATIOS, strict=False):
            self.head(column, f"By how many percent points the height ratio {name} became larger")
        for row, one in enumerate(differences):
            for column, grade, words in zip((1, 2), one.grades, one.grade_words, strict=True):
                paint_grade(self.write(row, column, words), grade)
            self.write(row, 3, pair_words(one.losses))
            for column, change in zip((4, 5), one.ratio_changes, strict=False):
                self.write(row, column, change_words(change))
            item = self.write(row, self._WORDS, one.words, one.words)
            item.setTextAlignment(int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter))
            font = item.font()
            font.setPixelSize(_SMALL)
            item.setFont(font)


def pair_words(pair: Pair) -> str:
    """Return two fractions as percentages, then and now; empty where neither is known."""
    if pair == (None, None):
        return ""
    then, now = ("-" if one is None else f"{100 * one:.0f}" for one in pair)
    return f"{then} {ARROW} {now} %"


def change_words(change: float | None) -> str:
    """Return a change in percent points with its sign; empty where it is not known."""
    return "" if change is None else f"{change:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")
