from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medrag_desktop.adapters.draft_json import draft_schema
from medrag_desktop.adapters.encounter_json import (
    MAX_BYTES,
    encounter_schema,
    encounter_to_json,
    nearest_findings,
    read_encounter,
)
from medrag_desktop.domain.encounter import DAYS_PER_YEAR, Encounter, Presence, Severity, Sex
from medrag_desktop.domain.vocabulary import Vocabulary, make_vocabulary, parse_findings
from medrag_desktop.errors import InputError
from tests.builders import make_test_vocabulary

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
VOCABULARY = make_test_vocabulary()


def read(data: object) -> Encounter:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_encounter(raw, "case.json", VOCABULARY)[0]


def complaint(data: object) -> str:
    with pytest.raises(InputError) as caught:
        read(data)
    message = str(caught.value)
    assert message.startswith("case.json")
    assert message.isprintable()
    assert len(message) < 500
    return message.removeprefix("case.json: ").removeprefix("case.json ")


def test_every_field_is_read() -> None:
    case = read(
        {
            "patient": {
                "age_years": 24.5, "sex": "female", "pregnant": True, "gestational_weeks": 32, "breastfeeding": False,
                "weight_kg": 61, "height_cm": 160, "muac_mm": 240,
            },
            "chief_complaint": "fever",
            "history": "three days\nno cough",
            "findings": [
                {"finding": "fever", "duration_hours": 72, "onset_hours_ago": 72, "severity": "severe"},
                {"finding": "cough", "presence": "absent"},
                {"finding": "rash", "presence": "not_assessed", "laterality": "left"},
            ],
            "vital_signs": {"temperature_celsius": 38.5, "on_oxygen": False, "gcs": 15, "avpu": "A"},
            "past_history": ["asthma"], "family_history": ["diabetes"], "medications": ["salbutamol"],
            "allergies": ["penicillin"], "exposures": ["well water"],
            "region": "south-asia", "date": "2026-11-22", "reference": "A 17",
        }
    )  # fmt: skip
    assert (case.patient.age_years, case.patient.sex, case.patient.pregnant) == (24.5, Sex.FEMALE, True)
    assert [f.presence for f in case.findings] == [Presence.PRESENT, Presence.ABSENT, Presence.NOT_ASSESSED]
    assert (case.findings[0].severity, case.findings[2].laterality) == (Severity.SEVERE, "left")
    assert (case.vital_signs.temperature_celsius, case.vital_signs.gcs) == (38.5, 15)
    assert (case.allergies, case.region, case.reference) == (("penicillin",), "south-asia", "A 17")


@pytest.mark.parametrize("given_id", ["a-1", 7, None, 2**70])
def test_the_id_is_passed_through(given_id: object) -> None:
    data = json.dumps({"history": "cough", "id": given_id}).encode()
    assert read_encounter(data, "-", VOCABULARY)[1] == given_id


def test_days_become_years_and_weeks_a_pregnancy() -> None:
    patient = read({"history": "x", "patient": {"age_days": 14, "sex": "female"}}).patient
    assert patient.age_years == 14 / DAYS_PER_YEAR
    assert read({"history": "x", "patient": {"gestational_weeks": 20}}).patient.pregnant is True


def test_a_byte_order_mark_is_no_error() -> None:
    assert read(b'\xef\xbb\xbf{"history": "x"}').history == "x"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"patient": {"age_years": 900}}, "patient.age_years must be at most 130, not 900."),
        ({"patient": {"age_years": -1}}, "patient.age_years must be at least 0, not -1."),
        ({"patient": {"age_years": "3"}}, "patient.age_years must be a number, not '3'."),
        ({"patient": {"age_years": True}}, "patient.age_years must be a number, not true."),
        ({"patient": {"weight_kg": 0}}, "patient.weight_kg must be more than 0.2, not 0."),
        ({"patient": {"sex": "F"}}, "patient.sex must be one of female, male, unknown, not 'F'."),
        ({"patient": {"pregnant": 1}}, "patient.pregnant must be true or false, not 1."),
        ({"patient": 3}, "patient must be an object, not 3."),
        ({"vital_signs": {"temperature_celsius": 391}}, "vital_signs.temperature_celsius must be at most 46, not 391."),
        ({"vital_signs": {"gcs": 14.5}}, "vital_signs.gcs must be a whole number, not 14.5."),
        ({"vital_signs": {"avpu": "X"}}, "vital_signs.avpu must be one of A, P, U, V, not 'X'."),
        ({"history": None}, "history must be text, not null."),
        ({"history": ["a"]}, "history must be text, not a list of 1."),
        (
            {"history": "a" * 100_001},
            "history must be text of at most 100000 characters, not text of 100001 characters.",
        ),
        ({"findings": {}}, "findings must be a list, not an object."),
        ({"findings": [{"finding": "fever"}, {"finding": 3}]}, "findings[1].finding must be text, not 3."),
        ({"findings": [{"presence": "present"}]}, "findings[0].finding is missing."),
        ({"findings": [{"finding": "fever", "presence": "maybe"}]}, "findings[0].presence must be one of"),
        (
            {"findings": [{"finding": "fever"}] * 501},
            "findings must be a list of at most 500 entries, not a list of 501.",
        ),
        ({"medications": [1]}, "medications[0] must be text, not 1."),
        ({"id": [1]}, "id must be text or a whole number, not a list of 1."),
        ([], "the whole must be an object, not a list of 0."),
        (None, "the whole must be an object, not null."),
        ({"hstory": "x"}, "the field 'hstory' is not known; did you mean history?"),
        ({"patient": {"ageyears": 3}}, "the field 'patient.ageyears' is not known; did you mean patient.age_years?"),
        ({"\x1b[31m" + "z" * 999: 1}, "the field '\N{REPLACEMENT CHARACTER}[31mzz"),
        ({}, "needs at least one of chief_complaint, history and findings."),
        ({"history": " \n"}, "needs at least one of chief_complaint, history and findings."),
        ({"history": "a\x00b"}, "history holds a NUL character; remove it."),
        ({"history": "a", "allergies": ["b", "\x00"]}, "allergies[1] holds a NUL character; remove it."),
        ({"history": "a", "region": "mars"}, "region 'mars' is not known; use one of sub-saharan-africa"),
        ({"history": "a", "date": "20261122"}, "date '20261122' is not a date like 2026-11-22."),
        ({"history": "a", "date": "2026-02-30"}, "date '2026-02-30' is not a date"),
        ({"findings": [{"finding": "fevr"}]}, "findings[0].finding 'fevr' is not known; did you mean fever"),
        ({"findings": [{"finding": "\x00"}]}, "findings[0].finding '\N{REPLACEMENT CHARACTER}' is not known."),
        ({"history": "a", "patient": {"sex": "male", "pregnant": True}}, "patient.sex is male, but patient.pregnant"),
        (
            {"history": "a", "patient": {"sex": "male", "postpartum_days": 0}},
            "patient.sex is male, but patient.postpartum",
        ),
        (
            {"history": "a", "patient": {"pregnant": False, "gestational_weeks": 9}},
            "patient.gestational_weeks is given",
        ),
        (
            {"history": "a", "patient": {"age_years": 3, "age_days": 20}},
            "patient.age_years and patient.age_days contradict",
        ),
        (
            {"history": "a", "vital_signs": {"systolic_mmhg": 60, "diastolic_mmhg": 90}},
            "vital_signs.systolic_mmhg (60) must be more than vital_signs.diastolic_mmhg (90).",
        ),
        (
            {"findings": [{"finding": "fever"}, {"finding": "fever", "presence": "absent"}]},
            "findings[1] says that fever is absent, but findings[0] says that it is present.",
        ),
        (b"", "is empty"),
        (b"{", "is not valid JSON"),
        (b'{"history": "a"} {}', "is not valid JSON"),
        (b'{"history": "\xff"}', "is not valid JSON: it is not UTF-8 text"),
        (b'{"history": "a\x00"}', "is not valid JSON"),
        (b'{"history": "\\ud800"}', "is not valid JSON"),
        (b'{"patient": {"age_years": NaN}}', "is not valid JSON: NaN and Infinity are no numbers there"),
        (b'{"patient": {"age_years": -Infinity}}', "is not valid JSON: NaN and Infinity are no numbers there"),
        (b'{"patient": {"age_years": 1e999}}', "patient.age_years must be a number."),
        (b'{"patient": {"age_years": 1' + b"0" * 400 + b"}}", "patient.age_years must be"),
        (b'{"history": ' + b"[" * 100_000, "history must be text."),
        (b'{"id": ' + b"[" * 100_000, "id must be text or a whole number."),
        (b'{"zz": ' + b'{"a":' * 100_000, "the field 'zz' is not known"),
        (b"[" * 100_000, "the whole must be an object."),
        (b'{"history": "' + b"a" * 2_000_000 + b'"}', "is larger than 1 MB"),
    ],
)
def test_a_bad_input_names_the_field(data: object, message: str) -> None:
    assert complaint(data).startswith(message)


def test_the_same_finding_twice_with_one_presence_is_no_error() -> None:
    assert len(read({"findings": [{"finding": "fever"}, {"finding": "fever"}]}).findings) == 2


def test_the_longest_text_is_read() -> None:
    assert len(read({"history": "a" * 100_000}).history) == 100_000 < MAX_BYTES


@pytest.mark.parametrize(
    ("text", "nearest"), [("diarrhea", "diarrhoea"), ("productive_cough", "cough.productive"), ("HIV", "history.hiv")]
)
def test_the_nearest_finding(text: str, nearest: str) -> None:
    assert nearest in nearest_findings(text, VOCABULARY)


def library_vocabulary() -> Vocabulary:
    folder = Path(__file__).resolve().parents[2] / "assets" / "library" / "findings"
    files = sorted(folder.glob("*.toml"))
    return make_vocabulary(d for f in files for d in parse_findings(f.read_text("utf-8"), f.stem))


LIBRARY = library_vocabulary()


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("coff", "cough"),
        ("stiff_neck", "neck_stiffness"),
        ("fits", "convulsions"),
        ("temp", "fever"),
        ("vomitting", "vomiting"),
        ("diarhea", "diarrhoea"),
        ("hedake", "headache"),
        ("short_of_breath", "dyspnoea"),
        ("seizure", "convulsions"),
        ("high bp", "high_blood_pressure"),
        ("dog_bite", "exposure.animal_bite"),
        ("yellow_eyes", "jaundice"),
        ("weightloss", "weight_loss"),
        ("history.diabetis", "history.diabetes"),
    ],
)
def test_the_first_suggestion_of_the_library(text: str, nearest: str) -> None:
    assert nearest_findings(text, LIBRARY)[0] == nearest


@pytest.mark.parametrize("text", ["", " ", "._-", "xyzqw", "حمى"])
def test_nothing_is_near_to_nonsense(text: str) -> None:
    assert nearest_findings(text, LIBRARY) == ()


@given(st.sampled_from(sorted(LIBRARY.definitions)), st.integers(0, 99), st.sampled_from("aeioustrxz"))
@settings(max_examples=30, deadline=None)
def test_an_id_with_one_letter_changed_is_suggested_first(finding: str, place: int, letter: str) -> None:
    place %= len(finding)
    text = finding[:place] + letter + finding[place + 1 :]
    assume(finding[place].isalpha() and text not in LIBRARY)
    assert nearest_findings(text, LIBRARY)[0] == finding


_KEYS = st.sampled_from(
    ["patient", "age_years", "history", "findings", "finding", "vital_signs", "gcs", "past_history", "id", "sex", "x"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, _JSON, max_size=4) | _JSON)
def test_any_json_is_read_or_refused(data: Any) -> None:
    try:
        case = read(data)
    except InputError:
        assert complaint(data)
        return
    jsonschema.validate(data, encounter_schema())
    assert case.chief_complaint.strip() or case.history.strip() or case.findings


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read(data)


@pytest.mark.parametrize(("name", "schema"), [("encounter", encounter_schema()), ("draft", draft_schema())])
def test_the_committed_schema_is_the_one_in_force(
    name: str, schema: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    file = SCHEMAS / f"{name}.schema.json"
    if request.config.getoption("--regenerate"):
        SCHEMAS.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(file.read_text(encoding="utf-8")) == schema


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b'{"history": "a", "allergies": ["penicillin"], "allergies": []}', "allergies"),
        (b'{"history": "a", "patient": {"age_years": 3, "sex": "male", "age_years": 60}}', "age_years"),
        (b'{"history": "a", "vital_signs": {"spo2_percent": 80, "spo2_\\u0070ercent": 98}}', "spo2_percent"),
        (b'{"findings": [{"finding": "fever"}, {"finding": "cough", "finding": "cough"}]}', "finding"),
        (b'\xef\xbb\xbf{"history": "a", "history": "a"}', "history"),
    ],
)
def test_a_key_that_stands_twice_is_refused_by_name(data: bytes, key: str) -> None:
    assert complaint(data).startswith(f"the field '{key}' stands twice")


def test_equal_keys_of_two_objects_and_very_long_numbers_are_no_error() -> None:
    assert len(read(b'{"findings": [{"finding": "fever"}, {"finding": "cough"}]}').findings) == 2
    data = b'{"history": "a", "id": 1' + b"0" * 18 + b', "patient": {"weight_kg": 61.' + b"0" * 5000 + b"}}"
    assert read(data).patient.weight_kg == 61


def test_what_is_written_is_read_as_the_same() -> None:
    case = read(
        {
            "patient": {"age_years": 24.5, "sex": "female", "pregnant": True, "gestational_weeks": 32},
            "history": "three days\nno cough",
            "findings": [{"finding": "rash", "presence": "not_assessed", "laterality": "left"}],
            "vital_signs": {"spo2_percent": 88, "on_oxygen": True, "avpu": "V"},
            "allergies": ["penicillin"],
        }
    )
    assert read(json.dumps(encounter_to_json(case)).encode()) == case
