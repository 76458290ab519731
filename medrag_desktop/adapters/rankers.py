"""Rankers of a collection of passages, for `medrag evaluate retrieval`: words alone, vectors alone, both."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from medrag_desktop.adapters.faiss_index import Int8Vectors, quantize
from medrag_desktop.adapters.hybrid_index import HybridIndex
from medrag_desktop.adapters.lexical_index import LexicalIndex, build_lexical_index
from medrag_desktop.adapters.pack_shelf import passage_heading
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.ports import Encoder
from medrag_desktop.services.library import QueryReader
from medrag_desktop.tasks import Task


class Collections:
    """Word indexes and vectors of collections; each is made once, and the vectors are kept for the next time."""

    def __init__(self, folder: Path, keep: Path | None = None) -> None:
        """Write word indexes below an existing folder, and vectors to `keep` where that is given."""
        self._folder = folder
        self._keep = keep
        self._lexical: dict[str, LexicalIndex] = {}
        self._vectors: dict[tuple[str, str], Int8Vectors] = {}

    def lexical(self, passages: Sequence[Passage], *, task: Task) -> LexicalIndex:
        """Return the word index of a collection."""
        name = _digest(passages)
        if name not in self._lexical:
            folder = self._folder / name
            folder.mkdir()
            build_lexical_index(folder, passages, task=task)
            self._lexical[name] = LexicalIndex(folder)
        return self._lexical[name]

    def vectors(self, passages: Sequence[Passage], encoder: Encoder, *, task: Task) -> Int8Vectors:
        """Return the vectors of a collection as a pack stores them."""
        name = _digest(passages)
        if (name, encoder.id) not in self._vectors:
            file = self._keep / f"{encoder.id}-{name}.npy" if self._keep else None
            if file and file.is_file():
                encoded = np.load(file, allow_pickle=False)
            else:
                texts = [(passage_heading(p.title, p.section), p.text) for p in passages]
                encoded = encoder.encode_passages(texts, task=task)
                if file:
                    np.save(file, encoded)
            self._vectors[name, encoder.id] = quantize(encoded)
        return self._vectors[name, encoder.id]


class LexicalRanker:
    """BM25 as the program computes it."""

    def __init__(self, collections: Collections, reader: QueryReader) -> None:
        self._collections = collections
        self._reader = reader

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Meets `PassageRanker`."""
        index = self._collections.lexical(passages, task=task)
        return [[row for row, _ in index.search(query, k)] for query in self._reader.read(queries, [index])]


class DenseRanker:
    """Exact search of one encoder's vectors."""

    def __init__(self, collections: Collections, encoder: Encoder) -> None:
        self._collections = collections
        self._encoder = encoder

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Meets `PassageRanker`."""
        vectors = self._collections.vectors(passages, self._encoder, task=task)
        rows, _ = vectors.search(self._encoder.encode_questions([query.text for query in queries], task=task), k)
        return [[int(row) for row in ranking] for ranking in rows]


class HybridRanker:
    """What a search of the program does, but for the index that an approximate search of many vectors needs."""

    def __init__(self, collections: Collections, encoder: Encoder, reader: QueryReader) -> None:
        self._collections = collections
        self._encoder = encoder
        self._reader = reader

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Meets `PassageRanker`."""
        vectors = self._collections.vectors(passages, self._encoder, task=task)
        lexical = self._collections.lexical(passages, task=task)
        read = self._reader.read(queries, [lexical])
        asked = self._encoder.encode_questions([query.text for query in read], task=task)
        found = HybridIndex(vectors, vectors, lexical).search(read, asked, k, task=task)
        return [[item.row for item in rows[:k]] for rows in found]


class AssessmentRanker:
    """What an assessment shows: the passages on its candidates, the best of each before the second of any."""

    def __init__(self, search: HybridRanker, of_candidates: Mapping[Query, tuple[Query, ...]]) -> None:
        """`of_candidates` holds the queries for the candidates of each presentation, the most probable first."""
        self._search = search
        self._of_candidates = of_candidates

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Meets `PassageRanker`."""
        asked = [query for presentation in queries for query in self._of_candidates[presentation]]
        found = iter(self._search.rank(asked, passages, k, task=task))
        rankings = []
        for presentation in queries:
            of_each = [
                [row for row in next(found) if passages[row].condition == candidate.condition]
                for candidate in self._of_candidates[presentation]
            ]
            places = (row for rows in zip_longest(*of_each) for row in rows if row is not None)
            rankings.append(list(dict.fromkeys(places))[:k])
        return rankings


class Bm25sRanker:
    """BM25 of the library bm25s (Lù 2024) with its usual settings, as a check of ours."""

    @staticmethod
    def is_installed() -> bool:
        """Tell whether the library is there: it comes with the extra `bench`."""
        return importlib.util.find_spec("bm25s") is not None

    def rank(self, queries: Sequence[Query], passages: Sequence[Passage], k: int, *, task: Task) -> list[list[int]]:
        """Meets `PassageRanker`."""
        import bm25s  # only measurements need it
        import Stemmer

        stemmer = Stemmer.Stemmer("english")
        texts = [f"{passage_heading(p.title, p.section)} {p.text}" for p in passages]
        index = bm25s.BM25()
        index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
        asked = bm25s.tokenize([query.text for query in queries], stopwords="en", stemmer=stemmer, show_progress=False)
        rows, _ = index.retrieve(asked, k=min(k, len(texts)), show_progress=False)
        task.checkpoint()
        return [[int(row) for row in ranking] for ranking in rows]


def _digest(passages: Sequence[Passage]) -> str:
    digest = hashlib.sha256()
    for passage in passages:
        digest.update(repr((passage.title, passage.section, passage.text)).encode("utf-8", "ignore"))
    return digest.hexdigest()[:16]
