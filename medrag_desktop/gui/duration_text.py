"""Durations as clinicians write them: `3 d`, `2 weeks`, `6h`, `3/7`."""

from __future__ import annotations

import re

from medrag_desktop.domain.limits import LIMITS

_HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0, "m": 730.0, "y": 8766.0}
"""Beginning of a unit -> hours; a month and a year as long as free text is read."""
_PARTS = {"7": 24.0, "52": 168.0, "12": 730.0}
"""Denominator of the shorthand 3/7, 6/52, 2/12 -> hours."""
_TYPED = re.compile(r"(?P<count>\d{1,4}(?:[.,]\d{1,2})?)\s*(?P<unit>[a-z]*)\.?", re.IGNORECASE)
_PART = re.compile(r"(?P<count>\d{1,3})\s*/\s*(?P<whole>7|52|12)")
_UNIT = re.compile(
    r"min(?:ute)?s?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:(?:ee)?ks?)?|m(?:o(?:nth)?s?|ths?)?|y(?:(?:ea)?rs?)?"
)


def parse_duration(text: str) -> float | None:
    """Return the hours that a text says, days where it names no unit; None when it says none."""
    text = text.strip()
    if part := _PART.fullmatch(text):
        return float(part["count"]) * _PARTS[part["whole"]]
    match = _TYPED.fullmatch(text)
    unit = match["unit"].lower() if match else ""
    if match is None or (unit and _UNIT.fullmatch(unit) is None):
        return None
    per_unit = _HOURS["min"] if unit.startswith("min") else _HOURS[unit[:1] or "d"]
    hours = float(match["count"].replace(",", ".")) * per_unit
    low, high = LIMITS["duration_hours"]
    return hours if low <= hours <= high else None


def format_duration(hours: float | None) -> str:
    """Return the shortest way to write a duration, to be read by parse_duration; empty for None."""
    if hours is None:
        return ""
    units = ("y", "m", "w", "d", "h", "min")
    exact = (unit for unit in units if hours >= _HOURS[unit] and _is_whole(hours / _HOURS[unit]))
    unit = next(exact, "h" if hours < _HOURS["d"] else "d")
    number = f"{hours / _HOURS[unit]:.1f}".removesuffix(".0")
    return f"{number} {'mo' if unit == 'm' else unit}"


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-6
