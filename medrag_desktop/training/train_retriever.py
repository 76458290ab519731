"""Train the two DPR towers: in-batch negatives and BM25 hard negatives.

`python -m medrag_desktop.training.train_retriever --data DIR --out DIR [--library DIR] [--steps N]
[--minutes N] [--resume]`
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medrag_desktop.adapters.lexical_index import LexicalIndex, build_lexical_index
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.errors import InputError
from medrag_desktop.tasks import Task
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

log = logging.getLogger(__name__)

STATE_NAME = "state.pt"
SHARES = {"medquad": 2.0, "presentation": 4.0, "bioasq": 2.0, "medlineplus": 0.5, "library": 1.5}
"""How often a batch is drawn from each source, relative to the others.

The library names few conditions: seen too often, they draw every presentation to themselves.
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result besides the data."""

    steps: int = 500
    """Length of the learning rate schedule."""
    batch: int = 32
    hard_negatives: int = 12
    """BM25 negatives added to the passages of a batch."""
    rate: float = 5e-5
    warmup: int = 40
    temperature: float = 0.05
    """Divides the cosine before the softmax; DPR's raw inner products need none, unit vectors do."""
    frozen_layers: int = 2
    question_tokens: int = 80
    passage_tokens: int = 168
    untitled: float = 0.4
    """Share of passages shown without their title, so that the text itself must answer."""
    seed: int = 13
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))


class NegativeMine:
    """Finds passages that look right to BM25 and belong to another subject."""

    def __init__(self, pairs: Sequence[Pair], folder: Path) -> None:
        self._pairs = pairs
        passages = (Passage(str(row), "", pair.title, "", pair.text, "") for row, pair in enumerate(pairs))
        build_lexical_index(folder, passages, task=Task())
        self._index = LexicalIndex(folder)

    def negatives(self, pairs: Sequence[Pair], count: int) -> list[Pair]:
        """Return the best wrong passage for each of the first `count` pairs that has one."""
        groups = {pair.group for pair in pairs}
        found: dict[str, Pair] = {}
        for pair in pairs[:count]:
            rows = (self._pairs[row] for row, _ in self._index.search(pair.question, 30))
            wrong = next((p for p in rows if p.group not in groups and p.text not in found), None)
            if wrong is not None:
                found[wrong.text] = wrong
        return list(found.values())


def draw_batch(
    sources: dict[str, list[Pair]], recipe: Recipe, step: int
) -> tuple[str, list[Pair], np.random.Generator]:
    """Return the source and pairs of a step: they hang on seed and step alone, so resuming needs no state."""
    rng = np.random.default_rng([recipe.seed, step])
    names = [name for name in sorted(sources) if sources[name]]
    weights = np.array([recipe.shares.get(name, 1.0) for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    size = min(recipe.batch, len(sources[name]))
    rows = rng.choice(len(sources[name]), size=size, replace=False)
    return name, [sources[name][row] for row in rows], rng


def contrastive_loss(questions: Tensor, passages: Tensor, same_group: Tensor, temperature: float) -> Tensor:
    """Return the DPR loss: -log softmax of passage i for question i, and of question i for passage i.

    questions (n, d), passages (m, d) with m >= n; `same_group` (n, m) marks passages that are no negatives.
    """
    own = torch.eye(len(questions), len(passages), dtype=torch.bool)
    scores = (questions @ passages.T / temperature).masked_fill(same_group & ~own, -math.inf)
    wanted = torch.arange(len(questions))
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
    with torch.autocast("cpu", torch.bfloat16):
        questions = _encode(question_bert(towers.question), towers, [p.question for p in pairs], recipe.question_tokens)
        passages = _encode(passage_bert(towers.passage), towers, passage_inputs(texts), recipe.passage_tokens)
    same = torch.tensor([[p.group == q.group for p in shown] for q in pairs])
    return contrastive_loss(questions, passages, same, recipe.temperature)


def _encode(bert: torch.nn.Module, towers: Towers, texts: Sequence[Any], longest: int) -> Tensor:
    """Encode in groups of like length: padding costs as much as text."""
    order = sorted(range(len(texts)), key=lambda i: len("".join(texts[i])))
    parts = [
        embed(
            bert,
            tokenize(towers.tokenizer, [texts[i] for i in order[a : a + 16]], longest),
            towers.settings.pooling,
        )
        for a in range(0, len(order), 16)
    ]
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]


def rate_at(recipe: Recipe, step: int) -> float:
    """Return the learning rate: linear warm-up, then a cosine down to a tenth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = min(1.0, (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup))
    return recipe.rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


def train(
    towers: Towers, sources: dict[str, list[Pair]], recipe: Recipe, out: Path, *, minutes: float, resume: bool
) -> int:
    """Train at least one step, until the schedule or the minutes end; save; return the steps done in all."""
    torch.use_deterministic_algorithms(True)
    freeze_lower(towers, recipe.frozen_layers)
    trained = [p for p in towers.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=0.01)
    first = _resume(optimizer, out) if resume else 0
    deadline = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        mine = NegativeMine([pair for pairs in sources.values() for pair in pairs], Path(folder))
        step = first
        while step < recipe.steps:
            _train_step(towers, sources, recipe, optimizer, mine, step)
            step += 1
            if time.monotonic() > deadline:
                break
            if step % 50 == 0:
                save(towers, optimizer, recipe, sources, step, out)
    save(towers, optimizer, recipe, sources, step, out)
    return step


def _train_step(
    towers: Towers,
    sources: dict[str, list[Pair]],
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    mine: NegativeMine,
    step: int,
) -> None:
    name, pairs, rng = draw_batch(sources, recipe, step)
    for group in optimizer.param_groups:
        group["lr"] = rate_at(recipe, step)
    loss = batch_loss(towers, pairs, mine.negatives(pairs, recipe.hard_negatives), recipe, rng)
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
    sources: dict[str, list[Pair]],
    step: int,
    out: Path,
) -> None:
    """Write the checkpoint beside the old one, then put it in its place."""
    pairs = {name: len(items) for name, items in sorted(sources.items())}
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
    parser.add_argument("--out", type=Path, required=True, help="checkpoint folder")
    parser.add_argument("--steps", type=int, default=Recipe().steps, help="length of the schedule")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop and save after this long")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu"), help="auto is the CPU")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.resume and not (options.out / STATE_NAME).is_file():
        raise InputError(f"There is no checkpoint to resume in {options.out}.")
    sources = training_sources(options.data)
    if options.library:
        sources |= library_sources(options.library)
    log.info("pairs %s", json.dumps({name: len(pairs) for name, pairs in sources.items()}))
    towers = load_towers(options.out) if options.resume else warm_start(minilm_folder(), "all-MiniLM-L6-v2")
    steps = train(
        towers,
        sources,
        Recipe(steps=options.steps),
        options.out,
        minutes=options.minutes,
        resume=options.resume,
    )
    log.info("saved %s after %d steps", options.out, steps)


if __name__ == "__main__":
    main()
