"""Reading and editing a draft: by keyboard alone, undoable, never quoting what a clinician wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Review, ReviewedStatement, start_review
from medrag_desktop.gui.basis import Span
from medrag_desktop.gui.statement_rows import Place
from medrag_desktop.gui.statements_panel import StatementsPanel
from tests.gui.drafts import HOSTILE, QUOTED, WRITTEN, make_draft

Key = Qt.Key
DRAFT = make_draft()


@pytest.fixture
def panel(qtbot: QtBot) -> StatementsPanel:
    panel = StatementsPanel()
    qtbot.addWidget(panel)
    panel.resize(460, 560)
    panel.show()
    panel.activateWindow()
    panel.show_draft(DRAFT, start_review(DRAFT), "")
    panel.statements.setFocus()
    return panel


def told(review: Review) -> list[list[str]]:
    return [[statement.text for statement in section.statements] for section in review.sections]


def tags(panel: StatementsPanel) -> list[str]:
    return [row.tag for row in panel.statements.rows.rows if isinstance(row.payload, Place)]


def editor(panel: StatementsPanel) -> QPlainTextEdit:
    field = panel.statements.focusWidget()
    assert isinstance(field, QPlainTextEdit)
    return field


def type_over(panel: StatementsPanel, words: str) -> None:
    QTest.keyClick(editor(panel), Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor(panel), words)


def test_it_begins_at_the_first_sentence_with_a_passage(panel: StatementsPanel) -> None:
    assert panel.chosen() == Place(1, 0)


def test_each_sentence_says_who_wrote_it(panel: StatementsPanel) -> None:
    assert tags(panel) == [
        "From what was entered", "Written by the program from the passage", "Quoted word for word",
    ]  # fmt: skip
    spoken = panel.statements.rows.rows[3].spoken
    assert spoken == f"Assessment. {WRITTEN}. Written by the program from the passage. Passage 1, 3"


def test_a_medicine_that_was_not_checked_is_told_below_the_sentence(panel: StatementsPanel) -> None:
    quoted = replace(DRAFT.sections[2].statements[0], unchecked="Not checked: aspirin.")
    draft = make_draft(sections=(replace(DRAFT.sections[2], statements=(quoted,)),))
    panel.show_draft(draft, start_review(draft), "")
    assert tags(panel) == ["Quoted word for word. Not checked: aspirin."]
    assert "Not checked: aspirin." in panel.statements.rows.rows[1].spoken


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_F2])
def test_a_sentence_is_edited_in_place_and_becomes_the_clinicians(
    panel: StatementsPanel, qtbot: QtBot, key: Qt.Key
) -> None:
    QTest.keyClick(panel.statements, key)
    assert editor(panel).toPlainText() == WRITTEN
    assert "without citation" in editor(panel).accessibleDescription()
    type_over(panel, "My own words.")
    with qtbot.waitSignal(panel.review_changed):
        QTest.keyClick(editor(panel), Key.Key_Return)
    assert panel.review().sections[1].statements == (ReviewedStatement("My own words.", (), by_clinician=True),)
    assert tags(panel)[1] == "Clinician's words, without citation"
    assert panel.statements.hasFocus()


def test_escape_keeps_the_original_and_takes_back_what_was_passed_on(panel: StatementsPanel) -> None:
    heard: list[Review] = []
    panel.review_changed.connect(heard.append)
    QTest.keyClick(panel.statements, Key.Key_Return)
    type_over(panel, "x")
    assert told(heard[-1])[1] == ["x"]
    assert panel.review() == heard[-1]
    QTest.keyClick(editor(panel), Key.Key_Escape)
    assert told(heard[-1])[1] == [WRITTEN]
    assert panel.review() == start_review(DRAFT)
    assert not panel.undo_stack.canUndo()


def test_words_being_typed_are_passed_on_before_they_are_kept(panel: StatementsPanel, qtbot: QtBot) -> None:
    QTest.keyClick(panel.statements, Key.Key_Return)
    with qtbot.waitSignal(panel.review_changed) as changed:
        QTest.keyClicks(editor(panel), "!")
    assert told(changed.args[0])[1] == [WRITTEN + "!"]
    panel.finish_editing()
    assert told(panel.review())[1] == [WRITTEN + "!"]
    assert panel.undo_stack.count() == 1


def test_leaving_the_field_keeps_the_words(panel: StatementsPanel) -> None:
    QTest.keyClick(panel.statements, Key.Key_Return)
    type_over(panel, "Kept.")
    panel.diagnosis.setFocus()
    assert told(panel.review())[1] == ["Kept."]


def test_an_unchanged_sentence_keeps_its_citations(panel: StatementsPanel) -> None:
    QTest.keyClick(panel.statements, Key.Key_Return)
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert panel.review() == start_review(DRAFT)
    assert not panel.undo_stack.canUndo()


def test_delete_takes_out_and_undo_and_redo_go_both_ways(panel: StatementsPanel) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(panel.statements, Key.Key_Delete)
    assert told(panel.review()) == [["Present: fever, rash."], [], [QUOTED]]
    QTest.keyClick(panel.statements, Key.Key_Z, control)
    assert panel.review() == start_review(DRAFT)
    assert panel.review().sections[1].statements[0].citations == (1, 3)
    QTest.keyClick(panel.statements, Key.Key_Z, control | shift)
    assert told(panel.review())[1] == []


def test_emptied_words_take_the_sentence_out_only_when_they_are_kept(panel: StatementsPanel) -> None:
    QTest.keyClick(panel.statements, Key.Key_Return)
    QTest.keyClick(editor(panel), Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(editor(panel), Key.Key_Delete)
    assert told(panel.review())[1] == [WRITTEN]
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert told(panel.review())[1] == []


def test_a_sentence_is_added_to_the_section_of_the_chosen_one(panel: StatementsPanel) -> None:
    QTest.keyClick(panel.statements, Key.Key_Insert)
    QTest.keyClicks(editor(panel), "She lives far away.")
    assert told(panel.review())[1] == [WRITTEN, "She lives far away."]
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert panel.review().sections[1].statements[1] == ReviewedStatement("She lives far away.", (), by_clinician=True)
    assert not any(row.text.startswith("+") for row in panel.statements.rows.rows)


def test_adding_nothing_adds_nothing(panel: StatementsPanel) -> None:
    panel.add_button.click()
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert panel.review() == start_review(DRAFT)
    assert not any(row.text.startswith("+") for row in panel.statements.rows.rows)


def test_a_draft_without_sections_has_a_place_for_notes(panel: StatementsPanel) -> None:
    empty = make_draft(sections=())
    panel.show_draft(empty, start_review(empty), "Nothing was written.")
    panel.statements.setFocus()
    QTest.keyClick(panel.statements, Key.Key_Return)
    QTest.keyClicks(editor(panel), "Seen at home.")
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert [section.title for section in panel.review().sections] == ["Clinician's notes"]
    assert told(panel.review()) == [["Seen at home."]]


def test_a_typed_diagnosis_is_one_step_back(panel: StatementsPanel) -> None:
    panel.diagnosis.setFocus()
    QTest.keyClicks(panel.diagnosis, "Measles, severe")
    assert panel.diagnosis.text() == "Measles, severe"
    assert panel.review().diagnosis == "Measles, severe"
    panel.statements.setFocus()
    panel.diagnosis.setFocus()
    QTest.keyClicks(panel.diagnosis, "!")
    QTest.keyClick(panel.diagnosis, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.review().diagnosis == panel.diagnosis.text() == "Measles, severe"
    QTest.keyClick(panel.diagnosis, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.review().diagnosis == panel.diagnosis.text() == ""


def test_spaces_can_be_typed_in_the_diagnosis(panel: StatementsPanel) -> None:
    panel.diagnosis.setFocus()
    QTest.keyClicks(panel.diagnosis, "acute ")
    assert panel.diagnosis.text() == "acute "
    assert panel.review().diagnosis == "acute"


def test_what_was_withheld_unfolds_with_its_reasons(panel: StatementsPanel) -> None:
    rows = panel.statements.rows
    assert rows.rows[-1].text == "2 sentences were withheld; open this line to see why"
    QTest.keyClick(panel.statements, Key.Key_End)
    QTest.keyClick(panel.statements, Key.Key_Return)
    assert rows.rows[-1].text == "Assessment: It holds a dose. (×2)"
    QTest.keyClick(panel.statements, Key.Key_Return)
    assert rows.rows[-1].text.startswith("2 sentences")


def test_a_signed_draft_cannot_be_changed(panel: StatementsPanel) -> None:
    panel.set_read_only(True)
    for key in (Key.Key_Return, Key.Key_F2, Key.Key_Delete, Key.Key_Insert):
        QTest.keyClick(panel.statements, key)
        assert not panel.statements.delegate.editing
    QTest.keyClicks(panel.diagnosis, "x")
    panel.set_diagnosis("Measles")
    assert panel.review() == start_review(DRAFT)
    assert panel.add_button.isHidden()


def test_words_are_stepped_through_by_key(panel: StatementsPanel) -> None:
    words: list[int] = []
    panel.word_chosen.connect(lambda _, at: words.append(at))
    panel.word_chosen.connect(lambda place, at: panel.mark_word(place, _span(at)))
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Left):
        QTest.keyClick(panel.statements, key, Qt.KeyboardModifier.ControlModifier)
    assert [WRITTEN[at:].split()[0] for at in words] == ["This", "patient", "This"]


def _span(at: int) -> Span:
    return Span(at, at + len(WRITTEN[at:].split()[0]))


def test_hostile_words_stay_words(panel: StatementsPanel) -> None:
    panel.set_diagnosis(HOSTILE)
    QTest.keyClick(panel.statements, Key.Key_Return)
    type_over(panel, "<script>x</script> <img src=x> &lt;")
    QTest.keyClick(editor(panel), Key.Key_Return)
    assert told(panel.review())[1] == ["<script>x</script> <img src=x> &lt;"]
    assert "<script>x</script>" in str(panel.statements.currentIndex().data())
    panel.grab()


def test_a_long_draft_is_drawn_at_every_width(panel: StatementsPanel) -> None:
    for width in (240, 460, 1000):
        panel.resize(width, 400)
        assert not panel.grab().isNull()
