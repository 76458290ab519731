"""What words of the patient's story perhaps mean, which the lexicon does not know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PossibleFinding:
    """A finding whose name is near some words of the text; it counts for nothing until a clinician says so."""

    finding: str
    quote: str
    """The words as they were written."""
    field: str
    """Field of the encounter that they stand in."""
    start: int
    end: int
    """Character offsets in that field, half open."""
    similarity: float
    """Cosine of the words and the nearest name of the finding."""
