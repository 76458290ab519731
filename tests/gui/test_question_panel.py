"""The questions as they are answered: one key or one click, in a place that stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.gui.question_panel import QuestionPanel, QuestionRow
from medrag_desktop.gui.theme import apply_theme
from tests.gui.drafts import HOSTILE

Key = Qt.Key
YES, NO, OPEN = Presence.PRESENT, Presence.ABSENT, Presence.NOT_ASSESSED


def questions(*findings: str) -> tuple[NextQuestion, ...]:
    return tuple(NextQuestion(finding, f"Is there {finding}?", 0.3) for finding in findings)


def answers(**given: Presence) -> Encounter:
    return Encounter(findings=tuple(Finding(finding, presence) for finding, presence in given.items()))


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[QuestionPanel]:
    page, before, after = QWidget(), QPushButton("before"), QPushButton("after")
    ours = QuestionPanel(before)
    column = QVBoxLayout(page)
    for widget in (before, ours, after):
        column.addWidget(widget)
    qtbot.addWidget(page)
    page.resize(1100, 300)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    ours.show_questions(questions("a", "b", "c"), Encounter())
    yield ours
    page.close()


def told(panel: QuestionPanel) -> list[tuple[str, Presence]]:
    got: list[tuple[str, Presence]] = []
    panel.answered.connect(lambda finding, presence: got.append((finding, presence)))
    return got


def shown(panel: QuestionPanel) -> list[str]:
    return [row.finding for row in panel.rows]


def checked(row: QuestionRow) -> list[Presence]:
    return [button.presence for button in row.buttons if button.isChecked()]


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def test_a_click_answers_and_the_same_click_takes_it_back(panel: QuestionPanel) -> None:
    got, row = told(panel), panel.rows[1]
    yes, no, nothing = row.buttons
    assert checked(row) == [OPEN]
    yes.click()
    assert checked(row) == [YES]
    no.click()
    assert checked(row) == [NO]
    no.click()
    assert checked(row) == [OPEN]
    yes.click()
    nothing.click()
    nothing.click()
    assert checked(row) == [OPEN]
    assert got == [("b", YES), ("b", NO), ("b", OPEN), ("b", YES), ("b", OPEN)]


@pytest.mark.parametrize(("key", "presence"), [(Key.Key_Y, YES), (Key.Key_N, NO), (Key.Key_Plus, YES)])
def test_one_key_answers_and_the_keyboard_stays_with_the_answer(
    panel: QuestionPanel, key: Key, presence: Presence
) -> None:
    got = told(panel)
    panel.rows[0].take_focus()
    QTest.keyClick(focused(), key)
    assert got == [("a", presence)]
    assert focused().accessibleName() == f"Is there a? {'Yes' if presence is YES else 'No'}"
    QTest.keyClick(focused(), Key.Key_U)
    assert got[1:] == [("a", OPEN)]


def test_space_and_enter_press_what_the_arrows_lead_to(panel: QuestionPanel) -> None:
    got = told(panel)
    panel.rows[0].take_focus()
    QTest.keyClick(focused(), Key.Key_Left)
    assert got == []
    QTest.keyClick(focused(), Key.Key_Space)
    QTest.keyClick(focused(), Key.Key_Left)
    QTest.keyClick(focused(), Key.Key_Left)
    QTest.keyClick(focused(), Key.Key_Return)
    assert got == [("a", NO), ("a", YES)]


def test_up_and_down_go_through_the_questions_and_stop_at_the_ends(panel: QuestionPanel) -> None:
    panel.rows[0].take_focus()
    for key, there in ((Key.Key_Up, 0), (Key.Key_Down, 1), (Key.Key_Down, 2), (Key.Key_Down, 2), (Key.Key_Up, 1)):
        QTest.keyClick(focused(), key)
        assert panel.rows[there].has_keyboard


def test_tab_stops_once_at_each_question_and_goes_on(panel: QuestionPanel) -> None:
    panel.rows[1].buttons[0].click()
    before, after = panel.window().findChildren(QPushButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
    before.setFocus()
    visited = []
    for _ in range(4):
        QTest.keyClick(focused(), Key.Key_Tab)
        visited.append(focused())
    assert visited == [panel.rows[0].buttons[2], panel.rows[1].buttons[0], panel.rows[2].buttons[2], after]


def test_what_was_answered_stays_in_its_place_and_new_questions_fill_the_others(panel: QuestionPanel) -> None:
    row = panel.rows[1]
    row.buttons[0].setFocus()
    row.buttons[0].click()
    panel.show_questions(questions("c", "d", "e"), answers(b=YES))
    assert shown(panel) == ["c", "b", "d", "e"]
    assert panel.rows[1] is row
    assert checked(row) == [YES]
    assert row.has_keyboard
    assert panel.open_count == 3


def test_an_answer_that_the_form_takes_back_or_turns_round_is_shown_so(panel: QuestionPanel) -> None:
    panel.rows[0].buttons[0].click()
    panel.show_questions(questions("b", "c"), answers(a=NO))
    assert checked(panel.rows[0]) == [NO]
    panel.show_questions(questions("b", "c"), answers())
    assert shown(panel) == ["b", "c"]


def test_what_the_form_answers_by_itself_is_no_answer_given_here(panel: QuestionPanel) -> None:
    panel.show_questions(questions("c"), answers(z=YES))
    assert shown(panel) == ["c"]


def test_a_question_that_leaves_hands_the_keyboard_to_the_one_in_its_place(panel: QuestionPanel) -> None:
    panel.rows[1].take_focus()
    panel.show_questions(questions("a", "d"), Encounter())
    assert panel.rows[1].has_keyboard
    panel.show_questions(questions("a"), Encounter())
    assert panel.rows[0].has_keyboard
    panel.clear()
    assert panel.rows == ()


def test_of_a_signed_case_only_the_words_are_left(panel: QuestionPanel) -> None:
    panel.set_read_only(True)
    assert not any(button.isVisible() for row in panel.rows for button in row.buttons)
    assert all(row.words.isVisible() for row in panel.rows)
    panel.show_questions(questions("d"), Encounter())
    assert not any(button.isVisible() for button in panel.rows[0].buttons)
    panel.set_read_only(False)
    assert all(button.isVisible() for button in panel.rows[0].buttons)


def test_a_screen_reader_hears_question_answer_and_what_it_is_worth(panel: QuestionPanel) -> None:
    for button, word in zip(panel.rows[0].buttons, ("Yes", "No", "Not answered"), strict=True):
        interface = QAccessible.queryAccessibleInterface(button)
        assert interface.text(QAccessible.Text.Name) == f"Is there a? {word}"
        assert "0.30 bits" in interface.text(QAccessible.Text.Description)
        assert interface.state().checkable


def test_hostile_words_are_shown_as_they_are(panel: QuestionPanel) -> None:
    panel.show_questions((NextQuestion("x", HOSTILE, 0.1),), Encounter())
    assert panel.rows[0].words.textFormat() == Qt.TextFormat.PlainText
    assert "\u202e" not in panel.rows[0].words.text() + panel.rows[0].buttons[0].accessibleName()
    assert panel.minimumSizeHint().width() <= 1100


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("width", [520, 1160])
def test_no_question_is_cut_off_at_any_size(
    panel: QuestionPanel, qapp: QApplication, qtbot: QtBot, scale: float, width: int
) -> None:
    apply_theme(qapp, "light", scale)
    try:
        panel.window().resize(width, 500)
        long = (
            "Is the breathing faster than normal for age when counted over one whole minute, or is the chest drawn in?"
        )
        panel.show_questions(tuple(NextQuestion(f, long, 0.2) for f in "abcdef"), Encounter())
        qtbot.wait(20)
        for row in panel.rows:
            assert row.words.height() >= row.words.heightForWidth(row.words.width()) - 1
            for button in row.buttons:
                assert button.width() >= button.fontMetrics().horizontalAdvance(button.text())
        panel.rows[0].take_focus()
        for _ in range(5):
            QTest.keyClick(focused(), Key.Key_Down)
        place = focused().visibleRegion().boundingRect()
        assert place.height() >= focused().height() - 2
    finally:
        apply_theme(qapp, "light", 1.0)
