"""The ranking: every reason of a condition, what was not asked, and the way to its passages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medrag_desktop.gui.differential_panel import DifferentialPanel
from medrag_desktop.gui.item_models import RowKind
from medrag_desktop.gui.wording import percent, weight_words
from tests.gui.drafts import CANDIDATES, CATALOGUE, PASSAGES


@pytest.fixture
def panel(qtbot: QtBot) -> DifferentialPanel:
    panel = DifferentialPanel()
    qtbot.addWidget(panel)
    panel.resize(330, 560)
    panel.show_candidates(CANDIDATES, False, CATALOGUE, PASSAGES)
    panel.show()
    return panel


def texts(panel: DifferentialPanel) -> list[tuple[str, str]]:
    return [(row.text, row.tag) for row in panel.reasons.rows.rows]


def test_each_condition_has_its_rank_its_band_in_words_and_its_mark(panel: DifferentialPanel) -> None:
    first, second = panel.candidates.rows.rows
    assert (first.text, first.side, first.share) == ("1. Measles", "likely, 87%", 0.87)
    assert "Must not be missed" in first.tag
    assert (second.side, second.tag) == ("unlikely, < 1%", "")


def test_for_against_and_not_assessed_are_told_apart(panel: DifferentialPanel) -> None:
    assert texts(panel) == [
        ("For", ""),
        ("rash", "very strong: odds 18 times higher"),
        ("fever", "weak: odds 1.3 times higher"),
        ("Against", ""),
        ("age outside the range", "moderate: odds 2.3 times lower"),
        ("Not assessed", ""),
        ("Is there white spots in the mouth?", "white spots in the mouth"),
        ("Read about it", ""),
        ("Measles: Section 1", ""),
        ("Measles: Section 2", ""),
    ]
    assert "+4.20 bits" in panel.reasons.rows.rows[1].tip


def test_a_condition_without_reasons_says_so(panel: DifferentialPanel) -> None:
    panel.candidates.setFocus()
    QTest.keyClick(panel.candidates, Qt.Key.Key_Down)
    assert ("Nothing recorded speaks for it.", "") in texts(panel)
    assert ("Nothing recorded speaks against it.", "") in texts(panel)


def test_a_passage_is_one_key_away(panel: DifferentialPanel, qtbot: QtBot) -> None:
    panel.reasons.setFocus()
    panel.reasons.setCurrentIndex(panel.reasons.rows.index(len(texts(panel)) - 1))
    with qtbot.waitSignal(panel.passage_requested) as asked:
        QTest.keyClick(panel.reasons, Qt.Key.Key_Return)
    assert asked.args == [2]


def test_the_chosen_condition_stays_chosen_when_the_draft_arrives(panel: DifferentialPanel) -> None:
    panel.candidates.setCurrentIndex(panel.candidates.rows.index(1))
    panel.show_candidates((CANDIDATES[0], replace(CANDIDATES[1], citations=(3,))), False, CATALOGUE, PASSAGES)
    assert panel.candidates.currentIndex().row() == 1
    assert ("Pneumonia: Section 3", "") in texts(panel)


def test_a_condition_becomes_the_diagnosis_by_its_button(panel: DifferentialPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.diagnosis_chosen) as chosen:
        panel.use_button.click()
    assert chosen.args == ["Measles"]


def test_what_the_library_does_not_explain_is_said_and_an_empty_ranking_is_no_riddle(panel: DifferentialPanel) -> None:
    panel.show_candidates((), True, CATALOGUE)
    assert "Think beyond this list" in panel.findChildren(type(panel._outside))[0].text
    assert panel._heading.text() == "No condition to show"
    assert panel.reasons.rows.rowCount() == 0
    panel.clear()
    assert panel._outside.text == ""


def test_an_unknown_finding_is_shown_by_its_id(panel: DifferentialPanel) -> None:
    odd = replace(CANDIDATES[0], not_assessed=("gone.from_library",), citations=(99,))
    panel.show_candidates((odd,), False, CATALOGUE, PASSAGES)
    rows = panel.reasons.rows.rows
    assert any(row.text == "gone.from_library" for row in rows)
    assert not any(row.kind is RowKind.ACTION for row in rows)


@pytest.mark.parametrize(
    ("probability", "words"), [(0.0, "< 1%"), (0.0099, "< 1%"), (0.5, "50%"), (0.991, "> 99%"), (1.0, "> 99%")]
)
def test_no_probability_is_certain(probability: float, words: str) -> None:
    assert percent(probability) == words


def test_weights_are_told_in_words() -> None:
    assert weight_words(-3.5).startswith("very strong: odds 11 times lower")
    assert weight_words(1.6).startswith("strong")
