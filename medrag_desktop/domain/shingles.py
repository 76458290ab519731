"""Runs of eight words: the unit in which copied prose is recognised."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

WORDS = 8
"""Words in a shingle: long enough that two authors rarely share one by chance."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the lower-case words of a text, without punctuation and markup signs."""
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def shingles(text: str) -> Iterator[str]:
    """Yield every run of WORDS consecutive words, joined by single spaces."""
    parts = words(text)
    for start in range(len(parts) - WORDS + 1):
        yield " ".join(parts[start : start + WORDS])


def shared_runs(text: str, known: Container[str]) -> tuple[str, ...]:
    """Return the longest runs of words of a text all of whose shingles are known."""
    parts = words(text)
    runs: list[tuple[int, int]] = []
    for start, shingle in enumerate(shingles(text)):
        if shingle not in known:
            continue
        if runs and runs[-1][1] == start + WORDS - 1:
            runs[-1] = (runs[-1][0], start + WORDS)
        else:
            runs.append((start, start + WORDS))
    return tuple(" ".join(parts[start:end]) for start, end in runs)
