"""Fields for a passphrase: hidden unless asked, with a word on Caps Lock and on how strong a new one is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from medrag_desktop.gui.widgets import plain_label, restyle
from medrag_desktop.services.history import SHORTEST_PASSPHRASE

LONGEST_PASSPHRASE = 1000
"""Characters; a whole file pasted into the field is not a passphrase."""
GOOD, STRONG = 12, 16
"""Characters from which length alone makes a passphrase good or strong."""
FEW_SIGNS = 5
"""Below so many different characters, length says nothing."""


def wipe(field: QLineEdit) -> None:
    """Empty a field so that undo brings nothing back."""
    field.setText("")  # clear() could be undone


def select_for_retyping(field: QLineEdit) -> None:
    """Put the cursor into a field so that typing replaces what is there."""
    field.setFocus()
    field.selectAll()


class PassphraseEdit(QLineEdit):
    """A line whose text is hidden and never copied; it notices Caps Lock from what the keys give."""

    caps_lock_changed = Signal(bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Start empty and hidden; `name` is what a screen reader says."""
        super().__init__(parent)
        self._caps_lock: bool | None = None
        self.setAccessibleName(name)
        self.setMaxLength(LONGEST_PASSPHRASE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.show_text(False)

    def show_text(self, shown: bool) -> None:
        """Show the characters, or dots."""
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )

    def forget(self) -> None:
        """Empty it, and take nothing about Caps Lock for known."""
        wipe(self)
        self._caps_lock = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Type a character, but copy nothing."""
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.Cut):
            return
        self._notice_caps_lock(event)
        super().keyPressEvent(event)

    def _notice_caps_lock(self, event: QKeyEvent) -> None:
        text = event.text()
        if event.key() == Qt.Key.Key_CapsLock and self._caps_lock is not None:
            self._set_caps_lock(not self._caps_lock)
        elif len(text) == 1 and text.lower() != text.upper():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._set_caps_lock(text.isupper() is not shift)

    def _set_caps_lock(self, on: bool) -> None:
        if on is not bool(self._caps_lock):
            self.caps_lock_changed.emit(on)
        self._caps_lock = on


class PassphraseGroup(QWidget):
    """Passphrase fields below each other, with one switch that shows what is typed."""

    changed = Signal()
    submitted = Signal()
    """Enter in the last field."""

    def __init__(self, labels: Sequence[str], parent: QWidget | None = None) -> None:
        """Make an empty field for each label."""
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.fields = tuple(self._add_field(label) for label in labels)
        # Widgets take their place among the Tab stops when they are put into the layout.
        self._show = QCheckBox(self.tr("Show what I type"))
        self._show.toggled.connect(self._show_text)
        self._caps = plain_label("", "warning")
        self._caps.hide()
        self._column.addWidget(self._show)
        self._column.addWidget(self._caps)

    @property
    def caps_lock_hint(self) -> str:
        """Return what is said of Caps Lock; empty when it seems off."""
        return self._caps.text()

    def clear(self) -> None:
        """Empty every field and hide what is typed again."""
        for edit in self.fields:
            edit.forget()
        self._show.setChecked(False)
        self._tell_caps_lock(False)

    def _add_field(self, label: str) -> PassphraseEdit:
        edit = PassphraseEdit(label)
        name = QLabel(label)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setBuddy(edit)
        self._column.addWidget(name)
        self._column.addWidget(edit)
        edit.textChanged.connect(self.changed)
        edit.caps_lock_changed.connect(self._tell_caps_lock)
        edit.returnPressed.connect(self._next_or_submit)
        return edit

    def _show_text(self, shown: bool) -> None:
        for edit in self.fields:
            edit.show_text(shown)

    def _tell_caps_lock(self, on: bool) -> None:
        self._caps.setText(self.tr("Caps Lock seems to be on.") if on else "")
        self._caps.setVisible(on)

    def _next_or_submit(self) -> None:
        after = [edit for edit, before in zip(self.fields[1:], self.fields, strict=False) if before is self.sender()]
        if after:
            after[0].setFocus()
        else:
            self.submitted.emit()


class NewPassphrase(PassphraseGroup):
    """A new passphrase, typed twice, with advice while it is typed; the old one above it where it is asked for."""

    def __init__(self, parent: QWidget | None = None, *, ask_old: bool = False) -> None:
        """Start empty."""
        tr = QCoreApplication.translate
        labels = [tr("NewPassphrase", "New passphrase"), tr("NewPassphrase", "New passphrase again")]
        super().__init__([tr("NewPassphrase", "Old passphrase"), *labels] if ask_old else labels, parent)
        self._old = self.fields[0] if ask_old else None
        self._first, self._again = self.fields[-2:]
        self._advice = plain_label("", "muted")
        self._column.insertWidget(self._column.indexOf(self._first) + 1, self._advice)
        self.changed.connect(self._advise)
        self._advise()

    @property
    def old(self) -> str:
        """Return the old passphrase as typed; empty where it is not asked for."""
        return self._old.text() if self._old is not None else ""

    @property
    def passphrase(self) -> str:
        """Return the new passphrase as typed."""
        return self._first.text()

    @property
    def advice(self) -> str:
        """Return what is said of the passphrase as typed."""
        return self._advice.text()

    def problem(self) -> str:
        """Return why the passphrase cannot be used, as a sentence; empty when it can."""
        if self._old is not None and not self._old.text():
            return self.tr("Type the old passphrase first.")
        if len(self.passphrase) < SHORTEST_PASSPHRASE:
            return self.tr("The passphrase must have at least {0} characters.").format(SHORTEST_PASSPHRASE)
        if not self._again.text():
            return self.tr("Type the new passphrase a second time.")
        if self._again.text() != self.passphrase:
            return self.tr("The two passphrases are not the same. Type the second one again.")
        return ""

    def focus_problem(self) -> None:
        """Put the cursor into the field that is to be typed again."""
        short = len(self.passphrase) < SHORTEST_PASSPHRASE
        missing = self._old is not None and not self._old.text()
        select_for_retyping(self.fields[0] if missing else self._first if short else self._again)

    def _advise(self) -> None:
        kind, words = self._judged(self.passphrase)
        self._advice.setText(words)
        restyle(self._advice, "objectName", kind)

    def _judged(self, passphrase: str) -> tuple[str, str]:
        missing = SHORTEST_PASSPHRASE - len(passphrase)
        if not passphrase:
            return "muted", self.tr("Four or five words that do not belong together are strong and easy to remember.")
        if missing > 0:
            return "muted", self.tr("Too short: {0} more characters needed.").format(missing)
        if len(set(passphrase)) < FEW_SIGNS or passphrase.isdigit():
            return "warning", self.tr("Weak: easy to guess. Use words, not one sign or only digits.")
        if len(passphrase) < GOOD:
            return "warning", self.tr("Weak: more characters protect better. Add another word.")
        if len(passphrase) < STRONG:
            return "good", self.tr("Good. Another word makes it strong.")
        return "good", self.tr("Strong, if the words are not a known saying.")
