from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.encounter import Finding, Origin, Presence, Severity
from medrag_desktop.gui.duration_text import format_duration, parse_duration
from medrag_desktop.gui.findings_model import DURATION, FINDING, PRESENCE, SEVERITY, SIDE, FindingsModel
from medrag_desktop.gui.findings_picker import FindingsPicker
from medrag_desktop.gui.match_list import MatchModel
from medrag_desktop.services.completion import Completion
from tests.builders import ABBREVIATIONS, make_ranges, make_test_vocabulary

CATALOGUE = Catalogue((), make_test_vocabulary(), (), make_ranges(), ABBREVIATIONS)
YES, NO, UNKNOWN = Presence.PRESENT, Presence.ABSENT, Presence.NOT_ASSESSED
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def picker(qtbot: QtBot) -> Iterator[FindingsPicker]:
    window = QWidget()
    window.resize(700, 600)
    picker = FindingsPicker(window)
    picker.resize(600, 500)
    qtbot.addWidget(window)
    window.show()
    picker.set_catalogue(CATALOGUE)
    picker.line.setFocus()
    # the window must outlive the test, and Python would let go of it
    yield picker
    window.close()


def add(picker: FindingsPicker, words: str, key: Qt.Key = Qt.Key.Key_Return, *, no: bool = False) -> None:
    QTest.keyClicks(picker.line, words)
    QTest.keyClick(picker.line, key, CONTROL if no else Qt.KeyboardModifier.NoModifier)


def held(picker: FindingsPicker) -> list[tuple[str, Presence]]:
    return [(finding.finding, finding.presence) for finding in picker.findings()]


def press(picker: FindingsPicker, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    picker.table.setFocus()
    QTest.keyClick(picker.table, key, modifier)


def offered(picker: FindingsPicker) -> list[str]:
    model = picker.matches.matches
    return [model.finding(row) for row in range(model.rowCount())] if picker.matches.isVisible() else []


def test_enter_adds_what_is_there_and_control_enter_what_is_not(picker: FindingsPicker) -> None:
    add(picker, "fevr")
    add(picker, "stiff", no=True)
    assert held(picker) == [("fever", YES), ("neck_stiffness", NO)]
    assert picker.line.text() == ""
    assert not picker.matches.isVisible()


@pytest.mark.parametrize(
    ("key", "modifier", "presence"),
    [
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier, NO),
        (Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier, YES),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.KeypadModifier, YES),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.KeypadModifier, NO),
    ],
)
def test_other_keys_that_add(
    picker: FindingsPicker, key: Qt.Key, modifier: Qt.KeyboardModifier, presence: Presence
) -> None:
    QTest.keyClicks(picker.line, "rash")
    QTest.keyClick(picker.line, key, modifier)
    assert held(picker) == [("rash", presence)]


def test_plus_and_minus_of_the_main_block_are_typed(picker: FindingsPicker) -> None:
    QTest.keyClicks(picker.line, "x-ray 3+")
    assert picker.line.text() == "x-ray 3+"
    assert held(picker) == []


def test_arrows_choose_and_the_cursor_stays_in_the_line(picker: FindingsPicker) -> None:
    QTest.keyClicks(picker.line, "cough")
    assert offered(picker)[0] == "cough"
    QTest.keyClick(picker.line, Qt.Key.Key_Down)
    QTest.keyClick(picker.line, Qt.Key.Key_Down)
    QTest.keyClick(picker.line, Qt.Key.Key_Up)
    second = offered(picker)[1]
    QTest.keyClick(picker.line, Qt.Key.Key_Return)
    assert held(picker) == [(second, YES)]


def test_escape_closes_and_a_click_adds(picker: FindingsPicker) -> None:
    QTest.keyClicks(picker.line, "head")
    QTest.keyClick(picker.line, Qt.Key.Key_Escape)
    assert (picker.line.text(), offered(picker)) == ("", [])
    QTest.keyClicks(picker.line, "head")
    place = picker.matches.visualRect(picker.matches.matches.index(0, 0)).center()
    QTest.mouseClick(picker.matches.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert held(picker) == [("headache", YES)]


def test_when_nothing_fits_enter_adds_nothing_and_keeps_the_words(picker: FindingsPicker) -> None:
    add(picker, "xqzwx")
    assert held(picker) == []
    assert picker.line.text() == "xqzwx"
    assert picker.matches.isVisible()


def test_leaving_the_line_closes_the_matches(picker: FindingsPicker) -> None:
    QTest.keyClicks(picker.line, "head")
    assert picker.matches.isVisible()
    picker.buttons["undo"].setEnabled(True)
    picker.buttons["undo"].setFocus()
    assert not picker.matches.isVisible()


def test_at_most_eight_matches_with_synonym_and_kind(picker: FindingsPicker) -> None:
    QTest.keyClicks(picker.line, "breathlessness")
    index = picker.matches.matches.index(0, 0)
    assert index.data() == "shortness of breath (breathlessness)"
    picker.line.setText("a")
    assert len(offered(picker)) <= 8


def test_what_is_typed_before_the_library_is_there_is_matched_when_it_comes(qtbot: QtBot) -> None:
    window = QWidget()
    picker = FindingsPicker(window)
    qtbot.addWidget(window)
    window.show()
    picker.line.setFocus()
    QTest.keyClicks(picker.line, "fever")
    QTest.keyClick(picker.line, Qt.Key.Key_Return)
    assert held(picker) == []
    picker.set_catalogue(CATALOGUE)
    assert picker.line.text() == "fever"
    QTest.keyClick(picker.line, Qt.Key.Key_Return)
    assert held(picker) == [("fever", YES)]


def test_adding_again_says_the_presence_instead(picker: FindingsPicker) -> None:
    add(picker, "fever")
    QTest.keyClicks(picker.line, "fever")
    index = picker.matches.matches.index(0, 0)
    assert "in the list: Yes" in str(index.data(Qt.ItemDataRole.UserRole + 1))
    QTest.keyClick(picker.line, Qt.Key.Key_Return, CONTROL)
    assert held(picker) == [("fever", NO)]


@pytest.mark.parametrize(
    ("key", "presence"),
    [
        (Qt.Key.Key_Y, YES),
        (Qt.Key.Key_P, YES),
        (Qt.Key.Key_N, NO),
        (Qt.Key.Key_A, NO),
        (Qt.Key.Key_U, UNKNOWN),
        (Qt.Key.Key_Question, UNKNOWN),
    ],
)
def test_one_key_says_the_presence(picker: FindingsPicker, key: Qt.Key, presence: Presence) -> None:
    start = NO if presence is YES else YES
    picker.set_findings((Finding("fever", start), Finding("rash", start)))
    picker.table.select(1)
    press(picker, key)
    assert held(picker) == [("fever", start), ("rash", presence)]
    press(picker, Qt.Key.Key_Z, CONTROL)
    assert held(picker) == [("fever", start), ("rash", start)]


@pytest.mark.parametrize(
    ("key", "text", "presence"),
    [
        (Qt.Key.Key_Plus, "+", YES),
        (Qt.Key.Key_Equal, "=", YES),
        (Qt.Key.Key_Minus, "-", NO),
        (Qt.Key.Key_0, "0", UNKNOWN),
        (Qt.Key.Key_unknown, "\u0660", UNKNOWN),
        (Qt.Key.Key_unknown, "\u0966", UNKNOWN),
    ],
    ids=["plus", "equals", "minus", "zero", "arabic zero", "devanagari zero"],
)
def test_keys_of_every_script_say_the_presence(
    picker: FindingsPicker, key: Qt.Key, text: str, presence: Presence
) -> None:
    picker.set_findings((Finding("fever", NO if presence is YES else YES),))
    picker.table.select(0)
    typed = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    QApplication.sendEvent(picker.table, typed)
    assert held(picker) == [("fever", presence)]


def test_how_bad_and_which_side_have_signs_too(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"),))
    picker.table.select(0)
    press(picker, Qt.Key.Key_Asterisk)
    press(picker, Qt.Key.Key_Slash)
    (finding,) = picker.findings()
    assert (finding.severity, finding.laterality) == (Severity.MILD, "left")


@pytest.mark.parametrize("text", ["\u043d", "\u0646", "1", "\u0661"])
def test_a_letter_of_another_script_changes_nothing(picker: FindingsPicker, text: str) -> None:
    picker.set_findings((Finding("fever"),))
    picker.table.select(0)
    typed = QKeyEvent(QEvent.Type.KeyPress, ord(text), Qt.KeyboardModifier.NoModifier, text)
    QApplication.sendEvent(picker.table, typed)
    assert held(picker) == [("fever", YES)]


def test_the_hint_names_a_key_of_every_keyboard(picker: FindingsPicker) -> None:
    told = picker.table.accessibleDescription()
    for words in ("Y or +: yes", "N or -: no", "U or 0: not assessed", "Del: remove"):
        assert words in told


def test_a_click_on_yes_no_or_the_question_mark(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"),))
    area = picker.table.visualRect(picker.model.index(0, PRESENCE))
    for part, presence in ((0.5, NO), (0.85, UNKNOWN), (0.15, YES)):
        place = QPoint(round(area.left() + area.width() * part), area.center().y())
        QTest.mouseClick(picker.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert held(picker) == [("fever", presence)]


def test_delete_removes_and_undo_brings_back_at_its_place(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"), Finding("rash", NO), Finding("cough")))
    picker.table.select(1)
    press(picker, Qt.Key.Key_Delete)
    assert held(picker) == [("fever", YES), ("cough", YES)]
    assert picker.table.currentIndex().row() == 1
    press(picker, Qt.Key.Key_Z, CONTROL)
    assert held(picker) == [("fever", YES), ("rash", NO), ("cough", YES)]
    press(picker, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert held(picker) == [("fever", YES), ("cough", YES)]


def test_undo_works_from_the_empty_line_but_leaves_typing_alone(picker: FindingsPicker) -> None:
    add(picker, "fever")
    QTest.keyClicks(picker.line, "ra")
    QTest.keyClick(picker.line, Qt.Key.Key_Z, CONTROL)
    assert held(picker) == [("fever", YES)]
    picker.line.setText("")
    QTest.keyClick(picker.line, Qt.Key.Key_Z, CONTROL)
    assert held(picker) == []
    QTest.keyClick(picker.line, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert held(picker) == [("fever", YES)]


def test_the_buttons_do_what_the_keys_do(picker: FindingsPicker) -> None:
    assert not any(button.isEnabled() for button in picker.buttons.values())
    add(picker, "fever")
    picker.buttons["remove"].click()
    assert held(picker) == []
    picker.buttons["undo"].click()
    assert held(picker) == [("fever", YES)]
    picker.buttons["redo"].click()
    assert held(picker) == []


def test_undo_to_the_beginning_and_redo_to_the_end(picker: FindingsPicker) -> None:
    for words in ("fever", "cough", "rash"):
        add(picker, words)
    picker.table.select(0)
    press(picker, Qt.Key.Key_N)
    press(picker, Qt.Key.Key_S)
    press(picker, Qt.Key.Key_Delete)
    end = picker.findings()
    while picker.undo_stack.canUndo():
        picker.undo_stack.undo()
    assert picker.findings() == ()
    while picker.undo_stack.canRedo():
        picker.undo_stack.redo()
    assert picker.findings() == end


def test_setting_findings_forgets_what_could_be_undone(picker: FindingsPicker) -> None:
    add(picker, "fever")
    picker.set_findings((Finding("rash"),))
    assert not picker.undo_stack.canUndo()


def test_severity_and_side_go_round_by_key(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"),))
    picker.table.select(0)
    severities, sides = [], []
    for _ in range(4):
        press(picker, Qt.Key.Key_S)
        press(picker, Qt.Key.Key_L)
        severities.append(picker.findings()[0].severity)
        sides.append(picker.findings()[0].laterality)
    assert severities == [Severity.MILD, Severity.MODERATE, Severity.SEVERE, None]
    assert sides == ["left", "right", "both", ""]


def test_a_duration_is_edited_in_place(picker: FindingsPicker, qtbot: QtBot) -> None:
    picker.set_findings((Finding("fever"),))
    picker.table.select(0)
    press(picker, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: picker.table.findChild(QLineEdit) is not None)
    editor = picker.table.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    QTest.keyClicks(editor, "2 weeks")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: picker.findings()[0].duration_hours == 336)
    assert picker.model.index(0, DURATION).data() == "2 w"


def test_what_is_no_duration_is_not_taken(picker: FindingsPicker, qtbot: QtBot) -> None:
    picker.set_findings((Finding("fever", duration_hours=72),))
    picker.table.select(0)
    press(picker, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: picker.table.findChild(QLineEdit) is not None)
    editor = picker.table.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("some time")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert editor.isVisible()
    assert picker.findings()[0].duration_hours == 72
    assert not picker.model.setData(picker.model.index(0, DURATION), "some time")
    assert picker.model.setData(picker.model.index(0, DURATION), "")
    assert picker.findings()[0].duration_hours is None


def test_severity_is_chosen_from_a_list(picker: FindingsPicker, qtbot: QtBot) -> None:
    picker.set_findings((Finding("fever", severity=Severity.MILD),))
    index = picker.model.index(0, SEVERITY)
    picker.table.setCurrentIndex(index)
    picker.table.edit(index)
    qtbot.waitUntil(lambda: picker.table.findChild(QComboBox) is not None)
    editor = picker.table.findChild(QComboBox)
    assert isinstance(editor, QComboBox)
    assert (editor.currentText(), editor.count()) == ("mild", 4)
    editor.setCurrentIndex(3)
    editor.activated.emit(3)
    assert picker.findings()[0].severity is Severity.SEVERE
    assert index.data() == "severe"


def test_what_was_read_from_text_becomes_the_clinicians_word_when_said(picker: FindingsPicker) -> None:
    read = Finding("fever", YES, Origin.TEXT, "hot", "history", 3, 6, duration_hours=24)
    picker.set_findings((read,))
    picker.table.select(0)
    press(picker, Qt.Key.Key_Y)
    assert picker.findings() == (Finding("fever", YES, Origin.FORM, duration_hours=24),)


def test_an_unknown_finding_shows_its_id_and_is_kept(picker: FindingsPicker) -> None:
    kept = Finding("no.such", NO, onset_hours_ago=5.0, laterality="upper")
    picker.set_findings((kept,))
    assert picker.model.index(0, FINDING).data() == "no.such"
    assert picker.model.index(0, SIDE).data() == "upper"
    assert picker.findings() == (kept,)


def test_questions_are_answered_by_one_key_and_leave(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"),))
    picker.suggest(("fever", "rash", "headache"))
    chips = picker.questions.chips
    assert [chip.content.key for chip in chips] == ["rash", "headache"]
    chips[0].setFocus()
    QTest.keyClick(chips[0], Qt.Key.Key_N)
    assert held(picker) == [("fever", YES), ("rash", NO)]
    assert [chip.content.key for chip in picker.questions.chips] == ["headache"]
    QTest.keyClick(picker.questions.chips[0], Qt.Key.Key_Z, CONTROL)
    assert held(picker) == [("fever", YES)]
    picker.suggest(())
    assert not picker.questions.isVisible()


def test_every_change_tells_and_setting_does_not(picker: FindingsPicker) -> None:
    spy = QSignalSpy(picker.changed)
    picker.set_findings((Finding("fever"),))
    picker.suggest(("rash",))
    assert spy.count() == 0
    picker.table.select(0)
    press(picker, Qt.Key.Key_N)
    press(picker, Qt.Key.Key_N)
    assert spy.count() == 1
    picker.undo_stack.undo()
    assert spy.count() == 2


def test_tab_leaves_the_table(picker: FindingsPicker) -> None:
    picker.set_findings((Finding("fever"),))
    picker.table.setFocus()
    QTest.keyClick(picker.table, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not picker.table


def test_the_model_of_the_list_keeps_the_rules(qtbot: QtBot) -> None:
    model = FindingsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_vocabulary(make_test_vocabulary())
    model.put(Finding("fever"))
    model.put(Finding("rash"))
    model.say(0, NO)
    model.cycle(1, SEVERITY)
    model.setData(model.index(0, DURATION), "3 d")
    model.drop(0)
    while model.undo_stack.canUndo():
        model.undo_stack.undo()
    while model.undo_stack.canRedo():
        model.undo_stack.redo()
    model.set_findings((Finding("fever"), Finding("fever")))
    assert model.index(5, 0).data() is None
    assert model.headerData(FINDING, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == "Finding"
    assert tester.model() is model


def test_the_model_of_the_matches_keeps_the_rules(qtbot: QtBot) -> None:
    model = MatchModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_matches((Completion("fever", "fever", "symptom", ""),), {})
    model.set_matches((), {})
    assert model.finding(0) == ""
    assert tester.model() is model


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("3 d", 72),
        ("3d", 72),
        ("3", 72),
        ("1 day", 24),
        ("2 weeks", 336),
        ("2wks", 336),
        ("6 h", 6),
        ("6hrs", 6),
        ("1,5 h", 1.5),
        ("30 min", 0.5),
        ("3/7", 72),
        ("2/52", 336),
        ("2 months", 1460),
        ("1 year", 8766),
        ("", None),
        ("3 x", None),
        ("d", None),
        ("-3 d", None),
        ("9999 y", None),
        ("3 / 8", None),
    ],
)
def test_durations_are_read(text: str, hours: float | None) -> None:
    assert parse_duration(text) == hours


@pytest.mark.parametrize("hours", [0.5, 1, 6, 24, 36, 72, 168, 336, 730, 8766, 17532])
def test_durations_are_written_so_that_they_can_be_read(hours: float) -> None:
    assert parse_duration(format_duration(hours)) == hours


def test_buttons_are_reached_by_name(picker: FindingsPicker) -> None:
    names = [button.accessibleName() for button in picker.findChildren(QPushButton)]
    assert len(names) == len(set(names)) == 3
