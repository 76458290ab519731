"""A case as files: JSON in the shape of its schema, PDF by the report writer, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from medrag_desktop.adapters.case_export import CaseExport, case_list_schema, case_list_to_json, case_schema
from medrag_desktop.adapters.encounter_json import read_encounter
from medrag_desktop.domain.case import Case, Review, add_statement, conclude, sign, start_review, summarize
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Severity, Sex, VitalSigns
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from medrag_desktop.errors import InputError, ReportError
from tests.drafts import make_case, make_draft

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
VOCABULARY = make_vocabulary([FindingDefinition("fever", "fever", "symptom", "general")])
ENCOUNTER = Encounter(
    patient=Patient(4.0, Sex.FEMALE, weight_kg=14.5),
    chief_complaint="Fever",
    history="Hot since Monday. Temperature 39.2.",
    findings=(Finding("fever", Presence.ABSENT, duration_hours=48.0, severity=Severity.MILD),),
    vital_signs=VitalSigns(heart_rate_bpm=110.0),
    medications=("paracetamol",),
    region="south-asia",
    date="2026-11-22",
    reference="R 1",
)


@dataclass
class KeptReport:
    """Meets `ports.ReportWriter` and remembers what it was given."""

    given: list[tuple[Encounter, Draft, Path, Review | None]] = field(default_factory=list)

    def write(self, encounter: Encounter, draft: Draft, out: Path, review: Review | None = None) -> None:
        self.given.append((encounter, draft, out, review))


@pytest.fixture
def report() -> KeptReport:
    return KeptReport()


@pytest.fixture
def export(report: KeptReport) -> CaseExport:
    return CaseExport(report, VOCABULARY)


def reviewed() -> Case:
    review = add_statement(conclude(start_review(make_draft()), "Measles"), 0, "Seen again tomorrow.")
    return make_case(encounter=ENCOUNTER, review=sign(review, "Dr A", "2026-11-22T10:00:00+00:00"))


@pytest.mark.parametrize(("name", "schema"), [("case", case_schema()), ("case_list", case_list_schema())])
def test_the_committed_schema_is_the_one_in_force(
    name: str, schema: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    file = SCHEMAS / f"{name}.schema.json"
    if request.config.getoption("--regenerate"):
        file.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(file.read_text(encoding="utf-8")) == schema


@pytest.mark.parametrize("case", [reviewed(), make_case(), replace(make_case(), draft=None)])
def test_every_case_keeps_the_schema(export: CaseExport, case: Case) -> None:
    plain = json.loads(json.dumps(export.to_json(case)))
    jsonschema.validate(plain, case_schema())
    assert (plain["schema_version"], plain["case"]) == (1, case.id)
    assert (plain["draft"] is None, plain["review"] is None) == (case.draft is None, case.review is None)
    listed = json.loads(json.dumps(case_list_to_json([summarize(case)])))
    jsonschema.validate(listed, case_list_schema())
    assert listed["cases"][0]["case"] == case.id


def test_the_review_is_told_in_the_clinicians_words(export: CaseExport) -> None:
    review = export.to_json(reviewed())["review"]
    assert (review["status"], review["reviewer"], review["diagnosis"]) == ("final", "Dr A", "Measles")
    told = review["sections"][0]["statements"]
    assert [(s["text"], s["citations"], s["by_clinician"]) for s in told] == [
        ("A sentence.", (1,), False),
        ("Seen again tomorrow.", (), True),
    ]


def test_the_encounter_can_be_assessed_again(export: CaseExport) -> None:
    plain = export.to_json(reviewed())["encounter"]
    again, _ = read_encounter(json.dumps(plain).encode(), "it", VOCABULARY)
    assert again == ENCOUNTER


def test_what_was_read_from_the_text_is_not_told_as_measured_in_the_form(export: CaseExport) -> None:
    read = replace(
        ENCOUNTER,
        vital_signs=VitalSigns(heart_rate_bpm=110.0, temperature_celsius=39.2),
        read_from_text=("temperature_celsius",),
        findings=(*ENCOUNTER.findings, Finding("fever", origin=Origin.FORM)),
    )
    plain = export.to_json(make_case(encounter=read))["encounter"]
    assert (plain["vital_signs"]["temperature_celsius"], plain["vital_signs"]["heart_rate_bpm"]) == (None, 110.0)


def test_the_ending_says_what_is_written(export: CaseExport, report: KeptReport, tmp_path: Path) -> None:
    case = reviewed()
    export.write(case, tmp_path / "case.JSON")
    assert json.loads((tmp_path / "case.JSON").read_text("utf-8"))["case"] == case.id
    export.write(case, tmp_path / "case.pdf")
    assert report.given == [(case.encounter, case.draft, tmp_path / "case.pdf", case.review)]
    for name in ("case", "case.txt", "pdf", ".json.bak"):
        with pytest.raises(InputError, match=r"\.pdf or \.json"):
            export.write(case, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["case.JSON"]


def test_without_a_draft_there_is_json_and_no_report(export: CaseExport, report: KeptReport, tmp_path: Path) -> None:
    case = replace(make_case(), draft=None)
    with pytest.raises(InputError, match="no draft"):
        export.write(case, tmp_path / "case.pdf")
    export.write(case, tmp_path / "case.json")
    assert not report.given


def test_a_file_that_cannot_be_written_leaves_nothing(export: CaseExport, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"case\.json"):
        export.write(make_case(), tmp_path / "missing" / "case.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ReportError, match=r"folder\.json"):
        export.write(make_case(), tmp_path / "folder.json")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.json"]
