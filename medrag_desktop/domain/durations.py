"""How long a finding has lasted, as free text tells it: `cough for six weeks`, `fever x 3/7`, `a week of headache`."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import FILLERS, Token


class Side(Enum):
    """Where the finding stands that a duration belongs to."""

    BACK = "back"
    """Before it; after it only when the duration begins its clause: `for two weeks he has had a cough`."""
    FORWARD = "forward"
    TOUCHING = "touching"
    """No word says: the finding must stand next to it."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A stretch of time with its words."""

    hours: float
    """Of a range the shorter; `more than` adds an hour, so that a limit beyond it holds."""
    start: int
    end: int
    """Character offsets, half open."""
    side: Side


_NUMBERS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        start=1,
    )
} | {"a": 1, "an": 1, "couple": 2, "few": 3, "several": 3, "thirty": 30, "forty": 40, "sixty": 60}
_UNITS = {"h": 1, "d": 24, "n": 24, "w": 168, "f": 336, "m": 730, "y": 8766}
"""First letter of a unit -> hours."""
_PARTS = {"7": 24, "52": 168, "12": 730}
"""Denominator of the shorthand `3/7`, `6/52`, `2/12` -> hours."""
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
COUNT = rf"(?:\d{{1,3}}(?:[.,]\d)?|{_WORDS})"
"""A number in digits or as a word."""
_UNIT = r"(?:hours?|hrs?|days?|nights?|fortnights?|weeks?|wks?|months?|mths?|years?|yrs?)"
_ABOUT = (
    r"(?:(?:about|around|approximately|approx\.?|roughly|nearly|almost|at least|the|these|this|past|last|previous|"
    r"preceding|more than|longer than|greater than|over|less than|up to|under|within|[~<>]=?)\s{0,2}){0,4}"
)
_AMOUNT = re.compile(
    rf"(?P<about>\b{_ABOUT}|[~<>]=?\s?|(?<=\bx)|(?<=\u00d7))"
    r"(?:"
    rf"(?:(?<![\w/.,])|(?<=\bx))(?P<part>\d{{1,2}})(?:\s?-\s?\d{{1,2}})?/(?P<whole>7|52|12)(?![\w/.,]\d|[\w/])"
    rf"|(?:(?<![\w/.,])|(?<=\bx))(?P<count>{COUNT})(?:\s?(?:-|\u2013|to|or)\s?{COUNT})?"
    r"(?:\s(?:and\sa\shalf|of|or so|full|more))?"
    rf"[\s-]{{0,2}}(?P<unit>{_UNIT})\b(?:['\u2019]s?)?"
    rf"|(?<![\w/])(?P<bare>{_UNIT})\b"
    r")",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:\b(?P<back>for|x|lasting|lasted|lasts|since|from|of|duration|duration of|duration is|duration was|"
    r"lasting for|lasted for|going on for|present for)|\u00d7)[\s:]{0,2}(?:a\s)?$"
    r"|\b(?P<began>started|starting|began|begun|beginning|onset|onset was|came on)[\s:]{0,2}$"
    r"|\b(?P<stretch>over|during|in|throughout)\s{0,2}$"
    r"|\b(?P<other>after|within|every|each|per|next|until|till|at|by|times|once|twice|before|aged?|another|than|last|"
    r"pregnant|pregnancy|gestation|old)"
    r"[\s-]{0,2}(?:a\s)?$"
    r"|\b(?P<person>girl|boy|child|man|woman|male|female|lady|gentleman|baby|infant|newborn|toddler|patient|pt|aged)"
    r"[\s,:(-]{1,2}$"
    r"|(?P<further>\d\s?[/x]\s?)$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?P<history>[\s-]{0,2}(?:history|h/o|hx)\b)|(?P<duration>\s(?:of\s)?(?:in\s)?duration\b)"
    r"|(?P<ago>\s(?:ago|back)\b)"
    r"|(?P<other>[\s-]{0,2}(?:old|later|after|before|prior|post|pregnan\w*|gestation\w*|gravid|premature|preterm|"
    r"of age|of life|of gestation|of pregnancy|postpartum|postnatal|per|each|apart|a (?:day|week)|course|supply|"
    r"from now|last|follow)\b)"
    r"|(?P<of>\sof\b)",
    re.IGNORECASE,
)
_BEFORE = 16
"""Letters before an amount in which its preposition stands."""
_MOST_HOURS = 1_000_000
_LINKS = frozenset(
    "has had have been be is was were are it he she they i we this that which also now only just still present "
    "ongoing persistent persisting continuous continuously constant constantly intermittent intermittently on off and "
    "daily every day night at in morning evening getting become becoming worse worsening increasing increased "
    "gradually progressively progressive severe mild moderate going lasting lasted total about almost same , ( ) : "
    "started starting began beginning onset came last past or so time episode stool per".split()
)
"""Words between a finding and the duration that follows it."""
_STOPS = frozenset(
    "and or but no not deny denies denied without for taking took taken treated treatment given on used using use "
    "working worked lived living smoked smoking smoke drinking drank married presents presented presenting present "
    "seen came who then until , . ; ! ? ( ) : | \n".split(" ")
)
"""Words and marks that part a duration from the finding after it."""
_JOINS = frozenset({",", "and", "with", "associated", "mild", "severe", "also", "both"})
_GOING_ON = frozenset(", ( : off on daily constantly constant continuous continuously intermittent ongoing".split())
"""Words and marks between a finding and a duration without a preposition: `ear discharge off and on 2/12`."""
_FAR = 8
"""Tokens between a duration and its finding."""


def find_durations(text: str) -> tuple[Duration, ...]:
    """Return the durations a text names, in order; points in time, ages and intervals between doses are none."""
    found = (_duration(match, text) for match in _AMOUNT.finditer(text))
    return tuple(duration for duration in found if duration is not None)


def durations_of(
    mentions: Sequence[Mention], text: str, tokens: Sequence[Token], groups: Sequence[object]
) -> dict[int, Duration]:
    """Return the duration of each mention that has one, by index.

    `tokens` are those of the whole text; the items of a list share a duration when their `groups` are equal, so that
    ten years of diabetes are not ten years of the cough that follows.
    """
    durations = find_durations(text)
    if not mentions or not durations:
        return {}
    clauses = _Clauses(mentions, [token for token in tokens if token.text not in FILLERS], groups)
    for duration in durations:
        clauses.assign(duration)
    clauses.extend()
    return clauses.found


def number_of(word: str) -> float:
    """Return the number that a word of COUNT stands for."""
    word = word.lower().replace(",", ".")
    return _NUMBERS.get(word) or float(word if word[0].isdigit() else 0)


def _duration(match: re.Match[str], text: str) -> Duration | None:
    lead = _LEAD.search(text, max(0, match.start() - _BEFORE), match.start())
    tail = _TAIL.match(text, match.end())
    about = match["about"].lower()
    hours = _hours(match, lead, about)
    side = None if _is_age(match, lead) else _side(match, lead, tail, about)
    if side is None or hours is None or re.search(r"less than|up to|under|within|nearly|almost|<", about):
        return None
    beyond = re.search(r"more than|longer than|greater than|>(?!=)|\bover\b(?!\s+the\b|\s+past|\s+last|\s+this)", about)
    start = match.start() if lead is None or lead["other"] or lead["person"] else lead.start()
    return Duration(min(hours + bool(beyond), _MOST_HOURS), start, match.end(), side)


def _is_age(match: re.Match[str], lead: re.Match[str] | None) -> bool:
    """Tell whether an amount of time is the age of who is named before it: `girl 8 yr`, `baby 3 weeks`."""
    unit = (match["unit"] or "").lower()[:1] or {"12": "m", "52": "w"}.get(match["whole"] or "", "")
    young = lead is not None and (lead["person"] or "").lower() in ("baby", "infant", "newborn", "toddler", "child")
    return lead is not None and lead["person"] is not None and (unit == "y" or (young and unit in ("m", "w")))


def _hours(match: re.Match[str], lead: re.Match[str] | None, about: str) -> float | None:
    if match["part"]:
        return float(match["part"]) * _PARTS[match["whole"]] or None
    if match["count"]:
        return number_of(match["count"]) * _UNITS[match["unit"][0].lower()] or None
    # without a number: `for weeks` is two at least, `for the past week` is one
    unit = match["bare"].lower()
    if unit.endswith("s") and lead is not None and (lead["back"] or "").lower() in ("for", "lasting", "lasted"):
        return 2 * _UNITS[unit[0]] if unit not in ("hrs", "yrs") else None
    return float(_UNITS[unit[0]]) if _recent(about) and not unit.endswith("s") else None


def _recent(about: str) -> bool:
    return re.search(r"\b(?:past|last|previous|preceding)\b", about) is not None


def _side(match: re.Match[str], lead: re.Match[str] | None, tail: re.Match[str] | None, about: str) -> Side | None:
    """Tell by the words around an amount of time what it belongs to; None when it is no duration."""
    kind = "" if lead is None else lead.lastgroup or "back"
    after = "" if tail is None else tail.lastgroup
    if after == "history":
        return Side.FORWARD
    if after == "ago":
        since = kind == "back" and lead is not None and (lead["back"] or "").lower() in ("since", "from")
        return Side.BACK if kind == "began" or since else None
    if kind in ("other", "further", "began") or after == "other":
        return None
    if kind == "back" or after == "duration":
        return Side.BACK
    if _recent(about) and ("over" in about or "within" in about or kind == "stretch"):
        return Side.BACK
    if kind == "stretch" or match["bare"]:
        return None
    if after == "of":
        return Side.FORWARD
    return None if (match["count"] or "").lower() in ("a", "an") else Side.TOUCHING


class _Clauses:
    """The mentions of a text with the words between them."""

    def __init__(self, mentions: Sequence[Mention], tokens: Sequence[Token], groups: Sequence[object]) -> None:
        self._mentions = mentions
        self._groups = groups
        self._tokens = tokens
        self._token_starts = [token.start for token in tokens]
        self._starts = [mention.start for mention in mentions]
        self.found: dict[int, Duration] = {}

    def assign(self, duration: Duration) -> None:
        """Give a duration to the one finding that is nearest to it."""
        after = bisect_left(self._starts, duration.end)
        before = bisect_right(self._starts, duration.start) - 1
        within = self._mentions[before].end > duration.start if before >= 0 else False
        if within:
            self.found.setdefault(before, duration)
        elif duration.side is Side.FORWARD:
            self._give(after, duration, self._may_precede(duration.end, after))
        elif duration.side is Side.BACK:
            self._assign_back(duration, before, after)
        else:
            touching = before not in self.found and self._words(before, duration.start) <= _GOING_ON
            if not self._give(before, duration, touching):
                self._give(after, duration, not self._between(duration.end, after))

    def _assign_back(self, duration: Duration, before: int, after: int) -> None:
        fits = before >= 0 and self._words(before, duration.start) <= _LINKS
        if self._give(before, duration, fits):
            return
        index = bisect_left(self._token_starts, duration.start) - 1
        first = self._tokens[index].text if index >= 0 else "."
        if first in ".;!?\n":
            self._give(after, duration, self._may_precede(duration.end, after, comma=True))
        elif first in (",", "and", "but", "who", "has", "had", "have", "that"):
            self._give(after, duration, self._may_precede(duration.end, after))

    def extend(self) -> None:
        """Give the duration of a list to its other items."""
        for index, duration in tuple(self.found.items()):
            back = self._mentions[index].end <= duration.start or duration.start >= self._mentions[index].start
            step = -1 if back else 1
            joined = not back
            place = index + step
            while 0 <= place < len(self._mentions) and place not in self.found:
                words = self._between(self._mentions[min(place, place - step)].end, max(place, place - step))
                joined = joined or not words or "and" in words or "with" in words
                if not joined or not words <= _JOINS or self._groups[place] != self._groups[index]:
                    break
                self.found[place] = duration
                place += step

    def _give(self, index: int, duration: Duration, fits: bool) -> bool:
        if fits and 0 <= index < len(self._mentions):
            self.found.setdefault(index, duration)
            return True
        return False

    def _may_precede(self, end: int, index: int, *, comma: bool = False) -> bool:
        if index >= len(self._mentions):
            return False
        words = self._list(end, self._mentions[index].start)
        if comma and words[:1] == [","]:
            words = words[1:]
        if words[:1] in (["history"], ["h"], ["hx"]):
            words = [word for word in words if word not in ("h", "o")]
        return len(words) <= _FAR and _STOPS.isdisjoint(words)

    def _words(self, index: int, end: int) -> set[str]:
        """Return the words between the end of a mention and a place; a stop when they are too many."""
        words = self._list(self._mentions[index].end, end) if index >= 0 else ["."]
        between = {word for word in words if not word[0].isdigit()}
        return between - {"and"} if {"off", "on"} <= between else between

    def _between(self, start: int, index: int) -> set[str]:
        return set(self._list(start, self._mentions[index].start)) if index < len(self._mentions) else {"."}

    def _list(self, start: int, end: int) -> list[str]:
        first, last = bisect_left(self._token_starts, start), bisect_left(self._token_starts, end)
        return ["."] * (_FAR + 1) if last - first > _FAR + 2 else [token.text for token in self._tokens[first:last]]
