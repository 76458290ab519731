from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.held_out import held_out
from medrag_desktop.errors import InputError
from medrag_desktop.importers.retrieval_sets import (
    bioasq_benchmark,
    exact_term_benchmark,
    held_out_encounters,
    is_held_out,
    library_benchmark,
    medquad_benchmark,
    with_typos,
)
from medrag_desktop.services.evaluate_retrieval import Benchmark
from tests.small_library import NO_RANGES, VOCABULARY, condition

FINDINGS = dict.fromkeys(("fever", "cough", "rash", "koplik_spots", "lower_abdominal_pain"), "obligate")
CONDITIONS = tuple(condition(f"condition_{n}", FINDINGS, sections=(("In brief", f"Text {n}."),)) for n in range(60))
CATALOGUE = Catalogue(CONDITIONS, VOCABULARY, (), NO_RANGES, {})
SUBJECTS = [f"Disease {n}" for n in range(150)]


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    (folder / "corpora").mkdir(exist_ok=True)
    with gzip.open(folder / "corpora" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"id": f"{n}-{kind}", "focus": name, "qtype": kind, "question": f"{kind} of {name}?",
         "answer": answer.format(name)}
        for n, name in enumerate(SUBJECTS) for kind, answer in (("information", "{} is bad."), ("treatment", "Rest."))
    ]  # fmt: skip
    return write(tmp_path, "medquad", rows)


def test_medquad_asks_of_held_out_subjects_among_all_passages(data: Path) -> None:
    parts = [medquad_benchmark(data, 500, development=development) for development in (False, True)]
    asked = [{query.text.partition(" of ")[2].rstrip("?") for query in part.queries} for part in parts]
    assert asked[0].isdisjoint(asked[1])
    assert asked[0] | asked[1] == {name for name in SUBJECTS if held_out(name)}
    assert {passage.title for passage in parts[0].passages} == set(SUBJECTS)


def test_passages_of_the_same_words_are_one_and_answer_alike(data: Path) -> None:
    benchmark = medquad_benchmark(data, 500)
    texts = [passage.text for passage in benchmark.passages]
    assert texts.count("Rest.") == 1
    rest = frozenset({texts.index("Rest.")})
    treated = [
        gold for query, gold in zip(benchmark.queries, benchmark.relevant, strict=True) if "treatment" in query.text
    ]
    assert treated
    assert all(gold == rest for gold in treated)


def test_the_number_of_questions_is_bounded(data: Path) -> None:
    assert len(medquad_benchmark(data, 3).queries) == 3


def test_bioasq_asks_only_10b_among_snippets_of_all(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "batch": "9B1", "question": "A?", "snippets": [{"text": "one"}, {"text": "three"}]},
        {"id": "2", "batch": "10B1", "question": "B?", "snippets": [{"text": "One."}, {"text": "two"}]},
    ]
    benchmark = bioasq_benchmark(write(tmp_path, "bioasq_7b_10b", rows))
    assert benchmark.queries == (Query("B?", "question"),)
    assert sorted(passage.text.casefold().rstrip(".") for passage in benchmark.passages) == ["one", "three", "two"]
    assert {benchmark.passages[row].text.casefold().rstrip(".") for row in benchmark.relevant[0]} == {"one", "two"}


def test_encounters_are_of_held_out_conditions_and_answered_by_all_their_passages() -> None:
    written = {part: held_out_encounters(CATALOGUE, 3, development=part) for part in (False, True)}
    kept_out = {c.id for c in CONDITIONS if is_held_out(c)}
    assert {condition for encounters in written.values() for _, condition in encounters} == kept_out
    assert not {c for _, c in written[False]} & {c for _, c in written[True]}
    benchmark = library_benchmark(CATALOGUE, 3, lambda text: Query(f"typed {text}", "presentation"))
    assert len(benchmark.passages) == len(CONDITIONS)
    assert all(query.text.startswith("typed ") for query in benchmark.queries)
    for (_, name), gold in zip(written[False], benchmark.relevant, strict=True):
        assert {benchmark.passages[row].condition for row in gold} == {name}


def test_exact_terms_are_answered_by_every_passage_that_holds_them() -> None:
    texts = ["Warfarin and INR2 after Thrombosis.", "warfarin again", "nothing here"]
    passages = [Passage(str(n), "", "", "", text, "") for n, text in enumerate(texts)]
    both = [exact_term_benchmark(passages, ["Warfarin", "Aspirin"], 9, development=part) for part in (False, True)]
    found = {query.text: gold for part in both for query, gold in zip(part.queries, part.relevant, strict=True)}
    assert found == {"warfarin": {0, 1}, "inr2": {0}, "thrombosis": {0}}


def test_typing_errors_change_the_questions_and_nothing_else() -> None:
    passages = (Passage("1", "", "", "", "text", ""),)
    texts = (*(f"What is the treatment of malaria number {n}?" for n in range(20)), "a b", "")
    queries = tuple(Query(text, "question") for text in texts)
    benchmark = Benchmark("b", "B", queries, passages, (frozenset({0}),) * len(queries))
    wrong = with_typos(benchmark)
    changed = sum(a != b for a, b in zip(queries, wrong.queries, strict=True))
    assert changed > 15
    assert wrong.queries[-2:] == queries[-2:]
    assert (wrong.passages, wrong.relevant) == (benchmark.passages, benchmark.relevant)
    assert with_typos(benchmark) == wrong


def test_a_corpus_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bioasq_7b_10b\.jsonl\.gz"):
        bioasq_benchmark(tmp_path)
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "bioasq_7b_10b.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match="gzipped JSON lines"):
        bioasq_benchmark(tmp_path)
