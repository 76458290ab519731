from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.encounter import Encounter, Origin, Presence, VitalSigns
from medrag_desktop.domain.vocabulary import make_vocabulary, parse_findings
from medrag_desktop.services.extract import extract_findings, read_text, read_vital_signs, text_fields
from tests.builders import ABBREVIATIONS, make_ranges, make_test_vocabulary

VOCABULARY = make_test_vocabulary()
LEXICON = AhoCorasickLexicon(VOCABULARY, ABBREVIATIONS)
RANGES = make_ranges()
SIGNS = {Presence.PRESENT: "+", Presence.ABSENT: "-"}


def extract(text: str, field: str = "history") -> str:
    """Write what is read from a text as `+fever -cough`."""
    case = Encounter(**{field: text if field in ("history", "chief_complaint") else (text,)})  # type: ignore[arg-type]
    return " ".join(SIGNS[f.presence] + f.finding for f in extract_findings(case, LEXICON, VOCABULARY))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 day history of fever and cough. No SOB.", "+fever +cough -dyspnoea"),
        ("c/o fever x 3/7, N/V; no CP, SOB or rash", "+fever +vomiting -chest_pain -dyspnoea -rash"),
        ("Afebrile. Not eating, vomiting since Monday", "-fever +poor_intake +vomiting"),
        ("non-bloody diarrhoea", "-diarrhoea.bloody +diarrhoea"),
        ("no fever but cough", "-fever +cough"),
        ("Mother has diabetes. Child has asthma", "+history.asthma"),
        ("History of asthma, no diabetes", "+history.asthma -history.diabetes"),
        ("diabetic for 10 years, asthma as a child", "+history.diabetes +history.asthma"),
        ("convulsions as a child", ""),
        ("fever resolved, return if vomiting", ""),
        ("worried about the rash and cancer", "+rash"),
        ("HIV-ve", "-history.hiv"),
        ("no fever yesterday. Fever today", "+fever"),
        ("Fever today. No fever yesterday", "+fever"),
        ("contact with TB", "+exposure.tb_contact"),
    ],
)
def test_findings_of_a_history(text: str, expected: str) -> None:
    assert extract(text) == expected


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("chief_complaint", "cough", "+cough"),
        ("past_history", "asthma", "+history.asthma"),
        ("past_history", "headache", ""),
        ("past_history", "no diabetes", "-history.diabetes"),
        ("exposures", "contact with TB", "+exposure.tb_contact"),
        ("family_history", "diabetes", ""),
        ("allergies", "rash", ""),
    ],
)
def test_the_field_matters(field: str, text: str, expected: str) -> None:
    assert extract(text, field) == expected


def test_a_finding_keeps_its_quote_and_place() -> None:
    (finding,) = extract_findings(Encounter(chief_complaint="  Severe chest-\npain"), LEXICON, VOCABULARY)
    assert (finding.quote, finding.field, finding.start, finding.end) == ("chest-\npain", "chief_complaint", 9, 20)
    assert finding.origin is Origin.TEXT


def test_blank_fields_are_not_read() -> None:
    assert text_fields(Encounter(history=" \n", past_history=("", "x"))) == (("past_history", "x"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("38,5 C", {"temperature_celsius": 38.5}),
        ("101 F", {"temperature_celsius": 38.3}),
        ("T 38.5", {"temperature_celsius": 38.5}),
        ("T38.5", {"temperature_celsius": 38.5}),
        ("Temp: 38.2\u00b0C", {"temperature_celsius": 38.2}),
        ("temp 101.3", {"temperature_celsius": 38.5}),
        ("fever of 39.2", {"temperature_celsius": 39.2}),
        ("temperature was measured at 39", {"temperature_celsius": 39.0}),
        ("BP 90/60", {"systolic_mmhg": 90.0, "diastolic_mmhg": 60.0}),
        ("BP: 120 / 80 mmHg", {"systolic_mmhg": 120.0, "diastolic_mmhg": 80.0}),
        ("SpO2 88%", {"spo2_percent": 88.0}),
        ("SpO2 on room air 88", {"spo2_percent": 88.0}),
        ("sats 91", {"spo2_percent": 91.0}),
        ("RR 30", {"respiratory_rate_bpm": 30.0}),
        ("RR=8/min", {"respiratory_rate_bpm": 8.0}),
        ("40 breaths per minute", {"respiratory_rate_bpm": 40.0}),
        ("HR 120", {"heart_rate_bpm": 120.0}),
        ("pulse 120/min", {"heart_rate_bpm": 120.0}),
        ("GCS 14", {"gcs": 14}),
        ("GCS 14/15", {"gcs": 14}),
        ("AVPU: p", {"avpu": "P"}),
        ("RBS 2.1", {"glucose_mmol_l": 2.1}),
        ("glucose 45 mg/dl", {"glucose_mmol_l": 2.5}),
        ("blood sugar 250", {"glucose_mmol_l": 13.9}),
        ("T 38.5, HR:120bpm", {"temperature_celsius": 38.5, "heart_rate_bpm": 120.0}),
        ("HR 999, repeated HR 110", {"heart_rate_bpm": 110.0}),
    ],
)
def test_vital_signs(text: str, expected: dict[str, object]) -> None:
    case = read_vital_signs(Encounter(history=text), RANGES)
    assert case.vital_signs == VitalSigns(**expected)  # type: ignore[arg-type]
    assert set(case.read_from_text) == set(expected)


@pytest.mark.parametrize(
    "text",
    [
        "fever for 3 days",
        "fever 38 days",
        "T 50",
        "T2DM 38",
        "BP 60/90",
        "BP 3/7",
        "SpO2 >94%",
        "SpO2 9",
        "blood sugar 30",
        "fetal heart rate 150",
        "FHR 150",
        "G3 P2",
        "38 F",
        "GCS 16",
        "40 C-sections",
        "don't 38",
        "",
    ],
)
def test_numbers_that_are_no_vital_sign(text: str) -> None:
    assert read_vital_signs(Encounter(history=text), RANGES) == Encounter(history=text)


def test_the_form_overrides_the_text() -> None:
    form = VitalSigns(spo2_percent=97.0, systolic_mmhg=120.0)
    case = read_vital_signs(Encounter(history="SpO2 88, BP 80/50, RR 30", vital_signs=form), RANGES)
    assert case.vital_signs == VitalSigns(spo2_percent=97.0, systolic_mmhg=120.0, respiratory_rate_bpm=30.0)
    assert case.read_from_text == ("respiratory_rate_bpm",)


_WORDS = st.sampled_from(
    [
        "fever",
        "no",
        "cough",
        "SOB",
        "mother",
        "if",
        "T",
        "38.5",
        "BP",
        "90/60",
        ",",
        ".",
        "\n",
        "-",
        "\x00",
        "\ud800",
        "\u062d\u0645\u0649",
    ]
)


@given(st.text(st.characters()) | st.lists(_WORDS, max_size=20).map(" ".join))
def test_every_quote_stands_where_it_says(text: str) -> None:
    for finding in read_text(text, "history", LEXICON, VOCABULARY):
        assert text[finding.start : finding.end] == finding.quote != ""
    read_vital_signs(Encounter(history=text), RANGES)


@pytest.mark.parametrize(
    "piece",
    [
        "fever ",
        "no fever ",
        "no ",
        "\n",
        ".",
        "t ",
        "t" + " " * 50,
        "bp 1/",
        "non fever ",
        "a-\n",
        "vomitng ",
        "\u062d\u0645\u0649 ",
        "x" * 99 + " ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    start = time.process_time()
    read_text(text, "history", LEXICON, VOCABULARY)
    read_vital_signs(Encounter(history=text), RANGES)
    # a second on a free core; the rest is for a slow or busy one
    assert time.process_time() - start < 5


@pytest.fixture(scope="module")
def library(request: pytest.FixtureRequest) -> tuple[AhoCorasickLexicon, object]:
    folder = Path(__file__).resolve().parents[2] / "assets" / "library" / "findings"
    files = sorted(folder.glob("*.toml"))
    vocabulary = make_vocabulary(d for f in files for d in parse_findings(f.read_text("utf-8"), f.stem))
    return AhoCorasickLexicon(vocabulary, ABBREVIATIONS), vocabulary


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cough and runny nose for 3 days, no fever, feeding well", "+cough +runny_nose -fever"),
        (
            "Crushing chest pain at rest, sweating. Denies palpitations",
            "+chest_pain.pressure -palpitations",
        ),
        ("SOB on lying flat, swollen ankles? No.", "+orthopnoea"),
        (
            "Fever, night sweats and weight loss for 2 months, coughing up blood",
            "+fever +night_sweats +weight_loss +haemoptysis",
        ),
        (
            "Unable to drink, convulsions, lethargic. No neck stiffness",
            "+unable_to_drink +convulsions +lethargy -neck_stiffness",
        ),
        ("Syncope. PMH: hypertension, asthma. Mother has epilepsy", "+syncope +history.hypertension +history.asthma"),
    ],
)
def test_common_notes_with_the_real_library(
    library: tuple[AhoCorasickLexicon, object], text: str, expected: str
) -> None:
    lexicon, vocabulary = library
    found = read_text(text, "history", lexicon, vocabulary)  # type: ignore[arg-type]
    assert set(expected.split()) <= {SIGNS[f.presence] + f.finding for f in found}
    assert "+history.epilepsy" not in {SIGNS[f.presence] + f.finding for f in found}
