"""Encounter -> danger signs and ranked conditions: everything that needs no model and no index."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Differential, RankingModel, rank
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.next_question import NextQuestion, next_questions
from medrag_desktop.domain.observations import Observations, observe
from medrag_desktop.domain.triage import UNREAD, NotAssessed, Triage, triage
from medrag_desktop.ports import Lexicon
from medrag_desktop.services.extract import extract_findings, read_patient_state, read_vital_signs

_WORD = re.compile(r"[^\W\d_]{2,}")
_WORDS = 4
"""From so many words on a text of which nothing is understood is worth a remark."""
_UNREAD = NotAssessed(
    UNREAD, ("the history: nothing of the text was understood; write it in English or pick findings",)
)


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
        extracted = extract_findings(encounter, self.lexicon, vocabulary)
        observations = observe(encounter, extracted, vocabulary, ranges)
        signs = triage(encounter, observations, self.catalogue.danger_rules, vocabulary)
        if not extracted and self._is_unread(encounter):
            signs = replace(signs, not_assessed=(_UNREAD, *signs.not_assessed))
        return encounter, observations, signs

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
