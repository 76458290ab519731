"""Which group of patients a sentence is about, and whether this patient belongs to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from medrag_desktop.domain.encounter import DAYS_PER_YEAR, Patient, Sex

Belongs = Callable[[Patient], bool | None]
"""True, False, or None where the encounter does not tell."""

_NUMBERS = {
    word: number
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)
} | {"fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}
_NUMBER = rf"(?:\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})"
_UNITS = {"y": 1.0, "m": 1 / 12, "w": 7 / DAYS_PER_YEAR, "d": 1 / DAYS_PER_YEAR}
_UNIT = r"(?:years?|months?|weeks?|days?)"
_WHO = r"(?:children|child|infants?|babies|people|persons?|patients?|adults?|women|men|girls?|boys?|those|anyone)"
_LIMIT = re.compile(
    rf"\b{_WHO}\s+(?:who\s+are\s+)?(?:aged?\s+)?(?P<side>under|below|younger\s+than|less\s+than|over|above|older\s+than)\s+"
    rf"(?:the\s+age\s+of\s+)?(?P<limit>{_NUMBER})\b(?!\s*(?:kg|%|mm|cm|/))(?:\s*(?P<unit>{_UNIT})\b)?",
    re.IGNORECASE,
)
_SPAN = re.compile(
    rf"\b{_WHO}\s+(?:(?:who\s+are\s+)?aged\s+)(?:between\s+)?(?P<low>{_NUMBER})\s*(?P<unit_low>{_UNIT})?\s*(?:-|–|to|and)\s*"
    rf"(?P<high>{_NUMBER})\b\s*(?P<unit>{_UNIT})?",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"[\s-]*|\s+(?:who\s+are|in|in\s+(?:late|early|the\s+(?:first|second|third|last)))\s+", re.IGNORECASE
)
"""What stands between two words that name one group together: `pregnant women`, `women in late pregnancy`."""


def _aged(low: float, high: float) -> Belongs:
    """Return whether the age lies in a half-open range of years."""
    return lambda patient: None if patient.age_years is None else low <= patient.age_years < high


def _of_sex(sex: Sex, low: float, high: float) -> Belongs:
    def belongs(patient: Patient) -> bool | None:
        return both((None if patient.sex is Sex.UNKNOWN else patient.sex is sex, _aged(low, high)(patient)))

    return belongs


def _may_bear(patient: Patient) -> bool:
    """Tell whether pregnancy is possible as far as sex and age are known."""
    return patient.sex is not Sex.MALE and (patient.age_years is None or 10 <= patient.age_years <= 55)


def _pregnant(patient: Patient) -> bool | None:
    if patient.pregnant is not None:
        return patient.pregnant
    return None if _may_bear(patient) else False


def _not_pregnant(patient: Patient) -> bool | None:
    pregnant = _pregnant(patient)
    return None if pregnant is None else not pregnant


def _postpartum(patient: Patient) -> bool | None:
    if patient.postpartum_days is not None:
        return patient.postpartum_days <= 60
    return None if _may_bear(patient) else False


def both(verdicts: tuple[bool | None, ...]) -> bool | None:
    """Join what must hold together: one False decides, then one unknown."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


_GROUPS: tuple[tuple[re.Pattern[str], Belongs], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), belongs)
    for words, belongs in (
        (r"newborns?|neonat\w+|first 28 days", _aged(0, 0.085)),
        (r"young infants?", _aged(0, 0.25)),
        (r"infants?|infancy|bab(?:y|ies)", _aged(0, 2)),
        (r"(?<!since )child(?:ren|hood)?(?!-)|toddlers?|pa?ediatric|under-fives?", _aged(0, 18)),
        (r"adolescen\w+|teenagers?", _aged(10, 20)),
        (r"adults?|adulthood", _aged(15, 130)),
        (r"elderly|old(?:er)? (?=people|adult|patient|person|men|women|man|woman)|old age", _aged(55, 130)),
        (r"(?<!not )(?<!not currently )(?<!non-)(?<!non )pregnant", _pregnant),
        (r"pregnanc(?:y|ies)(?! tests?)|trimester|gestation\w*|in labou?r", _pregnant),
        (r"non[- ]?pregnant|not (?:currently )?pregnant", _not_pregnant),
        (r"post-?partum|puerper\w+|after (?:delivery|childbirth|giving birth)|recently delivered", _postpartum),
        (r"of (?:child-?\s?bearing|reproductive) age", _aged(10, 56)),
        (r"wom[ae]n|females?", _of_sex(Sex.FEMALE, 10, 130)),
        (r"girls?", _of_sex(Sex.FEMALE, 0, 20)),
        (r"m[ae]n|males?", _of_sex(Sex.MALE, 12, 130)),
        (r"boys?", _of_sex(Sex.MALE, 0, 20)),
    )
)  # fmt: skip


def groups_named(sentence: str, patient: Patient) -> tuple[bool | None, ...]:
    """Return, for each group that a sentence names, whether this patient belongs to it."""
    found: list[tuple[int, int, tuple[bool | None, ...]]] = []
    for start, end, verdict in sorted(_mentions(sentence, patient), key=lambda m: (m[0], -m[1])):
        if found and (start < found[-1][1] or _JOINED.fullmatch(sentence[found[-1][1] : start])):
            first, last, verdicts = found[-1]
            found[-1] = (first, max(last, end), (*verdicts, verdict))
        else:
            found.append((start, end, (verdict,)))
    return tuple(both(verdicts) for _, _, verdicts in found)


def _mentions(sentence: str, patient: Patient) -> Iterator[tuple[int, int, bool | None]]:
    for pattern, belongs in _GROUPS:
        for match in pattern.finditer(sentence):
            yield match.start(), match.end(), belongs(patient)
    for match in _LIMIT.finditer(sentence):
        limit = _years(match["limit"], match["unit"])
        under = match["side"].lower().startswith(("under", "below", "younger", "less"))
        yield match.start(), match.end(), (_aged(0, limit) if under else _aged(limit, 130))(patient)
    for match in _SPAN.finditer(sentence):
        low = _years(match["low"], match["unit_low"] or match["unit"])
        high_unit = match["unit"]
        # "2 to 5 years" includes the child of 5 years and 11 months
        high = _years(match["high"], high_unit) + _UNITS[(high_unit or "y")[0].lower()]
        yield match.start(), match.end(), _aged(low, high)(patient)


def _years(number: str, unit: str | None) -> float:
    value = float(_NUMBERS[number.lower()]) if number.lower() in _NUMBERS else float(number)
    return value * _UNITS[(unit or "years")[0].lower()]
