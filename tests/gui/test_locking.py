from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
)
from pytestqt.qtbot import QtBot

from medrag_desktop.errors import StoreFull
from medrag_desktop.gui.main_window import MainWindow
from tests.gui.driving import (
    PLANTED,
    STORY,
    assess,
    texts,
    the,
    type_diagnosis,
    type_story,
    undo_everything,
    wait_kept,
)
from tests.gui.workbench import PASSPHRASE, Workbench


def test_lock_keeps_the_work_and_leaves_no_patient_text_in_any_widget(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    form = window.patient.form
    QTest.keyClicks(form.patient.reference, PLANTED)
    for field in form.background.findChildren(QLineEdit) + form.background.findChildren(QPlainTextEdit):
        QTest.keyClicks(field, PLANTED)
    type_story(window)
    QTest.keyClicks(form.story.complaint, PLANTED)
    wait_kept(window, qtbot)
    case = assess(window, qtbot)
    type_diagnosis(window, PLANTED)
    window.shell.navigation.history.click()
    window.history_view.search.setText(PLANTED)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    window.shell.navigation.draft.click()
    window.draft.view.sign_button.click()
    assert any(PLANTED in text for text in texts(window))
    window.lock()
    assert window.unlock.isVisible()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert [text for text in texts(window) if PLANTED in text or "three days" in text] == []
    undo_everything(window)
    assert [text for text in texts(window) if PLANTED in text or "three days" in text] == []
    assert window.flow.case is None
    assert bench.vault.store.calls or bench.count("close") == 1
    assert bench.vault.store.kept is not None
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: window.flow.case is not None)
    assert window.flow.case is not None
    assert window.flow.case.id == case.id
    assert window.flow.case.review is not None
    assert window.flow.case.review.diagnosis == PLANTED


def test_the_title_never_names_a_patient(window: MainWindow, qtbot: QtBot) -> None:
    type_story(window)
    assess(window, qtbot)
    assert window.windowTitle() == "MedRAG Desktop"


def test_the_window_locks_itself_when_nobody_uses_it(window: MainWindow, qtbot: QtBot) -> None:
    window.auto_lock.set_minutes(0.3 / 60)
    for _ in range(6):
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_X)
        qtbot.wait(100)
    assert window.shell.isVisible(), "locked while it was used"
    qtbot.waitUntil(window.unlock.isVisible)
    assert window.patient.form.encounter().history == ""


def test_never_means_never(window: MainWindow, qtbot: QtBot) -> None:
    window.auto_lock.set_minutes(0.1 / 60)
    window.auto_lock.set_minutes(0)
    qtbot.wait(300)
    assert window.shell.isVisible()


def test_locking_stops_an_assessment_and_drops_its_draft(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("generate")
    type_story(window)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("generate") == 1)
    window.lock()
    gate.set()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.unlock.isVisible()
    assert [text for text in texts(window) if PLANTED in text] == []
    assert bench.vault.store.cases == {}
    assert bench.vault.store.kept is not None


def test_what_cannot_be_written_at_locking_waits_in_memory(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    bench.faults["keep_working"] = StoreFull("The disk is full. Make room.")
    type_story(window)
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert "memory" in window.unlock.error
    bench.faults.clear()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: window.flow.case is not None)
    assert window.patient.form.encounter().history == STORY
    qtbot.waitUntil(lambda: bench.vault.store.kept is not None)


def test_closing_keeps_what_was_typed_last(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert bench.vault.store.kept is not None
    assert bench.vault.store.kept.encounter.history == STORY
    assert bench.count("close") == 1


def test_closing_while_an_assessment_runs_waits_for_it(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("generate")
    type_story(window)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("generate") == 1)
    window.close()
    late = threading.Timer(0.2, gate.set)
    late.start()
    qtbot.waitUntil(lambda: not window.isVisible())
    late.join()
    assert bench.vault.store.kept is not None


def test_closing_asks_before_it_loses_what_cannot_be_written(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.faults["keep_working"] = StoreFull("The disk is full. Make room.")
    type_story(window)
    window.close()
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)))
    box = the(window, QMessageBox)
    QTest.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.flow.case is not None)
    assert window.isVisible()
    assert window.patient.form.encounter().history == STORY


def test_a_document_that_was_cleared_has_no_way_back(window: MainWindow, qtbot: QtBot) -> None:
    type_story(window)
    window.lock()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    documents = [d for d in window.findChildren(QTextDocument) if d.isUndoAvailable() or d.isRedoAvailable()]
    assert documents == []


def test_nothing_that_was_asked_before_locking_appears_on_the_locked_window(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    gate = bench.hold("load")
    window.flow.open(case.id)
    qtbot.waitUntil(lambda: bench.count("load") == 1)
    window.lock()
    gate.set()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.unlock.isVisible()
    assert window.flow.case is None
    assert [text for text in texts(window) if PLANTED in text] == []


def test_locking_while_a_signature_is_written_does_not_take_it_back(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    gate = bench.hold("save")
    window.flow.sign("Dr. Amina Sule", "Measles")
    window.lock()
    gate.set()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert bench.vault.store.cases[case.id].signed
    assert bench.vault.store.kept is None
