"""What to ask next: each question with Yes, No and not answered, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.gui.plain_text import breakable, readable, tooltip
from medrag_desktop.gui.presence_keys import presence_of_key
from medrag_desktop.gui.theme import scaled
from medrag_desktop.gui.widgets import FittedPanel, plain_label
from medrag_desktop.gui.wording import gain_words

_TALLEST = 130
"""Height of the questions that are seen at once, pixels of the usual text size; more scroll."""
_COLUMN = 46
"""Width, in letters, that a question with its answers needs beside another one."""
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
_SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class AnswerButton(QPushButton):
    """One answer to a question; the letters and arrows are for the row that it stands in."""

    said = Signal(object)
    """Presence."""

    def __init__(self, presence: Presence, words: str, spoken: str, parent: QWidget | None = None) -> None:
        """Offer an answer; `spoken` is what it means."""
        super().__init__(words, parent)
        self.presence, self._spoken = presence, spoken
        self.setCheckable(True)
        self.setProperty("answer", "open" if presence is Presence.NOT_ASSESSED else "given")
        self.setToolTip(spoken)
        self.clicked.connect(self._tell)

    def name_for(self, question: str) -> None:
        """Say to a screen reader what is answered."""
        self.setAccessibleName(f"{readable(question)} {self._spoken}")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Press with Enter, too; leave to the row what answers or moves."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() in _PLAIN:
            self.click()
        elif presence_of_key(event) is not None or key in _STEPS or key in _SIDEWAYS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _tell(self) -> None:
        self.said.emit(self.presence)


class QuestionRow(QWidget):
    """A question and its three answers, one of which holds."""

    answered = Signal(str, object)
    """Id of the finding, Presence."""
    stepped = Signal(str, int)
    """Id of the finding, up (-1) or down (1)."""

    def __init__(self, finding: str, parent: QWidget | None = None) -> None:
        """Ask nothing yet."""
        super().__init__(parent)
        self.finding, self.answer = finding, Presence.NOT_ASSESSED
        self.words: QLabel = plain_label("")
        self.buttons = (
            AnswerButton(Presence.PRESENT, self.tr("Yes"), self.tr("Yes")),
            AnswerButton(Presence.ABSENT, self.tr("No"), self.tr("No")),
            AnswerButton(Presence.NOT_ASSESSED, self.tr("?"), self.tr("Not answered")),
        )
        line = QHBoxLayout(self)
        line.setContentsMargins(2, 1, 2, 1)
        line.setSpacing(4)
        line.addWidget(self.words, 1)
        for button in self.buttons:
            button.said.connect(self._say)
            line.addWidget(button)

    @property
    def has_keyboard(self) -> bool:
        """Tell whether one of its answers has the keyboard."""
        return any(button.hasFocus() for button in self.buttons)

    def show_question(self, question: NextQuestion, answer: Presence, *, read_only: bool) -> None:
        """Show a question with its answer; one that is read only takes none."""
        gain = gain_words(question.gain_bits)
        self.words.setText(breakable(question.question))
        self.words.setToolTip(tooltip(gain))
        for button in self.buttons:
            button.name_for(question.question)
            button.setAccessibleDescription(gain)
            button.setVisible(not read_only)
        self._show_answer(answer)

    def take_focus(self) -> None:
        """Put the keyboard on the answer that holds."""
        self._holding().setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Answer with a letter, move with the arrows."""
        presence, key = presence_of_key(event), Qt.Key(event.key())
        if presence is not None:
            self._say(presence)
            self.take_focus()
        elif key in _STEPS:
            self.stepped.emit(self.finding, _STEPS[key])
        elif key in _SIDEWAYS:
            self._move(_SIDEWAYS[key])
        else:
            super().keyPressEvent(event)

    def _holding(self) -> AnswerButton:
        return next(button for button in self.buttons if button.presence is self.answer)

    def _move(self, step: int) -> None:
        at = next((at for at, button in enumerate(self.buttons) if button.hasFocus()), 0)
        self.buttons[min(max(at + step, 0), len(self.buttons) - 1)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, presence: Presence) -> None:
        """Take an answer; the same one again takes it back."""
        before = self.answer
        self._show_answer(Presence.NOT_ASSESSED if presence is before else presence)
        if self.answer is not before:
            self.answered.emit(self.finding, self.answer)

    def _show_answer(self, answer: Presence) -> None:
        """Fill the answer that holds, which alone is reached with Tab; the arrows lead to the others."""
        self.answer = answer
        for button in self.buttons:
            button.setChecked(button.presence is answer)
            policy = Qt.FocusPolicy.StrongFocus if button.presence is answer else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(policy)


class QuestionPanel(QWidget):
    """The questions worth asking; one that was answered stays in its place, so that no click meets another one."""

    answered = Signal(str, object)
    """Id of the finding, Presence; NOT_ASSESSED takes an answer back."""

    def __init__(self, before: QWidget, parent: QWidget | None = None) -> None:
        """Ask nothing; Tab comes here from the widget `before`."""
        super().__init__(parent)
        self._before = before
        self._rows: list[QuestionRow] = []
        self._asked: dict[str, NextQuestion] = {}
        self._encounter = Encounter()
        self._read_only = False
        self.hint = plain_label("", "muted")
        self._inside = FittedPanel()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 4, 0)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(2)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inside)
        self._area.viewport().setAutoFillBackground(False)
        self._inside.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(self.hint)
        whole.addWidget(self._area)

    @property
    def rows(self) -> tuple[QuestionRow, ...]:
        """Return the rows in the order in which they are read."""
        return tuple(self._rows)

    @property
    def open_count(self) -> int:
        """Return how many questions are not answered."""
        return sum(row.answer is Presence.NOT_ASSESSED for row in self._rows)

    def clear(self) -> None:
        """Ask nothing of anybody."""
        self.show_questions((), Encounter())

    def show_questions(self, questions: Sequence[NextQuestion], encounter: Encounter) -> None:
        """Show what is worth asking now, and what was asked here before and is answered in the encounter."""
        self._encounter = encounter
        now = {question.finding: question for question in questions}
        answered = [row.finding for row in self._rows if self._is_answered(row.finding)]
        self._asked = {finding: self._asked[finding] for finding in answered} | now
        places = [row.finding if row.finding in answered else "" for row in self._rows]
        waiting = [finding for finding in now if finding not in answered]
        order = [place or (waiting.pop(0) if waiting else "") for place in places]
        self._place([finding for finding in (*order, *waiting) if finding])

    def set_read_only(self, read_only: bool) -> None:
        """Take no answers, or take them."""
        self._read_only = read_only
        for row in self._rows:
            self._fill(row)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Use the width for one column or two."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _is_answered(self, finding: str) -> bool:
        return self._encounter.presence_of(finding) is not Presence.NOT_ASSESSED

    def _place(self, order: list[str]) -> None:
        """Give each finding its row; the keyboard stays where it is."""
        held = next((at for at, row in enumerate(self._rows) if row.has_keyboard), -1)
        former = {row.finding: row for row in self._rows}
        self._rows = [former.pop(each) if each in former else self._new_row(each) for each in order]
        lost = any(row.has_keyboard for row in former.values())
        for row in self._rows:
            self._fill(row)
        self._arrange()
        self._order_tabs()
        if lost and self._rows:
            self._rows[min(held, len(self._rows) - 1)].take_focus()
        for row in former.values():
            row.hide()
            row.deleteLater()

    def _new_row(self, finding: str) -> QuestionRow:
        row = QuestionRow(finding, self._inside)
        row.answered.connect(self.answered)
        row.stepped.connect(self._step)
        return row

    def _fill(self, row: QuestionRow) -> None:
        answer = self._encounter.presence_of(row.finding)
        row.show_question(self._asked[row.finding], answer, read_only=self._read_only)

    def _arrange(self) -> None:
        columns = 2 if self.width() >= 2 * _COLUMN * self.fontMetrics().averageCharWidth() else 1
        for row in self._rows:
            self._grid.removeWidget(row)
        for at, row in enumerate(self._rows):
            self._grid.addWidget(row, at // columns, at % columns)
            row.show()
        for column in range(2):
            self._grid.setColumnStretch(column, int(column < columns))
        keys = self.tr("An answer changes danger signs and ranking at once. Y: yes, N: no, U: not answered.")
        self.hint.setText("" if self._read_only else keys)
        self.hint.setVisible(not self._read_only)
        self._fit()

    def _fit(self) -> None:
        """Be as high as the questions need, up to a limit."""
        bar = self._area.verticalScrollBar().sizeHint().width()
        wanted = self._grid.totalHeightForWidth(max(1, self.width() - bar))
        self._area.setFixedHeight(min(max(wanted, 0), scaled(_TALLEST)))

    def _order_tabs(self) -> None:
        buttons = [button for row in self._rows for button in row.buttons]
        for one, other in pairwise((self._before, *buttons)):
            QWidget.setTabOrder(one, other)

    def _step(self, finding: str, by: int) -> None:
        at = next(at for at, row in enumerate(self._rows) if row.finding == finding) + by
        if 0 <= at < len(self._rows):
            self._rows[at].take_focus()
            self._area.ensureWidgetVisible(self._rows[at], 0, 2)
