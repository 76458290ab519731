"""Driving the whole window as its user does, and looking into all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Case
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.sign_dialog import SignDialog

D = TypeVar("D", bound=QDialog)
STORY = "Fever and cough for three days. Rash, white spots in the mouth. Planted-Zanzibar."
PLANTED = "Planted-Zanzibar"


def type_story(window: MainWindow, text: str = STORY) -> None:
    """Type into the history field as a user does."""
    field = window.patient.form.story.history
    field.setFocus()
    QTest.keyClicks(field, text)


def type_diagnosis(window: MainWindow, text: str) -> None:
    field = window.draft.view.statements.diagnosis
    field.setFocus()
    QTest.keyClicks(field, text)


def wait_kept(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.shell.navigation.kept == "Typing saved")


def assess(window: MainWindow, qtbot: QtBot) -> Case:
    """Press Assess and wait for the draft."""
    with qtbot.waitSignal(window.flow.drafted):
        QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)
    case = window.flow.case
    assert case is not None
    assert case.draft is not None
    return case


def sign(window: MainWindow, qtbot: QtBot, name: str = "Dr. Amina Sule", diagnosis: str = "Measles") -> None:
    window.draft.view.sign_button.click()
    dialog = the(window, SignDialog)
    dialog.name_field.setText(name)
    dialog.diagnosis_field.setText(diagnosis)
    dialog.sign_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.signed)
    qtbot.waitUntil(lambda: not window.jobs.busy)


def the(window: MainWindow, kind: type[D]) -> D:
    """Return the one open dialog of a kind."""
    (found,) = [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]
    return found


def texts(window: QWidget) -> Iterator[str]:
    """Return every text that any widget below holds, visible or not, as far as it can be asked."""
    for widget in (window, *window.findChildren(QWidget)):
        yield from (widget.windowTitle(), widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QTextEdit | QPlainTextEdit):
            yield widget.toPlainText()
        if isinstance(widget, QComboBox):
            yield widget.currentText()
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            for row in range(model.rowCount()):
                for column in range(model.columnCount()):
                    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.UserRole):
                        yield str(model.data(model.index(row, column), role))


def undo_everything(window: QWidget) -> None:
    """Undo whatever any widget would bring back."""
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
            for _ in range(30):
                widget.undo()
