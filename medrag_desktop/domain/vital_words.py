"""Vital signs as free text tells them: `T 38,5`, `BP 85 over 40`, `temperature was 39.5 at home`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_GAP = (
    r"[\s:=~(\-\u2013\u2014]{0,4}"
    r"(?:(?:is|was|of|at|up to|measured|recorded|on room air|on air|on ra|ra|at home|last night|yesterday|today|now|"
    r"this morning|on arrival|on admission|reached|reaching)\b[\s:=~(),]{0,3}){0,4}"
)
"""What stands between the name of a sign and its number; bounded, so that no text takes long."""
_NUMBER = r"(\d{1,3}(?:[.,]\d{1,2})?)(?!\d|[.,]\d|/\d)"
_WHOLE = r"(\d{1,3})(?!\d|[.,]\d|/\d)"
_PATIENTS = r"(?<!fetal )(?<!foetal )(?<!baby's )(?<!mother's )(?<!maternal )(?<!['\u2019])"
"""Not said of another than the patient."""
_DEGREE = r"\s{0,2}(?:[\u00b0\u00ba\u02da]|degrees?|deg)?\s{0,2}"
_NO_TIME = r"(?!\s{0,2}(?:days?|weeks?|months?|years?|hours?|hrs|wks?|yrs?|x|times)\b)"
_HERE = r"\b(?P<here>today|now|here|on arrival|on admission)\b(?: it)?(?: is| was)?[\s:]{0,2}"
"""After a measurement of another time or place, the one of today needs no name."""
_WRITTEN = {
    "temperature_celsius": (
        rf"{_PATIENTS}\b(?:temperature\b|temp\b|tmax\b|t\b|t(?=\d\d[.,]\d)|fever\b)\.?{_GAP}{_NUMBER}{_DEGREE}"
        rf"(celsius|fahrenheit|c|f)?(?![^\W_]){_NO_TIME}",
        rf"\b((?:3[2-9]|4[0-3])(?:[.,]\d{{1,2}})?){_DEGREE}(?-i:(C))\b(?!-)",
        rf"\b(9\d[.,]\d|10[0-8](?:[.,]\d)?){_DEGREE}(?-i:(F))\b",
        rf"{_PATIENTS}\b(?:temperature|temp|t)\b[^\n]{{0,60}}?{_HERE}((?:3[2-9]|4[0-3])(?:[.,]\d{{1,2}})?)(?![\d/]|[.,]\d)",
    ),
    "heart_rate_bpm": (
        rf"{_PATIENTS}\b(?:hr|heart rate|pulse rate|pulse|pr|(?-i:P))\b{_GAP}{_WHOLE}",
        rf"\b{_WHOLE}\s{{0,2}}(?:bpm|beats)\b",
    ),
    "respiratory_rate_bpm": (
        rf"{_PATIENTS}\b(?:rr|resp(?:iratory|iration)? rate|resps?|respirations?|breathing rate)\b\.?{_GAP}{_WHOLE}",
        rf"\b{_WHOLE}\s{{0,2}}breaths\b",
        rf"\bbreathing\s(?:at\s)?{_WHOLE}\s{{0,2}}(?:times|/|per|a)\s{{0,2}}(?:a\s|per\s)?min",
    ),
    "spo2_percent": (
        rf"\b(?:spo2|sp02|sao2|o2 ?sats?|o2 saturation|sats?|oxygen saturation|saturation|saturating)\b{_GAP}{_WHOLE}",
    ),
    "glucose_mmol_l": (
        rf"\b(?:blood glucose|blood sugar|glucose|rbs|fbs|cbg|bgl)\b{_GAP}{_NUMBER}\s{{0,2}}(mmol|mg)?",
    ),
    "gcs": (rf"\b(?:gcs|glasgow coma (?:scale|score))\b{_GAP}(\d{{1,2}})(?!\d)",),
    "avpu": (rf"\bavpu\b{_GAP}([avpu])\b",),
    "blood_pressure": (
        rf"{_PATIENTS}\b(?:bp|blood pressure)\b{_GAP}(\d{{2,3}})\s?(?:/|over|on)\s?(\d{{2,3}})(?!\d)",
        r"\b(\d{2,3})\s?/\s?(\d{2,3})\s?mm\s?hg\b",
        rf"{_PATIENTS}\b(?:bp|blood pressure)\b[^\n]{{0,60}}?{_HERE}(\d{{2,3}})\s?(?:/|over)\s?(\d{{2,3}})(?!\d)",
    ),
}
_PATTERNS = {name: tuple(re.compile(p, re.IGNORECASE) for p in patterns) for name, patterns in _WRITTEN.items()}
_FAHRENHEIT_FROM = 80
"""A body temperature of this number cannot be Celsius."""
_MG_PER_MMOL = 18.016
"""Glucose in mg/dl for one mmol/l."""
_UNCLEAR_FROM, _MILLIGRAMS_FROM = 20, 40
"""A glucose without unit is mmol/l below the first, mg/dl from the second, and not read in between."""
_ELSEWHERE = (
    r"(?:at home|yesterday|last (?:night|week|month|visit|year)|(?:the )?(?:day|night|week) before|earlier|previously|"
    r"(?:\d{1,2}|an?|one|two|three|four|five|few) (?:days?|hours?|hrs|weeks?|months?) (?:ago|back|earlier|before)|"
    r"(?:at|in|by) (?:the |a |an |her |his )?(?:another|other|private|previous|local|village) \w+|"
    r"(?:at|in|by) (?:the |a )?(?:pharmacy|chemist|drug shop|dispensary|school|work))\b"
)
_OF_NUMBER = (
    r"(?:[\s\u00b0\u00ba\u02da%/]|\b(?:degrees?|deg|celsius|fahrenheit|c|f|mmhg|bpm|min|minute|per|a|breaths|beats|"
    r"recorded|measured|taken|noted|checked|found|was|when|seen|by|his|her|the|mother|thermometer)\b){0,8}"
)
_SAID_AFTER = re.compile(rf"{_OF_NUMBER}\b{_ELSEWHERE}", re.IGNORECASE)
_SAID_BEFORE = re.compile(
    rf"(?:^|[.;,:(\n]|\b(?:and|but|then)\b)\s{{0,2}}(?:{_ELSEWHERE}|previous)[^.;,\n\d]{{0,14}}$", re.IGNORECASE
)
"""Words around a number that was measured at another time or place."""
_BEFORE = 48
"""Letters before a number in which they are looked for."""


@dataclass(frozen=True, slots=True)
class MeasurementWords:
    """One measurement of one vital sign with its place."""

    values: Mapping[str, float | int | str]
    """In the units of VitalSigns; two of a blood pressure."""
    start: int
    end: int
    earlier: bool
    """Taken at another time or place than here and now."""


def find_vital_signs(text: str) -> Iterator[tuple[str, tuple[MeasurementWords, ...]]]:
    """Yield each vital sign, `blood_pressure` as one, with its measurements in order of place, plausible or not."""
    for name, patterns in _PATTERNS.items():
        found = [_measurement(name, match, text) for pattern in patterns for match in pattern.finditer(text)]
        kept: list[MeasurementWords] = []
        # two patterns may find one number: `temp at home 39 C`
        for words in sorted(found, key=lambda words: (words.start, -words.end)):
            if not kept or words.start >= kept[-1].end:
                kept.append(words)
        yield name, tuple(kept)


def _measurement(name: str, match: re.Match[str], text: str) -> MeasurementWords:
    if "here" in match.re.groupindex:
        return MeasurementWords(_values(name, match), match.start("here"), match.end(), earlier=False)
    after = _SAID_AFTER.match(text, match.end())
    end = match.end() if after is None else after.end()
    return MeasurementWords(_values(name, match), match.start(), end, after is not None or _is_earlier(match, text))


def _values(name: str, match: re.Match[str]) -> dict[str, float | int | str]:
    """Return the measurements a match stands for, in the units of VitalSigns."""
    # the word for `here` is no number
    groups = match.groups()[1:] if "here" in match.re.groupindex else match.groups()
    first, second = groups[0], groups[1] if len(groups) > 1 else None
    if name == "blood_pressure":
        return {"systolic_mmhg": float(first), "diastolic_mmhg": float(second or 0)}
    if name == "avpu":
        return {name: first.upper()}
    value = float(first.replace(",", "."))
    if name == "temperature_celsius":
        fahrenheit = (second or "").lower().startswith("f") or value > _FAHRENHEIT_FROM
        value = round((value - 32) / 1.8, 1) if fahrenheit else value
    if name == "glucose_mmol_l":
        milligrams = (second or "").lower() == "mg" or (second is None and value >= _MILLIGRAMS_FROM)
        unclear = second is None and _UNCLEAR_FROM <= value < _MILLIGRAMS_FROM
        value = -1.0 if unclear else round(value / _MG_PER_MMOL, 1) if milligrams else value
    return {name: int(value) if name == "gcs" else value}


def _is_earlier(match: re.Match[str], text: str) -> bool:
    """Tell whether the words within and before a measurement put it to another time or place."""
    if re.search(_ELSEWHERE, match[0], re.IGNORECASE):
        return True
    return _SAID_BEFORE.search(text, max(0, match.start() - _BEFORE), match.start()) is not None
