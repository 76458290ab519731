"""Average a trained retriever with the model it was started from (Wortsman et al. 2022, WiSE-FT).

`python -m medrag_desktop.training.blend_retriever CHECKPOINT OUT [--share 0.5]`

Training on few subjects draws every question to them; half-way back the towers keep most of what they learned
and answer better on subjects they never saw.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from medrag_desktop.errors import InputError
from medrag_desktop.training.retriever_model import (
    Towers,
    load_towers,
    minilm_folder,
    save_towers,
    warm_start,
)

log = logging.getLogger(__name__)


def blend(base: Towers, trained: Towers, share: float) -> Towers:
    """Return towers with `share` of the trained weights and the rest of the base; raise InputError."""
    if not 0.0 <= share <= 1.0:
        raise InputError(f"The share must lie between 0 and 1, not at {share}.")
    with torch.no_grad():
        for own, other in zip(trained.parameters(), base.parameters(), strict=True):
            own.mul_(share).add_(other, alpha=1.0 - share)
    training = {**trained.settings.training, "blend": share}
    return dataclasses.replace(trained, settings=dataclasses.replace(trained.settings, training=training))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and blend."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the trained weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    trained = load_towers(options.checkpoint)
    base = warm_start(minilm_folder(), trained.settings.base)
    save_towers(blend(base, trained, options.share), options.out)
    log.info("saved %s", options.out)


if __name__ == "__main__":
    main()
