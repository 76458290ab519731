"""Mine passages that look right and belong to another subject: near by an encoder, or near by BM25.

`python -m medrag_desktop.training.hard_negatives MODEL --data DIR --out FILE [--library DIR] [--steps N]`

A passage that comes as near to the question as its own answer may be an answer too; such likely false negatives
are left out (positive-aware mining, Moreira et al. 2024).
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.faiss_index import quantize
from medrag_desktop.adapters.lexical_index import LexicalIndex, build_lexical_index
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.errors import InputError
from medrag_desktop.ports import Encoder
from medrag_desktop.tasks import Task
from medrag_desktop.training.library_pairs import library_sources
from medrag_desktop.training.retrieval_pairs import Pair, training_sources
from medrag_desktop.training.retriever_recipe import Recipe, draw_rows

log = logging.getLogger(__name__)

NEAREST = 60
"""Places of each ranking that are looked through."""
BY_VECTOR, BY_WORD = 6, 4
"""Negatives kept for a pair from the dense ranking and from BM25."""
SURELY_WRONG = 0.95
"""A negative is kept when its cosine is at most this share of the answer's."""
NONE = -1


@dataclass(frozen=True)
class Pool:
    """The distinct passages of all pairs, and the subjects each belongs to."""

    sources: Mapping[str, Sequence[Pair]]

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(title, text) of every passage, in order of first use."""
        return tuple(dict.fromkeys((p.title, p.text) for name in sorted(self.sources) for p in self.sources[name]))

    @cached_property
    def number(self) -> dict[tuple[str, str], int]:
        """Place of a passage in `texts`."""
        return {text: row for row, text in enumerate(self.texts)}

    @cached_property
    def subjects(self) -> tuple[frozenset[str], ...]:
        """The groups whose pairs hold each passage."""
        found: list[set[str]] = [set() for _ in self.texts]
        for pairs in self.sources.values():
            for pair in pairs:
                found[self.number[pair.title, pair.text]].add(pair.group)
        return tuple(frozenset(groups) for groups in found)

    @cached_property
    def digest(self) -> str:
        """Hex digest of all pairs: negatives mined for others do not fit."""
        digest = hashlib.sha256()
        for name in sorted(self.sources):
            for pair in self.sources[name]:
                digest.update(repr((name, pair)).encode("utf-8", "ignore"))
        return digest.hexdigest()


class HardNegatives:
    """What was mined: for each pair, the rows of its negatives in the pool, NONE where there are fewer."""

    def __init__(self, pool: Pool, file: Path) -> None:
        """Read a file; raise InputError if it was mined for other pairs."""
        with np.load(file, allow_pickle=False) as kept:
            if str(kept["digest"]) != pool.digest:
                raise InputError(f"The negatives in {file} were mined for other pairs; mine them again.")
            self._rows = {name: kept[f"rows_{name}"] for name in pool.sources}
        self._pool = pool

    def draw(self, source: str, rows: Sequence[int], count: int, rng: np.random.Generator) -> list[Pair]:
        """Return at most `count` distinct passages that are wrong for all these pairs of a source."""
        found: dict[int, None] = {}
        right = {self._pool.sources[source][row].group for row in rows}
        mined = self._rows[source][list(rows)]
        for column in rng.permutation(mined.shape[1]):
            for negative in rng.permutation(mined[:, column]):
                if len(found) == count:
                    return [self._pair(row) for row in found]
                if negative != NONE and not right & self._pool.subjects[negative]:
                    found[int(negative)] = None
        return [self._pair(row) for row in found]

    def _pair(self, row: int) -> Pair:
        title, text = self._pool.texts[row]
        return Pair("", title, text, f"negative {row}")


def mine(pool: Pool, wanted: Mapping[str, NDArray[np.int64]], encoder: Encoder) -> dict[str, NDArray[np.int32]]:
    """Return the negatives of the wanted pairs of each source, shape (pairs, BY_VECTOR + BY_WORD)."""
    log.info("%d passages", len(pool.texts))
    task = Task(lambda progress: None)
    vectors = quantize(encoder.encode_passages(pool.texts, task=task))
    dense = faiss.IndexFlatIP(vectors.dimension)
    dense.add(vectors.floats())
    rows = {name: np.full((len(pairs), BY_VECTOR + BY_WORD), NONE, np.int32) for name, pairs in pool.sources.items()}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        passages = (Passage(str(row), "", title, "", text, "") for row, (title, text) in enumerate(pool.texts))
        build_lexical_index(Path(folder), passages, task=task)
        lexical = LexicalIndex(Path(folder))
        for name, numbers in wanted.items():
            log.info("%s: %d pairs", name, len(numbers))
            for start in range(0, len(numbers), 512):
                part = numbers[start : start + 512]
                questions = encoder.encode_questions([pool.sources[name][n].question for n in part], task=task)
                cosines, near = dense.search(questions, NEAREST)
                for place, number in enumerate(part):
                    pair = pool.sources[name][number]
                    own = np.array([pool.number[pair.title, pair.text]])
                    limit = SURELY_WRONG * float(vectors.cosines(questions[place], own)[0])
                    by_word = np.array(
                        [row for row, _ in lexical.search(Query(pair.question, "question"), NEAREST)], np.int64
                    )
                    kept = _kept(pool, pair, near[place], cosines[place], limit)[:BY_VECTOR]
                    others = _kept(pool, pair, by_word, vectors.cosines(questions[place], by_word), limit)
                    kept += [row for row in others if row not in kept][:BY_WORD]
                    rows[name][number, : len(kept)] = kept
    return rows


def _kept(pool: Pool, pair: Pair, rows: NDArray[np.int64], cosines: NDArray[np.float32], limit: float) -> list[int]:
    return [
        int(row)
        for row, cosine in zip(rows, cosines, strict=True)
        if cosine <= limit and pair.group not in pool.subjects[row]
    ]


def save_negatives(file: Path, pool: Pool, negatives: Mapping[str, NDArray[np.int32]]) -> None:
    """Write what was mined, with the digest of the pairs it was mined for."""
    arrays: dict[str, Any] = {f"rows_{name}": rows for name, rows in negatives.items()}
    np.savez_compressed(file, digest=np.array(pool.digest), **arrays)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and mine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="exported retriever that finds the near passages")
    parser.add_argument("--data", type=Path, required=True, help="folder with corpora/")
    parser.add_argument("--library", type=Path, help="folder of the clinical library")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.npz)")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="training steps whose pairs are mined for")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    sources = training_sources(options.data) | (library_sources(options.library) if options.library else {})
    pool = Pool(sources)
    drawn: dict[str, set[int]] = {name: set() for name in sources}
    for step in range(options.steps):
        name, rows, _ = draw_rows(sources, Recipe(), step)
        drawn[name].update(rows)
    wanted = {name: np.array(sorted(rows), np.int64) for name, rows in drawn.items()}
    save_negatives(options.out, pool, mine(pool, wanted, DprEncoder(options.model)))
    log.info("saved %s", options.out)


if __name__ == "__main__":
    main()
