"""Laboratory values of free text, read with the real library through the reader of encounters."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.encounter import Encounter, Origin, Patient, Presence, Sex
from medrag_desktop.domain.laboratory_words import find_results
from medrag_desktop.services.extract import extract_findings
from tests.builders import ABBREVIATIONS

MAN = Patient(age_years=40, sex=Sex.MALE)
WOMAN = Patient(age_years=30, sex=Sex.FEMALE, pregnant=False)
CHILD = Patient(age_years=3, sex=Sex.FEMALE)
LOW_HB = "test.low_haemoglobin"
Read = Callable[..., set[str]]
SIGNS = {Presence.PRESENT: "+", Presence.ABSENT: "-"}
LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(LIBRARY)


@pytest.fixture(scope="module")
def lexicon(catalogue: Catalogue) -> AhoCorasickLexicon:
    return AhoCorasickLexicon(catalogue.vocabulary, ABBREVIATIONS)


@pytest.fixture
def read(catalogue: Catalogue, lexicon: AhoCorasickLexicon) -> Read:
    """Return what writes the findings of a history as `+test.low_sodium -test.high_potassium`."""

    def written(text: str, patient: Patient = MAN, field: str = "history") -> set[str]:
        value: object = text if field in ("history", "chief_complaint") else (text,)
        case = Encounter(patient=patient, **{field: value})  # type: ignore[arg-type]
        found = extract_findings(case, lexicon, catalogue.vocabulary, catalogue.laboratory)
        return {SIGNS[f.presence] + f.finding for f in found}

    return written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hb 6.1", {"+" + LOW_HB}),
        ("haemoglobin 8.9 g/dL", {"+" + LOW_HB}),
        ("Hb6,1", {"+" + LOW_HB}),
        ("Hb is very low at 5.2", {"+" + LOW_HB}),
        ("Hb 61 g/l", {"+" + LOW_HB}),
        ("Haemoglobin (g/dL) 8.9", {"+" + LOW_HB}),
        ("Hb (12/3) 6.1", {"+" + LOW_HB}),
        ("PCV 15%", {"+" + LOW_HB}),
        ("WBC 18,000/mm3", {"+test.raised_white_cells", "-test.low_white_cells"}),
        ("WBC 18 000", {"+test.raised_white_cells", "-test.low_white_cells"}),
        ("WBC 18.000", {"+test.raised_white_cells", "-test.low_white_cells"}),
        ("wbc 18k", {"+test.raised_white_cells", "-test.low_white_cells"}),
        ("WBC\t18.2\t10^9/L\t4.0-11.0", {"+test.raised_white_cells", "-test.low_white_cells"}),
        ("WBC 4.500", {"-test.raised_white_cells", "-test.low_white_cells"}),
        ("plt 45 x10^9/L", {"+test.low_platelets"}),
        ("platelets 80 \u00d710\u2079/L", {"+test.low_platelets"}),
        ("platelets 80 000", {"+test.low_platelets"}),
        ("platelets 0.8 lakh", {"+test.low_platelets"}),
        ("platelets 3,20,000", {"-test.low_platelets"}),
        ("platelets 620", {"-test.low_platelets", "+test.raised_platelets"}),
        ("platelets 430", {"-test.low_platelets"}),
        ("MCV 68", {"+test.microcytic_anaemia"}),
        ("ESR 90", {"+test.raised_inflammatory_markers"}),
        ("ESR 8", set()),
        ("CRP 120", {"+test.raised_inflammatory_markers"}),
        ("creatinine 2.4 mg/dl", {"+test.raised_creatinine"}),
        ("creat 210 umol/l", {"+test.raised_creatinine"}),
        ("creatinine 210 \u00b5mol/L", {"+test.raised_creatinine"}),
        ("creatinine 0.9 mg/dL", {"-test.raised_creatinine"}),
        ("Na 118", {"+test.low_sodium", "-test.high_sodium"}),
        ("Na 158", {"+test.high_sodium", "-test.low_sodium"}),
        ("K 6.8", {"+test.high_potassium", "-test.low_potassium"}),
        ("K+ 2.1 mmol/L", {"+test.low_potassium", "-test.high_potassium"}),
        ("Ca 3.1", {"+test.high_calcium", "-test.low_calcium"}),
        ("Ca 1.7", {"+test.low_calcium", "-test.high_calcium"}),
        ("calcium 13 mg/dl", {"+test.high_calcium", "-test.low_calcium"}),
        ("AST 620 U/L and ALT 540 U/L", {"+test.raised_liver_enzymes"}),
        ("AST/ALT 620/540", {"+test.raised_liver_enzymes"}),
        ("total bilirubin 6 mg/dL", {"+test.raised_bilirubin"}),
        ("ALP 900", {"+test.raised_liver_enzymes", "+test.raised_alkaline_phosphatase"}),
        ("TSH 12", {"+test.raised_tsh", "-test.low_tsh"}),
        ("free T4 0.3 ng/dl", {"+test.raised_tsh"}),
        ("INR 3", {"+test.long_pt"}),
        ("CD4 85", {"+test.low_cd4"}),
        ("CD4 <200", {"+test.low_cd4"}),
        ("CD4 450 (500-1500)", {"-test.low_cd4"}),
        ("eosinophils 18 %", {"+test.eosinophilia"}),
        ("eosinophils 3,200/mm3", {"+test.eosinophilia"}),
        ("uric acid 9", {"+test.raised_uric_acid"}),
        ("albumin 2.1", {"+test.low_albumin"}),
        ("lipase 900", {"+test.raised_amylase_or_lipase"}),
        ("ferritin 5", {"+test.low_ferritin", "-test.raised_ferritin"}),
        ("pH 7.1 / HCO3 10", {"+test.acidosis"}),
        ("lactate 5", {"+test.raised_lactate"}),
        ("CK 12000", {"+test.creatine_kinase_raised"}),
        ("HbA1c 11%", {"+test.raised_hba1c"}),
        ("HbA1c 97 mmol/mol", {"+test.raised_hba1c"}),
        ("D-dimer 2,500 ng/mL", {"+test.raised_d_dimer"}),
        (
            "U/E: Na 118 K 6.8 urea 12",
            {"+test.low_sodium", "-test.high_sodium", "+test.high_potassium", "-test.low_potassium"},
        ),
        ("WBC 18 K 5.2", {"+test.raised_white_cells", "-test.low_white_cells", "-test.low_potassium"}),
        (
            "Hemoglobin: 8.9 g/dL\nPlatelet count: 80,000/mm^3",
            {"+" + LOW_HB, "+test.low_platelets"},
        ),
    ],
)
def test_values_in_blood(read: Read, text: str, expected: set[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("urine protein 3+", {"+proteinuria", "+proteinuria.heavy"}),
        ("urine protein nil", {"-proteinuria", "-proteinuria.heavy"}),
        ("urine protein: trace", {"-proteinuria.heavy"}),
        ("24-hour urine protein 4.2 g/day", {"+proteinuria", "+proteinuria.heavy"}),
        ("urine protein 0.1 g/24h", {"-proteinuria", "-proteinuria.heavy"}),
        ("nitrite positive", {"+test.urine_leucocytes_nitrite"}),
        ("urine: leucocytes 2+, nitrite negative", {"+test.urine_leucocytes_nitrite"}),
        ("WBC 60/hpf", {"+test.urine_leucocytes_nitrite"}),
        ("urine ketones ++", {"+test.urine_ketones"}),
        ("urine glucose negative", {"-test.urine_glucose"}),
        (
            "Urinalysis:\nProtein 1+\nBlood 2+\nWBC 60/hpf",
            {"+proteinuria", "-proteinuria.heavy", "+haematuria", "+test.urine_leucocytes_nitrite"},
        ),
        ("Urine clear, Hb 8", {"+" + LOW_HB}),
        ("ascitic tap: neutrophils 400/mm3", {"+test.ascites_neutrophils_raised"}),
    ],
)
def test_values_in_urine_and_fluids(read: Read, text: str, expected: set[str]) -> None:
    about = {name[1:] for name in expected}
    assert {name for name in read(text) if name[1:] in about} == expected


@pytest.mark.parametrize(
    "text",
    [
        "CSF: WBC 200, protein 1.2, lactate 5",
        "pleural fluid albumin 1.2",
        "potassium 600 mg daily",
        "Ringer lactate 500 ml",
        "started on Ringer lactate\n3. Observe",
        "T4 100 mcg daily",
        "pt 18 years old",
        "PT 60",
        "CA 19-9 40 and CA 125 12",
        "vit K 5",
        "na 3 days",
        "Hb 9 cm",
        "HbA1c 6 monthly",
        "bilirubin 15",
        "creatinine 22",
        "Hb 610",
        "K 68",
        "K 0",
        "Na 1e9",
        "Hb - - - ",
        "Hb 12/03/2024",
        "transfuse if Hb < 7",
        "target Hb above 10",
        "mother's Hb 6",
        "Hb 6 two years ago",
        "last year Hb 6.1",
        "Hb previously 6",
        "glucose 450 mg/dL",
        "Dextrose 5% glucose + Ringer",
        "PsA 15",
        "Hb 000 000",
    ],
)
def test_what_is_no_value_of_the_patient_now(read: Read, text: str) -> None:
    found = read(text)
    assert not [name for name in found if name[1:].startswith("test.") or "protein" in name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("troponin 2.4 (N < 0.01)", {"+test.troponin_raised"}),
        ("troponin 0.005 (N < 0.01)", {"-test.troponin_raised"}),
        ("troponin 2.4", set()),
        ("creatinine 1.3 mg/dl", set()),
        ("creatinine 1.3 mg/dl (normal 0.5-1.1)", {"+test.raised_creatinine"}),
        ("creatinine 1.3 mg/dl (normal 0.5-1.4)", {"-test.raised_creatinine"}),
        ("creatinine 1.3 mg/dl (H)", {"+test.raised_creatinine"}),
        ("Na 133 L", {"+test.low_sodium", "-test.high_sodium"}),
        ("Hb 89 g/L (130-170)", {"+" + LOW_HB}),
        ("Hb 89 (11-15)", {"+" + LOW_HB}),
        ("Sodium 140 (135 - 145)", {"-test.low_sodium", "-test.high_sodium"}),
        ("Sodium 140 (see 12 notes)", {"-test.low_sodium", "-test.high_sodium"}),
    ],
)
def test_a_reference_range_or_a_flag_decides(read: Read, text: str, expected: set[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hb was 12 last year, now 6.1", {"+" + LOW_HB}),
        ("Hb 6 last year, now 14", {"-" + LOW_HB}),
        ("Hb dropped from 14 to 7", {"+" + LOW_HB}),
        ("Hb 14 -> 7", {"+" + LOW_HB}),
        ("Hb 6-7 g/dl", {"+" + LOW_HB}),
        ("Hb 12-14 g/dl", set()),
        ("Hb 14. Hb 6", {"+" + LOW_HB}),
        ("MCV 68, Hb 14", {"-" + LOW_HB}),
        ("low Hb 14", {"-" + LOW_HB}),
        ("Hb 6 yesterday", {"+" + LOW_HB}),
    ],
)
def test_several_values_of_one_analyte(read: Read, text: str, expected: set[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("patient", "text", "expected"),
    [
        (MAN, "Hb 12.5", {"+" + LOW_HB}),
        (WOMAN, "Hb 12.5", {"-" + LOW_HB}),
        (replace(WOMAN, pregnant=None), "Hb 11.5", set()),
        (replace(WOMAN, pregnant=True), "Hb 11.5", {"-" + LOW_HB}),
        (CHILD, "Hb 11.5", {"-" + LOW_HB}),
        (Patient(), "Hb 11.5", set()),
        (Patient(), "Hb 6", {"+" + LOW_HB}),
        (MAN, "Hb 19.2", {"-" + LOW_HB, "+test.raised_haemoglobin"}),
        (MAN, "Hb 17.5", {"-" + LOW_HB}),
        (WOMAN, "Hb 17.5", {"-" + LOW_HB, "+test.raised_haemoglobin"}),
        (WOMAN, "PCV 53%", {"-" + LOW_HB, "+test.raised_haemoglobin"}),
        (MAN, "PCV 53%", {"-" + LOW_HB}),
        (Patient(age_years=0.01), "Hb 19.2", set()),
        (Patient(), "Hb 19.2", set()),
        (Patient(age_years=0.01), "WBC 25,000", set()),
        (MAN, "WBC 25,000", {"+test.raised_white_cells", "-test.low_white_cells"}),
        (CHILD, "creatinine 1.2 mg/dl", {"+test.raised_creatinine"}),
        (MAN, "creatinine 1.2 mg/dl", set()),
        (CHILD, "ALP 400", set()),
        (Patient(), "ALP 400", set()),
        (Patient(age_years=0.01), "bilirubin 6 mg/dl", set()),
        (WOMAN, "PSA 40", set()),
        (MAN, "PSA 40", {"+test.raised_psa"}),
    ],
)
def test_the_limits_are_those_of_the_patient(read: Read, patient: Patient, text: str, expected: set[str]) -> None:
    assert read(text, patient) == expected


@pytest.mark.parametrize("field", ["past_history", "exposures", "medications"])
def test_the_past_has_no_values_of_today(read: Read, field: str) -> None:
    assert "+" + LOW_HB not in read("Hb 6.1", field=field)


def test_a_value_is_quoted_where_it_stands(catalogue: Catalogue, lexicon: AhoCorasickLexicon) -> None:
    text = "Pale. Hb 6.1 g/dL (12-15), tired"
    case = Encounter(patient=WOMAN, history=text)
    found = extract_findings(case, lexicon, catalogue.vocabulary, catalogue.laboratory)
    (low,) = [f for f in found if f.finding == LOW_HB]
    assert (low.quote, low.origin, low.field) == ("Hb 6.1 g/dL (12-15)", Origin.TEXT, "history")
    assert text[low.start : low.end] == low.quote


_PIECES = st.sampled_from(
    (
        "Hb WBC K Na + ++ 3+ 6.1 18,000 18 000 0,0 (N < ) - -> to from ( [ g/dL x10^9/L /hpf urine: CSF \n \t . ; , "
        "now last year two years ago normal H L \u00b5mol/L \u0663 \u00b2 \U0001f480 protein positive if "
        "mother's 1,20,000 99999999 e9 nan inf"
    ).split(" ")
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=14).map(" ".join), st.lists(_PIECES).map("".join)))
def test_any_text_can_be_read_and_every_value_lies_in_it(catalogue: Catalogue, text: str) -> None:
    end = 0
    for words in find_results(text, catalogue.laboratory):
        assert end <= words.start < words.name_end <= words.end <= len(text)
        assert words.value.low <= words.value.high
        list(words.analyte.decide(words.value, Patient()))
        end = words.end


@pytest.mark.parametrize(
    "piece", ["Hb 6.1 ", "k ", "Hb (", "Hb is was of at ", "1,", "urine protein ", "Hb 6, now 7, ", "(", " "]
)
def test_no_text_takes_long(catalogue: Catalogue, piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    start = time.process_time()
    list(find_results(text, catalogue.laboratory))
    # a second on a free core; the rest is for a slow or busy one
    assert time.process_time() - start < 5
