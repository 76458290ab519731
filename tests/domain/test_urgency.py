from __future__ import annotations

from dataclasses import replace

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Candidate, Differential
from medrag_desktop.domain.encounter import Encounter, Patient, Presence, VitalSigns
from medrag_desktop.domain.triage import DangerSign, Triage
from medrag_desktop.domain.urgency import urgency_of
from tests.small_library import MEASLES, NO_RANGES, PNEUMONIA, VOCABULARY, condition, encounter, present, seen

DIRE = condition("dire", {"fever": "frequent"}, urgency=Urgency.EMERGENCY, cannot_miss=True)
GRIM = condition("grim", {"fever": "frequent"}, urgency=Urgency.EMERGENCY, cannot_miss=True)
SIGNED = condition("signed", {"fever": "frequent"}, urgency=Urgency.ROUTINE, danger_signs=("rash",), cannot_miss=True)
LIBRARY = Catalogue((MEASLES, PNEUMONIA, DIRE, GRIM, SIGNED), VOCABULARY, (), NO_RANGES, {})
QUIET = Triage((), ())
MEASURED = Encounter(
    patient=Patient(age_years=30),
    vital_signs=VitalSigns(
        temperature_celsius=36.8, heart_rate_bpm=70, respiratory_rate_bpm=14, spo2_percent=98, systolic_mmhg=120,
        diastolic_mmhg=80, avpu="A",
    ),
)  # fmt: skip


def urgency(*told: tuple[str, float], findings: tuple[str, ...] = (), signs: Triage = QUIET) -> Urgency:
    return reasons(*told, findings=findings, signs=signs)[0]


def reasons(
    *told: tuple[str, float], findings: tuple[str, ...] = (), signs: Triage = QUIET
) -> tuple[Urgency, tuple[str, ...]]:
    candidates = tuple(
        Candidate(rank, name, name, (), (), chance, "possible", True, (), (), ())
        for rank, (name, chance) in enumerate(told, start=1)
    )
    case = replace(encounter(*present(*findings)), patient=MEASURED.patient, vital_signs=MEASURED.vital_signs)
    ranked = Differential(candidates, outside_library=False)
    return urgency_of(signs, ranked, case, seen(case), LIBRARY)


def test_a_likely_emergency_makes_the_patient_one() -> None:
    assert urgency(("dire", 0.5)) is Urgency.EMERGENCY


def test_one_that_is_only_possible_is_urgent() -> None:
    assert urgency(("dire", 0.2)) is Urgency.URGENT


def test_several_possible_emergencies_together_make_one() -> None:
    found, why = reasons(("dire", 0.2), ("grim", 0.2))
    assert found is Urgency.EMERGENCY
    assert len(why) == 2


def test_a_conditions_own_danger_sign_counts_when_the_condition_is_likely() -> None:
    assert urgency(("signed", 0.6), findings=("rash",)) is Urgency.EMERGENCY
    assert urgency(("signed", 0.2), findings=("rash",)) is Urgency.URGENT
    assert urgency(("signed", 0.6), findings=("cough",)) is not Urgency.URGENT


def test_a_danger_sign_that_fired_wins() -> None:
    fired = DangerSign("shock", "Treat shock.", Urgency.EMERGENCY, ("cold hands",), "a source")
    found, why = reasons(("signed", 0.6), signs=Triage((fired,), ()))
    assert (found, why) == (Urgency.EMERGENCY, ("a danger sign",))


def test_what_was_not_looked_at_is_never_routine() -> None:
    case = encounter()
    assert not [f for f in case.findings if f.presence is Presence.PRESENT]
    assert urgency_of(QUIET, Differential((), outside_library=True), case, seen(case), LIBRARY)[0] is Urgency.SOON
