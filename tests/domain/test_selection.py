from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.encounter import Patient, Sex
from medrag_desktop.domain.grounding import holds_dose
from medrag_desktop.domain.selection import about_others, select_sentences, usable
from tests.small_library import absent, encounter, present, ranker, seen

WOMAN = Patient(30, Sex.FEMALE, pregnant=False)
PREGNANT = Patient(30, Sex.FEMALE, pregnant=True)
MAN = Patient(30, Sex.MALE)
CHILD = Patient(5.5, Sex.FEMALE)
UNKNOWN = Patient()


@pytest.mark.parametrize(
    ("sentence", "patient"),
    [
        ("In pregnant women malaria is severe.", WOMAN),
        ("In pregnant women malaria is severe.", MAN),
        ("Women in late pregnancy swell at the ankles.", WOMAN),
        ("Women who are not pregnant take it by mouth.", PREGNANT),
        ("Non-pregnant women take it by mouth.", PREGNANT),
        ("In pregnancy it is severe.", Patient(5)),
        ("Children and pregnant women are at risk.", MAN),
        ("Newborn infants need care at once.", Patient(0.5)),
        ("Infants under 2 months need care at once.", Patient(0.5)),
        ("Older women often fall.", WOMAN),
        ("In children under five years it is severe.", CHILD),
        ("Children aged 2 months to 5 years breathe fast.", Patient(0.1)),
        ("People over 50 need an ECG.", MAN),
        ("Adults over sixty need an ECG.", MAN),
        ("In boys torsion is common.", Patient(40, Sex.MALE)),
        ("In men discharge is common.", WOMAN),
        ("A pregnancy test is done in every woman of childbearing age.", Patient(70, Sex.FEMALE)),
        ("After delivery the womb is rubbed.", MAN),
    ],
)
def test_a_sentence_about_another_group_of_patients_is_not_shown(sentence: str, patient: Patient) -> None:
    assert about_others(sentence, patient)
    assert not usable(sentence, patient)


@pytest.mark.parametrize(
    ("sentence", "patient"),
    [
        ("In pregnant women malaria is severe.", PREGNANT),
        ("In pregnant women malaria is severe.", Patient(30, Sex.FEMALE)),
        ("In pregnancy it is severe.", Patient(30)),
        ("In pregnancy it is severe.", UNKNOWN),
        ("Women who are not pregnant take it by mouth.", WOMAN),
        ("Children and pregnant women are at risk.", PREGNANT),
        ("In children under five years it is severe.", Patient(3)),
        ("Children aged 2 to 5 years breathe fast.", CHILD),
        ("People over 50 need an ECG.", Patient(60)),
        ("In men discharge is common.", UNKNOWN),
        ("A pregnancy test is done in every woman of childbearing age.", WOMAN),
        ("Childbirth and travel raise the risk.", MAN),
        ("Patients with fever for less than 7 days are seen again.", MAN),
        ("Rash is common in measles.", CHILD),
    ],
)
def test_a_sentence_that_may_be_about_this_patient_is_shown(sentence: str, patient: Patient) -> None:
    assert not about_others(sentence, patient)
    assert usable(sentence, patient)


@pytest.mark.parametrize(
    "sentence",
    [
        "Give 500 mg by mouth.",
        "This patient has had fever since Monday.",
        "See below now.",
        "Give it twice daily for long.",
    ],
)
def test_a_dose_a_case_report_and_a_scrap_are_not_shown(sentence: str) -> None:
    assert not usable(sentence, UNKNOWN)


def chosen(*passages: str, count: int = 9, **patient: object) -> list[str]:
    case = encounter(*present("rash"), *absent("cough"), **patient)
    lexicon = ranker().lexicon
    found = select_sentences(
        passages, lambda s: [m.finding for m in lexicon.mentions(s)], seen(case), case.patient, count=count
    )
    return [sentence.text for sentence in found]


def test_what_the_patient_has_comes_first_and_what_is_absent_last() -> None:
    text = "It comes with cough mostly. It is a common illness. It comes with rash mostly."
    assert chosen(text) == ["It comes with rash mostly.", "It is a common illness.", "It comes with cough mostly."]
    assert chosen(text, count=1) == ["It comes with rash mostly."]


def test_only_whole_sentences_are_shown() -> None:
    assert chosen("unless there is a rash at all. Never give these:\n- aspirin in a rash of any kind.") == []


def test_equal_scores_keep_the_order_of_the_passages() -> None:
    twice = "It is a common illness here."
    assert chosen(twice, twice) == [twice, twice]
    assert chosen() == chosen("") == []


@given(st.lists(st.text(max_size=120), max_size=3))
def test_no_shown_sentence_holds_a_dose(passages: list[str]) -> None:
    for text in chosen(*passages):
        assert not holds_dose(text)
        assert any(text in " ".join(passage.split()) for passage in passages)
