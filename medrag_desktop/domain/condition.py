"""A condition of the clinical library: whom it affects, how often findings occur, what to do, who says so."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from medrag_desktop.errors import LibraryError

SECTIONS = (
    "In brief",
    "Presentation",
    "Danger signs",
    "What else it could be",
    "Investigations",
    "Management",
    "Refer",
    "Follow-up and prevention",
)

REGIONS = (
    "default",
    "sub-saharan-africa",
    "south-asia",
    "southeast-asia",
    "latin-america",
    "middle-east-north-africa",
    "europe-north-america",
)
SEASONS = ("rainy", "dry", "cold", "hot")


class Frequency(StrEnum):
    """How often a finding occurs in a condition (Human Phenotype Ontology frequency terms)."""

    OBLIGATE = "obligate"
    VERY_FREQUENT = "very_frequent"
    FREQUENT = "frequent"
    OCCASIONAL = "occasional"
    VERY_RARE = "very_rare"
    EXCLUDED = "excluded"


class Urgency(StrEnum):
    """How soon a patient must be seen, most urgent first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SOON = "soon"
    ROUTINE = "routine"
    SELF_CARE = "self_care"


class Incidence(StrEnum):
    """How common a condition is in primary care among those it can affect."""

    VERY_COMMON = "very_common"
    COMMON = "common"
    UNCOMMON = "uncommon"
    RARE = "rare"
    VERY_RARE = "very_rare"


@dataclass(frozen=True, slots=True)
class ConditionFinding:
    """How often one finding occurs in a condition."""

    finding: str
    frequency: Frequency
    specific: bool = False
    """Points strongly to this condition."""
    onset_day: tuple[float, float] | None = None
    basis: str = "estimate"
    """Id of a source, or `estimate`."""


@dataclass(frozen=True, slots=True)
class Affects:
    """Whom a condition affects."""

    typical_age_years: tuple[float, float] = (0.0, 120.0)
    """Soft: outside it the condition is less likely, never impossible."""
    sex: str = "any"
    pregnancy: str = ""
    """`only`, `postpartum`, `seldom` (goes by another name in pregnancy), `never`, or empty."""
    gestational_weeks: tuple[float, float] | None = None
    """Soft, as the typical ages are: the weeks of pregnancy in which a condition of pregnancy occurs."""
    regions: tuple[tuple[str, Incidence], ...] = ()
    seasons: tuple[str, ...] = ()
    """Seasons, of SEASONS, in which it is commoner than in the others."""
    raises: tuple[str, ...] = ()
    lowers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A text that was opened while the monograph was written."""

    id: str
    title: str
    publisher: str
    year: str = ""
    section: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One monograph."""

    id: str
    system: str
    """Name of the folder it stands in."""
    name: str
    synonyms: tuple[str, ...]
    icd10: tuple[str, ...]
    urgency: Urgency
    incidence: Incidence
    cannot_miss: bool
    affects: Affects
    findings: tuple[ConditionFinding, ...]
    danger_signs: tuple[str, ...]
    tests_clinic: tuple[str, ...]
    tests_hospital: tuple[str, ...]
    sources: tuple[Source, ...]
    reviewed_by: str
    review_date: str
    sections: tuple[tuple[str, str], ...]
    """(title, text) in the order of SECTIONS."""
    course_days: tuple[float, float] | None = None
    """Soft: days from the first symptom until patients come; None when it has no beginning that is felt."""
    sources_missing: bool = False


_KEYS = {
    "id", "name", "synonyms", "icd10", "urgency", "incidence", "cannot_miss", "affects", "findings",
    "course_days", "danger_signs", "tests", "sources", "sources_missing", "review",
}  # fmt: skip


_INNER_KEYS = {
    "affects": {"age_years", "sex", "pregnancy", "gestational_weeks", "regions", "seasons", "raises", "lowers"},
    "danger_signs": {"any"},
    "tests": {"clinic", "hospital"},
    "review": {"by", "date"},
}
_FINDING_KEYS = {"frequency", "specific", "onset_day", "basis"}
_SOURCE_KEYS = {"title", "publisher", "year", "section", "address"}


def parse_condition(text: str, system: str) -> Condition:
    """Read one monograph (TOML front matter between `+++` lines, then Markdown); raise LibraryError."""
    try:
        _, front, body = text.split("+++\n", 2)
        table = tomllib.loads(front)
    except (ValueError, tomllib.TOMLDecodeError) as error:
        raise LibraryError(f"A monograph in {system} has no readable front matter: {error}") from error
    name = table.get("id", "?")
    try:
        if unknown := _unknown_keys(table):
            raise LibraryError(f"The monograph {name} has unknown keys: {', '.join(sorted(unknown))}.")
        return _condition(table, system, _sections(body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LibraryError(f"The monograph {name} cannot be read: {error!r}") from error


def _unknown_keys(table: dict[str, Any]) -> set[str]:
    """Return the keys that nothing reads, so that a slip of the pen is not passed over in silence."""
    unknown = set(table) - _KEYS
    for name, known in _INNER_KEYS.items():
        unknown |= {f"{name}.{key}" for key in set(table.get(name, {})) - known}
    for name, known in (("findings", _FINDING_KEYS), ("sources", _SOURCE_KEYS)):
        rows = {key: row for key, row in table.get(name, {}).items() if isinstance(row, dict)}
        unknown |= {f"{name}.{key}.{inner}" for key, row in rows.items() for inner in set(row) - known}
    return unknown


def _condition(table: dict[str, Any], system: str, sections: tuple[tuple[str, str], ...]) -> Condition:
    tests = table.get("tests", {})
    course = table.get("course_days")
    return Condition(
        id=table["id"],
        system=system,
        name=table["name"],
        synonyms=tuple(table.get("synonyms", ())),
        icd10=tuple(table["icd10"]),
        urgency=Urgency(table["urgency"]),
        incidence=Incidence(table["incidence"]),
        cannot_miss=bool(table["cannot_miss"]),
        affects=_affects(table["affects"]),
        findings=tuple(_finding(finding, value) for finding, value in table["findings"].items()),
        danger_signs=tuple(table.get("danger_signs", {}).get("any", ())),
        tests_clinic=tuple(tests.get("clinic", ())),
        tests_hospital=tuple(tests.get("hospital", ())),
        sources=tuple(_source(source, value) for source, value in table.get("sources", {}).items()),
        reviewed_by=table["review"]["by"],
        review_date=str(table["review"]["date"]),
        sections=sections,
        course_days=None if course is None else (float(course[0]), float(course[1])),
        sources_missing=bool(table.get("sources_missing", False)),
    )


def _affects(table: dict[str, Any]) -> Affects:
    low, high = table.get("age_years", {}).get("typical", (0, 120))
    weeks = table.get("gestational_weeks")
    regions = tuple((region, Incidence(value)) for region, value in table.get("regions", {}).items())
    return Affects(
        typical_age_years=(float(low), float(high)),
        sex=str(table.get("sex", "any")),
        pregnancy=str(table.get("pregnancy", "")),
        gestational_weeks=None if weeks is None else (float(weeks[0]), float(weeks[1])),
        regions=regions,
        seasons=tuple(table.get("seasons", ())),
        raises=tuple(table.get("raises", ())),
        lowers=tuple(table.get("lowers", ())),
    )


def _finding(finding: str, value: str | dict[str, Any]) -> ConditionFinding:
    if isinstance(value, str):
        return ConditionFinding(finding, Frequency(value))
    onset = value.get("onset_day")
    return ConditionFinding(
        finding,
        Frequency(value["frequency"]),
        specific=bool(value.get("specific", False)),
        onset_day=None if onset is None else (float(onset[0]), float(onset[1])),
        basis=str(value.get("basis", "estimate")),
    )


def _source(source: str, table: dict[str, Any]) -> Source:
    return Source(
        id=source,
        title=table["title"],
        publisher=table["publisher"],
        year=str(table.get("year", "")),
        section=str(table.get("section", "")),
        address=str(table.get("address", "")),
    )


def _sections(body: str) -> tuple[tuple[str, str], ...]:
    parts = [part for part in ("\n" + body).split("\n## ") if part.strip()]
    return tuple((title.strip(), text.strip()) for title, _, text in (part.partition("\n") for part in parts))
