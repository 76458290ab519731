"""Measure retrieval on what no training saw: BM25, the base model, the trained towers, and each fused with BM25.

`python -m medrag_desktop.training.evaluate_retriever MODEL --base BASE --data DIR --library DIR`
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.faiss_index import quantize
from medrag_desktop.adapters.lexical_index import LexicalIndex, build_lexical_index
from medrag_desktop.adapters.pack_shelf import DEPTH, passage_heading
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.fusion import reciprocal_rank_fusion
from medrag_desktop.importers.chunking import split_text
from medrag_desktop.ports import Encoder, Vectors
from medrag_desktop.tasks import Task
from medrag_desktop.training.library_pairs import held_out_encounters, passages_by_condition
from medrag_desktop.training.retrieval_pairs import (
    CHUNKS_PER_ANSWER,
    EVALUATION_BATCH,
    held_out,
    presentation_pairs,
    read_jsonl,
    subject,
)

log = logging.getLogger(__name__)

Ranking = Sequence[int]
DEVELOPMENT_PERCENT = 2
"""Held-out MedQuAD subjects, in percent of all, that recipes are chosen on and no result is reported for."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Queries, a collection, and which of its rows answer each query."""

    name: str
    queries: tuple[str, ...]
    passages: tuple[Passage, ...]
    relevant: tuple[frozenset[int], ...]


def ndcg_at(ranking: Ranking, relevant: frozenset[int], k: int = 10) -> float:
    """Return nDCG@k with binary relevance."""
    gains = [1.0 / np.log2(place + 2) for place, row in enumerate(ranking[:k]) if row in relevant]
    ideal = sum(1.0 / np.log2(place + 2) for place in range(min(k, len(relevant))))
    return float(sum(gains) / ideal) if ideal else 0.0


def hit_at(ranking: Ranking, relevant: frozenset[int], k: int) -> float:
    """Return 1 if one of the first k rows is relevant, else 0."""
    return float(any(row in relevant for row in ranking[:k]))


def medquad_benchmark(data: Path, most: int, development: bool = False, seed: int = 0) -> Benchmark:
    """Return questions on subjects held out whole; the collection is every chunk of those subjects."""
    rows = held_out_rows(data, development)
    passages: list[Passage] = []
    answers: list[frozenset[int]] = []
    for row in rows:
        texts = split_text(row["answer"])
        answers.append(frozenset(range(len(passages), len(passages) + min(len(texts), CHUNKS_PER_ANSWER))))
        passages += [_passage(row["id"], row["focus"], row["qtype"], text) for text in texts]
    chosen = np.random.default_rng(seed).permutation(len(rows))[:most]
    return Benchmark(
        "MedQuAD questions, held-out subjects",
        tuple(rows[i]["question"] for i in chosen),
        tuple(passages),
        tuple(answers[i] for i in chosen),
    )


def presentation_benchmark(data: Path, development: bool = False) -> Benchmark:
    """Return descriptions of unnamed held-out diseases; all that other answers say of the disease answers."""
    rows = held_out_rows(data, development)
    asked = {pair.question: pair.group for pair in presentation_pairs(rows)}
    told = [row for row in rows if row["qtype"] != "symptoms"]
    passages = [
        _passage(subject(row["focus"]), row["focus"], row["qtype"], text)
        for row in told
        for text in split_text(row["answer"])[:CHUNKS_PER_ANSWER]
    ]
    return Benchmark(
        "MedQuAD presentations, held-out subjects",
        tuple(asked),
        tuple(passages),
        tuple(
            frozenset(row for row, passage in enumerate(passages) if passage.document == group)
            for group in asked.values()
        ),
    )


def held_out_rows(data: Path, development: bool) -> list[dict[str, Any]]:
    """Return the MedQuAD rows of the held-out subjects: those to develop on, or those to report."""
    rows = (row for row in read_jsonl(data / "corpora" / "medquad.jsonl.gz") if held_out(row["focus"]))
    return [row for row in rows if held_out(row["focus"], DEVELOPMENT_PERCENT) == development]


def bioasq_benchmark(data: Path, distractors: int = 4000, seed: int = 0) -> Benchmark:
    """Return the questions of 10B; the collection is their snippets and some of the other batches'."""
    rows = read_jsonl(data / "corpora" / "bioasq_7b_10b.jsonl.gz")
    asked = [row for row in rows if row["batch"].startswith(EVALUATION_BATCH)]
    gold = {subject(s["text"]): s["text"] for row in asked for s in row["snippets"]}
    others = {subject(s["text"]): s["text"] for row in rows for s in row["snippets"]}
    names = sorted(others.keys() - gold.keys())
    chosen = np.random.default_rng(seed).permutation(len(names))[:distractors]
    collection = gold | {names[i]: others[names[i]] for i in chosen}
    number = {name: row for row, name in enumerate(collection)}
    return Benchmark(
        "BioASQ 10B",
        tuple(row["question"] for row in asked),
        tuple(_passage(str(row), "", "", text) for row, text in enumerate(collection.values())),
        tuple(frozenset(number[subject(s["text"])] for s in row["snippets"]) for row in asked),
    )


def library_benchmark(library: Path, each: int) -> Benchmark:
    """Return written encounters of held-out conditions; every passage of the condition answers."""
    catalogue = load_catalogue(library)
    passages = tuple(p for ps in passages_by_condition(catalogue.conditions).values() for p in ps)
    encounters = held_out_encounters(catalogue, each)
    rows = {c.id: frozenset(r for r, p in enumerate(passages) if p.condition == c.id) for c in catalogue.conditions}
    return Benchmark(
        "Library, encounters of held-out conditions",
        tuple(text for text, _ in encounters),
        passages,
        tuple(rows[condition] for _, condition in encounters),
    )


def _passage(name: str, title: str, section: str, text: str) -> Passage:
    return Passage(name, name, title, section, text, "")


def lexical_rankings(benchmark: Benchmark) -> list[list[int]]:
    """Rank the collection by BM25."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        build_lexical_index(Path(folder), benchmark.passages, task=Task())
        index = LexicalIndex(Path(folder))
        return [[row for row, _ in index.search(text, DEPTH)] for text in benchmark.queries]


def encode(benchmark: Benchmark, encoder: Encoder) -> tuple[Vectors, Vectors]:
    """Return the vectors of queries and passages."""
    texts = [(passage_heading(p.title, p.section), p.text) for p in benchmark.passages]
    return (
        encoder.encode_questions(benchmark.queries, task=Task()),
        encoder.encode_passages(texts, task=Task()),
    )


def measure(benchmark: Benchmark, encoders: Mapping[str, Encoder]) -> dict[str, dict[str, float]]:
    """Return the metrics of each ranker by name."""
    lexical = lexical_rankings(benchmark)
    rankers: dict[str, Sequence[Ranking]] = {"BM25": lexical}
    for name, encoder in encoders.items():
        questions, passages = encode(benchmark, encoder)
        dense = quantize(passages).search(questions, DEPTH)[0].tolist()
        rankers[name] = dense
        rankers[f"{name} + BM25"] = [
            [row for row, _ in reciprocal_rank_fusion(pair)] for pair in zip(dense, lexical, strict=True)
        ]
    return {name: summary(rankings, benchmark.relevant) for name, rankings in rankers.items()}


def summary(rankings: Sequence[Ranking], relevant: Sequence[frozenset[int]]) -> dict[str, float]:
    """Return mean nDCG@10 and the share of queries with a relevant passage in the first 1, 5 and 10."""
    pairs = list(zip(rankings, relevant, strict=True))
    hits = {f"hit@{k}": float(np.mean([hit_at(r, gold, k) for r, gold in pairs])) for k in (1, 5, 10)}
    return {"nDCG@10": float(np.mean([ndcg_at(r, gold) for r, gold in pairs])), **hits}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="exported model folder")
    parser.add_argument("--base", type=Path, help="exported folder of the untrained base model")
    parser.add_argument("--data", type=Path, required=True, help="folder with corpora/")
    parser.add_argument("--library", type=Path, required=True, help="folder of the clinical library")
    parser.add_argument("--questions", type=int, default=500, help="most MedQuAD questions")
    parser.add_argument("--development", action="store_true", help="use the subjects recipes are chosen on")
    parser.add_argument("--only", choices=("library", "medquad", "presentation", "bioasq"), action="append")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    encoders: dict[str, Encoder] = {"base": DprEncoder(options.base, 1)} if options.base else {}
    encoders["trained"] = DprEncoder(options.model, 1)
    makers = {
        "library": lambda: library_benchmark(options.library, 15),
        "medquad": lambda: medquad_benchmark(options.data, options.questions, options.development),
        "presentation": lambda: presentation_benchmark(options.data, options.development),
        "bioasq": lambda: bioasq_benchmark(options.data),
    }
    for name in options.only or makers:
        benchmark = makers[name]()
        log.info("%s: %d queries, %d passages", name, len(benchmark.queries), len(benchmark.passages))
        results = measure(benchmark, encoders)
        print(json.dumps({"benchmark": benchmark.name, "queries": len(benchmark.queries),
                          "passages": len(benchmark.passages), "results": results}))  # fmt: skip


if __name__ == "__main__":
    main()
