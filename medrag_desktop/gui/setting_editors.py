"""Widgets that change one setting, made from its limits."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from medrag_desktop.config import Choice, Line, Number
from medrag_desktop.gui.setting_words import setting_words

_INSIDE = (5, 0, 5, 0)
"""Pixels around a number in its box, which the style leaves none."""


class ChoiceEditor(QComboBox):
    """One of a few words."""

    edited = Signal()

    def __init__(self, limits: Choice, parent: QWidget | None = None) -> None:
        """Offer every word."""
        super().__init__(parent)
        for word, name in limits.options:
            self.addItem(setting_words(name), word)
        # A box with a style cuts its words off without a sign, so none may be wider than it.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currentIndexChanged.connect(self.edited)
        turn_only_when_chosen(self)

    def value(self) -> str:
        """Return the word chosen."""
        return str(self.currentData())

    def put(self, value: Any) -> None:
        """Choose a word."""
        self.setCurrentIndex(max(0, self.findData(value)))


class LineEditor(QLineEdit):
    """One line of text."""

    edited = Signal()

    def __init__(self, limits: Line, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setMaxLength(limits.longest)
        self.textChanged.connect(self.edited)

    def value(self) -> str:
        """Return the text without spaces around it."""
        return self.text().strip()

    def put(self, value: Any) -> None:
        """Show a text."""
        self.setText(str(value))


class WholeNumberEditor(QSpinBox):
    """A whole number."""

    edited = Signal()

    def __init__(self, limits: Number, parent: QWidget | None = None) -> None:
        """Accept what is within the limits only."""
        super().__init__(parent)
        self.setRange(int(limits.minimum), int(limits.maximum))
        self.setSingleStep(int(limits.step))
        self.setSuffix(f" {setting_words(limits.unit)}" if limits.unit else "")
        self.setSpecialValueText(setting_words(limits.at_minimum) if limits.at_minimum else "")
        self.lineEdit().setTextMargins(*_INSIDE)
        self.valueChanged.connect(self.edited)
        turn_only_when_chosen(self)

    def put(self, value: Any) -> None:
        """Show a number."""
        self.setValue(int(value))


class DecimalEditor(QDoubleSpinBox):
    """A number with decimals."""

    edited = Signal()

    def __init__(self, limits: Number, parent: QWidget | None = None) -> None:
        """Accept what is within the limits only; half a number while it is typed is none yet."""
        super().__init__(parent)
        self.setDecimals(limits.decimals)
        self.setRange(limits.minimum, limits.maximum)
        self.setSingleStep(limits.step)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(*_INSIDE)
        self.valueChanged.connect(self.edited)
        turn_only_when_chosen(self)

    def put(self, value: Any) -> None:
        """Show a number."""
        self.setValue(float(value))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take a comma for a point, and a point for a comma."""
        point = self.locale().decimalPoint()
        return super().validate(text.replace("." if point == "," else ",", point), position)


Editor = ChoiceEditor | LineEditor | WholeNumberEditor | DecimalEditor


def make_editor(limits: Choice | Line | Number) -> Editor:
    """Make the widget that keeps to the limits."""
    if isinstance(limits, Choice):
        return ChoiceEditor(limits)
    if isinstance(limits, Line):
        return LineEditor(limits)
    return DecimalEditor(limits) if limits.decimals else WholeNumberEditor(limits)


def turn_only_when_chosen(editor: QWidget) -> None:
    """Let the wheel change a value only after the widget was chosen, not while the page is scrolled over it."""
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.installEventFilter(_WheelGuard(editor))


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Leave the wheel to the page."""
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)
