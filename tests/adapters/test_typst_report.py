"""The PDF: every text as it stands, whatever it holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from medrag_desktop.adapters.typst_report import TypstReport
from medrag_desktop.domain.case import (
    Review,
    add_statement,
    conclude,
    edit_statement,
    reopen,
    sign,
    start_review,
)
from medrag_desktop.domain.draft import CitedPassage, EvidenceStrength, Level, Withheld
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Severity, Sex, VitalSigns
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.triage import NotAssessed
from medrag_desktop.domain.vocabulary import FindingDefinition, make_vocabulary
from medrag_desktop.errors import ReportError
from tests.drafts import CANDIDATE, PASSAGE, make_draft

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = make_vocabulary([FindingDefinition("fever", "fever", "symptom", "general")])


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
    pdf = hostile.render(Encounter(reference=text), make_draft(text or "-", message=text))
    assert pdf.startswith(b"%PDF-")


def test_markup_is_text_and_unknown_characters_are_named(report: TypstReport) -> None:
    text = '#read("/etc/passwd") *b* _i_ $x$ @ref \\ \u4e2d'
    words = words_of(report.render(Encounter(), make_draft(text)))
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


AT = "2026-11-22T23:30:00+02:00"
DRAFTED = "DRAFT - not verified by a clinician"


def pages_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def signed(review: Review | None = None, name: str = "Dr Ada B", at: str = AT) -> Review:
    return sign(review or start_review(make_draft()), name, at)


def test_a_signed_report_says_who_and_when_on_every_page(report: TypstReport) -> None:
    long = make_draft(*(f"Sentence {n} of many that fill more than one page." for n in range(120)))
    pages = pages_of(report.render(Encounter(), long, signed(start_review(long))))
    assert len(pages) > 1
    for page in pages:
        assert "Signed by Dr Ada B on 22 November 2026" in page
        assert "DRAFT" not in page
    assert "Clinical assessment" in pages[0]


@pytest.mark.parametrize("change", [start_review, lambda d: reopen(signed(start_review(d))), lambda _: None])
def test_what_nobody_signed_is_a_draft_on_every_page(report: TypstReport, change: Callable[..., Review | None]) -> None:
    long = make_draft(*(f"Sentence {n} of many that fill more than one page." for n in range(120)))
    pages = pages_of(report.render(Encounter(), long, change(long)))
    assert len(pages) > 1
    assert all(DRAFTED in page for page in pages)
    assert not any("Signed by" in page for page in pages)


def test_a_change_after_the_signature_is_said(report: TypstReport) -> None:
    words = words_of(report.render(Encounter(), make_draft(), reopen(signed())))
    assert "Changed after it was signed by Dr Ada B on 22 November 2026; not signed again." in words


def test_an_amendment_is_said_with_its_date(report: TypstReport) -> None:
    again = signed(reopen(signed()), at="2026-12-01T08:00:00+02:00")
    words = words_of(report.render(Encounter(), make_draft(), again))
    assert "Amended and signed by Dr Ada B on 1 December 2026" in words


def test_the_clinicians_diagnosis_stands_first(report: TypstReport) -> None:
    review = conclude(start_review(make_draft()), "Measles & more")
    words = words_of(report.render(Encounter(), make_draft(), review))
    assert words.index("not signed Measles & more") < words.index("Urgency")
    words = words_of(report.render(Encounter(), make_draft(), signed(review)))
    assert words.index("Diagnosis Measles & more") < words.index("Urgency")
    assert "not signed" not in words


def test_the_clinicians_words_are_marked_and_cut_ones_are_gone(report: TypstReport) -> None:
    draft = make_draft("Kept.", "Changed.", "Cut.")
    review = edit_statement(edit_statement(start_review(draft), 0, 2, ""), 0, 1, "Mine.")
    review = add_statement(review, 0, "Added.")
    words = words_of(report.render(Encounter(), draft, signed(review)))
    assert "Kept. [1]" in words
    assert "Clinician: Mine." in words
    assert "Clinician: Added." in words
    assert "Cut." not in words
    assert "Changed." not in words
    assert "own words" in words
    assert "Clinician:" not in words_of(report.render(Encounter(), draft, signed(start_review(draft))))


def test_a_medicine_that_was_not_checked_is_told_beside_the_programs_sentence(report: TypstReport) -> None:
    draft = make_draft("Rest helps.")
    statement = replace(draft.sections[0].statements[0], unchecked="Not checked: *aspirin*.")
    draft = replace(draft, sections=(replace(draft.sections[0], statements=(statement,)),))
    assert "Not checked: *aspirin*." in words_of(report.render(Encounter(), draft))
    changed = edit_statement(start_review(draft), 0, 0, "Rest.")
    assert "Not checked" not in words_of(report.render(Encounter(), draft, changed))


def test_only_what_is_still_cited_is_a_reference(report: TypstReport) -> None:
    draft = make_draft("From one.", "From two.")
    two = replace(draft.sections[0].statements[1], citations=(2,))
    other = replace(PASSAGE, id="condition/x#danger-signs.1", section="Danger signs")
    draft = replace(
        draft,
        sections=(replace(draft.sections[0], statements=(draft.sections[0].statements[0], two)),),
        passages=(CitedPassage(1, PASSAGE, 0.5), CitedPassage(2, other, 0.5)),
        differential=(replace(CANDIDATE, citations=(1, 2)),),
    )
    assert "[2] Danger signs" in words_of(report.render(Encounter(), draft))
    without = edit_statement(start_review(draft), 0, 1, "")
    words = words_of(report.render(Encounter(), draft, without))
    assert "[1] In brief" in words
    assert "[2]" not in words
    nothing = edit_statement(without, 0, 0, "")
    words = words_of(report.render(Encounter(), draft, nothing))
    assert "Condition X [1]" in words, "a condition of the list keeps its best passage"
    assert "[1] In brief" in words
    assert "Assessment" not in words, "a section with nothing in it is left out"


def test_every_number_that_is_printed_has_its_reference(report: TypstReport) -> None:
    draft = replace(make_draft(), level=Level.SEARCH, sections=())
    assert "[1] In brief" in words_of(report.render(Encounter(), draft, start_review(draft)))


@settings(max_examples=25)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_of_the_clinician_can_be_printed(name: str, text: str) -> None:
    hostile = TypstReport(ROOT / "assets" / "report", VOCABULARY)
    review = add_statement(conclude(start_review(make_draft()), text), 0, text)
    assert hostile.render(Encounter(), make_draft(), signed(review, name)).startswith(b"%PDF-")


def test_a_name_is_text_and_never_pushes_the_page_aside(report: TypstReport) -> None:
    name = '#panic("x") *b* ' + "Dr Long " * 40
    pages = pages_of(report.render(Encounter(reference="R" * 300), make_draft(), signed(name=name)))
    assert '#panic("x") *b* Dr Long' in pages[0]
    assert " on 22 November 2026" in pages[0]
    assert name.strip() in pages[0], "the first page has the name in full"


EVERYTHING = Encounter(
    patient=Patient(24, Sex.FEMALE, True, 32, breastfeeding=False, weight_kg=61.5, height_cm=160, muac_mm=240),
    chief_complaint="Headache since Monday",
    history="She sees spots.\nHer feet are swollen.",
    findings=(
        Finding("fever", duration_hours=72, onset_hours_ago=30, severity=Severity.SEVERE, laterality="left"),
        Finding("old.finding_dropped_since"),
        Finding("cough", Presence.NOT_ASSESSED),
    ),
    vital_signs=VitalSigns(38.5, 110, 22, 165, 112, 88, True, 5.5, 14, "V"),
    past_history=("asthma", "appendix removed"),
    family_history=("diabetes",),
    medications=("methyldopa", "iron"),
    allergies=("penicillin",),
    exposures=("well water",),
    region="south-asia",
    date="2026-11-20",
    reference="A 17",
)


def test_everything_that_was_entered_is_printed(report: TypstReport) -> None:
    words = words_of(report.render(EVERYTHING, make_draft()))
    for expected in (
        "Patient A 17",
        "Woman of 24 years, pregnant (32 weeks)",
        "encounter of 2026-11-20",
        "Allergies: penicillin",
        "Complaint: Headache since Monday",
        "History as written: She sees spots. Her feet are swollen.",
        "temperature 38.5 \u00b0C; heart rate 110 /min; respiratory rate 22 /min; blood pressure 165/112 mmHg",
        "SpO2 88 % on oxygen; blood glucose 5.5 mmol/L; Glasgow coma scale 14; AVPU V (responds to voice)",
        "weight 61.5 kg; height 160 cm; mid-upper arm circumference 240 mm",
        "Medicines: methyldopa; iron",
        "Past history: asthma; appendix removed",
        "Family history: diabetes",
        "Exposures: well water",
        "Region: South Asia",
        "Pregnancy: pregnant, 32 weeks; not breastfeeding",
        "Set to not assessed: cough",
        "Fever (for 3 days, began 30 hours ago, severe, left side)",
        "Old finding dropped since present form",
    ):
        assert expected in words, expected
    assert words.index("Allergies: penicillin") < words.index("Urgency")


def test_what_was_not_recorded_is_said_where_it_matters(report: TypstReport) -> None:
    words = words_of(report.render(Encounter(history="Cough."), make_draft()))
    assert "Allergies: not recorded" in words
    assert "Medicines: not recorded" in words
    assert "Measured: nothing was entered" in words
    assert "Past history" not in words


@pytest.mark.parametrize(("given", "told"), [(True, "on oxygen"), (False, "without oxygen"), (None, "SpO2 91 %")])
def test_a_saturation_says_whether_oxygen_was_given(report: TypstReport, given: bool | None, told: str) -> None:
    words = words_of(report.render(Encounter(vital_signs=VitalSigns(spo2_percent=91, on_oxygen=given)), make_draft()))
    assert told in words
    assert ("oxygen" in words) == (given is not None)


def test_what_a_measurement_overrules_is_printed_too(report: TypstReport) -> None:
    measured = Finding("fever", Presence.PRESENT, Origin.FORM, "temperature 39 \u00b0C")
    denied = Encounter(findings=(Finding("fever", Presence.ABSENT),), vital_signs=VitalSigns(39.0))
    words = words_of(report.render(denied, replace(make_draft(), findings=(measured,))))
    assert "Fever present temperature 39 \u00b0C" in words
    assert "Fever absent form" in words


def test_a_very_long_history_takes_a_page_and_says_that_it_was_cut(report: TypstReport) -> None:
    pages = pages_of(report.render(Encounter(history="A long story. " * 5000), make_draft()))
    assert len(pages) <= 4
    words = " ".join(pages)
    assert words.count("A long story.") > 200
    assert "... shortened; the whole text is in the case" in words
    assert "Findings" in words


TURNED = "amoxicillin 5\u202e00\u202c mg \u2066x\u2069 \u200f y \u200e"


def test_no_field_can_turn_the_line_around(report: TypstReport) -> None:
    hostile = Encounter(
        chief_complaint=TURNED, history=TURNED, reference=TURNED, medications=(TURNED,), allergies=(TURNED,),
        past_history=(TURNED,), family_history=(TURNED,), exposures=(TURNED,), region=TURNED,
    )  # fmt: skip
    draft = replace(make_draft(TURNED, message=TURNED), findings=(Finding("fever", quote=TURNED),))
    review = add_statement(conclude(start_review(draft), TURNED), 0, TURNED)
    words = words_of(report.render(hostile, draft, signed(review, TURNED)))
    assert words.count("5[U+202E]00[U+202C]") >= 13
    assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def test_a_word_without_an_end_stays_on_the_page(report: TypstReport) -> None:
    pdf = report.render(Encounter(history="W" * 3000, allergies=("W" * 400,)), make_draft("W" * 500))
    reader = PdfReader(io.BytesIO(pdf))
    assert sum(page.extract_text().count("W") for page in reader.pages) == 3000 + 400 + 500 + 500
    lines = [line for page in reader.pages for line in page.extract_text().splitlines()]
    assert max(line.count("W") for line in lines) <= 60


def test_a_long_reference_never_reaches_the_text_of_a_page(report: TypstReport) -> None:
    pages = pages_of(report.render(Encounter(reference="\u4e2d" * 500), make_draft(*["More."] * 300)))
    assert len(pages) > 1
    assert pages[-1].count("[U+4E2D]") < 8
    assert pages[0].count("[U+4E2D]") >= 500


def test_every_open_danger_sign_is_printed_with_their_number_on_top(report: TypstReport) -> None:
    needs = tuple(f"finding{n};" for n in range(200))
    rules = tuple(NotAssessed(need, (need.strip(";"),)) for need in needs)
    draft = replace(make_draft(), danger_signs_not_assessed=(NotAssessed("t", ("temperature",)), *rules))
    pages = pages_of(report.render(Encounter(), draft))
    assert "201 danger signs could not be checked. Not measured: temperature." in pages[0]
    assert "The whole list is at the end." in pages[0]
    words = " ".join(pages)
    assert all(need in words or need[:-1] + "." in words for need in needs)
    assert words.index("About this draft") < words.index("finding3;")
    few = words_of(report.render(Encounter(), make_draft()))
    assert "1 danger sign could not be checked. Not measured: SpO2." in few
    assert few.index("Danger signs that could not be checked") < few.index("As entered")


def test_what_the_text_denies_is_not_called_not_asked(report: TypstReport) -> None:
    denied = Finding("fever", Presence.ABSENT, Origin.TEXT, "fever", "history")
    draft = replace(make_draft(), findings=(denied,), danger_signs_not_assessed=(NotAssessed("a", ("fever",)),))
    words = words_of(report.render(Encounter(), draft))
    assert "Denied in the text; confirm: fever." in words
    assert "Not asked" not in words


def test_why_the_level_fell_stands_beside_the_level(report: TypstReport) -> None:
    draft = make_draft()
    note = "The generator is damaged. The draft quotes the library instead of writing from it."
    fallen = replace(draft, provenance=replace(draft.provenance, notes=(note,)))
    words = words_of(report.render(Encounter(), fallen))
    assert f"Level extractive: sentences quoted from the library. {note} Assessment" in words
    assert f"Level: extractive. {note}" in words


def test_why_sentences_were_withheld_is_printed(report: TypstReport) -> None:
    dose, allergy = (
        Withheld("Management", "It gives a dose."),
        Withheld("Management", "Names amoxicillin, but allergy."),
    )
    words = words_of(report.render(Encounter(), replace(make_draft(), withheld=(dose, allergy, dose))))
    assert "3 sentences were withheld" in words
    assert "Withheld: It gives a dose. (2 times) Withheld: Names amoxicillin, but allergy." in words
    many = tuple(Withheld("A", f"Reason {n}.") for n in range(20))
    words = words_of(report.render(Encounter(), replace(make_draft(), withheld=many)))
    assert "Reason 11." in words
    assert "8 other reasons stand in the exported case." in words


def test_a_doubt_of_the_program_stands_at_the_top(report: TypstReport) -> None:
    doubt = NotAssessed("doubtful_measurement", ("check temperature 44 and its unit",))
    others = tuple(NotAssessed(str(n), ("temperature",)) for n in range(9))
    pages = pages_of(report.render(Encounter(), replace(make_draft(), danger_signs_not_assessed=(doubt, *others))))
    top = "Not measured: temperature. Clear up first: check temperature 44 and its unit."
    assert f"10 danger signs could not be checked. {top}" in pages[0]


def test_what_was_read_from_the_text_is_not_printed_as_entered(report: TypstReport) -> None:
    read = Encounter(history="SpO2 97%.", vital_signs=VitalSigns(spo2_percent=97), read_from_text=("spo2_percent",))
    words = words_of(report.render(read, make_draft()))
    assert "Measured: nothing was entered" in words


def test_possible_findings_are_printed_with_their_words_and_as_not_counted(report: TypstReport) -> None:
    possible = (PossibleFinding("fever", "hot #as [an] oven", "history", 0, 18, 0.9),)
    words = words_of(report.render(Encounter(), replace(make_draft(), possible=possible)))
    assert 'Perhaps also, not counted: fever (from the words "hot #as [an] oven").' in words
    assert "Perhaps also" not in words_of(report.render(Encounter(), make_draft()))
