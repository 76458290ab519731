"""One case with its draft: the ranking, the sentences, what each rests on; edit, sign, export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from medrag_desktop.domain.case import Case, Review, start_review
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Candidate, Differential
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.domain.triage import Triage
from medrag_desktop.gui.assessment import Reading
from medrag_desktop.gui.basis import Span, basis_of, drafted_statement, word_at
from medrag_desktop.gui.differential_panel import DifferentialPanel
from medrag_desktop.gui.draft_header import DraftHeader
from medrag_desktop.gui.item_models import Row, RowKind
from medrag_desktop.gui.passage_panel import PassagePanel
from medrag_desktop.gui.plain_text import breakable
from medrag_desktop.gui.possible_row import PossibleRow
from medrag_desktop.gui.question_panel import QuestionPanel
from medrag_desktop.gui.row_list import RowList
from medrag_desktop.gui.statement_rows import Place
from medrag_desktop.gui.statements_panel import StatementsPanel
from medrag_desktop.gui.theme import scaled
from medrag_desktop.gui.widgets import Card, FlowLayout, push_button
from medrag_desktop.gui.wording import draft_notice, when

_FOLDED_HEIGHT = 130
"""Height of what a line at the bottom unfolds, pixels of the usual text size."""
_THREE_COLUMNS_FROM = 88
"""Width, in letters, from which the three cards stand side by side; else one below the other, and the page scrolls."""
_AROUND = 12
"""Pixels of the usual text size that stay in view around what has the keyboard."""
_LINES_EACH = 17
"""Height, in lines of text, that each card has at least when they are stacked."""


class DraftView(QWidget):
    """The draft of one case, from the differential to the signature."""

    review_changed = Signal(object)
    sign_requested = Signal()
    export_requested = Signal()
    edit_encounter_requested = Signal()
    amend_requested = Signal()
    answered = Signal(str, object)
    """Id of a finding and its Presence; NOT_ASSESSED takes an answer back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._case: Case | None = None
        self._catalogue: Catalogue | None = None
        self._read_only = self._is_changed = False
        self.header = DraftHeader()
        self.possible = PossibleRow(self.header)
        self.differential = DifferentialPanel()
        self.statements = StatementsPanel()
        self.passage = PassagePanel()
        self.questions_button = push_button("", "quiet")
        self.questions = QuestionPanel(self.questions_button)
        self.making = RowList(self.tr("How this was made"))
        self.making_button = push_button("", "quiet")
        self.back_button = push_button(self.tr("&Back to the form"))
        self.export_button = push_button(self.tr("&Export PDF"))
        self.amend_button = push_button(self.tr("&Amend"))
        self.sign_button = push_button(self.tr("&Sign"), "primary", tip=self.tr("You answer for it as it stands"))
        self._settled = QTimer(self, singleShot=True, interval=0)
        self._settled.timeout.connect(self._bring_into_view)
        self._lay_out()
        self._connect()
        self.addActions(self.statements.actions())
        self.clear()

    def show_case(self, case: Case, catalogue: Catalogue) -> None:
        """Show a case; what is chosen and can be undone stays when it is the case in view."""
        before = self._case
        self._case, self._catalogue = case, catalogue
        self.header.show_case(case)
        if case.draft is None:
            self._show_without_draft()
            return
        review = case.review or start_review(case.draft)
        same = before is not None and before.id == case.id and before.draft == case.draft
        if same and _content(review) == _content(self.statements.review()):
            self.statements.take_status(review)
        else:
            self._show_draft(case.draft, review, catalogue)
        self._show_buttons()

    def show_differential(
        self, differential: Differential, triage: Triage, catalogue: Catalogue, encounter: Encounter | None = None
    ) -> None:
        """Show whose danger signs and ranking these are before the draft is written."""
        self.clear()
        self._catalogue = catalogue
        if encounter is not None:
            self.header.show_patient(encounter)
        self.header.show_triage(triage)
        self.differential.show_candidates(differential.candidates, differential.outside_library, catalogue)
        self.statements.show_waiting(self.tr("Writing the draft …"))
        self._show_buttons()

    def show_reading(self, reading: Reading, *, outdated: bool) -> None:
        """Show danger signs, ranking and questions of the data as they are now; the sentences stay as written."""
        draft = None if self._case is None else self._case.draft
        if self._case is None or draft is None or self._catalogue is None or reading.differential is None:
            return
        ranked = reading.differential
        if outdated:
            self.header.show_patient(reading.encounter)
            self.header.show_urgency(reading.urgency, reading.urgency_because)
            self.header.show_triage(reading.triage)
            candidates = _citing(ranked.candidates, draft)
            self.differential.show_candidates(
                candidates, ranked.outside_library, self._catalogue, draft.passages, newer=True
            )
        elif self._is_changed:
            self.header.show_case(replace(self._case, review=self.statements.review()))
            self._show_ranking(draft, self._catalogue)
        self._is_changed = outdated
        self.possible.show_encounter(reading.encounter)
        self._show_questions(reading.questions, reading.encounter)

    def clear(self) -> None:
        """Show no case."""
        self._case, self._catalogue = None, None
        self.header.clear()
        self.differential.clear()
        self.statements.clear()
        self.passage.clear()
        self._show_more(None)
        self._show_buttons()

    @property
    def shows_draft(self) -> bool:
        """Tell whether there is a review to be had: while a draft is being written there is none."""
        return self._case is not None and self._case.draft is not None

    def review(self) -> Review:
        """Return the review as it stands; words still being typed are part of it."""
        self.statements.finish_editing()
        return self.statements.review()

    def set_read_only(self, read_only: bool) -> None:
        """Let a signed case be read only, or let it be changed."""
        self._read_only = read_only
        self.statements.set_read_only(read_only)
        self.questions.set_read_only(read_only)
        self.possible.set_read_only(read_only)
        self._show_buttons()

    def focus_first(self) -> None:
        """Give the keyboard to the sentences, or to the ranking while there are none."""
        view = self.statements.statements
        (view if view.rows.rowCount() else self.differential.candidates).setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Stack the cards where there is no room for them side by side."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Pass the keyboard on to where work begins."""
        super().focusInEvent(event)
        self.focus_first()

    def _lay_out(self) -> None:
        self._columns = columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setChildrenCollapsible(False)
        for panel, stretch in ((self.differential, 29), (self.statements, 40), (self.passage, 31)):
            card = Card()
            card.body.setContentsMargins(10, 8, 10, 8)
            card.body.addWidget(panel)
            columns.addWidget(card)
            columns.setStretchFactor(columns.count() - 1, stretch)
        columns.setSizes([330, 460, 360])
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(columns)
        self._area.viewport().setAutoFillBackground(False)
        columns.setAutoFillBackground(False)
        below, folding = QHBoxLayout(), FlowLayout(spacing=2)
        folding.addWidget(self.questions_button)
        folding.addWidget(self.making_button)
        below.addLayout(folding, 1)
        for button in (self.back_button, self.export_button, self.amend_button, self.sign_button):
            below.addWidget(button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 10)
        whole.setSpacing(8)
        whole.addWidget(self.header)
        whole.addWidget(self.possible)
        whole.addWidget(self._area, 1)
        for folded in (self.questions, self.making):
            folded.hide()
            whole.addWidget(folded)
        whole.addLayout(below)

    def _fit(self) -> None:
        """Give every card room enough for its words: side by side, or one below the other on a page that scrolls."""
        metrics = self.fontMetrics()
        beside = self.width() >= _THREE_COLUMNS_FROM * metrics.averageCharWidth()
        orientation = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if self._columns.orientation() is not orientation:
            self._columns.setOrientation(orientation)
            self._columns.setSizes([330, 460, 360] if beside else [1, 1, 1])
        for card in self._columns.findChildren(Card):
            card.setMinimumHeight(0 if beside else _LINES_EACH * metrics.lineSpacing())
        self.making.setMaximumHeight(scaled(_FOLDED_HEIGHT))

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        """Bring what has the keyboard into view where the page scrolls."""
        if now is not None and self._columns.isAncestorOf(now):
            self._settled.start()

    @Slot(object)
    def _settle(self, _: object) -> None:
        self._settled.start()

    def _bring_into_view(self) -> None:
        focused = QApplication.focusWidget()
        if focused is None or not self._columns.isAncestorOf(focused):
            return
        place = focused.rect()
        if isinstance(focused, RowList) and focused.currentIndex().isValid():
            place = focused.visualRect(focused.currentIndex())
        at = focused.mapTo(self._columns, place.center())
        self._area.ensureVisible(at.x(), at.y(), 0, place.height() // 2 + scaled(_AROUND))

    def _connect(self) -> None:
        self.statements.review_changed.connect(self._changed)
        self.statements.statement_chosen.connect(self._show_basis)
        self.statements.word_chosen.connect(self._show_word)
        self.statements.passage_chosen.connect(self._show_passage)
        self.statements.passage_turned.connect(self.passage.turn)
        for view in (self.statements.statements, self.differential.candidates, self.differential.reasons):
            view.chosen.connect(self._settle)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)
        self.differential.passage_requested.connect(self._show_passage)
        self.differential.diagnosis_chosen.connect(self.statements.set_diagnosis)
        self.questions.answered.connect(self.answered)
        self.possible.answered.connect(self.answered)
        self.questions_button.clicked.connect(self._unfold_questions)
        self.making_button.clicked.connect(self._unfold_making)
        self.back_button.clicked.connect(self.edit_encounter_requested)
        self.export_button.clicked.connect(self._export)
        self.amend_button.clicked.connect(self.amend_requested)
        self.sign_button.clicked.connect(self._sign)

    def _show_draft(self, draft: Draft, review: Review, catalogue: Catalogue) -> None:
        self._show_ranking(draft, catalogue)
        self.passage.clear()
        self.statements.show_draft(draft, review, breakable(draft_notice(draft)))
        self._show_basis(self.statements.chosen())
        self._show_more(draft)

    def _show_ranking(self, draft: Draft, catalogue: Catalogue) -> None:
        self.differential.show_candidates(draft.differential, draft.outside_library, catalogue, draft.passages)

    def _show_without_draft(self) -> None:
        self.differential.clear()
        self.statements.show_waiting(self.tr("This case has no draft yet. Go back to the form and assess it."))
        self.passage.clear()
        self._show_more(None)
        self._show_buttons()

    def _show_more(self, draft: Draft | None) -> None:
        self.questions.clear()
        self._is_changed = False
        self._show_possible(draft)
        self.making_button.setVisible(draft is not None)
        self.making.rows.set_rows([] if draft is None else list(self._making_rows(draft)))
        self._unfold(None)
        if draft is not None and self._case is not None:
            self._show_questions(draft.next_questions, self._case.encounter)
            self._unfold(self.questions if self.questions.rows and not self._case.signed else None)
        self.questions_button.setVisible(bool(self.questions.rows))

    def _show_possible(self, draft: Draft | None) -> None:
        encounter = Encounter() if self._case is None else self._case.encounter
        label = str if self._catalogue is None else self._catalogue.vocabulary.label
        self.possible.show_encounter(encounter)
        self.possible.show_possible(() if draft is None else draft.possible, label)

    def _show_questions(self, questions: tuple[NextQuestion, ...], encounter: Encounter) -> None:
        self.questions.show_questions(questions, encounter)
        self.questions_button.setVisible(bool(self.questions.rows))
        self._name_folds()

    def _making_rows(self, draft: Draft) -> Iterator[Row]:
        told = draft.provenance
        yield from (Row(RowKind.TEXT, note) for note in told.notes)
        yield Row(RowKind.TEXT, self.tr("Library: {state}").format(state=told.library))
        written = self.tr("Written {time} by MedRAG Desktop {version}; level {level}, seed {seed}")
        version, level = told.app_version, draft.level.value
        yield Row(RowKind.TEXT, written.format(time=when(told.created), version=version, level=level, seed=told.seed))
        for role, name in told.models:
            yield Row(RowKind.TEXT, self.tr("Model, {role}: {name}").format(role=role, name=name))
        for name, version in told.packs:
            yield Row(RowKind.TEXT, self.tr("Pack {name}, version {version}").format(name=name, version=version))
        steps = ", ".join(f"{step.replace('_', ' ')} {spent:.0f} ms" for step, spent in told.timings_ms)
        yield Row(RowKind.TEXT, self.tr("Time: {steps}").format(steps=steps))
        settings = ", ".join(f"{name} {value}" for name, value in told.settings)
        yield Row(RowKind.TEXT, self.tr("Settings: {settings}").format(settings=settings))

    def _show_buttons(self) -> None:
        drafted = self._case is not None and self._case.draft is not None
        self.differential.set_diagnosis_offered(drafted and not self._read_only)
        self.sign_button.setVisible(not self._read_only)
        self.amend_button.setVisible(self._read_only)
        self.back_button.setVisible(not self._read_only)
        self.sign_button.setEnabled(drafted)
        self.export_button.setEnabled(drafted)
        self.amend_button.setEnabled(drafted)

    def _changed(self, review: Review) -> None:
        self.header.show_review(review)
        self.review_changed.emit(review)

    def _show_basis(self, place: Place | None) -> None:
        told = None if place is None else self.statements.statement(place)
        if self._case is None or self._case.draft is None or self._catalogue is None:
            return
        if told is None:
            self.passage.clear(self.tr("Choose a sentence to see what it rests on."))
            return
        drafted = drafted_statement(self._case.draft, *told)
        if drafted is None:
            self.passage.clear(self.tr("These are a clinician's words. They stand without citation."))
        else:
            self.passage.show_basis(basis_of(drafted, self._case.draft, self._catalogue.vocabulary), self._catalogue)

    def _show_word(self, place: Place, at: int) -> None:
        told = self.statements.statement(place)
        if told is None or self._case is None or self._case.draft is None:
            return
        drafted = drafted_statement(self._case.draft, *told)
        span = _word_span(told[1].text, at)
        if drafted is not None and span is not None:
            origin = word_at(drafted.word_origins, span.start)
            quoted = not drafted.word_origins and bool(drafted.citations)
            if not drafted.citations:
                return
            self.statements.mark_word(place, span)
            self.passage.show_word(told[1].text[span.start : span.end], origin, quoted)

    def _show_passage(self, number: int) -> None:
        if self._case is None or self._case.draft is None or self._catalogue is None:
            return
        if self.passage.show_number(number):
            return
        cited = next((p for p in self._case.draft.passages if p.number == number), None)
        if cited is not None:
            note = self.tr("This passage is shown for itself; no sentence is chosen.")
            self.passage.show_passage(cited, self._catalogue, note)

    def _unfold_questions(self) -> None:
        self._unfold(self.questions)

    def _unfold_making(self) -> None:
        self._unfold(self.making)

    def _unfold(self, wanted: QWidget | None) -> None:
        """Unfold one of the two lists at the bottom, or fold it if it is open already; None folds both."""
        for folded in (self.questions, self.making):
            folded.setVisible(folded is wanted and folded.isHidden())
        self._name_folds()

    def _name_folds(self) -> None:
        count = self.questions.open_count
        self.questions_button.setText(
            self.tr("Ask &next ({count})").format(count=count)
            if self.questions.isHidden()
            else self.tr("Hide &next questions")
        )
        self.making_button.setText(
            self.tr("&How this was made") if self.making.isHidden() else self.tr("&Hide how it was made")
        )

    def _sign(self) -> None:
        self.statements.finish_editing()
        self.sign_requested.emit()

    def _export(self) -> None:
        self.statements.finish_editing()
        self.export_requested.emit()


def _citing(candidates: tuple[Candidate, ...], draft: Draft) -> tuple[Candidate, ...]:
    """Give candidates the passages that the draft names for the same conditions."""
    cited = {candidate.condition: candidate.citations for candidate in draft.differential}
    return tuple(replace(candidate, citations=cited.get(candidate.condition, ())) for candidate in candidates)


def _content(review: Review) -> tuple[object, ...]:
    return review.sections, review.diagnosis


def _word_span(text: str, at: int) -> Span | None:
    """Return the word around a character of a text."""
    if not 0 <= at < len(text) or text[at].isspace():
        return None
    start = at
    while start and not text[start - 1].isspace():
        start -= 1
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return Span(start, end)
