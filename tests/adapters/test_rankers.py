from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from medrag_desktop.adapters.rankers import AssessmentRanker, Collections, DenseRanker, HybridRanker, LexicalRanker
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.synonyms import Synonyms
from medrag_desktop.ports import Vectors
from medrag_desktop.services.library import QueryReader
from medrag_desktop.tasks import Task
from tests.fakes import FakeEncoder

TEXTS = (
    ("Measles", "Fever with cough and a red rash."),
    ("Scabies", "Itching at night with burrows."),
    ("Malaria", "Fever with chills."),
    ("Measles", "Vitamin A helps in measles."),
)
PASSAGES = tuple(
    Passage(str(n), title, title, "In brief", text, "s", condition=title.lower())
    for n, (title, text) in enumerate(TEXTS)
)
READER = QueryReader(Synonyms([("Malaria", "paludism")]))


@pytest.fixture
def collections(tmp_path: Path) -> Collections:
    (tmp_path / "kept").mkdir()
    return Collections(tmp_path, tmp_path / "kept")


def asked(*texts: str) -> list[Query]:
    return [Query(text, "question") for text in texts]


def test_words_are_ranked_as_the_program_reads_them(collections: Collections) -> None:
    ranking = LexicalRanker(collections, READER).rank(asked("scabeis", "paludism"), PASSAGES, 2, task=Task())
    assert [rows[0] for rows in ranking] == [1, 2]


def test_vectors_are_kept_for_the_next_time(collections: Collections, tmp_path: Path) -> None:
    first = DenseRanker(collections, FakeEncoder()).rank(asked("chills fever"), PASSAGES, 4, task=Task())
    (kept,) = (tmp_path / "kept").iterdir()

    class Encodes(FakeEncoder):
        def encode_passages(self, texts: Sequence[tuple[str, str]], *, task: Task) -> Vectors:
            raise AssertionError

    again = Collections(tmp_path, kept.parent)
    assert DenseRanker(again, Encodes()).rank(asked("chills fever"), PASSAGES, 4, task=Task()) == first
    assert first[0][0] == 2


def test_both_rankings_are_fused(collections: Collections) -> None:
    (rows,) = HybridRanker(collections, FakeEncoder(), READER).rank(asked("rash fever"), PASSAGES, 3, task=Task())
    assert rows[0] == 0
    assert len(rows) == 3


def test_an_assessment_shows_the_best_of_each_candidate_first(collections: Collections) -> None:
    presentation = Query("fever and rash", "presentation")
    candidates = tuple(Query(name, "condition", name) for name in ("measles", "malaria"))
    ranker = AssessmentRanker(HybridRanker(collections, FakeEncoder(), READER), {presentation: candidates})
    (rows,) = ranker.rank([presentation], PASSAGES, 10, task=Task())
    assert [PASSAGES[row].condition for row in rows] == ["measles", "malaria", "measles"]
