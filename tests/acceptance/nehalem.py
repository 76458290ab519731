"""Search on a processor of 2008: the same packs and questions under `qemu-x86_64-static -cpu Nehalem` and natively.

`python3 dev.py accept nehalem`; needs Linux on x86-64 and the Debian package qemu-user-static. The encoder, FAISS
(exact and approximate), the NumPy fall-back and BM25 run in the emulated processor, which has neither AVX nor FMA.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medrag_desktop.adapters import faiss_index
from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.domain.evidence import Query
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.services.library import Library
from medrag_desktop.tasks import Task

ROOT = Path(__file__).resolve().parents[2]
EMULATOR = "qemu-x86_64-static"
CONDITIONS = 120
QUESTIONS = (
    "fever, cough and red eyes in a child, rash from the face down",
    "How is uncomplicated malaria treated?",
    "sudden severe headache with a stiff neck",
    "waht are the sgins of appendicitis",
    "painful swollen calf after a long flight",
    "burning when passing urine in pregnancy",
)
LEAST_SHARED = 0.97
"""Share of the ten best passages that must be the same."""


def build(folder: Path) -> None:
    """Build three packs of the same monographs: with an exact index, an approximate one, and none."""
    conditions = load_catalogue(ROOT / "assets" / "library").conditions[:CONDITIONS]
    documents, encoder = condition_documents(conditions), DprEncoder(ROOT / "models" / "retriever")
    for name, exact_rows in (("exact", 50_000), ("approximate", 100), ("plain", 50_000)):
        faiss_index.EXACT_ROWS = exact_rows
        FolderPackShelf(folder / name, chunk).build(name, name, documents, encoder, task=Task())
    (folder / "plain" / "plain" / "dense.faiss").unlink()
    manifest = folder / "plain" / "plain" / "pack.json"
    body = json.loads(manifest.read_text("utf-8"))
    del body["sha256"]["dense.faiss"]
    manifest.write_text(json.dumps(body), "utf-8")


def search(folder: Path) -> dict[str, object]:
    """Return the ids of the ten best passages for every question, by pack, and whether FAISS was used."""
    encoder = DprEncoder(ROOT / "models" / "retriever")
    found: dict[str, object] = {"faiss": faiss_index.faiss_works()}
    for name in ("exact", "approximate", "plain"):
        library = Library(FolderPackShelf(folder / name, chunk), encoder)
        hits = library.search([Query(text, "question") for text in QUESTIONS], 10, task=Task())
        found[name] = [[hit.passage.id for hit in of_one] for of_one in hits]
    return found


def shared(native: Sequence[Sequence[str]], emulated: Sequence[Sequence[str]]) -> float:
    """Return the share of the native hits that the emulated search found, too."""
    return float(np.mean([len({*a} & {*b}) / len(a) for a, b in zip(native, emulated, strict=True)]))


def run(prefix: Sequence[str], folder: Path) -> dict[str, list[list[str]]]:
    """Search in another process, emulated where `prefix` says so."""
    for memory in folder.glob("*/.faiss.json"):
        memory.unlink()
    command = [*prefix, sys.executable, "-m", "tests.acceptance.nehalem", "--search", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(prefix) or 'native'}: exit {done.returncode}\n{done.stderr[-2000:]}")
    found: dict[str, list[list[str]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, search twice, compare."""
    parser = argparse.ArgumentParser(prog="accept nehalem", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.search is not None:
        print(json.dumps(search(options.search)))
        return 0
    if shutil.which(EMULATOR) is None:
        raise SystemExit(f"There is no {EMULATOR}; install the package qemu-user-static.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        native, emulated = run((), folder), run((EMULATOR, "-cpu", "Nehalem"), folder)
    shares = {pack: shared(native[pack], emulated[pack]) for pack in ("exact", "approximate", "plain")}
    shares["NumPy against FAISS, native"] = shared(native["exact"], native["plain"])
    print(json.dumps({"faiss": {"native": native["faiss"], "emulated": emulated["faiss"]}, "shared": shares}))
    return 0 if min(shares.values()) >= LEAST_SHARED else 1


if __name__ == "__main__":
    raise SystemExit(main())
