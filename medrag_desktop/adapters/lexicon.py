"""Multi-pattern matching of finding names in free text (Aho-Corasick), tolerant of misspellings."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import ahocorasick

from medrag_desktop.adapters.name_forms import (
    BODY,
    BOTH,
    COMPLAINTS,
    LOOSE_WORDS,
    OCCASIONS,
    QUALITIES,
    REGIONS,
    SIDES,
    other_forms,
)
from medrag_desktop.adapters.note_patterns import OF_SOMETHING_ELSE
from medrag_desktop.adapters.note_words import NoteWords, Unit
from medrag_desktop.adapters.scattered_names import ScatteredNames
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import phrase
from medrag_desktop.domain.vocabulary import FindingDefinition, Vocabulary


@dataclass(frozen=True, slots=True)
class _Span:
    """A name found in the joined words."""

    first: int
    last: int
    """Half open."""
    finding: str
    negated: bool = False


_LONGEST_SIDE = 12
"""Characters before a name in which the word for its side stands."""
_PLACING = frozenset(
    "in of on over at around about to and lower upper inner outer front back severe mild moderate".split()
)
"""Words between complaints and the part of the body that they share."""
_BETWEEN_PARTS = 4
"""So many of them at most."""
_SAME_STORY = 300
"""Characters between a finding and the words that qualify it."""
_ENDS = re.compile(r"[.;!?\n,]")
_AROUND = 40
"""Characters around a short name that tell what it is said of."""
_NEAR = 20
"""Names that can end within another one."""


class AhoCorasickLexicon:
    """Finds labels and synonyms of findings, and ids that are words."""

    def __init__(self, vocabulary: Vocabulary, abbreviations: Mapping[str, str]) -> None:
        """Build the automaton; `abbreviations` are opened before matching."""
        self._words = NoteWords(abbreviations)
        definitions = tuple(vocabulary.definitions.values())
        self._families = {name: frozenset((name, *vocabulary.ancestors(name))) for name in vocabulary.definitions}
        self._parents = {d.id: frozenset(d.parents) for d in definitions}
        self._sides = {d.id: _sides(d.label) for d in definitions}
        names = self._names(definitions)
        self._well = self._statements((words, d.id) for d in definitions for words in d.denied_by)
        self._families |= dict.fromkeys(self._well, frozenset())
        self._sides |= dict.fromkeys(self._well, frozenset())
        # who was exposed to what hangs on the order of the words
        here = {name: finding for name, finding in names.items() if vocabulary[finding].kind != "exposure"}
        self._scattered = ScatteredNames(here, self._families)
        self._qualified = self._statements((words, d.id) for d in definitions for words in d.qualifiers)
        self._words.learn((*names, *self._qualified))
        forms = {form: finding for name, finding in reversed(names.items()) for form in other_forms(name)}
        well = {words: words for words in self._well if words not in forms}
        self._automaton = _automaton(well | forms | names)
        self._qualifiers = _automaton({name: name for name in self._qualified})

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Return every mention in order of place, the longest of overlapping ones.

        Two kinds of one finding may share words (`crushing chest pain radiating to the arm`), neither inside the other.
        """
        units = self._words.units(text)
        joined, places = _join(units)
        found = sorted(
            (
                *self._spans(joined, self._automaton),
                *self._loose_spans(units, self._automaton),
                *self._listed_spans(units),
                *self._shared_part_spans(units),
            ),
            key=lambda span: span.last,
        )
        fitting = [span for span in found if self._on_its_side(span, joined)]
        spans = _widest(_deny(fitting, joined), self._families)
        named = [_mention(span, places, units) for span in spans if not _is_of_something_else(span, joined)]
        named += self._scattered_mentions(units, named)
        return tuple(mention for each in sorted(named, key=_place) for mention in self._meant(each))

    def _scattered_mentions(self, units: Sequence[Unit], named: Sequence[Mention]) -> list[Mention]:
        """Return the names whose words stand apart; only broader findings are named within."""
        starts = [unit.start for unit in units]
        within: list[set[str]] = [set() for _ in units]

        def take(mention: Mention) -> None:
            for place in range(bisect_right(starts, mention.start) - 1, bisect_left(starts, mention.end)):
                within[place].add(mention.finding)

        for mention in named:
            take(mention)
        added: list[Mention] = []
        for name in self._scattered.find([unit.word for unit in units]):
            first, last = name.places[0], name.places[-1]
            broader = self._families[name.finding] - {name.finding}
            covered = [units[place] for place in name.places]
            if set().union(*within[first : last + 1]) <= broader and not any(unit.negated for unit in covered):
                exact = all(unit.exact for unit in covered)
                added.append(Mention(name.finding, covered[0].start, covered[-1].end, exact))
                take(added[-1])
        return added

    def _meant(self, mention: Mention) -> tuple[Mention, ...]:
        """Return a mention, or for words that all is well one for each finding that they deny."""
        denied = self._well.get(mention.finding)
        if denied is None:
            return (mention,)
        if mention.negated:
            return ()
        return tuple(replace(mention, finding=finding, negated=True, well=True) for finding in denied)

    def qualifying(self, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str] = ()) -> tuple[Mention, ...]:
        """Return what other words say more of the findings that `mentions` name: `it goes through to the back`.

        Each belongs to the nearest finding before it that it can qualify, else to the next one of its sentence, else to
        one of `spoken_of`, findings that the patient came with.
        """
        if not self._qualified:
            return ()
        units = self._words.units(text)
        joined, places = _join(units)
        found = (*self._spans(joined, self._qualifiers), *self._loose_spans(units, self._qualifiers))
        qualifying: list[Mention] = []
        for span in _longest(found):
            words = replace(_mention(span, places, units), negated=joined.startswith(" non ", span.first - 5))
            if any(m.start < words.end and words.start < m.end and not _within(m, words) for m in mentions):
                continue
            qualifying += self._heads(words, text, mentions, spoken_of)
        return tuple(qualifying)

    def _heads(
        self, words: Mention, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str]
    ) -> tuple[Mention, ...]:
        """Return qualifying words as a finding of their own, with the mention that they belong to."""
        candidates = [(name, self._parents[name]) for name in self._qualified[words.finding]]
        before = (m for m in reversed(mentions) if words.start - _SAME_STORY <= m.end <= words.start)
        after = (m for m in mentions if m.start >= words.end and not _ENDS.search(text, words.end, m.start))
        for mention in (*before, *islice(after, 1)):
            family = self._families[mention.finding]
            fitting = next((name for name, parents in candidates if not family.isdisjoint(parents)), None)
            if fitting is not None:
                return () if fitting in family else (replace(words, finding=fitting, head=mention.start),)
        families = [self._families[finding] for finding in spoken_of if finding in self._families]
        fitting = next((name for name, parents in candidates for f in families if not f.isdisjoint(parents)), None)
        return () if fitting is None else (replace(words, finding=fitting),)

    def _spans(self, joined: str, automaton: ahocorasick.Automaton) -> list[_Span]:
        found: list[_Span] = []
        if not automaton:
            return found
        for last, (length, finding) in automaton.iter(joined):
            first = last - length + 1
            if joined[first - 1] == " " and joined[last + 1] == " ":
                found.append(_Span(first, last + 1, finding))
        return found

    def _loose_spans(self, units: Sequence[Unit], automaton: ahocorasick.Automaton) -> Iterator[_Span]:
        """Find the names that words like `is` and `left` stand within: `lips are blue`, `pain in the left knee`."""
        kept = [index for index, unit in enumerate(units) if not _is_loose(units, index)]
        if len(kept) == len(units):
            return
        starts = [1]
        for unit in units:
            starts.append(starts[-1] + len(unit.word) + 1)
        joined, places = _join([units[index] for index in kept])
        for span in self._spans(joined, automaton):
            first, last = kept[places[span.first]], kept[places[span.last]]
            if last - first > places[span.last] - places[span.first]:
                yield _Span(starts[first], starts[last + 1] - 1, span.finding)

    def _listed_spans(self, units: Sequence[Unit]) -> Iterator[_Span]:
        """Find the qualities listed after one part of the body: `breast red, hot and painful`."""
        place, part, listed = 1, "", 0
        for unit in units:
            if unit.word in BODY:
                part, listed = unit.word, 0
            elif part and unit.word in QUALITIES:
                listed += 1
                known = (f"{part} {unit.word}", f"{unit.word} {part}")
                finding = next((self._automaton.get(name)[1] for name in known if name in self._automaton), "")
                if finding and listed > 1:
                    yield _Span(place, place + len(unit.word), finding)
            elif unit.word not in LOOSE_WORDS and unit.word not in (",", "and"):
                part = ""
            place += len(unit.word) + 1

    def _shared_part_spans(self, units: Sequence[Unit]) -> Iterator[_Span]:
        """Find the complaints listed before the one part they share: `pain, swelling and redness in the left knee`."""
        listed: list[tuple[int, str]] = []
        place, pending = 1, 0
        for unit in units:
            if unit.word in COMPLAINTS or unit.word in QUALITIES:
                listed = [*listed, (place, unit.word)] if pending <= _BETWEEN_PARTS else [(place, unit.word)]
                pending = 0
            elif unit.word in BODY:
                for start, word in listed if len(listed) > 1 else ():
                    ways = (
                        f"{unit.word} {word}",
                        f"{word} {unit.word}",
                        f"{word} in {unit.word}",
                        f"{word} of {unit.word}",
                    )
                    finding = next((self._automaton.get(name)[1] for name in ways if name in self._automaton), "")
                    if finding:
                        yield _Span(start, start + len(word), finding)
                listed = []
            elif unit.word == "|":
                listed = []
            elif unit.word not in (",", "and"):
                pending += 1 if unit.word in _PLACING or unit.word in LOOSE_WORDS else _BETWEEN_PARTS + 1
            place += len(unit.word) + 1

    def _on_its_side(self, span: _Span, joined: str) -> bool:
        """Tell whether the sides named in and before a span are those of the finding."""
        unfit = self._sides[span.finding]
        if not unfit:
            return True
        name, before = joined[span.first : span.last], joined[max(0, span.first - _LONGEST_SIDE) : span.first]
        within = unfit.isdisjoint(name.split()) or name in self._automaton
        return within and unfit.isdisjoint(before.split()[-1:])

    def _names(self, definitions: Sequence[FindingDefinition]) -> dict[str, str]:
        """Map the folded words of every name to its finding; of equal names the first counts, labels before others."""
        written = (
            *((d.label, d.id) for d in definitions),
            *((name, d.id) for d in definitions for name in d.synonyms),
            *((d.id.replace("_", " "), d.id) for d in definitions if "." not in d.id),
        )
        names: dict[str, str] = {}
        for name, finding in written:
            names.setdefault(self._words.opened(name), finding)
        names.pop("", None)
        return names

    def _statements(self, written: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        """Map folded words to the findings that they tell something of."""
        told: dict[str, list[str]] = {}
        for words, finding in written:
            told.setdefault(self._words.opened(words), []).append(finding)
        return told


def _automaton(names: Mapping[str, str]) -> ahocorasick.Automaton:
    """Return what finds names within a text: each as its length and what it names."""
    automaton = ahocorasick.Automaton()
    for name, meaning in names.items():
        automaton.add_word(name, (len(name), meaning))
    automaton.make_automaton()
    return automaton


def _is_of_something_else(span: _Span, joined: str) -> bool:
    """Tell whether the words around a short name say that it is not said of the patient: `pale stool`."""
    elsewhere = OF_SOMETHING_ELSE.get(joined[span.first : span.last])
    if elsewhere is None:
        return False
    near = elsewhere.finditer(joined, max(0, span.first - _AROUND), span.last + _AROUND)
    return any(match.start() <= span.first and span.last <= match.end() for match in near)


def _sides(label: str) -> frozenset[str]:
    """Return the words for a side that a finding is not said with: swelling of both feet is not on the left."""
    words = set(phrase(label).split())
    if not BOTH.isdisjoint(words):
        return SIDES
    return BOTH if "one" in words else frozenset()


def _is_loose(units: Sequence[Unit], index: int) -> bool:
    """Tell whether a word may be skipped; a side that a region is named with may not."""
    word = units[index].word
    if word not in LOOSE_WORDS:
        return False
    following = units[index + 1].word if index + 1 < len(units) else ""
    return following.endswith("ing") if word in OCCASIONS else not (word in SIDES and following in REGIONS)


def _join(units: Sequence[Unit]) -> tuple[str, dict[int, int]]:
    """Join the words with single spaces; map the offset of each word's first letter and of its end to its unit."""
    pieces, places, length = [" "], {}, 1
    for index, unit in enumerate(units):
        places[length] = index
        length += len(unit.word)
        places[length] = index
        length += 1
        pieces += (unit.word, " ")
    return "".join(pieces), places


def _place(mention: Mention) -> tuple[int, int]:
    return mention.start, mention.end


def _within(mention: Mention, words: Mention) -> bool:
    """Tell whether a name is a part of other words: `cough` of `worse with cough`."""
    longer = words.end - words.start > mention.end - mention.start
    return longer and words.start <= mention.start and mention.end <= words.end


def _longest(found: Sequence[_Span]) -> list[_Span]:
    """Keep the longest of overlapping spans."""
    kept: list[_Span] = []
    for span in sorted(found, key=lambda s: (s.first - s.last, s.first)):
        if all(span.last <= other.first or other.last <= span.first for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda s: s.first)


def _deny(found: list[_Span], joined: str) -> list[_Span]:
    """Negate the names after `non`; `non-bloody diarrhoea` denies the blood and tells of diarrhoea."""
    spans = []
    for index, span in enumerate(found):
        if not joined.startswith(" non ", span.first - 5):
            spans.append(span)
            continue
        cut = span.last
        near = found[max(0, index - _NEAR) : index + _NEAR]
        inner = [other.first for other in near if span.first < other.first and other.last <= span.last]
        cut = min(inner, default=span.last + 1) - 1
        spans.append(_Span(span.first - 4, cut, span.finding, negated=True))
    return spans


def _widest(found: list[_Span], families: Mapping[str, frozenset[str]]) -> list[_Span]:
    """Keep the longest of overlapping spans, the first of equal ones; two kinds of one finding may share words."""
    owners: dict[int, tuple[_Span, ...]] = {}
    kept: list[_Span] = []
    for span in sorted(found, key=lambda s: (s.first - s.last, s.first)):
        # what is kept is as long at least, so that it covers an end of every span it overlaps
        rivals = (*owners.get(span.first, ()), *owners.get(span.last - 1, ()))
        if all(_may_share(span, rival, families) for rival in rivals):
            kept.append(span)
            for place in range(span.first, span.last):
                owners[place] = (*owners.get(place, ()), span)
    return sorted(kept, key=lambda s: s.first)


def _may_share(span: _Span, rival: _Span, families: Mapping[str, frozenset[str]]) -> bool:
    """Tell whether a span may overlap another: `crushing chest pain` and `chest pain going to the arm` may."""
    inside = rival.first <= span.first and span.last <= rival.last
    return not (inside or span.finding == rival.finding or families[span.finding].isdisjoint(families[rival.finding]))


def _mention(span: _Span, places: dict[int, int], units: Sequence[Unit]) -> Mention:
    covered = units[places[span.first] : places[span.last] + 1]
    exact = all(unit.exact for unit in covered)
    negated = span.negated or any(unit.negated for unit in covered)
    return Mention(span.finding, covered[0].start, covered[-1].end, exact, negated)
