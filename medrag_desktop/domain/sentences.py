"""Prose -> whole sentences, with what is none told apart: list items, headings, halves of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLOSERS = r"[)\]\"'\u2019\u201d]*"
_STOP = rf"[.!?\u3002\uff01\uff1f\u0964\u06d4]{_CLOSERS}"
_BOUNDARY = re.compile(
    rf"(?P<stop>{_STOP})(?=\s|$)"
    r"|(?P<block>\n\s*\n)"
    r"|(?P<item>\n(?=\s*(?:[-*+\u2022\u2013|]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)])\s))"
)
_NEXT = re.compile(r"\s*[\"'(\[\u2018\u201c]*(.)", re.DOTALL)
_ABBREVIATIONS = frozenset(
    "e.g i.e dr mr mrs ms prof vs approx no nos fig figs ca cf st dept vol sp spp etc al resp incl max min viz vit inj "
    "temp tab tabs hosp esp".split()
)
_MARKER = re.compile(r"(?:[-*+\u2022\u2013|#]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)])\s")
_ENDS = re.compile(rf"{_STOP}$")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or a piece of text that stands where a sentence could."""

    text: str
    """White space folded to single spaces."""
    whole: bool
    """It begins like a sentence, ends with a full stop, is no list item and stands under no list heading.

    Only a whole sentence keeps its meaning when it is quoted alone: `- aspirin in fever` may stand under `Never give:`.
    """


def split(text: str) -> tuple[Sentence, ...]:
    """Return the pieces of a text in order; every word is in exactly one of them.

    A full stop ends a sentence when a new one follows and no abbreviation precedes. A line break alone ends none,
    because plain text is often wrapped; a blank line and a list marker do.
    """
    found: list[Sentence] = []
    governed = False
    for piece in _pieces(text):
        words = _SPACE.sub(" ", piece).strip()
        if words:
            found.append(Sentence(words, not governed and _is_whole(words)))
            # what follows a line such as "Never give:" is read with it, to the end of the passage
            governed = governed or words.endswith(":")
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match["stop"] is None or _ends_sentence(text, start, match):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    after = _NEXT.match(text, match.end())
    if after is None:
        return True
    words = text[start : match.start()].split()
    last = words[-1].lower().lstrip("(\"'[") if words else ""
    if last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or (len(words) == 1 and last.isdigit()):
        return False
    return not after[1].islower()


def _is_whole(words: str) -> bool:
    first = words.lstrip("\"'([\u2018\u201c")[:1]
    return bool(first) and not first.islower() and _MARKER.match(words) is None and _ENDS.search(words) is not None
