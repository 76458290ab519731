"""The keys of the window, and what kind of program this is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from medrag_desktop import __version__
from medrag_desktop.gui.centred_page import fit_to_screen
from medrag_desktop.gui.widgets import plain_label, push_button


class HelpDialog(QDialog):
    """Lists every key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show the list."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and help"))
        self.finished.connect(self.deleteLater)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setColumnStretch(1, 1)
        for row, (key, meaning) in enumerate(self.keys()):
            name = plain_label(key, "heading")
            name.setWordWrap(False)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(meaning), row, 1)
        listed = QWidget()
        listed.setLayout(grid)
        scroll = QScrollArea()
        scroll.setObjectName("read")
        scroll.setWidgetResizable(True)
        scroll.setWidget(listed)
        scroll.setAccessibleName(self.tr("Keys"))
        close = push_button(self.tr("&Close"), "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(plain_label(self.tr("Everything works without a mouse"), "title"))
        column.addWidget(scroll, 1)
        column.addWidget(plain_label(self._about(), "muted"))
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        fit_to_screen(self, 660, 640)

    def keys(self) -> tuple[tuple[str, str], ...]:
        """Return every key with what it does."""
        return (
            ("Ctrl+N", self.tr("New patient; the one before is saved in the history")),
            ("Ctrl+1", self.tr("Patient: what you enter")),
            ("Ctrl+2", self.tr("Draft: what the program makes of it")),
            ("Ctrl+3", self.tr("History: saved cases")),
            ("Ctrl+Enter", self.tr("Assess the patient")),
            ("Esc", self.tr("Stop the assessment")),
            ("Tab, Shift+Tab", self.tr("Next field, field before")),
            (self.tr("Alt + letter"), self.tr("Press the button or go to the field with that letter underlined")),
            ("Ctrl+Z, Ctrl+Y", self.tr("Undo, redo")),
            (self.tr("Y or +"), self.tr("Yes: the chosen finding, or the chip with the cursor, is there")),
            (self.tr("N or -"), self.tr("No: it is not there")),
            (self.tr("U or 0"), self.tr("Not assessed: the chosen finding")),
            (self.tr("S or *, L or /"), self.tr("How bad, which side: the next choice")),
            (self.tr("Delete"), self.tr("Reject what was read, remove a finding, take out a sentence, erase a case")),
            (self.tr("Insert"), self.tr("Add a sentence to the draft")),
            ("Ctrl+F", self.tr("Search, in the history")),
            (self.tr("Enter"), self.tr("Open the chosen case or item")),
            ("Ctrl+,", self.tr("Settings")),
            ("Ctrl+L", self.tr("Lock: hide everything until the passphrase is typed")),
            ("F1", self.tr("This page")),
        )

    def _about(self) -> str:
        return self.tr(
            "MedRAG Desktop {0}. It works without a network and helps trained clinicians to think; it is not a "
            "medical device, and the clinician decides."
        ).format(__version__)
