"""How well passages are found: nDCG, recall and reciprocal rank of several rankers on the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.querying import candidate_query, presentation_query
from medrag_desktop.services.evaluate import Rate, bootstrap_mean
from medrag_desktop.services.rank import Ranker
from medrag_desktop.services.vignettes import read_demographics
from medrag_desktop.tasks import Task

DEPTH = 100
"""Places of a ranking that are looked at."""
CUTS = (1, 5, 20, 100)
"""Numbers of places recall is told for."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Queries, a collection, and which of its rows answer each query."""

    name: str
    title: str
    queries: tuple[Query, ...]
    passages: tuple[Passage, ...]
    relevant: tuple[frozenset[int], ...]


class AssessmentQueries:
    """What a patient came with, as typed -> the queries that an assessment searches with."""

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker
        self.of_candidates: dict[Query, tuple[Query, ...]] = {}
        """The query for a presentation -> those for its candidates, the most probable first."""

    def __call__(self, complaint: str) -> Query:
        """Return the query for the presentation and remember those for its candidates."""
        encounter = Encounter(patient=read_demographics(complaint), chief_complaint=complaint)
        encounter, observations, _ = self._ranker.triage(encounter)
        present, vocabulary = observations.present(), self._ranker.catalogue.vocabulary
        query = presentation_query(encounter, present, vocabulary)
        candidates = self._ranker.rank(encounter, observations).candidates
        self.of_candidates[query] = tuple(candidate_query(c, present, vocabulary) for c in candidates)
        return query


class PassageRanker(Protocol):
    """Something that ranks the passages of a collection."""

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Return, for each query, at most k rows of the passages, best first."""


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """What one ranker reached on one benchmark; every mean with its bootstrap interval over queries."""

    ndcg_at_10: Rate
    mrr_at_10: Rate
    recall: Mapping[int, Rate]
    """By k: share of the queries with at least one answer in the first k places, as the DPR paper counts."""
    ndcg_gain: Rate
    """nDCG@10 less that of the benchmark's first ranker, query by query."""


def ndcg_at(ranking: Sequence[int], relevant: frozenset[int], k: int = 10) -> float:
    """Return nDCG@k with binary relevance (Järvelin and Kekäläinen 2002)."""
    gains = [1.0 / np.log2(place + 2) for place, row in enumerate(ranking[:k]) if row in relevant]
    ideal = sum(1.0 / np.log2(place + 2) for place in range(min(k, len(relevant))))
    return float(sum(gains) / ideal) if ideal else 0.0


def reciprocal_rank_at(ranking: Sequence[int], relevant: frozenset[int], k: int = 10) -> float:
    """Return 1 / the place of the first answer, 0 when there is none in the first k."""
    return next((1.0 / place for place, row in enumerate(ranking[:k], start=1) if row in relevant), 0.0)


def hit_at(ranking: Sequence[int], relevant: frozenset[int], k: int) -> bool:
    """Tell whether one of the first k rows answers."""
    return any(row in relevant for row in ranking[:k])


def measure(benchmark: Benchmark, rankers: Mapping[str, PassageRanker], *, task: Task) -> dict[str, RetrievalScores]:
    """Rank with each and return its scores by name; gains are over the first."""
    found: dict[str, RetrievalScores] = {}
    base: list[float] = []
    for name, ranker in rankers.items():
        task.report(f"{benchmark.title}: {name}", len(found), len(rankers))
        rankings = ranker.rank(benchmark.queries, benchmark.passages, DEPTH, task=task)
        ndcg = [ndcg_at(r, gold) for r, gold in zip(rankings, benchmark.relevant, strict=True)]
        base = base or ndcg
        found[name] = RetrievalScores(
            bootstrap_mean(ndcg),
            _mean(rankings, benchmark, 10, reciprocal_rank_at),
            {k: _mean(rankings, benchmark, k, hit_at) for k in CUTS},
            bootstrap_mean([own - other for own, other in zip(ndcg, base, strict=True)]),
        )
    return found


class _Metric(Protocol):
    def __call__(self, ranking: Sequence[int], relevant: frozenset[int], k: int) -> float: ...


def _mean(rankings: Sequence[Sequence[int]], benchmark: Benchmark, k: int, metric: _Metric) -> Rate:
    return bootstrap_mean([metric(r, gold, k) for r, gold in zip(rankings, benchmark.relevant, strict=True)])
