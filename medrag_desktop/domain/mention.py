"""A place in free text that names a finding."""

from __future__ import annotations

from dataclasses import dataclass

from medrag_desktop.domain.encounter import Finding, Origin, Presence


def quoted(finding: str, presence: Presence, text: str, field: str, place: tuple[int, int]) -> Finding:
    """Return a finding with the words of a text that it was read from."""
    start, end = place
    return Finding(finding, presence, Origin.TEXT, text[start:end], field, start, end)


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
    well: bool = False
    """The words say that all is well (`lungs clear`), which denies the finding; denied or limited, they say nothing."""
    head: int | None = None
    """Start of the earlier mention that these words qualify; None when they name the finding by themselves."""
