"""The clinical library on disk -> one Catalogue."""

from __future__ import annotations

import tomllib
from pathlib import Path

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Condition, parse_condition
from medrag_desktop.domain.laboratory import parse_laboratory
from medrag_desktop.domain.medicine import parse_medicines
from medrag_desktop.domain.normal_ranges import parse_normal_ranges
from medrag_desktop.domain.scope import Scope, parse_scope
from medrag_desktop.domain.triage import parse_danger_rules
from medrag_desktop.domain.vocabulary import make_vocabulary, parse_findings
from medrag_desktop.errors import LibraryError


def load_catalogue(folder: Path) -> Catalogue:
    """Read every file of `assets/library`; raise LibraryError naming the file that cannot be read."""
    findings = sorted((folder / "findings").glob("*.toml"))
    if not findings:
        raise LibraryError(f"There is no clinical library in {folder}.")
    vocabulary = make_vocabulary(d for file in findings for d in parse_findings(_read(file), file.stem))
    return Catalogue(
        conditions=load_conditions(folder),
        vocabulary=vocabulary,
        danger_rules=parse_danger_rules(_read(folder / "danger_signs.toml")),
        normal_ranges=parse_normal_ranges(_read(folder / "normal_ranges.toml")),
        abbreviations=_abbreviations(_read(folder / "abbreviations.toml")),
        medicines=parse_medicines(_read(folder / "medicines.toml")),
        laboratory=parse_laboratory(_read(folder / "laboratory.toml")),
    )


def load_conditions(folder: Path) -> tuple[Condition, ...]:
    """Read every monograph, in order of id."""
    files = sorted((folder / "conditions").glob("*/*.md"), key=lambda file: file.stem)
    return tuple(_condition(file) for file in files)


def load_scope(folder: Path) -> Scope:
    """Read what the library is to cover; raise LibraryError."""
    return parse_scope(_read(folder / "catalogue.toml"))


def _condition(file: Path) -> Condition:
    condition = parse_condition(_read(file), file.parent.name)
    if condition.id != file.stem:
        raise LibraryError(f"The monograph {file.name} has the id {condition.id}; it must be {file.stem}.")
    return condition


def _abbreviations(text: str) -> dict[str, str]:
    try:
        return {str(short): str(long) for short, long in tomllib.loads(text).get("abbreviations", {}).items()}
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(f"abbreviations.toml cannot be read: {error}") from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"The library file {file.name} cannot be read: {error}") from error
