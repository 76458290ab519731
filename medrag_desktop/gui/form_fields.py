"""Fields of the encounter form: numbers that know what can be true, choices, and the mark beside a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from medrag_desktop.gui.theme import current_theme, scaled
from medrag_desktop.gui.widgets import ICON_SIZE, plain_label, push_button, restyle, themed_icon

_NUMBER = re.compile(r"\d{1,6}(?:[.,]\d{0,4})?|[.,]\d{1,4}")
_LONGEST_NUMBER = 12
_DIGITS = 5
"""That a number field has room for."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What an impossible number was probably meant to be."""

    words: str
    value: float
    """In the unit of the field."""


def parse_number(text: str) -> float | None:
    """Read a number with a decimal point or comma; None when the text is none."""
    text = text.strip()
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def format_number(value: float) -> str:
    """Write a number with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def labelled(text: str, *fields: QWidget) -> QWidget:
    """Put a label above fields that stand side by side; the label leads to the first."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    label = plain_label(text, "muted")
    label.setWordWrap(False)
    label.setBuddy(fields[0])
    column.addWidget(label)
    row = QHBoxLayout()
    row.setSpacing(4)
    for field in fields:
        row.addWidget(field)
    row.addStretch(1)
    column.addLayout(row)
    return box


class NumberField(QLineEdit):
    """A number that is empty, within limits, or marked and not used."""

    changed = Signal()

    def __init__(self, name: str, unit: str = "", *, whole: bool = False, parent: QWidget | None = None) -> None:
        """Make an empty field; `name` is what problems and screen readers call it."""
        super().__init__(parent)
        self.name, self.unit = name, unit
        self._whole = whole
        self._low, self._high, self._open_low = 0.0, float("inf"), False
        self._held: tuple[str, float | None] = ("", None)
        self._read: float | None = None
        self._guess: Callable[[float], Guess | None] = lambda _value: None
        self.setMaxLength(_LONGEST_NUMBER)
        self.setAccessibleName(self.tr("{name} in {unit}").format(name=name, unit=unit) if unit else name)
        self._fit()
        self.textChanged.connect(self._text_changed)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        width = self.fontMetrics().horizontalAdvance("0") * _DIGITS + 26
        if self.minimumWidth() != width:
            self.setFixedWidth(width)

    def set_limits(self, low: float, high: float, *, open_low: bool = False) -> None:
        """Use only values between the limits; `open_low` leaves out the lower one itself."""
        self._low, self._high, self._open_low = low, high, open_low
        self._mark()

    def set_guess(self, guess: Callable[[float], Guess | None]) -> None:
        """Say how to guess what an impossible number was meant to be."""
        self._guess = guess

    def set_value(self, value: float | None) -> None:
        """Show a value; as long as the text stays, exactly this value is given back."""
        text = "" if value is None else format_number(value)
        self._held = (text, value)
        self.blockSignals(True)
        self.setText(text)
        self.blockSignals(False)
        self._mark()

    def show_read(self, value: float | None) -> None:
        """Show, in an empty field, what was read from the text."""
        self._read = value
        self.setPlaceholderText("" if value is None else format_number(value))
        self._describe()

    @property
    def read(self) -> float | None:
        """Return what was read from the text and shows through, or None."""
        return None if self.text() else self._read

    def typed(self) -> float | None:
        """Return the number that stands there, possible or not."""
        text, value = self._held
        return value if self.text() == text else parse_number(self.text())

    def value(self) -> float | None:
        """Return the value to use: None when the field is empty or what stands there cannot be used."""
        value = self.typed()
        if value is None or self.problem():
            return None
        return int(value) if self._whole else value

    def problem(self) -> str:
        """Return why what stands there cannot be used; empty when it can."""
        if not self.text().strip():
            return ""
        value = self.typed()
        if value is None:
            return self.tr("not a number; not used until corrected")
        if self._whole and value != int(value):
            return self.tr("a whole number expected; not used until corrected")
        if self._low <= value <= self._high and not (self._open_low and value == self._low):
            return ""
        low, high = format_number(self._low), format_number(self._high)
        limits = self.tr("{low}-{high} {unit}").format(low=low, high=high, unit=self.unit).strip()
        return self.tr("{limits} expected; not used until corrected").format(limits=limits)

    def sentence(self) -> str:
        """Return the problem as a sentence that names the field; empty for none."""
        problem = self.problem()
        return f"{self.name} {self.text().strip()}: {problem}." if problem else ""

    def guess(self) -> Guess | None:
        """Return what an impossible number was probably meant to be."""
        value = self.typed()
        return self._guess(value) if value is not None and self.problem() else None

    def accept_guess(self) -> None:
        """Put the guess in the place of the number."""
        guess = self.guess()
        if guess is not None:
            self.selectAll()
            self.insert(format_number(guess.value))

    def _text_changed(self) -> None:
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        wrong = bool(self.problem())
        if bool(self.property("wrong")) is not wrong:
            restyle(self, "wrong", wrong)
        self._describe()

    def _describe(self) -> None:
        """Tell a screen reader what is wrong, or what an empty field was read to be."""
        read = "" if self.read is None else format_number(self.read)
        told = self.tr("Read from the text: {value}").format(value=read) if read else ""
        self.setAccessibleDescription(self.problem() or told)


class ChoiceBox(QComboBox):
    """One of a few values; the mouse wheel scrolls the page, never the choice."""

    changed = Signal()

    def __init__(self, name: str, choices: Iterable[tuple[object, str]], parent: QWidget | None = None) -> None:
        """Offer (value, words) pairs, the first chosen."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._values: list[object] = []
        for value, words in choices:
            self._values.append(value)
            self.addItem(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.currentIndexChanged.connect(self._index_changed)
        self._silent = False
        self._unknown = self.itemText(0)

    def value(self) -> Any:
        """Return the chosen value; an empty text where nothing is chosen."""
        return self._values[self.currentIndex()] if self.currentIndex() >= 0 else ""

    def set_value(self, value: object) -> None:
        """Choose a value without telling; one that is not offered is added as it is, an empty text chooses nothing."""
        if value not in self._values and value != "":
            self._values.append(value)
            self.addItem(str(value))
        self._silent = True
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)
        self._silent = False

    def show_read(self, words: str) -> None:
        """Say in the place of the first choice, which is that nothing is known, what was read from the text."""
        self.setItemText(0, self.tr("{words} (from the text)").format(words=words) if words else self._unknown)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave the wheel to the page."""
        event.ignore()

    def _index_changed(self) -> None:
        if not self._silent:
            self.changed.emit()


class Mark(QWidget):
    """Words with an icon beside a field: normal, high, low or wrong, and a button for what was probably meant."""

    accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Say nothing."""
        super().__init__(parent)
        self._icon = QLabel()
        self._words = plain_label("")
        self._offer = push_button("", "offer")
        self._offer.clicked.connect(self.accepted)
        self._kind = ""
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.setSpacing(4)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._offer, 0, Qt.AlignmentFlag.AlignLeading)
        self.say("", "")

    @property
    def words(self) -> str:
        """Return what it says."""
        return self._words.text()

    @property
    def kind(self) -> str:
        """Return how it says it: good, high, low, wrong, note, or nothing."""
        return self._kind

    def say(self, kind: str, words: str, offer: str = "") -> None:
        """Say something, with a button where there is an offer."""
        style = {"good": "muted", "high": "warning", "low": "warning", "wrong": "danger", "note": "muted"}.get(kind, "")
        if (kind, words, offer) == (self._kind, self._words.text(), self._offer.text()) and words:
            return
        self._kind = kind
        self._words.setText(words)
        self._words.setObjectName(style)
        restyle(self._words, "kind", kind)
        self._offer.setText(offer)
        self._offer.setVisible(bool(offer))
        self._offer.setAccessibleName(offer)
        self._offer.setToolTip(self.tr("Use this instead") if offer else "")
        self._draw_icon()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the icon in the colours of a new theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._draw_icon()

    def _draw_icon(self) -> None:
        theme = current_theme()
        looks = {
            "good": ("check", theme.good),
            "high": ("mark_up", theme.warning),
            "low": ("mark_down", theme.warning),
            "wrong": ("warning", theme.danger),
        }
        self._icon.setVisible(self._kind in looks)
        if self._kind in looks:
            (name, colour), size = looks[self._kind], scaled(ICON_SIZE)
            self._icon.setFixedSize(size, size)
            self._icon.setPixmap(themed_icon(name, colour, size).pixmap(size, size))
