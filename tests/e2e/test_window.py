"""The window from its first start to a signed report, with real models and vault, and with nothing but a keyboard."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop import bootstrap
from medrag_desktop.domain.case import ReviewStatus
from medrag_desktop.gui import make_app
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.sign_dialog import SignDialog

PASSPHRASE = "seven cold rivers"
STORY = "Severe headache and blurred vision since this morning. Fits once today. No fever. Planted-Zanzibar"
WRITTEN = "Magnesium is at hand. Planted-Mombasa"
PLANTED = (b"Planted-Zanzibar", b"Planted-Mombasa", b"Planted-Reference", b"Planted-Diagnosis", b"Amina Planted")
PATIENCE_MS = 90_000

pytestmark = [pytest.mark.models, pytest.mark.qt_log_ignore("This plugin does not support")]


@pytest.fixture
def base(built_base: Path, tmp_path: Path) -> Path:
    """Return a folder that has the library pack and nothing else."""
    folder = tmp_path / "base"
    shutil.copytree(built_base / "packs", folder / "packs")
    return folder


@pytest.fixture
def window(base: Path, qapp: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """Return a window as the program opens it; it leaves no thread."""
    before = set(threading.enumerate())
    desk = bootstrap.make_desk(base)
    make_app(desk)
    ours = MainWindow(desk)
    ours.resize(1366, 768)
    ours.show()
    qtbot.waitActive(ours)
    ours.begin()
    yield ours
    ours.close()
    qtbot.waitUntil(lambda: not ours.isVisible(), timeout=PATIENCE_MS)
    ours.shut_down()
    ours.deleteLater()
    qtbot.wait(0)
    assert set(threading.enumerate()) <= before


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(focused(), key, modifier)


def alt(key: Qt.Key) -> None:
    press(key, Qt.KeyboardModifier.AltModifier)


def ctrl(key: Qt.Key) -> None:
    press(key, Qt.KeyboardModifier.ControlModifier)


def write(text: str) -> None:
    """Type where the focus is."""
    QTest.keyClicks(focused(), text)


def tab_to(widget: QWidget) -> None:
    """Press Tab until a widget has the focus."""
    for _ in range(80):
        if QApplication.focusWidget() is widget:
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never reaches {widget.accessibleName() or widget}")


def open_dialog(window: MainWindow, kind: type[QDialog], qtbot: QtBot) -> QDialog:
    """Wait for a dialog and return it."""
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(kind)), timeout=PATIENCE_MS)
    (dialog,) = [d for d in window.findChildren(kind) if d.isVisible()]
    qtbot.waitUntil(lambda: dialog.isActiveWindow())
    return dialog


def first_start(window: MainWindow, qtbot: QtBot) -> None:
    """Accept the intended use, choose a passphrase, and type two of the recovery words."""
    assert window.first_run.isVisible()
    press(Qt.Key.Key_Space)
    alt(Qt.Key.Key_N)
    fields = window.first_run.choice.passphrase.fields
    qtbot.waitUntil(lambda: focused() is fields[0])
    write(PASSPHRASE)
    press(Qt.Key.Key_Return)
    tab_to(fields[1])
    write(PASSPHRASE)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(window.first_run.shown.isVisible, timeout=PATIENCE_MS)
    words = window.first_run._words
    assert len(words) == 12
    alt(Qt.Key.Key_W)
    asked = window.first_run.asked
    qtbot.waitUntil(lambda: asked.isVisible() and focused() is asked.fields[0])
    for field, place in zip(asked.fields, asked.asked, strict=True):
        assert focused() is field
        write(words[place])
        press(Qt.Key.Key_Return)
    qtbot.waitUntil(window.patient.isVisible, timeout=PATIENCE_MS)
    assert not [text for text in written_texts(window) if text in words]


def written_texts(window: MainWindow) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLineEdit):
            yield widget.text()
        if isinstance(widget, QTextEdit | QPlainTextEdit):
            yield widget.toPlainText()


def enter_patient(window: MainWindow, qtbot: QtBot) -> None:
    """Type an encounter; danger signs come while typing."""
    form = window.patient.form
    qtbot.waitUntil(lambda: focused() is form.patient.age)
    write("34")
    tab_to(form.patient.sex)
    write("f")
    tab_to(form.patient.reference)
    write("Planted-Reference")
    tab_to(form.story.history)
    write(STORY)
    tab_to(form.vital_signs.findChildren(QLineEdit)[0])
    write("36.8")
    qtbot.waitUntil(lambda: window.library.catalogue is not None, timeout=PATIENCE_MS)
    tab_to(form.picker.line)
    write("vomit")
    press(Qt.Key.Key_Return)
    assert [finding.finding for finding in form.encounter().findings] == ["vomiting"]
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger", timeout=PATIENCE_MS)
    assert form.encounter().patient.sex.value == "female"


def assess_and_edit(window: MainWindow, qtbot: QtBot) -> None:
    """Assess, add a sentence, write the diagnosis."""
    ctrl(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.flow.assessment.busy)
    qtbot.waitUntil(lambda: not window.flow.assessment.busy, timeout=PATIENCE_MS)
    case = window.flow.case
    assert case is not None
    assert case.draft is not None, window.shell.offer.text
    assert case.draft.sections
    assert case.draft.differential[0].citations
    panel = window.draft.view.statements
    tab_to(panel.statements)
    press(Qt.Key.Key_Insert)
    qtbot.waitUntil(lambda: isinstance(focused(), QTextEdit | QPlainTextEdit | QLineEdit))
    write(WRITTEN)
    press(Qt.Key.Key_Return)
    tab_to(panel.diagnosis)
    write("Planted-Diagnosis")
    assert any(s.text == WRITTEN for section in window.draft.view.review().sections for s in section.statements)


def sign(window: MainWindow, qtbot: QtBot) -> None:
    alt(Qt.Key.Key_S)
    dialog = open_dialog(window, SignDialog, qtbot)
    assert isinstance(dialog, SignDialog)
    assert dialog.diagnosis == "Planted-Diagnosis"
    tab_to(dialog.name_field)
    write("Amina Planted")
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.signed, timeout=PATIENCE_MS)


def export(window: MainWindow, qtbot: QtBot, out: Path) -> None:
    window.activateWindow()  # what a window manager does when a dialog closes
    qtbot.waitUntil(window.isActiveWindow)
    alt(Qt.Key.Key_E)
    dialog = open_dialog(window, QFileDialog, qtbot)
    ctrl(Qt.Key.Key_A)
    write(str(out))
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    qtbot.waitUntil(lambda: str(out) in window.shell.message.text, timeout=PATIENCE_MS)
    assert out.read_bytes().startswith(b"%PDF")


def find_again(window: MainWindow, qtbot: QtBot, case_id: str) -> None:
    """Begin another patient, then find the former one by a word of its diagnosis."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    ctrl(Qt.Key.Key_N)
    qtbot.waitUntil(lambda: window.flow.is_blank and window.patient.isVisible(), timeout=PATIENCE_MS)
    assert "Planted" not in " ".join(written_texts(window))
    ctrl(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: focused() is window.history_view.search, timeout=PATIENCE_MS)
    write("planted-diag")
    qtbot.waitUntil(lambda: window.history_view.model.rowCount() == 1, timeout=PATIENCE_MS)
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id == case_id, timeout=PATIENCE_MS)


def test_from_the_first_start_to_a_report_by_keyboard(
    window: MainWindow, qtbot: QtBot, base: Path, tmp_path: Path
) -> None:
    first_start(window, qtbot)
    enter_patient(window, qtbot)
    assess_and_edit(window, qtbot)
    sign(window, qtbot)
    signed = window.flow.case
    assert signed is not None
    assert signed.review is not None
    assert (signed.review.status, signed.review.reviewer) == (ReviewStatus.FINAL, "Amina Planted")
    export(window, qtbot, tmp_path / "report.pdf")
    find_again(window, qtbot, signed.id)
    assert window.flow.case is not None
    assert window.flow.case.review == signed.review
    ctrl(Qt.Key.Key_L)
    qtbot.waitUntil(lambda: window.history.state.value == "locked", timeout=PATIENCE_MS)
    assert "Planted" not in " ".join(written_texts(window))
    written = [file for file in base.rglob("*") if file.is_file() and "packs" not in file.parts]
    assert any("history" in file.parts for file in written)
    assert [file.name for file in written for text in PLANTED if text in file.read_bytes()] == []
