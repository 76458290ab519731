"""The clinical library as one value: conditions, findings, danger signs, ranges, abbreviations, medicines, values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.english_words import EVERYDAY, NOTE_WORDS, PLAINLY_ENGLISH
from medrag_desktop.domain.laboratory import Laboratory
from medrag_desktop.domain.medicine_facts import Medicines
from medrag_desktop.domain.normal_ranges import NormalRanges
from medrag_desktop.domain.triage import DangerRule
from medrag_desktop.domain.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


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
    laboratory: Laboratory = field(default_factory=Laboratory)

    @cached_property
    def by_id(self) -> Mapping[str, Condition]:
        """Return the conditions by id."""
        return {condition.id: condition for condition in self.conditions}

    @cached_property
    def words(self) -> frozenset[str]:
        """Return the words of English that the library uses, in lower case, and everyday ones."""
        used = (word for text in self._texts() for word in _WORD.findall(text.lower()))
        return EVERYDAY | NOTE_WORDS | PLAINLY_ENGLISH | frozenset(used)

    def _texts(self) -> Iterator[str]:
        for condition in self.conditions:
            yield " ".join((condition.name, *condition.synonyms))
            yield from (text for _, text in condition.sections)
        for finding in self.vocabulary.definitions.values():
            yield " ".join((finding.label, *finding.synonyms, *finding.qualifiers, finding.question))
        for medicine in self.medicines.entries.values():
            yield " ".join((medicine.name, *medicine.synonyms))
        yield from (f"{short} {whole}" for short, whole in self.abbreviations.items())

    @property
    def review_state(self) -> str:
        """Say how many conditions a clinician has reviewed."""
        total = len(self.conditions)
        signed = sum(condition.reviewed_by != "software" for condition in self.conditions)
        if not signed:
            return f"not reviewed by a clinician ({total} conditions)"
        return f"{signed} of {total} conditions reviewed by a clinician"
