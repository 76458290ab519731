"""Question -> passage pairs from the clinical library: written encounters, search phrases, questions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.pack_shelf import passage_heading
from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.importers.retrieval_sets import is_held_out, passages_by_condition
from medrag_desktop.services.written_encounters import write_encounters
from medrag_desktop.training.retrieval_pairs import Pair, without_name

ENCOUNTERS = 12
"""Encounters written for each passage on the picture of a condition."""
UNNAMED = 0.35
"""Share of encounters whose passage is shown without the name of the condition."""
PICTURE = ("In brief", "Presentation", "Danger signs")
"""Sections that answer an encounter."""
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
