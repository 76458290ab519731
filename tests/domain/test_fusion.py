from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.evidence import Hit, Passage
from medrag_desktop.domain.fusion import (
    FOUND,
    LEXICAL_WEIGHT,
    WEAK,
    best,
    distinct,
    evidence_level,
    fused_score,
    merge_packs,
)


def hit(
    name: str,
    cosine: float = 0.5,
    dense: int | None = None,
    lexical: int | None = None,
    pack: str = "a",
    text: str | None = None,
) -> Hit:
    passage = Passage(name, "d", "T", "S", name if text is None else text, "source", pack=pack)
    return Hit(passage, cosine, cosine, 1 / lexical if lexical else 0.0, dense, lexical)


@given(st.floats(-1, 1), st.floats(0, 5), st.floats(0, 1))
def test_neither_score_lowers_the_sum(cosine: float, lexical: float, more: float) -> None:
    for purpose in ("presentation", "condition", "question"):
        assert fused_score(cosine + more, lexical, purpose) >= fused_score(cosine, lexical, purpose)
        assert fused_score(cosine, lexical + more, purpose) >= fused_score(cosine, lexical, purpose)


def test_every_word_of_the_query_counts_and_what_headings_add_does_not() -> None:
    assert fused_score(0.4, 1.0, "question") == pytest.approx(0.4 + LEXICAL_WEIGHT["question"])
    assert fused_score(0.4, 2.0, "question") == fused_score(0.4, 1.0, "question")


def test_the_same_words_are_kept_once_whatever_their_case_and_punctuation() -> None:
    kept = distinct([hit("1", text="Give ORS."), hit("2", text="give  ors"), hit("3", text="Give zinc.")])
    assert [h.passage.id for h in kept] == ["1", "3"]


def test_passages_without_words_are_not_taken_for_duplicates() -> None:
    assert len(distinct([hit("1", text="?"), hit("2", text="!")])) == 2


def test_packs_are_searched_as_one() -> None:
    first = [hit("a1", 0.9, dense=1, lexical=1), hit("a2", 0.2, dense=2)]
    second = [hit("b1", 0.6, dense=1, pack="b"), hit("b2", 0.5, lexical=1, pack="b")]
    merged = merge_packs([first, second], 10)
    assert [h.passage.id for h in merged] == ["a1", "b1", "b2", "a2"]
    assert [h.dense_rank for h in merged] == [1, 2, None, 3]
    assert [h.lexical_rank for h in merged] == [1, None, 2, None]


def test_the_hits_of_one_pack_keep_their_places() -> None:
    alone = [hit("a", 0.9, dense=7, lexical=3), hit("b", 0.8, dense=12)]
    assert merge_packs([alone], 5) == tuple(alone)


def test_equal_ids_in_two_packs_are_two_passages() -> None:
    merged = merge_packs([[hit("x", dense=1, text="one")], [hit("x", dense=1, pack="b", text="two")]], 5)
    assert [h.passage.pack for h in merged] == ["a", "b"]


def test_the_nearest_vector_is_always_among_the_hits() -> None:
    hits = [
        replace(hit(str(n), cosine), score=score) for n, (cosine, score) in enumerate([(0.1, 3), (0.2, 2), (0.9, 1)])
    ]
    assert [h.passage.id for h in best(hits, 2)] == ["0", "2"]
    assert [h.passage.id for h in best(hits, 3)] == ["0", "1", "2"]
    assert best(hits, 0) == best([], 5) == ()


@given(st.integers(0, 5))
def test_no_more_hits_than_asked_for(k: int) -> None:
    assert len(merge_packs([[hit(str(n), dense=n + 1) for n in range(4)]], k)) == min(k, 4)


@pytest.mark.parametrize(
    ("cosines", "level"),
    [([], "none"), ([WEAK - 0.01], "none"), ([WEAK], "weak"), ([FOUND - 0.01, -1], "weak"), ([0, FOUND], "found")],
)
def test_the_evidence_floor_reads_the_best_cosine(cosines: list[float], level: str) -> None:
    assert evidence_level([hit(str(n), cosine) for n, cosine in enumerate(cosines)]) == level
