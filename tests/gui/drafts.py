"""A case with a draft made by hand: one written, one quoted and one restating sentence, three passages."""

from __future__ import annotations

from dataclasses import replace

from medrag_desktop.domain.case import Case
from medrag_desktop.domain.catalogue import Catalogue
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
    Withheld,
)
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.domain.triage import DangerSign, NotAssessed
from tests.small_library import COLD, MEASLES, NO_RANGES, PNEUMONIA, VOCABULARY

BRIEF = "Measles is a viral illness with fever and a red rash.  It spreads fast among children."
WRITTEN = "This patient has fever; measles is a viral illness with fever and a red rash."
QUOTED = "Isolate the child for five days."
CATALOGUE = Catalogue((MEASLES, PNEUMONIA, COLD), VOCABULARY, (), NO_RANGES, {})
HOSTILE = "<script>alert(1)</script> <img src=x> &lt;b&gt; \u202eevil\u202c " + "W" * 5000


def passage(number: int, text: str, condition: str = "measles", **changes: str) -> CitedPassage:
    told = Passage(
        f"condition/{condition}#s.{number}", f"condition/{condition}", condition.capitalize(), f"Section {number}",
        text, "Clinical library (after Nobody, Guide)", "2026", "condition", condition, pack="library",
    )  # fmt: skip
    return CitedPassage(number, replace(told, **changes), 0.03)


PASSAGES = (
    passage(1, BRIEF),
    passage(2, f"Rest helps. {QUOTED} Give fluids."),
    passage(3, "Pneumonia makes breathing fast.", "pneumonia"),
)


def origins(text: str = WRITTEN, source: str = BRIEF) -> tuple[WordOrigin, ...]:
    """Say of each word after the opening where it was copied from, and of `fever` that it is the patient's."""
    start = text.index("measles")
    made = [WordOrigin(text.index("fever"), text.index("fever") + 5, 0, 10, 15, 1.0)]
    at = start
    for word in text[start:].split():
        begin = text.index(word, at)
        at = begin + len(word)
        place = begin - start
        made.append(WordOrigin(begin, at, 1, place, place + len(word), 0.9))
    return tuple(made)


SECTIONS = (
    Section("Summary of the presentation", (Statement("Present: fever, rash.", (), 1.0, StatementOrigin.EXTRACTED),)),
    Section("Assessment", (Statement(WRITTEN, (1, 3), 1.0, StatementOrigin.GENERATED, origins()),)),
    Section("Management", (Statement(QUOTED, (2,), 1.0, StatementOrigin.EXTRACTED),)),
)
CANDIDATES = (
    Candidate(
        1, "measles", "Measles", ("rubeola",), ("B05.9",), 0.87, "likely", True,
        (Reason("rash", "rash", 4.2), Reason("fever", "fever", 0.4)), (Reason("age", "age outside the range", -1.2),),
        ("koplik_spots",), (1, 2),
    ),
    Candidate(2, "common_cold", "Common cold", (), ("J00",), 0.003, "unlikely", False, (), (), (), ()),
)  # fmt: skip


def make_draft(**changes: object) -> Draft:
    draft = Draft(
        level=Level.GENERATED,
        urgency=Urgency.EMERGENCY,
        danger_signs=(DangerSign("d1", "Go to hospital now", Urgency.EMERGENCY, ("convulsions",), "Guide, 2024"),),
        danger_signs_not_assessed=(NotAssessed("d2", ("SpO2", "stiff neck")), NotAssessed("d3", ("SpO2",))),
        findings=(
            Finding("fever", Presence.PRESENT, Origin.TEXT, "hot body", "history", 0, 8),
            Finding("rash", Presence.PRESENT),
            Finding("cough", Presence.ABSENT),
        ),
        differential=CANDIDATES,
        outside_library=False,
        next_questions=(NextQuestion("koplik_spots", "Are there white spots in the mouth?", 0.62),),
        evidence=EvidenceStrength.FOUND,
        sections=SECTIONS,
        withheld=(Withheld("Assessment", "It holds a dose."), Withheld("Assessment", "It holds a dose.")),
        passages=PASSAGES,
        provenance=Provenance(
            "0.1", (("generator", "bart abc"),), (("library", "2026.1"),), "not reviewed by a clinician (3 conditions)",
            (("level", "generated"),), 7, "2026-11-22T17:00:00+00:00", (("drafting", 812.0),),
        ),
    )  # fmt: skip
    return replace(draft, **changes)  # type: ignore[arg-type]


def make_case(draft: Draft | None = None, **changes: object) -> Case:
    who = Patient(age_years=4.0, sex=Sex.FEMALE)
    encounter = Encounter(patient=who, chief_complaint="Hot body and rash", reference="EX-1", history="hot body")
    case = Case("case-1", "2026-11-22T17:00:00+00:00", "2026-11-22T17:00:00+00:00", encounter, draft or make_draft())
    return replace(case, **changes)  # type: ignore[arg-type]
