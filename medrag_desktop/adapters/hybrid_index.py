"""Rows of one pack for a query: the nearest vectors and the best BM25 scores, fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medrag_desktop.adapters.faiss_index import DenseIndex, Int8Vectors, Rows
from medrag_desktop.adapters.lexical_index import LexicalIndex
from medrag_desktop.domain.evidence import Query
from medrag_desktop.domain.fusion import fused_score
from medrag_desktop.ports import Vectors
from medrag_desktop.tasks import Task

DEPTH = 50
"""Places of each ranking that take part in the fusion, at least."""
FEW = 20_000
"""Rows left by a filter up to which every vector is compared."""


@dataclass(frozen=True, slots=True)
class Row:
    """A passage found, by its number in the pack."""

    row: int
    score: float
    cosine: float
    lexical: float
    """BM25 as `LexicalIndex.search` returns it; 0 when it is not among the best."""
    dense_rank: int | None
    lexical_rank: int | None


class HybridIndex:
    """Searches the vectors and the words of the same passages."""

    def __init__(self, vectors: Int8Vectors, dense: DenseIndex, lexical: LexicalIndex) -> None:
        self._vectors = vectors
        self._dense = dense
        self._lexical = lexical

    def search(
        self, queries: Sequence[Query], vectors: Vectors, k: int, *, task: Task, only: Rows | None = None
    ) -> list[list[Row]]:
        """Return every row that is among the max(k, DEPTH) best of either ranking, best first.

        `vectors` has one row a query, shape (queries, dimension). With `only`, no other row is found.
        """
        depth = max(DEPTH, k)
        few = only is not None and len(only) <= FEW
        near, _ = (self._vectors if few else self._dense).search(vectors, depth, only)
        chosen = None if only is None else frozenset(only.tolist())
        found = []
        for query, vector, dense in zip(queries, vectors, near.tolist(), strict=True):
            task.checkpoint()
            lexical = self._lexical.search(query, depth, chosen)
            found.append(self._fuse(query.purpose, vector, [row for row in dense if row >= 0], lexical))
        return found

    def _fuse(
        self, purpose: str, vector: Vectors, dense: Sequence[int], lexical: Sequence[tuple[int, float]]
    ) -> list[Row]:
        scores = dict(lexical)
        rows = list(dict.fromkeys([*dense, *scores]))
        if not rows:
            return []
        cosines = self._vectors.cosines(vector, np.array(rows, dtype=np.int64)).tolist()
        places = [{row: place for place, row in enumerate(ranking, start=1)} for ranking in (dense, scores)]
        found = [
            Row(
                row,
                fused_score(cosine, scores.get(row, 0.0), purpose),
                cosine,
                scores.get(row, 0.0),
                places[0].get(row),
                places[1].get(row),
            )
            for row, cosine in zip(rows, cosines, strict=True)
        ]
        return sorted(found, key=lambda item: (-item.score, item.row))
