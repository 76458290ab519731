"""Whether a text names a dose: the amount, rate or frequency of a medicine.

Doses are read in the library, where they stand with their source; no draft shows one. In doubt a text holds a dose:
withholding a sentence costs little. What is measured of a patient (mmol/L, mmHg, °C, days) is no dose.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"half|quarter|third|hundred|thousand|million|mega|double)"
)
# the lengths are bounded, so that a hostile text cannot make the search slow
_FIGURE = r"\d[\d.,'⁄/]{0,12}(?:\s*(?:-|to|or|x)\s*\d[\d.,]{0,12})?"
_AMOUNT = (
    rf"(?:{_FIGURE}(?:\s*(?:million|thousand|hundred|mega|mio)\b|[mk]\b)?|\b{_WORD})"
    r"(?:\s+(?:of\s+)?(?:an?|more|full|level|small|large|heaped|standard|single))?\s*-?\s*"
)
# a laboratory value has its amount per volume of blood or urine
_CONCENTRATION = r"(?!\s*(?:/|per\b)\s*(?i:d?l|(?:deci)?lit(?:er|re)s?|m?mol|mole)\b)"
_MASS = (
    r"(?:mc?gs?|ug|μg|[mkn]?gms?|g|(?:milli|micro)?gram(?:me)?s?(?![\s-](?:negative|positive|stain))|"
    r"millimoles?|mmols?|meqs?|milliequivalents?|m?i\.?u\.?|ie|mu|u|units?)\b"
)
_VOLUME = r"(?:mls?|c\.?c\.?|(?:milli|centi|deci)?lit(?:er|re)s?|[cd]?l|fl\.?\s?oz|ounces?|pints?)\b(?!\s*/?\s*m2)"
_FORM = (
    r"(?:tablets?|tabs?|pills?|capsules?|caps?|drops?|gtts?|puffs?|inhalations?|sprays?|teaspoon(?:ful)?s?|tsps?|"
    r"tablespoon(?:ful)?s?|tbsps?|spoon(?:ful)?s?|sachets?|ampoules?|ampules?|amps?|vials?|suppositor(?:y|ies)|"
    r"pessar(?:y|ies)|lozenges?|cups?|cupfuls?|glass(?:es)?|scoops?|bottles?|fingertip)\b"
)
_BARE = re.compile(
    r"(?<![\w/])(?:mc?gs?|µg|μg|ug|mls?|mL|iu|IU|cc|мг|мкг|мл)\b" + _CONCENTRATION + r"|"
    r"(?<!/)(?<!per )\b(?:milli|micro)gram(?:me)?s?\b" + _CONCENTRATION + r"|"
    r"(?<!/)(?<!per )\bmillilit(?:er|re)s?\b|"
    r"\b\w+\s*(?:/|per\b)\s*(?:kgs?|kilos?|kilograms?)\b"
)
"""Units that are those of a medicine even where the number is missing or written in another way."""
_MEASURED = re.compile(rf"{_AMOUNT}(?:{_MASS}{_CONCENTRATION}|{_VOLUME}|{_FORM})", re.IGNORECASE)
_ONE = re.compile(
    r"\b(?:an?|each)\s+(?:single\s+)?(?:tablet|pill|capsule|puff|teaspoon(?:ful)?|tablespoon(?:ful)?|spoonful|sachet|"
    r"amp(?:ou|u)le|vial|suppository|pessary|lozenge|cup(?:ful)?|milligram(?:me)?|gram(?:me)?|millilit(?:er|re))\b"
    r"(?![\s-](?:negative|positive|stain))",
    re.IGNORECASE,
)
_LOSS = re.compile(rf"\b(?:blood loss|urine output|urine volume)\s+(?:\w+\s+){{0,3}}?{_AMOUNT}{_VOLUME}", re.IGNORECASE)
"""What leaves the body is no dose."""
_STRENGTH = re.compile(
    r"\d\s*(?:%|percent|per cent)\s+(?:\w+\s+){0,2}?(?:dextrose|glucose|saline|sodium|cream|ointment|lotion|gel|"
    r"solution|drops|paste|shampoo|hydrocortisone|permethrin|chlorhexidine|benzoyl|salicylic|lidocaine|lignocaine|tetracycline)\b"
    r"|\b(?:dextrose|glucose|saline|chloride|cream|ointment|lotion|gel|solution|drops|hydrocortisone|permethrin|"
    r"chlorhexidine|lidocaine|lignocaine|tetracycline)\s+(?:\w+\s+)?\(?\d[\d.]*\s*(?:%|percent|per cent)",
    re.IGNORECASE,
)
_COUNT = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen|twenty(?:[ -]four)?|"
    r"thirty(?:[ -]six)?|forty[ -]eight|seventy[ -]two)"
)
_RANGE = rf"{_COUNT}(?:\s*(?:-|to|or)\s*{_COUNT})?"
_FREQUENCY = re.compile(
    rf"(?<!at )\b(?:once|twice|thrice|{_RANGE}\s*(?:times|x|×))\s*-?\s*(?:/|(?:an?|per|each|every|in)\b)?\s*(?:\w+\s+)?"
    r"(?:days?|daily|d\b|weeks?|weekly|wk|months?|monthly|nights?|nightly|hours?|hrs?|h\b|mornings?|evenings?)\b"
    rf"|\b(?:every|each)\s+{_RANGE}\s*-?\s*(?:hours?|hrs?|hrly|h|minutes?|mins?)\b"
    rf"|\b{_RANGE}\s*-?\s*(?:hourly|hrly)\b|(?<!\w)(?:24|12|8|6|4|3|2)\s?h(?:r?ly)\b"
    r"|\bq\.?\s?\d+\s?(?:h|hrs?|hours?)\b"
    r"|\b(?:b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|q\.?d\.?s|t\.?d\.?s|b\.?d\.?s?|t\.?i\.?w|q\.?a\.?m|q\.?h\.?s|p\.?r\.?n)\b"
    r"|\b(?:o\.d\.|q\.d\.|nocte|mane|od\b(?=\s*(?:$|[.,;)]|for\b)))",
    re.IGNORECASE,
)
_GIVEN = (
    r"\b(?:tak(?:es?|en|ing)|g[ai]ven?|giving|inject\w*|appl(?:y|ies|ied)|swallow(?:s|ed)?|inhaled?|instil\w*|"
    r"insert(?:s|ed)?|administer\w*|dos(?:e|es|ed)|tablets?|capsules?|pills?|puffs?|drops)\b"
)
_RHYTHM = (
    r"\b(?:daily(?!\s+(?:amounts?|life|living|activit|sputum))|nightly|weekly|monthly|fortnightly|at\s+(?:night|bedtime)|on\s+alternate\s+days|"
    rf"(?:every|each)\s+(?:(?:other|second|third|{_RANGE})\s+)?(?:days?|nights?|mornings?|evenings?|weeks?|months?))\b"
)
_REPEATED = re.compile(rf"{_GIVEN}[^.;:]{{0,60}}{_RHYTHM}", re.IGNORECASE)
_INVISIBLE = frozenset(("Cf", "Cc", "Mn"))


def holds_dose(text: str) -> bool:
    """Tell whether a text names an amount, rate or frequency of a medicine, in figures, words or shorthand."""
    folded = _LOSS.sub(" ", _folded(text))
    return any(p.search(folded) for p in (_BARE, _MEASURED, _ONE, _STRENGTH, _FREQUENCY, _REPEATED))


def _folded(text: str) -> str:
    """Fold what looks like another character: full-width and superscript figures, dashes, invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(
        " " if c.isspace() else "-" if unicodedata.category(c) in ("Pd", "Sm") and c in "‐‑‒–—−" else c
        for c in plain
        if c.isspace() or unicodedata.category(c) not in _INVISIBLE
    )
    return re.sub(r"\s+", " ", kept)
