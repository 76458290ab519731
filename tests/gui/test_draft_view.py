"""The draft view as a clinician uses it: danger first, the basis one key away, edit, sign, amend."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Review, reopen, sign, start_review
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Differential
from medrag_desktop.domain.draft import EvidenceStrength, Level
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.triage import DangerSign, Triage
from medrag_desktop.gui.draft_view import DraftView
from medrag_desktop.gui.row_list import RowList
from medrag_desktop.gui.statement_rows import Place
from medrag_desktop.gui.theme import apply_theme
from tests.gui.drafts import CANDIDATES, CATALOGUE, HOSTILE, QUOTED, WRITTEN, make_case, make_draft

Key = Qt.Key
Control = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> DraftView:
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # the views of earlier tests
    view = DraftView()
    qtbot.addWidget(view)
    view.resize(1150, 640)
    view.show()
    view.activateWindow()
    view.show_case(make_case(), CATALOGUE)
    view.focus_first()
    return view


def sentences(view: DraftView) -> RowList:
    return view.statements.statements


def visible_text(view: DraftView) -> str:
    return "\n".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())


def test_patient_urgency_danger_signs_and_status_are_above_everything(view: DraftView) -> None:
    assert view.header.patient.text() == "EX-1 · Girl of 4 years · Hot body and rash"
    assert view.header.urgency.words == "EMERGENCY: act now"
    assert "EMERGENCY: Go to hospital now" in visible_text(view)
    assert view.header.danger.heading == "DANGER SIGN"
    assert view.header.status.text() == "DRAFT - not verified by a clinician"
    assert view.header.danger.geometry().bottom() < view.statements.mapTo(view, view.statements.rect().topLeft()).y()


def test_why_a_danger_sign_fired_stands_there_and_what_was_not_checked_unfolds(view: DraftView) -> None:
    assert "because: convulsions" in visible_text(view)
    toggle = next(b for b in view.findChildren(QAbstractButton) if b.text() == "Not checked (2)")
    toggle.click()
    assert "Not checked: SpO2, stiff neck." in visible_text(view)


def test_the_ranking_is_shown_before_the_draft_is_written(view: DraftView) -> None:
    fired = DangerSign("d", "Oxygen now", Urgency.EMERGENCY, ("SpO2 80 %",), "Guide")
    view.show_differential(Differential(CANDIDATES, True), Triage((fired,), ()), CATALOGUE)
    assert view.differential.candidates.rows.rowCount() == 2
    assert "EMERGENCY: Oxygen now" in visible_text(view)
    text = visible_text(view)
    assert "Writing the draft" in text
    assert "Think beyond this list" in text
    assert WRITTEN not in text
    assert not view.sign_button.isEnabled()
    assert not view.export_button.isEnabled()
    assert not view.differential.use_button.isVisible()


def test_choosing_a_sentence_by_key_shows_its_passage(view: DraftView) -> None:
    assert view.passage.number == 1
    QTest.keyClick(sentences(view), Key.Key_Down)
    assert sentences(view).current().text == QUOTED  # type: ignore[union-attr]
    assert view.passage.number == 2
    QTest.keyClick(sentences(view), Key.Key_Up)
    assert view.passage.number == 1


def test_left_and_right_turn_the_passages_and_control_steps_through_words(view: DraftView) -> None:
    QTest.keyClick(sentences(view), Key.Key_Right)
    assert view.passage.number == 3
    for _ in range(6):
        QTest.keyClick(sentences(view), Key.Key_Right, Control)
    assert view.passage.number == 1
    assert "“is” was copied from passage [1]" in view.passage.note


def test_a_click_on_a_word_shows_its_origin(view: DraftView) -> None:
    view.statements.statements.delegate.word_clicked.emit(sentences(view).currentIndex(), WRITTEN.index("viral"))
    assert "“viral” was copied from passage [1]" in view.passage.note
    QTest.keyClick(sentences(view), Key.Key_Down)
    assert view.passage.note == ""


def test_a_changed_sentence_is_said_to_stand_without_citation(view: DraftView, qtbot: QtBot) -> None:
    QTest.keyClick(sentences(view), Key.Key_Return)
    QTest.keyClicks(sentences(view).focusWidget(), " Yes.")
    with qtbot.waitSignal(view.review_changed) as changed:
        QTest.keyClick(sentences(view).focusWidget(), Key.Key_Return)
    assert changed.args[0] == view.review()
    assert "clinician's words" in view.passage.note
    assert view.passage.number == 0


def test_a_passage_of_the_ranking_can_be_read_and_the_sentence_comes_back(view: DraftView) -> None:
    view.differential.passage_requested.emit(2)
    assert view.passage.number == 2
    assert "shown for itself" in view.passage.note
    index = sentences(view).currentIndex()
    sentences(view).pressed.emit(index)
    assert view.passage.number == 1


def test_a_candidate_becomes_the_diagnosis_and_undo_works_from_anywhere(view: DraftView) -> None:
    view.differential.use_button.click()
    assert view.review().diagnosis == "Measles"
    view.differential.candidates.setFocus()
    QTest.keyClick(view.differential.candidates, Key.Key_Z, Control)
    assert view.review().diagnosis == ""


def test_signing_keeps_the_words_that_are_being_typed(view: DraftView) -> None:
    QTest.keyClick(sentences(view), Key.Key_Return)
    QTest.keyClicks(sentences(view).focusWidget(), " Yes.")
    seen: list[Review] = []
    view.sign_requested.connect(lambda: seen.append(view.review()))
    view.sign_button.click()
    assert seen[0].sections[1].statements[0].text == WRITTEN + " Yes."
    assert seen[0].sections[1].statements[0].by_clinician


def test_a_signed_case_is_read_only_until_it_is_amended(view: DraftView, qtbot: QtBot) -> None:
    signed = sign(view.review(), "Dr A", "2026-11-22T18:05:00+00:00")
    view.show_case(make_case(review=signed), CATALOGUE)
    view.set_read_only(True)
    assert view.header.status.text() == "Signed by Dr A on 2026-11-22 18:05"
    assert view.sign_button.isHidden()
    assert view.back_button.isHidden()
    QTest.keyClick(sentences(view), Key.Key_Delete)
    assert view.review() == signed
    with qtbot.waitSignal(view.amend_requested):
        view.amend_button.click()
    view.show_case(make_case(review=reopen(signed)), CATALOGUE)
    view.set_read_only(False)
    assert view.header.status.text() == "CHANGED after signing - not yet signed again"
    again = sign(reopen(signed), "Dr B", "2026-11-23T08:00:00+00:00")
    view.show_case(make_case(review=again), CATALOGUE)
    assert view.header.status.text() == "Amended and signed by Dr B on 2026-11-23 08:00"


def test_the_same_case_shown_again_keeps_choice_and_undo(view: DraftView) -> None:
    QTest.keyClick(sentences(view), Key.Key_Down)
    QTest.keyClick(sentences(view), Key.Key_Delete)
    view.show_case(make_case(review=view.review(), updated="later"), CATALOGUE)
    assert view.statements.undo_stack.canUndo()
    other = make_case(id="case-2")
    view.show_case(other, CATALOGUE)
    assert not view.statements.undo_stack.canUndo()
    assert view.review() == start_review(make_draft())


@pytest.mark.parametrize("way", ["case", "clear", "ranking"])
def test_words_being_typed_never_reach_another_patient(view: DraftView, qtbot: QtBot, way: str) -> None:
    QTest.keyClick(sentences(view), Key.Key_Return)
    QTest.keyClicks(sentences(view).focusWidget(), " Of the first patient.")
    with qtbot.assertNotEmitted(view.review_changed, wait=50):
        if way == "case":
            view.show_case(make_case(id="case-2"), CATALOGUE)
        elif way == "clear":
            view.clear()
        else:
            view.show_differential(Differential(CANDIDATES, False), Triage((), ()), CATALOGUE)
    assert not sentences(view).delegate.editing
    assert view.review() == (start_review(make_draft()) if way == "case" else Review())


def test_the_view_passes_the_keyboard_on(view: DraftView) -> None:
    view.differential.candidates.setFocus()
    view.setFocus()
    assert sentences(view).hasFocus()


def test_an_undo_never_brings_back_another_patient(view: DraftView) -> None:
    view.statements.set_diagnosis("Measles")
    view.show_case(make_case(id="case-2"), CATALOGUE)
    QTest.keyClick(sentences(view), Key.Key_Z, Control)
    assert view.review().diagnosis == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"evidence": EvidenceStrength.NONE, "sections": (), "passages": ()}, "nothing relevant"),
        ({"evidence": EvidenceStrength.WEAK}, "only weakly related passages"),
        ({"level": Level.SEARCH, "sections": ()}, "no draft was written"),
        ({"outside_library": True}, "Think beyond this list"),
    ],
)
def test_what_is_missing_is_said_in_plain_words(view: DraftView, changes: dict[str, object], words: str) -> None:
    view.show_case(make_case(make_draft(**changes), id="other"), CATALOGUE)
    assert words in visible_text(view)


def test_a_draft_that_fell_back_says_so_above_the_sentences(view: DraftView) -> None:
    draft = make_draft()
    fallen = replace(draft, provenance=replace(draft.provenance, notes=("The draft quotes the library.",)))
    view.show_case(make_case(fallen), CATALOGUE)
    assert "The draft quotes the library." in visible_text(view)


def test_a_case_without_draft_and_no_case_say_what_to_do(view: DraftView) -> None:
    view.show_case(replace(make_case(id="new"), draft=None), CATALOGUE)
    assert "Go back to the form" in visible_text(view)
    assert not view.sign_button.isEnabled()
    view.clear()
    assert view.header.patient.text() == ""
    assert view.header.danger.isHidden()
    assert sentences(view).rows.rowCount() == 0
    assert view.review() == Review()


def test_how_it_was_made_and_what_to_ask_unfold_one_at_a_time(view: DraftView) -> None:
    assert view.questions.isVisible()
    view.questions_button.click()
    assert view.questions.isHidden()
    assert view.questions_button.text() == "Ask &next (1)"
    view.questions_button.click()
    assert [row.words.text() for row in view.questions.rows] == ["Are there white spots in the mouth?"]
    assert "0.62 bits" in view.questions.rows[0].words.toolTip()
    assert view.questions.isVisible()
    view.making_button.click()
    assert view.making.isVisible()
    assert view.questions.isHidden()
    told = " ".join(row.text for row in view.making.rows.rows)
    assert all(word in told for word in ("bart abc", "2026.1", "not reviewed by a clinician", "seed 7", "812 ms"))
    view.making_button.click()
    assert view.making.isHidden()


def test_tab_goes_through_every_control_and_comes_back(view: DraftView) -> None:
    visited: list[QWidget] = []
    for _ in range(60):
        focused = QApplication.focusWidget()
        if focused is None or focused in visited:
            break
        visited.append(focused)
        QTest.keyClick(focused, Key.Key_Tab)
    wanted = (
        view.statements.diagnosis, sentences(view), view.statements.edit_button, view.passage.text,
        view.differential.candidates, view.differential.reasons, view.differential.use_button, view.sign_button,
        view.making_button, view.passage.findings, view.questions.rows[0].buttons[2],
    )  # fmt: skip
    assert [w.accessibleName() or w for w in wanted if w not in visited] == []
    assert QApplication.focusWidget() is visited[0]


def test_every_control_has_a_name(view: DraftView) -> None:
    kinds = (QAbstractButton, QAbstractItemView, QLineEdit, QTextEdit)
    for widget in view.findChildren(QWidget):
        if isinstance(widget, kinds) and widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface is not None
            assert interface.text(QAccessible.Text.Name), f"{widget.objectName()} {type(widget).__name__}"


def test_every_list_of_the_view_has_a_sound_model(view: DraftView) -> None:
    testers = [
        QAbstractItemModelTester(rows.rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
        for rows in view.findChildren(RowList)
    ]
    assert len(testers) == 5
    QTest.keyClick(sentences(view), Key.Key_Delete)
    QTest.keyClick(sentences(view), Key.Key_Insert)
    QTest.keyClick(sentences(view).focusWidget(), Key.Key_Escape)
    view.show_case(make_case(make_draft(sections=()), id="b"), CATALOGUE)
    view.clear()


def test_hostile_text_neither_acts_nor_widens_the_window(view: DraftView) -> None:
    draft = make_draft()
    bad = replace(
        draft,
        danger_signs=(DangerSign("d", HOSTILE, Urgency.URGENT, (HOSTILE,), HOSTILE),),
        differential=(replace(CANDIDATES[0], name=HOSTILE, icd10=(HOSTILE,)),),
        sections=(replace(draft.sections[1], title=HOSTILE),),
        provenance=replace(draft.provenance, notes=(HOSTILE,), library=HOSTILE),
    )
    encounter = replace(make_case().encounter, reference=HOSTILE[:200], chief_complaint=HOSTILE)
    view.show_case(make_case(bad, id="bad", encounter=encounter), CATALOGUE)
    assert view.minimumSizeHint().width() <= 1150
    rich = [label for label in view.findChildren(QLabel) if label.textFormat() != Qt.TextFormat.PlainText]
    assert all("script" not in label.text() for label in rich)
    assert not view.grab().isNull()


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_the_view_fits_the_smallest_screen(view: DraftView, qapp: QApplication, scale: float) -> None:
    try:
        apply_theme(qapp, "light", scale)
        view.show_case(make_case(), CATALOGUE)
        assert view.minimumSizeHint().width() <= 1150
        assert view.minimumSizeHint().height() <= 640
    finally:
        apply_theme(qapp, "light", 1.0)


def test_the_place_of_a_sentence_outside_the_review_is_no_error(view: DraftView) -> None:
    assert view.statements.statement(Place(9, 0)) is None
    assert view.statements.statement(Place(0, 9)) is None


def test_a_view_that_is_let_go_leaves_no_widget_behind(qapp: QApplication) -> None:
    """A ring of references would leave widgets to the garbage collector, which may run in a thread of the models."""
    gc.collect()
    before = sum(isinstance(widget, DraftView) for widget in qapp.topLevelWidgets())
    gc.disable()
    try:
        view = DraftView()
        view.show_case(make_case(), CATALOGUE)
        view.statements.set_diagnosis("Measles")
        sentences(view).edit(sentences(view).currentIndex())
        view.statements.finish_editing()
        view.questions_button.click()
        del view
        assert sum(isinstance(widget, DraftView) for widget in qapp.topLevelWidgets()) == before
    finally:
        gc.enable()


def test_whose_ranking_it_is_stands_there_before_the_draft_is_written(view: DraftView) -> None:
    encounter = Encounter(Patient(34, Sex.FEMALE), "Severe headache", reference="A-1024")
    view.show_differential(Differential(CANDIDATES, True), Triage((), ()), CATALOGUE, encounter)
    assert "A-1024 · Woman of 34 years · Severe headache" in visible_text(view)
    view.clear()
    assert "A-1024" not in visible_text(view)
    assert view.header.patient.toolTip() == ""


def test_a_long_reference_leaves_room_for_the_draft(view: DraftView) -> None:
    view.header.show_patient(Encounter(reference="R" * 500, chief_complaint="c" * 500))
    assert len(view.header.patient.text()) < 250
    assert "R" * 12 in view.header.patient.toolTip()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_no_words_of_the_cards_lie_on_each_other_at_any_text_size(
    view: DraftView, qapp: QApplication, qtbot: QtBot, scale: float
) -> None:
    apply_theme(qapp, "light", scale)
    try:
        view.resize(1100, 720)
        qtbot.wait(20)
        for panel in (view.differential, view.statements, view.passage):
            labels = [label for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]
            for label in labels:
                assert label.height() >= label.heightForWidth(label.width()) - 2, label.text()
        assert view.differential.reasons.geometry().bottom() < view.differential.use_button.geometry().top()
        for button in view.findChildren(QPushButton):
            if button.isVisible():
                assert button.height() >= button.fontMetrics().height(), button.text()
                words = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
                assert button.width() >= words, button.text()
    finally:
        apply_theme(qapp, "light", 1.0)


def test_with_large_text_the_cards_are_stacked_and_the_page_scrolls(
    view: DraftView, qapp: QApplication, qtbot: QtBot
) -> None:
    view.resize(1100, 720)
    assert view.statements.mapTo(view, QPoint()).x() > view.differential.mapTo(view, QPoint()).x()
    apply_theme(qapp, "light", 2.0)
    try:
        qtbot.waitUntil(
            lambda: view.statements.mapTo(view, QPoint()).y() > view.differential.mapTo(view, QPoint()).y() + 100
        )
        assert view.sign_button.isVisible()
        assert view.rect().contains(view.sign_button.mapTo(view, view.sign_button.rect().bottomRight()))
    finally:
        apply_theme(qapp, "light", 1.0)


def test_where_the_page_scrolls_what_has_the_keyboard_comes_into_view(
    view: DraftView, qapp: QApplication, qtbot: QtBot
) -> None:
    view.resize(1100, 720)
    apply_theme(qapp, "light", 2.0)
    try:
        qtbot.wait(30)
        for _ in range(3):
            QTest.keyClick(sentences(view), Key.Key_Down)
            row = sentences(view)
            qtbot.waitUntil(lambda row=row: in_view(view, row, row.visualRect(row.currentIndex())))  # type: ignore[misc]
        sentences(view).choose(Place(1, 0))
        QTest.keyClick(sentences(view), Key.Key_Return)
        editor = qapp.focusWidget()
        assert isinstance(editor, QPlainTextEdit)
        qtbot.waitUntil(lambda: in_view(view, editor, editor.cursorRect()))
        view.statements.statements.delegate.cancel()
        view.differential.candidates.setFocus()
        first = view.differential.candidates
        qtbot.waitUntil(lambda: in_view(view, first, first.visualRect(first.currentIndex())))
    finally:
        apply_theme(qapp, "light", 1.0)


def in_view(view: DraftView, widget: QWidget, place: QRect) -> bool:
    """Tell whether a place of a widget is seen, not scrolled away by whatever stands around it."""
    shown = widget.visibleRegion().boundingRect()
    if isinstance(widget, QAbstractScrollArea):
        shown = widget.viewport().visibleRegion().boundingRect()
    return shown.intersects(place) and shown.contains(place.center())
