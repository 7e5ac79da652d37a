"""The pages of the patient panel in real windows: links, lists under the wheel, words below plots."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from attrs import evolve
from qtpy.QtCore import QPoint, QUrl
from qtpy.QtGui import QFont, QFontMetricsF

from at_desk import settle
from napari_spinegrade.patient_page import SWITCH
from napari_spinegrade.patient_session import PatientSession
from napari_spinegrade.patient_trends import Scan, Series, Trends
from napari_spinegrade.widgets.patient_rules import RulesPage
from napari_spinegrade.widgets.patient_trends import TrendsPage
from spinegrade.assess import Method
from spinegrade.osteoporosis.switches import SWITCHES


@pytest.fixture
def shown(qapp):
    """Give what shows a page in a window of the panel's width, and takes it away after the test."""
    windows = []

    def show(page):
        page.resize(384, 600)
        page.move(60, 60)
        page.show()
        settle(0.3)
        windows.append(page)
        return page

    yield show
    for one in windows:
        one.close()


@pytest.fixture
def rules(shown):
    """Give the page of the classification of nobody."""
    page = RulesPage()
    page.show_view(None, PatientSession(Method()), "")
    return shown(page)


def wheel(hand, widget, notch):
    middle = widget.mapToGlobal(QPoint(widget.width() // 3, widget.height() // 2))
    hand("mousemove", middle.x(), middle.y())
    hand("click", notch)
    settle(0.1)


class TestRules:
    def test_the_wheel_changes_neither_switch_nor_setting(self, rules, xdotool):
        told = []
        rules.switch_set.connect(lambda *words: told.append(words))
        rules.switches.setCurrentText("by_age")
        rules._show_setting()
        for widget in (rules.switches, rules.setting):
            for notch in (5, 5, 4):
                wheel(xdotool, widget, notch)
                assert rules.switches.currentText() == "by_age"
                assert rules.setting.currentText() == "at-most"
        assert told == []

    @pytest.mark.parametrize("name", SWITCHES)
    def test_a_link_leads_to_its_switch(self, rules, xdotool, name):
        wanted = []
        rules.field_wanted.connect(lambda *words: wanted.append(words))
        xdotool("windowfocus", int(rules.winId()))
        settle(0.1)
        rules.text.anchorClicked.emit(QUrl(f"{SWITCH}{name}"))
        assert rules.switches.currentText() == name
        assert rules.setting.hasFocus()
        assert wanted == []

    def test_a_number_can_be_typed_where_the_link_has_led(self, rules, xdotool):
        told = []
        rules.switch_set.connect(lambda *words: told.append(words))
        xdotool("windowfocus", int(rules.winId()))
        settle(0.1)
        rules.text.anchorClicked.emit(QUrl(f"{SWITCH}t_score_men_from"))
        xdotool("type", "50")
        xdotool("key", "Return")
        settle(0.2)
        assert told == [("t_score_men_from", "50")]


def scans(count, step=0.35):
    """Return as many scans of each of two sites, some months apart."""
    return tuple(
        Scan(site, 6 + n * step + 0.02 * at, date(2012, 1, 1), -2.0 + 0.03 * n, None, None)
        for n in range(count)
        for at, site in enumerate(("spine", "total_body_less_head"))
    )


class TestTrends:
    @pytest.mark.parametrize("count", [1, 2, 3, 5, 25])
    def test_ages_below_the_scans_never_lie_upon_each_other(self, shown, count):
        page = shown(TrendsPage())
        page.show_trends(Trends((), scans(count)))
        settle(0.2)
        plot = page.density
        font = QFont(plot.font())
        font.setPointSizeF(7.0)
        metrics = QFontMetricsF(font)
        area = plot.area
        spans = []
        for at, words in plot.ticks:
            middle, half = plot._x(area, at), metrics.horizontalAdvance(words) / 2
            spans.append((middle - half, middle + half))
        assert all(one[1] < two[0] for one, two in pairwise(spans))
        assert len(spans) >= min(2, count)
        assert plot.ticks[0][1] == "6.0 years"

    def test_begins_with_the_series_that_is_open(self, shown):
        page = shown(TrendsPage())
        series = tuple(Series("R1", occasion, ()) for occasion in (1, 2))
        page.show_trends(Trends(series), "R1, occasion 2")
        assert page.series.currentText() == "R1, occasion 2"
        page.series.setCurrentIndex(0)
        page.show_trends(Trends(series), "R1, occasion 2")  # what was chosen stays
        assert page.series.currentText() == "R1, occasion 1"
        page.show_trends(Trends(), empty="hidden")
        assert page.series.currentText() == "hidden"

    def test_the_bound_of_rules_for_children_is_not_drawn_for_an_adult(self, shown):
        page = shown(TrendsPage())
        made = Trends((), scans(2))
        page.show_trends(made)
        assert page.density.bound == -2.0
        assert "-2.0" in page.density.toolTip()
        page.show_trends(evolve(made, adult=True))
        assert page.density.bound is None
        assert "-2.0" not in page.density.toolTip()
