from __future__ import annotations

import pytest

from medrag_desktop.domain.encounter import Sex
from medrag_desktop.errors import InputError
from medrag_desktop.services.vignettes import read_demographics, read_vignette


@pytest.mark.parametrize(
    ("text", "age", "sex", "pregnant"),
    [
        ("61 year old Male", 61, Sex.MALE, None),
        ("6-month-old girl", 0.5, Sex.FEMALE, None),
        ("14 days old", 14 / 365.25, Sex.UNKNOWN, None),
        ("30 y/o F", 30, Sex.FEMALE, None),
        ("pregnant woman of 24 years", 24, Sex.FEMALE, True),
        ("24 years, not pregnant", 24, Sex.UNKNOWN, None),
        ("900 years", None, Sex.UNKNOWN, None),
        ("", None, Sex.UNKNOWN, None),
    ],
)
def test_demographics_are_read(text: str, age: float | None, sex: Sex, pregnant: bool | None) -> None:
    patient = read_demographics(text)
    assert patient.age_years == (None if age is None else pytest.approx(age))
    assert (patient.sex, patient.pregnant) == (sex, pregnant)


def test_a_row_becomes_an_encounter() -> None:
    row = {
        "id": "a", "correct_diagnosis": "Measles", "demographics": "Male", "chief_complaints": "Fever for 3 days, F",
        "presentation": "Rash.", "absent_findings": ["No cough", "No pain"], "physical_history": "Asthma; none",
        "family_history": "-", "social_history": None,
    }  # fmt: skip
    vignette = read_vignette(row, 1)
    assert (vignette.id, vignette.correct) == ("a", "Measles")
    case = vignette.encounter
    assert case.patient.age_years is None
    assert case.patient.sex is Sex.MALE
    assert case.history == "Rash.\nNo cough. No pain"
    assert case.past_history == ("Asthma", "none")
    assert case.family_history == ()
    assert read_vignette({**row, "chief_complaints": "Pregnant, bleeding"}, 1).encounter.patient.pregnant


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({}, "correct_diagnosis"),
        ({"correct_diagnosis": " "}, "correct_diagnosis"),
        ({"correct_diagnosis": "Measles", "presentation": 5}, "presentation"),
        ({"correct_diagnosis": "Measles", "extra": "x"}, "extra"),
    ],
)
def test_a_row_that_cannot_be_read_names_line_and_field(row: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=f"line 7.*{named}"):
        read_vignette(row, 7)
