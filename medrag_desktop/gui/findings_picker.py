"""The findings: one line that completes what is typed, and the list of what was picked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QKeySequence, QMoveEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.encounter import Finding, Presence
from medrag_desktop.gui.findings_model import FindingsModel
from medrag_desktop.gui.findings_table import FindingsTable
from medrag_desktop.gui.match_list import MatchList
from medrag_desktop.gui.text_chips import NO, UNDO, YES, ChipRow, ChipText
from medrag_desktop.gui.widgets import Card, plain_label, push_button
from medrag_desktop.services.completion import Completer

_LONGEST_QUERY = 80


class PickerLine(QLineEdit):
    """The line that is typed into; the keys of the list of matches work while the cursor stays here."""

    picked = Signal(object)
    """Presence with which the chosen match is added."""
    moved = Signal(int)
    escaped = Signal()
    left = Signal()
    asked_undo = Signal()
    asked_redo = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Choose, add, close, or type."""
        presence = self._presence_of(event)
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if presence is not None:
            self.picked.emit(presence)
        elif step is not None:
            self.moved.emit(step)
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.escaped.emit()
        elif event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable():
            self.asked_undo.emit()
        elif event.matches(QKeySequence.StandardKey.Redo) and not self.isRedoAvailable():
            self.asked_redo.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that add a finding from becoming shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            ours = self._presence_of(event) is not None or (event.key() == Qt.Key.Key_Escape and bool(self.text()))
            if ours:
                event.accept()
                return True
        return bool(super().event(event))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Tell that the matches are no longer wanted."""
        super().focusOutEvent(event)
        self.left.emit()

    def _presence_of(self, event: QKeyEvent) -> Presence | None:
        """Return what a key adds: Enter or the + of the number block yes, with Ctrl or Shift, or the -, no.

        An empty line adds nothing, so that Ctrl+Enter assesses from there, too.
        """
        if not self.text().strip():
            return None
        pad = bool(event.modifiers() & Qt.KeyboardModifier.KeypadModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            return Presence.ABSENT if event.modifiers() & held else Presence.PRESENT
        if pad and event.key() == Qt.Key.Key_Plus:
            return Presence.PRESENT
        return Presence.ABSENT if pad and event.key() == Qt.Key.Key_Minus else None


class FindingsPicker(Card):
    """The card of the findings."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Begin without a library: what is typed waits for it."""
        super().__init__(self.tr("Findings"), parent)
        self._completer: Completer | None = None
        self._suggested: tuple[str, ...] = ()
        self._questions: dict[str, str] = {}
        self.model = FindingsModel(self)
        self.undo_stack = self.model.undo_stack
        self.line = PickerLine()
        self.line.setMaxLength(_LONGEST_QUERY)
        self.line.setClearButtonEnabled(False)
        self.line.setAccessibleName(self.tr("Add a finding"))
        self.line.setPlaceholderText(self.tr("The list of findings is loading ..."))
        self.table = FindingsTable(self.model)
        self.matches = MatchList(self)
        self.hint = plain_label(self.tr("Enter: yes   Ctrl+Enter: no   Up, Down: choose   Esc: close"), "muted")
        self.line.setAccessibleDescription(self.hint.text())
        self.questions = ChipRow(self.tr("Worth asking"), self.line)
        self._asking = plain_label(self.tr("Worth asking next (Y or +: yes, N or -: no):"), "muted")
        self._asking.hide()
        keys = (
            self.tr("Y or +: yes"),
            self.tr("N or -: no"),
            self.tr("U or 0: not assessed"),
            self.tr("D or Enter: how long"),
            self.tr("S or *: how bad"),
            self.tr("L or /: side"),
            self.tr("Del: remove"),
        )
        # a key and what it does stay on one line
        self._keys = plain_label("   ".join(key.replace(" ", "\u00a0") for key in keys), "muted")
        self.table.setAccessibleDescription(", ".join(keys))
        self._make_buttons()
        for widget in (self.line, self.hint, self._asking, self.questions, self.table, self._keys):
            self.body.addWidget(widget)
        self._connect()
        self._show_state()

    def set_catalogue(self, catalogue: Catalogue, completer: Completer | None = None) -> None:
        """Complete and name findings from now on; making the completer takes a tenth of a second."""
        self._completer = completer or Completer(catalogue.vocabulary, catalogue.abbreviations)
        self._questions = {d.id: d.question for d in catalogue.vocabulary.definitions.values()}
        self.model.set_vocabulary(catalogue.vocabulary)
        self.line.setPlaceholderText(self.tr("Type a symptom, sign or test, for example: cough"))
        self.table.fit()
        self._show_questions()
        if self.line.hasFocus():
            self._typed(self.line.text())

    def findings(self) -> tuple[Finding, ...]:
        """Return what was picked, in order."""
        return self.model.findings()

    def set_findings(self, findings: tuple[Finding, ...]) -> None:
        """Show these and forget what could be undone."""
        self.line.clear()
        self.model.set_findings(findings)
        self._show_state()

    def put(self, finding: Finding) -> None:
        """Add a finding, or set its presence where it is in the list."""
        self.table.select(self.model.put(finding))

    def suggest(self, findings: tuple[str, ...]) -> None:
        """Offer findings that are worth asking for; those in the list already are left out."""
        self._suggested = findings
        self._show_questions()

    def _make_buttons(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.buttons: dict[str, QPushButton] = {}
        for name, words, tip, act in (
            ("undo", self.tr("Undo"), self.tr("Take back the last change of the list (Ctrl+Z)"), self.undo_stack.undo),
            ("redo", self.tr("Redo"), self.tr("Do it again (Ctrl+Shift+Z)"), self.undo_stack.redo),
            ("remove", self.tr("Remove"), self.tr("Take the chosen finding off the list (Del)"), self.table.drop),
        ):
            button = push_button(words, "quiet", tip=tip)
            button.setAccessibleName(f"{words}: {self.tr('findings')}")
            button.clicked.connect(partial(_call, act))
            self.buttons[name] = button
            row.addWidget(button)
        heading = self.body.takeAt(0)
        title = heading.widget() if heading is not None else None
        top = QHBoxLayout()
        if title is not None:
            top.addWidget(title, 1)
        top.addLayout(row)
        self.body.insertLayout(0, top)

    def _connect(self) -> None:
        self.line.textChanged.connect(self._typed)
        self.line.picked.connect(self._pick)
        self.line.moved.connect(self._moved)
        self.line.escaped.connect(self.line.clear)
        self.line.left.connect(self.matches.hide)
        self.line.asked_undo.connect(self.undo_stack.undo)
        self.line.asked_redo.connect(self.undo_stack.redo)
        self.matches.chosen.connect(self._add)
        self.questions.asked.connect(self._answer)
        self.model.changed.connect(self._changed)
        self.undo_stack.canUndoChanged.connect(self._show_state)
        self.undo_stack.canRedoChanged.connect(self._show_state)

    def _typed(self, text: str) -> None:
        if self._completer is None or not text.strip():
            self.matches.hide()
            return
        known = {f.finding: self.model.presence_words(f.presence) for f in self.model.findings()}
        self.matches.show_matches(self._completer.complete(text), known)
        self._place_matches()

    def _place_matches(self) -> None:
        """Put the matches under the line, or above it where there is more room."""
        window = self.line.window()
        below = self.line.mapTo(window, QPoint(0, self.line.height() + 2))
        height = self.matches.wanted_height()
        above = self.line.mapTo(window, QPoint(0, 0)).y() - height - 2
        fits = below.y() + height <= window.height() or above < 0
        self.matches.setParent(window)
        self.matches.setGeometry(below.x(), below.y() if fits else above, self.line.width(), height)
        self.matches.show()
        self.matches.raise_()

    def _moved(self, step: int) -> None:
        if self.matches.isVisible():
            self.matches.move_choice(step)
        elif step > 0 and self.line.text():
            self._typed(self.line.text())
        elif step > 0 and self.model.rowCount():
            self.table.setFocus()

    def _pick(self, presence: Presence) -> None:
        if self.line.text().strip() and not self.matches.isVisible():
            self._typed(self.line.text())
        finding = self.matches.choice() if self.matches.isVisible() else ""
        if finding:
            self._add(finding, presence)

    def _add(self, finding: str, presence: Presence) -> None:
        # setText, not clear: what was typed is no step to go back to
        self.line.setText("")
        self.matches.hide()
        self.put(Finding(finding, presence))

    def _answer(self, finding: str, action: str) -> None:
        if action == UNDO:
            self.undo_stack.undo()
        else:
            self.put(Finding(finding, Presence.PRESENT if action == YES else Presence.ABSENT))

    def _changed(self) -> None:
        self._show_state()
        self._show_questions()
        self.changed.emit()

    def _show_questions(self) -> None:
        picked = {finding.finding for finding in self.model.findings()}
        chips = tuple(self._question(name) for name in self._suggested if name not in picked)
        self.questions.show_chips(chips)
        self._asking.setVisible(bool(chips))

    def _question(self, finding: str) -> ChipText:
        label = self.model.label(finding)
        return ChipText(
            finding,
            label,
            absent=True,
            tip=self._questions.get(finding, ""),
            spoken=self._questions.get(finding) or label,
            buttons=((YES, self.tr("Yes"), self.tr("It is there")), (NO, self.tr("No"), self.tr("It is not there"))),
            keys=(YES, NO),
            hint=self.tr("Y or plus: yes, N or minus: no"),
        )

    def _show_state(self, *_: object) -> None:
        has_rows = self.model.rowCount() > 0
        self.buttons["undo"].setEnabled(self.undo_stack.canUndo())
        self.buttons["redo"].setEnabled(self.undo_stack.canRedo())
        self.buttons["remove"].setEnabled(has_rows)
        self.table.setVisible(has_rows)
        self._keys.setVisible(has_rows)

    def moveEvent(self, event: QMoveEvent) -> None:  # noqa: N802
        """Close the matches: their place has moved."""
        super().moveEvent(event)
        self.matches.hide()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Close the matches with the form."""
        super().hideEvent(event)
        self.matches.hide()


def _call(act: Callable[[], object], *_: object) -> None:
    act()
