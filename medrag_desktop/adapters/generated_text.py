"""A way through the copy automaton -> text in natural casing, with the origin of every word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medrag_desktop.adapters.copy_grammar import CopyGrammar, Step
from medrag_desktop.adapters.source_layout import CONTEXT, PASSAGE
from medrag_desktop.domain.generation import WordOrigin


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring pieces copied from one text, or one fixed word."""

    first: int
    """Index of the first step."""
    steps: tuple[Step, ...]


def render(
    grammar: CopyGrammar, path: Sequence[Step], weights: Sequence[float], passage: int, fixed: Sequence[str]
) -> tuple[str, tuple[WordOrigin, ...]]:
    """Return the text and the origins of its copied words.

    `weights`: per step the share of its probability that the copy gave; `passage`: index of the passage in the
    request; `fixed`: the vocabulary's piece of each step, used where nothing was copied.
    """
    text = ""
    origins: list[WordOrigin] = []
    for span in _spans(grammar, path):
        at = span.steps[0].at
        if at < 0:
            text = _append(text, fixed[span.first])
            continue
        start, end = grammar.source.start[at], grammar.source.end[span.steps[-1].at]
        within = grammar.passage if grammar.source.part[at] == PASSAGE else grammar.context
        copied = within[start:end]
        if text:
            copied = lower_first(copied) if text.endswith(";") else copied
            text += " "
        origins += _origins(grammar, span, weights, passage, len(text) - start)
        text += copied
    return text[:1].upper() + text[1:], tuple(origins)


def lower_first(text: str) -> str:
    """Lower the first letter of a sentence unless its first word is a name like HIV or pH."""
    first, _, _ = text.partition(" ")
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def _append(text: str, piece: str) -> str:
    """Append a fixed word; punctuation follows without a space."""
    return text + piece if piece in ",;." or not text else f"{text} {piece}"


def _spans(grammar: CopyGrammar, path: Sequence[Step]) -> Iterator[Span]:
    """Group the steps into fixed words and runs of neighbouring pieces of one text."""
    start = 0
    for index in range(1, len(path) + 1):
        if index == len(path) or not _continues(grammar, path[index - 1], path[index]):
            yield Span(start, tuple(path[start:index]))
            start = index


def _continues(grammar: CopyGrammar, before: Step, after: Step) -> bool:
    return 0 <= before.at == after.at - 1 and grammar.source.part[before.at] == grammar.source.part[after.at]


def _origins(
    grammar: CopyGrammar, span: Span, weights: Sequence[float], passage: int, shift: int
) -> Iterator[WordOrigin]:
    """Yield one origin for each run of pieces without white space between them."""
    source = -1 if grammar.source.part[span.steps[0].at] == CONTEXT else passage
    word: list[int] = []
    for number in range(len(span.steps) + 1):
        last = number == len(span.steps)
        if word and (
            last or grammar.source.end[span.steps[word[-1]].at] != grammar.source.start[span.steps[number].at]
        ):
            start = grammar.source.start[span.steps[word[0]].at]
            end = grammar.source.end[span.steps[word[-1]].at]
            share = sum(weights[span.first + n] for n in word) / len(word)
            yield WordOrigin(start + shift, end + shift, source, start, end, min(1.0, max(0.0, share)))
            word = []
        word.append(number)
