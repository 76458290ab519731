from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDate, QElapsedTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QFileDialog,
    QMessageBox,
)
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Case, ReviewStatus
from medrag_desktop.domain.encounter import Encounter, Patient
from medrag_desktop.errors import ReportError, StoreFull
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.sign_dialog import SignDialog
from tests.gui.conftest import OpenWindow
from tests.gui.driving import (
    PLANTED,
    STORY,
    assess,
    sign,
    texts,
    the,
    type_diagnosis,
    type_story,
    wait_kept,
)
from tests.gui.workbench import PASSPHRASE, Workbench


def test_danger_signs_come_while_typing_and_never_wait_for_a_model(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.hold("open_assessor")
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window, "Rash, white spots in the mouth")
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")
    assert bench.count("open_assessor") == 1


def test_a_reading_that_was_overtaken_is_dropped(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("mentions")
    shown: list[str] = []
    window.flow.reading.read.connect(lambda reading: shown.append(reading.encounter.history))
    type_story(window, "Rash")
    qtbot.waitUntil(lambda: bench.count("mentions") == 1)
    type_story(window, " and white spots in the mouth")
    qtbot.wait(400)
    gate.set()
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")
    assert shown == ["Rash and white spots in the mouth"]


def test_a_reading_of_one_patient_is_never_shown_with_another(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    gate = bench.hold("mentions")
    type_story(window, "Rash, white spots in the mouth")
    qtbot.waitUntil(lambda: bench.count("mentions") == 1)
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.is_blank)
    gate.set()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.patient.banner.kind != "danger"


def test_typing_without_a_pause_is_kept_within_a_second(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    field, clock = window.patient.form.story.history, QElapsedTimer()
    clock.start()
    ages: list[int] = []
    seen: Encounter | None = None
    while clock.elapsed() < 4000:
        QTest.keyClicks(field, "x")
        qtbot.wait(25)
        kept = bench.vault.store.kept
        if kept is not None and kept.encounter != seen:
            seen = kept.encounter
            ages.append(clock.restart() if not ages else clock.elapsed() - sum(ages[1:]))
    assert len(ages) >= 3
    assert max(ages) < 1000


def test_one_writing_at_a_time_and_the_last_word_wins(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    gate = bench.hold("keep_working")
    type_story(window, "one")
    qtbot.waitUntil(lambda: bench.count("keep_working") == 1)
    for word in (" two", " three"):
        type_story(window, word)
        qtbot.wait(400)
    assert bench.count("keep_working") == 1
    gate.set()
    wait_kept(window, qtbot)
    assert bench.count("keep_working") == 2
    assert bench.vault.store.kept is not None
    assert bench.vault.store.kept.encounter.history == "one two three"


def test_a_full_disk_is_told_and_the_typing_is_written_when_it_can_be(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.faults["keep_working"] = StoreFull("The disk is full. Make room.")
    type_story(window, "Rash")
    qtbot.waitUntil(lambda: window.shell.navigation.kept == "NOT saved")
    assert "disk is full" in window.shell.message.text
    bench.faults.clear()
    type_story(window, " and fever")
    wait_kept(window, qtbot)
    assert bench.vault.store.kept is not None


def test_the_next_start_goes_on_where_the_work_was_left(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase = PASSPHRASE
    bench.vault.store.kept = Case("id-1", "2026-01-01T00:00:00+00:00", "", Encounter(Patient(4), history=STORY))
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: window.patient.form.encounter().history == STORY)
    assert "working on" in window.shell.message.text
    assert window.flow.case is not None
    assert window.flow.case.id == "id-1"
    assert not window.flow.is_outdated


def test_looking_at_a_blank_form_keeps_and_saves_nothing(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    window.shell.navigation.history.click()
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert bench.vault.store.cases == {}
    assert bench.vault.store.kept is None


def test_the_whole_way_of_a_case(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")
    case = assess(window, qtbot)
    assert window.draft.isVisible()
    assert bench.vault.store.cases[case.id].draft == case.draft
    type_diagnosis(window, "Measles")
    sign(window, qtbot)
    assert window.draft.view.amend_button.isVisible()
    saved = bench.vault.store.cases[case.id]
    assert saved.review is not None
    assert (saved.review.status, saved.review.reviewer) == (ReviewStatus.FINAL, "Dr. Amina Sule")
    assert bench.vault.store.kept is None
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.is_blank)
    assert PLANTED not in " ".join(texts(window.patient))
    window.shell.navigation.history.click()
    window.history_view.search.setText("measles")
    qtbot.waitUntil(lambda: window.history_view.model.rowCount() == 1)
    window.history_view.open_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.id == case.id)
    qtbot.waitUntil(window.draft.isVisible)
    assert not window.patient.form.isEnabled()
    window.lock()
    qtbot.waitUntil(window.unlock.isVisible)


def test_the_ranking_is_shown_while_the_draft_is_still_written(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    gate = bench.hold("generate")
    type_story(window)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("generate") == 1)
    qtbot.waitUntil(window.draft.isVisible)
    assert any("Measles" in text for text in texts(window.draft.view.differential))
    assert any("Writing the draft" in text for text in texts(window.draft.view))
    assert window.shell.work.isVisible()
    assert not window.patient.form.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    assert not window.shell.work.isVisible()


def test_escape_stops_the_assessment_and_the_form_can_be_used_again(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    gate = bench.hold("generate")
    type_story(window)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("generate") == 1)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.shell.work.stage == "Stopping...")
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    assert window.patient.isVisible()
    assert window.patient.form.isEnabled()
    assert window.flow.case is not None
    assert window.flow.case.draft is None
    assert bench.vault.store.cases == {}
    assess(window, qtbot)


def test_an_empty_form_is_not_assessed(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    window.patient.assess_button.click()
    assert window.patient.problems.text
    assert not window.flow.assessment.busy
    window.flow.assess()
    assert "Type what is wrong" in window.shell.message.text


def test_a_changed_form_outdates_the_draft_which_then_cannot_be_signed(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    type_diagnosis(window, "Measles, I think")
    window.draft.view.back_button.click()
    assert window.patient.isVisible()
    type_story(window, " No cough.")
    wait_kept(window, qtbot)
    kept = bench.vault.store.kept
    assert kept is not None
    assert (kept.draft, kept.id) == (None, case.id)
    assert kept.review is not None
    assert kept.review.diagnosis == "Measles, I think"
    window.shell.navigation.draft.click()
    assert "Write them again" in window.draft.outdated.text
    window.draft.view.sign_button.click()
    assert not window.findChildren(SignDialog)
    window.flow.sign("Dr. Amina Sule", "Measles")
    assert "does not fit" in window.shell.message.text
    with qtbot.waitSignal(window.flow.drafted):
        window.draft.outdated.acted.emit()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    assert not window.draft.outdated.text
    again = window.flow.case
    assert again is not None
    assert again.review is not None
    assert again.review.diagnosis == "Measles, I think"


def test_a_signed_case_can_be_changed_only_after_amend(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    case = assess(window, qtbot)
    sign(window, qtbot)
    assert not window.patient.form.isEnabled()
    window.draft.view.amend_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and not window.flow.case.signed)
    assert window.patient.form.isEnabled()
    sign(window, qtbot, diagnosis="Rubella")
    saved = bench.vault.store.cases[case.id].review
    assert saved is not None
    assert (saved.status, saved.diagnosis) == (ReviewStatus.AMENDED, "Rubella")


def test_nobody_signs_without_a_name_and_a_diagnosis(window: MainWindow, qtbot: QtBot) -> None:
    type_story(window)
    assess(window, qtbot)
    window.draft.view.sign_button.click()
    dialog = the(window, SignDialog)
    assert isinstance(dialog, SignDialog)
    dialog.sign_button.click()
    assert dialog.problem == "Type your name."
    dialog.name_field.setText("Dr. A")
    dialog.sign_button.click()
    assert "diagnosis" in dialog.problem
    dialog.reject()
    assert window.flow.case is not None
    assert not window.flow.case.signed


def test_a_new_patient_puts_the_one_before_into_the_history(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(bench.vault.store.cases))
    qtbot.waitUntil(lambda: window.flow.is_blank and not window.jobs.busy)
    (saved,) = bench.vault.store.cases.values()
    assert saved.encounter.history == STORY
    assert bench.vault.store.kept is None
    assert window.patient.form.encounter().history == ""


def test_a_patient_that_cannot_be_saved_stays_at_hand(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    bench.faults["save"] = StoreFull("The disk is full. Make room.")
    type_story(window)
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: "disk is full" in window.shell.message.text)
    assert window.patient.form.encounter().history == STORY


def test_opening_the_same_case_twice_saves_no_version_of_it(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    case = assess(window, qtbot)
    saves = bench.count("save")
    for _ in range(2):
        window.flow.open(case.id)
        qtbot.waitUntil(lambda: not window.jobs.busy)
    window.shell.navigation.patient.click()
    window.shell.navigation.draft.click()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert bench.count("save") == saves


def test_erasing_asks_first_and_enter_means_no(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    type_story(window)
    case = assess(window, qtbot)
    window.shell.navigation.history.click()
    qtbot.waitUntil(lambda: window.history_view.model.rowCount() == 1)
    window.history_view.erase_button.click()
    box = the(window, QMessageBox)
    assert isinstance(box, QMessageBox)
    QTest.keyClick(box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert case.id in bench.vault.store.cases
    window.history_view.erase_button.click()
    box = the(window, QMessageBox)
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text() == "Erase").click()
    qtbot.waitUntil(lambda: not bench.vault.store.cases)
    qtbot.waitUntil(lambda: window.history_view.model.rowCount() == 0)
    assert window.flow.is_blank, "the case that was erased is still at hand"
    assert bench.vault.store.kept is None


def test_a_report_is_written_where_the_user_says(
    window: MainWindow, bench: Workbench, qtbot: QtBot, tmp_path: Path
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    window.draft.view.export_button.click()
    dialog = the(window, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    (proposed,) = dialog.selectedFiles()
    assert Path(proposed).name == f"report-{QDate.currentDate().toString('yyyy-MM-dd')}-{case.id[:8]}.pdf"
    dialog.reject()
    window.flow.export(tmp_path / "out.pdf")
    qtbot.waitUntil((tmp_path / "out.pdf").exists)
    qtbot.waitUntil(lambda: "out.pdf" in window.shell.message.text)
    bench.faults["write"] = ReportError("The report cannot be written: no such folder.")
    window.flow.export_stored(case.id, tmp_path / "no" / "out.pdf")
    qtbot.waitUntil(lambda: "cannot be written" in window.shell.message.text)


def test_erasing_forgets_the_case_that_the_next_start_would_show(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    type_story(window)
    case = assess(window, qtbot)
    assert bench.vault.store.kept is not None
    gate = bench.hold("erase")
    window.history.erase(case.id)
    gate.set()
    qtbot.waitUntil(lambda: not bench.vault.store.cases)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert bench.vault.store.kept is None
