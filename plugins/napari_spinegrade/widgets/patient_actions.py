"""How the desk opens the panel about the patient."""

from __future__ import annotations

from napari_spinegrade.blinding import BLINDING
from napari_spinegrade.patient_readings import PATIENT
from napari_spinegrade.widgets.form_actions import FormActions
from spinegrade.errors import SpinegradeError

_WIDGET = "Patient and classification"


class PatientActions(FormActions):
    """The action that leads to facts, classification and trends of the patient."""

    def ask_patient(self) -> None:
        """Open the panel about the patient, or bring it to the front; refuse while a reading is blinded."""
        try:
            BLINDING.refuse(PATIENT)
        except SpinegradeError as error:
            self.head.say(str(error), bad=True)
            return
        dock, _ = self.viewer.window.add_plugin_dock_widget("spinegrade", _WIDGET)
        dock.show()
        dock.raise_()
