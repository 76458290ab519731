"""Multi-pattern matching of finding names in free text (Aho-Corasick), tolerant of misspellings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import ahocorasick
from rapidfuzz.distance import DamerauLevenshtein

from medrag_desktop.adapters.name_forms import (
    BODY,
    BOTH,
    COMPLAINTS,
    EQUAL_WORDS,
    LOOSE_WORDS,
    OCCASIONS,
    QUALITIES,
    REGIONS,
    SIDES,
    other_forms,
)
from medrag_desktop.adapters.note_patterns import PATTERNS
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import FILLERS, Token, fold, phrase, tokenize
from medrag_desktop.domain.vocabulary import Vocabulary

MIN_TYPO_LENGTH = 6
"""Shorter words are never corrected: one edit turns too many of them into another word."""
MAX_TYPO_LENGTH = 40
"""Longer ones are no words."""
NEGATIVE_WORDS = {
    "afebrile": "fever",
    "apyrexial": "fever",
    "apyrexic": "fever",
    "anicteric": "jaundice",
    "nonicteric": "jaundice",
    "acyanotic": "cyanosis",
    "acyanosed": "cyanosis",
    "eupnoeic": "shortness of breath",
    "eupneic": "shortness of breath",
    "nontender": "tenderness",
}
"""One word that denies a finding -> the name of the finding."""
REAL_WORDS = frozenset(
    "access aphakia aplasia arteritis baking banking barfing barrow bitter breeding butter cancel caught colonic "
    "contract contusion cooling cooper cushing dysplasia erection filling fungus gallon heating homelessness hunter "
    "immotile insured legion lesson macrocytosis market master meditation microsomia nitrate nitrile palpate paring "
    "parlor paving perinatal peroneal plague pleura poison poking popular postnasal pyloric refraction retina seating "
    "serous shower shuffle sicker skinning smiling souffle spanning spelling sporting spouting sprain stickler strike "
    "switch thirty threat triple tripled violet waiting wanted wanting washed whopping".split()
)
"""Words that are one edit from a name and mean something else (found in nursing and patient texts)."""
_LONGEST_ABBREVIATION = 5
"""Tokens of an abbreviation written with marks, as `n/v/d`."""


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
_NEAR = 20
"""Names that can end within another one."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """One word to match and the place in the text it stands for."""

    word: str
    start: int
    end: int
    exact: bool = True
    negated: bool = False


class AhoCorasickLexicon:
    """Finds labels and synonyms of findings, and ids that are words."""

    def __init__(self, vocabulary: Vocabulary, abbreviations: Mapping[str, str]) -> None:
        """Build the automaton; `abbreviations` are opened before matching."""
        self._automaton = ahocorasick.Automaton()
        self._words: Counter[str] = Counter()
        self._equal = {fold(word): phrase(other) for word, other in EQUAL_WORDS.items()}
        self._abbreviations = {short.lower(): phrase(long).split() for short, long in abbreviations.items()}
        self._families = {name: frozenset((name, *vocabulary.ancestors(name))) for name in vocabulary.definitions}
        definitions = vocabulary.definitions.values()
        for definition in definitions:
            self._add(definition.label, definition.id)
        for definition in definitions:
            for name in definition.synonyms:
                self._add(name, definition.id)
        for finding in vocabulary.definitions:
            self._add("" if "." in finding else finding.replace("_", " "), finding)
        for name, (_, finding) in tuple(self._automaton.items()):
            for form in other_forms(name):
                if form not in self._automaton:
                    self._automaton.add_word(form, (len(form), finding))
        self._parents = {d.id: frozenset(d.parents) for d in definitions}
        self._qualified: dict[str, list[str]] = {}
        for definition in definitions:
            for words in definition.qualifiers:
                self._qualified.setdefault(self._opened(words), []).append(definition.id)
        self._qualifiers = ahocorasick.Automaton()
        for name in self._qualified:
            self._qualifiers.add_word(name, (len(name), name))
            self._words.update(name.split())
        self._qualifiers.make_automaton()
        self._sides = {d.id: _sides(d.label) for d in definitions}
        self._patterns = tuple((re.compile(p, re.IGNORECASE), phrase(name)) for p, name in PATTERNS.items())
        self._negative = {fold(word): phrase(name).split() for word, name in NEGATIVE_WORDS.items()}
        self._shortened = _shortened(word for word in self._words if len(word) >= MIN_TYPO_LENGTH)
        self._automaton.make_automaton()

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """Return every mention in order of place, the longest of overlapping ones.

        Two kinds of one finding may share words (`crushing chest pain radiating to the arm`), neither inside the other.
        """
        units = self._units(text)
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
        return tuple(_mention(span, places, units) for span in spans)

    def qualifying(self, text: str, mentions: Sequence[Mention], spoken_of: Sequence[str] = ()) -> tuple[Mention, ...]:
        """Return what other words say more of the findings that `mentions` name: `it goes through to the back`.

        Each belongs to the nearest finding before it that it can qualify, else to the next one of its sentence, else to
        one of `spoken_of`, findings that the patient came with.
        """
        if not self._qualified:
            return ()
        units = self._units(text)
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

    def _loose_spans(self, units: list[_Unit], automaton: ahocorasick.Automaton) -> Iterator[_Span]:
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

    def _listed_spans(self, units: list[_Unit]) -> Iterator[_Span]:
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

    def _shared_part_spans(self, units: list[_Unit]) -> Iterator[_Span]:
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

    def _add(self, written: str, finding: str) -> None:
        name = self._opened(written)
        if name and name not in self._automaton:
            self._automaton.add_word(name, (len(name), finding))
            self._words.update(name.split())

    def _opened(self, name: str) -> str:
        """Return the folded words of a name, abbreviations opened as they are in the text."""
        tokens = tokenize(name)
        units: list[_Unit] = []
        index = 0
        while index < len(tokens):
            count = self._open_abbreviation(tokens, index, name, units)
            token = tokens[index]
            if not count and token.is_word and token.text not in FILLERS:
                units += self._equals(_Unit(token.text, token.start, token.end))
                if token.text in self._equal:
                    self._words[token.text] += 1
            index += count or 1
        return " ".join(unit.word for unit in units)

    def _units(self, text: str) -> list[_Unit]:
        """Turn tokens into the words they stand for: opened abbreviations, mended and corrected words."""
        tokens, spoken = tokenize(text), self._spoken(text)
        units: list[_Unit] = []
        index = 0
        while index < len(tokens):
            count = (
                self._open_pattern(tokens, index, spoken, units)
                or self._open_abbreviation(tokens, index, text, units)
                or self._mend(tokens, index, text, units)
            )
            if not count:
                units += self._unit(tokens, index, text)
            index += count or 1
        return units

    def _spoken(self, text: str) -> dict[int, tuple[int, str]]:
        """Map the start of each place that a pattern finds to its end and the words it stands for."""
        found = ((match.span(match.lastindex or 0), words) for p, words in self._patterns for match in p.finditer(text))
        return {start: (end, words) for (start, end), words in found}

    def _open_pattern(
        self, tokens: tuple[Token, ...], index: int, spoken: Mapping[int, tuple[int, str]], units: list[_Unit]
    ) -> int:
        """Append the words that a pattern stands for; return the tokens it takes."""
        start = tokens[index].start
        if start not in spoken:
            return 0
        end, words = spoken[start]
        last = index
        while last < len(tokens) and tokens[last].end <= end:
            last += 1
        if last > index:
            place = _Unit("", start, tokens[last - 1].end)
            units += [other for word in words.split() for other in self._equals(replace(place, word=word))]
        return last - index

    def _open_abbreviation(self, tokens: tuple[Token, ...], index: int, text: str, units: list[_Unit]) -> int:
        """Append the words of the longest abbreviation that begins at a token; return the tokens it takes."""
        start = tokens[index].start
        for count in range(min(_LONGEST_ABBREVIATION, len(tokens) - index), 0, -1):
            end = tokens[index + count - 1].end
            if end - start > 12:
                continue
            raw = text[start:end].lower()
            marked = raw + text[end : end + 1]
            known = marked if marked.endswith("/") and marked in self._abbreviations else raw
            if known in self._abbreviations:
                units += [
                    other for word in self._abbreviations[known] for other in self._equals(_Unit(word, start, end))
                ]
                return count
        return 0

    def _mend(self, tokens: tuple[Token, ...], index: int, text: str, units: list[_Unit]) -> int:
        """Append a word that a hyphen and a line break cut in two; return the tokens it takes."""
        if index + 1 >= len(tokens) or text[tokens[index].end : tokens[index].end + 1] != "-":
            return 0
        after = index + 2 if tokens[index + 1].text == "\n" else index + 1
        if after >= len(tokens):
            return 0
        head, tail = tokens[index], tokens[after]
        between = text[head.end : tail.start]
        if not between.startswith("-") or "\n" not in between or between.strip("- \t\r\n"):
            return 0
        whole = fold(text[head.start : head.end] + text[tail.start : tail.end])
        if whole not in self._words:
            return 0
        units.append(_Unit(whole, head.start, tail.end))
        return after - index + 1

    def _unit(self, tokens: tuple[Token, ...], index: int, text: str) -> list[_Unit]:
        token = tokens[index]
        if not token.is_word:
            if token.text == "\n" and index + 1 < len(tokens) and _runs_on(text, token.start, tokens[index + 1].start):
                return []
            return [_Unit("|" if token.text not in ",:()\n" else ",", token.start, token.end)]
        if token.text in FILLERS:
            return []
        if token.text in self._negative and token.text not in self._words:
            return [_Unit(word, token.start, token.end, negated=True) for word in self._negative[token.text]]
        if token.text.startswith("non") and token.text not in self._words and token.text[3:] in self._words:
            return [_Unit("non", token.start, token.start + 3), _Unit(token.text[3:], token.start + 3, token.end)]
        corrected = self._correct(token.text)
        return self._equals(_Unit(corrected, token.start, token.end, corrected == token.text))

    def _equals(self, unit: _Unit) -> list[_Unit]:
        """Return the words that a word is matched as."""
        other = self._equal.get(unit.word)
        return [unit] if other is None else [replace(unit, word=word) for word in other.split()]

    def _correct(self, word: str) -> str:
        """Return the commonest known word at one edit (Damerau-Levenshtein) from a word, else the word."""
        long_enough = MIN_TYPO_LENGTH <= len(word) <= MAX_TYPO_LENGTH
        if not long_enough or word in self._words or word in REAL_WORDS or not word.isalpha():
            return word
        near = {
            known
            for shape in (word, *_deletions(word))
            for known in self._shortened.get(shape, ())
            # one edit at the first letter is another word more often than a slip ("defecation", "tension")
            if known[0] == word[0] and DamerauLevenshtein.distance(word, known, score_cutoff=1) <= 1
        }
        ranked = sorted(near, key=lambda known: -self._words[known])
        if not ranked or (len(ranked) > 1 and self._words[ranked[0]] == self._words[ranked[1]]):
            return word
        return ranked[0]


def _sides(label: str) -> frozenset[str]:
    """Return the words for a side that a finding is not said with: swelling of both feet is not on the left."""
    words = set(phrase(label).split())
    if not BOTH.isdisjoint(words):
        return SIDES
    return BOTH if "one" in words else frozenset()


def _is_loose(units: list[_Unit], index: int) -> bool:
    """Tell whether a word may be skipped; a side that a region is named with may not."""
    word = units[index].word
    if word not in LOOSE_WORDS:
        return False
    following = units[index + 1].word if index + 1 < len(units) else ""
    return following.endswith("ing") if word in OCCASIONS else not (word in SIDES and following in REGIONS)


def _deletions(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def _shortened(words: Iterator[str]) -> dict[str, list[str]]:
    """Map every word and every word less one letter to the words it comes from (as SymSpell, Garbe 2012)."""
    table: dict[str, list[str]] = {}
    for word in words:
        for shape in {word, *_deletions(word)}:
            table.setdefault(shape, []).append(word)
    return table


def _runs_on(text: str, stop: int, following: int) -> bool:
    """Tell whether a name may go on over a line end: the next line begins in lower case, without a bullet."""
    return not text[stop:following].strip() and text[following].islower()


def _join(units: list[_Unit]) -> tuple[str, dict[int, int]]:
    """Join the words with single spaces; map the offset of each word's first letter and of its end to its unit."""
    pieces, places, length = [" "], {}, 1
    for index, unit in enumerate(units):
        places[length] = index
        length += len(unit.word)
        places[length] = index
        length += 1
        pieces += (unit.word, " ")
    return "".join(pieces), places


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


def _mention(span: _Span, places: dict[int, int], units: list[_Unit]) -> Mention:
    covered = units[places[span.first] : places[span.last] + 1]
    exact = all(unit.exact for unit in covered)
    negated = span.negated or any(unit.negated for unit in covered)
    return Mention(span.finding, covered[0].start, covered[-1].end, exact, negated)
