"""The sentences of a draft as the clinician reviews them: read, edit, take out, add, undo; and the own diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medrag_desktop.domain.case import (
    Review,
    ReviewedSection,
    ReviewedStatement,
    add_statement,
    conclude,
    edit_statement,
)
from medrag_desktop.domain.draft import Draft
from medrag_desktop.gui.basis import Span
from medrag_desktop.gui.item_models import Row, RowKind
from medrag_desktop.gui.review_steps import DiagnosisEdit, ReviewStep
from medrag_desktop.gui.row_list import RowList
from medrag_desktop.gui.statement_rows import WITHHELD, Place, statement_row, withheld_rows, words_of
from medrag_desktop.gui.widgets import Banner, FittedPanel, FlowLayout, plain_label, push_button


class StatementsPanel(FittedPanel):
    """The clinician's diagnosis and the sections of the draft."""

    review_changed = Signal(object)
    """The Review, also while a sentence is being typed."""
    statement_chosen = Signal(object)
    """Place of the chosen sentence, or None."""
    word_chosen = Signal(object, int)
    """Place, and offset of a character of the word in the sentence."""
    passage_chosen = Signal(int)
    passage_turned = Signal(int)
    """-1 or 1: the previous or the next passage of the sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._draft: Draft | None = None
        self._review = Review()
        self._typed: Review | None = None
        self._word: tuple[Place, Span] | None = None
        self._read_only = False
        self._withheld_open = False
        self._session = 0
        self.undo_stack = QUndoStack(self)
        self.diagnosis = DiagnosisEdit()
        self.notice = Banner("warning")
        self.outdated = plain_label(self.tr("Written before your last change of the patient's data"), "warning")
        self.outdated.hide()
        self.statements = RowList(self.tr("Sentences of the draft"))
        hint = self.tr("Your words stand without citation. Enter: keep. Esc: undo.")
        self.statements.delegate.editing_hint = hint
        self._waiting = plain_label("", "muted")
        self.edit_button = push_button(self.tr("Edit"), "quiet", tip=self.tr("Change the chosen sentence (Enter)"))
        self.remove_button = push_button(self.tr("Take out"), "quiet", tip=self.tr("Take out the sentence (Delete)"))
        self.add_button = push_button(self.tr("Add"), "quiet", tip=self.tr("Add a sentence to the section (Insert)"))
        self.undo_button = push_button(self.tr("Undo"), "quiet", tip=self.tr("Undo (Ctrl+Z)"))
        self.redo_button = push_button(self.tr("Redo"), "quiet", tip=self.tr("Redo (Ctrl+Shift+Z)"))
        self._adding = -1
        """Section that has a row for a new sentence; -1 for none."""
        self._actions()
        self._lay_out()
        self._connect()
        self.clear()

    def show_draft(self, draft: Draft, review: Review, notice: str) -> None:
        """Show a draft as reviewed so far; the steps that can be undone begin here."""
        self._drop_editor()
        self._draft, self._review, self._typed, self._word = draft, review, None, None
        self._withheld_open = False
        self.undo_stack.clear()
        self.notice.show_text("warning", notice)
        self._waiting.hide()
        self.statements.show()
        self._show()
        self._choose_first_cited()

    def show_waiting(self, text: str) -> None:
        """Say what is going on while there is no draft."""
        self.clear()
        self._waiting.setText(text)

    def clear(self) -> None:
        """Show nothing."""
        self._drop_editor()
        self._draft, self._review, self._typed, self._word = None, Review(), None, None
        self.undo_stack.clear()
        self.notice.show_text("warning", "")
        self.statements.rows.set_rows([])
        self.statements.hide()
        self._waiting.setText("")
        self._waiting.show()
        self._show_diagnosis()
        self._show_buttons()

    def set_outdated(self, outdated: bool) -> None:
        """Say at the sentences themselves that they were written from other data, or no longer."""
        self.outdated.setVisible(outdated)

    def review(self) -> Review:
        """Return the review as it stands, with words that are still being typed."""
        return self._typed or self._review

    def take_status(self, review: Review) -> None:
        """Take over who signed a review whose words are those shown, without an undo step."""
        self._review = review

    def finish_editing(self) -> None:
        """Keep the words of a sentence that is being edited."""
        self.statements.delegate.finish()

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed, or everything."""
        self._close_editor()
        self._read_only = read_only
        self.diagnosis.setReadOnly(read_only)
        self._show()

    def set_diagnosis(self, text: str) -> None:
        """Take a text as the clinician's diagnosis."""
        self._session += 1
        self._push(conclude(self._review, text), self.tr("diagnosis"))

    def mark_word(self, place: Place, span: Span | None) -> None:
        """Mark the word whose origin is shown."""
        self._word = None if span is None else (place, span)
        self._show_rows()

    def statement(self, place: Place) -> tuple[ReviewedSection, ReviewedStatement] | None:
        """Return a sentence and its section."""
        if not 0 <= place.section < len(self._review.sections):
            return None
        section = self._review.sections[place.section]
        told = section.statements
        return (section, told[place.statement]) if 0 <= place.statement < len(told) else None

    def chosen(self) -> Place | None:
        """Return the place of the chosen sentence."""
        row = self.statements.current()
        place = row.payload if row is not None else None
        return place if isinstance(place, Place) and place.statement >= 0 else None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the marks in the colours of a new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.statements.viewport().update()

    def _actions(self) -> None:
        undo = self.undo_stack.createUndoAction(self, self.tr("Undo"))
        undo.setShortcuts([QKeySequence("Ctrl+Z")])
        redo = self.undo_stack.createRedoAction(self, self.tr("Redo"))
        redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        for action in (undo, redo):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.addAction(action)
        self._edit_action = QAction(self.tr("Edit"), self.statements)
        self._remove_action = QAction(self.tr("Take out"), self.statements)
        self._remove_action.setShortcut(QKeySequence("Delete"))
        self._edit_action.setShortcut(QKeySequence("F2"))
        self._add_action = QAction(self.tr("Add a sentence"), self.statements)
        self._add_action.setShortcut(QKeySequence("Insert"))
        for action in (self._edit_action, self._remove_action, self._add_action):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.statements.addAction(action)
        self.statements.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _lay_out(self) -> None:
        label = QLabel(self.tr("Your &diagnosis"))
        label.setBuddy(self.diagnosis)
        self.diagnosis.setPlaceholderText(self.tr("What you conclude; empty until you write it"))
        self.diagnosis.setAccessibleName(self.tr("Your diagnosis"))
        top = QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.diagnosis, 1)
        below = FlowLayout(spacing=2)
        for button in (self.edit_button, self.remove_button, self.add_button, self.undo_button, self.redo_button):
            below.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(top)
        whole.addWidget(self.outdated)
        whole.addWidget(self.notice)
        whole.addWidget(self.statements, 1)
        whole.addWidget(self._waiting, 1, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(below)

    def _connect(self) -> None:
        self.diagnosis.textEdited.connect(self._type_diagnosis)
        self.diagnosis.left.connect(self._end_session)
        self.undo_button.clicked.connect(self.undo_stack.undo)
        self.redo_button.clicked.connect(self.undo_stack.redo)
        self.undo_stack.canUndoChanged.connect(self.undo_button.setEnabled)
        self.undo_stack.canRedoChanged.connect(self.redo_button.setEnabled)
        self.edit_button.clicked.connect(self._edit_current)
        self.remove_button.clicked.connect(self._remove_current)
        self.add_button.clicked.connect(self._add)
        self._add_action.triggered.connect(self._add)
        self._edit_action.triggered.connect(self._edit_current)
        self._remove_action.triggered.connect(self._remove_current)
        view = self.statements
        view.chosen.connect(self._chosen)
        view.done.connect(self._do)
        view.pressed.connect(self._pressed)
        view.doubleClicked.connect(self._edit_current)
        view.rows.edited.connect(self._edited)
        view.turned.connect(self.passage_turned)
        view.stepped.connect(self._step)
        view.delegate.typed.connect(self._typing)
        view.delegate.editing_ended.connect(self._editing_ended)
        view.delegate.word_clicked.connect(self._word_clicked)
        view.delegate.citation_clicked.connect(self._citation_clicked)

    def _show(self) -> None:
        self._show_diagnosis()
        self._show_rows()
        self._show_buttons()

    def _show_rows(self) -> None:
        if self._draft is not None:
            self.statements.rows.set_rows(list(self._rows(self._draft)))

    def _show_diagnosis(self) -> None:
        if conclude(self._review, self.diagnosis.text()) != self._review:
            self.diagnosis.setText(self._review.diagnosis)

    def _show_buttons(self) -> None:
        editable = self._draft is not None and not self._read_only
        self.diagnosis.setEnabled(self._draft is not None)
        told = editable and self.chosen() is not None
        for button in (self.edit_button, self.remove_button, self.add_button, self.undo_button, self.redo_button):
            button.setVisible(editable)
        for switch in (self.edit_button, self.remove_button, self._edit_action, self._remove_action):
            switch.setEnabled(told)
        self.add_button.setEnabled(editable)
        self._add_action.setEnabled(editable)
        self.undo_button.setEnabled(self.undo_stack.canUndo())
        self.redo_button.setEnabled(self.undo_stack.canRedo())

    def _choose_first_cited(self) -> None:
        """Begin where the program says something; what was entered is known already."""
        for section, told in enumerate(self._review.sections):
            for at, statement in enumerate(told.statements):
                if statement.citations and self.statements.choose(Place(section, at)):
                    return
        self.statements.choose_first()

    def _rows(self, draft: Draft) -> Iterator[Row]:
        sections = self._review.sections or (() if self._read_only else (self._own_section(),))
        for number, section in enumerate(sections):
            yield Row(RowKind.HEADING, section.title)
            for at, statement in enumerate(section.statements):
                place = Place(number, at)
                word = self._word[1] if self._word is not None and self._word[0] == place else None
                yield statement_row(draft, section, statement, place, word, editable=not self._read_only)
            if not self._read_only and (number == self._adding or not section.statements):
                add = self.tr("+ Add a sentence")
                spoken = self.tr("Add a sentence to {section}").format(section=section.title)
                yield Row(RowKind.ACTION, add, editable="", spoken=spoken, payload=Place(number, -1))
        yield from withheld_rows(draft, self._withheld_open)

    def _own_section(self) -> ReviewedSection:
        return ReviewedSection(self.tr("Clinician's notes"), ())

    def _push(self, new: Review, text: str, session: int = 0) -> None:
        if new != self._review and self._draft is not None and not self._read_only:
            self.undo_stack.push(ReviewStep(self._take, self._review, new, text, session))

    def _take(self, review: Review) -> None:
        self._review, self._typed, self._word = review, None, None
        self._show()
        self.review_changed.emit(review)
        self.statement_chosen.emit(self.chosen())

    def _changed(self, place: Place, words: str) -> Review:
        review = self._review if self._review.sections else replace(self._review, sections=(self._own_section(),))
        if place.statement < 0:
            return add_statement(review, place.section, words) if words else self._review
        return edit_statement(review, place.section, place.statement, words)

    def _edited(self, payload: object, words: str) -> None:
        if isinstance(payload, Place):
            new = self._changed(payload, words)
            self._typed = None
            self._push(new, self.tr("sentence") if words else self.tr("taking out"))

    def _typing(self, payload: object, words: str) -> None:
        """Pass on words that are being typed, so that they are not lost if the computer stops."""
        if isinstance(payload, Place) and words:
            self._typed = self._changed(payload, words)
            self.review_changed.emit(self._typed)

    def _editing_ended(self) -> None:
        self._adding = -1
        self._show_rows()
        if self._typed is not None:
            self._typed = None
            self.review_changed.emit(self._review)

    def _add(self) -> None:
        """Open a row for a new sentence at the end of the chosen section."""
        row = self.statements.current()
        if self._draft is None or self._read_only or self.statements.delegate.editing:
            return
        self._adding = row.payload.section if row is not None and isinstance(row.payload, Place) else 0
        self._show_rows()
        if self.statements.choose(Place(self._adding, -1)):
            self._edit_current()

    def _drop_editor(self) -> None:
        """Close an open field without a word: the case at hand is another, which its words must not reach."""
        self._typed = None
        blocked = self.blockSignals(True)
        self.statements.delegate.cancel()
        self.blockSignals(blocked)

    def _close_editor(self) -> None:
        if self.statements.delegate.editing:
            self.finish_editing()

    def _type_diagnosis(self, text: str) -> None:
        self._push(conclude(self._review, text), self.tr("diagnosis"), max(1, self._session))

    def _end_session(self) -> None:
        self._session = max(1, self._session) + 1

    def _chosen(self, row: Row | None) -> None:
        if self._word is not None:
            self._word = None
            self._show_rows()
        self._show_buttons()
        self.statement_chosen.emit(self.chosen())

    def _pressed(self) -> None:
        """Show the basis again when another passage was looked at in between."""
        self._chosen(self.statements.current())

    def _do(self, row: Row) -> None:
        if row.payload == WITHHELD:
            self._withheld_open = not self._withheld_open
            self._show_rows()
        else:
            self._edit_current()

    def _edit_current(self) -> None:
        row = self.statements.current()
        if row is not None and row.editable is not None and not self.statements.delegate.editing:
            self.statements.setFocus()
            self.statements.edit(self.statements.currentIndex())

    def _remove_current(self) -> None:
        place = self.chosen()
        if place is not None and self.statement(place) is not None:
            self._push(edit_statement(self._review, place.section, place.statement, ""), self.tr("taking out"))

    def _word_clicked(self, index: QModelIndex, at: int) -> None:
        place = self.chosen()
        row = self.statements.rows.row(index)
        if place is not None and row is not None and row.payload == place:
            self.word_chosen.emit(place, at)

    def _citation_clicked(self, index: QModelIndex, number: int) -> None:
        self.passage_chosen.emit(number)

    def _step(self, by: int) -> None:
        """Go to the next or previous word of the chosen sentence."""
        place = self.chosen()
        told = None if place is None else self.statement(place)
        if place is None or told is None:
            return
        words = words_of(told[1].text)
        here = self._word[1] if self._word is not None and self._word[0] == place else None
        if by > 0:
            after = [w for w in words if here is None or w.start >= here.end]
        else:
            after = [w for w in reversed(words) if here is None or w.end <= here.start]
        if after:
            self.word_chosen.emit(place, after[0].start)
