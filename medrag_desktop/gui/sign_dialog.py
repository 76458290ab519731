"""The signature under a draft: who answers for it, and the diagnosis where it is still missing."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from medrag_desktop.gui.theme import scaled
from medrag_desktop.gui.widgets import Banner, plain_label, push_button

_LONGEST_NAME, _LONGEST_DIAGNOSIS = 80, 300


class SignDialog(QDialog):
    """Asks for the clinician's name and the diagnosis."""

    def __init__(self, clinician: str, diagnosis: str, parent: QWidget | None = None) -> None:
        """Start with the name of the settings and the diagnosis of the review."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Sign"))
        self.setMinimumWidth(min(scaled(480), self.screen().availableSize().width() - 40))
        self.name_field = QLineEdit(clinician)
        self.name_field.setMaxLength(_LONGEST_NAME)
        self.diagnosis_field = QLineEdit(diagnosis)
        self.diagnosis_field.setMaxLength(max(_LONGEST_DIAGNOSIS, len(diagnosis)))
        self.sign_button = push_button(self.tr("&Sign"), "primary")
        self.sign_button.setDefault(True)
        self.cancel_button = push_button(self.tr("&Cancel"))
        self._problem = Banner("warning")
        self._lay_out()
        self.sign_button.clicked.connect(self._submit)
        self.cancel_button.clicked.connect(self.reject)
        (self.diagnosis_field if clinician and not diagnosis else self.name_field).setFocus()

    @property
    def clinician(self) -> str:
        """Return the name that signs."""
        return self.name_field.text().strip()

    @property
    def diagnosis(self) -> str:
        """Return the clinician's own conclusion."""
        return self.diagnosis_field.text().strip()

    @property
    def problem(self) -> str:
        """Return what is missing; empty when nothing is."""
        return self._problem.text

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(plain_label(self.tr("Sign this case"), "title"))
        told = self.tr("With your name you answer for the draft as it stands now, your changes included.")
        column.addWidget(plain_label(told))
        column.addWidget(self._problem)
        form = QFormLayout()
        for text, field in (
            (self.tr("Your &name"), self.name_field),
            (self.tr("Your &diagnosis"), self.diagnosis_field),
        ):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            form.addRow(label, field)
        column.addLayout(form)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.sign_button)
        column.addLayout(row)

    @Slot()
    def _submit(self) -> None:
        missing = (
            (self.clinician, self.tr("Type your name."), self.name_field),
            (self.diagnosis, self.tr("Type your diagnosis, or what you suspect."), self.diagnosis_field),
        )
        for text, sentence, field in missing:
            if not text:
                self._problem.show_text("warning", sentence)
                field.setFocus()
                return
        self.accept()
