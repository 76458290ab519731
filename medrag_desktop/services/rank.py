"""Encounter -> danger signs and ranked conditions: everything that needs no model and no index."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Differential, RankingModel, rank
from medrag_desktop.domain.encounter import Encounter, Finding
from medrag_desktop.domain.languages import not_english
from medrag_desktop.domain.next_question import NextQuestion, next_questions
from medrag_desktop.domain.observations import Observations, observe
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.triage import UNREAD, DangerRule, NotAssessed, Triage, criteria, to_confirm, triage
from medrag_desktop.ports import Lexicon
from medrag_desktop.services.extract import extract_findings, read_patient_state, read_vital_signs

_WORD = re.compile(r"[^\W\d_]{2,}")
_WORDS = 4
"""From so many words on a text of which nothing is understood is worth a remark."""
_UNREAD = NotAssessed(
    UNREAD, ("the history: nothing of the text was understood; write it in English or pick findings",)
)
_FIELDS = (
    ("chief_complaint", "the main complaint"),
    ("history", "the history"),
    ("past_history", "the past history"),
    ("exposures", "the exposures"),
    ("family_history", "the family history"),
)
"""Texts that must be in English, as they are named; names of medicines are of no language."""
_SENTENCES = 3
"""That are quoted of a text in another language."""
_QUOTED = 60
"""Characters of each."""


def unread_texts(encounter: Encounter, known: Container[str]) -> Iterator[str]:
    """Yield, for each text with sentences that are not English, what of it was not read; `known` are English words."""
    for name, words in _FIELDS:
        value = getattr(encounter, name)
        texts = (value,) if isinstance(value, str) else value
        quotes = [text[piece.start : piece.end] for text in texts for piece in not_english(text, known)]
        if quotes:
            told = ", ".join(f'"{_cut(quote)}"' for quote in quotes[:_SENTENCES])
            more = len(quotes) - _SENTENCES
            told += f" and {more} more" if more > 0 else ""
            yield f"{words}: {told} - does not look like English, so not read; write it in English or pick findings"


def _cut(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()} ..."


@dataclass(frozen=True, slots=True)
class Ranker:
    """Reads the text of an encounter, runs the danger-sign rules and ranks the conditions."""

    catalogue: Catalogue
    model: RankingModel
    lexicon: Lexicon
    settings: Settings

    def triage(self, encounter: Encounter) -> tuple[Encounter, Observations, Triage]:
        """Return the encounter with vital signs and pregnancy read from its text, what is known, and danger signs."""
        encounter = read_patient_state(read_vital_signs(encounter, self.catalogue.normal_ranges))
        vocabulary, ranges = self.catalogue.vocabulary, self.catalogue.normal_ranges
        extracted = extract_findings(encounter, self.lexicon, vocabulary, self.catalogue.laboratory)
        observations = observe(encounter, extracted, vocabulary, ranges)
        signs = triage(encounter, observations, self.catalogue.danger_rules, vocabulary)
        foreign = tuple(unread_texts(encounter, self.catalogue.words))
        if foreign:
            signs = replace(signs, not_assessed=(NotAssessed(UNREAD, foreign), *signs.not_assessed))
        elif not extracted and self._is_unread(encounter):
            signs = replace(signs, not_assessed=(_UNREAD, *signs.not_assessed))
        return encounter, observations, signs

    def doubted(self, encounter: Encounter, signs: Triage, possible: Sequence[PossibleFinding]) -> Triage:
        """Add to the rules that are not assessed those that would fire if what is possible were there."""
        if not possible:
            return signs
        added = tuple(Finding(found.finding) for found in possible)
        _, _, would = self.triage(replace(encounter, findings=(*encounter.findings, *added)))
        firing = {sign.id for sign in would.fired} - {sign.id for sign in signs.fired}
        doubts = {
            rule.id: self._to_confirm(rule, possible) for rule in self.catalogue.danger_rules if rule.id in firing
        }
        listed = {each.id for each in signs.not_assessed}
        opened = tuple(NotAssessed(each.id, (*doubts.get(each.id, ()), *each.needs)) for each in signs.not_assessed)
        new = tuple(NotAssessed(rule, needs) for rule, needs in doubts.items() if rule not in listed)
        return replace(signs, not_assessed=(*new, *opened))

    def _to_confirm(self, rule: DangerRule, possible: Sequence[PossibleFinding]) -> tuple[str, ...]:
        """Return what of the text has to be confirmed because the rule rests on it."""
        vocabulary = self.catalogue.vocabulary
        named = {criterion for criterion in criteria(rule) if isinstance(criterion, str)}
        meant = [p for p in possible if not named.isdisjoint((p.finding, *vocabulary.ancestors(p.finding)))]
        # what several findings decide together names none of them
        told = meant or possible
        return tuple(to_confirm(p.quote, f"perhaps {vocabulary.label(p.finding)}") for p in told)

    def _is_unread(self, encounter: Encounter) -> bool:
        """Tell whether more than a few words were typed of which not one was understood."""
        text = f"{encounter.chief_complaint}\n{encounter.history}"
        if encounter.read_from_text or len(_WORD.findall(text)) < _WORDS:
            return False
        return not self.lexicon.mentions(text)

    def rank(self, encounter: Encounter, observations: Observations) -> Differential:
        """Rank the conditions of the library for what is known."""
        return rank(encounter, observations, self.model, self.settings.candidates)

    def next_questions(self, encounter: Encounter, observations: Observations) -> tuple[NextQuestion, ...]:
        """Return what to ask next, within what this clinic has."""
        return next_questions(encounter, observations, self.model, tests=self.settings.tests)
