"""Measure the best cosine of queries the library answers and of queries it does not, for the evidence floor.

`python -m medrag_desktop.training.calibrate_evidence MODEL --library DIR --data DIR`; the thresholds chosen from
what it prints stand in `domain.fusion`.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.pack_shelf import passage_heading
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.held_out import held_out, subject
from medrag_desktop.importers.retrieval_sets import passages_by_condition, read_jsonl
from medrag_desktop.ports import Encoder, Vectors
from medrag_desktop.services.written_encounters import write_encounters
from medrag_desktop.tasks import Task
from medrag_desktop.training.library_pairs import ASKED

EVERYDAY = (
    "How do I change the tyre of a bicycle?", "recipe for sourdough bread with rye flour",
    "Who won the football match last night?", "best way to learn the guitar", "How does a solar panel make power?",
    "capital of Mongolia", "cheap flights in September", "Write a poem about the sea",
    "How do I sort a list in a spreadsheet?", "history of the printing press", "when to plant tomatoes",
    "How much tax do I owe on rent?", "repair a leaking tap", "the plot of a crime novel", "train a puppy to sit",
    "What is the distance to the moon?", "translate good morning into Swahili", "car will not start in the cold",
    "colour of paint for a small kitchen", "how to fold a paper crane", "interest rate of a savings account",
    "laptop battery drains fast", "rules of chess castling", "build a chicken coop", "weather on Saturday",
    "knit a scarf for beginners", "song with a whistle in the chorus", "which phone has the best camera",
    "how volcanoes form", "what do penguins eat", "remove a stain of red wine", "open a small shop licence",
    "asdf qwer zxcv", "12345 67890", "lorem ipsum dolor sit amet", "the", "hello", "???", "meeting agenda for Monday",
    "How tall is the tallest building?",
)  # fmt: skip
"""Questions no clinical library answers."""


def library_queries(catalogue: Catalogue) -> dict[str, list[str]]:
    """Return queries the library does answer, by kind."""
    rng = np.random.default_rng(7)
    kinds: dict[str, list[str]] = {"candidate": [], "presentation": [], "question": []}
    for condition in catalogue.conditions:
        written = list(write_encounters(condition, catalogue.vocabulary, rng, 4))
        names = ", ".join((condition.name, *condition.synonyms[:3]))
        kinds["candidate"] += [f"{names}: {text}" for text in written[:2]]
        kinds["presentation"] += written[2:]
        kinds["question"] += [forms[0].format(condition.name) for forms in ASKED.values()]
    return kinds


def uncovered_questions(data: Path, catalogue: Catalogue, most: int) -> list[str]:
    """Return held-out MedQuAD questions on inherited and rare diseases that no condition is named after."""
    names = {subject(name) for c in catalogue.conditions for name in (c.name, *c.synonyms)}
    words = {word for name in names for word in name.split() if len(word) > 4}
    rows = [
        row
        for row in read_jsonl(data / "corpora" / "medquad.jsonl.gz")
        if held_out(row["focus"]) and row["source"] in ("GHR", "GARD")
        and not words & set(re.findall(r"\w+", subject(row["focus"])))
    ]  # fmt: skip
    chosen = np.random.default_rng(7).permutation(len(rows))[:most]
    return [rows[row]["question"] for row in chosen]


def best_cosines(queries: Sequence[str], passages: Vectors, encoder: Encoder) -> NDArray[np.float32]:
    """Return the largest cosine of each query with any passage, in order of size."""
    best: NDArray[np.float32] = np.sort((encoder.encode_questions(queries, task=Task()) @ passages.T).max(axis=1))
    return best


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print JSON lines of quantiles."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO)
    catalogue, encoder = load_catalogue(options.library), DprEncoder(options.model, 1)
    cut = [p for ps in passages_by_condition(catalogue.conditions).values() for p in ps]
    passages = encoder.encode_passages([(passage_heading(p.title, p.section), p.text) for p in cut], task=Task())
    kinds = library_queries(catalogue) | {"everyday": list(EVERYDAY)}
    kinds["uncovered disease"] = uncovered_questions(options.data, catalogue, 200)
    for kind, queries in kinds.items():
        best = best_cosines(queries, passages, encoder)
        shares = {f"p{q}": round(float(np.percentile(best, q)), 3) for q in (0, 1, 5, 25, 50, 75, 95, 99, 100)}
        print(json.dumps({"kind": kind, "queries": len(queries), **shares}))


if __name__ == "__main__":
    main()
