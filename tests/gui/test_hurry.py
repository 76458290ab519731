"""Whoever is in a hurry: keys that come before the history has written, assessments that come to nothing."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Case, ReviewStatus
from medrag_desktop.errors import ModelError, StoreFull
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.sign_dialog import SignDialog
from tests.gui.driving import STORY, assess, sign, the, type_diagnosis, type_story, wait_kept
from tests.gui.workbench import Workbench


def press_sign(window: MainWindow) -> None:
    """Sign without waiting for the history."""
    window.draft.view.sign_button.click()
    dialog = the(window, SignDialog)
    dialog.name_field.setText("Dr. Amina Sule")
    dialog.diagnosis_field.setText("Measles")
    dialog.sign_button.click()


def ctrl(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)


def type_anywhere(text: str) -> None:
    """Type where the focus is."""
    for letter in text:
        widget = QApplication.focusWidget()
        assert widget is not None
        QTest.keyClicks(widget, letter)


def stored(bench: Workbench, case: Case) -> Case:
    return bench.vault.store.cases[case.id]


def test_a_signature_stands_however_soon_the_next_patient_comes(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    type_diagnosis(window, "Measles")
    gate = bench.hold("save")
    press_sign(window)
    window.activateWindow()  # what a window manager does when a dialog closes
    qtbot.waitUntil(window.isActiveWindow)
    ctrl(window, Qt.Key.Key_3)
    ctrl(window, Qt.Key.Key_N)
    type_anywhere("34")
    gate.set()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id != case.id)
    wait_kept(window, qtbot)
    review = stored(bench, case).review
    assert review is not None
    assert (review.status, review.reviewer, review.diagnosis) == (ReviewStatus.FINAL, "Dr. Amina Sule", "Measles")
    assert window.patient.form.encounter().patient.age_years == 34
    assert bench.vault.store.kept is not None
    assert bench.vault.store.kept.id != case.id


def test_keys_after_new_patient_belong_to_the_new_one(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    case = window.flow.case
    assert case is not None
    gate = bench.hold("save")
    ctrl(window, Qt.Key.Key_N)
    type_anywhere("3")
    QTest.mouseClick(window.patient.form.story.history.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    type_anywhere("4")
    assert window.patient.form.encounter().history == STORY
    gate.set()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id != case.id)
    assert window.patient.form.encounter().patient.age_years == 34
    assert stored(bench, case).encounter.history == STORY
    assert stored(bench, case).encounter.patient.age_years is None
    type_anywhere("5")
    assert window.patient.form.patient.age.text() == "345"


def test_keys_for_a_patient_who_does_not_come_are_typed_nowhere(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    wait_kept(window, qtbot)
    bench.faults["save"] = StoreFull("The disk is full. Make room.")
    gate = bench.hold("save")
    ctrl(window, Qt.Key.Key_N)
    type_anywhere("34")
    gate.set()
    qtbot.waitUntil(lambda: "disk is full" in window.shell.message.text)
    assert window.patient.form.encounter().history == STORY
    assert window.patient.form.encounter().patient.age_years is None
    type_story(window, " Cough.")
    assert window.patient.form.encounter().history == f"{STORY} Cough."


def test_keys_pass_again_when_the_window_is_locked_meanwhile(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    gate = bench.hold("save")
    ctrl(window, Qt.Key.Key_N)
    type_anywhere("34")
    window.lock()
    gate.set()
    qtbot.waitUntil(lambda: window.history.state.value == "locked")
    field = window.unlock.typed.field
    field.setFocus()
    QTest.keyClicks(field, "seven")
    assert field.text() == "seven"


def test_an_assessment_that_fails_takes_no_word_of_the_clinician(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    type_diagnosis(window, "Measles")
    bench.faults["encode"] = ModelError("The retriever is damaged. Install it again.")
    window.flow.assess()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)
    assert window.draft.view.shows_draft
    assert window.draft.view.review().diagnosis == "Measles"
    ctrl(window, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    review = stored(bench, case).review
    assert review is not None
    assert review.diagnosis == "Measles"


def test_a_stopped_assessment_of_a_changed_form_shows_the_former_draft_as_outdated(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    assess(window, qtbot)
    type_diagnosis(window, "Measles")
    window.draft.view.back_button.click()
    type_story(window, " No cough.")
    gate = bench.hold("encode")
    window.flow.assess()
    qtbot.waitUntil(lambda: bench.count("encode") > 0)
    window.shell.work.cancel_button.click()
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)
    assert window.draft.view.review().diagnosis == "Measles"
    assert "Write them again" in window.draft.outdated.text
    window.draft.view.sign_button.click()
    assert not window.findChildren(SignDialog)


def test_to_amend_and_change_nothing_leaves_the_signature(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    case = assess(window, qtbot)
    sign(window, qtbot)
    window.draft.view.amend_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and not window.flow.case.signed)
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id != case.id)
    assert stored(bench, case).signed
    window.flow.open(case.id)
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id == case.id)
    window.draft.view.amend_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and not window.flow.case.signed)
    type_diagnosis(window, " and pneumonia")
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id != case.id)
    assert not stored(bench, case).signed


def test_a_draft_takes_nobody_out_of_the_history(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    gate = bench.hold("encode")
    window.flow.assess()
    qtbot.waitUntil(lambda: bench.count("encode") > 0)
    ctrl(window, Qt.Key.Key_3)
    type_anywhere("mea")
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)
    assert window.history_view.isVisible()
    assert window.history_view.search.text() == "mea"
    ctrl(window, Qt.Key.Key_2)
    assert window.draft.view.shows_draft


def test_locking_closes_an_open_menu(window: MainWindow, qtbot: QtBot) -> None:
    menu = QMenu(window)
    menu.addAction("Paste")
    menu.popup(window.mapToGlobal(QPoint(50, 50)))
    qtbot.waitUntil(menu.isVisible)
    window.lock()
    assert not menu.isVisible()


def test_held_keys_never_reach_past_another_window_nor_for_ever(window: MainWindow, qtbot: QtBot) -> None:
    window.type_ahead._patience.setInterval(50)
    window.flow.turning.emit()
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    QTest.keyClicks(field, "a dialog")
    assert field.text() == "a dialog"
    type_story(window, "lost")
    assert window.patient.form.encounter().history == ""
    qtbot.wait(100)
    type_story(window, "Fever")
    assert window.patient.form.encounter().history == "Fever"
