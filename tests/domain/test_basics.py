from __future__ import annotations

from dataclasses import replace
from typing import Any

from medrag_desktop.domain.basics import not_looked_at
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.observations import observe
from tests.builders import absent, encounter, make_ranges, make_test_vocabulary, not_assessed, patient

SIGNS = """
[findings."vomits_everything"]
label = "vomits everything"
kind = "symptom"
[findings."lethargy"]
label = "lethargy"
kind = "sign"
"""
VOCABULARY = make_test_vocabulary(SIGNS)
RANGES = make_ranges()
ADULT: dict[str, Any] = {
    "temperature_celsius": 37.0,
    "heart_rate_bpm": 70,
    "respiratory_rate_bpm": 16,
    "spo2_percent": 98,
    "systolic_mmhg": 120,
    "avpu": "A",
}
ASKED = tuple(absent(name) for name in ("unable_to_drink", "vomits_everything", "convulsions", "lethargy"))


def missing(case: Encounter) -> tuple[str, ...]:
    return not_looked_at(case, observe(case, (), VOCABULARY, RANGES))


def test_of_a_man_the_vital_signs_are_wanted() -> None:
    man = patient(30, "male")
    assert missing(encounter(who=man, **ADULT)) == ()
    assert missing(encounter(who=man)) == (
        "temperature_celsius", "heart_rate_bpm", "respiratory_rate_bpm", "spo2_percent", "avpu", "systolic_mmhg",
    )  # fmt: skip


def test_the_coma_scale_stands_for_avpu_when_it_is_full() -> None:
    signs: dict[str, Any] = {**ADULT, "avpu": None}
    assert missing(encounter(who=patient(30, "male"), **signs, gcs=15)) == ()


def test_what_was_read_from_the_text_must_be_confirmed() -> None:
    case = encounter(who=patient(30, "male"), **ADULT)
    assert missing(replace(case, read_from_text=("avpu", "spo2_percent"))) == ("spo2_percent", "avpu")


def test_under_five_the_general_danger_signs_are_asked_but_no_blood_pressure() -> None:
    child: dict[str, Any] = {**ADULT, "systolic_mmhg": None}
    assert missing(encounter(*ASKED, who=patient(4, "male"), **child)) == ()
    assert missing(encounter(who=patient(4, "male"), **child)) == tuple(f.finding for f in ASKED)
    assert missing(encounter(*(not_assessed(f.finding) for f in ASKED), who=patient(4, "male"), **child)) == tuple(
        f.finding for f in ASKED
    )
    assert missing(encounter(who=patient(5, "male"), **child)) == ()


def test_age_and_pregnancy_are_asked() -> None:
    assert missing(encounter(who=patient(None), **ADULT)) == ("age",)
    assert missing(encounter(who=patient(30, "female"), **ADULT)) == ("pregnancy",)
    assert missing(encounter(who=patient(30, "female", pregnant=False), **ADULT)) == ()
    assert missing(encounter(who=patient(60, "female"), **ADULT)) == ()
