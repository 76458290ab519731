"""The two pages of the patient at hand: what has to be mended is told, and the cursor is where it is mended."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.pages import PatientPage


@pytest.fixture
def page(qtbot: QtBot) -> PatientPage:
    page = PatientPage()
    qtbot.addWidget(page)
    page.resize(1150, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


def test_a_form_without_mistakes_is_assessed(page: PatientPage) -> None:
    asked = QSignalSpy(page.assess_requested)
    page.form.story.history.insertPlainText("Fever")
    page.assess_button.click()
    assert (asked.count(), page.problems.text) == (1, "")


def test_a_mistake_is_told_and_the_cursor_goes_there(page: PatientPage) -> None:
    asked = QSignalSpy(page.assess_requested)
    page.form.story.history.insertPlainText("Fever")
    QTest.keyClicks(page.form.vital_signs.numbers["spo2_percent"], "970")
    page.assess_button.click()
    assert asked.count() == 0
    assert page.problems.text.startswith("SpO2 970: ")
    assert page.form.vital_signs.numbers["spo2_percent"].hasFocus()
    QTest.keyClick(page.form.vital_signs.numbers["spo2_percent"], Qt.Key.Key_Backspace)
    assert page.problems.text == ""


def test_many_mistakes_leave_the_form_in_view(page: PatientPage) -> None:
    for field in page.form.vital_signs.numbers.values():
        field.setText("x")
    page.ask()
    lines = page.problems.text.split("\n")
    assert len(lines) == 4
    assert lines[-1] == f"... and {len(page.form.problems()) - 3} more"


def test_a_signed_case_can_be_read_only(page: PatientPage) -> None:
    asked = QSignalSpy(page.assess_requested)
    page.form.story.history.insertPlainText("Fever")
    page.set_signed(True)
    page.ask()
    assert asked.count() == 0
    assert not page.form.isEnabled()
