"""Lists of wrapped rows: right heights at every width and scale, nothing cut off, the keyboard never trapped."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.item_models import Row, RowKind
from medrag_desktop.gui.row_list import RowList
from tests.gui.drafts import HOSTILE

LONG = "Children with measles and any danger sign should be referred urgently. " * 6


def make_list(qtbot: QtBot, *rows: Row, width: int = 400) -> RowList:
    view = RowList("Rows")
    qtbot.addWidget(view)
    view.resize(width, 300)
    view.rows.set_rows(rows)
    show(qtbot, view)
    return view


def show(qtbot: QtBot, widget: QWidget) -> None:
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()


def height(view: RowList, row: int = 0) -> int:
    view.doItemsLayout()
    return view.visualRect(view.rows.index(row)).height()


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
@pytest.mark.parametrize("text", [LONG, "W" * 5000, HOSTILE, "مرض الحصبة " * 60])
def test_a_row_is_as_high_as_its_text_at_any_width(qtbot: QtBot, text: str, scale: float) -> None:
    view = make_list(qtbot, Row(RowKind.TEXT, text, tag="written", citations=(1, 2)))
    font = QFont(view.font())
    font.setPointSizeF(10.5 * scale)
    view.setFont(font)
    heights = []
    for width in (260, 420, 900):
        view.resize(width, 300)
        heights.append(height(view))
        area = QFontMetrics(font).boundingRect(0, 0, view.viewport().width() - 16, 10**6, _FLAGS, text)
        assert heights[-1] >= area.height() * 0.95
        assert view.visualRect(view.rows.index(0)).width() <= view.viewport().width()
    assert heights == sorted(heights, reverse=True)


_FLAGS = int(Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere)


def test_side_words_go_below_a_name_that_leaves_no_room(qtbot: QtBot) -> None:
    short = Row(RowKind.CANDIDATE, "1. Flu", side="less likely, 3%", share=0.03)
    long = Row(RowKind.CANDIDATE, "1. Streptococcal tonsillitis", side="less likely, 3%", share=0.03)
    view = make_list(qtbot, short, long, width=280)
    assert height(view, 1) > height(view, 0)


def test_up_and_down_pass_over_headings(qtbot: QtBot) -> None:
    heading, text = Row(RowKind.HEADING, "H"), [Row(RowKind.TEXT, t, payload=t) for t in "ab"]
    view = make_list(qtbot, heading, text[0], heading, text[1])
    view.setFocus()
    visited = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
        visited.append(view.currentIndex().data())
        QTest.keyClick(view, key)
    assert [*visited, view.currentIndex().data()] == ["a", "b", "a"]


def test_tab_leaves_the_list_and_its_editor(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    column = QVBoxLayout(box)
    first, second = RowList("First"), RowList("Second")
    for view in (first, second):
        view.rows.set_rows([Row(RowKind.TEXT, "a", editable="a"), Row(RowKind.TEXT, "b", editable="b")])
        column.addWidget(view)
    show(qtbot, box)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    second.edit(second.currentIndex())
    editor = second.focusWidget()
    assert editor is not second
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert not second.delegate.editing
    assert second.hasFocus()


def test_a_click_finds_the_word_and_the_citation_under_it(qtbot: QtBot) -> None:
    view = make_list(qtbot, Row(RowKind.TEXT, "Rest 😀 helps much.", citations=(4, 7)))
    area = view.visualRect(view.rows.index(0))
    metrics = QFontMetrics(view.font())
    middle = area.top() + 6 + metrics.height() // 2
    words: list[str] = []
    numbers: list[int] = []
    text = "Rest 😀 helps much."
    view.delegate.word_clicked.connect(lambda _, at: words.append(text[at:]))
    view.delegate.citation_clicked.connect(lambda _, number: numbers.append(number))
    for before in ("Rest 😀 he", text + " [4] ["):
        at = QPoint(area.left() + 8 + metrics.horizontalAdvance(before) + 2, middle)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert words == ["lps much."]
    assert numbers == [7]


def test_enter_and_a_click_do_what_an_action_row_does(qtbot: QtBot) -> None:
    view = make_list(qtbot, Row(RowKind.TEXT, "a"), Row(RowKind.ACTION, "do", payload="do"))
    done: list[object] = []
    view.done.connect(lambda row: done.append(row.payload))
    view.setCurrentIndex(view.rows.index(1))
    QTest.keyClick(view, Qt.Key.Key_Return)
    for row in (0, 1):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.rows.index(row)).center())
    assert done == ["do", "do"]


def test_the_field_grows_with_what_is_typed_and_leaves_the_hint_in_view(qtbot: QtBot) -> None:
    view = make_list(qtbot, Row(RowKind.TEXT, "short", editable="short"), width=300)
    view.delegate.editing_hint = "Esc keeps the original"
    view.setCurrentIndex(view.rows.index(0))
    view.edit(view.currentIndex())
    editor = view.focusWidget()
    before = height(view)
    QTest.keyClicks(editor, " words" * 20)
    assert height(view) > before + 20
    qtbot.waitUntil(lambda: editor.height() > before)
    assert editor.geometry().bottom() + 10 < view.visualRect(view.rows.index(0)).bottom()
