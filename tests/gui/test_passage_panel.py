"""The passage beside its sentence: supporting and copied words marked, with words that say what each mark means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QTextCharFormat
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.draft import CitedPassage, Statement, StatementOrigin
from medrag_desktop.gui.basis import Basis, PassageBasis, Span, basis_of, word_at
from medrag_desktop.gui.passage_panel import PassagePanel
from medrag_desktop.gui.theme import DARK, LIGHT, apply_theme
from tests.gui.drafts import BRIEF, CATALOGUE, HOSTILE, PASSAGES, QUOTED, SECTIONS, WRITTEN, make_draft, passage

Underline = QTextCharFormat.UnderlineStyle
WRITTEN_BASIS = basis_of(SECTIONS[1].statements[0], make_draft(), CATALOGUE.vocabulary)


@pytest.fixture
def panel(qtbot: QtBot) -> PassagePanel:
    panel = PassagePanel()
    qtbot.addWidget(panel)
    panel.resize(360, 560)
    panel.show()
    return panel


def marks(panel: PassagePanel, colour: str = "", underline: Underline = Underline.NoUnderline) -> list[str]:
    """Return the marked words: those on a background colour, or with an underline."""
    return [
        selection.cursor.selectedText()
        for selection in panel.text.extraSelections()
        if (colour and selection.format.background().color().name() == colour)
        or (not colour and selection.format.underlineStyle() == underline)
    ]


def test_supporting_and_copied_words_are_marked_in_the_passage(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    supported = "Measles is a viral illness with fever and a red rash."
    assert marks(panel, LIGHT.highlight) == [supported]
    assert marks(panel, underline=Underline.SingleUnderline) == [supported]
    assert "Highlighted" in panel._legend.text()
    assert "Underlined" in panel._legend.text()
    assert supported in panel.text.accessibleDescription()


def test_a_quoted_sentence_has_no_copy_marks(panel: PassagePanel) -> None:
    panel.show_basis(basis_of(SECTIONS[2].statements[0], make_draft(), CATALOGUE.vocabulary), CATALOGUE)
    assert marks(panel, LIGHT.highlight) == [QUOTED]
    assert marks(panel, underline=Underline.SingleUnderline) == []
    assert "Underlined" not in panel._legend.text()


def test_title_source_year_and_review_state_are_said(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    assert panel._title.text() == "Measles: Section 1"
    assert panel._state.text().startswith("Not reviewed by a clinician · 2026 · ")
    assert panel.text.toPlainText() == f"{BRIEF}\n\nSource: Clinical library (after Nobody, Guide)"


def test_how_the_search_came_to_a_passage_is_said(panel: PassagePanel) -> None:
    found = replace(PASSAGES[0], cosine=0.714, dense_rank=2, lexical_rank=5)
    panel.show_passage(found, CATALOGUE, "")
    assert panel._state.text().endswith("Found by its words (place 5) and meaning (place 2, 0.71)")
    panel.show_passage(replace(found, lexical_rank=None), CATALOGUE, "")
    assert panel._state.text().endswith("Found by its meaning (place 2, 0.71)")
    panel.show_passage(replace(found, lexical_rank=None, dense_rank=None), CATALOGUE, "")
    assert panel._state.text().endswith("Part of this condition's monograph")


def test_an_imported_passage_and_a_reviewed_one_say_so(panel: PassagePanel) -> None:
    panel.show_passage(passage(4, "Text.", "", url="https://example.org/a"), CATALOGUE, "")
    assert panel._state.text().startswith("Imported text")
    assert panel.text.toPlainText().endswith("https://example.org/a")
    reviewed = replace(CATALOGUE.conditions[0], reviewed_by="Dr B", review_date="2026-02-01")
    panel.show_passage(PASSAGES[0], replace(CATALOGUE, conditions=(reviewed,)), "")
    assert panel._state.text().startswith("Reviewed by Dr B, 2026-02-01")


def test_passages_turn_round_and_one_that_does_not_hold_the_words_marks_none(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    panel.turn(1)
    assert panel.number == 3
    assert marks(panel, LIGHT.highlight) == []
    assert not panel._legend.isVisible()
    assert "do not stand in this passage" in panel.note
    panel.turn(1)
    assert panel.number == 1
    assert panel.show_number(3)
    assert not panel.show_number(2)


def test_a_word_shows_where_it_was_copied_from(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    panel.turn(1)
    panel.show_word("viral", word_at(WRITTEN_BASIS.words, WRITTEN.index("viral")), quoted=False)
    assert panel.number == 1
    assert marks(panel, underline=Underline.WaveUnderline) == ["viral"]
    assert marks(panel, LIGHT.highlight_other) == ["viral"]
    assert marks(panel, underline=Underline.SingleUnderline) == [
        "Measles is a ", " illness with fever and a red rash.",
    ]  # fmt: skip
    assert "copied from passage [1]" in panel.note


def test_words_of_the_patient_and_linking_words_are_told_apart(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    panel.show_word("fever", word_at(WRITTEN_BASIS.words, WRITTEN.index("fever")), quoted=False)
    assert "entered for this patient" in panel.note
    panel.show_word("has", None, quoted=False)
    assert "linking words" in panel.note


def test_what_the_sentence_says_of_the_patient_is_listed_with_its_origin(panel: PassagePanel) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    heading, fever = panel.findings.rows.rows
    assert heading.text == "From this patient"
    assert (fever.text, fever.tag) == ("fever: present", "read from the history: “hot body”")


def test_a_restating_sentence_has_no_passage(panel: PassagePanel) -> None:
    statement = Statement("Present: fever, rash.", (), 1.0, StatementOrigin.EXTRACTED)
    panel.show_basis(basis_of(statement, make_draft(), CATALOGUE.vocabulary), CATALOGUE)
    assert panel.text.isHidden()
    assert panel.number == 0
    assert "restates" in panel.note
    assert [row.tag for row in panel.findings.rows.rows] == [
        "",
        "read from the history: “hot body”",
        "entered in the form",
    ]


def test_marks_stand_right_after_characters_that_qt_counts_twice(panel: PassagePanel) -> None:
    cited = passage(1, "😀😀 Rest helps. 𝒳 Drink.")
    basis = Basis((PassageBasis(cited, (Span(3, 14),), (Span(17, 23),)),))
    panel.show_basis(basis, CATALOGUE)
    assert marks(panel, LIGHT.highlight) == ["Rest helps."]
    assert marks(panel, underline=Underline.SingleUnderline) == ["Drink."]


def test_hostile_passages_are_shown_as_text(panel: PassagePanel) -> None:
    cited = CitedPassage(1, replace(PASSAGES[0].passage, text=HOSTILE, title=HOSTILE, source=HOSTILE, url=HOSTILE), 1.0)
    panel.show_basis(Basis((PassageBasis(cited, (Span(0, len(HOSTILE)),), ()),)), CATALOGUE)
    shown = panel.text.toPlainText()
    assert shown.startswith("<script>alert(1)</script> <img src=x> &lt;b&gt; \ufffdevil\ufffd ")
    assert panel._title.text().startswith("<script>")
    assert panel.minimumSizeHint().width() < 360
    panel.show_word("<img src=x>", None, quoted=True)
    assert "<img src=x>" in panel.note
    assert not panel.grab().isNull()


def test_marks_follow_the_theme(panel: PassagePanel, qapp: QApplication) -> None:
    panel.show_basis(WRITTEN_BASIS, CATALOGUE)
    try:
        apply_theme(qapp, "dark")
        assert len(marks(panel, DARK.highlight)) == 1
    finally:
        apply_theme(qapp, "light")
