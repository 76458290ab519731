from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.encounter import Sex
from medrag_desktop.errors import Cancelled, InputError
from medrag_desktop.services.evaluate import (
    Vignette,
    bootstrap_share,
    condition_names,
    evaluate_differential,
    matching_conditions,
    normalise,
    read_demographics,
    read_vignette,
)
from medrag_desktop.tasks import Task
from tests.small_library import absent, condition, encounter, present, ranker

LIBRARY = [
    condition("urinary_tract_infection", {}, synonyms=("UTI", "bladder infection", "cystitis")),
    condition("ectopic_pregnancy", {}, synonyms=("tubal pregnancy",)),
    condition("iron_deficiency_anaemia", {}),
    condition("ischaemic_heart_disease", {}, synonyms=("heart disease",)),
    condition("measles", {}),
    condition("appendicitis", {}, name="Acute appendicitis", synonyms=("acute appendix",)),
]
NAMES = condition_names(LIBRARY)


@pytest.mark.parametrize(
    ("diagnosis", "wanted"),
    [
        ("Measles", "measles"),
        ("Measles infection", "measles"),
        ("Iron Deficiency Anemia", "iron_deficiency_anaemia"),
        ("Anemia, iron deficiency", "iron_deficiency_anaemia"),
        ("Appendicitis", "appendicitis"),
        ("Acute Appendicitis", "appendicitis"),
        ("Ruptured Ectopic Pregnancy", "ectopic_pregnancy"),
        ("Tubal pregnancies", None),
        ("Bladder infection", "urinary_tract_infection"),
        ("Infection of the bladder", "urinary_tract_infection"),
        ("UTI (bladder infection)", "urinary_tract_infection"),
        ("Cystitis/pyelonephritis", "urinary_tract_infection"),
        ("Cystitis or measles", "urinary_tract_infection measles"),
        ("Bladder", None),
        ("Bladder cancer", None),
        ("Heart", None),
        ("Appendix", None),
        ("Pregnancy", None),
        ("Anemia", None),
        ("German measles", None),
        ("", None),
    ],
)
def test_a_diagnosis_matches_the_conditions_that_bear_its_name(diagnosis: str, wanted: str | None) -> None:
    assert matching_conditions(diagnosis, NAMES) == frozenset((wanted or "").split())


@given(st.text())
def test_any_name_has_one_normal_form(name: str) -> None:
    assert normalise(normalise(name)) == normalise(normalise(normalise(name)))
    assert normalise(name) == normalise(name.upper().lower()) or name.lower() != name.upper().lower()


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


def vignettes() -> list[Vignette]:
    clear = encounter(*present("fever", "rash", "koplik_spots"), age_years=5)
    cold = encounter(*present("cough", "fever"), *absent("rash"), age_years=40)
    return [
        Vignette("1", clear, "Rubeola"),
        Vignette("2", cold, "Measles"),
        Vignette("3", cold, "Gout"),
        Vignette("4", encounter(age_years=40), "Measles"),
    ]


def test_places_are_counted_over_all_and_over_what_the_library_covers() -> None:
    result = evaluate_differential(vignettes(), ranker(), task=Task())
    assert (result.n, result.covered) == (4, 3)
    assert result.top[1].value == pytest.approx(1 / 4)
    assert result.top_covered[1].value == pytest.approx(1 / 3)
    assert result.top_covered[10].value == 1
    shares = [result.top[k].value for k in sorted(result.top)]
    assert shares == sorted(shares)
    assert [(m.case, m.reason) for m in result.misses] == [
        ("2", "outranked"),
        ("3", "not in library"),
        ("4", "not extracted"),
    ]
    assert result == evaluate_differential(vignettes(), ranker(), task=Task())


def test_an_empty_file_gives_empty_rates_and_cancelling_stops() -> None:
    assert evaluate_differential([], ranker(), task=Task()).top[1].value == 0
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        evaluate_differential(vignettes(), ranker(), task=task)


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_the_interval_holds_the_share(hits: list[bool]) -> None:
    rate = bootstrap_share(hits)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.value == pytest.approx(sum(hits) / len(hits))
