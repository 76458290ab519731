"""What an encounter can hold at all, whoever writes it: limits of numbers and texts, contradictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from medrag_desktop.domain.encounter import Patient, Sex, VitalSigns

LIMITS: Mapping[str, tuple[float, float]] = {
    "age_years": (0, 130),
    "age_days": (0, 47_500),
    "gestational_weeks": (0, 45),
    "postpartum_days": (0, 400),
    "weight_kg": (0.2, 500),
    "height_cm": (20, 260),
    "muac_mm": (40, 700),
    "temperature_celsius": (20, 46),
    "heart_rate_bpm": (0, 350),
    "respiratory_rate_bpm": (0, 150),
    "systolic_mmhg": (20, 320),
    "diastolic_mmhg": (5, 220),
    "spo2_percent": (20, 100),
    "glucose_mmol_l": (0, 120),
    "gcs": (3, 15),
    "duration_hours": (0, 1_200_000),
    "onset_hours_ago": (0, 1_200_000),
}
"""Number -> smallest and largest value of a living person; a weight must be more than its smallest."""
LONGEST_TEXT = 100_000
"""Characters of the complaint or the history."""
LONGEST_ITEM = 500
"""Characters of a medicine, an allergy, a reference and the like."""
MOST_ITEMS = 200
"""Entries of a list of such texts."""
MOST_FINDINGS = 500
OF_PREGNANCY = ("pregnant", "gestational_weeks", "postpartum_days")
"""What is said of nobody who is male."""


def said_of_a_man(patient: Patient) -> Iterator[str]:
    """Yield the fields about pregnancy and delivery that are filled although the patient is male."""
    for name in OF_PREGNANCY:
        value = getattr(patient, name)
        if patient.sex is Sex.MALE and value is not None and value is not False:
            yield name


def weeks_without_pregnancy(patient: Patient) -> bool:
    """Tell whether weeks of gestation are given of a patient who is said not to be pregnant."""
    return patient.pregnant is False and patient.gestational_weeks is not None


def pressures_reversed(signs: VitalSigns) -> bool:
    """Tell whether the systolic pressure is not above the diastolic."""
    high, low = signs.systolic_mmhg, signs.diastolic_mmhg
    return high is not None and low is not None and high <= low
