"""Any text on paper: nothing lost, nothing turned around, nothing beyond the margin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.paper_text import SHORTENED, PaperText

PAPER = PaperText(Path(__file__).resolve().parents[2] / "assets" / "report" / "fonts")
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("sign", TURNS)
def test_a_sign_that_turns_the_line_around_is_named(sign: str) -> None:
    assert PAPER.show(f"5{sign}01 gm") == f"5[U+{ord(sign):04X}]01 gm"


@given(st.text())
def test_what_is_shown_holds_no_sign_that_does_something(text: str) -> None:
    shown = PAPER.show(text)
    assert not set(shown) & {*TURNS, "\n", "\r", "\u2028", "\u2029", "\x00"}
    assert PAPER.show(shown) == shown
    assert all(len(part) < 25 for word in shown.split() for part in word.split("\u200b"))


def test_arabic_and_hindi_are_shown_as_they_are() -> None:
    for text in ("\u062d\u0645\u0649", "\u092c\u0941\u0916\u093e\u0930", "fi\u00e8vre 38 \u00b0C"):
        assert PAPER.show(text) == text


def test_marks_do_not_pile_up_over_the_lines_beside() -> None:
    assert PAPER.show("e" + "\u0301" * 5) == "e" + "\u0301" * 3 + "[U+0301][U+0301]"


def test_a_long_word_may_be_broken_and_loses_nothing() -> None:
    word = "W" * 100
    assert PAPER.show(word) != word
    assert PAPER.show(word).replace("\u200b", "") == word
    assert PAPER.show("pneumonoultramicroscopic") == "pneumonoultramicroscopic"


def test_lines_stay_as_written_and_too_many_are_cut_with_a_remark() -> None:
    assert PAPER.lines("one\ntwo\r\n\nthree\n", 9) == ["one", "two", "", "three"]
    assert PAPER.lines("one\ntwo\nthree", 2) == ["one", "two", SHORTENED]
    assert PAPER.lines(" \n ", 3) == []
    long = PAPER.lines("word " * 1000, 3)
    assert long[-1] == SHORTENED
    assert 200 < len(long[0]) <= 315
    assert PAPER.lines("\n".join("abc"), 3) == ["a", "b", "c"]


@given(st.text(max_size=3000), st.integers(1, 5))
def test_no_text_takes_more_room_than_it_may(text: str, most: int) -> None:
    lines = PAPER.lines(text, most)
    rows = sum(max(1, -(-len(line) // 105)) for line in lines if line != SHORTENED)
    assert rows <= most


def test_code_points_count_when_a_text_is_shortened() -> None:
    short = PAPER.short("\u4e2d" * 60, 60)
    assert len(short) <= 60
    assert short.endswith("\u2026")
    assert PAPER.short(" a \n b ", 60) == "a b"
