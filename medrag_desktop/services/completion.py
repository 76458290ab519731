"""Finds findings by what is being typed: prefixes, words in any order, abbreviations, slips of the finger."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from medrag_desktop.domain.vocabulary import Vocabulary

SHOWN = 8
"""How many matches are offered at most."""
_LONGEST_QUERY = 80
"""Characters of a query that are looked at."""
_COMMON_LENGTH = 13
"""Words up to this length are prepared; longer ones when they are typed."""
_SLIP = 10
"""What one wrong letter costs; more than any difference of place."""
_FAINT = 4
"""A word shorter than this forgives no wrong first letter."""
_AS_SYNONYM = 1
"""What it costs to match another name than the label."""
_ANY_PLACE, _NOT_FIRST = 4, 2
"""What it costs when the words stand in another order, or not at the beginning of the name."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One finding that fits what was typed."""

    finding: str
    label: str
    kind: str
    matched: str
    """The synonym that fits; empty when it is the label."""


@dataclass(frozen=True, slots=True)
class _Name:
    finding: str
    text: str
    plain: str
    words: tuple[str, ...]
    is_label: bool


class Completer:
    """An index of every label and synonym by the words they are made of."""

    def __init__(self, vocabulary: Vocabulary, abbreviations: Mapping[str, str] | None = None) -> None:
        """Index a vocabulary; an abbreviation finds what its long form finds."""
        self._vocabulary = vocabulary
        self._abbreviations = {plain(short): plain(long) for short, long in (abbreviations or {}).items()}
        self._names = tuple(_names(vocabulary))
        self._of_word: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            for word in set(name.words):
                self._of_word.setdefault(word, []).append(number)
        self._words = sorted(self._of_word)
        self._beginnings: dict[int, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {}
        for length in range(2, _COMMON_LENGTH):
            self._with_length(length)

    def complete(self, typed: str, count: int = SHOWN) -> tuple[Completion, ...]:
        """Return the findings that fit best, each once; none for an empty text."""
        query = plain(typed[:_LONGEST_QUERY])
        if not query:
            return ()
        costs = self._costs(query)
        if (long := self._abbreviations.get(query)) is not None:
            for number, cost in self._costs(long).items():
                costs[number] = min(cost, costs.get(number, cost))
        best: dict[str, tuple[tuple[int, int, str], int]] = {}
        for number, cost in costs.items():
            name = self._names[number]
            rank = (cost + (0 if name.is_label else _AS_SYNONYM), len(name.text), name.text)
            if name.finding not in best or rank < best[name.finding][0]:
                best[name.finding] = (rank, number)
        return tuple(self._completion(number) for _, number in sorted(best.values())[:count])

    def _completion(self, number: int) -> Completion:
        name = self._names[number]
        definition = self._vocabulary[name.finding]
        return Completion(name.finding, definition.label, definition.kind, "" if name.is_label else name.text)

    def _costs(self, query: str) -> dict[int, int]:
        """Return the names that hold every word of the query, with what their differences cost."""
        words = query.split()
        total: dict[int, int] = {}
        for place, word in enumerate(words):
            here: dict[int, int] = {}
            for known, cost in self._near(word).items():
                for number in self._of_word[known]:
                    if place and number not in total:
                        continue
                    here[number] = min(cost, here.get(number, cost))
            total = {number: cost + total.get(number, 0) for number, cost in here.items()}
            if not total:
                return {}
        return {number: cost + _place(query, words, self._names[number]) for number, cost in total.items()}

    def _near(self, word: str) -> dict[str, int]:
        """Return the words that begin with a word, then those that do so but for a slip or two."""
        found = {}
        for known in self._words[bisect_left(self._words, word) :]:
            if not known.startswith(word):
                break
            found[known] = 0
        slips = _slips(word, begun=bool(found))
        if not slips:
            return found
        # a letter left out or doubled shifts the rest, so beginnings of three lengths are compared
        for length in (len(word) - 1, len(word), len(word) + 1):
            beginnings, members = self._with_length(length)
            near = process.extract(word, beginnings, scorer=OSA.distance, limit=None, score_cutoff=slips)
            for _, distance, index in near:
                same = beginnings[index][0] == word[0]
                if len(word) < _FAINT and not same:
                    continue
                # the first letter is seldom wrong, and near words that begin otherwise are other words
                cost = _SLIP * int(distance) + (0 if same else _SLIP // 2)
                for known in members[index]:
                    found[known] = min(cost, found.get(known, cost))
        return found

    def _with_length(self, length: int) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Return the beginnings of all words at a length, and the words that begin so."""
        if length not in self._beginnings:
            members: dict[str, list[str]] = {}
            for word in self._words:
                members.setdefault(word[:length], []).append(word)
            self._beginnings[length] = (tuple(members), tuple(tuple(group) for group in members.values()))
        return self._beginnings[length]


def _slips(word: str, *, begun: bool) -> int:
    """Return how many wrong letters a word is forgiven; a short one none where words begin with it as it stands."""
    if len(word) < 3 or (len(word) == 3 and begun):
        return 0
    return 1 if len(word) < 6 else 2


def _place(query: str, words: list[str], name: _Name) -> int:
    """Return what the order of the words costs: nothing for a name that is them."""
    if name.plain.startswith(query):
        return 0 if len(name.plain) == len(query) else 1
    if f" {query}" in name.plain:
        return _NOT_FIRST
    if not name.words[0].startswith(words[0][:2]):
        return _ANY_PLACE
    return 0 if len(name.words) == len(words) else 1


def plain(text: str) -> str:
    """Return a text in lower case without accents and marks, its words apart by one space."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    kept = (char if char.isalnum() or char in "+/%" else " " for char in apart if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


def _names(vocabulary: Vocabulary) -> Iterable[_Name]:
    for definition in vocabulary.definitions.values():
        for number, text in enumerate(dict.fromkeys((definition.label, *definition.synonyms))):
            words = tuple(plain(text).split())
            if words:
                yield _Name(definition.id, text, " ".join(words), words, is_label=number == 0)
