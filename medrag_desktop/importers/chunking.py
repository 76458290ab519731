"""Cut a Document into Passages of about 100 words, aligned to sentences (the passage size of DPR)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from medrag_desktop.domain.evidence import Document, DocumentSection, Passage

FULL = 100
"""Words at which a passage is closed."""
LONGEST = 120
"""Words a passage may reach so that a sentence stays whole; only a short tail goes beyond it."""
TAIL = 20
"""A last piece below this many words joins the passage before it."""

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(
    r"[.!?\u3002\uff01\uff1f\u0964\u06d4][)\]\"'\u2019\u201d]*(?=\s)"  # a full stop of any script
    r"|\n\s*\n"  # a blank line
    r"|\n(?=\s*(?:[-*+\u2022|]|\d{1,2}[.)])\s)"  # the line before a list item or table row
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|dr|mr|mrs|st|no|approx|ca|fig|resp|incl|max|min|spp?|[a-z])|^\s*\d{1,2})\.$",
    re.IGNORECASE | re.MULTILINE,
)


def chunk(document: Document, pack: str = "") -> tuple[Passage, ...]:
    """Return the passages of a document in reading order; every word is in exactly one of them.

    A passage never spans two sections. Sections without a word give no passage.
    """
    used: set[str] = set()
    return tuple(
        passage
        for section in document.sections
        for passage in _section_passages(document, section, _unused(slug(section.title), used), pack)
    )


def slug(title: str) -> str:
    """Return a title as lower-case words joined by hyphens, letters of any script kept; `text` if none."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "-".join(re.findall(r"\w+", folded))[:60] or "text"


def _unused(name: str, used: set[str]) -> str:
    """Return the name, numbered from 2 when it is taken, and mark it as taken."""
    candidate, number = name, 1
    while candidate in used:
        number += 1
        candidate = f"{name}-{number}"
    used.add(candidate)
    return candidate


def _section_passages(document: Document, section: DocumentSection, section_slug: str, pack: str) -> Iterator[Passage]:
    for number, text in enumerate(split_text(section.text), start=1):
        yield Passage(
            id=f"{document.id}#{section_slug}.{number}",
            document=document.id,
            title=document.title,
            section=section.title,
            text=text,
            source=document.source,
            date=document.date,
            kind=document.kind,
            condition=document.condition,
            url=document.url,
            pack=pack,
        )


def split_text(text: str) -> tuple[str, ...]:
    """Return the text as pieces of about 100 words, each a slice of it without outer white space."""
    pieces: list[list[tuple[int, int]]] = []
    for sentence in _sentences(text):
        if pieces and _fits(len(pieces[-1]), len(sentence)):
            pieces[-1].extend(sentence)
        else:
            pieces.append(list(sentence))
    if len(pieces) > 1 and len(pieces[-1]) < TAIL:
        tail = pieces.pop()
        pieces[-1].extend(tail)
    return tuple(text[words[0][0] : words[-1][1]] for words in pieces)


def _fits(have: int, more: int) -> bool:
    """Tell whether a sentence goes into the open passage: only while that is not full."""
    return have < FULL and have + more <= LONGEST


def _sentences(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield each sentence as the spans of its words, a very long one in parts of FULL words."""
    start = 0
    for end in (*_sentence_ends(text), len(text)):
        words = [match.span() for match in _WORD.finditer(text, start, end)]
        for first in range(0, len(words), FULL):
            yield words[first : first + FULL]
        start = end


def _sentence_ends(text: str) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text, max(0, match.start() - 8), match.end()):
            yield match.end()
