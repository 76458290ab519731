"""Pairs for the generator from the clinical library: synthetic patient, section and passage -> the sentence to write.

The teacher knows what the student has to read off the words: which findings a sentence mentions, which of them the
patient has, and whom the sentence is about. Its choice is always whole sentences of the passage, behind an opening of
the closed set of `adapters.copy_grammar` where findings of the patient call for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.copy_grammar import ABSENT_OPENING, MAX_ITEMS, PRESENT_OPENING, can_be_restated
from medrag_desktop.adapters.generated_text import lower_first
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.encounter import Patient, Presence
from medrag_desktop.domain.grounding import NOT_STATED, split_sentences
from medrag_desktop.domain.observations import Observations, observe
from medrag_desktop.domain.selection import select_sentences
from medrag_desktop.importers.chunking import split_text
from medrag_desktop.ports import Lexicon
from medrag_desktop.services.drafting import PLANS, SectionPlan
from medrag_desktop.training.datasets import (
    MAX_TARGET_WORDS,
    PASSAGE_WORDS,
    Answered,
    Mixture,
    Pair,
    PairSource,
    held_out,
    leading,
)
from medrag_desktop.training.synthetic_encounters import HELD_OUT, TRAINED, Wording, draw_encounter, listed, names

ONE_IN = 5
"""One condition in so many is held out whole."""
LIBRARY_SHARE, TOPIC_SHARE = 0.45, 0.35
"""Shares of the pairs from the library and of those that ask the same of topics of the corpora."""
OTHERS_PATIENT = 0.3
"""Share of pairs whose patient has another condition than the candidate, as most candidates of a differential."""
FOREIGN, WRONG_SECTION = 0.15, 0.06
READABLE = 330
"""Characters of a context that surely fit into its pieces: later findings are never called for."""
ASSESSMENT, DOES_NOT_FIT = "Assessment", "What does not fit"
ASKED = tuple(plan for plan in PLANS if plan.reads)
"""The sections that are written from monographs."""
_SHARES = {ASSESSMENT: 2.0, DOES_NOT_FIT: 1.6}
_NEGATION = re.compile(r"\b(?:no|not|without|never|lacks?|neither|nor|absent|unlike|excludes?|rather than)\b[^.;]*")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A finding that a sentence names."""

    finding: str
    negated: bool


class Teacher:
    """Chooses the sentence of a passage that a section should say of a patient."""

    def __init__(self, catalogue: Catalogue, lexicon: Lexicon) -> None:
        """Read findings in sentences with the lexicon."""
        self._vocabulary = catalogue.vocabulary
        self._lexicon = lexicon
        self.mentions = lru_cache(maxsize=None)(self._mentions)

    def target(
        self, section: str, passage: str, context: str, called: Mapping[str, str], seen: Observations, patient: Patient
    ) -> str:
        """Return the text to write; `called` holds the name that the context gives to each finding."""
        if section == DOES_NOT_FIT:
            return self._does_not_fit(passage, context, called, seen, patient)
        chosen = self._best(passage, seen, patient)
        if not chosen:
            return NOT_STATED
        if section == ASSESSMENT:
            held = self._named(chosen, seen, Presence.PRESENT)
            told = [called[f] for f in held if self._sayable(f, called[f], context)][:MAX_ITEMS]
            return f"{PRESENT_OPENING} {_and(told)}; {lower_first(chosen)}" if told else chosen
        return self._with_neighbour(chosen, passage, seen, patient)

    def signs(self, text: str) -> list[str]:
        """Return the symptoms and signs that a text names as there."""
        found = dict.fromkeys(m.finding for m in self.mentions(text) if not m.negated)
        return [finding for finding in found if self._vocabulary[finding].kind in ("symptom", "sign")]

    def _best(self, passage: str, seen: Observations, patient: Patient) -> str:
        """Return the best sentence for this patient; "" when none may stand."""
        scored = [(s.score + self._correction(s.text, seen), s.text) for s in self._usable(passage, seen, patient)]
        return max(scored, key=lambda pair: pair[0], default=(0.0, ""))[1]

    def _usable(self, passage: str, seen: Observations, patient: Patient) -> Sequence:
        findings_in = lambda text: [m.finding for m in self.mentions(text)]  # noqa: E731 - one line says it
        found = select_sentences([passage], findings_in, seen, patient, count=99)
        return [s for s in found if len(s.text.split()) <= MAX_TARGET_WORDS]

    def _correction(self, sentence: str, seen: Observations) -> float:
        """Turn the score of a negated mention round: "no fever" speaks for a patient without and against one with."""
        turn = {Presence.PRESENT: -2.0, Presence.ABSENT: 1.0}
        return sum(turn.get(seen.presence(m.finding), 0.0) for m in self.mentions(sentence) if m.negated)

    def _with_neighbour(self, chosen: str, passage: str, seen: Observations, patient: Patient) -> str:
        """Join the sentence behind the chosen one when it too names what the patient has."""
        usable = {s.text for s in self._usable(passage, seen, patient)}
        told = list(split_sentences(passage))
        place = told.index(chosen) + 1
        if place < len(told) and told[place] in usable and self._named(told[place], seen, Presence.PRESENT):
            joined = f"{chosen} {told[place]}"
            if len(joined.split()) <= MAX_TARGET_WORDS:
                return joined
        return chosen

    def _does_not_fit(
        self, passage: str, context: str, called: Mapping[str, str], seen: Observations, patient: Patient
    ) -> str:
        """Return the sentence that expects most of what is absent, behind the first such finding."""
        best, text = 0.0, NOT_STATED
        for place, found in enumerate(self._in_order(passage, seen, patient)):
            absent = self._named(found, seen, Presence.ABSENT)
            missing = [called[f] for f in absent if self._sayable(f, called[f], context)]
            score = len(missing) - 0.1 * place
            if missing and score > best:
                best, text = score, f"{ABSENT_OPENING} {missing[0]}; {lower_first(found)}"
        return text

    def _in_order(self, passage: str, seen: Observations, patient: Patient) -> list[str]:
        usable = {s.text for s in self._usable(passage, seen, patient)}
        return [text for text in split_sentences(passage) if text in usable]

    def _named(self, sentence: str, seen: Observations, presence: Presence) -> list[str]:
        """Return the stated findings of that presence which the sentence names, in the order of the context."""
        said = {m.finding for m in self.mentions(sentence) if not m.negated}
        stated = seen.present() if presence is Presence.PRESENT else seen.absent()
        if presence is Presence.PRESENT:  # a patient with high fever has the fever that the sentence names
            return [f.finding for f in stated if said & {f.finding, *self._vocabulary.ancestors(f.finding)}]
        return [f.finding for f in stated if said & {f.finding, *self._vocabulary.descendants(f.finding)}]

    def _sayable(self, finding: str, name: str, context: str) -> bool:
        """Tell whether an opening may restate a finding under its name in the context."""
        definition = self._vocabulary[finding]
        noun = definition.kind in ("symptom", "sign") and name == definition.label and can_be_restated(name)
        return noun and _readable(name, context)

    def _mentions(self, sentence: str) -> tuple[Mentioned, ...]:
        """Return the findings of a sentence."""
        negated = [match.span() for match in _NEGATION.finditer(sentence)]
        return tuple(
            Mentioned(m.finding, any(start <= m.start < end for start, end in negated))
            for m in self._lexicon.mentions(sentence)
        )


class LibraryPairs:
    """Draws patients and asks the teacher."""

    synonyms: tuple[float, ...] = (0.0, 0.0, 0.0, 0.3)
    """Shares of findings that a context calls by a synonym; one is drawn for each pair."""

    def __init__(
        self, catalogue: Catalogue, conditions: Sequence[Condition], wordings: Mapping[Wording, float], teacher: Teacher
    ) -> None:
        """Use these conditions only, for patients, candidates and distractors alike."""
        self.catalogue, self.conditions, self.teacher = catalogue, conditions, teacher
        self.wordings = wordings

    def draw(self, random: Random) -> Pair:
        """Return an example."""
        plan = random.choices(ASKED, [_SHARES.get(p.title, 1.0) for p in ASKED])[0]
        candidate, other = random.choice(self.conditions), random.choice(self.conditions)
        ill = other if random.random() < OTHERS_PATIENT else candidate
        passage, fits = self._passage(candidate, other, plan, random)
        return self._pair(plan, candidate.name, ill, passage, fits, random)

    def _pair(
        self, plan: SectionPlan, candidate: str, ill: Condition, passage: str, fits: bool, random: Random
    ) -> Pair:
        """Draw a patient and ask the teacher; a passage that does not fit states nothing."""
        there, missing = self._called_for(plan, passage, random)
        encounter = draw_encounter(ill, self.conditions, random, there, missing)
        seen = observe(encounter, (), self.catalogue.vocabulary, self.catalogue.normal_ranges)
        name = names(self.catalogue.vocabulary, random, random.choice(self.synonyms))
        wording = random.choices(list(self.wordings), list(self.wordings.values()))[0]
        context = wording(candidate, encounter, seen, name)
        called = {f.finding: name(f.finding) for f in seen.stated}
        text = NOT_STATED
        if fits:
            text = self.teacher.target(plan.title, passage, context, called, seen, encounter.patient)
        return Pair(plan.title, context, passage, text, "library")

    def _called_for(self, plan: SectionPlan, passage: str, random: Random) -> tuple[list[str], list[str]]:
        """Return up to three findings of the passage that the patient has, or has not: else few sentences fit one."""
        told = self.teacher.signs(passage)
        wanted = random.choice((1, 2, 3)) if plan.title == DOES_NOT_FIT else random.choice((0, 1, 1, 2))
        chosen = random.sample(told, min(len(told), wanted))
        if plan.title == DOES_NOT_FIT:
            return [], chosen
        return (chosen, []) if random.random() < 0.8 else ([], chosen)

    def _passage(self, candidate: Condition, other: Condition, plan: SectionPlan, random: Random) -> tuple[str, bool]:
        """Return a passage and whether it is one that the section is written from."""
        chance = random.random()
        if chance < FOREIGN and other is not candidate:
            return _cut(other, plan.reads, random), False
        if chance > 1 - WRONG_SECTION:
            away = [p for p in ASKED if not set(p.reads) & set(plan.reads)]
            return _cut(candidate, random.choice(away).reads, random), False
        return _cut(candidate, plan.reads, random), True


class PairsAsInUse(LibraryPairs):
    """Asks as the program does: the labels of the findings, and passages of the candidate whole."""

    synonyms = (0.0,)

    def _passage(self, candidate: Condition, other: Condition, plan: SectionPlan, random: Random) -> tuple[str, bool]:
        """Return a passage that the section is written from."""
        del other
        return random.choice(_passages(candidate, plan.reads)), True


class TopicPairs(LibraryPairs):
    """Asks the sections of a draft of topics of the corpora: so many that no choice can be learned by heart."""

    def __init__(self, library: LibraryPairs, answered: Sequence[Answered]) -> None:
        """Take patients, wordings and teacher of the library pairs."""
        super().__init__(library.catalogue, library.conditions, library.wordings, library.teacher)
        self._answered = [item for item in answered if len(item.sentences) > 2]

    def draw(self, random: Random) -> Pair:
        """Return an example whose passage offers a choice; some ask a passage of another topic."""
        plan = random.choices(ASKED, [_SHARES.get(p.title, 1.0) for p in ASKED])[0]
        told: tuple[str, ...] = ()
        while sum(bool(self.teacher.signs(sentence)) for sentence in told) < 2:
            item = random.choice(self._answered)
            first = random.randrange(len(item.sentences) - 2)
            told = leading(item.sentences[first:], random.choice((50, 80, PASSAGE_WORDS)))
        fits = random.random() > FOREIGN
        name = item.focus if fits else random.choice(self._answered).focus
        return self._pair(plan, name, random.choice(self.conditions), " ".join(told), fits, random)


def with_library(corpora: PairSource, library: Path, answered: Sequence[Answered] = ()) -> Mixture:
    """Return the mixture of the stage `all`; `answered` are the topics of the corpora."""
    catalogue, teacher = _opened(library)
    trained = [c for c in catalogue.conditions if not held_out(c.id, ONE_IN)]
    pairs = LibraryPairs(catalogue, trained, TRAINED, teacher)
    topics = TOPIC_SHARE if answered else 0.0
    parts: list[tuple[float, PairSource]] = [(LIBRARY_SHARE, pairs), (1 - LIBRARY_SHARE - topics, corpora)]
    if answered:
        parts.append((topics, TopicPairs(pairs, answered)))
    return Mixture(parts)


def library_held_out(library: Path, count: int = 48) -> list[tuple[str, list[Pair]]]:
    """Return fixed examples of conditions never trained on: as in use, in trained wordings, in the one held out."""
    catalogue, teacher = _opened(library)
    unseen = [c for c in catalogue.conditions if held_out(c.id, ONE_IN)]
    in_use: Mapping[Wording, float] = {listed: 1.0}
    kinds = (
        ("conditions as in use", PairsAsInUse, in_use),
        ("conditions", LibraryPairs, TRAINED),
        ("conditions and wording", LibraryPairs, HELD_OUT),
    )
    sets: list[tuple[str, list[Pair]]] = []
    for title, kind, wordings in kinds:
        source, random = kind(catalogue, unseen, wordings, teacher), Random(11)
        sets.append((title, [source.draw(random) for _ in range(count)]))
    return sets


def _opened(library: Path) -> tuple[Catalogue, Teacher]:
    catalogue = load_catalogue(library)
    return catalogue, Teacher(catalogue, AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations))


def _cut(condition: Condition, titles: Sequence[str], random: Random) -> str:
    """Return one passage of the named sections, half of the time only some neighbouring sentences of it."""
    told = split_sentences(random.choice(_passages(condition, titles)))
    if random.random() < 0.5:
        first = random.randrange(max(1, len(told) - 2))
        told = told[first : first + random.randint(2, 4)]
    return " ".join(told)


def _passages(condition: Condition, titles: Sequence[str]) -> list[str]:
    """Return the passages of the named sections."""
    return [piece for title, text in condition.sections if title in titles for piece in split_text(text)]


def _readable(name: str, context: str) -> bool:
    """Tell whether a name can be copied from the context whole."""
    return "," not in name and ";" not in name and 0 <= context.find(name) < READABLE


def _and(words: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
