"""What the checks of the clinical library report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.vocabulary import FindingDefinition, Vocabulary


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule of the library that is broken."""

    severity: Literal["error", "warning"]
    """An error keeps the library from being accepted; a warning is for a person to judge."""
    file: str
    """Path below the library folder, for example `conditions/skin/scabies.md`."""
    sentence: str


def file_of(thing: Condition | FindingDefinition) -> str:
    """Return the library file that a condition or a finding stands in."""
    if isinstance(thing, Condition):
        return f"conditions/{thing.system}/{thing.id}.md"
    return f"findings/{thing.system}.toml"


def unknown_findings(names: Iterable[str], place: str, file: str, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield an error for every id that the vocabulary does not hold; `place` says where it stands."""
    for name in dict.fromkeys(names):
        if name not in vocabulary:
            yield Problem("error", file, f"{place} names the finding {name}, which does not exist.")
