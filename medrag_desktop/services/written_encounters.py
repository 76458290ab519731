"""Telegraphic encounters written from what the library says of a condition: to train and measure retrieval on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from medrag_desktop.domain.condition import Condition, Frequency
from medrag_desktop.domain.vocabulary import Vocabulary

SHOWN = {
    Frequency.OBLIGATE: 0.95,
    Frequency.VERY_FREQUENT: 0.8,
    Frequency.FREQUENT: 0.5,
    Frequency.OCCASIONAL: 0.12,
    Frequency.VERY_RARE: 0.01,
    Frequency.EXCLUDED: 0.0,
}
"""Chance that a finding of each frequency is named in an encounter."""


def write_encounters(
    condition: Condition, vocabulary: Vocabulary, rng: np.random.Generator, count: int
) -> Iterator[str]:
    """Yield encounters that fit a condition and never name it: perhaps the patient, then three to ten findings."""
    for _ in range(count):
        shown = [e.finding for e in condition.findings if rng.random() < SHOWN[e.frequency]]
        present = shown[: int(rng.integers(3, 11))]
        rng.shuffle(present)
        named = [_wording(finding, vocabulary, rng) for finding in present if finding in vocabulary]
        yield ", ".join([_patient(condition, rng)] * int(rng.random() < 0.6) + named)


def _wording(finding: str, vocabulary: Vocabulary, rng: np.random.Generator) -> str:
    """Return the label of a finding or, half of the time, one of its synonyms."""
    definition = vocabulary[finding]
    if definition.synonyms and rng.random() < 0.5:
        return definition.synonyms[int(rng.integers(len(definition.synonyms)))]
    return definition.label


def _patient(condition: Condition, rng: np.random.Generator) -> str:
    low, high = condition.affects.typical_age_years
    age = float(rng.uniform(low, min(high, 90.0)))
    sex = condition.affects.sex if condition.affects.sex != "any" else ("female", "male")[int(rng.integers(2))]
    when = f"{int(age)} year old" if age >= 2 else f"{max(1, int(age * 12))} month old"
    state = "pregnant " if condition.affects.pregnancy == "only" else ""
    return f"{when} {state}{sex}"
