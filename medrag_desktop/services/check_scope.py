"""The scope of the library: what breaks its rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.scope import Scope, ScopeEntry
from medrag_desktop.services.library_problem import Problem

SCOPE_FILE = "catalogue.toml"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the scope is there."""

    written: int
    """Entries with a monograph."""
    planned: int


def check_scope(
    scope: Scope, conditions: Sequence[Condition], icd10_exists: Callable[[str], bool] | None
) -> Iterator[Problem]:
    """Yield every entry without a known origin or code, and every monograph that is not in the scope or elsewhere."""
    names = Counter(entry.name.casefold() for entry in scope.entries.values())
    for entry in scope.entries.values():
        yield from (Problem("error", SCOPE_FILE, sentence) for sentence in _entry(entry, scope, icd10_exists))
        if names[entry.name.casefold()] > 1:
            yield Problem("error", SCOPE_FILE, f"{entry.id} has the name of another entry: {entry.name}.")
    for condition in conditions:
        planned = scope.entries.get(condition.id)
        if planned is None:
            yield Problem("error", SCOPE_FILE, f"{condition.id} has a monograph, but no entry says where it is from.")
        elif planned.system != condition.system:
            yield Problem("error", SCOPE_FILE, f"{condition.id} is put under {planned.system}, not {condition.system}.")


def _entry(entry: ScopeEntry, scope: Scope, icd10_exists: Callable[[str], bool] | None) -> Iterator[str]:
    if not entry.origins:
        yield f"{entry.id} does not say where it is from."
    for origin in entry.origins:
        source, _, place = origin.partition(":")
        if source not in scope.sources or not place.strip():
            yield f"{entry.id} is from '{origin}', which names no source and place in it."
    if not entry.icd10:
        yield f"{entry.id} has no ICD-10 code."
    for code in entry.icd10:
        if icd10_exists is not None and not icd10_exists(code):
            yield f"{entry.id} has the ICD-10 code {code}, which does not exist."
