"""Pregnancy and childbed as free text tells them: `32/40`, `8 months pregnant`, `gave birth five days ago`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from medrag_desktop.domain.durations import COUNT, number_of

WEEKS_PER_MONTH = 365.25 / 12 / 7
LONGEST_PREGNANCY_WEEKS = 44
CHILDBED_DAYS = 42
"""Days after a delivery that are still childbed; what lies further back is not read."""


@dataclass(frozen=True, slots=True)
class PregnancyWords:
    """One statement with its place."""

    start: int
    end: int
    weeks: float | None = None
    """Of gestation."""
    delivered_days: int | None = None
    """Days since delivery; None while pregnant."""


_UNITS = r"weeks?|wks?|months?|mths?|days?|/12|/52|/7"


def _amount(place: int) -> str:
    """Write the pattern of an amount of time; its groups carry the number of their place."""
    return rf"(?P<n{place}>{COUNT})(?:\s?\+\s?[0-6])?\s?-?\s?(?P<u{place}>{_UNITS})"


_MONTHS_PARTED = r"(?:\s(?:and|\+)\s(?:a\shalf|\d\s(?:weeks?|days?)))?"
_PREGNANT = re.compile(
    r"\b(?:"
    rf"{_amount(1)}{_MONTHS_PARTED}[\s-]{{0,2}}(?:pregnan\w+|gestation\w*|gravid\w*|amenorrh?oea with "
    r"pregnancy|of\s(?:pregnancy|gestation|amenorrh?o?ea)|ga\b|pog\b|poa\b|antenatal)"
    rf"|g\s?\d{{1,2}}\s?p\s?\d{{1,2}}(?:\s?\+\s?\d)?[\s,]{{1,2}}(?:at\s|with\s)?{_amount(4)}(?!\s(?:ago|post|after))"
    rf"|pregnant(?:\s[a-z]+){{1,3}}?\s(?:at|of)\s{_amount(3)}"
    rf"|(?:pregnant|pregnancy|gestation|gestational age|ga|poa|pog)(?:\s(?:for|of|at|is|about|around|since|now|"
    rf"approx|approximately|~)|\s?[:=,(~]){{0,3}}\s{{0,2}}{_amount(2)}(?!\s(?:ago|postpartum|after))"
    r"|(?P<forty>[1-4]?\d)(?:\s?\+\s?\d)?\s?/\s?40(?![\d/])"
    r"|(?P<bare>(?<!non-)(?<!non )pregnant|gravid|primigravida|primigravid|expecting (?:a baby|her \w+ (?:baby|child))|"
    r"with child|in labou?r|(?:first|second|third|1st|2nd|3rd) trimester)"
    r")(?![\w])",
    re.IGNORECASE,
)
_BORN = (
    r"(?:gave birth|given birth|delivered|delivery|childbirth|had (?:a|her) (?:baby|delivery|c/?s|caesarean)|"
    r"birth of (?:a|her) (?:baby|child)|post[- ]?partum|post[- ]?natal|post[- ]?delivery|p\.?p\.?d\.?|"
    r"caesarean(?: section)?|c/s|c-section|svd|lscs)"
)
_BETWEEN = r"(?:(?!\b(?:no|not|and|but)\b)[^.;\n,0-9]){0,40}?"
_DELIVERED = re.compile(
    r"\b(?:"
    rf"{_BORN}\b{_BETWEEN}\s?\(?{_amount(1)}\s(?:ago|back|before|earlier|prior)"
    rf"|{_BORN}\b\s(?:since|for)\s{_amount(5)}"
    rf"|{_BORN}\b{_BETWEEN}\b(?P<today>today|this morning|tonight|yesterday|last night|last week)"
    rf"|{_amount(2)}\s?(?:post[- ]?(?:partum|natal|delivery|nvd|svd|c/?s|c-section|caesarean)|"
    r"(?:after|since|following)\s(?:the\s|her\s|a\s)?(?:normal\s|vaginal\s|home\s|svd|caesarean\s)?"
    r"(?:delivery|childbirth|birth|giving birth|c/?s\b|c-section|caesarean|she (?:delivered|gave birth)))"
    rf"|(?:day|d|ppd|pnd|post[- ]?(?:partum|natal) day)\s?(?P<day>\d{{1,2}})(?!\d)\s?(?:post[- ]?(?:partum|natal|"
    r"delivery|nvd|svd|c/?s|caesarean)|after (?:delivery|birth|giving birth))"
    r"|(?P<day3>\d{1,2})(?:st|nd|rd|th)\sday\s(?:of\s)?(?:post[- ]?(?:partum|natal|delivery|nvd|svd|c/?s|caesarean)|"
    r"after (?:delivery|birth))"
    r"|(?:ppd|post[- ]?(?:partum|natal) day)\s?(?P<day2>\d{1,2})(?!\d)"
    rf"|post[- ]?(?:partum|natal|delivery)[\s:,]{{1,2}}{_amount(3)}"
    r")(?![\w])",
    re.IGNORECASE,
)
_SPOKEN_DAYS = {"today": 0, "this morning": 0, "tonight": 0, "yesterday": 1, "last night": 1, "last week": 7}
_NOT_NOW = re.compile(
    r"\b(?:was|were|been|become|became|get|gets|getting|got|trying|try|wants?|wish\w*|hop\w+|thinks?|maybe|possibly|"
    r"perhaps|could|may|might|never|not|isn't|non|when|whenever|if|whether|unless|sure|plan\w*|previous\w*|recent\w*|former\w*|prior|"
    r"earlier|before|until|after|since|\?|deny|denies|denied|no|unlikely|ever|likely)(?:\W+\w+){0,4}\W*$"
    r"|\?\s?$",
    re.IGNORECASE,
)
"""Words before a pregnancy that make it another than today's."""
_NOT_SURE = re.compile(
    r"^\W{0,2}\s?(?:\?|women\b|wife|sister|daughter|neighbou?r|partner|girlfriend|woman who\b|last year|before\b|"
    r"in (?:19|20)\d\d|\d+ times|twice|once\b|at the time|test\b|then\b|by\b|again last|years? ago|months? ago)",
    re.IGNORECASE,
)
_OF_CHILD = re.compile(
    r"\b(?:baby|babies|newborn|neonate|infant|child|twins?|boy|girl|he|was born|born|medicines?|drugs?)\b"
    r"[^.;\n]{0,30}$",
    re.IGNORECASE,
)
"""Who is delivered is not she who gave birth."""
_BEFORE = 48
"""Letters before a statement that are looked at."""


def find_pregnancy(text: str) -> Iterator[PregnancyWords]:
    """Yield what a text says of a pregnancy now or a delivery in the last six weeks; not yet whose, or if denied."""
    for match in _PREGNANT.finditer(text):
        before = _clause_before(text, match.start())
        if not (_NOT_NOW.search(before) or _NOT_SURE.match(text[match.end() : match.end() + 24])):
            yield PregnancyWords(match.start(), match.end(), weeks=_weeks(match))
    for match in _DELIVERED.finditer(text):
        days = _days(match)
        ours = not _OF_CHILD.search(_clause_before(text, match.start()))
        if days is not None and 0 <= days <= CHILDBED_DAYS and ours:
            yield PregnancyWords(match.start(), match.end(), delivered_days=days)


def _clause_before(text: str, place: int) -> str:
    before = text[max(0, place - _BEFORE) : place]
    return re.split(r"[.;\n!,:]|\bbut\b", before)[-1]


def _weeks(match: re.Match[str]) -> float | None:
    if match["forty"]:
        weeks = float(match["forty"])
    else:
        days = _told(match)
        weeks = 0.0 if days is None else float(round(days / 7))
    return weeks if 1 <= weeks <= LONGEST_PREGNANCY_WEEKS else None


def _days(match: re.Match[str]) -> int | None:
    if match["today"]:
        return _SPOKEN_DAYS[match["today"].lower()]
    if day := match["day"] or match["day2"] or match["day3"]:
        return int(day)
    days = _told(match)
    return None if days is None else round(days)


def _told(match: re.Match[str]) -> float | None:
    """Return the days of the amount of time that a match holds."""
    place = next((n for n in (1, 2, 3, 4, 5) if match.groupdict().get(f"n{n}")), None)
    if place is None:
        return None
    unit = match[f"u{place}"].lower()
    letter = {"/12": "m", "/52": "w", "/7": "d"}.get(unit, unit[0])
    return number_of(match[f"n{place}"]) * {"d": 1.0, "w": 7.0, "m": 7 * WEEKS_PER_MONTH}[letter]
