"""The recovery words: shown once, to be written down, and asked for to see that they were."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from medrag_desktop.gui.centred_page import CentredPage
from medrag_desktop.gui.passphrase import select_for_retyping, wipe
from medrag_desktop.gui.widgets import Banner, plain_label, push_button

COLUMNS = 3
ASKED = 2
"""How many of the words are asked for."""


def words_of(text: str) -> tuple[str, ...]:
    """Read recovery words from what somebody typed: numbers, commas, lines and capitals do not matter."""
    return tuple(re.findall(r"[^\W\d_]+", text.lower()))


def save_words(words: tuple[str, ...], path: Path, heading: str) -> None:
    """Write the words to a file that only this user may read; raise OSError."""
    lines = [heading, "", *(f"{number:2}. {word}" for number, word in enumerate(words, start=1)), ""]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())


class ShownWords(QWidget):
    """The words, numbered and large, with a way to save them."""

    written_down = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without words."""
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._box = QFrame()
        self._box.setObjectName("banner")
        self._box.setProperty("kind", "info")
        self._grid = QGridLayout(self._box)
        self._grid.setContentsMargins(18, 14, 18, 14)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(10)
        self._saved = Banner("info")
        self.save_button = push_button(self.tr("&Save to a file..."))
        self.next_button = push_button(self.tr("I have &written them down"), "primary")
        self.save_button.clicked.connect(self._save)
        self.next_button.clicked.connect(self.written_down)
        self._lay_out()

    def show_words(self, words: tuple[str, ...]) -> None:
        """Show the words; none takes them away."""
        self._words = words
        self._saved.show_text("info", "")
        while (item := self._grid.takeAt(0)) is not None:
            if (label := item.widget()) is not None:
                label.hide()
                label.deleteLater()
        rows = -(-len(words) // COLUMNS)
        for at, word in enumerate(words):
            self._grid.addWidget(_large(f"{at + 1}.  {word}"), at % rows, at // rows)
        said = ", ".join(f"{number} {word}" for number, word in enumerate(words, start=1))
        self._box.setAccessibleName(self.tr("Recovery words"))
        self._box.setAccessibleDescription(said)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        told = (
            self.tr("If you forget the passphrase, only these words open the cases. They are shown only now."),
            self.tr("Write them on paper in this order. Keep the paper locked away, not beside this computer."),
        )
        for text in told:
            column.addWidget(plain_label(text))
        column.addWidget(self._box)
        warning = self.tr(
            "A saved file is not encrypted: whoever has it can open every case. "
            "Save it on a USB stick, print it elsewhere, and delete it."
        )
        column.addWidget(plain_label(warning, "muted"))
        column.addWidget(self._saved)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button)
        buttons.addStretch(1)
        buttons.addWidget(self.next_button)
        column.addLayout(buttons)

    def _save(self) -> None:
        title = self.tr("Save the recovery words (not encrypted)")
        name, _ = QFileDialog.getSaveFileName(self, title, "medrag-recovery-words.txt", self.tr("Text files (*.txt)"))
        if not name:
            return
        heading = self.tr("MedRAG Desktop: recovery words. Whoever has them can open every case.")
        try:
            save_words(self._words, Path(name), heading)
        except OSError as error:
            failed = self.tr("The file could not be saved: {0}. Choose another place.")
            self._saved.show_text("danger", failed.format(error.strerror or name))
        else:
            self._saved.show_text("warning", self.tr("Saved in {0}. The file is not encrypted.").format(name))


class AskedWords(QWidget):
    """Asks for some of the words, to see that they were written down."""

    confirmed = Signal()
    words_wanted = Signal()
    """The words are to be shown again."""
    refused = Signal(str)
    """A word is wrong; says which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without words."""
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.asked: tuple[int, ...] = ()
        """Places of the words that are asked for, from 0."""
        self._labels = [QLabel() for _ in range(ASKED)]
        self.fields = [QLineEdit() for _ in range(ASKED)]
        self.finish_button = push_button(self.tr("&Finish"), "primary")
        self.back_button = push_button(self.tr("Show the words &again"))
        self.finish_button.clicked.connect(self._check)
        self.back_button.clicked.connect(self.words_wanted)
        self._lay_out()

    def ask(self, words: tuple[str, ...]) -> None:
        """Ask for words at random places; without words, forget those asked for."""
        self._words = words
        chance = secrets.SystemRandom()
        self.asked = tuple(sorted(chance.sample(range(len(words)), ASKED))) if words else ()
        for field in self.fields:
            wipe(field)
        for label, field, at in zip(self._labels, self.fields, self.asked, strict=False):
            name = self.tr("Word no. {0}").format(at + 1)
            label.setText(name)
            field.setAccessibleName(name)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(plain_label(self.tr("Look at your paper and type these two words.")))
        for label, field in zip(self._labels, self.fields, strict=True):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setBuddy(field)
            field.setMaxLength(40)
            field.setAccessibleName(self.tr("Recovery word"))
            field.returnPressed.connect(self._next_or_check)
            column.addWidget(label)
            column.addWidget(field)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back_button)
        buttons.addStretch(1)
        buttons.addWidget(self.finish_button)
        column.addSpacing(8)
        column.addLayout(buttons)
        QWidget.setTabOrder(self.fields[-1], self.finish_button)
        QWidget.setTabOrder(self.finish_button, self.back_button)

    def _next_or_check(self) -> None:
        empty = [field for field in self.fields if not field.text().strip()]
        if empty:
            empty[0].setFocus()
        else:
            self._check()

    def _check(self) -> None:
        for field, at in zip(self.fields, self.asked, strict=True):
            if words_of(field.text()) != (self._words[at],):
                wrong = self.tr("Word no. {0} is not right. Look at your paper again.")
                self.refused.emit(wrong.format(at + 1))
                select_for_retyping(field)
                return
        self.confirmed.emit()


class WordsPage(CentredPage):
    """Shows new recovery words, then asks for some; what leads there is added by the pages made from it."""

    finished = Signal()
    """The words are on paper."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without words."""
        super().__init__(720, parent)
        self._words: tuple[str, ...] = ()
        self.shown, self.asked = ShownWords(), AskedWords()
        for part in (self.shown, self.asked):
            self.add_part(part)
        self.shown.written_down.connect(self._ask_words)
        self.asked.words_wanted.connect(self._show_words)
        self.asked.refused.connect(self.show_error)
        self.asked.confirmed.connect(self._finish)
        self.title_of_shown = self.tr("Write down your recovery words")
        self.title_of_asked = self.tr("Are they on paper?")

    @property
    def has_words(self) -> bool:
        """Tell whether words are shown or asked for."""
        return bool(self._words)

    def show_recovery_words(self, words: tuple[str, ...]) -> None:
        """Show words that were just made."""
        self._words = words
        self.set_busy(False)
        self._show_words()

    def clear(self) -> None:
        """Forget the words."""
        self._words = ()
        self.shown.show_words(())
        self.asked.ask(())

    def _show_words(self) -> None:
        self.shown.show_words(self._words)
        self.show_part(self.shown, self.title_of_shown)
        self.shown.next_button.setFocus()

    def _ask_words(self) -> None:
        self.shown.show_words(())
        self.asked.ask(self._words)
        self.show_part(self.asked, self.title_of_asked)
        self.asked.fields[0].setFocus()

    def _finish(self) -> None:
        self.clear()
        self.finished.emit()


def _large(text: str) -> QLabel:
    label = plain_label(text, "title")
    label.setWordWrap(False)
    return label
