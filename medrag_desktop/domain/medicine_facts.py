"""What is known of each medicine and class of medicines, and where a text names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from medrag_desktop.domain.tokens import Token, tokenize

SHORTEST_GUESS = 6
"""Letters from which a word may be read by its ending or with one letter wrong."""


class Advice(StrEnum):
    """What a source says of a medicine in pregnancy or while breastfeeding."""

    AVOID = "avoid"
    AVOID_FIRST_TRIMESTER = "avoid_first_trimester"
    AVOID_THIRD_TRIMESTER = "avoid_third_trimester"
    SPECIALIST = "specialist"
    """Not in a known pregnancy, unless somebody with more means decides it."""
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Advised:
    """Advice with its source."""

    advice: Advice
    source: str
    unless: frozenset[str] = frozenset()
    """Findings that are there, or conditions that are suspected, in which the advice does not hold."""


@dataclass(frozen=True, slots=True)
class MinimumAge:
    """The age from which a medicine is given."""

    years: float
    words: str
    """For example `8 years`, with the exception if there is one."""
    source: str
    unless: frozenset[str] = frozenset()
    """Findings that are there, or conditions that are suspected, in which it is given at any age."""


@dataclass(frozen=True, slots=True)
class AvoidedIn:
    """A state in which a medicine is avoided."""

    any_of: frozenset[str]
    """Findings that are there, or conditions that are suspected; one of them is enough."""
    words: str
    source: str
    pregnant: bool = False
    """Only in a patient who is, or may be, pregnant."""
    under_years: float | None = None
    """Only below this age."""


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine, or a class of medicines."""

    id: str
    name: str
    is_class: bool = False
    synonyms: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    broad: bool = False
    """A class of one use but of many kinds: who is allergic to one of them may well take another."""
    endings: tuple[str, ...] = ()
    """A word of this ending, or of one of these beginnings, that names nothing else is one of the class."""
    beginnings: tuple[str, ...] = ()
    cross_allergy: str = ""
    """The source which says that who is allergic to one of the class may react to the others; empty if none does."""
    topical: bool = False
    """What is said of it holds on the skin and in the eye as well."""
    plain: bool = False
    """A gas, fluid or food of which nobody expects facts: that it has none is not told."""
    pregnancy: Advised | None = None
    lactation: Advised | None = None
    minimum_age: MinimumAge | None = None
    avoided_in: tuple[AvoidedIn, ...] = ()


@dataclass(frozen=True, slots=True)
class Together:
    """Two groups of medicines that have to do with each other: an interaction, or allergy across classes."""

    one: frozenset[str]
    other: frozenset[str]
    words: str
    source: str
    besides: frozenset[str] = frozenset()
    """Medicines of the groups that it does not hold for."""


@dataclass(frozen=True, slots=True)
class MedicineName:
    """A place in a text that names a medicine or a class."""

    id: str
    text: str
    """The words as they stand there."""
    first: int
    last: int
    """Tokens, half open."""


@dataclass(frozen=True)
class Medicines:
    """All medicines of the library."""

    entries: Mapping[str, Medicine] = field(default_factory=dict)
    cross_allergies: tuple[Together, ...] = ()
    interactions: tuple[Together, ...] = ()

    def lineage(self, medicine: str) -> frozenset[str]:
        """Return a medicine with every class it belongs to."""
        return self._lineages[medicine]

    def has_facts(self, medicine: str) -> bool:
        """Tell whether anything besides its names is known of a medicine or of a class of it."""
        return not self._with_facts.isdisjoint(self.lineage(medicine))

    def find(self, text: str, tokens: tuple[Token, ...], *, guess: bool = False) -> tuple[MedicineName, ...]:
        """Return what a text names, the longest name at each place; `tokens` are those of the text.

        With `guess` a word that is one letter off a name counts as that name.
        """
        found: list[MedicineName] = []
        index = 0
        while index < len(tokens):
            ids, last = self._at(tokens, index, guess=guess)
            found += [MedicineName(i, text[tokens[index].start : tokens[last - 1].end], index, last) for i in ids]
            index = last
        return tuple(found)

    def _at(self, tokens: tuple[Token, ...], index: int, *, guess: bool) -> tuple[tuple[str, ...], int]:
        for words, medicine in self._names.get(_key(tokens[index].text), ()):
            if tuple(_key(token.text) for token in tokens[index : index + len(words)]) == words:
                return (medicine,), index + len(words)
        word = _key(tokens[index].text)
        ids: tuple[str, ...] = ()
        if len(word) >= SHORTEST_GUESS and word.isalpha():
            ids = tuple(self._near(word)) if guess else ()
            ids = ids or tuple(self._by_form(word))
        return ids, index + 1

    def _near(self, word: str) -> Iterator[str]:
        for name, medicine in self._single_words.get(word[0], ()):
            if abs(len(name) - len(word)) <= 1 and _one_slip(name, word):
                yield medicine

    def _by_form(self, word: str) -> Iterator[str]:
        for beginnings, endings, kind in self._forms:
            if word.endswith(endings) or word.startswith(beginnings):
                yield kind

    @cached_property
    def _with_facts(self) -> frozenset[str]:
        entries = self.entries.values()
        own = {e.id for e in entries if e.pregnancy or e.lactation or e.minimum_age or e.avoided_in}
        return frozenset(own.union(*(pair.one | pair.other for pair in self.interactions)))

    @cached_property
    def _forms(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]:
        classes = (entry for entry in self.entries.values() if entry.endings or entry.beginnings)
        return tuple((entry.beginnings, entry.endings, entry.id) for entry in classes)

    @cached_property
    def _single_words(self) -> dict[str, list[tuple[str, str]]]:
        """Return the names of one word that is long enough to be guessed, by first letter."""
        table: dict[str, list[tuple[str, str]]] = {}
        for first, names in self._names.items():
            if len(first) >= SHORTEST_GUESS:
                table.setdefault(first[0], []).extend((first, name) for words, name in names if len(words) == 1)
        return table

    @cached_property
    def _names(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """Return, by first word, the words of each name that begins so and its medicine, longest first."""
        table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for entry in self.entries.values():
            for name in (entry.name, *entry.synonyms):
                words = name_words(name)
                if words:
                    table.setdefault(words[0], []).append((words, entry.id))
        for names in table.values():
            names.sort(key=lambda name: -len(name[0]))
        return table

    @cached_property
    def _lineages(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(self._above(name, frozenset())) for name in self.entries}

    def _above(self, name: str, seen: frozenset[str]) -> frozenset[str]:
        if name in seen:
            return seen
        for above in self.entries[name].classes:
            seen |= self._above(above, seen | {name})
        return seen | {name}


def read_tokens(text: str) -> tuple[Token, ...]:
    """Split a text as names of medicines are split."""
    return tokenize(text)


def name_words(name: str) -> tuple[str, ...]:
    """Return the words by which a name is found; the `A` of `vitamin A` is one of them."""
    return tuple(_key(token.text) for token in tokenize(name) if token.is_word)


def _key(word: str) -> str:
    """Fold what the spelling of a medicine's name may differ in besides case and plural."""
    return word.replace("sulph", "sulf").replace("ceph", "cef").replace("oestro", "estro")


def _one_slip(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter: added, left out, wrong, or two in wrong order."""
    if one == other:
        return True
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[start:], other[start:]
    if len(rest) == len(others):
        return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    return rest[1:] == others or rest == others[1:]
