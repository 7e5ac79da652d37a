"""The page of trends: what was read on each date, what changed by the follow-up rules, bone density."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from napari_spinegrade.patient_trends import RATIO_WORDS, Trends
from napari_spinegrade.widgets.parts import NEXT_STYLE, QUIET, choice, label
from napari_spinegrade.widgets.patient_plots import Dot, GradeStrip, Line, TimePlot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_spinegrade.patient_trends import ExamPoint, Series

_LOW_Z = -2.0
"""Where the plot of z-scores has its rule, as the rules for children have it."""

_SCANS = "BMD z-scores by site"
_APART = 0.24
"""How far apart words below a plot have to be, as a share of its width."""


class TrendsPage(QScrollArea):
    """Plots of one series, its changes in words, and the scans."""

    def __init__(self) -> None:
        super().__init__()
        self.trends = Trends()
        self.series = choice("Reader and occasion", lambda _number: self._show_series())
        self.level = choice("Vertebra whose ratios are shown", lambda _number: self._show_ratios())
        self.counts = TimePlot("Spinal deformity index and number of fractured levels, by date")
        self.strip = GradeStrip()
        self.ratios = TimePlot("Ratios of heights of one vertebra, by date")
        self.density = TimePlot(_SCANS)
        self.words, self.notes = label(wrap=True), label(colour=QUIET, wrap=True)
        self.scans_title = self._title("Bone density, z-scores")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.setSpacing(4)
        of_level = QHBoxLayout()
        of_level.addWidget(self._title("Ratios of heights at"))
        of_level.addWidget(self.level, 1)
        self.parts: list[QWidget] = [self._title("Grades by date"), self.strip]
        self.parts += [self._title("Deformity index and fractures"), self.counts]
        layout.addWidget(self.series)
        for part in self.parts:
            layout.addWidget(part)
        layout.addLayout(of_level)
        for part in (self.ratios, self._title("What changed"), self.words):
            layout.addWidget(part)
        for part in (self.scans_title, self.density, self.notes):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(inside)

    @staticmethod
    def _title(words: str) -> QWidget:
        made = label(words)
        made.setStyleSheet(NEXT_STYLE)
        return made

    def show_trends(self, trends: Trends, first: str = "", empty: str = "no film with a date") -> None:
        """Show how a patient fared; the series and level that were chosen stay if they can.

        Else the series called ``first`` is shown; ``empty`` is said where there is none.
        """
        self.trends = trends
        before = self.series.currentText(), self.level.currentText()
        self.series.clear()
        self.series.addItems([one.name for one in self.trends.series] or [empty])
        found = (self.series.findText(name) for name in (before[0], first))
        self.series.setCurrentIndex(next((at for at in found if at >= 0), 0))
        self.series.setEnabled(bool(self.trends.series))
        self._show_series(before[1])
        self._show_scans()
        self.notes.setText(escape(". ".join(self.trends.notes)))

    @property
    def _shown(self) -> Series | None:
        at = self.series.currentIndex()
        return self.trends.series[at] if 0 <= at < len(self.trends.series) else None

    def _show_series(self, level: str | None = None) -> None:
        series = self._shown
        points = () if series is None else series.points
        self.strip.show_points(points)
        counts = (
            Line("deformity index", tuple(_sdi_dot(one) for one in points)),
            Line("fractured levels", tuple(Dot(one.on.toordinal(), one.fractured) for one in points)),
        )
        self.counts.show_lines(counts, _ticks(points), least=(0, 3))
        wanted = self.level.currentText() if level is None else level
        self.level.clear()
        self.level.addItems(() if series is None else series.levels)
        self.level.setCurrentIndex(max(0, self.level.findText(wanted or _most_changed(points))))
        self.words.setText(_change_words(series))
        self._show_ratios()

    def _show_ratios(self) -> None:
        points = () if self._shown is None else self._shown.points
        level = self.level.currentText()
        lines = [
            Line(
                name,
                tuple(
                    Dot(one.on.toordinal(), value)
                    for one in points
                    if (value := one.ratios.get(level, (None,) * len(RATIO_WORDS))[at]) is not None
                ),
            )
            for at, name in enumerate(RATIO_WORDS)
        ]
        self.ratios.show_lines(lines, _ticks(points), least=(0.6, 1.1))

    def _show_scans(self) -> None:
        scans = self.trends.scans
        aged = all(one.at is not None for one in scans)
        lines: dict[str, list[Dot]] = {}
        ticks: dict[float, str] = {}
        for one in scans:
            x = one.at if aged and one.at is not None else float(one.on.toordinal() if one.on else 0)
            lines.setdefault(one.site.replace("_", " "), []).append(Dot(x, one.z, one.low, one.high))
            ticks[x] = f"{one.at:.1f} years" if aged else f"{one.on}"
        made = [Line(site, tuple(dots)) for site, dots in lines.items()]
        bound = None if self.trends.adult else _LOW_Z
        self.density.show_lines(made, _apart(ticks), least=(-3, 0), bound=bound)
        self.density.setToolTip(_SCANS if bound is None else f"{_SCANS}; the dashed rule is at {bound:.1f}")
        self.scans_title.setVisible(bool(scans))


def _sdi_dot(point: ExamPoint) -> Dot:
    """Return a deformity index: its least, with the most that unread levels leave room for."""
    low, high = point.sdi
    return Dot(point.on.toordinal(), low, low, high)


def _ticks(points: tuple[ExamPoint, ...]) -> list[tuple[float, str]]:
    """Return the dates at the ends, which never lie upon each other."""
    ends = {0, len(points) - 1} if points else set()
    return [(points[at].on.toordinal(), points[at].on.isoformat()) for at in sorted(ends)]


def _apart(ticks: Mapping[float, str]) -> list[tuple[float, str]]:
    """Return the words at both ends, and those between them that have room."""
    times = sorted(ticks)
    kept = times[:1]
    for at in times[1:-1]:
        room = _APART * (times[-1] - times[0])
        if at - kept[-1] >= room and times[-1] - at >= room:
            kept.append(at)
    return [(at, ticks[at]) for at in dict.fromkeys((*kept, *times[-1:]))]


def _most_changed(points: tuple[ExamPoint, ...]) -> str:
    """Return the level with the highest grade on any date, the uppermost of several."""
    highest: dict[str, int] = {}
    for point in points:
        for level, grade in point.grades.items():
            highest[level] = max(highest.get(level, 0), grade or 0)
    return max(highest, key=lambda level: highest[level], default="")


def _change_words(series: Series | None) -> str:
    if series is None:
        return ""
    if len(series.points) < 2:
        return "One date only: nothing to compare with"
    made_by = ", ".join(one.partition(" sha256")[0].strip() for one in series.made_by.split(";") if one)
    lines = [escape(one) for one in series.words]
    return f'{"<br>".join(lines)}<br><span style="color: {QUIET}">by {escape(made_by)}</span>'
