"""The PDF: every text as it stands, whatever it holds."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from medrag_desktop.adapters.typst_report import TypstReport
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import (
    CitedPassage,
    Draft,
    EvidenceStrength,
    Level,
    Provenance,
    Section,
    Statement,
    StatementOrigin,
)
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.triage import DangerSign, NotAssessed
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from medrag_desktop.errors import ReportError

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = make_vocabulary([FindingDefinition("fever", "fever", "symptom", "general")])
PASSAGE = Passage("condition/x#in-brief.1", "condition/x", "Condition X", "In brief", "Text.", "A source", "2026")
PROVENANCE = Provenance("0.1.0", (), (), "not reviewed", (), 0, "2026-11-22T10:00:00+00:00", ())


def make_draft(text: str = "A sentence.", message: str = "Refer now.") -> Draft:
    return Draft(
        level=Level.EXTRACTIVE,
        urgency=Urgency.EMERGENCY,
        danger_signs=(DangerSign("rule", message, Urgency.EMERGENCY, ("fever",), "A source"),),
        danger_signs_not_assessed=(NotAssessed("other", ("SpO2",)),),
        findings=(Finding("fever", origin=Origin.TEXT, quote=text, field="history"),),
        differential=(),
        outside_library=False,
        next_questions=(),
        evidence=EvidenceStrength.FOUND,
        sections=(Section("Assessment", (Statement(text, (1,), 1.0, StatementOrigin.EXTRACTED),)),),
        withheld=(),
        passages=(CitedPassage(1, PASSAGE, 0.5),),
        provenance=PROVENANCE,
    )


@pytest.fixture(scope="module")
def report() -> TypstReport:
    return TypstReport(ROOT / "assets" / "report", VOCABULARY)


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_it_says_what_it_must(report: TypstReport) -> None:
    words = words_of(report.render(Encounter(patient=Patient(age_years=4)), make_draft()))
    for expected in (
        "DRAFT - not verified by a clinician",
        "emergency",
        "Refer now.",
        "SpO2",
        "page 1 of",
        "[1]",
        "2026",
    ):
        assert expected in words


def test_equal_input_gives_equal_bytes(report: TypstReport) -> None:
    assert report.render(Encounter(), make_draft()) == report.render(Encounter(), make_draft())


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_text_can_be_printed(text: str) -> None:
    hostile = TypstReport(ROOT / "assets" / "report", VOCABULARY)
    pdf = hostile.render(Encounter(reference=text), make_draft(text=text, message=text))
    assert pdf.startswith(b"%PDF-")


def test_markup_is_text_and_unknown_characters_are_named(report: TypstReport) -> None:
    text = '#read("/etc/passwd") *b* _i_ $x$ @ref \\ \u4e2d'
    words = words_of(report.render(Encounter(), make_draft(text=text)))
    assert '#read("/etc/passwd") *b* _i_ $x$ @ref' in words
    assert "[U+4E2D]" in words


def test_none_found_only_when_everything_was_checked(report: TypstReport) -> None:
    quiet = replace(make_draft(), danger_signs=())
    assert "None found" not in words_of(report.render(Encounter(), quiet))
    checked = replace(quiet, danger_signs_not_assessed=())
    assert "None found" in words_of(report.render(Encounter(), checked))


def test_no_evidence_is_said(report: TypstReport) -> None:
    empty = replace(make_draft(), evidence=EvidenceStrength.NONE, sections=(), passages=())
    assert "Nothing relevant was found" in words_of(report.render(Encounter(), empty))


def test_writing_replaces_the_file_or_leaves_it(report: TypstReport, tmp_path: Path) -> None:
    out = tmp_path / "draft.pdf"
    out.write_bytes(b"old")
    report.write(Encounter(), make_draft(), out)
    assert out.read_bytes().startswith(b"%PDF-")
    with pytest.raises(ReportError, match=r"draft\.pdf"):
        report.write(Encounter(), make_draft(), tmp_path / "missing" / "draft.pdf")
    assert [file.name for file in tmp_path.iterdir()] == ["draft.pdf"]
