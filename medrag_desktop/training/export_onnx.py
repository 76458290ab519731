"""Export a trained checkpoint: `python -m medrag_desktop.training.export_onnx {generator|retriever} CHECKPOINT OUT`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from medrag_desktop.adapters.onnx_session import Manifest
from medrag_desktop.errors import InputError


def export(kind: str, checkpoint: Path, out: Path) -> Manifest:
    """Write the model folder of a checkpoint; `kind` is `generator` or `retriever`."""
    if kind == "generator":
        from medrag_desktop.training.export_generator import export_generator

        return export_generator(checkpoint, out)
    from medrag_desktop.training.export_retriever import export_retriever

    return export_retriever(checkpoint, out)


def export_checkpoint(checkpoint: Path, out: Path) -> Manifest:
    """Write the model folder of a checkpoint, telling by its files what it is; raise InputError when it is none."""
    if (checkpoint / "question").is_dir() and (checkpoint / "passage").is_dir():
        return export("retriever", checkpoint, out)
    file = checkpoint / "generator.pt" if checkpoint.is_dir() else checkpoint
    if file.suffix == ".pt" and file.is_file():
        return export("generator", file, out)
    raise InputError(
        f"{checkpoint} is no checkpoint: a retriever is a folder with question/, passage/ and tokenizer.json"
        " (transformers' DPR classes), a generator is the generator.pt that train_generator writes."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="export_onnx", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("generator", "retriever"))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    manifest = export(options.kind, options.checkpoint, options.out)
    logging.getLogger(__name__).info("wrote %s to %s", manifest.id, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
