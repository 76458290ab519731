"""What the window asks before it does something: where to, who signs, and whether it is really meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from medrag_desktop.gui.sign_dialog import SignDialog


def ask_signature(parent: QWidget, clinician: str, diagnosis: str, sign: Callable[[str, str], None]) -> SignDialog:
    """Ask who signs, and for the diagnosis."""
    dialog = SignDialog(clinician, diagnosis, parent)
    dialog.accepted.connect(lambda: sign(dialog.clinician, dialog.diagnosis))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def ask_pdf(parent: QWidget, case_id: str, write: Callable[[Path], None]) -> QFileDialog:
    """Ask where the report goes; the name that is proposed tells nothing of the patient."""
    title = QCoreApplication.translate("Questions", "Save the report as PDF")
    kinds = QCoreApplication.translate("Questions", "PDF (*.pdf)")
    dialog = QFileDialog(parent, title, str(Path.home()), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("pdf")
    dialog.selectFile(f"report-{datetime.now().astimezone():%Y-%m-%d}-{case_id[:8]}.pdf")
    dialog.fileSelected.connect(lambda name: write(Path(name)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def ask_erase(parent: QWidget, erase: Callable[[], None]) -> QMessageBox:
    """Ask whether a case is to be deleted for good; Enter means no."""
    told = QCoreApplication.translate(
        "Questions", "Erase this case for good? All its versions are deleted. This cannot be undone."
    )
    yes = QCoreApplication.translate("Questions", "Erase")
    return _ask(parent, told, yes, QCoreApplication.translate("Questions", "Cancel"), erase, lambda: None)


def ask_to_lose(parent: QWidget, lose: Callable[[], None], stay: Callable[[], None]) -> QMessageBox:
    """Ask whether to close although the last typing could not be written; Enter means no."""
    told = QCoreApplication.translate("Questions", "What you typed last could not be written into the case history.")
    yes = QCoreApplication.translate("Questions", "Close and lose it")
    return _ask(parent, told, yes, QCoreApplication.translate("Questions", "Keep the window open"), lose, stay)


def _ask(
    parent: QWidget, told: str, yes: str, no: str, on_yes: Callable[[], None], on_no: Callable[[], None]
) -> QMessageBox:
    box = QMessageBox(QMessageBox.Icon.Warning, "MedRAG Desktop", told, parent=parent)
    agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    refuse = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    agree.setProperty("danger", True)
    box.setDefaultButton(refuse)
    box.setEscapeButton(refuse)
    box.finished.connect(lambda: on_yes() if box.clickedButton() is agree else on_no())
    box.finished.connect(box.deleteLater)
    box.open()
    return box
