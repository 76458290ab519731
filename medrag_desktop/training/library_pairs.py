"""Question -> passage pairs from the clinical library: written encounters, search phrases, questions."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.pack_shelf import passage_heading
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Condition, Frequency
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.training.retrieval_pairs import Pair, held_out, without_name

HELD_OUT_PERCENT = 20
"""Share of conditions, in percent, that no training pair may touch."""
ENCOUNTERS = 12
"""Encounters written for each passage on the picture of a condition."""
UNNAMED = 0.35
"""Share of encounters whose passage is shown without the name of the condition."""
PICTURE = ("In brief", "Presentation", "Danger signs")
"""Sections that answer an encounter."""
SHOWN = {
    Frequency.OBLIGATE: 0.95,
    Frequency.VERY_FREQUENT: 0.8,
    Frequency.FREQUENT: 0.5,
    Frequency.OCCASIONAL: 0.12,
    Frequency.VERY_RARE: 0.01,
    Frequency.EXCLUDED: 0.0,
}
"""Chance that a finding of each frequency is named in an encounter."""
ASKED = {
    "In brief": ("What is {}?", "{}", "{} overview"),
    "Presentation": ("What are the symptoms and signs of {}?", "{} presentation", "How does {} show itself?"),
    "Danger signs": ("What are the danger signs of {}?", "{} danger signs", "When is {} an emergency?"),
    "What else it could be": ("What can be mistaken for {}?", "{} differential diagnosis"),
    "Investigations": ("Which tests confirm {}?", "{} investigations", "How is {} diagnosed?"),
    "Management": ("How is {} treated?", "{} management", "first-line treatment of {}"),
    "Refer": ("When should {} be referred?", "{} referral to hospital"),
    "Follow-up and prevention": (
        "How is {} prevented?",
        "{} follow-up",
        "What should I tell a patient with {}?",
    ),
}
"""Questions and search phrases by section; the braces take the name or a synonym."""


def library_sources(library: Path) -> dict[str, list[Pair]]:
    """Return the training pairs of the library, by source name."""
    catalogue = load_catalogue(library)
    passages = passages_by_condition(catalogue.conditions)
    pairs = [
        pair
        for condition in catalogue.conditions
        if not is_held_out(condition)
        for pair in condition_pairs(condition, passages[condition.id], catalogue.vocabulary)
    ]
    return {"library": pairs}


def is_held_out(condition: Condition) -> bool:
    """Tell whether a condition is kept from training."""
    return held_out(condition.id, HELD_OUT_PERCENT)


def passages_by_condition(conditions: Iterable[Condition]) -> dict[str, tuple[Passage, ...]]:
    """Return the passages of each condition, cut as a pack cuts them."""
    return {document.condition: chunk(document) for document in condition_documents(conditions)}


def condition_pairs(condition: Condition, passages: Sequence[Passage], vocabulary: Vocabulary) -> Iterator[Pair]:
    """Yield the pairs of one condition, the same at every call."""
    rng = np.random.default_rng(zlib.crc32(condition.id.encode()))
    yield from _encounter_pairs(condition, passages, vocabulary, rng)
    yield from _candidate_pairs(condition, passages, vocabulary, rng)
    names = (condition.name, *condition.synonyms)
    for passage in passages:
        for form in ASKED.get(passage.section, ()):
            question = form.format(names[int(rng.integers(len(names)))])
            yield _pair(question, passage, passage.text)


def _encounter_pairs(
    condition: Condition, passages: Sequence[Passage], vocabulary: Vocabulary, rng: np.random.Generator
) -> Iterator[Pair]:
    for passage in (passage for passage in passages if passage.section in PICTURE):
        for text in write_encounters(condition, vocabulary, rng, ENCOUNTERS):
            unnamed = rng.random() < UNNAMED
            yield _pair(text, passage, without_name(passage.text, condition.name) if unnamed else passage.text)


def _candidate_pairs(
    condition: Condition, passages: Sequence[Passage], vocabulary: Vocabulary, rng: np.random.Generator
) -> Iterator[Pair]:
    """Pair every passage with a query as `domain.querying` writes it for a candidate: names, then findings."""
    names = ", ".join((condition.name, *condition.synonyms[:3]))
    for passage in passages:
        for findings in write_encounters(condition, vocabulary, rng, 1):
            yield _pair(f"{names}: {findings}", passage, passage.text)


def _pair(question: str, passage: Passage, text: str) -> Pair:
    return Pair(question, passage_heading(passage.title, passage.section), text, passage.condition)


def write_encounters(
    condition: Condition, vocabulary: Vocabulary, rng: np.random.Generator, count: int
) -> Iterator[str]:
    """Yield telegraphic encounters that fit a condition and never name it."""
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


def held_out_encounters(catalogue: Catalogue, each: int, seed: int = 1) -> list[tuple[str, str]]:
    """Return (encounter, condition id) for the conditions kept from training."""
    rng = np.random.default_rng(seed)
    return [
        (text, condition.id)
        for condition in catalogue.conditions
        if is_held_out(condition)
        for text in write_encounters(condition, catalogue.vocabulary, rng, each)
    ]
