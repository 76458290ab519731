from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from medrag_desktop.domain.differential import rank
from medrag_desktop.domain.encounter import Encounter, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.evidence import Query
from medrag_desktop.domain.querying import (
    age_group,
    age_words,
    candidate_query,
    context_line,
    describe,
    describe_patient,
    presentation_query,
    typed_query,
    vital_sign_words,
)
from tests.domain.test_differential import ENCOUNTERS
from tests.small_library import MODEL, VOCABULARY, absent, encounter, present, seen

DAY = 1 / 365.25


@given(ENCOUNTERS)
def test_no_query_names_a_finding_that_is_absent(case: Encounter) -> None:
    queries = [presentation_query(case, case.findings, VOCABULARY)]
    queries += [candidate_query(c, case.findings, VOCABULARY) for c in rank(case, seen(case), MODEL).candidates]
    present_words = " ".join(VOCABULARY.label(f.finding) for f in case.findings if f.presence is Presence.PRESENT)
    for finding in case.findings:
        label = VOCABULARY.label(finding.finding)
        if finding.presence is not Presence.PRESENT and label not in present_words:
            assert all(label not in query.text for query in queries)


@pytest.mark.parametrize("complaint", ["Headache, no fever", "Headache; denies fever", "No fever, headache"])
def test_what_the_complaint_denies_is_not_searched_for(complaint: str) -> None:
    query = presentation_query(Encounter(chief_complaint=complaint), present("rash"), VOCABULARY)
    assert "fever" not in query.text
    assert "eadache" in query.text
    assert "rash" in query.text
    assert query.purpose == "presentation"


def test_a_candidate_is_searched_by_its_names_and_what_is_there() -> None:
    case = encounter(*present("fever", "rash"), *absent("cough"), age_years=5)
    measles = next(c for c in rank(case, seen(case), MODEL).candidates if c.condition == "measles")
    query = candidate_query(measles, case.findings, VOCABULARY)
    assert query.text == "Measles, rubeola: fever, rash"
    assert (query.purpose, query.condition) == ("condition", "measles")
    assert candidate_query(measles, (), VOCABULARY).text == "Measles, rubeola"


def test_the_context_tells_who_what_is_there_what_is_not_and_what_was_measured() -> None:
    case = encounter(*present("fever", "rash"), *absent("cough"), age_years=24, sex=Sex.FEMALE, pregnant=True)
    case = replace(case, chief_complaint="Jane Doe is hot", vital_signs=VitalSigns(temperature_celsius=38.5, gcs=15))
    line = context_line("Measles", case, case.findings, VOCABULARY)
    assert line == (
        "Measles: woman of 24 years, pregnant; present: fever, rash; absent: cough; "
        "measured: temperature 38.5 °C, Glasgow coma scale 15"
    )
    assert "Jane" not in line
    assert describe(Encounter(), VOCABULARY) == "patient"
    assert vital_sign_words(Encounter()) == ()


def test_what_is_measured_of_the_body_is_told_but_not_read_by_the_generator() -> None:
    case = Encounter(
        Patient(age_years=2, weight_kg=8.4, height_cm=80, muac_mm=104),
        vital_signs=VitalSigns(spo2_percent=92, on_oxygen=True),
    )
    assert vital_sign_words(case) == (
        "SpO2 92 %", "on oxygen", "weight 8.4 kg", "height 80 cm", "mid-upper arm circumference 104 mm",
    )  # fmt: skip
    assert context_line("Measles", case, (), VOCABULARY) == "Measles: child of 2 years; measured: SpO2 92 %"


@pytest.mark.parametrize(
    ("years", "words", "group"),
    [
        (None, "unknown age", ""),
        (0.0, "0 days", "newborn"),
        (1 * DAY, "1 day", "newborn"),
        (28 * DAY, "28 days", "newborn"),
        (59 * DAY, "59 days", "infant"),
        (6 / 12, "6 months", "infant"),
        (1.0, "12 months", "child"),
        (2.0, "2 years", "child"),
        (14.9, "14 years", "child"),
        (15.0, "15 years", "adult"),
        (65.0, "65 years", "older adult"),
    ],
)
def test_ages_are_said_as_a_clinician_would(years: float | None, words: str, group: str) -> None:
    patient = Patient(age_years=years)
    assert age_words(patient) == words
    assert age_group(patient) == group


@pytest.mark.parametrize(
    ("patient", "words"),
    [
        (Patient(10 * DAY, Sex.MALE), "newborn boy of 10 days"),
        (Patient(10 * DAY), "newborn of 10 days"),
        (Patient(3, Sex.FEMALE), "girl of 3 years"),
        (Patient(3), "child of 3 years"),
        (Patient(40, Sex.MALE), "man of 40 years"),
        (Patient(sex=Sex.FEMALE), "woman"),
        (Patient(24, Sex.FEMALE, pregnant=True, gestational_weeks=32), "woman of 24 years, pregnant (32 weeks)"),
        (Patient(24, Sex.FEMALE, postpartum_days=3), "woman of 24 years, 3 days after delivery"),
        (Patient(24, Sex.FEMALE, pregnant=False), "woman of 24 years"),
    ],
)
def test_the_patient_is_named(patient: Patient, words: str) -> None:
    assert describe_patient(patient) == words


@pytest.mark.parametrize(
    "text", ["How is measles prevented?", "measles", "treatment of scabies in infants and mothers", ""]
)
def test_what_asks_or_names_is_a_question(text: str) -> None:
    assert typed_query(text) == Query(text, "question")


@pytest.mark.parametrize(
    "text", ["red spots inside the cheeks before a rash", "cough, fever, weight loss, night sweats"]
)
def test_what_describes_is_a_presentation(text: str) -> None:
    assert typed_query(text) == Query(text, "presentation")
