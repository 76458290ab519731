from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Presence
from medrag_desktop.domain.triage import DangerRule
from medrag_desktop.errors import InputError
from medrag_desktop.services.evaluate_extraction import MarkedText, evaluate_extraction, read_marked_text
from medrag_desktop.tasks import Task
from tests.small_library import VOCABULARY, ranker


def text(written: str, *marked: str) -> MarkedText:
    """Mark `+finding` as present and `-finding` as absent."""
    presence = {"+": "present", "-": "absent"}
    findings = [{"finding": mark[1:], "presence": presence[mark[0]]} for mark in marked]
    return read_marked_text({"text": written, "findings": findings}, 1, (), VOCABULARY)


def measured(*texts: MarkedText) -> tuple[float, float, float]:
    result = evaluate_extraction(texts, ranker(), task=Task())
    return result.precision, result.recall, result.negation_accuracy


def test_what_is_read_as_marked_is_right() -> None:
    assert measured(text("fever, no cough", "+fever", "-cough")) == (1, 1, 1)


def test_what_is_missed_costs_recall_and_what_is_not_there_costs_precision() -> None:
    result = evaluate_extraction([text("fever", "+rash", "+fever"), text("cough")], ranker(), task=Task())
    assert (result.marked, result.found, result.stated, result.right) == (2, 1, 2, 1)
    assert [(m.finding, m.kind) for m in result.misread] == [("rash", "missed"), ("cough", "wrong")]
    assert result.f1 == pytest.approx(0.5)


def test_the_other_presence_is_an_error_of_negation() -> None:
    assert measured(text("no fever", "+fever"))[2] == 0
    assert measured(text("no fever but cough", "+fever", "+cough"))[2] == 0.5


def test_a_broader_finding_is_no_error_but_the_narrow_one_is_missed() -> None:
    assert measured(text("fever", "+fever.high"))[:2] == (1, 0)


def test_danger_signs_of_what_was_marked_are_looked_for_in_the_text() -> None:
    rule = DangerRule("fever_with_rash", "Fever and rash.", Urgency.URGENT, "WHO", all_of=("fever", "rash"))
    small = ranker()
    alarming = replace(small, catalogue=replace(small.catalogue, danger_rules=(rule,)))
    texts = (text("fever, rash", "+fever", "+rash"), text("fever", "+fever", "+rash"), text("rash, fever", "+rash"))
    result = evaluate_extraction(texts, alarming, task=Task())
    assert (result.danger_signs, result.danger_signs_found) == (2, 1)


def test_nothing_marked_and_nothing_read_gives_no_share() -> None:
    assert measured() == (0, 0, 0)


def test_a_row_names_one_of_the_stems() -> None:
    row = {"row": 1, "age_years": 3, "sex": "female", "findings": [{"finding": "fever", "presence": "absent"}]}
    marked = read_marked_text(row, 1, ("cough", "no fever"), VOCABULARY)
    assert marked.encounter.history == "no fever"
    assert marked.encounter.patient.age_years == 3
    assert marked.findings == {"fever": Presence.ABSENT}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"findings": []}, "row"),
        ({"row": 9, "findings": []}, "IndexError"),
        ({"text": "x"}, "findings"),
        ({"text": "x", "findings": [{"finding": "fever", "presence": "maybe"}]}, "maybe"),
        ({"text": "x", "findings": [{"finding": "blue_hair", "presence": "present"}]}, "blue_hair"),
        ({"text": "x", "findings": [], "sex": "none"}, "none"),
        ({"text": "x", "findings": [], "extra": 1}, "extra"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(row: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=f"line 7.*{named}"):
        read_marked_text(row, 7, ("one",), VOCABULARY)
