"""What the generator is asked and what it answers (RAG, Lewis et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One section of a draft to write from its passages."""

    section: str
    """Title of the section, which is also the instruction to the model."""
    context: str
    """The encounter, or the question, as one line of text."""
    sources: tuple[str, ...]
    """Passage texts z, best first."""
    source_scores: tuple[float, ...]
    """Retrieval scores; their softmax is p(z|x)."""


@dataclass(frozen=True, slots=True)
class WordOrigin:
    """Where a word of a generated text was copied from."""

    start: int
    end: int
    """Character offsets in the generated text, half open."""
    source: int
    """Index of the passage in the request; -1 for the context."""
    source_start: int
    source_end: int
    """Character offsets in that passage or context, half open."""
    weight: float
    """Share of the word's probability that the copy at this place gave, 0..1."""


@dataclass(frozen=True, slots=True)
class Generated:
    """One hypothesis y for a request x."""

    text: str
    log_probability: float
    """log p(y|x): RAG-Sequence marginal log sum_z p(z|x) p(y|x,z), natural log, not length-normalised."""
    responsibilities: tuple[float, ...]
    """p(z|x,y) for each passage of the request; sums to 1: these are the citations."""
    source: int
    """Index of the passage the hypothesis was decoded from."""
    tokens: int
    origins: tuple[WordOrigin, ...] = ()
