"""Rows of the draft view's lists: only what differs changes, headings are passed over, text stays text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.item_models import Look, Row, RowKind, RowsModel, shown_text
from medrag_desktop.gui.plain_text import breakable, character_offset, readable, tooltip, utf16_offset
from tests.gui.drafts import HOSTILE

Role = Qt.ItemDataRole


def rows(*texts: str) -> list[Row]:
    return [Row(RowKind.TEXT, text, editable=text, payload=text) for text in texts]


def shown(model: RowsModel) -> list[object]:
    return [model.index(n).data() for n in range(model.rowCount())]


def test_every_change_keeps_the_model_sound(qtbot: QtBot) -> None:
    model = RowsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for texts in ("", "abc", "abxc", "axc", "axcq", "q", "", "zyx", "zyw"):
        model.set_rows(rows(*texts))
        assert shown(model) == list(texts)
    assert tester.model() is model


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_a_persistent_index_stays_on_its_row_when_others_change(old: list[str], new: list[str]) -> None:
    model = RowsModel()
    model.set_rows([*rows("first"), *rows(*old), *rows("last")])
    kept = [model.index(0), model.index(model.rowCount() - 1)]
    held = [QPersistentModelIndex(index) for index in kept]
    model.set_rows([*rows("first"), *rows(*new), *rows("last")])
    assert [index.data() for index in held] == ["first", "last"]
    assert shown(model) == ["first", *new, "last"]


def test_only_the_rows_that_differ_are_announced(qtbot: QtBot) -> None:
    model = RowsModel()
    model.set_rows(rows("a", "b", "c"))
    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.rowsRemoved):
        model.set_rows([*rows("a"), Row(RowKind.TEXT, "B", editable="B", payload="b"), *rows("c")])
    assert (changed.args[0].row(), changed.args[1].row()) == (1, 1)
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.waitSignal(model.rowsRemoved) as removed:
        model.set_rows(rows("a", "c"))
    assert removed.args[1:] == [1, 1]


def test_a_row_in_other_words_stays_where_it_is_while_rows_come_below_it(qtbot: QtBot) -> None:
    model = RowsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows([Row(RowKind.ACTION, "show", payload="why")])
    held = QPersistentModelIndex(model.index(0))
    model.set_rows([Row(RowKind.ACTION, "hide", payload="why"), Row(RowKind.NOTE, "because")])
    assert held.data() == "hide"
    assert tester.model() is model


def test_headings_cannot_be_chosen_and_notes_cannot_be_edited() -> None:
    model = RowsModel()
    model.set_rows([Row(RowKind.HEADING, "Assessment"), Row(RowKind.NOTE, "why"), *rows("a")])
    flags = [model.flags(model.index(n)) for n in range(3)]
    assert flags[0] == Qt.ItemFlag.NoItemFlags
    assert flags[1] & Qt.ItemFlag.ItemIsSelectable
    assert not flags[1] & Qt.ItemFlag.ItemIsEditable
    assert flags[2] & Qt.ItemFlag.ItemIsEditable
    assert model.flags(QModelIndex()) == Qt.ItemFlag.NoItemFlags


def test_new_words_are_passed_on_as_one_line_and_unchanged_ones_are_not(qtbot: QtBot) -> None:
    model = RowsModel()
    model.set_rows(rows("a"))
    with qtbot.waitSignal(model.edited) as edited:
        assert model.setData(model.index(0), " two\nlines ")
    assert edited.args == ["a", "two lines"]
    with qtbot.assertNotEmitted(model.edited):
        model.setData(model.index(0), "a ")
    assert not model.setData(QModelIndex(), "x")
    assert shown(model) == ["a"]


def test_a_screen_reader_hears_text_side_and_tag() -> None:
    model = RowsModel()
    model.set_rows([Row(RowKind.CANDIDATE, "1. Measles", side="likely", tag="must not be missed"), *rows("a")])
    assert model.data(model.index(0), Role.AccessibleTextRole) == "1. Measles. likely. must not be missed"


def test_hostile_text_stays_text_everywhere() -> None:
    model = RowsModel()
    model.set_rows([Row(RowKind.TEXT, HOSTILE, tag=HOSTILE, tip=HOSTILE)])
    index = model.index(0)
    told = [index.data(), model.data(index, Role.AccessibleTextRole)]
    assert all("<script>alert(1)</script>" in str(text) and "\u202e" not in str(text) for text in told)
    tip = str(model.data(index, Role.ToolTipRole))
    assert "&lt;script&gt;" in tip
    assert "<img" not in tip
    assert "&amp;lt;b" in tip


def test_citations_follow_the_text_and_can_be_found_in_it() -> None:
    text, stretches = shown_text(Row(RowKind.TEXT, "مرض الحصبة", citations=(1, 12)))
    assert [(text[s.start : s.end], s.number) for s in stretches if s.look is Look.CITATION] == [
        ("[1]", 1),
        ("[12]", 12),
    ]
    assert text.count("\u2066") == text.count("\u2069") == 2


@given(st.text())
def test_readable_text_is_as_long_and_has_no_control_characters(text: str) -> None:
    told = readable(text)
    assert len(told) == len(text)
    assert not set(told) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\r\t\0")
    assert breakable(text).replace("\u200b", "") == told.replace("\u200b", "")


@given(st.text(), st.integers(0, 60))
def test_offsets_survive_the_way_to_qt_and_back(text: str, offset: int) -> None:
    text, offset = readable(text), min(offset, len(text))
    assert character_offset(text, utf16_offset(text, offset)) == offset
    assert utf16_offset(text, offset) == len(text[:offset].encode("utf-16-le")) // 2


def test_a_long_word_can_break_and_a_medical_one_does_not() -> None:
    assert "\u200b" in breakable("W" * 5000)
    assert breakable("thrombocytopenia") == "thrombocytopenia"
    assert tooltip("") == ""
