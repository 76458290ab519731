"""The clinical library as one value: conditions, findings, danger signs, normal ranges, abbreviations, medicines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.medicine_facts import Medicines
from medrag_desktop.domain.normal_ranges import NormalRanges
from medrag_desktop.domain.triage import DangerRule
from medrag_desktop.domain.vocabulary import Vocabulary


@dataclass(frozen=True)
class Catalogue:
    """Everything the program knows about diseases, read once at start."""

    conditions: tuple[Condition, ...]
    vocabulary: Vocabulary
    danger_rules: tuple[DangerRule, ...]
    normal_ranges: NormalRanges
    abbreviations: Mapping[str, str]
    """Lower-case abbreviation -> its expansion."""
    medicines: Medicines = field(default_factory=Medicines)

    @cached_property
    def by_id(self) -> Mapping[str, Condition]:
        """Return the conditions by id."""
        return {condition.id: condition for condition in self.conditions}

    @property
    def review_state(self) -> str:
        """Say how many conditions a clinician has reviewed."""
        total = len(self.conditions)
        signed = sum(condition.reviewed_by != "software" for condition in self.conditions)
        if not signed:
            return f"not reviewed by a clinician ({total} conditions)"
        return f"{signed} of {total} conditions reviewed by a clinician"
