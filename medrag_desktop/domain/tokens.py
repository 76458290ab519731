"""Words of clinical free text with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"\([-+\u2212\u2013]\)|[-+\u2212\u2013]ve\b"
    r"|\d+(?:[.,]\d+)+"
    r"|[^\W_]+(?:['\u2019][^\W_]+)*"
    r"|([.!?;:,()])\1*|\n(?:[ \t\r]*\n)*",
    re.IGNORECASE,
)
FILLERS = frozenset("a an the his her their my your its some any very".split())
"""Words that do not change what a phrase names."""

_SPELLINGS = {
    "haem": "hem", "aemi": "emi", "noea": "nea", "rhoea": "rhea", "oede": "ede", "oeso": "eso", "foet": "fet",
    "paed": "ped", "gynaec": "gynec", "caesar": "cesar", "faec": "fec", "colour": "color", "tumour": "tumor",
    "odour": "odor", "vapour": "vapor", "labour": "labor", "ised": "ized", "ising": "izing", "isation": "ization",
}  # fmt: skip
"""British spelling -> American, as far as clinical words need it; both sides of a match are folded."""
_BRITISH = re.compile("|".join(_SPELLINGS))
_SPELLED = ("ae", "oe", "our", "is")
"""Text without any of these has one spelling only."""
_SIGNS = {"-": "negative", "\u2212": "negative", "\u2013": "negative", "+": "positive"}
_PLURAL = re.compile(r"(?<=sh|ss)es$|(?<=tch)es$|(?<=x)es$|(?<=[a-z]{3})s$")
_SHORT_FORMS = frozenset(
    "dr mr mrs st vs approx resp temp hr hrs wk wks yr yrs min mins max abd no tab tabs incl".split()
)
"""Words whose full stop does not end a sentence when the next word is in lower case or a number."""
_WRAPPED = 50
"""A line of this many characters was broken by the width of the page, not by its writer."""
_GOES_ON = re.compile(
    r"(?:,|\b(?:and|or|nor|no|not|of|with|without|denies|the|a|has|had|is|was))[ \t\r]*$", re.IGNORECASE
)
_CONTINUES = re.compile(r"[ \t]*(?:or|nor|and)\b", re.IGNORECASE)
_LOWER = re.compile(r"[ \t]*[a-z]")
_BULLET = re.compile(r"[ \t]*[-*\u2022\u00b7]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark of punctuation."""

    text: str
    """Folded: lower case, plural s dropped from longer words, American spelling."""
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Tell a word from punctuation."""
        return self.text[:1].isalnum()


def tokenize(text: str) -> tuple[Token, ...]:
    """Split text into folded tokens; offsets are of the text as given.

    Decimal numbers and `-ve` are one token. A line break is a token only where the writer broke the line, and a full
    stop only where it can end a sentence.
    """
    tokens: list[Token] = []
    listing = False
    line = 0
    for match in _TOKEN.finditer(text):
        mark, start = match[0], match.start()
        if mark[0] == "\n":
            before, line = text[max(line, start - 200) : start].rstrip(), match.end()
            listing = before.endswith(":") or (listing and bool(_BULLET.match(text, line)))
            if listing or (len(mark) == 1 and _soft_break(before, text, line)):
                continue
        elif mark == "." and _inside_sentence(tokens, text, start):
            continue
        tokens.append(Token(_fold_mark(mark), start, match.end()))
    return tuple(tokens)


def fold(word: str) -> str:
    """Fold case, the plural s and British spelling, so that `Palms` equals `palm` and `oedema` equals `edema`."""
    folded = word.lower().replace("\u2019", "'")
    if len(folded) > 4 and folded.endswith("s") and not folded.endswith(("ss", "us", "is")):
        folded = folded[:-3] + "y" if folded.endswith("ies") and len(folded) > 5 else _PLURAL.sub("", folded)
    return one_spelling(folded) if len(folded) > 4 else folded


def one_spelling(text: str) -> str:
    """Return lower-case text with British spelling made American."""
    if any(part in text for part in _SPELLED):
        return _BRITISH.sub(lambda match: _SPELLINGS[match[0]], text)
    return text


@lru_cache(maxsize=1 << 16)
def phrase(text: str) -> str:
    """Return the folded words of a name joined by single spaces, fillers dropped."""
    return " ".join(token.text for token in tokenize(text) if token.is_word and token.text not in FILLERS)


def sentences(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    """Group tokens into sentences at full stops, semicolons, line ends and question marks without their answer."""
    groups: list[tuple[Token, ...]] = []
    current: list[Token] = []
    for index, token in enumerate(tokens):
        current.append(token)
        if token.text in ".!;\n" or (token.text == "?" and not _answered(tokens, index)):
            groups.append(tuple(current))
            current = []
    return (*groups, tuple(current)) if current else tuple(groups)


def _fold_mark(mark: str) -> str:
    if len(mark) > 1 and mark.lstrip("(")[:1] in _SIGNS:
        return _SIGNS[mark.lstrip("(")[0]]
    return fold(mark) if mark[0].isalnum() else mark[0]


def _soft_break(before: str, text: str, after: int) -> bool:
    """Tell whether a line break stands within a sentence."""
    if _BULLET.match(text, after) or before.endswith((".", "!", "?", ";")):
        return False
    if _CONTINUES.match(text, after) or _GOES_ON.search(before[-12:]):
        return bool(before)
    width = len(before) - (before.rfind("\n") + 1)
    return width >= _WRAPPED and _LOWER.match(text, after) is not None


def _inside_sentence(tokens: list[Token], text: str, stop: int) -> bool:
    """Tell whether a full stop belongs to an abbreviation (`e.g.`, `temp. 38`)."""
    if not tokens or tokens[-1].end != stop or not tokens[-1].is_word:
        return False
    word, following = text[tokens[-1].start : stop], text[stop + 1 : stop + 3]
    if len(word) == 1 and word.isalpha():
        return following[:1].isalnum() or (following[1:].islower() and text[stop - 2 : stop - 1] == ".")
    known = word.lower() in _SHORT_FORMS
    return known and following[:1] == " " and (following[1:].islower() or following[1:].isdigit())


def _answered(tokens: tuple[Token, ...], index: int) -> bool:
    """Tell whether a question mark is followed by its answer, as in `Fever? No`."""
    return index + 1 < len(tokens) and tokens[index + 1].text in ("no", "nil", "none", "yes", "negative", "positive")
