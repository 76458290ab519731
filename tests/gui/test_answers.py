"""Answers to questions on the page of the draft: into the form, and into danger signs and ranking at once."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import Case
from medrag_desktop.domain.encounter import Finding, Presence
from medrag_desktop.gui.differential_panel import DifferentialPanel
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.question_panel import QuestionRow
from tests.gui.driving import assess, sign, texts, type_diagnosis, type_story, wait_kept
from tests.gui.workbench import Workbench

YES, NO, OPEN = Presence.PRESENT, Presence.ABSENT, Presence.NOT_ASSESSED
STORY = "Fever for three days."


def start(window: MainWindow, qtbot: QtBot, story: str = STORY) -> Case:
    type_story(window, story)
    case = assess(window, qtbot)
    assert window.draft.isVisible()
    return case


def row(window: MainWindow, finding: str) -> QuestionRow:
    return next(each for each in window.draft.view.questions.rows if each.finding == finding)


def asked(window: MainWindow) -> list[str]:
    return [each.finding for each in window.draft.view.questions.rows]


def say(window: MainWindow, qtbot: QtBot, finding: str, presence: Presence) -> None:
    """Click an answer, and wait until the library has read it."""
    button = next(each for each in row(window, finding).buttons if each.presence is presence)
    with qtbot.waitSignal(window.flow.reading.read):
        button.click()


def ranking(panel: DifferentialPanel) -> list[str]:
    return [" ".join((each.text, each.side)) for each in panel.candidates.rows.rows]


def findings(window: MainWindow) -> tuple[Finding, ...]:
    return window.patient.form.encounter().findings


def test_an_answer_changes_ranking_reasons_and_questions_at_once_without_a_model(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    start(window, qtbot)
    panel, before = window.draft.view.differential, ranking(window.draft.view.differential)
    bench.calls.clear()
    bench.hold("encode")
    say(window, qtbot, "rash", YES)
    assert ranking(panel) != before
    assert "Measles" in ranking(panel)[0]
    assert "rash" in [each.text for each in panel.reasons.rows.rows]
    assert "rash" in asked(window)
    assert row(window, "rash").answer is YES
    assert {name for name, _ in bench.calls} <= {"mentions", "keep_working"}
    told = [thread for name, thread in bench.calls if name == "mentions"]
    assert told
    assert all(thread.startswith("reading") for thread in told)


def test_a_new_first_is_chosen_and_seen_unless_another_one_was_chosen(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot, "Cough for three days.")
    view = window.draft.view.differential.candidates
    assert "cold" in ranking(window.draft.view.differential)[0]
    say(window, qtbot, "rash", YES)
    top = view.rows.index(0)
    assert view.currentIndex() == top
    assert "Measles" in view.rows.rows[0].text
    assert view.viewport().rect().contains(view.visualRect(top).topLeft())
    view.setCurrentIndex(view.rows.index(2))
    chosen = view.rows.rows[2].text.split(". ")[1]
    say(window, qtbot, "koplik_spots", YES)
    row = view.current()
    assert row is not None
    assert chosen in row.text


def test_an_answer_can_bring_up_a_danger_sign(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    assert window.draft.view.header.danger.kind != "danger"
    say(window, qtbot, "koplik_spots", YES)
    assert window.draft.view.header.danger.kind == "danger"
    assert window.draft.view.header.urgency.words == "EMERGENCY: act now"
    assert window.patient.banner.kind == "danger"
    say(window, qtbot, "koplik_spots", YES)
    assert window.draft.view.header.danger.kind != "danger"


def test_an_answer_is_a_finding_of_the_form_saved_with_the_case(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    case = start(window, qtbot)
    say(window, qtbot, "rash", NO)
    assert findings(window) == (Finding("rash", NO),)
    wait_kept(window, qtbot)
    kept = bench.vault.store.kept
    assert kept is not None
    assert kept.encounter.findings == (Finding("rash", NO),)
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.is_blank and not window.jobs.busy)
    assert bench.vault.store.cases[case.id].encounter.findings == (Finding("rash", NO),)


def test_the_same_answer_again_takes_it_back_and_the_draft_fits_again(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    view = window.draft.view
    before, questions, urgency = ranking(view.differential), asked(window), view.header.urgency.words
    say(window, qtbot, "rash", YES)
    assert window.draft.outdated.text
    assert view.statements.outdated.isVisible()
    say(window, qtbot, "rash", YES)
    assert findings(window) == ()
    assert not window.flow.is_outdated
    assert not window.draft.outdated.text
    assert not view.statements.outdated.isVisible()
    assert (ranking(view.differential), asked(window), view.header.urgency.words) == (before, questions, urgency)
    assert all(each.answer is OPEN for each in view.questions.rows)


def test_the_form_can_undo_an_answer(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    before = ranking(window.draft.view.differential)
    say(window, qtbot, "rash", YES)
    with qtbot.waitSignal(window.flow.reading.read):
        window.patient.form.picker.undo_stack.undo()
    assert findings(window) == ()
    assert ranking(window.draft.view.differential) == before
    assert row(window, "rash").answer is OPEN


def test_taking_back_an_answer_leaves_a_finding_that_was_in_the_form_before(window: MainWindow, qtbot: QtBot) -> None:
    form = window.patient.form
    form.picker.put(Finding("rash", OPEN, duration_hours=24.0))
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    assert findings(window) == (Finding("rash", YES, duration_hours=24.0),)
    say(window, qtbot, "rash", YES)
    assert findings(window) == (Finding("rash", OPEN, duration_hours=24.0),)
    assert not window.flow.is_outdated


def test_the_sentences_stay_marked_as_older_until_they_are_written_again(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    type_diagnosis(window, "Measles, I think")
    view = window.draft.view
    before = [each.text for each in view.statements.statements.rows.rows]
    say(window, qtbot, "rash", YES)
    assert [each.text for each in view.statements.statements.rows.rows] == before
    assert view.statements.outdated.isVisible()
    assert "before the last change" in window.draft.outdated.text
    assert view.review().diagnosis == "Measles, I think"
    view.sign_button.click()
    assert window.flow.case is not None
    assert not window.flow.case.signed
    (again,) = [b for b in window.draft.outdated.findChildren(type(view.sign_button)) if b.text() == "Write again"]
    with qtbot.waitSignal(window.flow.drafted):
        again.click()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert not view.statements.outdated.isVisible()
    assert not window.draft.outdated.text
    assert "Present: rash, fever." in [each.text for each in view.statements.statements.rows.rows]
    assert "rash" not in asked(window)
    assert view.review().diagnosis == "Measles, I think"


def test_what_must_be_mended_before_writing_again_is_shown_in_the_form(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    window.patient.form.vital_signs.numbers["spo2_percent"].setText("970")
    window.draft.outdated.acted.emit()
    assert window.patient.isVisible()
    assert "SpO2 970" in window.patient.problems.text
    assert not window.flow.assessment.busy


def test_a_signed_case_takes_no_answers_and_an_amended_one_does(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    sign(window, qtbot)
    view = window.draft.view
    assert not any(button.isVisible() for each in view.questions.rows for button in each.buttons)
    window.display.take_answer("rash", YES)
    view.answered.emit("rash", YES)
    assert findings(window) == ()
    view.amend_button.click()
    qtbot.waitUntil(lambda: window.flow.case is not None and not window.flow.case.signed)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    say(window, qtbot, "rash", YES)
    assert findings(window) == (Finding("rash", YES),)


def test_no_answer_is_taken_while_a_draft_is_written(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    start(window, qtbot)
    gate = bench.hold("encode")
    window.flow.assess()
    qtbot.waitUntil(lambda: bench.count("encode") > 1)
    window.draft.view.answered.emit("rash", YES)
    assert findings(window) == ()
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)


def test_a_stopped_assessment_leaves_ranking_and_danger_signs_of_the_answers(
    window: MainWindow, bench: Workbench, qtbot: QtBot
) -> None:
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    say(window, qtbot, "koplik_spots", YES)
    now = ranking(window.draft.view.differential)
    gate = bench.hold("encode")
    window.flow.assess()
    qtbot.waitUntil(lambda: bench.count("encode") > 1)
    window.shell.work.cancel_button.click()
    gate.set()
    qtbot.waitUntil(lambda: not window.flow.assessment.busy and not window.jobs.busy)
    assert ranking(window.draft.view.differential) == now
    assert window.draft.view.header.danger.kind == "danger"
    assert window.draft.view.statements.outdated.isVisibleTo(window.draft)


def test_a_change_in_the_form_reaches_the_page_of_the_draft_too(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    window.draft.view.back_button.click()
    with qtbot.waitSignal(window.flow.reading.read):
        type_story(window, " Rash, white spots in the mouth.")
    qtbot.waitUntil(lambda: window.draft.view.header.danger.kind == "danger")
    assert "Measles" in ranking(window.draft.view.differential)[0]
    assert not {"rash", "koplik_spots"} & set(asked(window))


def test_passages_of_a_condition_stay_at_hand_in_the_newer_ranking(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    panel = window.draft.view.differential
    assert "Read about it" in [each.text for each in panel.reasons.rows.rows]


def test_all_of_it_goes_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    window.draft.view.questions_button.setFocus()
    QTest.keyClick(window.draft.view.questions_button, Qt.Key.Key_Tab)
    first = window.draft.view.questions.rows[0]
    assert first.has_keyboard
    focus = QApplication.focusWidget()
    assert focus is not None
    with qtbot.waitSignal(window.flow.reading.read):
        QTest.keyClick(focus, Qt.Key.Key_N)
    assert findings(window) == (Finding(first.finding, NO),)
    assert first.has_keyboard


def test_answers_of_one_patient_are_gone_with_the_next(window: MainWindow, qtbot: QtBot) -> None:
    start(window, qtbot)
    say(window, qtbot, "rash", YES)
    window.shell.navigation.new.click()
    qtbot.waitUntil(lambda: window.flow.is_blank and not window.jobs.busy)
    assert asked(window) == []
    assert findings(window) == ()
    assert window.draft.view.differential.candidates.rows.rowCount() == 0
    window.lock()
    assert not any("rash" in text for text in texts(window.draft))


def test_another_choice_of_tests_opens_the_library_anew(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    start(window, qtbot)
    bench.calls.clear()
    readings: list[object] = []
    window.flow.reading.read.connect(readings.append)
    window._save_settings(replace(window._settings, tests="hospital"))
    qtbot.waitUntil(lambda: bench.count("open_ranker") == 1 and bool(readings))
    qtbot.waitUntil(lambda: not window.jobs.busy)
