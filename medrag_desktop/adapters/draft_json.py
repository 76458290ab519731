"""The draft as JSON, schema version 1: fields may be added, never changed or removed."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from medrag_desktop.adapters.encounter_json import EncounterFields, encounter_to_json
from medrag_desktop.domain.differential import Candidate, Reason
from medrag_desktop.domain.draft import Draft, Statement
from medrag_desktop.domain.encounter import Encounter, Finding
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.vocabulary import Vocabulary

SCHEMA_VERSION = 1


class DangerSignFields(Struct):
    """A danger-sign rule that fired."""

    id: str
    message: str
    urgency: str
    because: list[str]
    source: str


class NotAssessedFields(Struct):
    """A danger-sign rule that lacks data."""

    id: str
    needs: list[str]


class FindingFields(Struct):
    """A finding of the encounter."""

    finding: str
    label: str
    presence: str
    origin: Literal["form", "text"]
    quote: str
    field: str
    duration_hours: float | None
    onset_hours_ago: float | None
    severity: Literal["mild", "moderate", "severe"] | None
    laterality: Literal["left", "right", "both"] | None


class PossibleFindingFields(Struct):
    """What words of the text perhaps mean; it counts for nothing until a clinician adds it."""

    finding: str
    label: str
    quote: str
    field: str
    start: int
    end: int
    similarity: float


class ReasonFields(Struct):
    """What speaks for or against a candidate."""

    finding: str
    label: str
    bits: float


class CandidateFields(Struct):
    """One line of the differential."""

    rank: int
    condition: str
    name: str
    synonyms: list[str]
    icd10: list[str]
    probability: float
    band: str
    cannot_miss: bool
    supporting: list[ReasonFields] = msgspec.field(name="for")
    against: list[ReasonFields]
    not_assessed: list[str]
    citations: list[int]


class NextQuestionFields(Struct):
    """What to ask or test next."""

    finding: str
    question: str
    gain_bits: float


class WordOriginFields(Struct):
    """Where a word was copied from; passage 0 is the encounter."""

    start: int
    end: int
    passage: int
    passage_start: int
    passage_end: int
    weight: float


class StatementFields(Struct):
    """One sentence with what it rests on."""

    text: str
    citations: list[int]
    support: float
    origin: Literal["generated", "extracted"]
    word_origins: list[WordOriginFields]
    unchecked: str


class SectionFields(Struct):
    """A titled group of statements."""

    title: str
    statements: list[StatementFields]


class WithheldFields(Struct):
    """A sentence that was not shown."""

    section: str
    reason: str


class PassageFields(Struct):
    """A cited passage and how it was found; a rank is null where that list does not hold it."""

    number: int
    id: str
    document: str
    title: str
    section: str
    source: str
    date: str
    text: str
    score: float
    cosine: float
    lexical: float
    dense_rank: int | None
    lexical_rank: int | None


class ProvenanceFields(Struct):
    """What took part in the draft."""

    app_version: str
    models: dict[str, str]
    packs: dict[str, str]
    library: str
    settings: dict[str, str]
    seed: int
    created: str
    timings_ms: dict[str, float]
    notes: list[str]


class DraftFields(Struct):
    """The whole result."""

    schema_version: int
    status: Literal["draft"]
    level: Literal["search", "extractive", "generated"]
    urgency: Literal["emergency", "urgent", "soon", "routine", "self_care"]
    urgency_because: list[str]
    danger_signs: list[DangerSignFields]
    danger_signs_not_assessed: list[NotAssessedFields]
    findings: list[FindingFields]
    possible: list[PossibleFindingFields]
    differential: list[CandidateFields]
    outside_library: bool
    next_questions: list[NextQuestionFields]
    evidence: Literal["found", "weak", "none"]
    sections: list[SectionFields]
    withheld: list[WithheldFields]
    passages: list[PassageFields]
    provenance: ProvenanceFields
    encounter: EncounterFields | UnsetType = UNSET


def draft_to_json(draft: Draft, vocabulary: Vocabulary, encounter: Encounter | None = None) -> dict[str, Any]:
    """Return the draft as plain JSON values, checked against the schema on the way, with the encounter if given."""
    provenance = draft.provenance
    plain = {
        "schema_version": SCHEMA_VERSION,
        "status": "draft",
        "level": draft.level.value,
        "urgency": draft.urgency.value,
        "urgency_because": list(draft.urgency_because),
        "danger_signs": [_plain(sign) for sign in draft.danger_signs],
        "danger_signs_not_assessed": [_plain(rule) for rule in draft.danger_signs_not_assessed],
        "findings": [_finding(finding, vocabulary) for finding in draft.findings],
        "possible": [_possible(found, vocabulary) for found in draft.possible],
        "differential": [_candidate(candidate) for candidate in draft.differential],
        "outside_library": draft.outside_library,
        "next_questions": [_plain(question) for question in draft.next_questions],
        "evidence": draft.evidence.value,
        "sections": [
            {"title": s.title, "statements": [_statement(statement) for statement in s.statements]}
            for s in draft.sections
        ],
        "withheld": [_plain(withheld) for withheld in draft.withheld],
        "passages": [
            {
                "number": cited.number,
                **{name: getattr(cited.passage, name) for name in _PASSAGE_FIELDS},
                **{name: round(getattr(cited, name), 6) for name in ("score", "cosine", "lexical")},
                "dense_rank": cited.dense_rank,
                "lexical_rank": cited.lexical_rank,
            }
            for cited in draft.passages
        ],
        "provenance": {
            **_plain(provenance),
            **{name: dict(getattr(provenance, name)) for name in ("models", "packs", "settings", "timings_ms")},
        },
    }
    checked: dict[str, Any] = msgspec.to_builtins(msgspec.convert(plain, DraftFields))
    return checked if encounter is None else {**checked, "encounter": encounter_to_json(encounter)}


def draft_schema() -> dict[str, Any]:
    """Return the JSON Schema of a draft."""
    return msgspec.json.schema(DraftFields)


_PASSAGE_FIELDS = ("id", "document", "title", "section", "source", "date", "text")


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _finding(finding: Finding, vocabulary: Vocabulary) -> dict[str, Any]:
    told = _plain(finding)
    names = ("finding", "presence", "origin", "quote", "field", "duration_hours", "onset_hours_ago", "severity")
    return {
        **{name: told[name] for name in names},
        "label": vocabulary.label(finding.finding),
        "laterality": finding.laterality or None,
    }


def _possible(found: PossibleFinding, vocabulary: Vocabulary) -> dict[str, Any]:
    return {**_plain(found), "label": vocabulary.label(found.finding)}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "rank": candidate.rank,
        "condition": candidate.condition,
        "name": candidate.name,
        "synonyms": list(candidate.synonyms),
        "icd10": list(candidate.icd10),
        "probability": round(candidate.probability, 6),
        "band": candidate.band,
        "cannot_miss": candidate.cannot_miss,
        "for": [_reason(reason) for reason in candidate.supporting],
        "against": [_reason(reason) for reason in candidate.opposing],
        "not_assessed": list(candidate.not_assessed),
        "citations": list(candidate.citations),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return _plain(reason)


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "text": statement.text,
        "citations": list(statement.citations),
        "support": round(statement.support, 4),
        "origin": statement.origin.value,
        "word_origins": [
            {
                "start": o.start,
                "end": o.end,
                "passage": o.source,
                "passage_start": o.source_start,
                "passage_end": o.source_end,
                "weight": round(o.weight, 4),
            }
            for o in statement.word_origins
        ],
        "unchecked": statement.unchecked,
    }
