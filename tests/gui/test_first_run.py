"""The first run left at any step, and begun again: on the real, encrypted history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medrag_desktop.adapters.case_json import pack
from medrag_desktop.adapters.case_store import SqlCipherCaseStore, SqlCipherVault
from medrag_desktop.adapters.keys import Cost
from medrag_desktop.errors import StoreError
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.services.history import History
from tests.gui.conftest import OpenWindow
from tests.gui.driving import STORY, type_story, wait_kept
from tests.gui.workbench import PASSPHRASE, Workbench

CHEAP = Cost(passes=1, memory_bytes=8192)


class GatedVault(SqlCipherVault):
    """Makes its history when the test lets it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CHEAP)
        self.gate = threading.Event()
        self.gate.set()
        self.fails_after_making = False

    def create(self, passphrase: str) -> tuple[SqlCipherCaseStore, tuple[str, ...]]:
        self.gate.wait(20)
        store, words = super().create(passphrase)
        if self.fails_after_making:
            store.close()
            raise StoreError("The disk does not answer. Try again.")
        return store, words


Start = Callable[[], MainWindow]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[GatedVault]:
    vault = GatedVault(tmp_path / "history")
    yield vault
    vault.gate.set()


@pytest.fixture
def start(open_window: OpenWindow, bench: Workbench, vault: GatedVault) -> Start:
    """Return a way to start the program on one and the same history."""
    return lambda: open_window(replace(bench.desk(), history=History(vault)))


def close(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    window.close()
    vault.gate.set()
    qtbot.waitUntil(window.isHidden)


def to_intended_use(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    window.first_run.use.read_box.setChecked(True)


def to_passphrase(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    to_intended_use(window, vault, qtbot)
    window.first_run.use.next_button.click()
    QTest.keyClicks(window.first_run.choice.passphrase.fields[0], PASSPHRASE)


def to_making(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    vault.gate.clear()
    to_passphrase(window, vault, qtbot)
    QTest.keyClicks(window.first_run.choice.passphrase.fields[1], PASSPHRASE)
    window.first_run.choice.next_button.click()
    assert not window.first_run.choice.isEnabled()


def to_words(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    to_making(window, vault, qtbot)
    vault.gate.set()
    qtbot.waitUntil(window.first_run.shown.isVisible)


def to_asked(window: MainWindow, vault: GatedVault, qtbot: QtBot) -> None:
    to_words(window, vault, qtbot)
    window.first_run.shown.next_button.click()
    QTest.keyClicks(window.first_run.asked.fields[0], "orchard")


def finish(window: MainWindow, qtbot: QtBot) -> None:
    words, asked = window.first_run._words, window.first_run.asked
    for field, at in zip(asked.fields, asked.asked, strict=True):
        field.setText(words[at])
    asked.finish_button.click()
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: not window.jobs.busy)


@pytest.mark.parametrize("step", [to_intended_use, to_passphrase])
def test_left_before_anything_is_made_it_begins_anew(
    start: Start, vault: GatedVault, qtbot: QtBot, step: Callable[[MainWindow, GatedVault, QtBot], None]
) -> None:
    first = start()
    step(first, vault, qtbot)
    close(first, vault, qtbot)
    assert not vault.exists()
    window = start()
    assert window.first_run.use.isVisible()
    assert not window.first_run.use.read_box.isChecked()
    to_asked(window, vault, qtbot)
    window.first_run.asked.back_button.click()
    window.first_run.shown.next_button.click()
    finish(window, qtbot)
    assert vault.recovery_words_confirmed()
    assert not window.shell.words.isVisible()


@pytest.mark.parametrize("step", [to_making, to_words, to_asked])
def test_left_before_the_words_are_confirmed_the_next_start_offers_new_ones(
    start: Start, vault: GatedVault, qtbot: QtBot, step: Callable[[MainWindow, GatedVault, QtBot], None]
) -> None:
    first = start()
    step(first, vault, qtbot)
    close(first, vault, qtbot)
    window = start()
    assert window.unlock.isVisible()
    window.unlock.unlock_requested.emit(PASSPHRASE)
    qtbot.waitUntil(window.shell.words.isVisible)
    assert "recovery words" in window.shell.words.text
    assert window.patient.isVisible()
    type_story(window)  # the offer is in nobody's way
    wait_kept(window, qtbot)


def test_a_finished_first_run_is_not_asked_about_again(start: Start, vault: GatedVault, qtbot: QtBot) -> None:
    first = start()
    to_asked(first, vault, qtbot)
    finish(first, qtbot)
    close(first, vault, qtbot)
    window = start()
    window.unlock.unlock_requested.emit(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert not window.shell.words.isVisible()


def test_a_history_that_was_made_but_not_opened_is_unlocked_and_not_made_twice(
    start: Start, vault: GatedVault, qtbot: QtBot
) -> None:
    vault.fails_after_making = True
    window = start()
    to_making(window, vault, qtbot)
    vault.gate.set()
    qtbot.waitUntil(window.unlock.isVisible)
    assert window.unlock.error == "The disk does not answer. Try again."
    window.unlock.unlock_requested.emit(PASSPHRASE)
    qtbot.waitUntil(window.shell.words.isVisible)


@pytest.mark.parametrize(
    ("document", "told"),
    [(b"not packed", "damaged"), (pack(b'{"schema_version": 9, "value": "another form"}'), "later version")],
)
def test_typing_that_cannot_be_read_is_told_and_the_work_goes_on(
    start: Start, vault: GatedVault, qtbot: QtBot, document: bytes, told: str
) -> None:
    history = History(vault)
    history.create(PASSPHRASE)
    history.confirm_recovery_words()
    saved = history.save(history.new_case())
    history.keep_working(history.new_case())
    history.lock()
    store = vault.open(PASSPHRASE)
    store._db.execute("UPDATE working SET document = ?", [document])
    store.close()
    window = start()
    window.unlock.unlock_requested.emit(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: told in window.shell.message.text)
    assert "every saved case is still there" in window.shell.message.text.lower()
    assert window.flow.is_blank
    type_story(window)
    wait_kept(window, qtbot)
    close(window, vault, qtbot)
    again = start()
    again.unlock.unlock_requested.emit(PASSPHRASE)
    qtbot.waitUntil(again.patient.isVisible)
    assert again.patient.form.encounter().history == STORY
    again.shell.navigation.history.click()
    qtbot.waitUntil(lambda: not again.jobs.busy)
    with_case = History(vault)
    close(again, vault, qtbot)
    with_case.unlock(PASSPHRASE)
    assert with_case.case(saved.id) == saved
    with_case.lock()
