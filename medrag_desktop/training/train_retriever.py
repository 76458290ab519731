"""Train the two DPR towers (Karpukhin et al. 2020): in-batch negatives and mined hard negatives.

`python -m medrag_desktop.training.train_retriever --data DIR --out DIR [--library DIR] [--negatives FILE]
[--steps N] [--minutes N] [--resume]`
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medrag_desktop.errors import InputError
from medrag_desktop.training.hard_negatives import HardNegatives, Pool
from medrag_desktop.training.library_pairs import library_sources
from medrag_desktop.training.retrieval_pairs import Pair, training_sources
from medrag_desktop.training.retriever_model import (
    Towers,
    embed,
    freeze_lower,
    load_towers,
    minilm_folder,
    passage_bert,
    passage_inputs,
    question_bert,
    save_towers,
    tokenize,
    warm_start,
)
from medrag_desktop.training.retriever_recipe import Recipe, draw_rows, rate_at

log = logging.getLogger(__name__)

STATE_NAME = "state.pt"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Pairs by source, and the passages mined against them."""

    sources: Mapping[str, Sequence[Pair]]
    negatives: HardNegatives | None = None
    """None: a batch has only the passages of its other pairs as negatives."""

    def batch(self, recipe: Recipe, step: int) -> tuple[str, list[Pair], list[Pair], np.random.Generator]:
        """Return the source of a step, its pairs, further passages that answer none of them, and its randomness."""
        name, rows, rng = draw_rows(self.sources, recipe, step)
        pairs = [self.sources[name][row] for row in rows]
        if self.negatives is None:
            return name, pairs, [], rng
        return name, pairs, self.negatives.draw(name, rows, recipe.hard_negatives, rng), rng


def contrastive_loss(questions: Tensor, passages: Tensor, same_group: Tensor, temperature: float) -> Tensor:
    """Return the DPR loss: -log softmax of passage i for question i, and of question i for passage i.

    questions (n, d), passages (m, d) with m >= n; `same_group` (n, m) marks passages that are no negatives.
    """
    own = torch.eye(len(questions), len(passages), dtype=torch.bool, device=questions.device)
    scores = (questions @ passages.T / temperature).masked_fill(same_group & ~own, -math.inf)
    wanted = torch.arange(len(questions), device=questions.device)
    found = torch.nn.functional.cross_entropy(scores, wanted)
    # the other way round, too: else a passage that is near to every question costs nothing
    asked = torch.nn.functional.cross_entropy(scores[:, : len(questions)].T, wanted)
    return (found + asked) / 2


def batch_loss(
    towers: Towers, pairs: list[Pair], negatives: list[Pair], recipe: Recipe, rng: np.random.Generator
) -> Tensor:
    """Return the loss of one batch."""
    shown = [*pairs, *negatives]
    titled = rng.random(len(shown)) >= recipe.untitled
    texts = [(p.title if keep else "", p.text) for p, keep in zip(shown, titled, strict=True)]
    device = towers.parameters()[0].device
    with torch.autocast(device.type, torch.bfloat16):
        questions = _encode(question_bert(towers.question), towers, [p.question for p in pairs], recipe.question_tokens)
        passages = _encode(passage_bert(towers.passage), towers, passage_inputs(texts), recipe.passage_tokens)
    same = [[p.group == q.group or p.text == q.text for p in shown] for q in pairs]
    return contrastive_loss(questions, passages, torch.tensor(same, device=device), recipe.temperature)


def _encode(bert: torch.nn.Module, towers: Towers, texts: Sequence[Any], longest: int) -> Tensor:
    """Encode in groups of like length: padding costs as much as text."""
    device = towers.parameters()[0].device
    order = sorted(range(len(texts)), key=lambda i: len("".join(texts[i])))
    parts = []
    for start in range(0, len(order), 16):
        tokens = tokenize(towers.tokenizer, [texts[i] for i in order[start : start + 16]], longest)
        on_device = {name: values.to(device) for name, values in tokens.items()}
        parts.append(embed(bert, on_device, towers.settings.pooling))
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back.to(device)]


def train(towers: Towers, data: TrainingData, recipe: Recipe, out: Path, *, minutes: float, resume: bool) -> int:
    """Train at least one step, until the schedule or the minutes end; save; return the steps done in all."""
    torch.use_deterministic_algorithms(True)
    freeze_lower(towers, recipe.frozen_layers)
    trained = [p for p in towers.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=0.01)
    step = _resume(optimizer, out) if resume else 0
    deadline = time.monotonic() + minutes * 60
    while step < recipe.steps:
        _train_step(towers, data, recipe, optimizer, step)
        step += 1
        if time.monotonic() > deadline:
            break
        if step % 50 == 0:
            save(towers, optimizer, recipe, data, step, out)
    save(towers, optimizer, recipe, data, step, out)
    return step


def _train_step(
    towers: Towers, data: TrainingData, recipe: Recipe, optimizer: torch.optim.Optimizer, step: int
) -> None:
    name, pairs, negatives, rng = data.batch(recipe, step)
    for group in optimizer.param_groups:
        group["lr"] = rate_at(recipe, step)
    loss = batch_loss(towers, pairs, negatives, recipe, rng)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([p for p in towers.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    if step % 10 == 0:
        log.info("step %d %s loss %.3f rate %.1e", step, name, loss.item(), rate_at(recipe, step))


def save(
    towers: Towers,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    data: TrainingData,
    step: int,
    out: Path,
) -> None:
    """Write the checkpoint beside the old one, then put it in its place."""
    pairs = {name: len(items) for name, items in sorted(data.sources.items())}
    training = {"steps": step, "pairs": pairs, "recipe": dataclasses.asdict(recipe)}
    settings = dataclasses.replace(towers.settings, training=training)
    staged = out.with_name(out.name + ".new")
    save_towers(dataclasses.replace(towers, settings=settings), staged)
    torch.save({"step": step, "optimizer": optimizer.state_dict()}, staged / STATE_NAME)
    old = out.with_name(out.name + ".old")
    if out.exists():
        out.replace(old)
    staged.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _resume(optimizer: torch.optim.Optimizer, out: Path) -> int:
    state = torch.load(out / STATE_NAME, weights_only=True)
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with corpora/")
    parser.add_argument("--library", type=Path, help="folder of the clinical library; adds pairs from it")
    parser.add_argument("--negatives", type=Path, help="file of `hard_negatives` for these very pairs")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint folder")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="length of the schedule")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop and save after this long")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="auto: a GPU if any")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.resume and not (options.out / STATE_NAME).is_file():
        raise InputError(f"There is no checkpoint to resume in {options.out}.")
    sources = training_sources(options.data) | (library_sources(options.library) if options.library else {})
    log.info("pairs %s", json.dumps({name: len(pairs) for name, pairs in sources.items()}))
    data = TrainingData(sources, HardNegatives(Pool(sources), options.negatives) if options.negatives else None)
    towers = load_towers(options.out) if options.resume else warm_start(minilm_folder(), "all-MiniLM-L6-v2")
    gpu = options.device == "cuda" or (options.device == "auto" and torch.cuda.is_available())
    for tower in (towers.question, towers.passage):
        tower.to("cuda" if gpu else "cpu")
    steps = train(
        towers, data, Recipe(steps=options.steps), options.out, minutes=options.minutes, resume=options.resume
    )
    log.info("saved %s after %d steps", options.out, steps)


if __name__ == "__main__":
    main()
