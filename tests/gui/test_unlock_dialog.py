from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QKeyEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.passphrase import NewPassphrase, PassphraseEdit
from medrag_desktop.gui.recovery_words import words_of
from medrag_desktop.gui.theme import apply_theme
from medrag_desktop.gui.unlock_dialog import FirstRunPage, UnlockPage

WORDS = tuple("orchard velvet cradle bamboo ripple planet tunnel giraffe umbrella lantern meadow jungle".split())
GOOD = "correct horse battery"


def calls(spy: QSignalSpy) -> list[list[object]]:
    return [spy.at(n) for n in range(spy.count())]


def texts(page: QWidget) -> str:
    """Return everything that a page could show."""
    found = [label.text() for label in page.findChildren(QLabel)]
    found += [field.text() for field in page.findChildren(QLineEdit)]
    found += [field.toPlainText() for field in page.findChildren(QPlainTextEdit)]
    found += [widget.accessibleDescription() for widget in page.findChildren(QWidget)]
    return "\n".join(found)


def shown(page: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(page)
    page.resize(1366, 768)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def tab_order(first: QWidget, qtbot: QtBot, count: int) -> list[QWidget]:
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    seen = []
    for _ in range(count):
        seen.append(focused())
        QTest.keyClick(seen[-1], Qt.Key.Key_Tab)
    return seen


@pytest.fixture
def unlock(qtbot: QtBot) -> UnlockPage:
    page = UnlockPage()
    shown(page, qtbot)
    return page


@pytest.fixture
def first(qtbot: QtBot) -> FirstRunPage:
    page = FirstRunPage()
    shown(page, qtbot)
    return page


def choose_passphrase(page: FirstRunPage, qtbot: QtBot, once: str = GOOD, again: str = GOOD) -> None:
    """Accept the intended use and type the passphrase twice, all by keyboard."""
    qtbot.waitUntil(page.use.read_box.hasFocus)
    QTest.keyClick(focused(), Qt.Key.Key_Space)
    QTest.keyClick(focused(), Qt.Key.Key_Tab)
    QTest.keyClick(focused(), Qt.Key.Key_Space)
    QTest.keyClicks(focused(), once)
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    QTest.keyClicks(focused(), again)
    QTest.keyClick(focused(), Qt.Key.Key_Return)


def test_the_passphrase_unlocks_with_enter(unlock: UnlockPage, qtbot: QtBot) -> None:
    asked = QSignalSpy(unlock.unlock_requested)
    qtbot.waitUntil(unlock.typed.field.hasFocus)
    QTest.keyClicks(focused(), GOOD)
    assert unlock.typed.field.echoMode() is QLineEdit.EchoMode.Password
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert calls(asked) == [[GOOD]]


def test_nothing_typed_asks_for_it_and_opens_nothing(unlock: UnlockPage) -> None:
    asked = QSignalSpy(unlock.unlock_requested)
    unlock.typed.unlock_button.click()
    assert asked.count() == 0
    assert unlock.error == "Type the passphrase first."


def test_a_wrong_passphrase_is_said_and_typing_replaces_it(unlock: UnlockPage) -> None:
    QTest.keyClicks(unlock.typed.field, "wrong one")
    QTest.keyClick(unlock.typed.field, Qt.Key.Key_Return)
    unlock.set_busy(True)
    assert not unlock.typed.field.isEnabled()
    unlock.show_error("That passphrase does not open the case history.")
    unlock.set_busy(False)
    assert unlock.error.startswith("That passphrase")
    assert unlock.typed.field.hasFocus()
    QTest.keyClicks(focused(), "new")
    assert unlock.typed.field.text() == "new"


def test_a_new_try_takes_the_error_away(unlock: UnlockPage) -> None:
    unlock.show_error("Wrong.")
    QTest.keyClicks(unlock.typed.field, "another")
    QTest.keyClick(unlock.typed.field, Qt.Key.Key_Return)
    assert unlock.error == ""


def test_an_error_is_text_whatever_it_says(unlock: UnlockPage) -> None:
    unlock.show_error("<b>C:\\history</b>")
    label = next(each for each in unlock.findChildren(QLabel) if "history" in each.text())
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_while_busy_enter_does_nothing_more(unlock: UnlockPage) -> None:
    asked = QSignalSpy(unlock.unlock_requested)
    QTest.keyClicks(unlock.typed.field, GOOD)
    QTest.keyClick(unlock.typed.field, Qt.Key.Key_Return)
    unlock.set_busy(True)
    QTest.keyClick(unlock.typed.field, Qt.Key.Key_Return)
    unlock.typed.unlock_button.click()
    assert asked.count() == 1
    unlock.set_busy(False)
    assert unlock.typed.field.hasFocus()


def test_recovery_words_open_with_a_new_passphrase(unlock: UnlockPage) -> None:
    asked = QSignalSpy(unlock.recovery_requested)
    unlock.typed.forgotten_button.click()
    numbered = "\n".join(f"{n}. {word.title()}," for n, word in enumerate(WORDS, start=1))
    unlock.recovery.words.insertPlainText(numbered)
    assert unlock.recovery.count == "12 words typed."
    QTest.keyClick(focused(), Qt.Key.Key_Tab)
    for _ in range(2):
        QTest.keyClicks(focused(), GOOD)
        QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert calls(asked) == [[" ".join(WORDS), GOOD]]


@pytest.mark.parametrize(
    ("words", "once", "again", "says"),
    [
        ("", GOOD, GOOD, "recovery words first"),
        ("12, 34 --", GOOD, GOOD, "recovery words first"),
        ("orchard", "short", "short", "at least 8 characters"),
        ("orchard", GOOD, "", "a second time"),
        ("orchard", GOOD, GOOD + "x", "not the same"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_tried(
    unlock: UnlockPage, words: str, once: str, again: str, says: str
) -> None:
    asked = QSignalSpy(unlock.recovery_requested)
    unlock.typed.forgotten_button.click()
    unlock.recovery.words.setPlainText(words)
    for field, text in zip(unlock.recovery.passphrase.fields, (once, again), strict=True):
        field.setText(text)
    unlock.recovery.open_button.click()
    assert asked.count() == 0
    assert says in unlock.error


def test_wrong_recovery_words_are_said_with_the_words_still_there(unlock: UnlockPage) -> None:
    unlock.typed.forgotten_button.click()
    unlock.recovery.words.setPlainText("orchard velvet")
    unlock.show_error("There must be 12 recovery words, but 2 were typed.")
    assert unlock.recovery.words.toPlainText() == "orchard velvet"
    assert unlock.recovery.words.hasFocus()
    assert unlock.recovery.count == "2 words typed."


def test_words_are_read_however_they_are_written_down() -> None:
    assert words_of("1) Orchard;\n2) VELVET\t 3.cradle") == ("orchard", "velvet", "cradle")
    assert words_of(" 1. 2. ") == ()


def test_going_back_from_the_words_forgets_them(unlock: UnlockPage) -> None:
    unlock.typed.forgotten_button.click()
    unlock.recovery.words.setPlainText("orchard")
    unlock.recovery.back_button.click()
    assert unlock.typed.isVisible()
    assert "orchard" not in texts(unlock)


def test_clearing_wipes_every_field_beyond_undo(unlock: UnlockPage) -> None:
    QTest.keyClicks(unlock.typed.field, "secret one")
    unlock.typed.forgotten_button.click()
    QTest.keyClicks(unlock.recovery.words, "orchard")
    for field in unlock.recovery.passphrase.fields:
        field.show_text(True)
        QTest.keyClicks(field, "secret two")
    unlock.clear()
    for line in unlock.findChildren(QLineEdit):
        line.setEchoMode(QLineEdit.EchoMode.Normal)
        line.undo()
    unlock.recovery.words.undo()
    assert "secret" not in texts(unlock)
    assert "orchard" not in texts(unlock)
    assert unlock.typed.isVisible()


@pytest.mark.parametrize(
    ("modifier", "keys", "hint"),
    [
        (Qt.KeyboardModifier.NoModifier, "A", True),
        (Qt.KeyboardModifier.ShiftModifier, "A", False),
        (Qt.KeyboardModifier.ShiftModifier, "a", True),
        (Qt.KeyboardModifier.NoModifier, "a", False),
        (Qt.KeyboardModifier.NoModifier, "1", False),
    ],
)
def test_caps_lock_is_noticed_from_what_the_keys_give(
    unlock: UnlockPage, modifier: Qt.KeyboardModifier, keys: str, hint: bool
) -> None:
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, modifier, keys)
    QApplication.sendEvent(unlock.typed.field, event)
    assert bool(unlock.typed.group.caps_lock_hint) is hint
    if hint:
        QTest.keyClick(unlock.typed.field, Qt.Key.Key_CapsLock)
        assert unlock.typed.group.caps_lock_hint == ""


def test_caps_lock_is_noticed_again_after_clearing(unlock: UnlockPage) -> None:
    capital = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "A")
    for _ in range(2):
        QApplication.sendEvent(unlock.typed.field, capital)
        assert unlock.typed.group.caps_lock_hint == "Caps Lock seems to be on."
        unlock.clear()
        assert unlock.typed.group.caps_lock_hint == ""


def test_a_passphrase_is_not_copied_even_when_it_is_shown(qtbot: QtBot) -> None:
    field = PassphraseEdit("Passphrase")
    qtbot.addWidget(field)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    field.setText(GOOD)
    field.show_text(True)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "before"
    assert field.text() == GOOD
    clipboard.setText("pasted")
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == "pasted"


@pytest.mark.parametrize(
    ("passphrase", "advice"),
    [
        ("", "Four or five words"),
        ("seven77", "Too short: 1 more"),
        ("aaaaaaaaaaaaaaaaaaaaaaa", "Weak"),
        ("1234567890123456", "Weak"),
        ("horse bat", "Weak"),
        ("horse battery", "Good"),
        (GOOD, "Strong"),
    ],
)
def test_advice_follows_the_length_but_not_one_key_held_down(qtbot: QtBot, passphrase: str, advice: str) -> None:
    group = NewPassphrase()
    qtbot.addWidget(group)
    group.fields[0].setText(passphrase)
    assert group.advice.startswith(advice)


def test_the_switch_shows_both_passphrases(qtbot: QtBot) -> None:
    group = NewPassphrase()
    shown(group, qtbot)
    switch = tab_order(group.fields[0], qtbot, 3)[2]
    for mode in (QLineEdit.EchoMode.Normal, QLineEdit.EchoMode.Password):
        QTest.keyClick(switch, Qt.Key.Key_Space)
        assert [field.echoMode() for field in group.fields] == [mode, mode]


def test_the_first_run_by_keyboard_alone(first: FirstRunPage, qtbot: QtBot) -> None:
    created, finished = QSignalSpy(first.create_requested), QSignalSpy(first.finished)
    choose_passphrase(first, qtbot)
    assert calls(created) == [[GOOD]]
    first.set_busy(True)
    first.show_recovery_words(WORDS)
    assert first.shown.next_button.hasFocus()
    QTest.keyClick(focused(), Qt.Key.Key_Space)
    for at in first.asked.asked:
        QTest.keyClicks(focused(), f" {WORDS[at].upper()} ")
        QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert finished.count() == 1


def test_without_acceptance_there_is_no_way_on(first: FirstRunPage) -> None:
    assert not first.use.next_button.isEnabled()
    first.use.read_box.setChecked(True)
    first.use.read_box.setChecked(False)
    first.use.next_button.click()
    assert first.use.isVisible()


def test_the_limits_of_the_program_are_told_first(first: FirstRunPage) -> None:
    told = texts(first.use)
    for words in ("not a medical device", "not been validated on patients", "never gives a dose", "clinician decides"):
        assert words in told


@pytest.mark.parametrize(
    ("once", "again", "says"), [("short", "short", "8 characters"), (GOOD, "correct hors", "not the same")]
)
def test_a_passphrase_that_cannot_be_used_creates_nothing(
    first: FirstRunPage, qtbot: QtBot, once: str, again: str, says: str
) -> None:
    created = QSignalSpy(first.create_requested)
    choose_passphrase(first, qtbot, once, again)
    assert created.count() == 0
    assert says in first.error


def test_a_failed_creation_can_be_tried_again(first: FirstRunPage, qtbot: QtBot) -> None:
    created = QSignalSpy(first.create_requested)
    choose_passphrase(first, qtbot)
    first.set_busy(True)
    first.show_error("The disk is full.")
    first.set_busy(False)
    assert first.error == "The disk is full."
    first.choice.next_button.click()
    assert created.count() == 2
    assert first.error == ""


def test_the_words_are_shown_once_numbered_and_not_while_they_are_asked_for(first: FirstRunPage) -> None:
    first.show_recovery_words(WORDS)
    assert first.shown.isVisible()
    for number, word in enumerate(WORDS, start=1):
        assert f"{number}.  {word}" in texts(first)
    first.shown.next_button.click()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [word for word in WORDS if word in texts(first)]
    first.asked.back_button.click()
    assert f"12.  {WORDS[-1]}" in texts(first)


def test_the_passphrase_is_wiped_once_the_history_is_made(first: FirstRunPage, qtbot: QtBot) -> None:
    choose_passphrase(first, qtbot)
    first.show_recovery_words(WORDS)
    assert GOOD not in texts(first)


def test_a_wrong_word_is_named_and_can_be_typed_again(first: FirstRunPage) -> None:
    finished = QSignalSpy(first.finished)
    first.show_recovery_words(WORDS)
    first.shown.next_button.click()
    one, two = first.asked.asked
    first.asked.fields[0].setText(WORDS[one])
    first.asked.fields[1].setText(WORDS[one])
    first.asked.finish_button.click()
    assert finished.count() == 0
    assert first.error == f"Word no. {two + 1} is not right. Look at your paper again."
    assert first.asked.fields[1].hasFocus()
    QTest.keyClicks(focused(), WORDS[two])
    first.asked.finish_button.click()
    assert finished.count() == 1


def test_other_words_are_asked_for_at_other_times(first: FirstRunPage) -> None:
    first.show_recovery_words(WORDS)
    asked = set()
    for _ in range(60):
        first.shown.next_button.click()
        assert len(set(first.asked.asked)) == 2
        asked |= set(first.asked.asked)
        first.asked.back_button.click()
    assert len(asked) > 6


def test_finishing_leaves_no_secret_behind(first: FirstRunPage) -> None:
    first.show_recovery_words(WORDS)
    first.shown.next_button.click()
    for field, at in zip(first.asked.fields, first.asked.asked, strict=True):
        field.setText(WORDS[at])
    first.asked.finish_button.click()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [word for word in WORDS if word in texts(first)]


def save_as(path: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def test_the_words_can_be_saved_with_a_warning(
    first: FirstRunPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first.show_recovery_words(WORDS)
    save_as(tmp_path / "words.txt", monkeypatch)
    first.shown.save_button.click()
    saved = (tmp_path / "words.txt").read_text("utf-8")
    assert words_of(saved)[-12:] == WORDS
    assert " 1. orchard\n" in saved
    assert "12. jungle\n" in saved
    assert "not encrypted" in texts(first)
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "words.txt").stat().st_mode) == 0o600


def test_not_saving_after_all_writes_nothing(
    first: FirstRunPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first.show_recovery_words(WORDS)
    save_as("", monkeypatch)
    first.shown.save_button.click()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_said(
    first: FirstRunPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first.show_recovery_words(WORDS)
    save_as(tmp_path / "missing" / "words.txt", monkeypatch)
    first.shown.save_button.click()
    assert "could not be saved" in texts(first)
    assert first.shown.next_button.isEnabled()


def test_copying_the_words_is_not_offered(first: FirstRunPage) -> None:
    first.show_recovery_words(WORDS)
    for label in first.shown.findChildren(QLabel):
        if any(word in label.text() for word in WORDS):
            assert not label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


def test_tab_leads_through_the_unlock_page_and_its_other_side(unlock: UnlockPage, qtbot: QtBot) -> None:
    field, switch, button, forgotten = tab_order(unlock.typed.field, qtbot, 4)
    assert field is unlock.typed.field
    assert button is unlock.typed.unlock_button
    assert forgotten is unlock.typed.forgotten_button
    forgotten.click()
    seen = tab_order(unlock.recovery.words, qtbot, 6)
    fields = unlock.recovery.passphrase.fields
    assert seen[:3] == [unlock.recovery.words, *fields]
    assert seen[4:] == [unlock.recovery.open_button, unlock.recovery.back_button]
    assert switch not in seen


@pytest.mark.parametrize("page", [UnlockPage, FirstRunPage])
def test_whatever_can_have_the_focus_has_a_name(page: type[QWidget], qtbot: QtBot) -> None:
    made = page()
    shown(made, qtbot)
    for widget in made.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.isHidden():
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface.text(QAccessible.Text.Name), widget


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_step_can_be_reached_at_1366_by_768(first: FirstRunPage, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        QApplication.processEvents()
        widget = first.widget()
        assert widget is not None
        assert widget.width() <= first.viewport().width()
        first.show_recovery_words(WORDS)
        QApplication.processEvents()
        assert widget.width() <= first.viewport().width()
        if scale == 1.0:
            assert not first.verticalScrollBar().isVisible()
    finally:
        apply_theme(qapp, "light", 1.0)
