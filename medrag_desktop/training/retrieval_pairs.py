"""Question -> passage pairs from the public corpora, with what is held out kept out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medrag_desktop.adapters.pack_shelf import passage_heading
from medrag_desktop.domain.held_out import BIOASQ_BATCH, held_out, subject
from medrag_desktop.importers.chunking import split_text
from medrag_desktop.importers.retrieval_sets import CHUNKS_PER_ANSWER, read_jsonl

CLINICAL = ("information", "causes", "exams and tests", "treatment", "outlook", "complications")
"""MedQuAD question types a presentation is paired with: what a clinician reads, not genetics."""
_PREAMBLE = re.compile(r"^What are the signs and symptoms of [^?]*\?|The Human Phenotype.*?\(when available\)", re.S)
_TABLE_CELL = re.compile(r" (?:\d+(?:\.\d+)?%|-(?= [A-Z]|$)) ?")
_RESOURCES = re.compile(r"^These resources address")


@dataclass(frozen=True, slots=True)
class Pair:
    """One question and one passage that answers it."""

    question: str
    title: str
    text: str
    group: str
    """Subject of both; another passage of the same group is never used as a negative."""


def training_sources(data: Path) -> dict[str, list[Pair]]:
    """Return the training pairs of the corpora below `data/corpora`, by source name."""
    corpora = data / "corpora"
    medquad = [row for row in read_jsonl(corpora / "medquad.jsonl.gz") if not held_out(row["focus"])]
    topics = read_jsonl(corpora / "medlineplus_topics.jsonl.gz")
    return {
        "medquad": list(medquad_pairs(medquad)),
        "presentation": list(presentation_pairs(medquad)),
        "bioasq": list(bioasq_training_pairs(read_jsonl(corpora / "bioasq_7b_10b.jsonl.gz"))),
        "medlineplus": list(medlineplus_pairs(row for row in topics if not held_out(row["Title"]))),
        "ctgov": list(trial_pairs(read_jsonl(corpora / "ctgov_detailed_to_brief.jsonl.gz"))),
    }


def medquad_pairs(rows: Iterable[dict[str, Any]]) -> Iterator[Pair]:
    """Pair each question with the leading chunks of its answer."""
    for row in rows:
        if _RESOURCES.match(row["answer"]):
            continue
        title = passage_heading(row["focus"], row["qtype"])
        for text in split_text(row["answer"])[:CHUNKS_PER_ANSWER]:
            yield Pair(row["question"], title, text, subject(row["focus"]))


def presentation_pairs(rows: Iterable[dict[str, Any]]) -> Iterator[Pair]:
    """Pair a chunk on symptoms, its disease unnamed, with what other answers say of that disease."""
    answers: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in (row for row in rows if not _RESOURCES.match(row["answer"])):
        answers[subject(row["focus"])].setdefault(row["qtype"], row)
    for group, by_type in answers.items():
        if "symptoms" not in by_type:
            continue
        targets = [by_type[qtype] for qtype in CLINICAL if qtype in by_type]
        answer = _PREAMBLE.sub("", by_type["symptoms"]["answer"].strip())
        for text in split_text(_TABLE_CELL.sub(", ", answer))[:2]:
            question = without_name(text, by_type["symptoms"]["focus"], 60)
            for row in targets[:3]:
                title = passage_heading(row["focus"], row["qtype"])
                yield Pair(question, title, split_text(row["answer"])[0], group)


def without_name(text: str, name: str, longest: int = 160) -> str:
    """Return the first words of a text with the words of a name replaced by `this condition`."""
    pattern = r"\W+".join(re.escape(word) for word in re.findall(r"\w+", name))
    bare = re.sub(rf"\b{pattern}s?\b", "this condition", text, flags=re.IGNORECASE) if pattern else text
    return " ".join(bare.split()[:longest])


def bioasq_training_pairs(rows: Sequence[dict[str, Any]]) -> Iterator[Pair]:
    """Pair the questions of 7B to 9B with their snippets, leaving out every text that 10B uses too."""
    evaluation = [row for row in rows if row["batch"].startswith(BIOASQ_BATCH)]
    kept_out = {subject(snippet["text"]) for row in evaluation for snippet in row["snippets"]}
    questions = {subject(row["question"]) for row in evaluation}
    for row in rows:
        if row["batch"].startswith(BIOASQ_BATCH) or subject(row["question"]) in questions:
            continue
        for text in dict.fromkeys(snippet["text"] for snippet in row["snippets"]):
            if subject(text) not in kept_out:
                yield Pair(row["question"], "", " ".join(text.split()[:120]), row["id"])


def medlineplus_pairs(rows: Iterable[dict[str, Any]]) -> Iterator[Pair]:
    """Pair the title of a health topic with the chunks of its text."""
    for row in rows:
        for text in split_text(row["text"]):
            yield Pair(row["Title"], row["Title"], text, subject(row["Title"]))


def trial_pairs(rows: Sequence[dict[str, Any]], most: int = 6000) -> Iterator[Pair]:
    """Pair the title of a trial, which opens its detailed description, with what follows it."""
    for row in rows[:: max(1, len(rows) // most)]:
        title, _, rest = row["detailed"].partition(". ")
        if 4 <= len(title.split()) <= 40 and len(rest.split()) >= 20:
            yield Pair(title, "", split_text(rest)[0], row["nct"])
