"""Ranked lists -> one list: reciprocal rank fusion (Cormack et al. 2009), duplicates, the evidence floor."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from medrag_desktop.domain.evidence import Hit

Key = TypeVar("Key", bound=Hashable)

RRF_K = 60
"""Rank constant: the larger, the less the first places outweigh the rest."""
FOUND = 0.43
"""Best cosine from which the library is said to speak of the query.

Measured on 2026-11-22 with the committed retriever on the 71 conditions of the library (`calibrate_evidence`):
at or above it lie 96 % of encounters written from the library's findings, all questions and
searches that name a condition, 5 % of questions on diseases it does not cover, and no everyday question.
"""
WEAK = 0.30
"""Best cosine below which it is said not to: of encounters 1 in 144 lay there, of everyday questions 39 in 40."""


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Key]], k: int = RRF_K) -> list[tuple[Key, float]]:
    """Return (key, sum of 1 / (k + rank)) over lists of distinct keys, best first.

    Ties go to the key that comes first in the earliest list.
    """
    scores: dict[Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])


def distinct(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Leave out every passage whose words an earlier one already said."""
    seen: set[str] = set()
    kept = []
    for hit in hits:
        words = " ".join(re.findall(r"\w+", hit.passage.text.casefold())) or hit.passage.id
        if words not in seen:
            seen.add(words)
            kept.append(hit)
    return tuple(kept)


def merge_packs(found: Sequence[Sequence[Hit]], k: int) -> tuple[Hit, ...]:
    """Search several packs as one: fuse the hits each gave for the same query into the k best.

    Cosines are comparable between packs that share an encoder, so the dense list is ordered anew; BM25
    scores are not, so the lexical lists are interleaved by rank.
    """
    hits = {(hit.passage.pack, hit.passage.id): hit for pack in found for hit in pack}
    dense = sorted((key for key, hit in hits.items() if hit.dense_rank), key=lambda key: -hits[key].cosine)
    lexical = sorted(
        (key for key, hit in hits.items() if hit.lexical_rank),
        key=lambda key: (hits[key].lexical_rank or 0, -hits[key].cosine),
    )
    places = [{key: rank for rank, key in enumerate(keys, start=1)} for keys in (dense, lexical)]
    fused = reciprocal_rank_fusion([dense, lexical])
    merged = (
        replace(hits[key], score=score, dense_rank=places[0].get(key), lexical_rank=places[1].get(key))
        for key, score in fused
    )
    return distinct(tuple(merged))[:k]


def evidence_level(hits: Sequence[Hit]) -> str:
    """Return `found`, `weak` or `none` by the best cosine."""
    best = max((hit.cosine for hit in hits), default=-1.0)
    if best >= FOUND:
        return "found"
    return "weak" if best >= WEAK else "none"
