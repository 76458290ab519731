"""What a sentence rests on: found in its passage and in this patient's findings, or said not to be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.case import edit_statement, start_review
from medrag_desktop.domain.draft import Statement, StatementOrigin
from medrag_desktop.domain.encounter import Finding, Presence
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.gui.basis import Span, basis_of, drafted_statement, locate, merged, word_at
from tests.gui.drafts import BRIEF, QUOTED, SECTIONS, WRITTEN, make_draft
from tests.small_library import VOCABULARY

WRITTEN_STATEMENT = SECTIONS[1].statements[0]


def quote(text: str, span: Span | None) -> str:
    assert span is not None
    return text[span.start : span.end]


def test_the_words_after_the_opening_are_found_in_the_passage() -> None:
    assert quote(BRIEF, locate(WRITTEN, BRIEF)) == "Measles is a viral illness with fever and a red rash."


@pytest.mark.parametrize(
    ("sentence", "passage", "found"),
    [
        ("Rest helps.", "REST\n  helps. Drink.", "REST\n  helps."),
        ("rest helps", "Rest helps", "Rest helps"),
        ("Straße frei.", "Die STRASSE FREI. Ja.", "STRASSE FREI."),
        ("It is 5; rest now.", "Then: it is 5; rest now. More", "it is 5; rest now."),
        ("🙂 rest.", "😀 Then 🙂 rest.", "🙂 rest."),
    ],
)
def test_case_and_white_space_may_differ(sentence: str, passage: str, found: str) -> None:
    assert quote(passage, locate(sentence, passage)) == found


@pytest.mark.parametrize(("sentence", "passage"), [("rest", "arrested"), ("rest", ""), ("", "rest"), (".", "a. b.")])
def test_parts_of_words_and_nothing_are_not_found(sentence: str, passage: str) -> None:
    assert locate(sentence, passage) is None


@given(st.text(max_size=40), st.text(max_size=80))
def test_whatever_is_looked_for_the_place_lies_in_the_passage(sentence: str, passage: str) -> None:
    span = locate(sentence, passage)
    assert span is None or 0 <= span.start < span.end <= len(passage)


def test_a_written_sentence_has_its_words_its_passages_and_its_findings() -> None:
    basis = basis_of(WRITTEN_STATEMENT, make_draft(), VOCABULARY)
    first, second = basis.passages
    assert [quote(BRIEF, span) for span in first.copied] == ["Measles is a viral illness with fever and a red rash."]
    assert first.supporting == first.copied
    assert (second.cited.number, second.supporting, second.copied) == (3, (), ())
    assert [finding.finding for finding in basis.findings] == ["fever"]
    assert [quote(WRITTEN, span) for span in basis.patient_words] == ["fever"]
    origin = word_at(basis.words, WRITTEN.index("viral"))
    assert origin is not None
    assert BRIEF[origin.source_start : origin.source_end] == "viral"
    assert word_at(basis.words, WRITTEN.index(";")) is None


def test_a_quoted_sentence_is_found_whole() -> None:
    draft = make_draft()
    (passage,) = basis_of(SECTIONS[2].statements[0], draft, VOCABULARY).passages
    assert quote(passage.cited.passage.text, passage.supporting[0]) == QUOTED
    assert passage.copied == ()


def test_a_restating_sentence_names_each_finding_once_and_the_narrowest() -> None:
    draft = make_draft(findings=(Finding("fever"), Finding("fever.high"), Finding("cough", Presence.ABSENT)))
    statement = Statement("Present: high fever. Absent: cough.", (), 1.0, StatementOrigin.EXTRACTED)
    basis = basis_of(statement, draft, VOCABULARY)
    assert basis.restates
    assert [finding.finding for finding in basis.findings] == ["fever.high", "cough"]


def test_citations_and_origins_that_lead_nowhere_are_left_out() -> None:
    wild = (WordOrigin(0, 4, 1, 5, 9_999, 1.0), WordOrigin(5, 9, 1, -3, 2, 1.0), WordOrigin(900, 905, 0, 0, 5, 1.0))
    statement = replace(WRITTEN_STATEMENT, text="Nothing of this.", citations=(1, 99), word_origins=wild)
    basis = basis_of(statement, make_draft(), VOCABULARY)
    assert [(p.cited.number, p.supporting, p.copied) for p in basis.passages] == [(1, (), ())]
    assert basis.patient_words == ()


def test_spans_join_over_white_space_only() -> None:
    assert merged([Span(2, 4), Span(0, 1), Span(5, 6)], "a bb, c") == (Span(0, 4), Span(5, 6))


def test_a_changed_sentence_is_no_longer_the_programs() -> None:
    draft = make_draft()
    review = start_review(draft)
    section = review.sections[1]
    assert drafted_statement(draft, section, section.statements[0]) is WRITTEN_STATEMENT
    changed = edit_statement(review, 1, 0, "My words.").sections[1]
    assert drafted_statement(draft, changed, changed.statements[0]) is None
