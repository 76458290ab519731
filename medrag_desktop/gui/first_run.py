"""The first start: intended use, a passphrase, and the recovery words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from medrag_desktop.gui.passphrase import NewPassphrase
from medrag_desktop.gui.recovery_words import WordsPage
from medrag_desktop.gui.widgets import plain_label, push_button


class IntendedUse(QWidget):
    """What the program is for and what it cannot do, to be accepted."""

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start not accepted."""
        super().__init__(parent)
        self.read_box = QCheckBox(self.tr("I am a &clinician and have read this"))
        self.next_button = push_button(self.tr("&Next"), "primary")
        self.next_button.setEnabled(False)
        self.read_box.toggled.connect(self.next_button.setEnabled)
        self.next_button.clicked.connect(self.accepted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for heading, text in self._statements():
            told = QVBoxLayout()
            told.setSpacing(2)
            told.addWidget(plain_label(heading, "heading"))
            told.addWidget(plain_label(text))
            column.addLayout(told)
        column.addSpacing(6)
        column.addWidget(self.read_box)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.next_button)
        column.addLayout(buttons)

    def _statements(self) -> tuple[tuple[str, str], ...]:
        return (
            (
                self.tr("What it is for"),
                self.tr(
                    "A second reader for trained clinicians. It shows danger signs, possible diagnoses and a draft in "
                    "which every sentence names its source. The clinician decides."
                ),
            ),
            (
                self.tr("What it is not"),
                self.tr(
                    "It is not a medical device and has not been validated on patients. No clinician has reviewed its "
                    "library unless an entry says so. Patients must not use it alone, and it must never delay "
                    "emergency care."
                ),
            ),
            (
                self.tr("What it cannot do"),
                self.tr(
                    "It does not examine, measure or treat, and it never gives a dose: use your national guideline. "
                    "A disease that is not in its library is never proposed. It reads English only. "
                    "No danger sign shown does not mean no danger: what was not asked or measured was not checked."
                ),
            ),
            (
                self.tr("Your patients' data"),
                self.tr("Everything stays on this computer, without a network. Saved cases are encrypted."),
            ),
        )


class ChosenPassphrase(QWidget):
    """Asks for the passphrase that will lock the cases."""

    chosen = Signal(str)
    refused = Signal(str)
    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.passphrase = NewPassphrase()
        self.next_button = push_button(self.tr("&Create the case history"), "primary")
        self.back_button = push_button(self.tr("&Back"))
        self.next_button.clicked.connect(self._submit)
        self.passphrase.submitted.connect(self._submit)
        self.back_button.clicked.connect(self.back_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for text in (
            self.tr("The passphrase locks the cases on this computer. Without it nobody can read them."),
            self.tr("Nobody can reset it. If you forget it, only the recovery words of the next step help."),
        ):
            column.addWidget(plain_label(text))
        column.addWidget(self.passphrase)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back_button)
        buttons.addStretch(1)
        buttons.addWidget(self.next_button)
        column.addSpacing(8)
        column.addLayout(buttons)
        QWidget.setTabOrder(self.next_button, self.back_button)

    def _submit(self) -> None:
        problem = self.passphrase.problem()
        if problem:
            self.refused.emit(problem)
            self.passphrase.focus_problem()
        else:
            self.chosen.emit(self.passphrase.passphrase)


class FirstRunPage(WordsPage):
    """Leads through the first start; the words of a new history are shown once."""

    create_requested = Signal(str)
    """A passphrase for a new case history."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start with the intended use."""
        super().__init__(parent)
        self.title_of_shown = self.tr("Step 3 of 3: Write down your recovery words")
        self.title_of_asked = self.tr("Step 3 of 3: Are they on paper?")
        self.use = IntendedUse()
        self.choice = ChosenPassphrase()
        for part in (self.use, self.choice):
            self.add_part(part)
        self.use.accepted.connect(self._ask_passphrase)
        self.choice.back_wanted.connect(self._show_use)
        self.choice.refused.connect(self.show_error)
        self.choice.chosen.connect(self._create)
        self._show_use()

    def show_recovery_words(self, words: tuple[str, ...]) -> None:
        """Show the words of the history just made."""
        self.choice.passphrase.clear()
        super().show_recovery_words(words)

    def set_busy(self, busy: bool, text: str = "") -> None:
        """Let nothing be changed while the history is made."""
        super().set_busy(busy, text or self.tr("Making the case history. This takes a few seconds."))

    def clear(self) -> None:
        """Forget everything typed and shown, and start anew."""
        super().clear()
        self.choice.passphrase.clear()
        self.use.read_box.setChecked(False)
        self._show_use()

    def focus_first(self) -> None:
        """Put the cursor where the first step begins."""
        self.use.read_box.setFocus()

    def _show_use(self) -> None:
        self.show_part(self.use, self.tr("Step 1 of 3: Before you start"))
        self.use.read_box.setFocus()

    def _ask_passphrase(self) -> None:
        self.show_part(self.choice, self.tr("Step 2 of 3: Choose a passphrase"))
        self.choice.passphrase.fields[0].setFocus()

    def _create(self, passphrase: str) -> None:
        self.show_error("")
        self.create_requested.emit(passphrase)
