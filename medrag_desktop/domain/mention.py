"""A place in free text that names a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """One matched name of a finding."""

    finding: str
    start: int
    end: int
    """Character offsets in the text as the clinician wrote it, half open."""
    exact: bool
    """False when the match forgives a misspelling."""
    negated: bool = False
    """The word itself says that the finding is absent, as `afebrile` does."""
