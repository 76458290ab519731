"""A review: what is edited becomes the clinician's, and everything else stays as it was."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.case import (
    Case,
    Review,
    ReviewedSection,
    ReviewedStatement,
    ReviewStatus,
    add_statement,
    assessed,
    changed,
    cited_numbers,
    conclude,
    edit_statement,
    reopen,
    sign,
    start_review,
    summarize,
)
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from tests.drafts import make_case, make_draft

AT = "2026-11-22T10:00:00+00:00"
LATER = "2026-11-23T10:00:00+00:00"

texts = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text != "")
statements = st.builds(ReviewedStatement, texts, st.lists(st.integers(1, 9), max_size=3).map(tuple), st.booleans())
sections = st.builds(ReviewedSection, texts, st.lists(statements, min_size=1, max_size=4).map(tuple))
reviews = st.builds(Review, st.lists(sections, min_size=1, max_size=4).map(tuple), st.text(max_size=20))


def places(review: Review) -> list[tuple[int, int]]:
    return [(row, place) for row, section in enumerate(review.sections) for place in range(len(section.statements))]


@given(reviews, st.data(), st.text(max_size=20))
def test_editing_a_sentence_keeps_every_other(review: Review, data: st.DataObject, text: str) -> None:
    section, statement = data.draw(st.sampled_from(places(review)))
    before = review.sections[section].statements
    after = edit_statement(review, section, statement, text)
    assert [s.title for s in after.sections] == [s.title for s in review.sections]
    others = [row for row in range(len(review.sections)) if row != section]
    assert [after.sections[row] for row in others] == [review.sections[row] for row in others]
    kept = after.sections[section].statements
    assert kept[:statement] == before[:statement]
    assert kept[len(kept) - (len(before) - statement - 1) :] == before[statement + 1 :]
    assert len(kept) == len(before) - (not text.strip())
    assert after.diagnosis == review.diagnosis


@given(reviews, st.data(), texts)
def test_edited_words_are_the_clinicians_and_cite_nothing(review: Review, data: st.DataObject, text: str) -> None:
    section, statement = data.draw(st.sampled_from(places(review)))
    before = review.sections[section].statements[statement]
    after = edit_statement(review, section, statement, f" {text}\n").sections[section].statements[statement]
    assert after == (before if text == before.text else ReviewedStatement(text, by_clinician=True))


@given(reviews, st.data(), st.text(max_size=20))
def test_an_added_sentence_stands_last(review: Review, data: st.DataObject, text: str) -> None:
    section = data.draw(st.integers(0, len(review.sections) - 1))
    after = add_statement(review, section, text)
    new = (ReviewedStatement(text.strip(), by_clinician=True),) if text.strip() else ()
    assert after.sections[section].statements == (*review.sections[section].statements, *new)


@given(reviews, st.data(), texts)
def test_any_change_takes_the_signature_off(review: Review, data: st.DataObject, text: str) -> None:
    signed = sign(review, "Dr A", AT)
    section, statement = data.draw(st.sampled_from(places(review)))
    for change in (
        edit_statement(signed, section, statement, f"{text} and more {text}"),
        edit_statement(signed, section, statement, ""),
        add_statement(signed, section, text),
        conclude(signed, f"{review.diagnosis.strip()} {text}"),
        reopen(signed),
    ):
        assert change.status is ReviewStatus.PRELIMINARY
        assert sign(change, "Dr A", LATER).status is ReviewStatus.AMENDED
        assert sign(change, "Dr A", LATER).signed == LATER


@given(reviews)
def test_what_changes_nothing_keeps_the_signature(review: Review) -> None:
    signed = sign(conclude(review, review.diagnosis), "  Dr \n Ada   B ", AT)
    assert (signed.status, signed.reviewer, signed.signed) == (ReviewStatus.FINAL, "Dr Ada B", AT)
    for row, place in places(signed):
        assert edit_statement(signed, row, place, signed.sections[row].statements[place].text) is signed
        assert add_statement(signed, row, " \n") is signed
    assert conclude(signed, signed.diagnosis) is signed


def test_a_new_review_says_what_the_draft_says() -> None:
    draft = make_draft("One.", "Two.")
    review = start_review(draft)
    assert [s.text for s in review.sections[0].statements] == ["One.", "Two."]
    assert not any(s.by_clinician for s in review.sections[0].statements)
    assert cited_numbers(review.sections) == (1,)
    assert cited_numbers(edit_statement(edit_statement(review, 0, 0, "Mine."), 0, 1, "").sections) == ()
    assert (review.status, review.reviewer, review.signed) == (ReviewStatus.PRELIMINARY, "", "")


def test_assessing_again_starts_a_new_review_and_remembers_that_there_was_a_signature() -> None:
    case = make_case(review=sign(start_review(make_draft("Old.")), "Dr A", AT))
    again = assessed(case, Encounter(history="More."), make_draft("New."))
    assert again.encounter.history == "More."
    assert again.review is not None
    assert not again.signed
    assert [s.text for s in again.review.sections[0].statements] == ["New."]
    assert sign(again.review, "Dr A", LATER).status is ReviewStatus.AMENDED
    first = assessed(replace(case, review=None), Encounter(), make_draft())
    assert first.review is not None
    assert sign(first.review, "Dr A", AT).status is ReviewStatus.FINAL


def test_the_line_of_the_history() -> None:
    encounter = Encounter(patient=Patient(4.0, Sex.FEMALE), history="  Fever \n and cough. ", reference="R 1")
    fresh = summarize(Case("id", AT, AT, encounter))
    assert (fresh.complaint, fresh.diagnosis, fresh.urgency, fresh.status) == ("Fever and cough.", "", None, None)
    drafted = summarize(make_case(encounter=replace(encounter, chief_complaint="Fever")))
    assert (drafted.complaint, drafted.diagnosis) == ("Fever", "Condition X")
    assert drafted.status is ReviewStatus.PRELIMINARY
    review = sign(conclude(start_review(make_draft()), "Measles"), "Dr A", AT)
    signed = summarize(make_case(review=review))
    assert (signed.diagnosis, signed.status) == ("Measles", ReviewStatus.FINAL)


@given(reviews, st.booleans())
def test_a_change_of_the_patients_data_takes_the_draft_but_no_word_of_the_clinician(
    review: Review, signed_before: bool
) -> None:
    if signed_before:
        review = reopen(sign(review, "Dr. Sule", AT))
    new = Encounter(history="It was the other knee.")
    case = changed(make_case(review=review), new)
    assert (case.encounter, case.draft) == (new, None)
    assert case.review is not None
    assert case.review.diagnosis == review.diagnosis
    assert [s for section in case.review.sections for s in section.statements] == [
        s for section in review.sections for s in section.statements if s.by_clinician
    ]
    assert all(section.statements for section in case.review.sections)
    again = sign(case.review, "Dr. Sule", LATER)
    assert again.status is (ReviewStatus.AMENDED if signed_before else ReviewStatus.FINAL)


def test_a_case_without_a_review_is_changed_too() -> None:
    new = Encounter(history="Fever")
    assert changed(make_case(), new) == Case(make_case().id, AT, AT, new)
