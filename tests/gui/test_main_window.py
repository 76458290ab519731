from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QWidget,
)
from pytestqt.qtbot import QtBot

from medrag_desktop.config import Settings
from medrag_desktop.errors import MedragError, StoreInUse
from medrag_desktop.gui import open_window as open_window_of_the_program
from medrag_desktop.gui.crash import CrashDialog
from medrag_desktop.gui.help_dialog import HelpDialog
from medrag_desktop.gui.jobs import MODEL, READING, STORE, JobRunner
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.tasks import Task
from tests.gui.conftest import OpenWindow
from tests.gui.driving import (
    assess,
    sign,
    texts,
    type_story,
    wait_kept,
)
from tests.gui.workbench import PASSPHRASE, Workbench


def test_the_first_start_leads_to_an_empty_form(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> None:
    window = open_window()
    assert window.first_run.isVisible()
    window.first_run.create_requested.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: window.first_run.shown.isVisible())
    assert any("abandon" in text for text in texts(window.first_run))
    window.first_run.finished.emit()
    qtbot.waitUntil(lambda: window.patient.isVisible())
    assert bench.vault.passphrase == PASSPHRASE
    assert window.flow.is_blank


def test_a_wrong_passphrase_is_told_on_the_page_and_the_right_one_opens(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    assert window.unlock.isVisible()
    QTest.keyClicks(window.unlock.typed.field, "not the one")
    QTest.keyClick(window.unlock.typed.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "passphrase" in window.unlock.error)
    assert not window.shell.isVisible()
    QTest.keyClicks(window.unlock.typed.field, PASSPHRASE)
    QTest.keyClick(window.unlock.typed.field, Qt.Key.Key_Return)
    qtbot.waitUntil(window.patient.isVisible)
    assert PASSPHRASE not in list(texts(window))


def test_a_history_that_another_window_has_open_is_told(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase = PASSPHRASE
    bench.faults["open"] = StoreInUse("Another window has the cases open. Close it first.")
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: "Another window" in window.unlock.error)
    assert window.unlock.isVisible()


def test_the_recovery_words_open_the_history(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> None:
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    window.unlock.recovery_requested.emit(" ".join(bench.vault.words), "another passphrase")
    qtbot.waitUntil(window.patient.isVisible)
    assert bench.vault.passphrase == "another passphrase"


def test_the_window_is_there_before_the_library_is(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("open_ranker")
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window)
    wait_kept(window, qtbot)
    assert bench.vault.store.kept is not None
    gate.set()
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")


def test_what_the_start_has_to_say_is_shown(open_window: OpenWindow, bench: Workbench) -> None:
    window = open_window(bench.desk(notes=("The settings cannot be read.",)))
    assert window.first_run.error == "The settings cannot be read."


def test_settings_are_saved_and_used_at_once(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    window.shell.navigation.settings.click()
    window._save_settings(Settings(theme="dark", auto_lock_minutes=0, candidates=7, level="extractive"))
    qtbot.waitUntil(lambda: bench.count("save_settings") == 1)
    qtbot.waitUntil(lambda: bench.count("open_ranker") == 1 and not window.jobs.busy)
    assert window.flow.level.value == "extractive"


@pytest.mark.parametrize(
    ("key", "page"), [(Qt.Key.Key_2, "draft"), (Qt.Key.Key_3, "history_view"), (Qt.Key.Key_1, "patient")]
)
def test_each_place_has_its_key(window: MainWindow, qtbot: QtBot, key: Qt.Key, page: str) -> None:
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(getattr(window, page).isVisible)


def test_help_lists_the_keys_that_the_buttons_have(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(HelpDialog)))
    (dialog,) = window.findChildren(HelpDialog)
    told = " ".join(texts(dialog))
    places = window.shell.navigation
    for button in (places.new, places.patient, places.draft, places.history, places.settings, places.help, places.lock):
        (shortcut,) = button.findChildren(QShortcut)
        assert shortcut.key().toString() in told
        assert shortcut.key().toString() in button.toolTip()
    dialog.reject()


def test_every_widget_that_takes_the_focus_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    type_story(window)
    assess(window, qtbot)
    nameless = []
    for page in (window.patient, window.draft, window.history_view):
        window._go(page)
        for widget in window.findChildren(QWidget):
            reached = widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            if reached and not name:
                nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    assert nameless == []


@pytest.mark.parametrize("page", ["patient", "history_view", "draft"])
def test_tab_is_never_trapped(window: MainWindow, qtbot: QtBot, page: str) -> None:
    type_story(window)
    assess(window, qtbot)
    window._go(getattr(window, page))
    window.shell.navigation.new.setFocus()
    seen: list[QWidget | None] = []
    for _ in range(120):
        widget = QApplication.focusWidget()
        if widget in seen:
            break
        seen.append(widget)
        QTest.keyClick(widget or window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is seen[0], f"Tab does not come back from {QApplication.focusWidget()}"
    assert len(seen) > 5


def use_everything(open_window: OpenWindow, bench: Workbench, qtbot: QtBot, out: Path) -> None:
    """Go every way there is to a model, to the database or to a file of the library."""
    window = open_window()
    window.first_run.create_requested.emit(PASSPHRASE)
    qtbot.waitUntil(window.first_run.shown.isVisible)
    window.first_run.finished.emit()
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window)
    wait_kept(window, qtbot)
    case = assess(window, qtbot)
    sign(window, qtbot)
    window.flow.export(out)
    window.shell.navigation.history.click()
    window.flow.open(case.id)
    window.history.change_passphrase(PASSPHRASE, "another passphrase")
    window.history.renew_words("another passphrase")
    window._save_settings(Settings(theme="light", auto_lock_minutes=0, candidates=7))
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.history.erase(case.id)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.history.recover(" ".join(bench.vault.words), PASSPHRASE)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: not window.jobs.busy)


def called_on_the_gui_thread(bench: Workbench) -> set[str]:
    here = threading.current_thread().name
    return {name for name, thread in bench.calls if thread == here}


def test_no_model_database_or_parser_call_runs_on_the_gui_thread(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot, tmp_path: Path
) -> None:
    use_everything(open_window, bench, qtbot, tmp_path / "out.pdf")
    expected = {
        "create", "open", "open_with_recovery", "change_passphrase", "open_ranker", "open_assessor", "mentions",
        "encode", "generate", "write", "save", "load", "search", "erase", "keep_working", "working", "close",
        "save_settings", "renew_recovery_words", "confirm_recovery_words", "recovery_words_confirmed",
    }  # fmt: skip
    assert {name for name, _ in bench.calls} == expected
    assert called_on_the_gui_thread(bench) == set()
    stores = {"create", "open", "save", "load", "search", "erase", "keep_working", "working", "close"}
    stores |= {name for name in expected if "words" in name}
    assert {thread.split("_")[0] for name, thread in bench.calls if name in stores} == {"store"}


@pytest.mark.parametrize(
    ("lane", "caught"),
    [
        (READING, {"open_ranker", "mentions"}),
        (MODEL, {"open_assessor", "encode", "generate", "write"}),
        (STORE, {"create", "open", "save", "load", "search", "erase", "keep_working", "working", "close"}),
    ],
)
def test_the_test_above_sees_work_of_any_lane_that_is_done_on_the_gui_thread(
    open_window: OpenWindow,
    bench: Workbench,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lane: str,
    caught: set[str],
) -> None:
    real = JobRunner.start

    def start(jobs: JobRunner, work: Callable[[Task], Any], **how: Any) -> Task:
        if how["lane"] == lane:
            future: Future[Any] = Future()
            try:
                future.set_result(work(Task()))
            except MedragError as error:
                future.set_exception(error)
            return real(jobs, lambda _: future.result(), **how)
        return real(jobs, work, **how)

    monkeypatch.setattr(JobRunner, "start", start)
    use_everything(open_window, bench, qtbot, tmp_path / "out.pdf")
    assert caught <= called_on_the_gui_thread(bench)


def close_soon(bench: Workbench, how: Callable[[MainWindow], object]) -> None:
    """Close the window that the program opens once it shows its way in."""

    def look() -> None:
        windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.first_run.isVisible()]
        if windows:
            how(windows[0])
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)


@pytest.mark.parametrize("how", [MainWindow.close, lambda _: os.kill(os.getpid(), signal.SIGTERM)], ids=["x", "term"])
def test_the_program_runs_until_its_window_is_closed_and_puts_everything_back(
    bench: Workbench, qtbot: QtBot, how: Callable[[MainWindow], object]
) -> None:
    hook, handler, threads = sys.excepthook, signal.getsignal(signal.SIGTERM), set(threading.enumerate())
    close_soon(bench, how)
    assert open_window_of_the_program(bench.desk()) == 0
    assert (sys.excepthook, signal.getsignal(signal.SIGTERM)) == (hook, handler)
    assert set(threading.enumerate()) <= threads
    for window in QApplication.topLevelWidgets():
        window.deleteLater()


def test_a_bug_is_shown_above_the_window_and_the_work_goes_on(
    bench: Workbench, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    bench.faults["open_ranker"] = ZeroDivisionError("Planted-Zanzibar")
    shown: list[str] = []

    def how(window: MainWindow) -> None:
        dialogs = window.findChildren(CrashDialog)
        if dialogs:
            shown.append(dialogs[0].technical.toPlainText())
            dialogs[0].close_button.click()
            window.close()
        else:
            QTimer.singleShot(20, lambda: how(window))

    close_soon(bench, how)
    assert open_window_of_the_program(bench.desk()) == 0
    assert "ZeroDivisionError" in shown[0]
    assert "Planted" not in shown[0] + caplog.text
    caplog.clear()
    for window in QApplication.topLevelWidgets():
        window.deleteLater()
