"""Which sentences of a text are not English, and so were not read."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.english_words import PLAINLY_ENGLISH, SHARED

_END = re.compile(r"[.!?;]+(?=\s|$)|[\n\u3002\uff01\uff1f\u0964\u061f\u06d4]+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_LATIN = "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02af\u1e00-\u1eff\ufb00-\ufb06"
_OTHER_SCRIPT = re.compile(rf"[^\W\d_{_LATIN}\u0370-\u03ff]{{2}}|[\u0370-\u03ff]{{4}}|[\u0900-\u0dff]{{2}}")
"""Two letters of another alphabet; of Greek four, because its letters are also signs."""
_FEWEST = 4
"""Words that a sentence must have to be judged, among them _TELLING that are written in one language only."""
_TELLING = 3
_KNOWN_SHARE = 0.45
"""A sentence of which a smaller share is known is not English.

All 40 notes in 26 languages of the tests are below, none of the 68 telegraphic English ones is, and 4 of the 4,976
sentences of MedQA-dev's even rows are (2026-11-23).
Trained detectors of letters are no better on notes: py3langid 0.3 and 0.4 take 8 and 5 of 30 telegraphic English notes
for another language, and a list of medicines for Italian.
"""
_PLAIN_SHARE = 0.2
"""With so many small words of English the words between them are names."""
_ENDINGS = ("'s", "\u2019s", "s", "es", "ed", "d", "ing", "ly", "er", "ness")
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch of text in another language."""

    start: int
    end: int
    """Character offsets, half open."""


def not_english(text: str, known: Container[str]) -> tuple[Unread, ...]:
    """Return the sentences that are not English, in order; `known` holds lower-case words of English.

    Sentences too short to be judged alone are judged together.
    """
    pieces = tuple(_pieces(text))
    short = [piece for piece in pieces if len(_words(text, [piece])) < _FEWEST and not _has_digit(text, piece)]
    foreign = [piece for piece in pieces if _is_other_script(text, piece)]
    judged = [piece for piece in pieces if piece not in short and piece not in foreign]
    foreign += [piece for piece in judged if _is_foreign(_words(text, [piece]), known)]
    rest = [piece for piece in short if piece not in foreign]
    if _is_foreign(_words(text, rest), known):
        foreign += [piece for piece in rest if not _has_known(_words(text, [piece]), known)]
    return tuple(sorted(foreign, key=lambda piece: piece.start))


def _pieces(text: str) -> Iterator[Unread]:
    start = 0
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            yield Unread(start + lead, start + len(piece.rstrip()))
        start = end


def _has_digit(text: str, piece: Unread) -> bool:
    """Tell whether there is a number: short lines with one are measurements."""
    return any(letter.isdigit() for letter in text[piece.start : piece.end])


def _is_other_script(text: str, piece: Unread) -> bool:
    return not text.isascii() and _OTHER_SCRIPT.search(text, piece.start, piece.end) is not None


def _words(text: str, pieces: Sequence[Unread]) -> list[str]:
    """Return the words that say something of the language; abbreviations in capitals do not."""
    found = [word for piece in pieces for word in _WORD.findall(text[piece.start : piece.end]) if len(word) > 1]
    shouted = all(word.isupper() for word in found)
    return [word.lower() for word in found if shouted or not word.isupper()]


def _is_foreign(words: Sequence[str], known: Container[str]) -> bool:
    telling = [word for word in words if word not in SHARED]
    if len(words) < _FEWEST or len(telling) < _TELLING:
        return False
    if sum(word in PLAINLY_ENGLISH for word in words) >= _PLAIN_SHARE * len(words):
        return False
    return sum(_is_known(word, known) for word in telling) < _KNOWN_SHARE * len(telling)


def _has_known(words: Sequence[str], known: Container[str]) -> bool:
    telling = [word for word in words if word not in SHARED]
    return not telling or 2 * sum(_is_known(word, known) for word in telling) >= len(telling)


def _is_known(word: str, known: Container[str]) -> bool:
    """Tell whether a word is known as it is, in its parts, or without an English ending."""
    if word in known:
        return True
    if "-" in word:
        return all(len(part) == 1 or part in known for part in word.split("-"))
    stems = (word[: -len(ending)] for ending in _ENDINGS if word.endswith(ending))
    return any(len(stem) >= _SHORTEST_STEM and (stem in known or f"{stem}e" in known) for stem in stems)
