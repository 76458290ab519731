"""Generated text + passages -> a supported sentence, or the reason why it is withheld.

Words that occur in the source do not make a statement supported: a sentence recomposed from true words is often false,
and a clause cut from its sentence may lose the `not` or the `except` that governs it. So a text stands only if it is
whole neighbouring sentences of ONE passage, word for word, optionally after an opening of a closed set that restates
findings of the encounter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.doses import holds_dose as holds_dose
from medrag_desktop.domain.sentences import Sentence, split

NOT_STATED = "Not stated."
"""What the generator writes when the passage does not hold what the section asks for."""

_PRESENT_OPENING = re.compile(r"^This patient has (?P<list>[^;]+); (?P<rest>.+)$", re.DOTALL | re.IGNORECASE)
_ABSENT_OPENING = re.compile(r"^There is no (?P<list>[^;]+); (?P<rest>.+)$", re.DOTALL | re.IGNORECASE)
_ONE_PATIENT = re.compile(
    r"\b(?:this|our)\s+(?:\d\S*\s+)?(?:patient|case|woman|man|girl|boy|child|infant|baby|newborn|mother)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*,\s+(?:and\s+|or\s+)?|\s+(?:and|or)\s+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be said of the patient: labels and synonyms, lower case."""

    present: Collection[str]
    absent: Collection[str]


@dataclass(frozen=True, slots=True)
class Grounded:
    """A sentence that is supported."""

    text: str
    passage: int
    """Index of the passage that holds its general part."""
    quote: str
    """The words of the passage it rests on, as they stand there."""

    @property
    def opening(self) -> str:
        """Return what stands before the quoted words: the restated findings of the encounter, or nothing."""
        return self.text[: len(self.text) - len(self.quote)]


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """A sentence that must not be shown."""

    reason: str


def ground(text: str, passages: Sequence[str], facts: Facts) -> Grounded | Ungrounded:
    """Check one generated text against its passages and the encounter."""
    text = _SPACE.sub(" ", text).strip()
    if _words(text) in ("", _words(NOT_STATED)):
        return Ungrounded("The passages do not state it.")
    if holds_dose(text):
        return Ungrounded("The sentence holds a dose; doses are read in the library, never in a draft.")
    rest, complaint = _without_opening(text, facts)
    if complaint:
        return Ungrounded(complaint)
    if speaks_of_one(rest):
        return Ungrounded("The passage speaks of another patient, not of this one.")
    for number, passage in enumerate(passages):
        quote = find_clauses(rest, passage)
        if quote is not None:
            opening = text[: len(text) - len(rest)]
            return Grounded(_finish(opening + (quote if not opening else _lower_first(quote))), number, quote)
    return Ungrounded("No single passage holds the sentence word for word.")


def speaks_of_one(text: str) -> bool:
    """Tell whether a passage speaks of one patient, as a case report does; in a draft it would be read of ours."""
    return _ONE_PATIENT.search(text) is not None


def split_sentences(text: str) -> tuple[str, ...]:
    """Split prose into sentences."""
    return tuple(sentence.text for sentence in split(text))


def find_clauses(text: str, passage: str) -> str | None:
    """Return the words of the passage that equal the text and are whole sentences of it; None when there are none."""
    wanted = _words(text)
    sentences = split(passage)
    for first in range(len(sentences) if wanted else 0):
        for last in range(first + 1, len(sentences) + 1):
            quoted = " ".join(sentence.text for sentence in sentences[first:last])
            if len(_words(quoted)) > len(wanted):
                break
            if _words(quoted) == wanted and _quotable(sentences[first:last]):
                return quoted
    return None


def _quotable(sentences: Sequence[Sentence]) -> bool:
    return all(sentence.whole for sentence in sentences)


def _words(text: str) -> str:
    """Fold what may differ between a text and its source: letter case, white space, the last full stop."""
    return _SPACE.sub(" ", text).strip().rstrip(". ").casefold()


def _without_opening(text: str, facts: Facts) -> tuple[str, str]:
    """Return the general part, and why an opening is false of this patient (empty when it is true)."""
    for pattern, held, state in (
        (_PRESENT_OPENING, facts.present, "present"),
        (_ABSENT_OPENING, facts.absent, "absent"),
    ):
        match = pattern.match(text)
        if match is None:
            continue
        for name in _items(match["list"], held) or [match["list"]]:
            if name not in held:
                return match["rest"], f"The encounter does not record '{name}' as {state}."
        return _without_opening(match["rest"], facts)
    return text, ""


def _items(words: str, held: Collection[str]) -> list[str]:
    """Split `a, b and c`, but not inside a name that itself holds a comma, `and` or `or`."""
    words = words.lower().strip()
    return _names(words, held) or [item for item in _BETWEEN.split(words) if item]


def _names(words: str, held: Collection[str]) -> list[str]:
    """Return the held names that a list consists of; empty when it holds anything else."""
    for name in sorted(held, key=lambda name: (-len(name), name)):
        if words == name:
            return [name]
        between = _BETWEEN.match(words, len(name)) if words.startswith(name) else None
        rest = _names(words[between.end() :], held) if between else []
        if rest:
            return [name, *rest]
    return []


def _lower_first(text: str) -> str:
    first, _, _ = text.partition(" ")
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def _finish(text: str) -> str:
    return text[:1].upper() + text[1:]
