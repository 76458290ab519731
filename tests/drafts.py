"""Small drafts and cases for tests."""

from __future__ import annotations

from medrag_desktop.domain.case import Case, Review
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Candidate, Reason
from medrag_desktop.domain.draft import (
    CitedPassage,
    Draft,
    EvidenceStrength,
    Level,
    Provenance,
    Section,
    Statement,
    StatementOrigin,
)
from medrag_desktop.domain.encounter import Encounter, Finding, Origin
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.triage import DangerSign, NotAssessed

PASSAGE = Passage("condition/x#in-brief.1", "condition/x", "Condition X", "In brief", "Text.", "A source", "2026")
PROVENANCE = Provenance("0.1.0", (), (), "not reviewed", (), 0, "2026-11-22T10:00:00+00:00", ())
CANDIDATE = Candidate(
    rank=1, condition="x", name="Condition X", synonyms=(), icd10=("A00",), probability=0.4, band="possible",
    cannot_miss=True, supporting=(Reason("fever", "fever", 1.0),), opposing=(), not_assessed=("cough",), citations=(1,),
)  # fmt: skip


def make_draft(*texts: str, message: str = "Refer now.") -> Draft:
    """Make a draft with one section, whose sentences all cite passage 1."""
    told = texts or ("A sentence.",)
    return Draft(
        level=Level.EXTRACTIVE,
        urgency=Urgency.EMERGENCY,
        danger_signs=(DangerSign("rule", message, Urgency.EMERGENCY, ("fever",), "A source"),),
        danger_signs_not_assessed=(NotAssessed("other", ("SpO2",)),),
        findings=(Finding("fever", origin=Origin.TEXT, quote=told[0], field="history"),),
        differential=(CANDIDATE,),
        outside_library=False,
        next_questions=(),
        evidence=EvidenceStrength.FOUND,
        sections=(Section("Assessment", tuple(_statement(text) for text in told)),),
        withheld=(),
        passages=(CitedPassage(1, PASSAGE, 0.5),),
        provenance=PROVENANCE,
    )


def make_case(
    case_id: str = "11111111-1111-4111-8111-111111111111",
    encounter: Encounter | None = None,
    draft: Draft | None = None,
    review: Review | None = None,
) -> Case:
    """Make a drafted case that nobody has reviewed unless told."""
    at = "2026-11-22T10:00:00+00:00"
    given = encounter or Encounter(chief_complaint="Fever", reference="R 1")
    return Case(case_id, at, at, given, draft or make_draft(), review)


def _statement(text: str) -> Statement:
    return Statement(text, (1,), 1.0, StatementOrigin.EXTRACTED)
