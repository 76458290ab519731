"""Names of findings and clinical notes -> the words that are matched, each with its place in the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rapidfuzz.distance import DamerauLevenshtein

from medrag_desktop.adapters.name_forms import EQUAL_WORDS
from medrag_desktop.adapters.note_patterns import PATTERNS
from medrag_desktop.domain.tokens import FILLERS, Token, fold, phrase, tokenize

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
_REAL_WORDS = frozenset(
    "swabbed signed sunday parking seeping praying wedding "
    "access addition advance african american aphakia aplasia arranged arrive arteritis attache baking balanced "
    "banking barfing barley barrow bedside biking bitter breeding bullied butter cancel caring caught causal "
    "charge checked cloning closer colonic combine computed concern construction container continued contract "
    "contusion convert cooled cooling cooper counter create cushing decided defense delaying describe detect "
    "divide divided dysplasia dystocia enlarge erection estimate evaluate evaluated evaluation examined expected "
    "expert expose externa feared filling filtering fungus gallon gently gravis harder heated heating helper "
    "homelessness hunter immotile included infect influenzae inhale inspect insured joined leading legion lesson "
    "likely linked listed macrocytosis managed market master meaning meditation message microscope microsomia "
    "milder mistaken misused misusing multiply nephritis nitrate nitrile operate palpate paring parlor paving "
    "paying perinatal peroneal phosphorous plague pleura pneumonic poison poking popular postnasal precede prepare "
    "property proved pyloric racial recognized refraction rejection relate reliever remainder remaining rested "
    "retina ringer rinsed rinsing saying sclerosus sealed searched seating sensor separate serous shopping shorten "
    "shower shrink shuffle sicker simplex simply skilled skinning smiling soften souffle spanning spelling "
    "splinted splinting sporting spouting sprain staging staying stealing stickler strike studied supply "
    "suppurativa survive switch teenage thirty thorough threat triple tripled vanish ventilator vernal violet "
    "waiting wanted wanting warming washed wherever whopping witness".split()
)
"""Words that are one edit from a name and mean something else (found in nursing and patient texts)."""
_LONGEST_ABBREVIATION = 5
"""Tokens of an abbreviation written with marks, as `n/v/d`."""
_PLAIN = re.compile("[a-z0-9 ]*")
"""A name of words that stand for themselves, whatever stands beside them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One word to match and the place in the text it stands for."""

    word: str
    start: int
    end: int
    exact: bool = True
    negated: bool = False


class NoteWords:
    """Opens abbreviations, mends and corrects words; it knows the words of the names that it was given."""

    def __init__(self, abbreviations: Mapping[str, str]) -> None:
        """Take the abbreviations that are opened before matching."""
        self._words: Counter[str] = Counter()
        self._equal = {fold(word): phrase(other) for word, other in EQUAL_WORDS.items()}
        self._abbreviations = {short.lower(): phrase(long).split() for short, long in abbreviations.items()}
        several = [re.escape(short) for short in self._abbreviations if " " in short]
        self._several = re.compile(rf"\b(?:{'|'.join(several)})\b") if several else None
        self._opened: dict[str, str] = {}
        self._patterns = tuple((re.compile(p, re.IGNORECASE), phrase(name)) for p, name in PATTERNS.items())
        self._negative = {fold(word): phrase(name).split() for word, name in NEGATIVE_WORDS.items()}
        self._shortened: dict[str, list[str]] = {}

    def learn(self, names: Iterable[str]) -> None:
        """Know the words of names, as `opened` returns them, and what they may be misspelled as."""
        for name in names:
            self._words.update(name.split())
        self._shortened = _shortened(word for word in self._words if len(word) >= MIN_TYPO_LENGTH)

    def opened(self, name: str) -> str:
        """Return the folded words of a name, abbreviations opened as they are in the text."""
        if not _PLAIN.fullmatch(name) or (self._several and self._several.search(name)):
            return self._open(name)
        for word in (words := name.split()):
            if word not in self._opened:
                self._opened[word] = self._open(word)
        return " ".join(opened for word in words if (opened := self._opened[word]))

    def _open(self, name: str) -> str:
        tokens = tokenize(name)
        units: list[Unit] = []
        index = 0
        while index < len(tokens):
            count = self._open_abbreviation(tokens, index, name, units)
            token = tokens[index]
            if not count and token.is_word and token.text not in FILLERS:
                units += self._equals(Unit(token.text, token.start, token.end))
                if token.text in self._equal:
                    self._words[token.text] += 1
            index += count or 1
        return " ".join(unit.word for unit in units)

    def units(self, text: str) -> list[Unit]:
        """Turn tokens into the words they stand for: opened abbreviations, mended and corrected words."""
        tokens, spoken = tokenize(text), self._spoken(text)
        units: list[Unit] = []
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
        self, tokens: tuple[Token, ...], index: int, spoken: Mapping[int, tuple[int, str]], units: list[Unit]
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
            place = Unit("", start, tokens[last - 1].end)
            units += [other for word in words.split() for other in self._equals(replace(place, word=word))]
        return last - index

    def _open_abbreviation(self, tokens: tuple[Token, ...], index: int, text: str, units: list[Unit]) -> int:
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
                    other for word in self._abbreviations[known] for other in self._equals(Unit(word, start, end))
                ]
                return count
        return 0

    def _mend(self, tokens: tuple[Token, ...], index: int, text: str, units: list[Unit]) -> int:
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
        units.append(Unit(whole, head.start, tail.end))
        return after - index + 1

    def _unit(self, tokens: tuple[Token, ...], index: int, text: str) -> list[Unit]:
        token = tokens[index]
        if not token.is_word:
            if token.text == "\n" and index + 1 < len(tokens) and _runs_on(text, token.start, tokens[index + 1].start):
                return []
            return [Unit("|" if token.text not in ",:()\n" else ",", token.start, token.end)]
        if token.text in FILLERS:
            return []
        if token.text in self._negative and token.text not in self._words:
            return [Unit(word, token.start, token.end, negated=True) for word in self._negative[token.text]]
        if token.text.startswith("non") and token.text not in self._words and token.text[3:] in self._words:
            return [Unit("non", token.start, token.start + 3), Unit(token.text[3:], token.start + 3, token.end)]
        corrected = self._correct(token.text)
        return self._equals(Unit(corrected, token.start, token.end, corrected == token.text))

    def _equals(self, unit: Unit) -> list[Unit]:
        """Return the words that a word is matched as."""
        other = self._equal.get(unit.word)
        return [unit] if other is None else [replace(unit, word=word) for word in other.split()]

    def _correct(self, word: str) -> str:
        """Return the commonest known word at one edit (Damerau-Levenshtein) from a word, else the word."""
        long_enough = MIN_TYPO_LENGTH <= len(word) <= MAX_TYPO_LENGTH
        if not long_enough or word in self._words or word in _REAL_WORDS or not word.isalpha():
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
