"""Possible findings on the page of the draft: seen with their words, added or denied, gone when decided."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.case import sign, start_review
from medrag_desktop.domain.encounter import Encounter, Finding, Presence
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.gui.draft_view import DraftView
from medrag_desktop.gui.possible_row import PossibleRow
from tests.gui.drafts import CATALOGUE, make_case, make_draft

TEXT = "skin covered in spots, <b>hot</b> as an oven"
RASH = PossibleFinding("rash", "skin covered in spots", "history", 0, 21, 0.91)
FEVER = PossibleFinding("fever.high", "<b>hot</b> as an oven", "history", 23, 44, 0.9)


@pytest.fixture
def view(qtbot: QtBot) -> DraftView:
    view = DraftView()
    qtbot.addWidget(view)
    view.resize(1150, 640)
    view.show()
    view.activateWindow()
    view.show_case(make_case(make_draft(possible=(RASH, FEVER)), encounter=Encounter(history=TEXT)), CATALOGUE)
    return view


def shown(row: PossibleRow) -> list[str]:
    return [chip.content.label for chip in row.chips.chips] if row.isVisible() else []


def answers(row: PossibleRow) -> list[tuple[str, Presence]]:
    given: list[tuple[str, Presence]] = []
    row.answered.connect(lambda finding, presence: given.append((finding, presence)))
    return given


def test_each_is_shown_with_its_words_as_plain_text_and_said_not_to_be_counted(view: DraftView) -> None:
    assert shown(view.possible) == ["rash: \u201cskin covered in spots\u201d", f"high fever: \u201c{FEVER.quote}\u201d"]
    assert "not counted" in view.possible.note.text()
    for chip in view.possible.chips.chips:
        assert chip.accessibleName().startswith("Perhaps ")
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in chip.findChildren(QLabel))


@pytest.mark.parametrize(
    ("key", "presence"),
    [(Qt.Key.Key_Y, Presence.PRESENT), (Qt.Key.Key_Plus, Presence.PRESENT), (Qt.Key.Key_N, Presence.ABSENT)],
)
def test_one_key_adds_or_denies(view: DraftView, key: Qt.Key, presence: Presence) -> None:
    given = answers(view.possible)
    chip = view.possible.chips.chips[0]
    chip.setFocus()
    QTest.keyClick(chip, key)
    assert given == [("rash", presence)]


def test_what_the_form_has_decided_or_the_text_no_longer_says_is_gone(view: DraftView) -> None:
    view.possible.show_encounter(Encounter(history=TEXT, findings=(Finding("rash", Presence.ABSENT),)))
    assert [chip.content.key for chip in view.possible.chips.chips] == ["fever.high"]
    view.possible.show_encounter(Encounter(history="hot"))
    assert shown(view.possible) == []
    view.possible.show_encounter(Encounter(history=TEXT))
    assert len(shown(view.possible)) == 2


def test_a_signed_case_takes_no_answer(view: DraftView, qapp: QApplication) -> None:
    draft = make_draft(possible=(RASH,))
    review = sign(start_review(draft), "Nurse", "2026-11-22T10:00:00+00:00")
    view.show_case(make_case(draft, encounter=Encounter(history=TEXT), review=review), CATALOGUE)
    view.set_read_only(True)
    given = answers(view.possible)
    (chip,) = view.possible.chips.chips
    assert chip.content.buttons == ()
    QTest.keyClick(chip, Qt.Key.Key_Y)
    assert given == []


def test_a_draft_without_any_shows_no_row(view: DraftView) -> None:
    view.show_case(make_case(), CATALOGUE)
    assert shown(view.possible) == []
    view.clear()
    assert not view.possible.isVisible()


def test_very_long_words_do_not_widen_the_page(view: DraftView) -> None:
    text = "x" * 3000
    long = PossibleFinding("rash", text, "history", 0, 3000, 0.9)
    view.show_case(make_case(make_draft(possible=(long,)), encounter=Encounter(history=text)), CATALOGUE)
    assert view.minimumSizeHint().width() <= 1150
    assert len(shown(view.possible)[0]) < 80
