"""Free text -> findings and vital signs, each with the words it was read from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from medrag_desktop.domain.context_rules import Status, statuses
from medrag_desktop.domain.durations import Duration, durations_of
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence, VitalSigns
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.normal_ranges import NormalRanges
from medrag_desktop.domain.tokens import Token, sentences, tokenize
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.ports import Lexicon

_GAP = (
    r"[\s:=~(\-\u2013\u2014]{0,4}"
    r"(?:(?:is|was|of|at|up to|measured|recorded|on room air|on air|on ra|ra)\b[\s:=~()]{0,3}){0,3}"
)
"""What stands between the name of a sign and its number; bounded, so that no text takes long."""
_NUMBER = r"(\d{1,3}(?:[.,]\d{1,2})?)(?!\d|[.,]\d|/\d)"
_WHOLE = r"(\d{1,3})(?!\d|[.,]\d|/\d)"
_PATIENTS = r"(?<!fetal )(?<!foetal )(?<!baby's )(?<!mother's )(?<!maternal )(?<!['\u2019])"
"""Not said of another than the patient."""
_DEGREE = r"\s{0,2}(?:[\u00b0\u00ba\u02da]|degrees?|deg)?\s{0,2}"
_NO_TIME = r"(?!\s{0,2}(?:days?|weeks?|months?|years?|hours?|hrs|wks?|yrs?|x|times)\b)"
_WRITTEN = {
    "temperature_celsius": (
        rf"{_PATIENTS}\b(?:temperature\b|temp\b|tmax\b|t\b|t(?=\d\d[.,]\d)|fever\b)\.?{_GAP}{_NUMBER}{_DEGREE}"
        rf"(celsius|fahrenheit|c|f)?(?![^\W_]){_NO_TIME}",
        rf"\b((?:3[2-9]|4[0-3])(?:[.,]\d{{1,2}})?){_DEGREE}(?-i:(C))\b(?!-)",
        rf"\b(9\d[.,]\d|10[0-8](?:[.,]\d)?){_DEGREE}(?-i:(F))\b",
    ),
    "heart_rate_bpm": (
        rf"{_PATIENTS}\b(?:hr|heart rate|pulse rate|pulse|pr)\b{_GAP}{_WHOLE}",
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
        rf"{_PATIENTS}\b(?:bp|blood pressure)\b{_GAP}(\d{{2,3}})\s?/\s?(\d{{2,3}})(?!\d)",
        r"\b(\d{2,3})\s?/\s?(\d{2,3})\s?mm\s?hg\b",
    ),
}
_PATTERNS = {name: tuple(re.compile(p, re.IGNORECASE) for p in patterns) for name, patterns in _WRITTEN.items()}
_PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
_SCALES = {"gcs": (3.0, 15.0)}
"""Limits that need no source."""
_FAHRENHEIT_FROM = 80
"""A body temperature of this number cannot be Celsius."""
_MG_PER_MMOL = 18.016
"""Glucose in mg/dl for one mmol/l."""
_UNCLEAR_FROM, _MILLIGRAMS_FROM = 20, 40
"""A glucose without unit is mmol/l below the first, mg/dl from the second, and not read in between."""
_ABOUT_TODAY = ("chief_complaint", "history")
"""Fields that tell of this illness; the others of the patient in general."""
_LASTING = ("history", "exposure", "medicine")
"""Kinds of finding that are true of the patient although they lie in the past."""
_HOURS_SPOKEN = 72
"""Shorter durations are told in hours."""
_OF_FAMILY, _AS_WRITTEN = "history.family_", "family history of "
"""How the ids, and the names, of the illnesses of relatives begin."""
_PIECE = re.compile(
    r"(?:(?!\b(?:and|or|with|had|has|have|having|of|from|for|in|died|who)\b)[^,;.:()\n]){2,80}", re.IGNORECASE
)
"""Words of a family history between marks and small words."""
_LATE = re.compile(r"[^,;.\n]{0,12}\b(?:at|aged)\s(?:the\sage\sof\s|age\s)?(?:6[5-9]|[7-9]\d)\b", re.IGNORECASE)
_FELT = ("symptom", "sign", "vital")
"""Kinds of finding that somebody who worries about them has seen."""


def extract_findings(encounter: Encounter, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Read findings from every free-text field; a finding named as present anywhere is present.

    From the family history come `history.family_*` findings only.
    What the durations of the form decide (a cough of three weeks) comes first, with the origin of the form.
    """
    read = {finding.finding: finding for finding in _lasting_in_form(encounter.findings, vocabulary)}
    texts = [read_text(text, field, lexicon, vocabulary) for field, text in text_fields(encounter)]
    texts += [read_family_history(text, lexicon, vocabulary) for text in encounter.family_history]
    for findings in texts:
        for finding in findings:
            earlier = read.get(finding.finding)
            if earlier is None or (earlier.presence, finding.presence) == (Presence.ABSENT, Presence.PRESENT):
                read[finding.finding] = finding
            elif earlier.presence is finding.presence and earlier.duration_hours is None:
                read[finding.finding] = replace(earlier, duration_hours=finding.duration_hours)
    return tuple(read.values())


def read_family_history(text: str, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Read what the relatives have; an illness that came late in life (65 years) tells nothing and is left out."""
    mentions = tuple(m for m in _family_mentions(text, lexicon, vocabulary) if not _LATE.match(text, m.end))
    found = []
    for mention, status in _in_context(mentions, sentences(tokenize(text)), of_family=True):
        if status not in (Status.HYPOTHETICAL, Status.FEARED):
            presence = Presence.ABSENT if status is Status.NEGATED else Presence.PRESENT
            found.append(_quoted(mention.finding, presence, text, "family_history", (mention.start, mention.end)))
    return tuple(found)


def _family_mentions(text: str, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Mention, ...]:
    """Find the illnesses of relatives, by their own names and as they stand after `family history of`."""
    found = []
    for mention in lexicon.mentions(text):
        kind, _, name = mention.finding.partition(".")
        family = mention.finding if mention.finding.startswith(_OF_FAMILY) else _OF_FAMILY + name
        if kind == "history" and family in vocabulary:
            found.append(replace(mention, finding=family))
    for piece in _PIECE.finditer(text):
        words = piece[0]
        start = piece.start() + len(words) - len(words.lstrip())
        for mention in lexicon.mentions(_AS_WRITTEN + words.strip()):
            end = start + mention.end - len(_AS_WRITTEN)
            if mention.start == 0 and end > start and mention.finding.startswith(_OF_FAMILY):
                found.append(replace(mention, start=start, end=end))
    return tuple(sorted(dict.fromkeys(found), key=lambda mention: mention.start))


def _lasting_in_form(form: tuple[Finding, ...], vocabulary: Vocabulary) -> Iterable[Finding]:
    for finding in form:
        hours = finding.duration_hours
        if finding.presence is not Presence.PRESENT or hours is None or finding.finding not in vocabulary:
            continue
        quote = f"{vocabulary.label(finding.finding)} for {_spoken(hours)}"
        for name in vocabulary.lasting(finding.finding, hours):
            yield Finding(name, Presence.PRESENT, finding.origin, quote, duration_hours=hours)


def _spoken(hours: float) -> str:
    number, unit = (hours, "hour") if hours < _HOURS_SPOKEN else (hours / 24, "day")
    return f"{number:.0f} {unit}" + ("" if round(number) == 1 else "s")


def text_fields(encounter: Encounter) -> tuple[tuple[str, str], ...]:
    """Return (field name, text) of every field of the encounter that is written in words."""
    fields = [("chief_complaint", encounter.chief_complaint), ("history", encounter.history)]
    for name in ("past_history", "exposures", "medications"):
        fields += [(name, text) for text in getattr(encounter, name)]
    return tuple((name, text) for name, text in fields if text.strip())


def read_text(text: str, field: str, lexicon: Lexicon, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Read the findings of one text in order; hypothetical, family and resolved mentions are left out.

    A finding that is there carries its duration; what the duration decides follows it.
    """
    mentions, tokens = lexicon.mentions(text), tokenize(text)
    durations = durations_of(mentions, text, tokens, [vocabulary[m.finding].kind in _FELT for m in mentions])
    found: list[Finding] = []
    for number, (mention, status) in enumerate(_in_context(mentions, sentences(tokens))):
        presence = _presence(status, field, vocabulary[mention.finding].kind)
        if presence is None:
            continue
        finding = _quoted(mention.finding, presence, text, field, (mention.start, mention.end))
        duration = durations.get(number) if presence is Presence.PRESENT else None
        found.append(finding if duration is None else replace(finding, duration_hours=duration.hours))
        if duration is not None:
            found += _lasting(mention, duration, text, field, vocabulary)
    return tuple(found)


def _lasting(mention: Mention, duration: Duration, text: str, field: str, vocabulary: Vocabulary) -> Iterable[Finding]:
    place = (min(mention.start, duration.start), max(mention.end, duration.end))
    for name in vocabulary.lasting(mention.finding, duration.hours):
        yield replace(_quoted(name, Presence.PRESENT, text, field, place), duration_hours=duration.hours)


def _quoted(finding: str, presence: Presence, text: str, field: str, place: tuple[int, int]) -> Finding:
    start, end = place
    return Finding(finding, presence, Origin.TEXT, text[start:end], field, start, end)


def _in_context(
    mentions: tuple[Mention, ...], groups: tuple[tuple[Token, ...], ...], *, of_family: bool = False
) -> Iterable[tuple[Mention, Status]]:
    """Pair every mention with its status in the sentence where it begins."""
    starts = [group[0].start for group in groups]
    for place, members in groupby(mentions, key=lambda mention: bisect_right(starts, mention.start) - 1):
        together = tuple(members)
        yield from zip(together, statuses(together, groups[place], of_family=of_family), strict=True)


def _presence(status: Status, field: str, kind: str) -> Presence | None:
    if status is Status.NEGATED:
        return Presence.ABSENT
    if status is Status.AFFIRMED:
        return Presence.PRESENT if field in _ABOUT_TODAY or kind in _LASTING else None
    if status is Status.FEARED:
        return Presence.PRESENT if field in _ABOUT_TODAY and kind in _FELT else None
    return Presence.PRESENT if status is Status.HISTORICAL and kind in _LASTING else None


def read_vital_signs(encounter: Encounter, ranges: NormalRanges) -> Encounter:
    """Fill vital signs that the form leaves empty from the text; implausible numbers are left out.

    Of several values of one sign the first plausible one is taken; their names go to `read_from_text`.
    """
    limits = {**_SCALES, **(ranges.plausible or {})}
    text = f"{encounter.chief_complaint}\n{encounter.history}"
    kept: dict[str, Any] = {}
    for name, patterns in _PATTERNS.items():
        matches = sorted((m for pattern in patterns for m in pattern.finditer(text)), key=lambda m: m.start())
        read = (_values(name, match) for match in matches)
        kept |= next((values for values in read if _plausible(values, limits)), {})
    kept = {name: value for name, value in kept.items() if _is_free(name, encounter.vital_signs)}
    return replace(encounter, vital_signs=replace(encounter.vital_signs, **kept), read_from_text=tuple(kept))


def _values(name: str, match: re.Match[str]) -> dict[str, float | int | str]:
    """Return the measurements a match stands for, in the units of VitalSigns."""
    first, second = match[1], match[2] if match.re.groups > 1 else None
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


def _plausible(values: Mapping[str, float | int | str], limits: Mapping[str, tuple[float, float]]) -> bool:
    numbers = {name: value for name, value in values.items() if not isinstance(value, str)}
    if "systolic_mmhg" in numbers and numbers["systolic_mmhg"] <= numbers["diastolic_mmhg"]:
        return False
    return all(name in limits and limits[name][0] <= value <= limits[name][1] for name, value in numbers.items())


def _is_free(name: str, form: VitalSigns) -> bool:
    """Tell whether the form leaves a sign open; of a blood pressure it must leave both values open."""
    if name in _PRESSURES:
        return all(getattr(form, pressure) is None for pressure in _PRESSURES)
    return getattr(form, name) is None
