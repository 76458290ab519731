from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.crash import CrashHook, describe

SECRET = "Planted-Zanzibar, 34, HIV positive"


def fail(patient: str) -> None:
    try:
        int(patient)
    except ValueError as error:
        raise KeyError(f"cannot look up {patient}") from error


def caught(patient: str = SECRET) -> KeyError:
    try:
        fail(patient)
    except KeyError as error:
        return error
    raise AssertionError


@pytest.fixture
def hook(qtbot: QtBot) -> Iterator[CrashHook]:
    above = QWidget()
    qtbot.addWidget(above)
    hook = CrashHook(lambda: above)
    yield hook
    if hook.dialog is not None:
        hook.dialog.close()


def meet(hook: CrashHook, error: BaseException) -> None:
    hook.meet(type(error), error, error.__traceback__)


def test_the_description_tells_kinds_files_and_lines_but_no_value() -> None:
    error = caught()
    told = describe(type(error), error, error.__traceback__)
    assert told.splitlines()[1] == "KeyError"
    assert "ValueError" in told
    assert "gui/test_crash.py:" in told
    assert " fail" in told
    assert "Planted" not in told
    assert "HIV" not in told
    assert str(error) not in told


def test_a_fault_without_a_place_or_in_a_circle_is_described_too() -> None:
    error = RuntimeError(SECRET)
    error.__context__ = ValueError(SECRET)
    error.__context__.__context__ = error
    told = describe(RuntimeError, error, None)
    assert "RuntimeError" in told
    assert SECRET not in told


def test_the_dialog_says_that_nothing_is_lost_and_copies_only_the_technical_part(
    hook: CrashHook, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    meet(hook, caught())
    qtbot.waitUntil(lambda: hook.dialog is not None and hook.dialog.isVisible())
    assert hook.dialog is not None
    hook.dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == hook.dialog.technical.toPlainText()
    assert "KeyError" in hook.dialog.technical.toPlainText()
    assert "Planted" not in hook.dialog.technical.toPlainText()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "KeyError" in record.getMessage()
    assert "Planted" not in record.getMessage()
    assert record.exc_info is None
    QGuiApplication.clipboard().clear()
    caplog.clear()


def test_many_faults_make_one_dialog_and_closing_it_makes_room_for_the_next(
    hook: CrashHook, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        meet(hook, caught())
    qtbot.waitUntil(lambda: hook.dialog is not None and hook.dialog.isVisible())
    assert len(caplog.records) == 5
    first = hook.dialog
    assert first is not None
    first.close_button.click()
    qtbot.waitUntil(lambda: hook.dialog is None)
    meet(hook, caught())
    qtbot.waitUntil(lambda: hook.dialog is not None)
    caplog.clear()


def test_a_fault_in_another_thread_is_shown_by_this_one(
    hook: CrashHook, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    thread = threading.Thread(target=meet, args=(hook, caught()))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: hook.dialog is not None and hook.dialog.isVisible())
    caplog.clear()


def test_installed_it_meets_what_nobody_catches_and_uninstalled_it_does_not(
    hook: CrashHook, qtbot: QtBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.excepthook
    monkeypatch.setattr(sys, "excepthook", before)
    hook.install()
    assert sys.excepthook == hook.meet
    hook.uninstall()
    assert sys.excepthook is not hook.meet
    assert not caplog.records


def test_an_interrupt_from_the_keyboard_is_no_fault(
    hook: CrashHook, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    hook._before = lambda *_: print("interrupted")
    meet(hook, KeyboardInterrupt())
    qtbot.wait(10)
    assert hook.dialog is None
    assert capsys.readouterr().out == "interrupted\n"
