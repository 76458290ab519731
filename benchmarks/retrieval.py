"""Retrieval against its peers, in one run: encoding, and searches among 5,000, 100,000 and 1,000,000 passages.

`python3 dev.py bench retrieval --data DIR [--sizes N ...] [--checkpoint DIR]`; figures go to stdout as JSON lines. Real
passages and questions are those of MedQuAD and BioASQ; `benchmarks/growth.py` says how more are made of them. Each size
is searched in a process of its own, so that its memory can be told.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth import grow
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.faiss_index import load_vectors
from medrag_desktop.adapters.lexical_index import LexicalIndex
from medrag_desktop.adapters.pack_shelf import FolderPackShelf, passage_heading
from medrag_desktop.adapters.rankers import Collections
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.retrieval_sets import bioasq_benchmark, medquad_benchmark
from medrag_desktop.ports import Encoder, Vectors
from medrag_desktop.services.library import Library
from medrag_desktop.tasks import Task

ROOT = Path(__file__).resolve().parents[1]
QUERIES = 200
ASSESS = 13
"""Queries of one assessment: the presentation and twelve candidates."""
ENCODED = 512
"""Passages that encoders are timed on."""
K = 10


class Known:
    """An encoder that gives passages the vectors it was told, in their order."""

    def __init__(self, encoder: Encoder, vectors: Vectors) -> None:
        self.id = encoder.id
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._vectors = vectors

    def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
        """Encode in earnest."""
        return self._encoder.encode_questions(texts, task=task)

    def encode_passages(self, texts: Sequence[tuple[str, str]], *, task: Task) -> Vectors:
        """Return what is known."""
        assert len(texts) == len(self._vectors)
        return self._vectors


def milliseconds(work: Callable[[int], object], rounds: int = QUERIES) -> dict[str, float]:
    """Return p50 and p95 over some calls after five that warm up."""
    for number in range(5):
        work(number)
    times = []
    for number in range(rounds):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1000)
    return {"p50_ms": round(statistics.median(times), 2), "p95_ms": round(sorted(times)[int(rounds * 0.95)], 2)}


def resident_mb() -> float:
    """Return the memory this process holds now (Linux)."""
    status = Path("/proc/self/status").read_text("ascii")
    return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)


def encoding(texts: Sequence[tuple[str, str]], checkpoint: Path | None, threads: int) -> Iterator[dict[str, object]]:
    """Yield passages a second: ours in int8, the same weights in fp32, and sentence-transformers on torch."""
    ours = DprEncoder(ROOT / "models" / "retriever", threads)
    yield speed("this build, int8 ONNX", texts, lambda some: ours.encode_passages(some, task=Task()))
    if checkpoint is not None:
        from medrag_desktop.training.export_retriever import export_retriever

        with tempfile.TemporaryDirectory() as folder:
            export_retriever(checkpoint, Path(folder), quantized=False)
            plain = DprEncoder(Path(folder), threads)
            yield speed("the same, fp32 ONNX", texts, lambda some: plain.encode_passages(some, task=Task()))
    import torch
    from sentence_transformers import SentenceTransformer

    from medrag_desktop.training.retriever_model import minilm_folder

    torch.set_num_threads(threads)
    model = SentenceTransformer(str(minilm_folder()), device="cpu")
    joined = [f"{title} {text}" for title, text in texts]
    yield speed("sentence-transformers, torch fp32", joined, lambda some: model.encode(some, batch_size=32))


def speed(name: str, texts: Sequence[Any], encode: Callable[[Any], object]) -> dict[str, object]:
    """Return how many texts a second are encoded, the best of two rounds after a short one."""
    encode(texts[:32])
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        encode(texts)
        seconds.append(time.perf_counter() - start)
    return {"encoder": name, "passages": len(texts), "passages_per_s": round(len(texts) / min(seconds), 1)}


def searching(folder: Path, size: int, texts: Sequence[str], threads: int) -> dict[str, object]:
    """Open a pack and time its search; runs in a process of its own."""
    encoder = DprEncoder(ROOT / "models" / "retriever", threads)
    queries = [Query(text, "question") for text in texts]
    vectors = encoder.encode_questions(texts, task=Task())
    before = resident_mb()
    start = time.perf_counter()
    pack = FolderPackShelf(folder, chunk).open("grown", encoder.id)
    opened = time.perf_counter() - start
    after = resident_mb()
    library = Library(FolderPackShelf(folder, chunk), encoder)
    lexical = LexicalIndex(folder / "grown" / "lexical")
    n = len(queries)
    found = {
        "size": size,
        "open_s": round(opened, 3),
        "resident_mb": {"model and program": before, "with the pack open": after},
        "one query, encoded": milliseconds(lambda i: library.search([queries[i % n]], K, task=Task())),
        "lexical alone": milliseconds(lambda i: lexical.search(queries[i % n], 50)),
        "dense, lexical, fuse, fetch": milliseconds(
            lambda i: pack.search([queries[i % n]], vectors[i % n : i % n + 1], K, task=Task())
        ),
        f"{ASSESS} queries, encoded": milliseconds(
            lambda i: library.search([queries[(i * ASSESS + j) % n] for j in range(ASSESS)], K, task=Task()), 50
        ),
    }
    return {**found, "resident_mb_after": resident_mb()}


def dense_peer(folder: Path, asked: Vectors) -> dict[str, object]:
    """Build an HNSW graph of usearch over the same vectors and time it; recall is against an exact search."""
    from usearch.index import Index

    stored = load_vectors(folder / "grown")
    vectors = stored.floats()
    start = time.perf_counter()
    index = Index(ndim=stored.dimension, metric="ip", dtype="f16")
    index.add(np.arange(len(stored)), vectors)
    built = time.perf_counter() - start
    exact, _ = stored.search(asked[:50], K)
    shared = [len(np.intersect1d(index.search(q, K).keys, rows)) for q, rows in zip(asked, exact, strict=False)]
    return {
        "peer": "usearch HNSW f16, dense alone",
        "size": len(stored),
        "build_s": round(built, 1),
        "bytes_per_passage": round(index.memory_usage / len(stored)),
        "recall_at_10": round(float(np.mean(shared)) / K, 3),
        **milliseconds(lambda i: index.search(asked[i % len(asked)], 50)),
    }


def lexical_peer(folder: Path, texts: Sequence[str], scratch: Path) -> dict[str, object]:
    """Build SQLite FTS5 over the same passages and time its BM25."""
    connection = sqlite3.connect(scratch / "fts.db")
    start = time.perf_counter()
    connection.execute("CREATE VIRTUAL TABLE p USING fts5(heading, text, content='', tokenize='porter unicode61')")
    source = sqlite3.connect(folder / "grown" / "passages.db")
    rows = source.execute("SELECT row, title || ' ' || section, text FROM passages")
    connection.executemany("INSERT INTO p(rowid, heading, text) VALUES (?, ?, ?)", rows)
    connection.commit()
    built = time.perf_counter() - start

    def ask(number: int) -> object:
        words = "".join(c if c.isalnum() else " " for c in texts[number % len(texts)]).split()
        match = " OR ".join(f'"{word}"' for word in words)
        return connection.execute("SELECT rowid FROM p WHERE p MATCH ? ORDER BY rank LIMIT 50", [match]).fetchall()

    times = milliseconds(ask, 50)
    size = connection.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    return {"peer": "SQLite FTS5, words alone", "build_s": round(built, 1), "bytes": size, **times}


def real(data: Path, keep: Path | None, encoder: Encoder) -> tuple[list[Passage], Vectors, list[str]]:
    """Return real passages, their vectors, and questions; vectors that were kept are read."""
    task = Task()
    parts = (medquad_benchmark(data, QUERIES // 2), bioasq_benchmark(data))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        collections = Collections(Path(folder), keep)
        vectors = [collections.vectors(part.passages, encoder, task=task).floats() for part in parts]
    texts = [query.text for part in parts for query in part.queries[: QUERIES // 2]]
    return [p for part in parts for p in part.passages], np.concatenate(vectors), texts


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(prog="bench retrieval", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with corpora/")
    parser.add_argument("--keep", type=Path, help="folder with vectors of `medrag evaluate retrieval --keep`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 100_000, 1_000_000])
    parser.add_argument("--checkpoint", type=Path, help="checkpoint of the towers, to time fp32 as well")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder with room for the packs (2.5 GB a million passages)")
    options = parser.parse_args(arguments)
    encoder = DprEncoder(ROOT / "models" / "retriever", options.threads)
    passages, vectors, texts = real(options.data, options.keep, encoder)
    print(json.dumps({"cores": os.cpu_count(), "threads": options.threads, "load": os.getloadavg()}), flush=True)
    shown = [(passage_heading(p.title, p.section), p.text) for p in passages[:: len(passages) // ENCODED][:ENCODED]]
    for line in encoding(shown, options.checkpoint, options.threads):
        print(json.dumps(line), flush=True)
    asked = encoder.encode_questions(texts, task=Task())
    for size in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.scratch, ignore_cleanup_errors=True) as name:
            for line in at_size(Path(name), size, (passages, vectors), encoder, texts, asked, options.threads):
                print(json.dumps(line), flush=True)


def at_size(
    folder: Path,
    size: int,
    base: tuple[list[Passage], Vectors],
    encoder: Encoder,
    texts: list[str],
    asked: Vectors,
    threads: int,
) -> Iterator[dict[str, object]]:
    """Build a pack of a size, then time it and its peers on it."""
    documents, vectors = grow(*base, size)
    start = time.perf_counter()
    FolderPackShelf(folder, chunk).build("grown", "Grown", documents, Known(encoder, vectors), task=Task())
    built = time.perf_counter() - start
    del documents, vectors
    files = {path.name: path.stat().st_size for path in (folder / "grown").iterdir() if path.is_file()}
    files["lexical"] = sum(path.stat().st_size for path in (folder / "grown" / "lexical").iterdir())
    yield {
        "size": size,
        "build_s_without_encoding": round(built, 1),
        "bytes_per_passage": {name: round(count / size) for name, count in files.items()},
    }
    with multiprocessing.get_context("spawn").Pool(1) as process:
        yield process.apply(searching, (folder, size, texts, threads))
    with multiprocessing.get_context("spawn").Pool(1) as process:
        yield process.apply(dense_peer, (folder, asked))
    yield lexical_peer(folder, texts, folder)


if __name__ == "__main__":
    main()
