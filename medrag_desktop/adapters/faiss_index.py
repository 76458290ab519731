"""Vectors of a pack -> nearest rows, with FAISS or, where FAISS cannot be imported, with NumPy.

Up to EXACT_ROWS rows are searched exactly. More are put into an inverted file of 8-bit codes (IVF-SQ8), of which a
search reads as many lists as its questions need to find LEAST_RECALL of what an exact search finds.
"""

from __future__ import annotations

import functools
import json
import logging
import math
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.errors import PackCorrupt
from medrag_desktop.ports import Vectors

log = logging.getLogger(__name__)

Rows: TypeAlias = NDArray[np.int64]
"""Numbers of rows, in order of size."""
EXACT_ROWS = 50_000
"""Rows up to which every one is compared."""
LEAST_RECALL = 0.97
"""Share of the ten nearest rows that an approximate index must find, measured when it is built."""
PROBES = (4, 8, 16, 32, 64, 128, 256)
"""Numbers of lists tried, the least first."""
TRAINED_ON = 40
"""Rows per list that the centres of the lists are made from."""
ROWS_AT_ONCE = 65_536
"""Rows the NumPy search turns into floats at a time (100 MB at 384 dimensions)."""
PROBE_SECONDS = 60


class DenseIndex(Protocol):
    """Finds the rows whose vectors have the largest inner product with a query."""

    def search(self, vectors: Vectors, k: int, only: Rows | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """Return rows and inner products, each of shape (n, min(k, rows)), best first.

        With `only`, in order of size, no other row is found. A place that stays empty has row -1.
        """


class Int8Vectors:
    """Unit vectors as int8 rows with one scale a row: what a pack stores, from which any index is rebuilt."""

    def __init__(self, rows: NDArray[np.int8], scale: NDArray[np.float32]) -> None:
        if rows.ndim != 2 or rows.dtype != np.int8 or scale.shape != (len(rows),):
            raise PackCorrupt("The vectors of the pack have the wrong shape; build or install it again.")
        self._rows = rows
        self._scale = scale

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return int(self._rows.shape[1])

    def floats(self, start: int = 0, stop: int | None = None) -> Vectors:
        """Return rows start to stop as float32, shape (stop - start, dimension)."""
        return self._rows[start:stop].astype(np.float32) * self._scale[start:stop, None]

    def some(self, rows: Rows) -> Vectors:
        """Return some rows as float32, shape (rows, dimension)."""
        return self._rows[rows].astype(np.float32) * self._scale[rows, None]

    def cosines(self, vector: Vectors, rows: NDArray[np.int64]) -> Vectors:
        """Return the inner products of one vector, shape (dimension,), with some rows."""
        return (self._rows[rows].astype(np.float32) @ vector) * self._scale[rows]

    def search(self, vectors: Vectors, k: int, only: Rows | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """Search exactly with NumPy, in blocks of rows; ties go to the lower row."""
        count = len(self) if only is None else len(only)
        k = max(0, min(k, count))
        rows = np.zeros((len(vectors), 0), dtype=np.int64)
        products = np.zeros((len(vectors), 0), dtype=np.float32)
        for start in range(0, count, ROWS_AT_ONCE):
            if only is None:
                numbers = np.arange(start, min(start + ROWS_AT_ONCE, count))
                block = vectors @ self.floats(start, start + ROWS_AT_ONCE).T
            else:
                numbers = only[start : start + ROWS_AT_ONCE]
                block = vectors @ self.some(numbers).T
            products = np.hstack([products, block])
            rows = np.hstack([rows, np.broadcast_to(numbers, block.shape)])
            best = np.argsort(-products, axis=1, kind="stable")[:, :k]
            products, rows = np.take_along_axis(products, best, 1), np.take_along_axis(rows, best, 1)
        return rows[:, :k], products[:, :k]

    def save(self, folder: Path) -> None:
        """Write `vectors.npy` and `scale.npy`."""
        np.save(folder / "vectors.npy", self._rows)
        np.save(folder / "scale.npy", self._scale)


class FaissIndex:
    """An inner product index read from `dense.faiss`, mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Read the index; raise PackCorrupt if it cannot be read."""
        try:
            self._index = _read_index(path)
        except (OSError, RuntimeError) as error:
            raise PackCorrupt(f"The vector index {path} cannot be read; build or install the pack again.") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vectors: Vectors, k: int, only: Rows | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """Search; an approximate index reads more lists where a filter leaves fewer rows in each."""
        k = max(0, min(k, len(self) if only is None else len(only)))
        if not k or not len(vectors):
            shape = (len(vectors), k)
            return np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.float32)
        asked = np.ascontiguousarray(vectors, dtype=np.float32)
        parameters = None if only is None else _filter(self._index, only)
        products, rows = self._index.search(asked, k, params=parameters)
        return rows, products


def _faiss() -> Any:
    """Return the library; on a processor it was not built for the import ends the process."""
    import faiss

    return faiss


def _read_index(path: Path) -> Any:
    """Map an index; where FAISS cannot open a name (the code page of Windows), read it whole."""
    faiss = _faiss()
    if sys.platform == "win32" and not str(path).isascii():
        with path.open("rb") as stream:
            return faiss.read_index(faiss.PyCallbackIOReader(stream.read))
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


def _filter(index: Any, only: Rows) -> Any:
    """Return search parameters for some rows; the lists to read grow as the share of rows shrinks."""
    faiss = _faiss()
    chosen = faiss.IDSelectorBatch(only)
    if not hasattr(index, "nprobe"):
        return faiss.SearchParameters(sel=chosen)
    probes = min(index.nlist, math.ceil(index.nprobe * index.ntotal / max(1, len(only))))
    return faiss.SearchParametersIVF(sel=chosen, nprobe=probes)


def quantize(vectors: Vectors) -> Int8Vectors:
    """Return the vectors as int8, each component within 1/254 of its row's largest."""
    scale = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-12).astype(np.float32) / 127
    return Int8Vectors(np.rint(vectors / scale[:, None]).astype(np.int8), scale)


def load_vectors(folder: Path) -> Int8Vectors:
    """Map `vectors.npy` and read `scale.npy` of a pack; raise PackCorrupt."""
    try:
        rows = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        scale = np.load(folder / "scale.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise PackCorrupt(f"The vectors in {folder} cannot be read; build or install the pack again.") from error
    return Int8Vectors(rows, scale)


def write_faiss(vectors: Int8Vectors, path: Path, questions: Vectors | None = None) -> None:
    """Write an inner product index over the same values that the NumPy search reads.

    Of more than EXACT_ROWS rows the index is approximate; how many lists a search reads is measured with `questions`,
    shape (n, dimension), or with some of the rows themselves.
    """
    faiss = _faiss()
    index = faiss.IndexFlatIP(vectors.dimension) if len(vectors) <= EXACT_ROWS else _lists(vectors)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        index.add(vectors.floats(start, start + ROWS_AT_ONCE))
    if len(vectors) > EXACT_ROWS:
        _choose_probes(index, vectors, vectors.floats(0, 200) if questions is None else questions)
    with path.open("wb") as stream:  # FAISS opens files by a name in the local code page, which fails on Windows
        faiss.write_index(index, faiss.PyCallbackIOWriter(stream.write))


def _lists(vectors: Int8Vectors) -> Any:
    """Return an empty inverted file whose lists are made from evenly spaced rows."""
    faiss = _faiss()
    count = int(4 * math.sqrt(len(vectors)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(vectors.dimension), vectors.dimension, count,
        faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT,
    )  # fmt: skip
    rows = np.arange(0, len(vectors), max(1, len(vectors) // (count * TRAINED_ON)))
    index.train(vectors.some(rows))
    return index


def _choose_probes(index: Any, vectors: Int8Vectors, questions: Vectors) -> None:
    """Let a search read the least number of lists that finds LEAST_RECALL of the ten nearest."""
    nearest, _ = vectors.search(questions, 10)
    for probes in (*PROBES, index.nlist):
        index.nprobe = min(probes, index.nlist)
        _, found = index.search(questions, 10)
        shared = [len(np.intersect1d(a, b)) for a, b in zip(nearest, found, strict=True)]
        if np.mean(shared) / nearest.shape[1] >= LEAST_RECALL:
            break
    log.info("%d rows: %d of %d lists are read", len(vectors), index.nprobe, index.nlist)


def open_dense(folder: Path, vectors: Int8Vectors, memory: Path | None = None) -> DenseIndex:
    """Return the FAISS index of a pack, or the vectors themselves where FAISS or its file is missing."""
    path = folder / "dense.faiss"
    if not path.is_file() or not faiss_works(memory):
        return vectors
    index = FaissIndex(path)
    if len(index) != len(vectors):
        raise PackCorrupt(f"The vector index {path} does not fit its pack; build or install it again.")
    return index


def faiss_works(memory: Path | None = None) -> bool:
    """Tell whether FAISS can be imported here, by trying it in a child process.

    A wheel built for a newer processor ends its process with SIGILL, which no `try` catches. The answer is
    kept for this process and, in the file `memory`, for this computer and this version of FAISS.
    """
    key = _this_computer()
    known = _read_memory(memory)
    if known.get("key") != key:
        known = {"key": key, "works": _probe()}
        _write_memory(memory, known)
    return bool(known["works"])


def _this_computer() -> str:
    try:
        version = metadata.version("faiss-cpu")
    except metadata.PackageNotFoundError:
        version = "none"
    return "|".join((version, sys.version.split()[0], platform.node(), platform.processor()))


@functools.cache
def _probe() -> bool:
    if getattr(sys, "frozen", False):  # a bundle has no interpreter to call
        return _probe_by_fork()
    command = [sys.executable, "-c", "import faiss; faiss.IndexFlatIP(4)"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _probe_by_fork() -> bool:
    import multiprocessing  # only bundles need it

    child = multiprocessing.get_context("spawn").Process(target=_import_faiss, daemon=True)
    child.start()
    child.join(PROBE_SECONDS)
    return child.exitcode == 0


def _import_faiss() -> None:
    _faiss().IndexFlatIP(4)


def _read_memory(memory: Path | None) -> dict[str, object]:
    try:
        known = json.loads(memory.read_text("utf-8")) if memory else {}
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and isinstance(known.get("works"), bool) else {}


def _write_memory(memory: Path | None, known: dict[str, object]) -> None:
    if memory is None:
        return
    try:
        memory.write_text(json.dumps(known), encoding="utf-8")
    except OSError:
        return  # a folder that cannot be written costs a probe at each start, no more
