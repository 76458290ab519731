from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.prior import Prior, PriorWeights, days_of_illness
from tests.small_library import MEASLES, PNEUMONIA, VOCABULARY, condition, encounter, present, seen

QUICK = replace(condition("quick", {"cough": "frequent"}), course_days=(1.0, 4.0))
SLOW = replace(condition("slow", {"cough": "frequent"}), course_days=(30.0, 400.0))
RAINS = replace(condition("rains", {}), affects=replace(PNEUMONIA.affects, raises=(), seasons=("rainy",)))
ANY = condition("any", {})
PRIOR = Prior((QUICK, SLOW, RAINS, ANY), VOCABULARY, PriorWeights())
NOTHING = Observations((), {})


def lasting(days: float, field: str = "", finding: str = "cough") -> Finding:
    return Finding(finding, Presence.PRESENT, Origin.TEXT, finding, field, duration_hours=24 * days)


def prior(case: Encounter) -> np.ndarray:
    return PRIOR.log2_of(case, seen(case))


def test_an_illness_within_its_course_costs_nothing() -> None:
    assert prior(encounter(lasting(2)))[0] == prior(encounter())[0]
    assert prior(encounter(lasting(60)))[1] == prior(encounter())[1]


def test_each_doubling_outside_the_course_costs_the_same_four_times_at_most() -> None:
    base, step = prior(encounter())[0], np.log2(PriorWeights().outside_course)
    for doublings, days in ((1, 8), (2, 16), (4, 64), (4, 5000)):
        assert prior(encounter(lasting(days)))[0] - base == pytest.approx(doublings * step)
    assert prior(encounter(lasting(15)))[1] - prior(encounter())[1] == pytest.approx(step)


def test_a_condition_without_a_course_is_untouched() -> None:
    assert prior(encounter(lasting(5000)))[3] == prior(encounter())[3]


def test_the_complaint_tells_how_long_the_patient_is_ill() -> None:
    told = (lasting(365, "history", "rash"), lasting(2, "chief_complaint"), lasting(9, "chief_complaint", "fever"))
    assert days_of_illness(seen(encounter(*told)), VOCABULARY) == 9
    assert days_of_illness(seen(encounter(*told[:1])), VOCABULARY) == 365
    assert days_of_illness(NOTHING, VOCABULARY) is None
    assert days_of_illness(seen(encounter(*present("cough"))), VOCABULARY) is None


def test_ten_years_of_smoking_are_no_illness() -> None:
    assert days_of_illness(seen(encounter(lasting(3650, "history", "history.smoking"))), VOCABULARY) is None


def test_a_season_raises_what_it_brings_and_lowers_it_otherwise() -> None:
    unknown, rainy, dry = (prior(replace(encounter(), season=season)) for season in ("", "rainy", "dry"))
    assert rainy[2] - unknown[2] == pytest.approx(1)
    assert dry[2] - unknown[2] == pytest.approx(-1)
    assert (rainy[[0, 1, 3]] == unknown[[0, 1, 3]]).all()


def test_what_moves_the_prior_is_said() -> None:
    case = replace(encounter(lasting(100), age_years=30), season="dry")
    told = [{c.kind: (c.words, c.bits) for c in row} for row in PRIOR.circumstances(case, seen(case))]
    assert told[0]["course"][0] == "ill for longer than usual"
    assert told[0]["course"][1] < 0
    assert told[1]["course"][1] == 0
    assert told[2]["season"] == ("dry season", -1.0)


def test_an_age_outside_the_typical_ones_lowers_and_never_excludes() -> None:
    measles = Prior((MEASLES,), VOCABULARY, PriorWeights())
    child, old = (Encounter(patient=Patient(age_years=age)) for age in (5.0, 80.0))
    assert -20 < measles.log2_of(old, NOTHING)[0] < measles.log2_of(child, NOTHING)[0]
