"""Encounter -> danger signs and ranked conditions: everything that needs no model and no index."""

from __future__ import annotations

from dataclasses import dataclass

from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import Differential, RankingModel, rank
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.observations import Observations, observe
from medrag_desktop.domain.triage import Triage, triage
from medrag_desktop.ports import Lexicon
from medrag_desktop.services.extract import extract_findings, read_vital_signs


@dataclass(frozen=True, slots=True)
class Ranker:
    """Reads the text of an encounter, runs the danger-sign rules and ranks the conditions."""

    catalogue: Catalogue
    model: RankingModel
    lexicon: Lexicon
    settings: Settings

    def triage(self, encounter: Encounter) -> tuple[Encounter, Observations, Triage]:
        """Return the encounter with vital signs read from its text, what is known, and the danger signs."""
        encounter = read_vital_signs(encounter, self.catalogue.normal_ranges)
        vocabulary, ranges = self.catalogue.vocabulary, self.catalogue.normal_ranges
        extracted = extract_findings(encounter, self.lexicon, vocabulary)
        observations = observe(encounter, extracted, vocabulary, ranges)
        return encounter, observations, triage(encounter, observations, self.catalogue.danger_rules, vocabulary)

    def rank(self, encounter: Encounter, observations: Observations) -> Differential:
        """Rank the conditions of the library for what is known."""
        return rank(encounter, observations, self.model, self.settings.candidates)
