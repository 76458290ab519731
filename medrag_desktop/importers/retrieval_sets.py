"""Questions with known answers, read from a folder of public corpora, to measure retrieval on.

MedQuAD (Ben Abacha and Demner-Fushman 2019), BioASQ (Krithara et al. 2023) and the library itself. Subjects, batches
and conditions are those no training touched (`domain.held_out`); of the subjects and conditions a part is kept aside
on which choices are made, and which no result is reported for.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.held_out import BIOASQ_BATCH, CONDITIONS_PERCENT, held_out, subject
from medrag_desktop.errors import InputError
from medrag_desktop.importers.chunking import chunk, split_text
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.services.evaluate_retrieval import Benchmark
from medrag_desktop.services.written_encounters import write_encounters

CHUNKS_PER_ANSWER = 3
"""Leading chunks of a MedQuAD answer that count as answering its question."""
DEVELOPMENT_SUBJECTS, DEVELOPMENT_CONDITIONS = 2, 5
"""Percent of all MedQuAD subjects, and of all conditions, that choices are made on."""
LEAST_FINDINGS = 3
MOST_HOLDING = 5
"""Passages an exact term may stand in."""
TYPOS_LENGTH = 5
"""Letters of the shortest word that gets a typing error."""
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z]{2})[A-Za-z0-9]{4,12}\b")
_RARE = re.compile(r"\b[A-Z][a-z]{7,}\b")
_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
"""Letter -> letters beside it on a keyboard."""


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read gzipped JSON lines; raise InputError."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path} cannot be read as gzipped JSON lines: {error}.") from error


def medquad_benchmark(data: Path, most: int, *, development: bool = False, seed: int = 0) -> Benchmark:
    """Return questions on held-out subjects; the collection is every passage of MedQuAD.

    A passage answers a question when it is one of the first of its answer, or says the same words.
    """
    rows = read_jsonl(data / "corpora" / "medquad.jsonl.gz")
    collection: dict[str, Passage] = {}
    numbers: dict[str, int] = {}
    answers: list[frozenset[int]] = []
    for row in rows:
        texts = split_text(row["answer"])
        for text in texts:
            key = subject(text)
            numbers.setdefault(key, len(numbers))
            collection.setdefault(key, _passage(row["id"], row["focus"], row["qtype"], text))
        answers.append(frozenset(numbers[subject(text)] for text in texts[:CHUNKS_PER_ANSWER]))
    asked = [
        number
        for number, row in enumerate(rows)
        if held_out(row["focus"]) and held_out(row["focus"], DEVELOPMENT_SUBJECTS) == development
    ]
    chosen = [asked[place] for place in _drawn(len(asked), most, seed)]
    return Benchmark(
        "medquad",
        "MedQuAD questions on held-out subjects, among all its passages",
        tuple(Query(rows[number]["question"], "question") for number in chosen),
        tuple(collection.values()),
        tuple(answers[number] for number in chosen),
    )


def bioasq_benchmark(data: Path) -> Benchmark:
    """Return the questions of 10B; the collection is every snippet of every batch."""
    rows = read_jsonl(data / "corpora" / "bioasq_7b_10b.jsonl.gz")
    collection = {subject(s["text"]): s["text"] for row in rows for s in row["snippets"]}
    numbers = {key: row for row, key in enumerate(collection)}
    asked = [row for row in rows if row["batch"].startswith(BIOASQ_BATCH)]
    return Benchmark(
        "bioasq",
        "BioASQ 10B questions, among all snippets",
        tuple(Query(row["question"], "question") for row in asked),
        tuple(_passage(str(row), "", "", text) for row, text in enumerate(collection.values())),
        tuple(frozenset(numbers[subject(s["text"])] for s in row["snippets"]) for row in asked),
    )


def library_benchmark(
    catalogue: Catalogue, each: int, query_of: Callable[[str], Query], *, development: bool = False
) -> Benchmark:
    """Return queries for written encounters of held-out conditions; every passage of the condition answers.

    `query_of` makes of what a clinician typed the query that the program searches with.
    """
    passages = tuple(p for ps in passages_by_condition(catalogue.conditions).values() for p in ps)
    rows: dict[str, set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        rows[passage.condition].add(number)
    encounters = held_out_encounters(catalogue, each, development=development)
    return Benchmark(
        "library",
        "Encounters of held-out conditions, among all passages of the library",
        tuple(query_of(text) for text, _ in encounters),
        passages,
        tuple(frozenset(rows[condition]) for _, condition in encounters),
    )


def passages_by_condition(conditions: Iterable[Condition]) -> dict[str, tuple[Passage, ...]]:
    """Return the passages of each condition, cut as a pack cuts them."""
    return {document.condition: chunk(document) for document in condition_documents(conditions)}


def held_out_encounters(
    catalogue: Catalogue, each: int, *, development: bool = False, seed: int = 1
) -> list[tuple[str, str]]:
    """Return (encounter, condition id) for conditions kept from training; each names at least LEAST_FINDINGS."""
    rng = np.random.default_rng(seed)
    chosen = [
        condition
        for condition in catalogue.conditions
        if is_held_out(condition) and held_out(condition.id, DEVELOPMENT_CONDITIONS) == development
    ]
    written = (
        (text, condition.id)
        for condition in chosen
        for text in write_encounters(condition, catalogue.vocabulary, rng, each)
    )
    return [(text, condition) for text, condition in written if text.count(",") >= LEAST_FINDINGS - 1]


def is_held_out(condition: Condition) -> bool:
    """Tell whether a condition is kept from training."""
    return held_out(condition.id, CONDITIONS_PERCENT)


def exact_term_benchmark(
    passages: Sequence[Passage], medicines: Iterable[str], each: int, *, development: bool = False
) -> Benchmark:
    """Return single terms that at most MOST_HOLDING passages hold: medicines, codes, rare names.

    Every passage that holds the term as a whole word answers.
    """
    holding: dict[str, set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        for word in set(re.findall(r"\w+", f"{passage.title} {passage.text}".casefold())):
            holding[word].add(number)
    texts = " ".join(passage.text for passage in passages)
    kinds = (
        sorted({m.casefold() for m in medicines}),
        sorted({code.casefold() for code in _CODE.findall(texts)}),
        sorted({name.casefold() for name in _RARE.findall(texts)}),
    )
    terms: list[str] = []
    for kind in kinds:
        fitting = [term for term in kind if 1 <= len(holding.get(term, ())) <= MOST_HOLDING and term not in terms]
        fitting = [term for term in fitting if held_out(term, DEVELOPMENT_SUBJECTS * 10) == development]
        terms += [fitting[place] for place in _drawn(len(fitting), each, 0)]
    return Benchmark(
        "exact terms",
        "Single exact terms (medicines, codes, rare names), among all passages of MedQuAD",
        tuple(Query(term, "question") for term in terms),
        tuple(passages),
        tuple(frozenset(holding[term]) for term in terms),
    )


def with_typos(benchmark: Benchmark, seed: int = 0) -> Benchmark:
    """Return the same questions with a typing error in one word, in questions of ten words or more in two."""
    rng = np.random.default_rng(seed)
    return Benchmark(
        f"{benchmark.name}, typos",
        f"{benchmark.title}, with typing errors",
        tuple(replace(query, text=_mistyped(query.text, rng)) for query in benchmark.queries),
        benchmark.passages,
        benchmark.relevant,
    )


def _mistyped(text: str, rng: np.random.Generator) -> str:
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= TYPOS_LENGTH and word.isalpha()]
    count = min(len(long), 1 + (len(words) >= 10))
    for place in rng.choice(long, size=count, replace=False) if long else ():
        words[place] = _mistyped_word(words[place], rng)
    return " ".join(words)


def _mistyped_word(word: str, rng: np.random.Generator) -> str:
    """Return a word with one letter left out, doubled, changed for a neighbour, or exchanged with the next."""
    place = int(rng.integers(0, len(word) - 1))
    letter, beside = word[place], _NEIGHBOURS.get(word[place].lower(), "e")
    wrong = ("", letter * 2, beside[int(rng.integers(len(beside)))], word[place + 1] + letter)
    kind = int(rng.integers(len(wrong)))
    return word[:place] + wrong[kind] + word[place + (2 if kind == 3 else 1) :]


def _drawn(count: int, most: int, seed: int) -> list[int]:
    return [int(number) for number in np.random.default_rng(seed).permutation(count)[:most]]


def _passage(name: str, title: str, section: str, text: str) -> Passage:
    return Passage(name, name, title, section, text, "")
