"""What the program hands to the clinician (after FHIR ClinicalImpression, status preliminary)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Candidate
from medrag_desktop.domain.encounter import Finding
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.generation import WordOrigin
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.triage import DangerSign, NotAssessed


class Level(StrEnum):
    """How much of the program took part, least first."""

    SEARCH = "search"
    EXTRACTIVE = "extractive"
    GENERATED = "generated"


class StatementOrigin(StrEnum):
    """How a statement came to be."""

    GENERATED = "generated"
    EXTRACTED = "extracted"


class EvidenceStrength(StrEnum):
    """Whether the library holds anything relevant."""

    FOUND = "found"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the draft with what it rests on."""

    text: str
    citations: tuple[int, ...]
    """Numbers of the cited passages; empty for a sentence that only restates the encounter."""
    support: float
    """Share of the sentence's words that its spans of passage and encounter cover, 0..1; 1 for a quoted sentence."""
    origin: StatementOrigin
    word_origins: tuple[WordOrigin, ...] = ()
    """`source` holds the passage number here, and 0 for the encounter."""
    unchecked: str = ""
    """Which medicines it names that the library has no facts about, as a sentence that stands beside it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of statements."""

    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence, generated or quoted, that was not shown, and why."""

    section: str
    reason: str


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A passage with the number under which the draft cites it."""

    number: int
    passage: Passage
    score: float
    cosine: float = 0.0
    lexical: float = 0.0
    """The two scores it was found by, as a `Hit` has them; both 0 where it was not searched for."""
    dense_rank: int | None = None
    lexical_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything needed to draft the same again."""

    app_version: str
    models: tuple[tuple[str, str], ...]
    """(role, id and checksum)."""
    packs: tuple[tuple[str, str], ...]
    """(pack id, version and checksum)."""
    library: str
    """Review state of the clinical library."""
    settings: tuple[tuple[str, str], ...]
    seed: int
    created: str
    """ISO 8601 time with offset."""
    timings_ms: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()
    """Sentences about what did not run, for example a level that fell back."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A diagnosis draft: never more than preliminary until a clinician signs it."""

    level: Level
    urgency: Urgency
    danger_signs: tuple[DangerSign, ...]
    danger_signs_not_assessed: tuple[NotAssessed, ...]
    findings: tuple[Finding, ...]
    differential: tuple[Candidate, ...]
    outside_library: bool
    next_questions: tuple[NextQuestion, ...]
    evidence: EvidenceStrength
    sections: tuple[Section, ...]
    withheld: tuple[Withheld, ...]
    passages: tuple[CitedPassage, ...]
    provenance: Provenance
    urgency_because: tuple[str, ...] = ()
    """What makes it so urgent, in words."""
    possible: tuple[PossibleFinding, ...] = ()
    """What other words of the text perhaps mean: counted nowhere until the clinician adds it."""
