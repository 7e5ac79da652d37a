"""Somebody at the patient panel, for tests in a real window."""

from __future__ import annotations

import shutil
from pathlib import Path

from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QPushButton

from at_desk import settle
from napari_spinegrade import patient_session
from napari_spinegrade.widgets.patient import PatientPanel
from spinegrade.patients.reading import read_patients

SAMPLES = Path(__file__).parents[1] / "sample_images"
CHILD, TAKEN = "sample-04", "2026-04-27"


def clinic_in(folder, monkeypatch):
    """Return the sample child's later film in a folder, with readings and tables of patients beside it."""
    monkeypatch.setattr(patient_session, "CHOSEN", {})
    for path in (SAMPLES / "readings").glob("*_R1_1.reading.json"):
        shutil.copy(path, folder)
    shutil.copytree(SAMPLES / "patients", folder / "patients")
    return Path(shutil.copy(SAMPLES / "child-year-later.dcm", folder))


def kept(clinic, table="patients", patient=CHILD):
    """Return what the tables beside a film have of a patient."""
    frame = getattr(read_patients(clinic.parent / "patients"), table)
    return frame.filter(patient=patient).to_dicts()


class AtPanel:
    """Somebody at the panel."""

    def __init__(self, viewer, desk, hand):
        self.viewer, self.desk, self._hand = viewer, desk, hand
        self.panel = PatientPanel(viewer)
        viewer.window.add_dock_widget(self.panel, name="Patient", area="right", tabify=False)
        window = self.panel.window()
        window.raise_()
        hand("windowfocus", int(window.winId()))
        settle(0.3)

    def do(self, *words):
        """Move the real mouse, or press real keys."""
        self._hand(*words)
        settle(0.15)

    def point(self, widget, place=None):
        """Move the mouse to a widget."""
        at = widget.mapToGlobal(place or QPoint(widget.width() // 2, widget.height() // 2))
        self.do("mousemove", at.x(), at.y())

    def click(self, widget, place=None):
        """Click on a widget."""
        self.point(widget, place)
        self.do("click", 1)

    def button(self, text, within=None):
        """Return a button by what it says."""
        found = (within or self.panel).findChildren(QPushButton)
        return next(one for one in found if one.text() == text)

    def begin(self, column, text):
        """Begin to write into a field, as somebody does who sees it."""
        self.panel.pages.setCurrentIndex(0)
        field = self.panel.facts_page.fields[column]
        self.panel.facts_page.ensureWidgetVisible(field)
        settle()
        self.click(field)
        self.do("key", "ctrl+a")
        self.do("type", text)

    def write(self, column, text):
        """Write into a field."""
        self.begin(column, text)
        self.do("key", "Return")

    @property
    def page(self):
        """What the page of the classification says."""
        return self.panel.rules.text.toPlainText()

    @property
    def said(self):
        """What the panel says of the last action."""
        return self.panel.head.words.text()
