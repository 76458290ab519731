"""The scope of the library: every condition that it is to cover, and where each entry is from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medrag_desktop.errors import LibraryError


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """One condition that the library is to cover."""

    id: str
    name: str
    system: str
    icd10: tuple[str, ...]
    origins: tuple[str, ...]
    """Where the entry is from, each as `source: place in it`."""
    cannot_miss: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """All entries of `catalogue.toml`."""

    entries: Mapping[str, ScopeEntry]
    """By id."""
    sources: frozenset[str]

    def written(self, conditions: frozenset[str]) -> int:
        """Return how many entries are among the conditions that have a monograph."""
        return len(self.entries.keys() & conditions)


def parse_scope(text: str) -> Scope:
    """Read `catalogue.toml`; raise LibraryError."""
    try:
        tables = tomllib.loads(text)
        entries = {name: _entry(name, table) for name, table in tables["conditions"].items()}
        return Scope(entries, frozenset(tables["sources"]))
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError) as error:
        raise LibraryError(f"catalogue.toml cannot be read: {error!r}") from error


def _entry(name: str, table: Mapping[str, Any]) -> ScopeEntry:
    if unknown := table.keys() - {"name", "system", "icd10", "from", "cannot_miss"}:
        raise KeyError(f"unknown keys of {name}: {', '.join(sorted(unknown))}")
    return ScopeEntry(
        id=name,
        name=table["name"],
        system=table["system"],
        icd10=tuple(table["icd10"]),
        origins=tuple(table["from"]),
        cannot_miss=table["cannot_miss"],
    )
