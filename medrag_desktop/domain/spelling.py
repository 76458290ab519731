"""Words of a query that no passage holds -> the nearest words that some do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

SHORTEST = 5
"""Letters of the shortest word that is mended: one edit turns too many shorter ones into another word."""
LONGEST = 30
MOST = 64
"""Words of a text that are looked at: each unknown one is compared with all that a pack knows."""
_WORD = re.compile(rf"\b[^\W\d_]{{{SHORTEST},{LONGEST}}}\b")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word that may have been meant."""

    word: str
    distance: int
    """Letters left out, added, changed or exchanged with the next (optimal string alignment)."""
    passages: int
    """Passages that hold it."""


def words_to_check(text: str) -> tuple[str, ...]:
    """Return the first distinct words of a text that could be mended."""
    return tuple(islice(dict.fromkeys(match[0] for match in _WORD.finditer(text)), MOST))


def most_edits(word: str) -> int:
    """Return how many edits a word may be away from the one that was meant."""
    return 1 if len(word) < 8 else 2


def best_suggestions(of_packs: Sequence[Mapping[str, Suggestion | None]]) -> dict[str, str]:
    """Return what to read for each word that every pack lacks and some pack has a suggestion for."""
    if not of_packs:
        return {}
    unknown = set(of_packs[0]).intersection(*of_packs[1:])
    found = {word: _best(suggestions[word] for suggestions in of_packs) for word in unknown}
    return {word: best.word for word, best in found.items() if best is not None}


def mend(text: str, words: Mapping[str, str]) -> str:
    """Return the text with some of its words replaced."""
    return _WORD.sub(lambda match: words.get(match[0], match[0]), text)


def _best(suggestions: Iterable[Suggestion | None]) -> Suggestion | None:
    there = [suggestion for suggestion in suggestions if suggestion is not None]
    return min(there, key=lambda s: (s.distance, -s.passages, s.word), default=None)
