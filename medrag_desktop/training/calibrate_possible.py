"""Measure how near words must be to a name of a finding to be taken for it, for `services.possible.NEAR`.

`python -m medrag_desktop.training.calibrate_possible MODEL --library DIR --data DIR` prints one JSON line a threshold
for held-out names of findings, then every clause of the even rows of MedQA-dev that the lexicon leaves over with its
nearest finding, nearest first, to be labelled by hand. Odd rows are never read.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.possible_finding import PossibleFinding
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.importers.retrieval_sets import read_jsonl
from medrag_desktop.services.possible import Names, PossibleReader, names_of
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task

THRESHOLDS = (0.75, 0.8, 0.82, 0.85, 0.88, 0.9, 0.92, 0.95)
HELD_OUT = 5
"""One name of a finding in so many is held out."""
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def held_out_names(names: Names, vocabulary: Vocabulary) -> Iterator[dict[str, float]]:
    """Yield, a threshold, how many held-out names find a name so near, and how often it is of the same finding.

    `near_kin` also counts a finding that implies the right one, or that it implies.
    """
    rng = np.random.default_rng(7)
    rows: dict[str, list[int]] = {}
    for row, (finding, _) in enumerate(names.names):
        rows.setdefault(finding, []).append(row)
    out = np.zeros(len(names.names), dtype=bool)
    for members in rows.values():
        out[rng.permutation(members)[: len(members) // HELD_OUT]] = True
    kept = Names(tuple(n for n, held in zip(names.names, out, strict=True) if not held), names.vectors[~out])
    asked = [finding for (finding, _), held in zip(names.names, out, strict=True) if held]
    found = kept.nearest(names.vectors[out])
    for threshold in THRESHOLDS:
        pairs = [(right, each[0]) for right, each in zip(asked, found, strict=True) if each[2] >= threshold]
        same = sum(right == given for right, given in pairs)
        kin = sum(right in _family(given, vocabulary) for right, given in pairs)
        yield {
            "threshold": threshold,
            "yield": round(len(pairs) / len(asked), 3),
            "precision": round(same / max(1, len(pairs)), 3),
            "near_kin": round(kin / max(1, len(pairs)), 3),
        }


def _family(finding: str, vocabulary: Vocabulary) -> set[str]:
    return {finding, *vocabulary.ancestors(finding), *vocabulary.descendants(finding)}


def even_rows(data: Path) -> Iterator[Encounter]:
    """Yield the stories of the even rows, counted from 0, without the question at their end."""
    for number, row in enumerate(read_jsonl(data / "vignettes" / "medqa_dev.jsonl.gz")):
        if number % 2 == 0:
            yield Encounter(history=" ".join(_SENTENCE_END.split(row["question"].strip())[:-1]))


def possible_in(data: Path, ranker: Ranker, reader: PossibleReader) -> list[PossibleFinding]:
    """Return what is possible in the even rows, nearest first, equal words once."""
    found: dict[tuple[str, str], PossibleFinding] = {}
    for story in even_rows(data):
        encounter, observations, _ = ranker.triage(story)
        for each in reader.read(encounter, observations, task=Task()):
            found.setdefault((each.finding, each.quote.lower()), each)
    return sorted(found.values(), key=lambda each: -each.similarity)


def open_ranker(catalogue: Catalogue) -> Ranker:
    """Return what reads the stories as the program does."""
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    return Ranker(catalogue, make_ranking_model(catalogue.conditions, catalogue.vocabulary), lexicon, Settings())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print JSON lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--from", type=float, default=0.8, dest="least", help="least cosine that is printed")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO)
    ranker, encoder = open_ranker(load_catalogue(options.library)), DprEncoder(options.model, 1)
    vocabulary = ranker.catalogue.vocabulary
    pairs = names_of(vocabulary)
    names = Names(pairs, encoder.encode_questions([name for _, name in pairs], task=Task()))
    for line in held_out_names(names, vocabulary):
        print(json.dumps(line))
    reader = PossibleReader(encoder, ranker.lexicon, names, options.least)
    for each in possible_in(options.data, ranker, reader):
        row = {"cosine": each.similarity, "finding": vocabulary.label(each.finding), "words": each.quote}
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
