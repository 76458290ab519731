from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.icd10 import icd10_titles
from medrag_desktop.domain.diagnosis_names import DiagnosisNames, normalise
from tests.small_library import condition

LIBRARY = [
    condition("urinary_tract_infection", {}, synonyms=("UTI", "bladder infection", "cystitis")),
    condition("ectopic_pregnancy", {}, synonyms=("tubal pregnancy",)),
    condition("iron_deficiency_anaemia", {}),
    condition("ischaemic_heart_disease", {}, synonyms=("heart disease",)),
    condition("measles", {}),
    condition("appendicitis", {}, name="Acute appendicitis", synonyms=("acute appendix",)),
]
NAMES = DiagnosisNames(LIBRARY, icd10_titles())


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
    assert NAMES.strict(diagnosis) == frozenset((wanted or "").split())


@given(st.text())
def test_any_name_has_one_normal_form(name: str) -> None:
    assert normalise(normalise(name)) == normalise(normalise(normalise(name)))
    assert normalise(name) == normalise(name.upper().lower()) or name.lower() != name.upper().lower()


@pytest.mark.parametrize(
    ("diagnosis", "wanted"),
    [
        ("Measles", "measles measles_pneumonia"),
        ("Measles complicated by otitis media", "measles measles_pneumonia"),
        ("Iron deficiency anaemia", "iron_deficiency_anaemia"),
        ("Gout", None),
    ],
)
def test_leniently_a_diagnosis_also_means_what_shares_its_category(diagnosis: str, wanted: str | None) -> None:
    library = [
        replace(condition("measles", {}), icd10=("B05.9",)),
        replace(condition("measles_pneumonia", {}), icd10=("B05.2",)),
        replace(condition("iron_deficiency_anaemia", {}), icd10=("D50.9",)),
    ]
    assert DiagnosisNames(library, icd10_titles()).lenient(diagnosis) == frozenset((wanted or "").split())


def test_without_the_code_list_only_names_decide() -> None:
    library = [replace(condition("measles", {}), icd10=("B05.9",))]
    assert not DiagnosisNames(library).lenient("Measles complicated by otitis media")
