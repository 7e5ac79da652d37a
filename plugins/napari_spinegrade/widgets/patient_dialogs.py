"""What the patient panel asks in a window of its own: which tables, and when a film was taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QInputDialog

if TYPE_CHECKING:
    from datetime import date

    from qtpy.QtWidgets import QWidget

_KINDS = "Tables (*.csv *.tsv *.parquet *.json);;All files (*)"


def ask_table(parent: QWidget, folder: Path | None) -> Path | None:
    """Return the table of patients that somebody chose; None for none."""
    name, _ = QFileDialog.getOpenFileName(parent, "Table of patients", str(folder or ""), _KINDS)
    return Path(name) if name else None


def ask_folder(parent: QWidget, folder: Path | None) -> Path | None:
    """Return the folder of the four tables that somebody chose; None for none."""
    name = QFileDialog.getExistingDirectory(parent, "Folder of the tables of patients", str(folder or ""))
    return Path(name) if name else None


def ask_patient(parent: QWidget) -> str:
    """Return the identifier of a patient that somebody wrote; empty where they thought better of it."""
    words = "Identifier of the patient, as your tables have it: a number or pseudonym, never the name"
    text, given = QInputDialog.getText(parent, "New patient", words)
    return text.strip() if given else ""


def ask_film_date(parent: QWidget, question: str, on: date | None) -> str | None:
    """Return what somebody wrote as the date of a film; None where they thought better of it."""
    text, given = QInputDialog.getText(parent, "Film is of...", question, text=f"{on or ''}")
    return text if given else None
