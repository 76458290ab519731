from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from medrag_desktop.training.evaluate_retriever import (
    Benchmark,
    bioasq_benchmark,
    hit_at,
    measure,
    medquad_benchmark,
    ndcg_at,
    presentation_benchmark,
)
from medrag_desktop.training.retrieval_pairs import held_out
from tests.fakes import FakeEncoder

pytestmark = pytest.mark.train


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    (folder / "corpora").mkdir(exist_ok=True)
    with gzip.open(folder / "corpora" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_ndcg_rewards_early_places() -> None:
    gold = frozenset({1, 2})
    assert ndcg_at([1, 2, 3], gold) == pytest.approx(1.0)
    assert ndcg_at([3, 1, 2], gold) < 1.0
    assert ndcg_at([3, 4], gold) == ndcg_at([], gold) == 0.0
    assert (hit_at([3, 1], gold, 1), hit_at([3, 1], gold, 2)) == (0.0, 1.0)


def medquad(folder: Path) -> Path:
    answers = (("information", "{} is bad."), ("symptoms", "{} hurts."), ("treatment", "Rest."))
    rows = [
        {"id": f"{n}-{kind}", "focus": f"Disease {n}", "qtype": kind, "question": f"{kind} of {n}?",
         "answer": answer.format(f"Disease {n}")}
        for n in range(120) for kind, answer in answers
    ]  # fmt: skip
    return write(folder, "medquad", rows)


def test_medquad_is_measured_on_held_out_subjects_in_two_disjoint_parts(tmp_path: Path) -> None:
    parts = [medquad_benchmark(medquad(tmp_path), 500, development) for development in (False, True)]
    subjects = [{passage.title for passage in part.passages} for part in parts]
    assert subjects[0].isdisjoint(subjects[1])
    assert subjects[0] | subjects[1] == {f"Disease {n}" for n in range(120) if held_out(f"Disease {n}")}


def test_a_presentation_is_answered_by_its_subject_and_not_by_itself(tmp_path: Path) -> None:
    benchmark = presentation_benchmark(medquad(tmp_path))
    assert all("this condition hurts" in query for query in benchmark.queries)
    assert all(passage.section != "symptoms" for passage in benchmark.passages)
    assert all(len(gold) >= 2 for gold in benchmark.relevant)


def test_bioasq_asks_only_10b_among_snippets_of_all(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "batch": "9B1", "question": "A?", "snippets": [{"text": "one"}, {"text": "three"}]},
        {"id": "2", "batch": "10B1", "question": "B?", "snippets": [{"text": "One."}, {"text": "two"}]},
    ]
    benchmark = bioasq_benchmark(write(tmp_path, "bioasq_7b_10b", rows))
    assert benchmark.queries == ("B?",)
    assert [passage.text for passage in benchmark.passages] == ["One.", "two", "three"]
    assert benchmark.relevant == (frozenset({0, 1}),)
    assert len(bioasq_benchmark(tmp_path, distractors=0).passages) == 2


def test_every_ranker_is_measured_alone_and_fused(tmp_path: Path) -> None:
    whole = medquad_benchmark(medquad(tmp_path), 20)
    results = measure(Benchmark("b", whole.queries, whole.passages, whole.relevant), {"fake": FakeEncoder()})
    assert set(results) == {"BM25", "fake", "fake + BM25"}
    assert all(0.0 <= value <= 1.0 for metrics in results.values() for value in metrics.values())
