"""Chips: small words in a row that one key decides; what the program read from the text, and what it asks next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolButton, QWidget

from medrag_desktop.domain.encounter import Presence
from medrag_desktop.gui.plain_text import tooltip
from medrag_desktop.gui.presence_keys import presence_of_key
from medrag_desktop.gui.theme import current_theme, scaled
from medrag_desktop.gui.widgets import FlowLayout, plain_label, themed_icon

_ROWS = 5
"""Of chips that are visible at once; more scroll."""
_CROSS = 14
"""Side of the icon that rejects, pixels."""
YES, NO, REJECT, UNDO = "yes", "no", "reject", "undo"
"""What can be done with a chip."""
_SAID: dict[Presence | None, str] = {Presence.PRESENT: YES, Presence.ABSENT: NO}


@dataclass(frozen=True, slots=True)
class ChipText:
    """What a chip shows and what can be done with it."""

    key: str
    label: str
    spoken: str = ""
    """What a screen reader calls it; the label where it is empty."""
    absent: bool = False
    tip: str = ""
    """Plain text."""
    buttons: tuple[tuple[str, str, str], ...] = ()
    """(action, words, what it does); a button without words is a cross."""
    keys: tuple[str, ...] = ()
    """Actions that have keys: Y or +, N or -, Delete."""
    default: str = ""
    """Action of Enter."""
    hint: str = ""
    """What a screen reader says of the keys."""


class Chip(QFrame):
    """One chip; keys and its buttons ask for an action."""

    asked = Signal(str, str)
    """Key of the chip, action."""
    step = Signal(int)
    """Arrow keys: go to the next chip (1), the one before (-1), the first or last (a large number)."""
    reached = Signal()
    """The keyboard or the mouse has come here."""

    def __init__(self, content: ChipText, parent: QWidget | None = None) -> None:
        """Show a text with its buttons."""
        super().__init__(parent)
        self.content = content
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(content.spoken or content.label)
        self.setAccessibleDescription(content.hint)
        self.setToolTip(tooltip(content.tip))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(5)
        label = plain_label(content.label)
        label.setWordWrap(False)
        row.addWidget(label)
        self._buttons = [self._button(*button) for button in content.buttons]
        for button in self._buttons:
            row.addWidget(button)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Turn a key into an action or a step."""
        steps = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Home: -10_000,
            Qt.Key.Key_End: 10_000,
        }
        action = self._action_of(event)
        if action:
            self.asked.emit(self.content.key, action)
        elif (step := steps.get(Qt.Key(event.key()))) is not None:
            mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
            sideways = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
            self.step.emit(-step if mirrored and sideways else step)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.update()
        self.reached.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Stop showing it."""
        super().focusOutEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the cross in the colours of a new theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            for button in self._buttons:
                _draw_cross(button)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw a rounded ground: filled for present, with a dashed edge for absent."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.hasFocus()
        pen = QPen(QColor(theme.accent if focused or not self.content.absent else theme.muted), 2 if focused else 1)
        if self.content.absent and not focused:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(theme.card if self.content.absent else theme.accent_card))
        radius = self.height() / 2 - 1
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), radius, radius)

    def _action_of(self, event: QKeyEvent) -> str:
        offered = {*self.content.keys, self.content.default}
        if event.matches(QKeySequence.StandardKey.Undo):
            return UNDO
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            return ""
        wanted = {
            Qt.Key.Key_Delete: REJECT,
            Qt.Key.Key_Backspace: REJECT,
            Qt.Key.Key_Return: self.content.default,
            Qt.Key.Key_Enter: self.content.default,
            Qt.Key.Key_Space: self.content.default,
        }.get(Qt.Key(event.key()), _SAID.get(presence_of_key(event), ""))
        return wanted if wanted in offered else ""

    def _button(self, action: str, words: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setText(words)
        button.setAccessibleName(f"{tip}: {self.content.label}")
        button.setToolTip(tip)
        font = button.font()
        font.setBold(True)
        button.setFont(font)
        _draw_cross(button)
        button.clicked.connect(lambda: self.asked.emit(self.content.key, action))
        return button


class ChipRow(QScrollArea):
    """Chips that wrap; one Tab stop, arrow keys within."""

    asked = Signal(str, str)
    """Key of a chip, action."""

    def __init__(self, name: str, after: QWidget, parent: QWidget | None = None) -> None:
        """Begin empty and hidden; Tab comes here from the widget `after` which it stands."""
        super().__init__(parent)
        self._after = after
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._area = QWidget()
        self._area.setAccessibleName(name)
        self._flow = FlowLayout(self._area, 6)
        self.setWidget(self._area)
        self.viewport().setAutoFillBackground(False)
        self._area.setAutoFillBackground(False)
        self._chips: list[Chip] = []
        self._current = 0
        self.hide()

    @property
    def chips(self) -> tuple[Chip, ...]:
        """Return the chips in order."""
        return tuple(self._chips)

    def show_chips(self, contents: Iterable[ChipText]) -> None:
        """Show these chips; those that stay as they are keep their place and the focus."""
        contents = tuple(contents)
        if contents == tuple(chip.content for chip in self._chips):
            return
        focused = next((chip for chip in self._chips if chip.hasFocus()), None)
        at, key = self._current, focused.content.key if focused else ""
        kept = {chip.content: chip for chip in self._chips}
        for chip in self._chips:
            self._flow.removeWidget(chip)
        self._chips = [kept.pop(content) if content in kept else self._make(content) for content in contents]
        for chip in self._chips:
            self._flow.addWidget(chip)
            chip.show()
        for before, after in pairwise((self._after, *self._chips)):
            QWidget.setTabOrder(before, after)
        keys = [chip.content.key for chip in self._chips]
        self._set_current(keys.index(key) if key in keys else at)
        self.setVisible(bool(self._chips))
        if focused is not None:
            self._keep_focus()
        for chip in kept.values():
            chip.hide()
            chip.deleteLater()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Wrap anew."""
        super().resizeEvent(event)
        self._fit()

    def _keep_focus(self) -> None:
        if self._chips:
            self._chips[self._current].setFocus()
        else:
            self.focusNextChild()

    def _make(self, content: ChipText) -> Chip:
        chip = Chip(content, self._area)
        chip.asked.connect(self.asked)
        chip.step.connect(self._step)
        chip.reached.connect(self._reached)
        return chip

    def _step(self, step: int) -> None:
        chip = self.sender()
        at = self._chips.index(chip) if chip in self._chips else self._current
        self._set_current(at + step)
        self._chips[self._current].setFocus()
        self.ensureWidgetVisible(self._chips[self._current], 0, 4)

    def _reached(self) -> None:
        chip = self.sender()
        if chip in self._chips:
            self._set_current(self._chips.index(chip))

    def _set_current(self, at: int) -> None:
        self._current = max(0, min(at, len(self._chips) - 1))
        for number, chip in enumerate(self._chips):
            policy = Qt.FocusPolicy.StrongFocus if number == self._current else Qt.FocusPolicy.ClickFocus
            chip.setFocusPolicy(policy)

    def _fit(self) -> None:
        if not self._chips:
            return
        line = max(chip.sizeHint().height() for chip in self._chips) + self._flow.spacing()
        needed = self._flow.heightForWidth(max(self.viewport().width(), 50))
        height = min(needed, _ROWS * line) + 2
        if self.minimumHeight() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)


def _draw_cross(button: QToolButton) -> None:
    if not button.text():
        size = scaled(_CROSS)
        button.setIcon(themed_icon("close", current_theme().muted, size))
        button.setIconSize(QSize(size, size))
