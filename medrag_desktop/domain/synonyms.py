"""Names in a query -> what else they are called: conditions, medicines, and shorthand by what it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from medrag_desktop.domain.tokens import FILLERS, fold, phrase, tokenize

LONGEST = 6
"""Words of the longest name that is looked for."""
LONGEST_TEXT = 20_000
"""Characters of a text that are read."""
MOST = 4
"""Other names that are added for one."""


class Synonyms:
    """Groups of names that mean the same."""

    def __init__(self, groups: Iterable[tuple[str, ...]], further: Iterable[str] = ()) -> None:
        """Take groups whose first name is the usual one; a name of two groups means neither.

        The words of `further` names are known, too.
        """
        self._others: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._further = further
        self._keys: set[tuple[str, ...]] = set()
        for group in groups:
            keys = dict.fromkeys(tuple(phrase(name).split()) for name in group)
            for key in keys:
                if not key or len(key) > LONGEST:
                    continue
                if key in self._keys:
                    self._others.pop(key, None)
                    continue
                self._keys.add(key)
                self._others[key] = tuple(name for name in group if tuple(phrase(name).split()) != key)[:MOST]

    def knows(self, word: str) -> bool:
        """Tell whether a word is one of some name."""
        return fold(word) in self._words

    @cached_property
    def _words(self) -> frozenset[str]:
        """Words of all names; they are many, and only words that no pack holds are looked for among them."""
        further = (word for name in self._further for word in phrase(name).split())
        return frozenset(word for key in self._keys for word in key).union(further)

    def of(self, text: str) -> str:
        """Return the other names of what a text names, the longest name at each place, joined by spaces."""
        # not `phrase`, which remembers what it was asked: a query may be a patient's words
        tokens = tokenize(text[:LONGEST_TEXT])
        words = [token.text for token in tokens if token.is_word and token.text not in FILLERS]
        found: dict[str, None] = {}
        place = 0
        while place < len(words):
            length = next((n for n in range(min(LONGEST, len(words) - place), 0, -1) if self._key(words, place, n)), 0)
            if length:
                found |= dict.fromkeys(self._others[tuple(words[place : place + length])])
            place += max(1, length)
        return " ".join(found)

    def _key(self, words: list[str], place: int, length: int) -> bool:
        return tuple(words[place : place + length]) in self._others
