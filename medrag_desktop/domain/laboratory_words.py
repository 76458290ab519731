"""Laboratory values as free text tells them: `Hb 6,1`, `WBC: 18 000/mm3`, `nitrite positive`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from medrag_desktop.domain.laboratory import Analyte, Laboratory, Measured, ReferenceRange

_DATE = r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?"
_AGO = (
    r"(?:last (?:week|month|year|visit|admission|pregnancy|time)|previous(?:ly)?|prior|baseline|usual(?:ly)?|pmhx?|"
    r"past (?:medical )?history|old (?:result|record)s?|in (?:19|20)\d\d|"
    r"(?:\d{1,2}|an?|one|two|three|four|five|six|eight|ten|few|several|many)\s?(?:weeks?|wks?|months?|years?|yrs?)"
    r" (?:ago|back|earlier|before|prior)|(?:weeks?|months?|years?|yrs?) ago)\b"
)
"""Results of the last days are those of this illness, wherever they were taken; older ones are not."""
_GAP = (
    rf"(?:\s?[(\[](?P<bracket>[^()\[\]\n]{{1,20}})[)\]])?[\s:=~(|*\u2191\u2193\u2013\u2014-]{{0,6}}(?:(?:{_DATE}:|{_AGO}|"
    r"is|was|were|are|very|quite|of|at|on|to|from|level|levels|count|value|result|results|today|now|yesterday|low|high|raised|"
    r"elevated|reduced|only|about|approx|approximately|around|showed|shows|came back|came|as|dropped|fell|fallen|down|"
    r"up|rose|risen|dropping|falling|rising|increased|decreased|measured|found|serum|plasma|initial|initially|"
    r"on arrival|on admission|this morning|sahli|is now)"
    r"(?![^\W_])[\s:=~(),|\u2191\u2193-]{0,3}){0,5}"
)
"""What stands between a name and its value; bounded, so that no text takes long."""
_NUMBER = (
    r"(?:\d{1,3}(?:,\d{2,3}){0,2},\d{3}(?:\.\d{1,2})?(?![\d,])|\d{1,3}(?:[ .'\u00a0\u202f]\d{3}){1,2}(?![\d.,]\d|\d)|"
    r"\d{1,7}(?:[.,]\d{1,4})?)(?!\d|[.,]\d)"
)
_BOUND = r"(?P<bound>[<>\u2264\u2265]=?|less than|more than|greater than|below|above|under|over|at least)?\s?"
_VALUE = re.compile(
    rf"(?P<gap>{_GAP}){_BOUND}(?P<number>{_NUMBER})"
    rf"(?:\s{{0,2}}(?P<join>->|=>|\u2192|[-\u2013\u2014]|to)\s{{0,2}}(?P<second>{_NUMBER})(?!/\d))?",
    re.IGNORECASE,
)
_GRADE = re.compile(
    rf"(?P<gap>{_GAP})(?P<grade>\+/-|[1-4]\s?\+|\+\s?[1-4](?!\d)|\+ve\b|\+{{2,4}}|(?<=\w)\+(?!\w)|\+(?=\s{{0,3}}(?:[,;.)\n]|$))|-ve\b|positive\b|pos\b|negative\b|neg\b|nil\b|"
    r"none\b|absent\b|trace\b|tr\b|not detected\b|not seen\b)",
    re.IGNORECASE,
)
_NOT_A_VALUE = re.compile(
    r"k(?![^\W_])|\s?\+|\s?/[^\W_]|\s?per\b|\s{0,2}(?:%|\u00b0|(?:years?|yrs?|y/?o|months?|weeks?|wks?|days?|hours?|hrs?|monthly|weekly|daily|hourly|mins?|minutes?|am|pm|x|times|mg|mcg|"
    r"[\u00b5\u03bcu]g|gm?|grams?|kg|lbs?|ml|dl|l|lit(?:re|er)s?|iu|units?|tabs?|tablets?|caps?|capsules?|drops?|"
    r"ampoules?|vials?|bags?|doses?|vaccines?|bpm|mm\s?hg|cm|mm|m|c|f|mmol|mol|meq|cells?|lead|st|nd|rd|th)(?![^\W_]))",
    re.IGNORECASE,
)
"""What follows a number that is a dose, an age, a date or a unit that the analyte does not have."""
_RANGE_WORDS = (
    r"(?:normal(?: range| value)?|reference(?: range)?|ref(?:\.| range)?|range|nr|n|nl|uln|upper limit(?: of normal)?)"
)
_REFERENCE = re.compile(
    rf"(?:(?P<open>\s{{0,3}}[;,]?\s?[(\[]\s?|[ ]?\t\s{{0,2}}|[ ]{{2,4}}|\s?\|\s?)|\s{{0,3}}[;,]?\s?)"
    rf"(?P<words>{_RANGE_WORDS}(?![^\W_])\s{{0,2}}[:=,]?\s{{0,2}})?"
    rf"(?P<sign>[<>\u2264\u2265]=?|up to|less than|below|more than|above)?\s?(?P<first>{_NUMBER})"
    rf"(?:\s?(?:-|\u2013|\u2014|to)\s?(?P<last>{_NUMBER}))?(?![/\d])",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"\s{0,2}(?:[(\[]\s?(?P<mark>(?-i:[HL]{1,2})|very high|very low|high|low|raised|elevated|normal|wnl|\u2191+|"
    r"\u2193+)\s?[)\]]|(?P<bare>\u2191+|\u2193+|(?-i:HH?|LL?))(?=[\s,;.)|]|$))",
    re.IGNORECASE,
)
_HIGH = ("h", "hh", "high", "very high", "raised", "elevated", "\u2191")
_NORMAL = ("normal", "wnl")
_SPECIMENS = {
    "urine": r"urinalysis|urines?|urinary|u/a|dipstick|dip ?stick|msu",
    "ascites": r"ascitic(?: fluid| tap)?|ascites|peritoneal fluid|paracentesis",
    "vagina": r"vaginal?(?: discharge)?",
    "other": (
        r"csf|cerebrospinal fluid|lumbar puncture|pleural(?: fluid)?|pericardial|synovial(?: fluid)?|"
        r"joint (?:fluid|aspirate)|"
        r"stools?|faecal|fecal|sputum|gastric|aspirate|semen|bal|amniotic|breast milk|cord"
    ),
    "blood": r"blood|serum|plasma|fbc|cbc|full blood count|complete blood count|lfts?|u&e|u/e|rfts?|abg|vbg",
}
_SPECIMEN = re.compile(
    "|".join(
        rf"(?P<{name}>\b(?:{words})\b(?!\s?(?:pressure|in\b|:?\s?(?:\d|\+|pos|neg|nil|trace|none|absent))))"
        for name, words in _SPECIMENS.items()
    ),
    re.IGNORECASE,
)
_SCOPE_ENDS = re.compile(r"\.(?=\s)|\n\s*\n")
_HEADING = re.compile(r"[ \t]*\w{0,12}[ \t]*:?[ \t]*\n")
"""What follows a specimen that stands over the lines of its values."""
_LONGEST_SCOPE = 400
_OF_ANOTHER = re.compile(
    r"(?:\b(?:mother|father|mum|mom|dad|parent|brother|sister|sibling|husband|wife|partner|twin|son|daughter|baby|donor)"
    r"(?:['\u2019]s\s(?:last\s|latest\s|own\s|blood\s)?|\s(?:has|had|with)\s(?:an?\s)?)|\b(?:maternal|paternal|fo?etal|donor|cord)\s"
    r"(?:blood\s)?)(?:low\s|high\s|raised\s)?$",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:if|when|until|unless|target|aim|aiming|goal|keep|maintain|should|in case|transfuse|threshold|"
    r"(?:drop|fall|rise|increase|decrease|change) in)\b"
    r"[^.;\n]{0,24}$",
    re.IGNORECASE,
)
_AGO_WITHIN = re.compile(rf"\b{_AGO}", re.IGNORECASE)
_SAID_BEFORE = re.compile(rf"\b{_AGO}[^.;,\n\d]{{0,14}}$", re.IGNORECASE)
_SAID_AFTER = re.compile(
    rf"[\s(]{{0,3}}(?:(?:was|were|done|checked|taken|measured|on|as|at|from|his|her|the)\s){{0,3}}{_AGO}", re.IGNORECASE
)
_NOW = re.compile(
    r"[\s,;.()]{0,3}(?:(?:and|but|then|it|is|was|has|which)\s){0,3}(?:now|today|currently|repeat(?:ed)?|latest|"
    r"this (?:morning|week)|on (?:arrival|admission)|"
    r"(?:falling|dropping|rising|dropped|fell|rose|came down|down|up) to)\b",
    re.IGNORECASE,
)
"""Before a later value of the same analyte, which is not named again."""
_BEFORE = 48
"""Letters before a name that are looked at."""
_MOST_VALUES = 4
"""Values that are told one after another of one name."""
_BOUNDS_BELOW = ("<", "\u2264", "less", "below", "under", "up")
_SLIGHTLY = 1e-9


@dataclass(frozen=True, slots=True)
class ResultWords:
    """One laboratory value with its place."""

    analyte: Analyte
    value: Measured
    start: int
    name_end: int
    """The name of the analyte stands between these two."""
    end: int
    earlier: bool
    """Older than this illness."""


def find_results(text: str, laboratory: Laboratory) -> Iterator[ResultWords]:
    """Yield the plausible values of a text in order of place, but none of another person or of a plan."""
    names = _names(laboratory)
    if names is None:
        return
    place, specimens = 0, _Specimens(text)
    for match in names.pattern.finditer(text):
        if match.start() < place:
            continue
        found = _result(text, match, specimens.fitting(names.of(match[0]), match.start()))
        if found is None:
            continue
        place = found.end
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        if not (_OF_ANOTHER.search(before) or _PLANNED.search(before)):
            yield found


def _result(text: str, name: re.Match[str], analytes: Iterable[Analyte]) -> ResultWords | None:
    for analyte in analytes:
        reading = _Reading(text, name, analyte)
        found = reading.first()
        if found is not None:
            return reading.latest(found)
    return None


def unit_pattern(units: Iterable[str]) -> re.Pattern[str]:
    """Return what finds one of the units, however its powers, signs and spaces are written."""
    written = sorted(units, key=len, reverse=True)
    pieces = (rf"(?P<u{number}>{_unit_words(unit)})" for number, unit in enumerate(written))
    return re.compile(rf"(?:{'|'.join(pieces)})(?![^\W_])" if written else "(?!)", re.IGNORECASE)


def _unit_words(unit: str) -> str:
    letters = {
        "!": r"[x\u00d7*]?\s?10\s?[\^*]{0,2}\s?",
        "u": "[u\u00b5\u03bc]",
        "/": r"\s?(?:/|per)\s?",
        "9": "[9\u2079]",
        "6": "[6\u2076]",
        "3": r"\^?[3\u00b3]",
    }
    words = "".join(letters.get(letter, re.escape(letter)) for letter in unit.replace("10^", "!"))
    # `18k` is eighteen thousand, `18 K` begins the potassium
    space = "" if unit == "k" else r"\s{0,2}"
    return rf"{space}(?:cells?\s?)?{words}" if unit.startswith("/") else space + words


@lru_cache(maxsize=8)
def _names(laboratory: Laboratory) -> _Names | None:
    return _Names(laboratory.analytes) if laboratory.analytes else None


@lru_cache(maxsize=512)
def _units_of(units: tuple[str, ...]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    return unit_pattern(units), tuple(sorted(units, key=len, reverse=True))


class _Names:
    """The names of all analytes as one pattern."""

    def __init__(self, analytes: Iterable[Analyte]) -> None:
        self._any_case: dict[str, tuple[Analyte, ...]] = {}
        self._as_written: dict[str, tuple[Analyte, ...]] = {}
        by_letter: dict[str, set[str]] = {}
        for analyte in analytes:
            for name in analyte.names:
                table, key = (self._any_case, _key(name)) if name.islower() else (self._as_written, name)
                table[key] = (*table.get(key, ()), analyte)
                by_letter.setdefault(name[0].lower(), set()).add(name)
        branches = (
            rf"(?={re.escape(letter)})(?:{'|'.join(map(_name_words, sorted(names, key=len, reverse=True)))})"
            for letter, names in by_letter.items()
        )
        self.pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(branches)})", re.IGNORECASE)

    def of(self, written: str) -> tuple[Analyte, ...]:
        """Return the analytes that a text may name."""
        return self._as_written.get(written) or self._any_case.get(_key(written), ())


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", " ", name).lower()


def _name_words(name: str) -> str:
    words = r"[\s-]{1,2}".join(map(re.escape, re.split(r"[\s-]+", name)))
    end = r"(?![^\W_])" if name[-1].isalnum() else ""
    if len(name) > 1 and name[-1].isalpha():
        # `Hb6.1`
        end = r"(?![^\W\d_])"
    return f"{words}{end}" if name.islower() else f"(?-i:{words}){end}"


class _Specimens:
    """What was looked at, in which part of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = [(match.start(), match.end(), match.lastgroup or "") for match in _SPECIMEN.finditer(text)]
        self._next = 0

    def fitting(self, analytes: tuple[Analyte, ...], place: int) -> tuple[Analyte, ...]:
        """Return the analytes that a name can stand for at a place; places must be asked for in order."""
        while self._next < len(self._found) and self._found[self._next][0] < place:
            self._next += 1
        if not self._next:
            return analytes
        _, end, specimen = self._found[self._next - 1]
        between = self._text[end:place]
        ended = _SCOPE_ENDS.search(between) or (";" in between and specimen == "urine")
        if ended or len(between) > _LONGEST_SCOPE or ("\n" in between and not _HEADING.match(between)):
            return analytes
        same = tuple(analyte for analyte in analytes if analyte.specimen == specimen)
        if specimen == "blood" or (same and same == analytes):
            return same or analytes
        others = () if not between.strip() else (a for a in analytes if a.specimen != specimen and not a.fluids)
        return (*same, *others)


class _Reading:
    """The values that follow one name, read as those of one analyte."""

    def __init__(self, text: str, name: re.Match[str], analyte: Analyte) -> None:
        self._text = text
        self._name = name
        self._analyte = analyte
        self._pattern, self._units = _units_of(tuple(analyte.units))

    def first(self) -> ResultWords | None:
        """Return the value after the name."""
        if not self._analyte.grades:
            return self._number_after(self._name.end())
        match = _GRADE.match(self._text, self._name.end())
        if match is None:
            return None
        grade = _grade(match["grade"])
        return self._placed(Measured(grade, grade, 1.0), match.end(), match["gap"])

    def latest(self, found: ResultWords) -> ResultWords:
        """Return the last of the values told one after another: `Hb was 12 last year, now 6`."""
        for _ in range(0 if self._analyte.grades else _MOST_VALUES):
            now = _NOW.match(self._text, found.end)
            later = None if now is None else self._number_after(now.end(), named=False)
            if later is None:
                return found
            found = later
        return found

    def _number_after(self, place: int, *, named: bool = True) -> ResultWords | None:
        match = _VALUE.match(self._text, place)
        if match is None or ("\n" in match["gap"] and ":" not in match["gap"]):
            return None
        before = self._pattern.fullmatch(match["bracket"].strip()) if match["bracket"] else None
        if match["bracket"] and before is None and re.search(r"\d", re.sub(_DATE, "", match["bracket"])):
            match = _VALUE.match(self._text, self._text.index(match["bracket"], place))
            if match is None:
                return None
        return self._measured(match, before, named=named)

    def _measured(self, match: re.Match[str], before: re.Match[str] | None, *, named: bool) -> ResultWords | None:
        for number, second, end in _spans(match):
            unit = before or self._pattern.match(self._text, end)
            after = end if unit is None or unit is before else unit.end()
            if unit is None and not _FLAG.match(self._text, after) and _is_no_value(self._text, after, self._name[0]):
                continue
            written = None if unit is None else self._units[int((unit.lastgroup or "u0")[1:])]
            reference, after = self._reference(after)
            flag, after = _flag(self._text, after)
            if reference is None:
                reference, after = self._reference(after)
            for low, high in _pairs(number, second, match, count=self._analyte.count):
                value = self._plausible(low, high, written, reference, flag)
                if value is not None:
                    return self._placed(value, after, match["gap"], named=named)
        return None

    def _plausible(
        self, low: float, high: float, unit: str | None, reference: ReferenceRange | None, flag: str
    ) -> Measured | None:
        """Return a value when it can be one at all; its unit may stay unknown beside a reference range or a flag."""
        factor = None if unit is None else self._analyte.units[unit]
        number = low if low > 0 else high
        if unit is None:
            meant = (name for name, (least, most) in self._analyte.unwritten.items() if least <= number <= most)
            factor = next((self._analyte.units[name] for name in meant), None)
        if factor is None:
            return Measured(low, high, None, reference, flag) if reference or flag else None
        least, most = self._analyte.plausible
        return Measured(low, high, factor, reference, flag) if least <= number * factor <= most else None

    def _reference(self, place: int) -> tuple[ReferenceRange | None, int]:
        match = _REFERENCE.match(self._text, place)
        if match is None:
            return None, place
        first = next(_numbers(match["first"], count=self._analyte.count), None)
        last = next(_numbers(match["last"] or "", count=self._analyte.count), None)
        told = match["words"] or (match["open"] and (last is not None or match["sign"]))
        if first is None or not told or (last is not None and first >= last):
            return None, place
        unit = self._pattern.match(self._text, match.end())
        end = match.end() if unit is None else unit.end()
        end += self._text[end : end + 1] in (")", "]")
        if last is not None:
            return ReferenceRange(first, last), end
        sign, words = (match["sign"] or "").lower(), (match["words"] or "").lower()
        if sign.startswith(_BOUNDS_BELOW) or words.startswith(("uln", "upper")):
            return ReferenceRange(high=first), end
        return (ReferenceRange(low=first), end) if sign else (None, place)

    def _placed(self, value: Measured, end: int, gap: str, *, named: bool = True) -> ResultWords:
        start = self._name.start()
        after = _SAID_AFTER.match(self._text, end)
        earlier = after is not None or _AGO_WITHIN.search(gap) is not None
        if named and not earlier:
            earlier = _SAID_BEFORE.search(self._text[max(0, start - _BEFORE) : start]) is not None
        end = end if after is None else after.end()
        return ResultWords(self._analyte, value, start, self._name.end(), end, earlier)


def _is_no_value(text: str, end: int, name: str) -> bool:
    match = _NOT_A_VALUE.match(text, end)
    return match is not None and not (match[0].startswith("/") and "/" in name)


def _grade(words: str) -> float:
    words = words.lower()
    if words in ("trace", "tr", "+/-"):
        return 0.5
    digits = re.sub(r"\D", "", words)
    if digits:
        return float(digits)
    return float(max(words.count("+"), 1)) if words.startswith(("+", "pos")) else 0.0


def _flag(text: str, place: int) -> tuple[str, int]:
    match = _FLAG.match(text, place)
    if match is None:
        return "", place
    mark = (match["mark"] or match["bare"]).lower()
    if mark in _NORMAL:
        return "normal", match.end()
    return ("high" if mark.rstrip("\u2191") in ("", *_HIGH) else "low"), match.end()


def _spans(match: re.Match[str]) -> Iterator[tuple[str, str | None, int]]:
    """Yield the readings of a number: with what joins it, alone, and without the group that a space sets apart."""
    if match["second"] is not None:
        yield match["number"], match["second"], match.end()
        if match.start("second") - match.end("number") == len(match["join"]):
            # `CA 19-9`
            return
    yield match["number"], None, match.end("number")
    head = re.match(r"\d+(?= \d)", match["number"])
    if head:
        yield head[0], None, match.start("number") + head.end()


def _pairs(number: str, second: str | None, match: re.Match[str], *, count: bool) -> Iterator[tuple[float, float]]:
    """Yield the least and the most that a value may be."""
    bound = (match["bound"] or "").lower()
    for first in _numbers(number, count=count):
        if second is None:
            below, above = bound.startswith(_BOUNDS_BELOW), bool(bound)
            yield (0.0, first * (1 - _SLIGHTLY)) if below else (first, float("inf") if above else first)
            continue
        last = next(_numbers(second, count=count), first)
        trend = match["join"] in ("->", "=>", "\u2192") or re.search(r"\bfrom\b", match["gap"], re.IGNORECASE)
        if trend:
            yield last, last
        elif first < last:
            yield first, last


def _numbers(written: str, *, count: bool) -> Iterator[float]:
    """Yield what a written number may be, the likeliest first."""
    grouped = re.fullmatch(r"\d{1,3}(?:([,.' \u00a0\u202f])\d{2,3})*([,.' \u00a0\u202f])\d{3}(?:\.\d{1,2})?", written)
    if grouped and not written.startswith("0") and (count or grouped[2] != "."):
        whole, _, rest = written.partition(".") if grouped[2] != "." else (written, "", "")
        yield float(re.sub(r"\D", "", whole) + (f".{rest}" if rest else ""))
    single = written.replace(",", ".")
    if re.fullmatch(r"\d+(?:\.\d+)?", single):
        yield float(single)
