"""A collection of any size out of real passages, to time searches on.

A new passage keeps the heading of a real one; each of its sentences is, half of the time, one drawn from all sentences
of all real passages. So a term stands in the same share of the passages as before (in expectation), lengths stay, and
few passages are alike. Its vector is the mean of those of the passages its sentences came from, at unit length, with a
little noise: neighbours stay neighbours, and no text need be encoded. Only speed and memory are measured on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medrag_desktop.domain.evidence import Document, DocumentSection, Passage
from medrag_desktop.domain.sentences import split
from medrag_desktop.ports import Vectors

NOISE = 0.02
"""Standard deviation added to each component; those of a unit vector of 384 are 0.05 on average."""


def grow(passages: Sequence[Passage], vectors: Vectors, size: int, seed: int = 0) -> tuple[list[Document], Vectors]:
    """Return `size` documents of one passage each, the real ones first, and their vectors (size, dimension)."""
    rng = np.random.default_rng(seed)
    sentences = [[piece.text for piece in split(passage.text)] or [passage.text] for passage in passages]
    place = [(row, number) for row, of_row in enumerate(sentences) for number in range(len(of_row))]
    documents = [_document(n, passage, passage.text) for n, passage in enumerate(passages[:size])]
    grown = np.empty((size, vectors.shape[1]), dtype=np.float32)
    grown[: len(documents)] = vectors[: len(documents)]
    for number in range(len(documents), size):
        row = int(rng.integers(len(passages)))
        kept = rng.random(len(sentences[row])) < 0.5
        others = [place[other] for other in rng.integers(len(place), size=int((~kept).sum()))]
        taken = iter(others)
        text = " ".join(
            sentence if keep else sentences[(other := next(taken))[0]][other[1]]
            for sentence, keep in zip(sentences[row], kept, strict=True)
        )
        documents.append(_document(number, passages[row], text))
        rows = [*[row] * int(kept.sum()), *(other for other, _ in others)]
        grown[number] = vectors[rows].mean(axis=0)
    noise = rng.standard_normal(grown[len(passages) :].shape, dtype=np.float32)
    grown[len(passages) :] += NOISE * noise
    grown /= np.linalg.norm(grown, axis=1, keepdims=True)
    return documents, grown


def _document(number: int, passage: Passage, text: str) -> Document:
    words = text.split()[:100] or ["none"]  # so that the chunker makes one passage of it
    section = DocumentSection(passage.section or "Text", " ".join(words))
    return Document(f"d{number}", passage.title or "Untitled", (section,), "benchmark")
