"""The vectors of short names in the folder of a pack: one file that tells by its name which names it is of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medrag_desktop.domain.evidence import PackManifest
from medrag_desktop.ports import Encoder, Vectors
from medrag_desktop.tasks import Progress, Task


def names_file(names: Sequence[str]) -> str:
    """Return the file name for the vectors of exactly these names in this order."""
    digest = hashlib.sha256("\n".join(names).encode("utf-8", "ignore")).hexdigest()
    return f"names-{digest[:16]}.npy"


def holds_names(manifest: PackManifest, names: Sequence[str]) -> bool:
    """Tell whether a pack has the vectors of exactly these names."""
    return names_file(names) in dict(manifest.sha256)


def write_names(folder: Path, names: Sequence[str], encoder: Encoder, *, task: Task) -> None:
    """Encode names as questions and write their vectors in half precision; raise OSError."""

    def told(progress: Progress) -> None:
        task.report("Encoding the names of findings", progress.done, progress.total)

    vectors = encoder.encode_questions(names, task=Task(told))
    np.save(folder / names_file(names), vectors.astype(np.float16), allow_pickle=False)


def read_names(folder: Path, names: Sequence[str], dimension: int) -> Vectors | None:
    """Return the vectors of names; None where there are none that fit."""
    try:
        stored = np.load(folder / names_file(names), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(stored, np.ndarray) or stored.dtype != np.float16 or stored.shape != (len(names), dimension):
        return None
    vectors = stored.astype(np.float32)
    return vectors if np.isfinite(vectors).all() else None
