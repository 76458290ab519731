"""Cases with a known diagnosis, as lines of JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.errors import InputError

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*[- ]?\s*(years?|yrs?|y/?o|y|months?|mos?|weeks?|wks?|days?|hours?)\b", re.I)
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365.25, "d": 1 / 365.25, "h": 1 / 8766}
_FEMALE = re.compile(r"\b(?:female|woman|girl|f)\b", re.I)
_MALE = re.compile(r"\b(?:male|man|boy|m)\b", re.I)
_PREGNANT = re.compile(r"(?<!not )(?<!non-)\b(?:pregnant|weeks? (?:of )?gestation|gravida)\b", re.I)
_FIELDS = frozenset(
    {
        "correct_diagnosis", "demographics", "chief_complaints", "presentation", "absent_findings",
        "physical_history", "family_history", "social_history",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vignette:
    """One case with a known diagnosis."""

    id: str
    encounter: Encounter
    correct: str


def read_vignette(row: Mapping[str, object], number: int) -> Vignette:
    """Turn one line of an evaluation file into an encounter; raise InputError naming the line and field."""
    if unknown := sorted(set(row) - _FIELDS - {"id"}):
        raise InputError(f"line {number}: unknown fields {', '.join(unknown)}.")
    text = {name: _text(row, name, number) for name in _FIELDS}
    if not text["correct_diagnosis"]:
        raise InputError(f"line {number}: correct_diagnosis is missing.")
    history = "\n".join(
        part for part in (text["presentation"], text["absent_findings"], text["social_history"]) if part
    )
    encounter = Encounter(
        patient=_patient(text["demographics"], text["chief_complaints"]),
        chief_complaint=text["chief_complaints"],
        history=history,
        past_history=_lines(text["physical_history"]),
        family_history=_lines(text["family_history"]),
    )
    return Vignette(str(row.get("id", number)), encounter, text["correct_diagnosis"])


def read_demographics(text: str) -> Patient:
    """Read age, sex and pregnancy from words such as `61 year old Male`."""
    match = _AGE.search(text)
    age = None if match is None else float(match[1]) * _YEARS[match[2][0].lower()]
    female, male = _FEMALE.search(text), _MALE.search(text)
    sex = Sex.FEMALE if female else Sex.MALE if male else Sex.UNKNOWN
    pregnant = True if _PREGNANT.search(text) else None
    return Patient(age_years=None if age is None or age > 130 else age, sex=sex, pregnant=pregnant)


def _patient(demographics: str, complaint: str) -> Patient:
    """Read who the patient is; a complaint may tell of pregnancy, but its times are no ages."""
    patient = read_demographics(demographics)
    pregnant = True if patient.pregnant or _PREGNANT.search(complaint) else None
    return replace(patient, pregnant=pregnant)


def _text(row: Mapping[str, object], name: str, number: int) -> str:
    value = row.get(name, "")
    if isinstance(value, list):
        value = ". ".join(str(item) for item in value)
    if value is not None and not isinstance(value, str):
        raise InputError(f"line {number}: {name} must be text.")
    stripped = (value or "").strip()
    return "" if stripped in ("-", "None", "none") else stripped


def _lines(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[,;\n]", text) if part.strip())
