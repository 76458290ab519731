from __future__ import annotations

import pytest

from medrag_desktop.domain.applies import Applies, age_condition, applies_to, may_be_pregnant, must_be_asked
from medrag_desktop.domain.encounter import Patient
from tests.builders import patient


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ((0, 0.0767), "If younger than 28 days"),
        ((0, 0.1643), "If younger than 2 months"),
        ((0.1643, 5), "If 2 months or older and younger than 5 years"),
        ((0.5, 130), "If 6 months or older"),
        ((1, 5), "If 12 months or older and younger than 5 years"),
        ((12, 130), "If 12 years or older"),
        ((0, 130), ""),
    ],
)
def test_the_ages_in_words(ages: tuple[float, float], words: str) -> None:
    assert age_condition(Applies(ages), patient(None)) == words
    assert age_condition(Applies(ages), patient(3)) == ""


def test_a_known_age_can_be_wanted() -> None:
    infants = Applies((0, 0.1643), known_age=True)
    assert must_be_asked(infants, patient(None))
    assert not must_be_asked(infants, patient(0.1))
    assert not must_be_asked(Applies((0, 0.1643)), patient(None))
    assert applies_to(infants, patient(None)) is None


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (patient(30, "female"), True),
        (patient(55.9, "female"), True),
        (patient(56, "female"), False),
        (patient(9.9, "female"), False),
        (patient(30), True),
        (patient(30, "male"), False),
        (patient(30, "female", pregnant=False), False),
        (patient(30, "female", pregnant=True), False),
    ],
)
def test_who_may_be_pregnant(who: Patient, may: bool) -> None:
    assert may_be_pregnant(who) is may
