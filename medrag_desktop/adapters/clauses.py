"""Where sentences begin and end in running text, as character offsets."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)|\n+")
_NEXT = re.compile(r"\s*[\"'(\[]*[A-Z0-9]")
_ABBREVIATIONS = frozenset(
    "e.g i.e dr mr mrs ms prof vs approx no nos fig figs ca cf st dept vol sp spp etc al resp incl max min".split()
)


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of every sentence, without the white space around it.

    A full stop ends a sentence when a capital, a digit or nothing follows and no abbreviation precedes;
    a line break always does.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _ends_sentence(text, start, match):
            _add(spans, text, start, match.end())
            start = match.end()
    _add(spans, text, start, len(text))
    return tuple(spans)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text."""
    return tuple(text[start:end] for start, end in sentence_spans(text))


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether the punctuation found closes the sentence that began at `start`."""
    if match.group().startswith("\n") or not text[match.end() :].strip():
        return True
    words = text[start : match.start()].rsplit(None, 1)
    last = words[-1].lower().lstrip("(\"'[") if words else ""
    if last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
        return False
    return _NEXT.match(text, match.end()) is not None


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Append the span between two offsets unless it is blank."""
    piece = text[start:end]
    if piece.strip():
        lead = len(piece) - len(piece.lstrip())
        spans.append((start + lead, start + len(piece.rstrip())))
