"""Whom a danger sign or a limit is for: age, sex, pregnancy, the weeks after delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medrag_desktop.domain.encounter import Patient, Sex
from medrag_desktop.domain.threshold import MEASUREMENTS

_OLDEST = 120
"""What is for people up to this age or beyond has no upper limit."""
_CHILDBEARING = (10, 56)
"""Years, half open: a girl or woman in them may be pregnant while nobody has said that she is not."""
_MONTHS_UP_TO = 2
"""Years up to which an age is told in months."""


@dataclass(frozen=True, slots=True)
class Applies:
    """Whom something is for; None means everyone."""

    age_years: tuple[float, float] | None = None
    """Half open."""
    known_age: bool = False
    """Of a patient of unknown age ask for the age instead of thinking that it may fit."""
    sex: str | None = None
    pregnant: bool | None = None
    postpartum: bool | None = None


EVERYONE = Applies()


def parse_applies(table: dict[str, Any]) -> Applies:
    """Read an `applies` table; raise ValueError."""
    if unknown := set(table) - {"age_years", "known_age", "sex", "pregnant", "postpartum"}:
        raise ValueError(f"applies has unknown keys: {', '.join(sorted(unknown))}")
    if any(table.get(key) not in (None, True, False) for key in ("known_age", "pregnant", "postpartum")):
        raise ValueError("applies.known_age, applies.pregnant and applies.postpartum must be true or false")
    low, high = table.get("age_years", (None, None))
    age = None if low is None or high is None else (float(low), float(high))
    known_age = bool(table.get("known_age", False))
    return Applies(age, known_age, table.get("sex"), table.get("pregnant"), table.get("postpartum"))


def applies_to(applies: Applies, patient: Patient) -> bool | None:
    """Tell whether it is for this patient; None when that cannot be known, which never silences a danger sign."""
    verdicts: list[bool | None] = []
    if applies.age_years is not None:
        low, high = applies.age_years
        oldest = patient.age_years is not None and patient.age_years >= high >= _OLDEST
        verdicts.append(None if patient.age_years is None else low <= patient.age_years < high or oldest)
    if applies.sex is not None:
        verdicts.append(None if patient.sex is Sex.UNKNOWN else patient.sex.value == applies.sex)
    if applies.pregnant is not None:
        verdicts.append(_all_known(applies.pregnant, _pregnant(patient)))
    if applies.postpartum is not None:
        verdicts.append(_all_known(applies.postpartum, _postpartum(patient)))
    if False in verdicts:
        return False
    return None if None in verdicts else True


def must_be_asked(applies: Applies, patient: Patient) -> bool:
    """Tell whether the age, or a delivery, must be known before anything is said.

    Pregnancy is kept in mind in every woman who may be pregnant; a delivery weeks ago is not something she overlooks.
    """
    of_delivery = applies.postpartum is True and _postpartum(patient) is None
    return of_delivery or (applies.known_age and patient.age_years is None)


def unknown_of_patient(applies: Applies, patient: Patient) -> tuple[str, ...]:
    """Return what must be known of the patient before it is sure to be for her or him, in words."""
    missing = {
        "age": applies.age_years is not None and patient.age_years is None,
        "sex": applies.sex is not None and patient.sex is Sex.UNKNOWN,
        "pregnancy": applies.pregnant is not None and _pregnant(patient) is None,
        MEASUREMENTS["postpartum_days"][0]: applies.postpartum is not None and _postpartum(patient) is None,
    }
    return tuple(word for word, lacking in missing.items() if lacking)


def age_condition(applies: Applies, patient: Patient) -> str:
    """Return the ages it is for as a condition in words when the patient's age is unknown; else nothing."""
    if applies.age_years is None or patient.age_years is not None:
        return ""
    low, high = applies.age_years
    limits = [f"{_spoken(low)} or older"] if low > 0 else []
    limits += [f"younger than {_spoken(high)}"] if high < _OLDEST else []
    return f"If {' and '.join(limits)}" if limits else ""


def may_be_pregnant(patient: Patient) -> bool:
    """Tell whether pregnancy is neither known nor ruled out, by sex and age or by what was said."""
    return _pregnant(patient) is None


def _spoken(years: float) -> str:
    days = round(years * 365.25)
    if days < 60:
        return f"{days} days"
    number, unit = (round(years * 12), "month") if years < _MONTHS_UP_TO else (round(years), "year")
    return f"{number} {unit}" + ("" if number == 1 else "s")


def _all_known(wanted: bool, found: bool | None) -> bool | None:
    return None if found is None else found is wanted


def _pregnant(patient: Patient) -> bool | None:
    """Tell whether the patient is pregnant; None when she may be."""
    if patient.pregnant is not None:
        return patient.pregnant
    if patient.gestational_weeks is not None and patient.possibly_pregnant:
        return True
    return None if _may_bear(patient) else False


def _postpartum(patient: Patient) -> bool | None:
    """Tell whether a delivery lies at most 42 days back; None when that was not asked."""
    if patient.postpartum_days is not None:
        return patient.postpartum
    return None if _may_bear(patient) and not patient.pregnant else False


def _may_bear(patient: Patient) -> bool:
    low, high = _CHILDBEARING
    return patient.sex is not Sex.MALE and (patient.age_years is None or low <= patient.age_years < high)
