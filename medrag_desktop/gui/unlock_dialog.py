"""The locked window: passphrase, or recovery words when it is forgotten."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from medrag_desktop.gui.centred_page import CentredPage
from medrag_desktop.gui.first_run import FirstRunPage
from medrag_desktop.gui.passphrase import NewPassphrase, PassphraseGroup, select_for_retyping
from medrag_desktop.gui.recovery_words import words_of
from medrag_desktop.gui.widgets import plain_label, push_button

__all__ = ["FirstRunPage", "UnlockPage"]


class TypedPassphrase(QWidget):
    """Asks for the passphrase."""

    submitted = Signal(str)
    refused = Signal(str)
    forgotten = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.group = PassphraseGroup((self.tr("Passphrase"),))
        self.field = self.group.fields[0]
        self.unlock_button = push_button(self.tr("&Unlock"), "primary")
        self.forgotten_button = push_button(self.tr("&Forgot the passphrase?"), "quiet")
        self.unlock_button.clicked.connect(self._submit)
        self.group.submitted.connect(self._submit)
        self.forgotten_button.clicked.connect(self.forgotten)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(plain_label(self.tr("Type the passphrase to open the cases.")))
        column.addWidget(self.group)
        buttons = QHBoxLayout()
        buttons.addWidget(self.forgotten_button)
        buttons.addStretch(1)
        buttons.addWidget(self.unlock_button)
        column.addSpacing(8)
        column.addLayout(buttons)
        QWidget.setTabOrder(self.unlock_button, self.forgotten_button)

    def _submit(self) -> None:
        if self.field.text():
            self.submitted.emit(self.field.text())
        else:
            self.refused.emit(self.tr("Type the passphrase first."))
            self.field.setFocus()


class TypedWords(QWidget):
    """Asks for the recovery words and for another passphrase."""

    submitted = Signal(str, str)
    """The words with single spaces, and the new passphrase."""
    refused = Signal(str)
    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.words = QPlainTextEdit()
        self.passphrase = NewPassphrase()
        self._count = plain_label("", "muted")
        self.open_button = push_button(self.tr("&Open the cases"), "primary")
        self.back_button = push_button(self.tr("&Back"))
        self.words.textChanged.connect(self._tell_count)
        self.open_button.clicked.connect(self._submit)
        self.passphrase.submitted.connect(self._submit)
        self.back_button.clicked.connect(self.back_wanted)
        self._lay_out()
        self._tell_count()

    @property
    def count(self) -> str:
        """Return how many words are typed, in words."""
        return self._count.text()

    def clear(self) -> None:
        """Forget everything typed."""
        self.words.clear()
        self.passphrase.clear()

    def _lay_out(self) -> None:
        name = QLabel(self.tr("&Recovery words, in the order of your paper"))
        name.setBuddy(self.words)
        self.words.setAccessibleName(self.tr("Recovery words, in the order of your paper"))
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(round(4.5 * self.words.fontMetrics().lineSpacing()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (
            plain_label(self.tr("The recovery words open the cases. Then choose a new passphrase.")),
            name,
            self.words,
            self._count,
            self.passphrase,
        ):
            column.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back_button)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        column.addSpacing(8)
        column.addLayout(buttons)
        QWidget.setTabOrder(self.open_button, self.back_button)

    def _tell_count(self) -> None:
        count = len(words_of(self.words.toPlainText()))
        if not count:
            self._count.setText(self.tr("Type a space between the words. Numbers and capitals do not matter."))
        elif count == 1:
            self._count.setText(self.tr("1 word typed."))
        else:
            self._count.setText(self.tr("{0} words typed.").format(count))

    def _submit(self) -> None:
        words = words_of(self.words.toPlainText())
        problem = self.passphrase.problem()
        if not words:
            self.refused.emit(self.tr("Type the recovery words first."))
            self.words.setFocus()
        elif problem:
            self.refused.emit(problem)
            self.passphrase.focus_problem()
        else:
            self.submitted.emit(" ".join(words), self.passphrase.passphrase)


class UnlockPage(CentredPage):
    """Asks for the passphrase, or for the recovery words; nothing of a patient is on it."""

    unlock_requested = Signal(str)
    """The passphrase."""
    recovery_requested = Signal(str, str)
    """The recovery words and a new passphrase."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start with the passphrase."""
        super().__init__(520, parent)
        self.typed = TypedPassphrase()
        self.recovery = TypedWords()
        self.add_part(self.typed)
        self.add_part(self.recovery)
        self.typed.submitted.connect(self._unlock)
        self.typed.refused.connect(self.show_error)
        self.typed.forgotten.connect(self._ask_words)
        self.recovery.submitted.connect(self._recover)
        self.recovery.refused.connect(self.show_error)
        self.recovery.back_wanted.connect(self._ask_passphrase)
        self._ask_passphrase()

    def show_error(self, text: str) -> None:
        """Say what went wrong, with the cursor where it can be mended; an empty text takes it away."""
        super().show_error(text)
        if text:
            self.focus_first()

    def set_busy(self, busy: bool, text: str = "") -> None:
        """Let nothing be changed while the history is opened."""
        super().set_busy(busy, text or self.tr("Opening the cases..."))

    def clear(self) -> None:
        """Forget everything typed and ask for the passphrase."""
        self.typed.group.clear()
        self.recovery.clear()
        self.set_busy(False)
        self._ask_passphrase()

    def focus_first(self) -> None:
        """Put the cursor where typing begins; what is there will be replaced."""
        if self.recovery.isVisibleTo(self):
            self.recovery.words.setFocus()
        else:
            select_for_retyping(self.typed.field)

    def _ask_passphrase(self) -> None:
        self.recovery.clear()
        self.show_part(self.typed, self.tr("The cases are locked"))
        self.typed.field.setFocus()

    def _ask_words(self) -> None:
        self.typed.group.clear()
        self.show_part(self.recovery, self.tr("Open with the recovery words"))
        self.recovery.words.setFocus()

    def _unlock(self, passphrase: str) -> None:
        super().show_error("")
        self.unlock_requested.emit(passphrase)

    def _recover(self, words: str, passphrase: str) -> None:
        super().show_error("")
        self.recovery_requested.emit(words, passphrase)
