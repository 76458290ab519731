from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.errors import Cancelled
from medrag_desktop.services.evaluate_retrieval import Benchmark, hit_at, measure, ndcg_at, reciprocal_rank_at
from medrag_desktop.tasks import Task

PASSAGES = tuple(Passage(str(n), str(n), "", "", str(n), "") for n in range(4))
BENCHMARK = Benchmark(
    "b", "Title", (Query("one", "question"), Query("two", "question")), PASSAGES, (frozenset({1}), frozenset({2, 3}))
)


class Fixed:
    """Gives every query its own ranking."""

    def __init__(self, *rankings: list[int]) -> None:
        self.rankings = list(rankings)

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        return [ranking[:k] for ranking in self.rankings]


def test_ndcg_rewards_early_places() -> None:
    gold = frozenset({1, 2})
    assert ndcg_at([1, 2, 3], gold) == pytest.approx(1.0)
    assert ndcg_at([1, 3, 2], gold) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert ndcg_at([3, 4], gold) == ndcg_at([], gold) == ndcg_at([1], frozenset()) == 0.0


def test_ndcg_looks_at_k_places_only() -> None:
    assert ndcg_at([9, 9, 1], frozenset({1}), k=2) == 0.0


def test_the_first_answer_counts() -> None:
    gold = frozenset({1, 2})
    assert reciprocal_rank_at([3, 2, 1], gold) == 0.5
    assert reciprocal_rank_at([*range(3, 13), 1], gold) == 0.0
    assert (hit_at([3, 1], gold, 1), hit_at([3, 1], gold, 2)) == (False, True)


@given(st.permutations(range(12)), st.frozensets(st.integers(0, 11), min_size=1))
def test_a_perfect_order_is_the_best_and_all_metrics_are_shares(ranking: list[int], gold: frozenset[int]) -> None:
    best = sorted(ranking, key=lambda row: row not in gold)
    assert 0.0 <= ndcg_at(ranking, gold) <= ndcg_at(best, gold) == pytest.approx(1.0)
    assert reciprocal_rank_at(ranking, gold) <= reciprocal_rank_at(best, gold) == 1.0


def test_every_ranker_is_told_beside_the_first() -> None:
    found = measure(BENCHMARK, {"plain": Fixed([0, 1], [0, 1]), "good": Fixed([1, 0], [2, 3])}, task=Task())
    assert found["good"].ndcg_at_10.value == pytest.approx(1.0)
    assert found["good"].ndcg_gain.value == pytest.approx(1.0 - found["plain"].ndcg_at_10.value)
    assert found["plain"].ndcg_gain.value == 0.0
    assert found["plain"].recall[1].value == 0.0
    assert found["plain"].recall[5].value == 0.5
    assert found["plain"].mrr_at_10.value == 0.25


def test_measuring_can_be_cancelled() -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        measure(BENCHMARK, {"plain": Fixed([0], [0])}, task=task)
