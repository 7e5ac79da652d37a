"""Several readers as a table, one row a level: what each made of it.  A click jumps there, or sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal

from napari_spinegrade.widgets.level_table import LevelTable, paint_grade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QIcon

    from napari_spinegrade.spread import LevelSpread

_READER, _NARROW, _LEVEL, _LOSS, _APART = 58, 47, 40, 74, 60
_FEW = 5
"""Readers whose columns fit beside each other at their full width."""


class SpreadTable(LevelTable):
    """What each reader made of each level.

    ``sorting`` says that a heading was clicked: true for that of the levels, which sorts by level, false for
    another, which sorts by disagreement.
    """

    sorting = Signal(bool)

    def __init__(self) -> None:
        super().__init__(20)
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().sectionClicked.connect(lambda column: self.sorting.emit(column == 0))
        self.show_spreads((), (), (), "mm")

    def show_spreads(
        self, spreads: Sequence[LevelSpread], names: Sequence[str], icons: Sequence[QIcon], unit: str
    ) -> None:
        """Show levels in this order, with a column for each reader."""
        columns = ("level", *names, "height loss", "apart")
        reader = _READER if len(names) <= _FEW else _NARROW
        widths = (_LEVEL, *[reader] * len(names), _LOSS, _APART)
        self.begin(columns, widths, [one.level for one in spreads])
        self._head(names, icons)
        for row, one in enumerate(spreads):
            for reader in range(len(names)):
                paint_grade(self.write(row, 1 + reader, *_reader_words(one, reader)), one.grades[reader])
            self.write(row, len(names) + 1, _loss_words(one))
            self.write(row, len(names) + 2, _apart_words(one, unit), one.landmark)

    def _head(self, names: Sequence[str], icons: Sequence[QIcon]) -> None:
        sort = "Click: sort by disagreement"
        self.head(0, "Click: sort by level")
        for column, (name, icon) in enumerate(zip(names, icons, strict=True), 1):
            self.head(column, f"{name}: computed grade, and the reader's own in brackets. {sort}", icon)
        self.head(len(names) + 1, f"Least and largest height loss. {sort}")
        self.head(len(names) + 2, f"Largest distance between two readers' landmarks. {sort}")


def _reader_words(one: LevelSpread, reader: int) -> tuple[str, str]:
    """Return what a reader made of a level: the computed grade and their own, and that in a tooltip."""
    if one.read[reader] is False:
        return "n.e.", "not evaluable"
    if one.read[reader] is None and one.visual[reader] is None:
        return "", "not read"
    visual = one.visual[reader]
    own = "" if visual is None else f" ({visual:g})"
    return f"{one.grade_words[reader]}{own}".strip(), "computed grade (the reader's own)"


def _loss_words(one: LevelSpread) -> str:
    if one.losses is None:
        return ""
    low, high = (100 * loss for loss in one.losses)
    return f"{low:.0f} %" if f"{low:.0f}" == f"{high:.0f}" else f"{low:.0f} to {high:.0f} %"


def _apart_words(one: LevelSpread, unit: str) -> str:
    return "" if one.apart is None else f"{one.apart:.1f} {unit}"
