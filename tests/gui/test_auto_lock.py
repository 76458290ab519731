"""The clock of the automatic lock: every use of any window counts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.auto_lock import AutoLock

LOCK_MS = 250
PLACES = cycle((QPoint(2, 2), QPoint(9, 9)))


class Room:
    """A window with two fields, and the clock."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.window, self.line, self.text = QWidget(), QLineEdit(), QPlainTextEdit()
        column = QVBoxLayout(self.window)
        column.addWidget(self.line)
        column.addWidget(self.text)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitActive(self.window)
        self.clock = AutoLock(self.window)

    def stays_open(self, use: Callable[[], object]) -> bool:
        """Use it for twice as long as it waits; tell whether it stayed open, and see that it expires afterwards."""
        expired: list[bool] = []
        self.clock.expired.connect(lambda: expired.append(True))
        self.clock.set_minutes(LOCK_MS / 60_000)
        passed = QElapsedTimer()
        passed.start()
        while passed.elapsed() < 2 * LOCK_MS and not expired:
            use()
            self.qtbot.wait(20)
        stayed = not expired
        self.qtbot.waitUntil(lambda: bool(expired), timeout=10 * LOCK_MS)
        return stayed


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Iterator[Room]:
    made = Room(qtbot)
    made.clock.watch(qapp)
    yield made
    made.clock.stop()


def test_it_expires_while_nothing_is_used(room: Room) -> None:
    assert not room.stays_open(lambda: None)


def test_what_the_program_does_by_itself_is_no_use(room: Room) -> None:
    def work() -> None:
        room.window.update()
        room.line.setToolTip("new")
        room.text.hide()
        room.text.show()

    assert not room.stays_open(work)


@pytest.mark.parametrize(
    "use",
    [
        lambda room: QTest.keyClick(room.window.windowHandle(), Qt.Key.Key_Shift),
        lambda room: QTest.mouseClick(room.window.windowHandle(), Qt.MouseButton.LeftButton, pos=QPoint(1, 1)),
        lambda room: QTest.mouseMove(room.window.windowHandle(), next(PLACES)),
        lambda room: QTest.wheelEvent(room.window.windowHandle(), QPoint(3, 3), QPoint(0, 120)),
    ],
    ids=["key", "click", "move", "wheel"],
)
def test_keys_and_mouse_are_use(room: Room, use: Callable[[Room], object]) -> None:
    assert room.stays_open(lambda: use(room))


@pytest.mark.parametrize("field", ["line", "text"])
def test_words_from_an_input_method_are_use(room: Room, field: str) -> None:
    widget = getattr(room, field)
    widget.setFocus()

    def compose() -> None:
        event = QInputMethodEvent()
        event.setCommitString("字")
        QCoreApplication.sendEvent(widget, event)

    assert room.stays_open(compose)


def test_use_of_a_dialog_that_opens_later_counts(room: Room, qtbot: QtBot) -> None:
    dialog = QDialog(room.window)
    dialog.open()
    qtbot.waitActive(dialog)
    assert room.stays_open(lambda: QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Shift))
    dialog.reject()


def test_after_stop_nothing_is_noted_and_nothing_expires(room: Room, qtbot: QtBot) -> None:
    expired: list[bool] = []
    room.clock.expired.connect(lambda: expired.append(True))
    room.clock.set_minutes(LOCK_MS / 60_000)
    room.clock.stop()
    QTest.keyClick(room.window.windowHandle(), Qt.Key.Key_Shift)
    qtbot.wait(2 * LOCK_MS)
    assert expired == []
    room.clock.stop()
