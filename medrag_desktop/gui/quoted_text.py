"""Text edits that underline the words the program has read, without touching the text itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from medrag_desktop.gui.plain_text import utf16_offset
from medrag_desktop.gui.theme import current_theme

_ITEM_ENDS = re.compile(r"[;\n]|,(?=\s|$)")
"""Between two entries of a list; the comma of `2,5 mg` is none."""
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that were read, at a place of the text."""

    words: str
    start: int
    end: int
    """Offsets in characters, half open."""
    absent: bool = False


def clean_text(text: str) -> str:
    """Replace what is no character, keeping every offset."""
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)


def split_items(text: str) -> tuple[str, ...]:
    """Split a list as typed, by lines, semicolons and commas."""
    return tuple(item.strip() for item in _ITEM_ENDS.split(text) if item.strip())


class QuotedTextEdit(QPlainTextEdit):
    """Free text, in one line or many, whose quotes can be underlined."""

    changed = Signal()

    def __init__(self, name: str, lines: int = 1, most: int = 1, parent: QWidget | None = None) -> None:
        """Make an empty text that grows from `lines` to `most`; a single line takes no line break from the keyboard."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self._lines, self._most = lines, max(lines, most)
        self._held = ("", "")
        self._silent = False
        self._marked: tuple[tuple[int, int, bool], ...] = ()
        self.document().setDocumentMargin(1)
        if lines == 1:
            self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        else:
            self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._frame = _frame_height()
        self._fit()
        self.textChanged.connect(self._text_changed)

    def text(self) -> str:
        """Return the text; what was set comes back as it was until somebody edits it."""
        shown, original = self._held
        now = self.toPlainText()
        return original if now == shown else clean_text(now)

    def set_text(self, text: str) -> None:
        """Show a text without telling; this starts a new undo history."""
        self._silent = True
        self.setPlainText(text)
        self._silent = False
        self._held = (self.toPlainText(), text)
        self.show_quotes(())

    def show_quotes(self, quotes: Iterable[Quote]) -> None:
        """Underline quotes that still stand where they were read: solid for present, dashed for absent."""
        text = self.text()
        placed = (quote for quote in quotes if quote.words and text[quote.start : quote.end] == quote.words)
        self._marked = _positions(text, tuple(placed))
        self._underline()

    @property
    def underlined(self) -> tuple[tuple[str, bool], ...]:
        """Return the words that are underlined, and whether as absent."""
        return tuple((selection.cursor.selectedText(), _is_dashed(selection)) for selection in self.extraSelections())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Go on to the next field at the end of a single line."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                event.ignore()
                return
            if self._lines == 1:
                self.focusNextChild()
                return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802
        """Paste as plain text, into a single line without its line breaks."""
        if self._lines == 1 and source.hasText():
            self.insertPlainText(" ".join(source.text().split()))
        else:
            super().insertFromMimeData(source)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme and the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._underline()
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._frame = _frame_height()
            self._fit()

    def _fit(self, *_: object) -> None:
        """Be as high as the text, within limits."""
        least = self._height_of_lines(1) * self._lines
        height = ceil(max(least, self._height_of_lines(self._most))) + self._frame
        if self.minimumHeight() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def _height_of_lines(self, most: int) -> float:
        """Return the height of the first lines; those with letters of another font are higher than the others."""
        height, block = 0.0, self.document().firstBlock()
        while block.isValid() and most > 0:
            self.document().documentLayout().blockBoundingRect(block)  # which breaks it into lines
            lines = block.layout()
            shown = min(lines.lineCount(), most)
            height += sum(lines.lineAt(number).height() for number in range(shown))
            most -= shown
            block = block.next()
        return height

    def _underline(self) -> None:
        self.setExtraSelections([self._selection(*place) for place in self._marked])

    def _selection(self, start: int, end: int, absent: bool) -> QTextEdit.ExtraSelection:
        theme = current_theme()
        style = QTextCharFormat()
        styles = QTextCharFormat.UnderlineStyle
        style.setUnderlineStyle(styles.DashUnderline if absent else styles.SingleUnderline)
        style.setUnderlineColor(QColor(theme.muted if absent else theme.accent))
        if not absent:
            style.setBackground(QColor(theme.accent_card))
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        selection = QTextEdit.ExtraSelection()
        selection.cursor = cursor
        selection.format = style
        return selection

    def _text_changed(self) -> None:
        if not self._silent:
            self.changed.emit()


class ListField(QuotedTextEdit):
    """A list of short texts, one a line; a comma begins a new entry too."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty list, two lines high."""
        super().__init__(name, 2, 6, parent)
        self._items: tuple[str, ...] = ()
        self._shown = ""

    def items(self) -> tuple[str, ...]:
        """Return the entries; those that were set come back whole, commas and all, unless they were edited."""
        shown = self.toPlainText()
        if shown == self._shown:
            return self._items
        items: list[str] = []
        for line in shown.split("\n"):
            items += [line] if line in self._items and line.strip() else split_items(line)
        return tuple(clean_text(item) for item in items)

    def set_items(self, items: tuple[str, ...]) -> None:
        """Show entries, one a line."""
        self.set_text("\n".join(items))
        self._items, self._shown = items, self.toPlainText()

    def show_item_quotes(self, quotes: Iterable[Quote]) -> None:
        """Underline quotes whose offsets count from the beginning of an entry."""
        text, placed = self.text(), []
        starts = [0, *(match.end() for match in re.finditer(r"[;,\n]\s*", text))]
        for quote in quotes:
            places = (start + quote.start for start in starts)
            at = next((place for place in places if text[place : place + len(quote.words)] == quote.words), None)
            if at is not None:
                placed.append(Quote(quote.words, at, at + len(quote.words), quote.absent))
        self.show_quotes(placed)


def _frame_height() -> int:
    """Return what border and padding of the style add to the height of the text."""
    line = QLineEdit()
    line.ensurePolished()
    return line.sizeHint().height() - line.fontMetrics().height() + 2


def _positions(text: str, quotes: tuple[Quote, ...]) -> tuple[tuple[int, int, bool], ...]:
    """Return where Qt, which counts UTF-16 units and one for a line end, has the quotes."""
    offsets = sorted({offset for quote in quotes for offset in (quote.start, quote.end)})
    at: dict[int, int] = {0: 0}
    for before, offset in pairwise((0, *offsets)):
        between = text[before:offset].replace("\r\n", "\n")
        at[offset] = at[before] + utf16_offset(between, len(between))
    return tuple((at[quote.start], at[quote.end], quote.absent) for quote in quotes)


def _is_dashed(selection: QTextEdit.ExtraSelection) -> bool:
    style: QTextCharFormat = selection.format
    return bool(style.underlineStyle() == QTextCharFormat.UnderlineStyle.DashUnderline)
