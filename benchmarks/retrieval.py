"""Time retrieval on the clinical library: encoding passages, and each step of a query.

`python3 dev.py bench retrieval [--threads N]`; figures go to stdout as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from medrag_desktop.adapters.clinical_library import load_conditions
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.lexical_index import LexicalIndex
from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.evidence import Query
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.tasks import Task

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 100


def milliseconds(work: Callable[[int], object]) -> dict[str, float]:
    """Return p50 and p95 over ROUNDS calls after one that warms up."""
    work(0)
    times = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1000)
    return {"p50_ms": round(statistics.median(times), 2), "p95_ms": round(sorted(times)[int(ROUNDS * 0.95)], 2)}


def queries(conditions: Sequence[Condition]) -> list[Query]:
    """Return one query a condition: its name and its first findings."""
    return [
        Query(f"{c.name}: {', '.join(entry.finding.replace('_', ' ') for entry in c.findings[:6])}", "condition", c.id)
        for c in conditions
    ]


def measure(threads: int, folder: Path) -> dict[str, object]:
    """Build the library pack in a folder and time its search."""
    task = Task()
    conditions = load_conditions(ROOT / "assets" / "library")
    encoder = DprEncoder(ROOT / "models" / "retriever", threads)
    shelf = FolderPackShelf(folder, chunk)
    start = time.perf_counter()
    manifest = shelf.build("library", "Library", condition_documents(conditions), encoder, task=task)
    built = time.perf_counter() - start
    pack = shelf.open("library", encoder.id)
    lexical = LexicalIndex(folder / "library" / "lexical")
    asked = queries(conditions)
    vectors = encoder.encode_questions([query.text for query in asked], task=task)
    n = len(asked)
    return {
        "threads": threads,
        "passages": manifest.passages,
        "build_s": round(built, 1),
        "passages_per_s": round(manifest.passages / built, 1),
        "open": milliseconds(lambda _: shelf.open("library", encoder.id).close()),
        "encode_question": milliseconds(lambda i: encoder.encode_questions([asked[i % n].text], task=task)),
        "lexical": milliseconds(lambda i: lexical.search(asked[i % n], 50)),
        "dense_lexical_fuse": milliseconds(
            lambda i: pack.search([asked[i % n]], vectors[i % n : i % n + 1], 10, task=task)
        ),
        "twelve_queries": milliseconds(
            lambda i: pack.search(
                asked[:12], encoder.encode_questions([q.text for q in asked[:12]], task=task), 10, task=task
            )
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(prog="bench retrieval", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(json.dumps(measure(options.threads, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
