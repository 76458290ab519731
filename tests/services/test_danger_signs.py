"""What the shipped clinical library says of patients in danger, and of patients who are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from medrag_desktop.bootstrap import make_ranker
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Level
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Severity, Sex, VitalSigns
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.querying import vital_sign_words
from medrag_desktop.domain.triage import Triage
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.library import Library
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task
from tests.fakes import FakeEncoder, MemoryPack, MemoryShelf
from tests.small_library import PASSAGES

NORMAL: dict[str, Any] = {
    "temperature_celsius": 36.8,
    "heart_rate_bpm": 76.0,
    "respiratory_rate_bpm": 16.0,
    "systolic_mmhg": 118.0,
    "diastolic_mmhg": 74.0,
    "spo2_percent": 98.0,
    "avpu": "A",
}
"""Of an adult."""
ORDER = list(Urgency)


@cache
def ranker() -> Ranker:
    return make_ranker(None)


def case(
    age: float | None = 30,
    *present: str,
    text: str = "",
    sex: str = "unknown",
    absent: tuple[str, ...] = (),
    patient: dict[str, Any] | None = None,
    **signs: Any,
) -> Encounter:
    findings = (*(Finding(name) for name in present), *(Finding(name, Presence.ABSENT) for name in absent))
    return Encounter(
        Patient(age_years=age, sex=Sex(sex), **(patient or {})),
        history=text,
        findings=findings,
        vital_signs=VitalSigns(**signs),
    )


def seen(encounter: Encounter) -> tuple[Observations, Triage]:
    _, observations, signs = ranker().triage(encounter)
    return observations, signs


def fired(encounter: Encounter) -> dict[str, Urgency]:
    return {sign.id: sign.urgency for sign in seen(encounter)[1].fired}


def worst(encounter: Encounter) -> str:
    return min(fired(encounter).values(), key=ORDER.index, default=Urgency.SELF_CARE).value


def urgency(encounter: Encounter) -> str:
    library = Library(MemoryShelf(MemoryPack(PASSAGES, 0.8)), FakeEncoder())
    return (
        Assessor(ranker(), library, None, Versions()).assess(encounter, level=Level.SEARCH, task=Task()).urgency.value
    )


DAYS = 1 / 365.25


@pytest.mark.parametrize("age", [20 * DAYS, 0.25, 3, 8, 30, 80])
@pytest.mark.parametrize("signs", [{"gcs": 7}, {"gcs": 14}, {"avpu": "V"}, {"avpu": "U"}])
def test_a_low_coma_score_is_an_emergency_at_every_age(age: float, signs: dict[str, Any]) -> None:
    assert worst(case(age, **signs)) == "emergency"


@pytest.mark.parametrize("age", [20 * DAYS, 0.25, 3, 8, 30, 80])
@pytest.mark.parametrize("finding", ["reduced_consciousness", "unconscious"])
def test_reduced_consciousness_is_an_emergency_at_every_age(age: float, finding: str) -> None:
    assert worst(case(age, finding)) == "emergency"


@pytest.mark.parametrize("age", [20 * DAYS, 3, 8, 30, 80])
@pytest.mark.parametrize("finding", ["confusion", "lethargy"])
def test_fever_with_a_clouded_mind_is_an_emergency_at_every_age(age: float, finding: str) -> None:
    assert worst(case(age, "fever", finding)) == "emergency"


def test_a_fever_and_very_drowsy_in_words_is_an_emergency() -> None:
    assert worst(case(8, text="Fever for two days and very drowsy today.")) == "emergency"


def test_a_thin_arm_is_severe_malnutrition() -> None:
    thin = case(2, patient={"muac_mm": 104.0})
    assert seen(thin)[0].presence("muac_low") is Presence.PRESENT
    assert "child_severe_malnutrition" in fired(thin)
    assert "mid-upper arm circumference 104 mm" in vital_sign_words(thin)
    assert seen(case(2, patient={"muac_mm": 130.0}))[0].presence("muac_low") is Presence.ABSENT
    assert seen(case(30, patient={"muac_mm": 110.0}))[0].presence("muac_low") is Presence.NOT_ASSESSED
    assert worst(case(2, "lethargy", patient={"muac_mm": 104.0})) == "emergency"


def test_a_thin_infant_is_seen() -> None:
    thin = case(0.25, patient={"muac_mm": 90.0, "weight_kg": 5.0})
    assert worst(thin) == "urgent"
    assert "weight 5 kg" in vital_sign_words(thin)


@pytest.mark.parametrize(
    ("age", "sex", "cm", "kg", "presence"),
    [
        (1, "male", 70, 6.4, "present"),  # the limit is 6.6 kg
        (1, "male", 70, 7.0, "absent"),
        (3, "female", 90, 9.6, "present"),  # the limit is 9.8 kg
        (3, "female", 90, 12.5, "absent"),
        (3, "unknown", 90, 9.6, "present"),
        (3, "female", 130, 9.6, "not_assessed"),
        (9, "female", 110, 9.6, "not_assessed"),
    ],
)
def test_a_low_weight_for_height_is_severe_malnutrition(
    age: float, sex: str, cm: float, kg: float, presence: str
) -> None:
    light = case(age, sex=sex, patient={"height_cm": float(cm), "weight_kg": kg})
    assert seen(light)[0].presence("weight_for_height_low") == presence
    assert ("child_severe_malnutrition" in fired(light)) is (presence == "present")


@pytest.mark.parametrize("age", [16, 30, 49, 52, 55, 58])
def test_severe_pressure_in_a_known_pregnancy_is_an_emergency_at_any_age(age: float) -> None:
    pregnant = case(
        age, sex="female", systolic_mmhg=172, diastolic_mmhg=116, patient={"pregnant": True, "gestational_weeks": 30.0}
    )
    assert fired(pregnant)["pregnancy_severe_hypertension"] is Urgency.EMERGENCY


@pytest.mark.parametrize("age", [10, 30, 52, 55])
def test_severe_pressure_is_an_emergency_in_whom_pregnancy_is_possible(age: float) -> None:
    assert "pregnancy_severe_hypertension" in fired(case(age, sex="female", systolic_mmhg=165, diastolic_mmhg=100))


CHILD: dict[str, Any] = {
    "temperature_celsius": 36.9,
    "heart_rate_bpm": 100.0,
    "respiratory_rate_bpm": 24.0,
    "spo2_percent": 98.0,
}


@pytest.mark.parametrize(
    ("age", "sign", "value", "least"),
    [
        (4, "systolic_mmhg", 55, "emergency"),
        (20 * DAYS, "systolic_mmhg", 50, "emergency"),
        (9, "systolic_mmhg", 80, "emergency"),
        (30, "systolic_mmhg", 60, "emergency"),
        (30, "systolic_mmhg", 85, "urgent"),
        (30, "heart_rate_bpm", 190, "emergency"),
        (30, "heart_rate_bpm", 140, "urgent"),
        (30, "heart_rate_bpm", 32, "emergency"),
        (30, "heart_rate_bpm", 45, "urgent"),
        (0.5, "heart_rate_bpm", 45, "emergency"),
        (2, "heart_rate_bpm", 55, "emergency"),
        (10 * DAYS, "heart_rate_bpm", 90, "urgent"),
        (10 * DAYS, "heart_rate_bpm", 200, "emergency"),
        (3, "heart_rate_bpm", 175, "urgent"),
        (3, "heart_rate_bpm", 240, "emergency"),
        (30, "respiratory_rate_bpm", 5, "emergency"),
        (30, "respiratory_rate_bpm", 8, "emergency"),
        (30, "respiratory_rate_bpm", 26, "urgent"),
        (30, "respiratory_rate_bpm", 32, "emergency"),
        (6, "respiratory_rate_bpm", 10, "emergency"),
        (2, "respiratory_rate_bpm", 10, "emergency"),
        (3, "respiratory_rate_bpm", 85, "emergency"),
        (0.5, "respiratory_rate_bpm", 62, "emergency"),
        (10 * DAYS, "respiratory_rate_bpm", 20, "emergency"),
        (30, "temperature_celsius", 29, "emergency"),
        (30, "temperature_celsius", 33, "urgent"),
        (3, "temperature_celsius", 33, "urgent"),
        (30, "temperature_celsius", 41.8, "emergency"),
        (3, "temperature_celsius", 41.8, "emergency"),
        (30, "temperature_celsius", 40.3, "urgent"),
        (30, "glucose_mmol_l", 26, "urgent"),
        (30, "glucose_mmol_l", 33, "emergency"),
        (30, "glucose_mmol_l", 2.1, "emergency"),
        (30, "spo2_percent", 88, "emergency"),
        (30, "spo2_percent", 92, "urgent"),
        (3, "spo2_percent", 88, "emergency"),
    ],
)
def test_one_extreme_vital_sign_is_enough(age: float, sign: str, value: float, least: str) -> None:
    normal = NORMAL if age >= 12 else {}
    found = worst(case(age, **{**normal, sign: float(value)}))
    assert ORDER.index(Urgency(found)) <= ORDER.index(Urgency(least))


@pytest.mark.parametrize("spo2", [85.0, 92.0, None])
def test_oxygen_that_is_needed_is_never_routine(spo2: float | None) -> None:
    breathing = case(30, "cough", **{**NORMAL, "spo2_percent": spo2}, on_oxygen=True)
    assert worst(breathing) == ("emergency" if spo2 is not None else "urgent")
    assert "on oxygen" in vital_sign_words(breathing)
    assert worst(case(30, "cough", **{**NORMAL, "spo2_percent": 97.0}, on_oxygen=True)) == "urgent"


@pytest.mark.parametrize("signs", [{"heart_rate_bpm": 0.0, "respiratory_rate_bpm": 0.0}, {"heart_rate_bpm": 0.0}])
def test_no_pulse_means_resuscitation(signs: dict[str, Any]) -> None:
    assert "no_signs_of_life" in fired(case(30, **signs))
    assert "no_signs_of_life" in fired(case(3, text="Found not breathing, no pulse."))


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ({"temperature_celsius": 45.9}, "temperature 45.9 °C"),
        ({"glucose_mmol_l": 54.0}, "blood glucose 54 mmol/L"),
        ({"heart_rate_bpm": 0.0}, "heart rate 0 /min"),
    ],
)
def test_a_value_that_is_likelier_a_slip_is_challenged(signs: dict[str, Any], words: str) -> None:
    (doubt,) = [rule for rule in seen(case(30, **signs))[1].not_assessed if rule.id == "doubtful_measurement"]
    assert doubt.needs == (f"check {words} and its unit",)
    assert not [r for r in seen(case(30, **NORMAL))[1].not_assessed if r.id == "doubtful_measurement"]


@pytest.mark.parametrize(
    ("age", "text", "least"),
    [
        (20, "Head injury this morning, lost consciousness for a minute.", "emergency"),
        (4, "Non-blanching rash on the legs since today.", "urgent"),
        (4, "Fever and a non-blanching rash.", "emergency"),
        (25, "Bee sting an hour ago, now short of breath.", "emergency"),
        (25, "Bee sting, swollen lips.", "emergency"),
        (25, "After eating peanuts her tongue is swollen, swelling of the tongue.", "emergency"),
        (25, "Started a new medicine, now swollen lips.", "emergency"),
        (25, "Swollen lips since this morning.", "urgent"),
        (0.1, "He stopped breathing twice.", "emergency"),
        (8, "He had pauses in breathing.", "emergency"),
        (40, "He had pauses in breathing.", "urgent"),
        (0.1, "Bulging fontanelle.", "emergency"),
        (0.8, "Bulging fontanelle.", "emergency"),
        (7, "Green vomiting since last night, bilious vomiting.", "emergency"),
        (40, "Severe shortness of breath.", "emergency"),
        (40, "Breathless at rest.", "emergency"),
        (40, "Burns to the face and both hands.", "emergency"),
        (40, "Burned by fire, extensive burns.", "emergency"),
        (1.5, "Scald on the arm.", "emergency"),
        (40, "Small scald on the arm.", "urgent"),
        (40, "Cut on the hand, the wound keeps bleeding.", "urgent"),
        (40, "Bleeding heavily from the leg.", "emergency"),
        (40, "Stabbed in the chest.", "emergency"),
        (40, "Gunshot wound of the thigh.", "emergency"),
        (40, "Acid in the eye.", "emergency"),
        (40, "Eye injury, cannot see.", "emergency"),
        (40, "Hit in the eye by a ball.", "urgent"),
        (40, "Electrocuted by a live wire.", "emergency"),
        (2, "Choking on a peanut.", "emergency"),
        (40, "House fire, smoke inhalation.", "emergency"),
        (40, "Carbon monoxide from the stove, headache.", "emergency"),
        (2, "Drank paraffin.", "emergency"),
        (2, "Swallowed bleach.", "emergency"),
        (30, "Took an overdose of tablets.", "emergency"),
        (30, "Organophosphate poisoning.", "emergency"),
        (30, "Fluoxetine overdose.", "emergency"),
        (30, "Paraquat in urine.", "emergency"),
        (30, "Stung by a jellyfish, now short of breath.", "emergency"),
        (30, "Stabbed in the belly.", "emergency"),
        (30, "Forearm fracture, pain out of proportion to the injury.", "emergency"),
        (30, "Hit on the head, had a lucid interval, then worse.", "emergency"),
        (30, "Tried to hang himself.", "emergency"),
        (30, "Wants to kill himself.", "urgent"),
        (30, "Agitated and hearing voices.", "urgent"),
        (9, "Hallucinating and restless.", "emergency"),
        (30, "Car accident.", "urgent"),
        (60, "Chest pain.", "urgent"),
        (0.5, "Unable to suck.", "emergency"),
        (20 * DAYS, "Unable to suck.", "emergency"),
        (0.5, "Refuses to feed.", "emergency"),
    ],
)
def test_what_is_told_in_words_is_not_overlooked(age: float, text: str, least: str) -> None:
    assert ORDER.index(Urgency(worst(case(age, text=text)))) <= ORDER.index(Urgency(least))


@pytest.mark.parametrize("age", [9.9, 30, 56, 70])
def test_heavy_vaginal_bleeding_is_an_emergency_at_any_age(age: float) -> None:
    assert worst(case(age, "vaginal_bleeding.heavy", sex="female")) == "emergency"


def test_the_cord_before_the_baby_and_an_inverted_womb_are_emergencies() -> None:
    labour = case(28, text="In labour, cord felt in the vagina.", sex="female", patient={"pregnant": True})
    assert "labour_cord_prolapse" in fired(labour)
    born = case(28, text="Just delivered, uterus turned inside out.", sex="female", patient={"pregnant": False})
    assert "postpartum_inverted_womb" in fired(born)


def test_vaginal_bleeding_of_a_girl_before_puberty_is_seen_the_same_day() -> None:
    assert worst(case(6, "vaginal_bleeding", sex="female")) == "urgent"


@pytest.mark.parametrize(
    ("finding", "narrower"),
    [
        ("abdominal_pain", "abdominal_pain.severe"),
        ("headache", "headache.severe"),
        ("dyspnoea", "dyspnoea.severe"),
        ("eye_pain", "eye_pain.severe"),
        ("pallor", "pallor.severe"),
        ("vaginal_bleeding", "vaginal_bleeding.heavy"),
    ],
)
def test_what_is_marked_severe_is_the_severe_finding(finding: str, narrower: str) -> None:
    severe = replace(case(30, sex="female"), findings=(Finding(finding, severity=Severity.SEVERE),))
    assert seen(severe)[0].presence(narrower) is Presence.PRESENT
    mild = replace(severe, findings=(Finding(finding, severity=Severity.MILD),))
    assert seen(mild)[0].presence(narrower) is Presence.NOT_ASSESSED
    denied = replace(severe, findings=(Finding(finding, Presence.ABSENT, severity=Severity.SEVERE),))
    assert seen(denied)[0].presence(narrower) is not Presence.PRESENT


@pytest.mark.parametrize(("side", "stroke"), [("left", True), ("both", False), ("", False)])
def test_weakness_of_one_side_is_a_possible_stroke(side: str, stroke: bool) -> None:
    weak = replace(case(60), findings=(Finding("limb_weakness", laterality=side),))
    assert ("possible_stroke" in fired(weak)) is stroke


def test_what_the_form_sets_to_not_assessed_is_never_silent() -> None:
    told = replace(case(3), chief_complaint="convulsions")
    assert "child_convulsions" in fired(told)
    unsaid = replace(told, findings=(Finding("convulsions", Presence.NOT_ASSESSED),))
    observations, signs = seen(unsaid)
    assert observations.presence("convulsions") is Presence.NOT_ASSESSED
    assert not signs.fired
    needs = {rule.id: rule.needs for rule in signs.not_assessed}
    assert needs["child_convulsions"][0] == 'confirm "convulsions" (in the text, but set to not assessed)'
    silent = replace(unsaid, chief_complaint="")
    assert needs["child_convulsions"][0] not in {n for r in seen(silent)[1].not_assessed for n in r.needs}


def test_a_normal_temperature_clears_fever_even_if_the_text_denies_it_too() -> None:
    measured = case(30, text="No fever.", temperature_celsius=36.8)
    observations, signs = seen(measured)
    fever = observations.known["fever"]
    assert (fever.presence, fever.origin) == (Presence.ABSENT, Origin.FORM)
    assert observations.presence("fever.prolonged") is Presence.ABSENT
    assert "swollen_lid_with_fever" not in {rule.id for rule in signs.not_assessed}
    only_told = seen(case(30, text="No fever."))[1]
    assert "swollen_lid_with_fever" in {rule.id for rule in only_told.not_assessed}


@pytest.mark.parametrize("text", ["Cough.", "Car accident.", "Itchy toes.", "Fumes of the stove, headache."])
def test_silence_is_not_safety(text: str) -> None:
    assert ORDER.index(Urgency(urgency(case(30, text=text)))) <= ORDER.index(Urgency.SOON)


@pytest.mark.parametrize("lacking", [name for name in NORMAL if name != "diastolic_mmhg"])
def test_every_vital_sign_is_wanted_before_a_patient_may_wait(lacking: str) -> None:
    signs = {name: value for name, value in NORMAL.items() if name != lacking}
    assert urgency(case(30, "nasal_congestion", "runny_nose", sex="male", **signs)) == "soon"


def test_a_patient_with_nothing_but_a_cold_may_look_after_himself() -> None:
    told = ("nasal_congestion", "runny_nose", "sneezing", "sore_throat")
    cold = case(30, *told, sex="male", absent=("fever",), **NORMAL)
    assert urgency(cold) in ("self_care", "routine")
    assert not fired(cold)


def test_a_well_child_with_a_cold_may_stay_at_home_once_the_danger_signs_were_asked() -> None:
    asked = ("unable_to_drink", "vomits_everything", "convulsions", "lethargy")
    child: dict[str, Any] = {**CHILD, "avpu": "A"}
    known = case(3, "runny_nose", "nasal_congestion", "sneezing", absent=asked, **child)
    assert urgency(known) in ("self_care", "routine")
    assert not fired(known)
    assert urgency(case(3, "runny_nose", "nasal_congestion", "sneezing", absent=asked[:3], **child)) == "soon"


@pytest.mark.parametrize("pregnant", [None, False])
def test_pregnancy_is_asked_before_a_woman_may_wait(pregnant: bool | None) -> None:
    cold = case(
        30, "nasal_congestion", "runny_nose", "sneezing", sex="female", patient={"pregnant": pregnant}, **NORMAL
    )
    assert (urgency(cold) == "soon") is (pregnant is None)


def test_fever_at_an_unknown_age_asks_for_the_age() -> None:
    signs = seen(case(None, "fever"))[1]
    assert not [s for s in signs.fired if s.urgency is Urgency.EMERGENCY]
    needs = {rule.id: rule.needs for rule in signs.not_assessed}
    assert needs["young_infant_serious_infection"][0] == "age"


def test_a_sign_shown_at_an_unknown_age_says_whom_it_is_for() -> None:
    messages = {sign.id: sign.message for sign in seen(case(None, "unable_to_drink"))[1].fired}
    assert messages["child_unable_to_drink"].startswith("If 2 months or older and younger than 5 years: general")
    assert messages["too_weak_or_unable_to_drink"].startswith("If 5 years or older: too weak")
    assert seen(case(3, "unable_to_drink"))[1].fired[0].message.startswith("General danger sign")


def test_the_source_of_every_rule_reads_as_words() -> None:
    for rule in ranker().catalogue.danger_rules:
        assert "-20" not in rule.source, rule.id
        assert "kenya-imci" not in rule.source, rule.id
        assert rule.source.isprintable()


@pytest.mark.parametrize(
    ("age", "sex", "pressure", "pregnant", "presence"),
    [
        (60, "male", (168, 112), None, "present"),
        (60, "male", (185, 90), None, "present"),
        (60, "male", (168, 100), None, "absent"),
        (60, "male", (168, None), None, "not_assessed"),
        (30, "female", (165, 95), True, "present"),
        (30, "female", (165, 95), False, "not_assessed"),  # a delivery in the last weeks was not asked for
        (30, "female", (165, 95), None, "not_assessed"),
        (8, "female", (185, 95), None, "not_assessed"),
        (30, "female", (120, 75), None, "absent"),
    ],
)
def test_the_measured_pressure_decides_severe_hypertension(
    age: float, sex: str, pressure: tuple[float, float | None], pregnant: bool | None, presence: str
) -> None:
    systolic, diastolic = pressure
    measured = case(age, sex=sex, systolic_mmhg=systolic, diastolic_mmhg=diastolic, patient={"pregnant": pregnant})
    assert seen(measured)[0].presence("severe_hypertension") == presence


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("La enfermera dice que desde ayer no quiere comer", True),
        ("Mtoto anaumwa kichwa tangu jana usiku", True),
        ("Fever and cough for three days", False),
        ("HR 120, RR 40, not much else known", False),
        ("Kichwa", False),
        ("", False),
    ],
)
def test_a_text_of_which_nothing_is_understood_is_said_to_be_unread(text: str, unread: bool) -> None:
    ids = {rule.id for rule in seen(case(30, text=text))[1].not_assessed}
    assert ("text_not_read" in ids) is unread


def test_a_well_adult_alarms_nobody() -> None:
    assert not fired(case(30, **NORMAL, sex="male"))
    assert not fired(case(30, **NORMAL, sex="female"))
    assert not fired(case(3, **CHILD))
    assert not fired(case(0.5, temperature_celsius=36.9, heart_rate_bpm=130, respiratory_rate_bpm=36, spo2_percent=98))
    newborn: dict[str, Any] = {
        "temperature_celsius": 36.9,
        "heart_rate_bpm": 135.0,
        "respiratory_rate_bpm": 44.0,
        "spo2_percent": 97.0,
    }
    assert not fired(case(10 * DAYS, **newborn))


def test_past_exposures_do_not_alarm() -> None:
    past = replace(case(40, **NORMAL), past_history=("overdose of tablets in 2015", "burn as a child"))
    assert not {"poisoning", "burn"} & set(fired(past))
