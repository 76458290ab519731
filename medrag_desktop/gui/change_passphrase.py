"""Asks for the old passphrase and, twice, for a new one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from medrag_desktop.gui.centred_page import CentredPage, fit_to_screen
from medrag_desktop.gui.passphrase import NewPassphrase, select_for_retyping
from medrag_desktop.gui.widgets import plain_label, push_button


class ChangePassphraseDialog(QDialog):
    """Stays open until the passphrase is changed, for the old one may be wrong."""

    change_requested = Signal(str, str)
    """The old passphrase and the new one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Change the passphrase"))
        self._busy = False
        self.group = NewPassphrase(ask_old=True)
        self._page = CentredPage(520)
        self.change_button = push_button(self.tr("&Change"), "primary")
        self.cancel_button = push_button(self.tr("Cancel"))
        self.change_button.clicked.connect(self._submit)
        self.cancel_button.clicked.connect(self.reject)
        self.group.submitted.connect(self._submit)
        self.finished.connect(self._forget)
        self._lay_out()

    @property
    def error(self) -> str:
        """Return the error shown; empty when there is none."""
        return self._page.error

    def show_result(self, error: str) -> None:
        """Close, or say why the passphrase was not changed."""
        self._set_busy(False)
        if error:
            self._page.show_error(error)
            select_for_retyping(self.group.fields[0])
        else:
            self.accept()

    def reject(self) -> None:
        """Close, but not while the passphrase is being changed."""
        if not self._busy:
            super().reject()

    def _lay_out(self) -> None:
        part = QWidget()
        inside = QVBoxLayout(part)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(plain_label(self.tr("The recovery words stay as they are.")))
        inside.addWidget(self.group)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.change_button)
        inside.addSpacing(8)
        inside.addLayout(buttons)
        self._page.add_part(part)
        self._page.show_part(part, self.tr("Change the passphrase"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self._page)
        QWidget.setTabOrder(self.change_button, self.cancel_button)
        fit_to_screen(self, 570, 540)
        self.group.fields[0].setFocus()

    def _submit(self) -> None:
        if self._busy:
            return
        problem = self.group.problem()
        self._page.show_error(problem)
        if problem:
            self.group.focus_problem()
        else:
            self._set_busy(True)
            self.change_requested.emit(self.group.old, self.group.passphrase)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._page.set_busy(busy)

    def _forget(self) -> None:
        self.group.clear()
        self._page.show_error("")
