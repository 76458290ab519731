"""A case of the history: the encounter, its draft and the clinician's review (after FHIR ClinicalImpression)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Draft, Section
from medrag_desktop.domain.encounter import Encounter, Sex


class ReviewStatus(StrEnum):
    """How far a clinician has come with a draft; the words are FHIR's."""

    PRELIMINARY = "preliminary"
    """Being edited; nobody answers for it yet."""
    FINAL = "final"
    """Signed."""
    AMENDED = "amended"
    """Changed and signed again."""


@dataclass(frozen=True, slots=True)
class ReviewedStatement:
    """One sentence as the clinician leaves it."""

    text: str
    citations: tuple[int, ...] = ()
    """Numbers of the draft's passages; a sentence the clinician wrote or changed keeps none."""
    by_clinician: bool = False
    """The words are the clinician's, not the program's."""


@dataclass(frozen=True, slots=True)
class ReviewedSection:
    """A titled group of sentences as the clinician leaves them."""

    title: str
    statements: tuple[ReviewedStatement, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What a clinician makes of a draft."""

    sections: tuple[ReviewedSection, ...] = ()
    diagnosis: str = ""
    """The clinician's own conclusion."""
    status: ReviewStatus = ReviewStatus.PRELIMINARY
    reviewer: str = ""
    """Name as signed; empty while preliminary."""
    signed: str = ""
    """ISO 8601 time with offset; empty while preliminary."""


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's encounter from first word to signature."""

    id: str
    """Random UUID."""
    created: str
    """ISO 8601 time with offset."""
    updated: str
    encounter: Encounter
    draft: Draft | None = None
    review: Review | None = None

    @property
    def signed(self) -> bool:
        """Tell whether a clinician answers for the review as it stands."""
        return self.review is not None and self.review.status is not ReviewStatus.PRELIMINARY


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One line of the history."""

    id: str
    created: str
    updated: str
    reference: str
    age_years: float | None
    sex: Sex
    complaint: str
    """Chief complaint, else how the history begins."""
    diagnosis: str
    """The clinician's, else the first of the differential; empty before a draft."""
    urgency: Urgency | None
    status: ReviewStatus | None
    """None before a draft."""


def start_review(draft: Draft) -> Review:
    """Return the review of a draft that nobody has touched."""
    return Review(tuple(_as_drafted(section) for section in draft.sections))


def edit_statement(review: Review, section: int, statement: int, text: str) -> Review:
    """Replace the words of a sentence; they become the clinician's. Empty words take it out."""
    told = review.sections[section].statements
    before = told[statement]
    if text.strip() == before.text:
        return review
    new = (ReviewedStatement(text.strip(), by_clinician=True),) if text.strip() else ()
    return _with_statements(review, section, (*told[:statement], *new, *told[statement + 1 :]))


def add_statement(review: Review, section: int, text: str) -> Review:
    """Put a sentence of the clinician's at the end of a section; empty words change nothing."""
    if not text.strip():
        return review
    told = review.sections[section].statements
    return _with_statements(review, section, (*told, ReviewedStatement(text.strip(), by_clinician=True)))


def conclude(review: Review, diagnosis: str) -> Review:
    """Set the clinician's own conclusion."""
    diagnosis = diagnosis.strip()
    if diagnosis == review.diagnosis:
        return review
    return replace(review, diagnosis=diagnosis, status=ReviewStatus.PRELIMINARY)


def assessed(case: Case, encounter: Encounter, draft: Draft) -> Case:
    """Return the case with a new draft that nobody has touched; a former signature makes the next one an amendment."""
    review = start_review(draft)
    if case.review is not None:
        review = replace(review, reviewer=case.review.reviewer, signed=case.review.signed)
    return replace(case, encounter=encounter, draft=draft, review=review)


def changed(case: Case, encounter: Encounter) -> Case:
    """Return the case with other data of the patient: the draft goes, what the clinician concluded and wrote stays."""
    if case.review is None:
        return replace(case, encounter=encounter, draft=None)
    own = (
        replace(section, statements=tuple(s for s in section.statements if s.by_clinician))
        for section in case.review.sections
    )
    review = replace(case.review, sections=tuple(s for s in own if s.statements), status=ReviewStatus.PRELIMINARY)
    return replace(case, encounter=encounter, draft=None, review=review)


def sign(review: Review, reviewer: str, at: str) -> Review:
    """Return the review signed; who signs one again after a change amends it."""
    status = ReviewStatus.AMENDED if review.signed else ReviewStatus.FINAL
    return replace(review, status=status, reviewer=" ".join(reviewer.split()), signed=at)


def reopen(review: Review) -> Review:
    """Return a signed review to be changed; the former signature stays on it until it is signed again."""
    return replace(review, status=ReviewStatus.PRELIMINARY)


def cited_numbers(sections: Iterable[ReviewedSection]) -> tuple[int, ...]:
    """Return the passage numbers that the sections still cite, in ascending order."""
    return tuple(sorted({n for section in sections for s in section.statements for n in s.citations}))


def summarize(case: Case) -> CaseSummary:
    """Return the line of the history for a case."""
    encounter, draft, review = case.encounter, case.draft, case.review
    first = draft.differential[0].name if draft is not None and draft.differential else ""
    return CaseSummary(
        id=case.id,
        created=case.created,
        updated=case.updated,
        reference=encounter.reference,
        age_years=encounter.patient.age_years,
        sex=encounter.patient.sex,
        complaint=" ".join((encounter.chief_complaint or encounter.history).split())[:200],
        diagnosis=review.diagnosis if review is not None and review.diagnosis else first,
        urgency=None if draft is None else draft.urgency,
        status=None if draft is None else (ReviewStatus.PRELIMINARY if review is None else review.status),
    )


def _as_drafted(section: Section) -> ReviewedSection:
    return ReviewedSection(section.title, tuple(ReviewedStatement(s.text, s.citations) for s in section.statements))


def _with_statements(review: Review, section: int, statements: tuple[ReviewedStatement, ...]) -> Review:
    changed = replace(review.sections[section], statements=statements)
    sections = (*review.sections[:section], changed, *review.sections[section + 1 :])
    return replace(review, sections=sections, status=ReviewStatus.PRELIMINARY)
