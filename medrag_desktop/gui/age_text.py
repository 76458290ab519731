"""Ages as clinicians say them: 14 days, 9 months, 4 years."""

from __future__ import annotations

import re

from medrag_desktop.domain.encounter import DAYS_PER_YEAR

YEARS_PER_UNIT = {"years": 1.0, "months": 1 / 12, "weeks": 7 / DAYS_PER_YEAR, "days": 1 / DAYS_PER_YEAR}
_TYPED = re.compile(r"\s*(?P<number>\d{1,5}(?:[.,]\d{0,2})?)\s*(?P<letters>[a-z]+)\s*", re.IGNORECASE)
_MONTHS_FROM, _YEARS_FROM = 60 / DAYS_PER_YEAR, 2.0


def split_age(age_years: float) -> tuple[float, str]:
    """Return an age as a number and its unit: days below 60 days, months below two years."""
    unit = "days" if age_years < _MONTHS_FROM else "months" if age_years < _YEARS_FROM else "years"
    if unit == "months" and age_years == 1:
        unit = "years"
    return age_years / YEARS_PER_UNIT[unit], unit


def join_age(number: float, unit: str) -> float:
    """Return the years that a number of a unit is."""
    return number * YEARS_PER_UNIT[unit]


def typed_unit(text: str, unit: str) -> tuple[str, str] | None:
    """Split `9m` or `14 days` into the number as typed and the unit; None when no unit is typed.

    `unit` is the one before: who types `months` has it from the first letter on, and goes on typing.
    """
    match = _TYPED.fullmatch(text)
    if match is None:
        return None
    letters = match["letters"].lower()
    if letters in unit:
        return match["number"], unit
    begun = next((name for name in YEARS_PER_UNIT if name.startswith(letters[0])), None)
    return None if begun is None else (match["number"], begun)
