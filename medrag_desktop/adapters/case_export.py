"""A case for people (PDF) and for other programs (JSON, schema version 1: fields may be added, never changed)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from medrag_desktop.adapters.draft_json import DraftFields, draft_to_json
from medrag_desktop.adapters.encounter_json import EncounterFields, encounter_to_json
from medrag_desktop.adapters.whole_file import write_whole
from medrag_desktop.domain.case import Case, CaseSummary, Review
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import InputError
from medrag_desktop.ports import ReportWriter

SCHEMA_VERSION = 1
Urgency = Literal["emergency", "urgent", "soon", "routine", "self_care"]
Status = Literal["preliminary", "final", "amended"]


class ReviewedStatementFields(Struct):
    """One sentence as the clinician left it."""

    text: str
    citations: list[int]
    by_clinician: bool


class ReviewedSectionFields(Struct):
    """A titled group of reviewed sentences."""

    title: str
    statements: list[ReviewedStatementFields]


class ReviewFields(Struct):
    """What a clinician made of the draft."""

    status: Status
    reviewer: str
    signed: str
    diagnosis: str
    sections: list[ReviewedSectionFields]


class CaseFields(Struct):
    """One case: the encounter as `medrag assess` reads it, its draft and the clinician's review."""

    schema_version: int
    case: str
    created: str
    updated: str
    encounter: EncounterFields
    draft: DraftFields | None
    review: ReviewFields | None


class CaseLineFields(Struct):
    """One line of the history."""

    case: str
    created: str
    updated: str
    reference: str
    age_years: float | None
    sex: Literal["female", "male", "unknown"]
    complaint: str
    diagnosis: str
    urgency: Urgency | None
    status: Status | None


class CaseListFields(Struct):
    """The history, newest case first."""

    schema_version: int
    cases: list[CaseLineFields]


class CaseExport:
    """Writes cases of the history to files."""

    def __init__(self, report: ReportWriter, vocabulary: Vocabulary) -> None:
        """Take the writer of PDFs and the names of the findings."""
        self._report = report
        self._vocabulary = vocabulary

    def to_json(self, case: Case) -> dict[str, Any]:
        """Return a case as plain JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "case": case.id,
            "created": case.created,
            "updated": case.updated,
            "encounter": encounter_to_json(case.encounter),
            "draft": None if case.draft is None else draft_to_json(case.draft, self._vocabulary),
            "review": None if case.review is None else _review(case.review),
        }

    def write(self, case: Case, out: Path) -> None:
        """Write a case as PDF or JSON, by the ending of the file; raise InputError or ReportError."""
        if check_ending(out) == ".json":
            text = json.dumps(self.to_json(case), ensure_ascii=False, indent=2)
            write_whole(out, f"{text}\n".encode("utf-8", "replace"))
        elif case.draft is None:
            raise InputError("This case has no draft, so there is no report; export it as .json.")
        else:
            self._report.write(case.encounter, case.draft, out, case.review)


def check_ending(out: Path) -> str:
    """Return the ending of a file that a case can be written to; raise InputError for another."""
    ending = out.suffix.lower()
    if ending not in (".pdf", ".json"):
        raise InputError(f"The name of the file {out} must end in .pdf or .json.")
    return ending


def case_list_to_json(lines: Iterable[CaseSummary]) -> dict[str, Any]:
    """Return lines of the history as plain JSON values."""
    rows = [{"case": line.id, **msgspec.to_builtins(line)} for line in lines]
    for row in rows:
        del row["id"]
    return {"schema_version": SCHEMA_VERSION, "cases": rows}


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case."""
    return msgspec.json.schema(CaseFields)


def case_list_schema() -> dict[str, Any]:
    """Return the JSON Schema of a list of cases."""
    return msgspec.json.schema(CaseListFields)


def _review(review: Review) -> dict[str, Any]:
    plain = asdict(review)
    return {name: plain[name] for name in ("status", "reviewer", "signed", "diagnosis", "sections")}
