"""Fresh recovery words: from the settings, and offered where none were confirmed."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from medrag_desktop.errors import StoreFull
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.new_words import NewWordsDialog
from medrag_desktop.gui.settings_dialog import SettingsDialog
from medrag_desktop.gui.theme import apply_theme
from tests.gui.conftest import OpenWindow
from tests.gui.driving import texts, the
from tests.gui.workbench import PASSPHRASE, Workbench


def ask(window: MainWindow) -> NewWordsDialog:
    """Open the dialog from the settings."""
    window.shell.navigation.settings.click()
    the(window, SettingsDialog).words_button.click()
    return the(window, NewWordsDialog)


def make(dialog: NewWordsDialog, qtbot: QtBot) -> None:
    QTest.keyClicks(dialog.page.proof.field, PASSPHRASE)
    QTest.keyClick(dialog.page.proof.field, Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.page.shown.isVisible)


def is_closed(dialog: NewWordsDialog) -> bool:
    return not (isValid(dialog) and dialog.isVisible())


def confirm(dialog: NewWordsDialog, words: tuple[str, ...]) -> None:
    dialog.page.shown.next_button.click()
    for field, at in zip(dialog.page.asked.fields, dialog.page.asked.asked, strict=True):
        QTest.keyClicks(field, words[at])
    dialog.page.asked.finish_button.click()


def relock(window: MainWindow, qtbot: QtBot) -> None:
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: window.flow.case is not None and not window.jobs.busy)


@pytest.fixture
def unconfirmed(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> MainWindow:
    """Return a window with an open history whose words nobody confirmed."""
    bench.vault.passphrase = PASSPHRASE
    bench.vault.confirmed = False
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.shell.words.isVisible)
    qtbot.waitUntil(lambda: window.library.catalogue is not None and not window.jobs.busy)
    return window


def test_the_settings_make_new_words_that_are_confirmed(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    old = bench.vault.words
    dialog = ask(window)
    make(dialog, qtbot)
    assert bench.vault.words != old
    assert not bench.vault.confirmed
    for number, word in enumerate(bench.vault.words, start=1):
        assert f"{number}.  {word}" in list(texts(dialog))
    assert PASSPHRASE not in list(texts(dialog))
    confirm(dialog, bench.vault.words)
    qtbot.waitUntil(lambda: bench.vault.confirmed)
    assert is_closed(dialog)
    assert "in force" in the(window, SettingsDialog).error
    qtbot.waitUntil(lambda: not window.shell.words.text)
    assert {lane for name, lane in bench.calls if "words" in name} == {"store_0"}


def test_a_wrong_passphrase_makes_none_and_can_be_typed_again(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    old = bench.vault.words
    dialog = ask(window)
    dialog.page.proof.make_button.click()
    assert dialog.error == "Type the passphrase first."
    QTest.keyClicks(dialog.page.proof.field, "not the one")
    dialog.page.proof.make_button.click()
    qtbot.waitUntil(lambda: "wrong" in dialog.error)
    assert (bench.vault.words, bench.vault.confirmed) == (old, True)
    assert dialog.page.proof.field.selectedText()
    make(dialog, qtbot)
    assert dialog.error == ""


def test_a_full_disk_makes_none(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    bench.faults["renew_recovery_words"] = StoreFull("The disk is full. Make room.")
    dialog = ask(window)
    QTest.keyClicks(dialog.page.proof.field, PASSPHRASE)
    dialog.page.proof.make_button.click()
    qtbot.waitUntil(lambda: dialog.error == "The disk is full. Make room.")
    dialog.page.proof.cancel_button.click()
    assert is_closed(dialog)
    assert not window.shell.words.text


def test_before_any_word_is_made_escape_leaves(window: MainWindow, bench: Workbench) -> None:
    dialog = ask(window)
    QTest.keyClicks(dialog.page.proof.field, PASSPHRASE)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert is_closed(dialog)
    assert PASSPHRASE not in list(texts(window))
    assert bench.count("renew_recovery_words") == 0


def test_while_they_are_made_it_cannot_be_left(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("renew_recovery_words")
    dialog = ask(window)
    QTest.keyClicks(dialog.page.proof.field, PASSPHRASE)
    dialog.page.proof.make_button.click()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    gate.set()
    qtbot.waitUntil(dialog.page.shown.isVisible)


def test_an_idle_key_does_not_lose_the_words(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ask(window)
    make(dialog, qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert "Later" in dialog.error
    assert dialog.page.shown.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert is_closed(dialog)
    assert window.shell.words.text


def test_later_leaves_at_once_and_the_offer_stays(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    dialog = ask(window)
    assert not dialog.later_button.isVisible()
    make(dialog, qtbot)
    dialog.later_button.click()
    assert is_closed(dialog)
    the(window, SettingsDialog).reject()
    assert window.shell.words.isVisible()
    assert not bench.vault.confirmed
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [text for text in texts(window) if any(word in text.split() for word in bench.vault.words)]


def test_locking_takes_the_words_off_the_screen(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    make(ask(window), qtbot)
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    assert not [text for text in texts(window) if any(word in text.split() for word in bench.vault.words)]
    assert not window.findChildren(NewWordsDialog)
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.shell.words.isVisible)


def test_the_offer_leads_to_new_words_and_goes(unconfirmed: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    unconfirmed.shell.words._action.click()
    dialog = the(unconfirmed, NewWordsDialog)
    make(dialog, qtbot)
    confirm(dialog, bench.vault.words)
    qtbot.waitUntil(lambda: not unconfirmed.shell.words.isVisible())
    relock(unconfirmed, qtbot)
    assert not unconfirmed.shell.words.isVisible()


def test_the_offer_put_off_comes_back_with_the_next_start_only(
    unconfirmed: MainWindow, open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    unconfirmed.shell.words._close.click()
    relock(unconfirmed, qtbot)
    assert not unconfirmed.shell.words.isVisible()
    unconfirmed.close()
    qtbot.waitUntil(unconfirmed.isHidden)
    again = open_window()
    again.history.unlock(PASSPHRASE)
    qtbot.waitUntil(again.shell.words.isVisible)


def test_a_confirmation_that_cannot_be_written_is_told_and_asked_for_again(
    unconfirmed: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.faults["confirm_recovery_words"] = StoreFull("The disk is full. Make room.")
    unconfirmed.shell.words._action.click()
    dialog = the(unconfirmed, NewWordsDialog)
    make(dialog, qtbot)
    confirm(dialog, bench.vault.words)
    qtbot.waitUntil(lambda: "disk is full" in unconfirmed.shell.message.text)
    assert unconfirmed.shell.words.isVisible()


def test_opening_with_the_words_shows_that_they_are_at_hand(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase, bench.vault.confirmed = PASSPHRASE, False
    window = open_window()
    window.unlock.recovery_requested.emit(" ".join(bench.vault.words), "another passphrase")
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert not window.shell.words.isVisible()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_each_step_fits_the_screen(window: MainWindow, qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        dialog = ask(window)
        make(dialog, qtbot)
        QApplication.processEvents()
        screen = dialog.screen().availableSize()
        assert dialog.width() <= screen.width()
        assert dialog.height() <= screen.height()
        button = dialog.page.shown.next_button
        dialog.page.ensureWidgetVisible(button)
        assert button.visibleRegion().boundingRect().size() == button.size()
        dialog.later_button.click()
        assert not any(line.text() for line in dialog.findChildren(QLineEdit))
    finally:
        apply_theme(qapp, "light", 1.0)
