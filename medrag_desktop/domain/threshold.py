"""Comparisons of a measurement with a limit, as rules and derivations write them: `spo2_percent < 90`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import LibraryError

MEASUREMENTS = {
    "temperature_celsius": ("temperature", "°C"),
    "heart_rate_bpm": ("heart rate", "/min"),
    "respiratory_rate_bpm": ("respiratory rate", "/min"),
    "systolic_mmhg": ("systolic blood pressure", "mmHg"),
    "diastolic_mmhg": ("diastolic blood pressure", "mmHg"),
    "spo2_percent": ("SpO2", "%"),
    "on_oxygen": ("on oxygen", ""),
    "glucose_mmol_l": ("blood glucose", "mmol/L"),
    "gcs": ("Glasgow coma scale", ""),
    "avpu": ("AVPU", ""),
    "age_days": ("age", "days"),
    "age_years": ("age", "years"),
    "muac_mm": ("mid-upper arm circumference", "mm"),
    "weight_kg": ("weight", "kg"),
    "height_cm": ("height", "cm"),
    "gestational_weeks": ("gestation", "weeks"),
    "postpartum_days": ("days since delivery", "days"),
}
"""Measurement name -> (words, unit)."""

LETTERS = {"avpu": ("A", "V", "P", "U"), "on_oxygen": ("YES", "NO")}
"""Measurements that are no number -> their values."""
_FULLY_AWAKE: dict[str, float | str] = {"avpu": "A", "gcs": 15}
"""The two scales of consciousness -> their best value; one of them is enough."""
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PATTERN = re.compile(r"(\w+)\s*(<=|>=|!=|=|<|>)\s*([\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A measurement compared with a limit."""

    measurement: str
    """A key of MEASUREMENTS."""
    comparison: str
    limit: float | str

    def holds(self, encounter: Encounter) -> bool | None:
        """Compare; None when the measurement was not taken."""
        stand_in = standing_for(encounter, self.measurement)
        value = (
            measured(encounter, self.measurement) if stand_in == self.measurement else _FULLY_AWAKE[self.measurement]
        )
        if value is None:
            return None
        if isinstance(self.limit, str) or isinstance(value, str):
            equal = str(value).upper() == str(self.limit).upper()
            return equal if self.comparison == "=" else not equal
        return _OPERATORS[self.comparison](value, self.limit)


def is_threshold(text: str) -> bool:
    """Tell whether a rule's condition is a comparison rather than a finding id."""
    return _PATTERN.fullmatch(text.strip()) is not None


def parse_threshold(text: str) -> Threshold:
    """Read `measurement operator limit`; raise LibraryError when it is none."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None or match[1] not in MEASUREMENTS:
        raise LibraryError(f"'{text}' is no comparison of a known measurement with a limit.")
    name, comparison, limit = match.groups()
    if name in LETTERS:
        if comparison not in ("=", "!="):
            raise LibraryError(f"'{text}' must compare with = or !=.")
        return Threshold(name, comparison, limit.upper())
    if comparison not in _OPERATORS:
        raise LibraryError(f"'{text}' must use <, <=, > or >=.")
    return Threshold(name, comparison, _number(limit, text))


def _number(limit: str, text: str) -> float:
    try:
        number = float(limit)
    except ValueError as error:
        raise LibraryError(f"'{text}' needs a number as its limit.") from error
    if not math.isfinite(number):
        raise LibraryError(f"'{text}' needs a finite limit.")
    return number


def measured(encounter: Encounter, measurement: str) -> float | str | None:
    """Return the value of a measurement, from the vital signs or the patient."""
    holder = encounter.vital_signs if hasattr(encounter.vital_signs, measurement) else encounter.patient
    value: float | str | None = getattr(holder, measurement)
    if isinstance(value, bool):
        return "YES" if value else "NO"
    return value


def standing_for(encounter: Encounter, measurement: str) -> str:
    """Return what a measurement is taken from: itself, or the other scale of consciousness that says fully awake."""
    if measurement not in _FULLY_AWAKE or measured(encounter, measurement) is not None:
        return measurement
    other = next(name for name in _FULLY_AWAKE if name != measurement)
    return other if measured(encounter, other) == _FULLY_AWAKE[other] else measurement


def describe_measurement(encounter: Encounter, measurement: str) -> str:
    """Return the words for a value, for example `SpO2 88 %`; `SpO2 not measured` when there is none."""
    name, unit = MEASUREMENTS[measurement]
    value = measured(encounter, measurement)
    if value is None:
        return f"{name} not measured"
    if measurement == "on_oxygen":
        return name if value == "YES" else f"not {name}"
    number = f"{value:g}" if isinstance(value, float | int) else str(value)
    return f"{name} {number} {unit}".strip()
