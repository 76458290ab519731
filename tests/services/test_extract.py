from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.observations import observe
from medrag_desktop.domain.vocabulary import make_vocabulary, parse_findings
from medrag_desktop.services.extract import (
    extract_findings,
    read_patient_state,
    read_text,
    read_vital_signs,
    text_fields,
)
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
        ("Mother has diabetes. Child has asthma", "+history.asthma +history.family_diabetes"),
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
        ("family_history", "diabetes", "+history.family_diabetes"),
        ("family_history", "asthma, fever, mother has cough", ""),
        ("family_history", "Mother has diabetes", "+history.family_diabetes"),
        ("family_history", "father: sugar", "+history.family_diabetes"),
        ("family_history", "father with diabetes at the age of 70", ""),
        ("family_history", "No family history of diabetes", "-history.family_diabetes"),
        ("family_history", "No one in the family has diabetes", "-history.family_diabetes"),
        ("family_history", "no asthma, diabetes in an uncle", "-history.family_diabetes"),
        ("family_history", "no asthma. Uncle with diabetes", "+history.family_diabetes"),
        ("family_history", "none", ""),
        ("allergies", "rash", ""),
    ],
)
def test_the_field_matters(field: str, text: str, expected: str) -> None:
    assert extract(text, field) == expected


def test_a_finding_keeps_its_quote_and_place() -> None:
    (finding,) = extract_findings(Encounter(chief_complaint="  Severe chest-\npain"), LEXICON, VOCABULARY)
    assert (finding.quote, finding.field, finding.start, finding.end) == ("chest-\npain", "chief_complaint", 9, 20)
    assert finding.origin is Origin.TEXT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cough for six weeks", {"cough": 42, "cough.prolonged": 42}),
        ("productive cough x 14 days", {"cough.productive": 14, "cough.prolonged": 14}),
        ("cough for 13 days", {"cough": 13}),
        ("no cough for 3 weeks", {}),
        ("mother has had a cough for 3 weeks", {}),
        ("fever, diabetes for 10 years", {"history.diabetes": 3652.5}),
        ("10 year history of diabetes and cough", {"history.diabetes": 3652.5}),
    ],
)
def test_durations_of_a_history(text: str, expected: dict[str, float]) -> None:
    found = extract_findings(Encounter(history=text), LEXICON, VOCABULARY)
    lasting = {f.finding: f.duration_hours / 24 for f in found if f.duration_hours and f.presence is Presence.PRESENT}
    assert lasting == expected


def test_what_a_duration_decides_quotes_the_finding_and_the_time() -> None:
    text = "Over the past 3 weeks he has had a cough."
    long = next(f for f in extract_findings(Encounter(history=text), LEXICON, VOCABULARY) if "." in f.finding)
    assert (long.finding, long.quote, long.origin) == ("cough.prolonged", text[:-1], Origin.TEXT)
    assert text[long.start : long.end] == long.quote


@pytest.mark.parametrize(
    ("finding", "presence", "hours", "expected"),
    [
        ("cough", Presence.PRESENT, 480.0, "+cough.prolonged"),
        ("cough.productive", Presence.PRESENT, 336.0, "+cough.prolonged"),
        ("cough", Presence.PRESENT, 335.0, ""),
        ("cough", Presence.PRESENT, None, ""),
        ("cough", Presence.ABSENT, 480.0, ""),
        ("cough", Presence.NOT_ASSESSED, 480.0, ""),
        ("fever", Presence.PRESENT, 480.0, ""),
        ("nonsense", Presence.PRESENT, 480.0, ""),
    ],
)
def test_durations_of_the_form(finding: str, presence: Presence, hours: float | None, expected: str) -> None:
    case = Encounter(findings=(Finding(finding, presence, duration_hours=hours),))
    found = extract_findings(case, LEXICON, VOCABULARY)
    assert " ".join(SIGNS[f.presence] + f.finding for f in found) == expected
    assert {f.origin for f in found} <= {Origin.FORM}


def test_what_a_duration_of_the_form_decides_says_why() -> None:
    case = Encounter(findings=(Finding("cough", duration_hours=480.0),))
    (finding,) = extract_findings(case, LEXICON, VOCABULARY)
    assert (finding.quote, finding.duration_hours, finding.field) == ("cough for 20 days", 480.0, "")


def test_a_long_cough_in_the_form_is_long_whatever_the_text_denies() -> None:
    case = Encounter(findings=(Finding("cough", duration_hours=480.0),), history="no long cough")
    seen = observe(case, extract_findings(case, LEXICON, VOCABULARY), VOCABULARY, RANGES)
    assert seen.presence("cough.prolonged") is Presence.PRESENT


def test_a_later_mention_gives_the_duration_that_the_first_lacks() -> None:
    (finding,) = extract_findings(Encounter(history="Fever. The fever lasted 3 days"), LEXICON, VOCABULARY)
    assert (finding.quote, finding.start, finding.duration_hours) == ("Fever", 0, 72.0)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("temperature was 39.5 at home", "+fever"),
        ("temperature was 37.5 at home", ""),
        ("No fever now, T 39.5 last night", "+fever"),
    ],
)
def test_a_fever_measured_elsewhere_is_told_not_measured(text: str, expected: str) -> None:
    assert extract(text) == expected
    assert read_vital_signs(Encounter(history=text), RANGES).vital_signs == VitalSigns()


_ANYONE = Patient()
_WOMAN = Patient(age_years=25, sex=Sex.FEMALE)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("8 months pregnant", _WOMAN, {"pregnant": True, "gestational_weeks": 35}),
        ("8 months pregnant", _ANYONE, {"pregnant": True, "gestational_weeks": 35}),
        ("she is pregnant. 32/40", _WOMAN, {"pregnant": True, "gestational_weeks": 32}),
        ("gave birth five days ago", _WOMAN, {"postpartum_days": 5}),
        ("pregnant until she delivered 3 days ago", _WOMAN, {"postpartum_days": 3}),
        ("no fever, 32 weeks pregnant", _WOMAN, {"pregnant": True, "gestational_weeks": 32}),
        ("wife is 8 months pregnant", _ANYONE, {}),
        ("his wife is 8 months pregnant, he has fever", Patient(sex=Sex.MALE), {}),
        ("mother 8 months pregnant", Patient(age_years=3), {}),
        ("pregnant last year", _WOMAN, {}),
        ("not pregnant", _WOMAN, {}),
        ("return if pregnant", _WOMAN, {}),
        ("sister delivered 3 days ago", _WOMAN, {}),
        ("32 weeks pregnant", Patient(pregnant=False), {}),
        ("32 weeks pregnant", Patient(gestational_weeks=20), {"pregnant": True}),
        ("32 weeks pregnant", Patient(postpartum_days=4), {}),
        ("delivered 3 days ago", Patient(pregnant=True), {}),
        ("delivered 3 days ago", Patient(postpartum_days=9), {}),
        ("fever", _WOMAN, {}),
    ],
)
def test_pregnancy_and_childbed_fill_what_the_form_leaves_open(
    text: str, form: Patient, expected: dict[str, object]
) -> None:
    case = Encounter(patient=form, history=text)
    read = read_patient_state(case)
    assert {name: getattr(read.patient, name) for name in read.read_from_text} == expected
    assert read.as_entered() == case


def test_what_was_read_adds_to_what_was_read_before() -> None:
    case = Encounter(chief_complaint="pregnant 32 weeks", history="T 38.5")
    read = read_patient_state(read_vital_signs(case, RANGES))
    assert read.read_from_text == ("temperature_celsius", "pregnant", "gestational_weeks")
    assert read_patient_state(read) == read
    assert read.as_entered() == case


@pytest.mark.parametrize(("age", "expected"), [(0.1, 1), (None, 1), (25, 0)])
def test_a_mother_who_cannot_breastfeed_can_drink(age: float | None, expected: int) -> None:
    extra = '[findings."poor_feeding"]\nlabel = "not breastfeeding well"\nkind = "symptom"\n'
    vocabulary = make_test_vocabulary(extra)
    case = Encounter(patient=Patient(age_years=age), history="not breastfeeding well")
    assert len(extract_findings(case, AhoCorasickLexicon(vocabulary, {}), vocabulary)) == expected


_CHILDBED = """
[findings."history.pregnant_now"]
label = "currently pregnant"
kind = "history"
[findings."history.recent_delivery"]
label = "recent delivery"
kind = "history"
"""


@pytest.mark.parametrize(
    ("text", "finding", "quote"),
    [
        ("She is 8 months pregnant", "history.pregnant_now", "8 months pregnant"),
        ("gave birth five days ago", "history.recent_delivery", "gave birth five days ago"),
    ],
)
def test_a_pregnancy_read_is_a_finding_that_can_be_unsaid(text: str, finding: str, quote: str) -> None:
    vocabulary = make_test_vocabulary(_CHILDBED)
    (read,) = extract_findings(Encounter(history=text), AhoCorasickLexicon(vocabulary, {}), vocabulary)
    assert (read.finding, read.quote, read.origin) == (finding, quote, Origin.TEXT)
    unsaid = Encounter(history=text, findings=(Finding(finding, Presence.NOT_ASSESSED),))
    assert read_patient_state(unsaid) == unsaid


_TOGETHER = """
[findings."blood"]
label = "blood in stool"
kind = "symptom"
[findings."dysentery"]
label = "bad belly"
kind = "symptom"
derive_together = ["diarrhoea", "blood"]
"""


@pytest.mark.parametrize(
    ("form", "text", "quote"),
    [
        ((), "diarrhoea, blood in stool", "blood in stool"),
        ((Finding("blood"),), "diarrhoea", "diarrhoea"),
        ((Finding("blood"), Finding("diarrhoea.bloody")), "", "bloody diarrhoea and blood in stool"),
        ((), "diarrhoea", None),
        ((), "diarrhoea, no blood in stool", None),
        ((Finding("blood", Presence.ABSENT),), "diarrhoea", None),
        ((), "no bad belly. diarrhoea, blood in stool", None),
    ],
)
def test_what_several_findings_decide_together(form: tuple[Finding, ...], text: str, quote: str | None) -> None:
    vocabulary = make_test_vocabulary(_TOGETHER)
    lexicon = AhoCorasickLexicon(vocabulary, {})
    found = extract_findings(Encounter(findings=form, history=text), lexicon, vocabulary)
    made = [f.quote for f in found if f.finding == "dysentery" and f.presence is Presence.PRESENT]
    assert made == ([] if quote is None else [quote])


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
        "for 3 weeks",
        "2/52",
        "history of",
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
        "fever 3/7 ",
        "3 days fever and ",
        "for the past ",
        "frequency and urgency ",
        "lost about 5 kg ",
        "brother has TB ",
        "his brother ",
        "pregnant ",
        "delivered ",
        "chest is left ",
        "temp 39 yesterday ",
        "crushing chest pain going to the arm ",
        "\u062d\u0645\u0649 ",
        "x" * 99 + " ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    start = time.process_time()
    case = read_patient_state(read_vital_signs(Encounter(history=text), RANGES))
    extract_findings(case, LEXICON, VOCABULARY)
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
        (
            "Crushing chest pain radiating to the left arm, breathlessness on climbing stairs",
            "+chest_pain.pressure +chest_pain.radiating +dyspnoea.exertional",
        ),
        (
            "Denies crushing chest pain radiating to the left arm",
            "-chest_pain.pressure -chest_pain.radiating",
        ),
        (
            "Cough with sputum streaked with blood for six weeks, lost about 7 kg",
            "+cough.productive +haemoptysis +cough.prolonged +weight_loss",
        ),
        ("Running stomach since 2 weeks, blood in stool", "+diarrhoea +diarrhoea.persistent +rectal_bleeding"),
        ("Hotness of the body 10/7, throwing up everything", "+fever +fever.prolonged +vomits_everything"),
        ("Fever for 7 days, not able to pass urine, yellow eyes", "+fever +urinary_retention +jaundice"),
        ("Child with noisy breathing, chest in-drawing and fits", "+dyspnoea +chest_indrawing +convulsions"),
        ("The pain does not respond to Tylenol", ""),
        ("He does not respond to voice", "+unconscious"),
        ("Pain, swelling and redness in the left knee", "+joint_pain +joint_swelling"),
        ("Fever and pain in the chest", "+fever +chest_pain"),
        (
            "Chest pain exacerbated by coughing. She cannot remember if she took malaria tablets",
            "+chest_pain.pleuritic",
        ),
        ("Burning micturition, frequency and urgency", "+dysuria +urinary_frequency +urinary_urgency"),
        ("Giddiness, weakness, swelling of the legs", "+dizziness +fatigue +oedema.both_legs"),
        ("Weakness in his left hand and vomiting sensation", "+limb_weakness +nausea"),
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
