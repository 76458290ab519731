"""What decides the result of training the retriever besides the data: the recipe, and what each step draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from medrag_desktop.training.retrieval_pairs import Pair

SHARES = {
    "medquad": 2.5,
    "presentation": 1.5,
    "bioasq": 1.5,
    "medlineplus": 0.3,
    "ctgov": 0.7,
    "library": 4.0,
}
"""How often a batch is drawn from each source, relative to the others."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result besides the data."""

    steps: int = 1600
    """Length of the learning rate schedule."""
    batch: int = 32
    hard_negatives: int = 16
    """Mined negatives added to the passages of a batch."""
    rate: float = 6e-5
    warmup: int = 60
    temperature: float = 0.05
    """Divides the cosine before the softmax; DPR's raw inner products need none, unit vectors do."""
    frozen_layers: int = 2
    question_tokens: int = 80
    passage_tokens: int = 168
    untitled: float = 0.4
    """Share of passages shown without their title, so that the text itself must answer."""
    seed: int = 13
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))


def draw_rows(
    sources: Mapping[str, Sequence[Pair]], recipe: Recipe, step: int
) -> tuple[str, list[int], np.random.Generator]:
    """Return the source of a step and the places of its pairs there; both hang on seed and step alone."""
    rng = np.random.default_rng([recipe.seed, step])
    names = [name for name in sorted(sources) if sources[name]]
    weights = np.array([recipe.shares.get(name, 1.0) for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    size = min(recipe.batch, len(sources[name]))
    return name, rng.choice(len(sources[name]), size=size, replace=False).tolist(), rng


def rate_at(recipe: Recipe, step: int) -> float:
    """Return the learning rate: linear warm-up, then a cosine down to a tenth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = min(1.0, (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup))
    return recipe.rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))
