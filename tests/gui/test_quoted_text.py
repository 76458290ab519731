from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.quoted_text import ListField, Quote, QuotedTextEdit, split_items


def test_a_line_pastes_without_its_line_ends(qtbot: QtBot) -> None:
    edit = QuotedTextEdit("Complaint")
    qtbot.addWidget(edit)
    data = QMimeData()
    data.setText("two\nlines")
    edit.insertFromMimeData(data)
    assert edit.text() == "two lines"


def test_typing_can_be_undone_in_the_text(qtbot: QtBot) -> None:
    edit = QuotedTextEdit("History", 3)
    qtbot.addWidget(edit)
    QTest.keyClicks(edit, "fever")
    edit.show_quotes((Quote("fever", 0, 5),))
    edit.undo()
    assert edit.text() == ""


def test_what_is_no_character_keeps_its_place(qtbot: QtBot) -> None:
    edit = QuotedTextEdit("History", 3)
    qtbot.addWidget(edit)
    edit.insertPlainText("a\x00b fever")
    assert edit.text() == "a\N{REPLACEMENT CHARACTER}b fever"
    edit.show_quotes((Quote("fever", 4, 9),))
    assert edit.underlined == (("fever", False),)


@pytest.mark.parametrize(
    ("typed", "items"),
    [
        ("aspirin, metformin 2,5 mg", ("aspirin", "metformin 2,5 mg")),
        ("aspirin;iron\n\n zinc ,", ("aspirin", "iron", "zinc")),
        (" , ; \n", ()),
    ],
)
def test_lists_are_split_as_they_are_written(typed: str, items: tuple[str, ...]) -> None:
    assert split_items(typed) == items


def test_an_entry_with_a_comma_stays_whole_while_others_are_edited(qtbot: QtBot) -> None:
    field = ListField("Medicines")
    qtbot.addWidget(field)
    field.set_items(("iron, with folic acid", "zinc"))
    field.moveCursor(field.textCursor().MoveOperation.End)
    QTest.keyClicks(field, ", aspirin")
    assert field.items() == ("iron, with folic acid", "zinc", "aspirin")


def test_a_text_grows_with_its_lines_up_to_a_limit(qtbot: QtBot) -> None:
    edit = QuotedTextEdit("History", 2, 4)
    qtbot.addWidget(edit)
    edit.show()
    heights = []
    for lines in (1, 2, 3, 4, 40):
        edit.set_text("x\n" * (lines - 1) + "x")
        heights.append(edit.height())
    assert heights[0] == heights[1] < heights[2] < heights[3] == heights[4]


def test_present_and_absent_are_underlined_in_different_ways(qtbot: QtBot) -> None:
    edit = QuotedTextEdit("History", 2)
    qtbot.addWidget(edit)
    edit.set_text("cough, no fever")
    edit.show_quotes((Quote("cough", 0, 5), Quote("fever", 10, 15, absent=True), Quote("fever", 0, 5)))
    assert edit.underlined == (("cough", False), ("fever", True))
    assert not edit.document().isModified()


@pytest.mark.parametrize("lines", [1, 5])
def test_letters_of_a_higher_font_are_not_cut(qtbot: QtBot, lines: int) -> None:
    field = QuotedTextEdit("History", lines, 12 if lines > 1 else 1)
    qtbot.addWidget(field)
    field.resize(500, 100)
    field.show()
    arabic, devanagari = "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u0939\u093f\u0928\u094d\u0926\u0940"
    field.set_text("\n".join([f"fever {arabic} {devanagari}"] * lines))
    qtbot.wait(0)
    last = field.textCursor()
    last.movePosition(last.MoveOperation.End)
    field.setTextCursor(last)
    assert field.viewport().rect().bottom() >= field.cursorRect(last).bottom() - 2
    assert field.verticalScrollBar().maximum() == 0
