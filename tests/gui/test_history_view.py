from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QAccessible, QColor, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import CaseSummary, ReviewStatus
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Sex
from medrag_desktop.gui.case_table import CaseModel, Column
from medrag_desktop.gui.history_view import HistoryView
from medrag_desktop.gui.theme import DARK, LIGHT, apply_theme

CASE = CaseSummary(
    id="first",
    created="2026-11-22T14:05:00+03:00",
    updated="2026-11-23T08:00:00+03:00",
    reference="KL-42",
    age_years=34.0,
    sex=Sex.FEMALE,
    complaint="Fever and cough",
    diagnosis="Pneumonia",
    urgency=Urgency.EMERGENCY,
    status=ReviewStatus.FINAL,
)
HOSTILE = "<b>bold</b> <img src='file:///etc/passwd'>\n\u202e\x07 line"


def many(count: int) -> tuple[CaseSummary, ...]:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    return tuple(
        replace(
            CASE,
            id=f"case-{n}",
            created=(start - timedelta(hours=n)).isoformat(),
            reference=f"R{n:04}",
            age_years=None if n % 7 == 0 else float((n * 37) % 90),
            urgency=[None, *Urgency][n % 6],
            status=[None, *ReviewStatus][n % 4],
            complaint=["Cough", "chest pain", "Ankle"][n % 3],
        )
        for n in range(count)
    )


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> Iterator[HistoryView]:
    view = HistoryView()
    qtbot.addWidget(view)
    view.resize(1180, 768)
    view.show()
    qtbot.waitExposed(view)
    yield view
    apply_theme(qapp, "light", 1.0)


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def cell(model: CaseModel, row: int, column: Column, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    return model.data(model.index(row, column), role)


def line(model: CaseModel, row: int) -> list[object]:
    return [cell(model, row, column) for column in Column]


def references(model: CaseModel) -> list[object]:
    return [cell(model, row, Column.REFERENCE) for row in range(model.rowCount())]


def test_the_model_keeps_qts_rules_while_it_changes() -> None:
    model = CaseModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_cases(many(30))
    for column in Column:
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            model.sort(column, order)
    model.show_cases(())
    assert isinstance(tester.model(), QAbstractItemModel)
    assert model.rowCount() == 0
    assert model.data(QModelIndex()) is None


def test_a_line_says_who_what_and_how_far() -> None:
    model = CaseModel()
    model.show_cases((CASE,))
    assert line(model, 0) == [
        "2026-11-22 14:05",
        "KL-42",
        "34 years, female",
        "Fever and cough",
        "Pneumonia",
        "Emergency",
        "Signed",
    ]
    assert "2026-11-23 08:00" in str(cell(model, 0, Column.SEEN, Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "Not assessed"),
        (ReviewStatus.PRELIMINARY, "Draft"),
        (ReviewStatus.FINAL, "Signed"),
        (ReviewStatus.AMENDED, "Amended"),
    ],
)
def test_the_status_is_in_words(status: ReviewStatus | None, words: str) -> None:
    model = CaseModel()
    model.show_cases((replace(CASE, status=status),))
    assert cell(model, 0, Column.STATUS) == words


@pytest.mark.parametrize(
    ("age", "sex", "words"),
    [
        (None, Sex.UNKNOWN, ""),
        (None, Sex.MALE, "male"),
        (14 / 365.25, Sex.MALE, "14 days, male"),
        (1.5, Sex.UNKNOWN, "18 months"),
    ],
)
def test_what_is_not_known_of_the_patient_is_left_out(age: float | None, sex: Sex, words: str) -> None:
    model = CaseModel()
    model.show_cases((replace(CASE, age_years=age, sex=sex),))
    assert cell(model, 0, Column.PATIENT) == words
    spoken = cell(model, 0, Column.PATIENT, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"Patient: {words or 'not recorded'}"


def test_every_urgency_has_its_own_word_and_an_emergency_its_own_look(qapp: QApplication) -> None:
    model = CaseModel()
    model.show_cases(tuple(replace(CASE, id=u or "none", urgency=u) for u in (None, *Urgency)))
    words = [cell(model, row, Column.URGENCY) for row in range(model.rowCount())]
    assert words == ["", "Emergency", "Urgent", "Soon", "Routine", "Self care"]
    colours = [cell(model, row, Column.URGENCY, Qt.ItemDataRole.ForegroundRole) for row in range(model.rowCount())]
    assert colours == [None, QColor(LIGHT.danger), None, None, None, None]
    apply_theme(qapp, "dark", 1.0)
    assert cell(model, 1, Column.URGENCY, Qt.ItemDataRole.ForegroundRole) == QColor(DARK.danger)
    apply_theme(qapp, "light", 1.0)


def test_the_newest_case_comes_first_whatever_zone_it_was_written_in() -> None:
    model = CaseModel()
    times = {"a": "2026-11-22T10:00:00+03:00", "b": "2026-11-22T08:00:00+00:00", "c": "2026-11-22T06:00:00+00:00"}
    model.show_cases(tuple(replace(CASE, id=name, reference=name, created=at) for name, at in times.items()))
    assert references(model) == ["b", "a", "c"]


def test_columns_sort_by_their_meaning_and_the_choice_stays_for_other_cases() -> None:
    model = CaseModel()
    model.show_cases(many(60))
    model.sort(Column.URGENCY, Qt.SortOrder.AscendingOrder)
    shown = [cell(model, row, Column.URGENCY) for row in range(60)]
    assert list(dict.fromkeys(shown)) == ["Emergency", "Urgent", "Soon", "Routine", "Self care", ""]
    model.sort(Column.PATIENT, Qt.SortOrder.DescendingOrder)
    ages = [case.age_years for row in range(60) if (case := model.case(row)) is not None]
    known = [age for age in ages if age is not None]
    assert known == sorted(known, reverse=True)
    assert ages[: len(known)] == known
    model.sort(Column.COMPLAINT, Qt.SortOrder.AscendingOrder)
    model.show_cases(many(9))
    assert [cell(model, row, Column.COMPLAINT) for row in range(0, 9, 3)] == ["Ankle", "chest pain", "Cough"]
    assert references(model)[:3] == ["R0002", "R0005", "R0008"]


def test_sorting_keeps_the_case_that_is_chosen(view: HistoryView) -> None:
    view.show_cases(many(50), "")
    view.table.selectRow(7)
    view.table.sortByColumn(Column.REFERENCE, Qt.SortOrder.DescendingOrder)
    opened = QSignalSpy(view.open_requested)
    view.open_button.click()
    assert opened.at(0) == ["case-7"]


def test_hostile_text_is_text_in_cells_and_tooltips() -> None:
    model = CaseModel()
    model.show_cases((replace(CASE, reference=HOSTILE, complaint=HOSTILE, diagnosis=HOSTILE, created="<i>"),))
    for column in (Column.REFERENCE, Column.COMPLAINT, Column.DIAGNOSIS):
        shown = str(cell(model, 0, column))
        assert shown.startswith("<b>bold</b> <img")
        assert not set(shown) & set("\n\u202e\x07")
        tip = str(cell(model, 0, column, Qt.ItemDataRole.ToolTipRole))
        assert "<b>" not in tip
        assert "<img" not in tip
    assert cell(model, 0, Column.SEEN) == "<i>"
    assert "<i>" not in str(cell(model, 0, Column.SEEN, Qt.ItemDataRole.ToolTipRole))


def test_enter_opens_delete_asks_to_erase_and_nothing_else_happens(view: HistoryView) -> None:
    view.show_cases(many(3), "")
    opened, erased = QSignalSpy(view.open_requested), QSignalSpy(view.erase_requested)
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_Down)
    QTest.keyClick(view.table, Qt.Key.Key_Return)
    QTest.keyClick(view.table, Qt.Key.Key_Enter)
    QTest.keyClick(view.table, Qt.Key.Key_Delete)
    assert [opened.at(n) for n in range(opened.count())] == [["case-1"], ["case-1"]]
    assert [erased.at(n) for n in range(erased.count())] == [["case-1"]]
    assert view.model.rowCount() == 3


def test_a_double_click_opens(view: HistoryView, qtbot: QtBot) -> None:
    view.show_cases(many(3), "")
    where = view.table.visualRect(view.model.index(2, Column.COMPLAINT)).center()
    with qtbot.waitSignal(view.open_requested, timeout=1000) as opened:
        QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
        QTest.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert opened.args == ["case-2"]


def test_every_change_of_the_search_line_is_passed_on(view: HistoryView) -> None:
    asked = QSignalSpy(view.search_requested)
    QTest.keyClicks(view.search, "co")
    QTest.keyClick(view.search, Qt.Key.Key_Escape)
    assert [asked.at(n) for n in range(asked.count())] == [["c"], ["co"], [""]]


def test_ctrl_f_and_the_arrow_down_lead_to_the_search_and_back(view: HistoryView, qtbot: QtBot) -> None:
    view.show_cases(many(5), "")
    view.activateWindow()
    view.table.setFocus()
    qtbot.waitUntil(view.table.hasFocus)
    QTest.keyClick(view.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.search.hasFocus()
    QTest.keyClick(view.search, Qt.Key.Key_Down)
    assert view.table.hasFocus()


def test_tab_leads_through_everything_and_out_of_the_table(view: HistoryView, qtbot: QtBot) -> None:
    view.show_cases(tuple(replace(case, status=ReviewStatus.FINAL) for case in many(3)), "")
    view.activateWindow()
    view.search.setFocus()
    qtbot.waitUntil(view.search.hasFocus)
    seen: list[QWidget] = []
    for _ in range(6):
        seen.append(focused())
        QTest.keyClick(seen[-1], Qt.Key.Key_Tab)
    buttons = [view.open_button, view.export_button, view.erase_button, view.new_button]
    assert seen == [view.search, view.table, *buttons]


def test_what_is_focusable_has_a_name_for_screen_readers(view: HistoryView) -> None:
    view.show_cases(many(3), "")
    for widget in view.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.objectName().startswith("qt_"):
            interface = QAccessible.queryAccessibleInterface(widget)
            assert interface.text(QAccessible.Text.Name), widget


def test_the_buttons_wait_for_a_case_and_the_pdf_for_a_draft(view: HistoryView) -> None:
    buttons = (view.open_button, view.export_button, view.erase_button)
    assert [button.isEnabled() for button in buttons] == [False, False, False]
    view.show_cases((replace(CASE, status=None),), "")
    assert [button.isEnabled() for button in buttons] == [True, False, True]
    assert "Assess" in view.export_button.toolTip()
    view.show_cases((CASE,), "")
    exported, erased = QSignalSpy(view.export_requested), QSignalSpy(view.erase_requested)
    view.export_button.click()
    view.erase_button.click()
    assert exported.at(0) == ["first"]
    assert erased.at(0) == ["first"]


def test_a_new_patient_can_be_asked_for_with_and_without_cases(view: HistoryView) -> None:
    asked = QSignalSpy(view.new_requested)
    assert view.start_button.isVisible()
    view.start_button.click()
    view.show_cases((CASE,), "")
    view.new_button.click()
    assert asked.count() == 2


def test_an_empty_history_says_how_it_fills(view: HistoryView) -> None:
    view.show_cases((), "")
    assert view.message == "No cases yet. A case appears here once it is assessed."
    assert not view.all_button.isVisible()


def test_a_search_without_a_hit_names_the_words_and_leads_back(view: HistoryView) -> None:
    view.search.setText("x")
    view.show_cases((), "x")
    assert view.message == "No case matches 'x'."
    asked = QSignalSpy(view.search_requested)
    view.all_button.click()
    assert asked.at(0) == [""]
    assert view.search.hasFocus()
    view.show_cases((), HOSTILE * 20)
    assert len(view.message) < 80
    assert "\n" not in view.message


@pytest.mark.parametrize(
    ("count", "more", "words"),
    [(0, False, "No case"), (1, False, "1 case"), (2, False, "2 cases"), (200, True, "The newest 200 cases.")],
)
def test_the_count_is_in_words(view: HistoryView, count: int, more: bool, words: str) -> None:
    view.show_cases(many(count), "", more=more)
    assert view.count.startswith(words)


def test_a_search_keeps_the_chosen_case_while_it_is_found(view: HistoryView) -> None:
    view.show_cases(many(20), "")
    view.table.selectRow(5)
    view.show_cases(many(9), "cough")
    assert view.table.currentIndex().row() == 5
    view.show_cases(many(2), "coughs")
    assert view.table.currentIndex().row() == 0


def test_the_last_case_gone_takes_the_focus_to_the_search(view: HistoryView, qtbot: QtBot) -> None:
    view.show_cases(many(1), "")
    view.activateWindow()
    view.table.setFocus()
    qtbot.waitUntil(view.table.hasFocus)
    view.show_cases((), "")
    assert view.search.hasFocus()


def test_locking_leaves_nothing_of_a_patient(view: HistoryView) -> None:
    view.show_cases((CASE,), "")
    QTest.keyClicks(view.search, "pneumonia")
    asked = QSignalSpy(view.search_requested)
    view.clear()
    view.search.undo()
    assert view.search.text() == ""
    assert view.model.rowCount() == 0
    assert asked.count() == 0


def test_a_cell_is_not_copied_out_of_the_encrypted_history(view: HistoryView) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("before")
    view.show_cases((CASE,), "")
    view.table.setCurrentIndex(view.model.index(0, Column.COMPLAINT))
    QTest.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "before"


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_short_columns_show_everything_at_1366_by_768(view: HistoryView, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    view.resize(1150, 700)
    view.show_cases(
        tuple(replace(CASE, id=str(n), complaint=HOSTILE * 9, urgency=Urgency.EMERGENCY) for n in (1, 2)), ""
    )
    QApplication.processEvents()
    for column in (Column.SEEN, Column.PATIENT, Column.URGENCY, Column.STATUS):
        hint = view.table.sizeHintForColumn(column)
        assert hint <= view.table.columnWidth(column), column
    if scale == 1.0:
        assert not view.table.horizontalScrollBar().isVisible()
        assert view.table.columnWidth(Column.COMPLAINT) > 150


def test_with_larger_text_complaint_and_diagnosis_grow_too(view: HistoryView, qapp: QApplication) -> None:
    view.resize(1050, 700)
    view.show_cases((CASE,), "")
    apply_theme(qapp, "light", 2.0)
    try:
        QApplication.processEvents()
        least = view.table.horizontalHeader().minimumSectionSize()
        assert view.table.columnWidth(Column.COMPLAINT) >= least
        assert view.table.columnWidth(Column.DIAGNOSIS) >= least
    finally:
        apply_theme(qapp, "light", 1.0)


def test_two_thousand_cases_are_shown_and_sorted_in_a_moment(view: HistoryView) -> None:
    cases = many(2000)
    start = time.perf_counter()
    view.show_cases(cases, "")
    QApplication.processEvents()
    view.table.sortByColumn(Column.COMPLAINT, Qt.SortOrder.AscendingOrder)
    QApplication.processEvents()
    assert time.perf_counter() - start < 1.0
    assert view.count == "2000 cases"
