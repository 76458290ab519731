"""Train the generator: `python -m medrag_desktop.training.train_generator --data DIR --out DIR`.

Stage `corpora` reads the public corpora alone, stage `all` mixes them with pairs made from the clinical library.
A run is a function of its seed, stage and number of steps: the examples of step n depend on nothing else, so a
resumed run gives the weights an uninterrupted one would have given.
"""

from __future__ import annotations

import argparse
import logging
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from medrag_desktop.adapters.source_layout import BEGIN, END, PAD, lay_out, target_ids
from medrag_desktop.errors import InputError
from medrag_desktop.training.bart_copy import IGNORED, CopyBart, decoder_input, freeze_lower, warm_started
from medrag_desktop.training.datasets import (
    Corpora,
    Mixture,
    Pair,
    QuestionPairs,
    corpora_mixture,
    read_corpora,
    training_texts,
)
from medrag_desktop.training.vocabulary import PrunedVocabulary, prune

CHECKPOINT = "generator.pt"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on besides its data."""

    seed: int = 20
    steps: int = 2000
    """Steps of this stage; the learning rate falls linearly to a twentieth over them."""
    batch: int = 16
    pool: int = 4
    """Batches drawn together and sorted by length, so that little is spent on padding."""
    learning_rate: float = 1e-3
    encoder_rate: float = 0.5
    """Learning rate of the encoder relative to the decoder's."""
    run_rate: float = 5.0
    """Learning rate of the run-length scalars relative to the decoder's."""
    warm_up: int = 40
    frozen_layers: int = 2
    weight_decay: float = 0.01


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors of some examples."""

    source: Tensor
    """(B, S)."""
    mask: Tensor
    """(B, S), 1 where a piece is."""
    labels: Tensor
    """(B, T), IGNORED behind the end marker."""


@dataclass(slots=True)
class Run:
    """A model being trained."""

    model: CopyBart
    optimizer: torch.optim.Optimizer
    vocabulary: PrunedVocabulary
    recipe: Recipe
    stage: str
    device: torch.device
    step: int = 0
    """Steps done in this stage."""
    total: int = 0
    """Steps done in all stages."""


def collate(tokenizer: Tokenizer, pairs: Sequence[Pair], device: torch.device) -> Batch:
    """Lay out and pad some examples."""
    pad = tokenizer.token_to_id(PAD)
    sources = [lay_out(tokenizer, p.section, p.context, p.passage).ids for p in pairs]
    targets = [target_ids(tokenizer, p.target) for p in pairs]
    source = _padded(sources, pad)
    return Batch(source.to(device), (source != pad).long().to(device), _padded(targets, IGNORED).to(device))


def batch_of_step(mixture: Mixture, recipe: Recipe, stage: str, step: int) -> list[Pair]:
    """Return the examples of one step: a function of seed, stage and step alone."""
    group, place = divmod(step, recipe.pool)
    random = Random(f"{recipe.seed}/{stage}/{group}")
    drawn = [mixture.draw(random) for _ in range(recipe.batch * recipe.pool)]
    drawn.sort(key=lambda p: len(p.passage) + len(p.context) + 2 * len(p.target))
    order = list(range(recipe.pool))
    random.shuffle(order)
    return drawn[order[place] * recipe.batch : (order[place] + 1) * recipe.batch]


def new_run(vocabulary: PrunedVocabulary, recipe: Recipe, stage: str, device: torch.device) -> Run:
    """Return a run at step 0 with the warm-started model."""
    torch.manual_seed(recipe.seed)
    tokenizer = vocabulary.tokenizer()
    special = [tokenizer.token_to_id(name) for name in (PAD, BEGIN, END)]
    model = warm_started(vocabulary.kept, vocabulary.continues(), special)
    return start_stage(model, vocabulary, recipe, stage, device)


def start_stage(model: CopyBart, vocabulary: PrunedVocabulary, recipe: Recipe, stage: str, device: torch.device) -> Run:
    """Return a run at step 0 of a stage with a model as it is."""
    freeze_lower(model, recipe.frozen_layers)
    model.to(device).train()
    return Run(model, _optimizer(model, recipe), vocabulary, recipe, stage, device)


def train_step(run: Run, batch: Batch) -> float:
    """Take one optimiser step and return the mean loss in nats a piece."""
    factor = _rate_factor(run.recipe, run.step)
    for group in run.optimizer.param_groups:
        group["lr"] = group["base"] * factor
    with torch.autocast(run.device.type, dtype=torch.bfloat16):
        log_p = run.model.label_log_probability(batch.source, batch.mask, batch.labels)
    loss = -log_p.sum() / (batch.labels != IGNORED).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(_trainable(run.model), 1.0)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.step, run.total = run.step + 1, run.total + 1
    return float(loss.detach())


def save_run(run: Run, path: Path) -> None:
    """Write a checkpoint in one step."""
    state = {
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "pieces": list(run.vocabulary.pieces),
        "kept": list(run.vocabulary.kept),
        "recipe": asdict(run.recipe),
        "stage": run.stage,
        "step": run.step,
        "total": run.total,
    }
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


def load_model(path: Path) -> tuple[CopyBart, PrunedVocabulary, dict[str, Any]]:
    """Return the model, the vocabulary and the rest of a checkpoint; raise InputError when it is none."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        vocabulary = PrunedVocabulary(tuple(state["pieces"]), tuple(state["kept"]))
    except (OSError, EOFError, KeyError, TypeError, RuntimeError, struct.error, UnpicklingError) as error:
        raise InputError(f"{path} is no checkpoint written by train_generator.") from error
    tokenizer = vocabulary.tokenizer()
    special = [tokenizer.token_to_id(name) for name in (PAD, BEGIN, END)]
    model = warm_started(vocabulary.kept, vocabulary.continues(), special)
    model.load_state_dict(state["model"])
    model.bart.tie_weights()
    return model, vocabulary, state


def resume_run(path: Path, recipe: Recipe, stage: str, device: torch.device) -> Run:
    """Go on with a checkpoint; another stage than its own starts at step 0 with a fresh optimiser."""
    model, vocabulary, state = load_model(path)
    run = start_stage(model, vocabulary, recipe, stage, device)
    run.total = state["total"]
    if state["stage"] == stage:
        run.optimizer.load_state_dict(state["optimizer"])
        run.step = state["step"]
    return run


def held_out_accuracy(run: Run, tokenizer: Tokenizer, pairs: Sequence[Pair]) -> tuple[float, float]:
    """Return teacher-forced piece accuracy and nats a piece."""
    right, pieces, nats = 0, 0, 0.0
    run.model.eval()
    with torch.no_grad(), torch.autocast(run.device.type, dtype=torch.bfloat16):
        for start in range(0, len(pairs), 8):
            batch = collate(tokenizer, pairs[start : start + 8], run.device)
            wanted = batch.labels != IGNORED
            written = decoder_input(batch.labels, run.model.begin, run.model.pad)
            p = run.model.distribution(batch.source, batch.mask, written)
            right += int(((p.argmax(-1) == batch.labels) & wanted).sum())
            pieces += int(wanted.sum())
            nats -= float((p[wanted].gather(1, batch.labels[wanted][:, None]) + 1e-9).log().sum())
    run.model.train()
    return right / max(1, pieces), nats / max(1, pieces)


def train(
    run: Run, mixture: Mixture, held_out: Sequence[tuple[str, Sequence[Pair]]], out: Path, minutes: float
) -> None:
    """Train until the steps are done or the minutes are over; log every 40 steps, save every 3 minutes."""
    tokenizer = run.vocabulary.tokenizer()
    began = saved = time.monotonic()
    losses: list[float] = []
    while run.step < run.recipe.steps and time.monotonic() - began < minutes * 60:
        pairs = batch_of_step(mixture, run.recipe, run.stage, run.step)
        losses.append(train_step(run, collate(tokenizer, pairs, run.device)))
        if run.step % 40 == 0:
            _log_progress(run, tokenizer, losses[-40:], held_out, time.monotonic() - began)
        if time.monotonic() - saved > 180:
            save_run(run, out / CHECKPOINT)
            saved = time.monotonic()
    save_run(run, out / CHECKPOINT)
    _log.info("saved step %d of stage %s", run.step, run.stage)


def held_out_sets(corpora: Corpora, count: int = 48) -> list[tuple[str, list[Pair]]]:
    """Return fixed held-out examples of MedQuAD; BioASQ 10B is left to the evaluation."""
    sources = (("medquad", QuestionPairs(corpora.answered_held_out)),)
    return [(name, _drawn(source.draw, Random(7), count)) for name, source in sources]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(_device(options.device))
    recipe = Recipe(seed=options.seed, steps=options.steps, learning_rate=options.learning_rate)
    options.out.mkdir(parents=True, exist_ok=True)
    corpora = read_corpora(options.data)
    mixture, held_out = corpora_mixture(corpora), held_out_sets(corpora)
    if options.stage == "all":
        from medrag_desktop.training.generator_pairs import library_held_out, with_library

        mixture = with_library(mixture, options.library, corpora.answered)
        held_out = [*held_out, *library_held_out(options.library)]
    path = options.out / CHECKPOINT
    if options.resume and path.exists():
        run = resume_run(path, recipe, options.stage, device)
    else:
        run = new_run(prune(training_texts(corpora)), recipe, options.stage, device)
    _log.info("stage %s, step %d of %d, %d threads", run.stage, run.step, recipe.steps, torch.get_num_threads())
    train(run, mixture, held_out, options.out, options.minutes)
    return 0


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    usual = Recipe()
    parser = argparse.ArgumentParser(prog="train_generator", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds corpora/ and vignettes/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--library", type=Path, default=Path("assets/library"), help="the clinical library")
    parser.add_argument("--stage", choices=("corpora", "all"), default="all")
    parser.add_argument("--minutes", type=float, default=150.0, help="stop after so many minutes")
    parser.add_argument("--steps", type=int, default=usual.steps, help="steps of this stage")
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as torch takes")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    return parser


def _device(name: str) -> str:
    """Resolve `auto`."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def _padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    """Return the rows as one (B, longest) tensor."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *([fill] * (longest - len(row)))] for row in rows], dtype=torch.long)


def _trainable(model: CopyBart) -> list[torch.nn.Parameter]:
    """Return the parameters that are not frozen."""
    return [p for p in model.parameters() if p.requires_grad]


def _optimizer(model: CopyBart, recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW with one group each for the decoder and head, the encoder, and the run-length scalars."""
    runs = [model.head.run_score, model.head.run_gate]
    encoder = [p for p in model.bart.model.encoder.parameters() if p.requires_grad]
    known = {id(p) for p in (*runs, *encoder)}
    rest = [p for p in _trainable(model) if id(p) not in known]
    groups = [
        {"params": rest, "base": recipe.learning_rate},
        {"params": encoder, "base": recipe.learning_rate * recipe.encoder_rate},
        {"params": runs, "base": recipe.learning_rate * recipe.run_rate, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)


def _rate_factor(recipe: Recipe, step: int) -> float:
    """Return the learning rate's factor: linear warm-up, then linear fall to a twentieth."""
    return min(1.0, (step + 1) / recipe.warm_up) * max(0.05, 1 - step / recipe.steps)


def _drawn(draw: Callable[[Random], Pair | None], random: Random, count: int) -> list[Pair]:
    """Draw so many examples."""
    pairs: Iterator[Pair] = (pair for pair in iter(lambda: draw(random), 0) if pair is not None)  # type: ignore[misc]
    return [next(pairs) for _ in range(count)]


def _log_progress(
    run: Run,
    tokenizer: Tokenizer,
    losses: Sequence[float],
    held_out: Sequence[tuple[str, Sequence[Pair]]],
    seconds: float,
) -> None:
    """Write one line: step, loss, held-out accuracy, pace."""
    seen = []
    if run.step % 200 == 0:
        for name, pairs in held_out:
            accuracy, nats = held_out_accuracy(run, tokenizer, pairs)
            seen.append(f"{name} accuracy {accuracy:.3f} nats {nats:.3f}")
    runs = " ".join(f"{x:.2f}" for x in run.model.head.run_score.tolist())
    mean = sum(losses) / len(losses)
    _log.info("%s step %d %.0fs loss %.4f runs %s %s", run.stage, run.step, seconds, mean, runs, "; ".join(seen))


if __name__ == "__main__":
    raise SystemExit(main())
