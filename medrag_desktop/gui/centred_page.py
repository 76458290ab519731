"""A calm page: one card in the middle, which scrolls when the window is too small for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medrag_desktop.gui.widgets import Banner, Card, plain_label

LINE_HEIGHT = 19
"""Pixels of a line of text at the usual size, for which widths are given."""


def fit_to_screen(dialog: QDialog, width: int, height: int) -> None:
    """Give a dialog a size in pixels of the usual text size, larger with larger text, but not beyond the screen."""
    grown = max(1.0, dialog.fontMetrics().height() / LINE_HEIGHT)
    screen = dialog.screen().availableSize()
    dialog.resize(min(round(width * grown), screen.width() - 40), min(round(height * grown), screen.height() - 60))


class CentredPage(QScrollArea):
    """A card in the middle with a title, a place for an error, one part at a time, and a bar for what takes long."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        """Make a card without a part, at most `width` pixels wide at the usual text size."""
        super().__init__(parent)
        self._width = width
        self._focused: QWidget | None = None
        self._parts: list[QWidget] = []
        self._card = Card()
        self._title = plain_label("", "title")
        self._banner = Banner("danger")
        self._waiting = plain_label("", "muted")
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Please wait"))
        self._lay_out()

    @property
    def error(self) -> str:
        """Return the error shown; empty when there is none."""
        return self._banner.text

    def add_part(self, part: QWidget) -> None:
        """Add what may stand in the card; it is hidden until it is shown."""
        self._parts.append(part)
        part.hide()
        self._card.body.insertWidget(self._card.body.indexOf(self._waiting), part)

    def show_part(self, part: QWidget, title: str) -> None:
        """Show one part alone, without the error of the one before."""
        self.show_error("")
        self._title.setText(title)
        for each in self._parts:
            each.setVisible(each is part)
        self.verticalScrollBar().setValue(0)

    def show_error(self, text: str) -> None:
        """Say what went wrong, so that it can be mended; an empty text takes it away."""
        self._banner.show_text("danger", text)
        if text:
            self.set_busy(False)
            self.ensureWidgetVisible(self._banner)

    def set_busy(self, busy: bool, text: str = "") -> None:
        """Let nothing be changed while something takes long; the focus comes back afterwards."""
        if busy and self._bar.isHidden():
            focused = QApplication.focusWidget()
            self._focused = focused if focused is not None and self.isAncestorOf(focused) else None
        for part in self._parts:
            part.setEnabled(not busy)
        self._waiting.setText(text if busy else "")
        self._waiting.setVisible(busy and bool(text))
        self._bar.setVisible(busy)
        if not busy and self._focused is not None:
            self._focused.setFocus()
            self._focused = None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Grow with the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = self._card.body
        body.setContentsMargins(28, 22, 28, 26)
        body.setSpacing(12)
        for widget in (self._title, self._banner, self._waiting, self._bar):
            body.addWidget(widget)
        self._waiting.hide()
        self._bar.hide()
        host = QWidget()
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card, 100)  # as wide as it may be before the sides get anything
        row.addStretch(1)
        column = QVBoxLayout(host)
        column.addStretch(2)
        column.addLayout(row)
        column.addStretch(3)
        self.setWidget(host)
        self._fit()

    def _fit(self) -> None:
        self._card.setMaximumWidth(round(self._width * max(1.0, self.fontMetrics().height() / LINE_HEIGHT)))
