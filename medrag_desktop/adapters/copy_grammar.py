"""What the generator may write from one source: whole sentences of the passage, behind openings of a closed set.

Supported words are not supported statements: a copy that jumps between two places which share a word makes a false
sentence out of true words. So decoding walks a small automaton. A text is NOT_STATED, or one or two neighbouring
sentences of the passage, word for word, optionally after an opening that restates findings of the context:
`This patient has a, b and c; ...` (present) or `There is no a; ...` (absent). The model chooses among the ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from tokenizers import Tokenizer

from medrag_desktop.adapters.clauses import sentence_spans
from medrag_desktop.adapters.source_layout import CONTEXT, END, MAX_TARGET, PASSAGE, UNKNOWN, Source
from medrag_desktop.domain.grounding import NOT_STATED, holds_dose

PRESENT_OPENING, ABSENT_OPENING = "This patient has", "There is no"
OPENING_OF = {"Assessment": "present", "What does not fit": "absent"}
"""Sections whose sentences may begin with an opening, and whether it restates what is present or absent."""
ONLY_OPENED = frozenset({"What does not fit"})
"""Sections whose sentences say nothing without their opening."""
MAX_ITEMS = 3
MAX_SENTENCES = 2
MAX_ITEM_PIECES, MAX_SENTENCE_PIECES, MAX_OPENED_PIECES = 16, 120, 64
"""Longer findings and sentences (behind an opening) are left out, so that every text ends within MAX_TARGET pieces."""
_NO_NOUN = re.compile(
    r"(?:unable|vomits|looks|moves|feeding|full|noise|light|skin pinch|symptoms|no|passed|unconscious|too|wounds"
    r"|irritable|drowsy|apathetic|body|placenta|part of|pulse slower|leaking|takes|lives|had|not|mother|others"
    r"|delivered|born)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\b(present|absent):\s*([^;]*)")


def can_be_restated(name: str) -> bool:
    """Tell whether the name of a finding reads well behind an opening: "has cough", but not "has vomits everything"."""
    return _NO_NOUN.match(name) is None


class Mode(IntEnum):
    """Where in a text the automaton stands."""

    START = 0
    NOT_STATED = 1
    OPENING = 2
    ITEM = 3
    AFTER_ITEM = 4
    SENTENCE = 5
    END = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of a text and where it comes from."""

    piece: int
    at: int
    """Index in the source; -1 for a piece of an opening."""


@dataclass(frozen=True, slots=True)
class State:
    """A way through the automaton so far."""

    mode: Mode = Mode.START
    kind: str = ""
    """`present` or `absent` within an opening."""
    place: int = 0
    """Next piece: its index in the source, or within the fixed words."""
    last: int = 0
    """Index behind the end of the item or sentence being copied."""
    items: tuple[int, ...] = ()
    """First pieces of the items restated so far."""
    final: bool = False
    """No further item may follow."""
    sentences: int = 0
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Ids of the fixed words."""

    not_stated: tuple[int, ...]
    openings: Mapping[str, tuple[int, ...]]
    comma: int
    conjunction: int
    semicolon: int
    end: int
    unknown: int


def fixed_words(tokenizer: Tokenizer) -> Words:
    """Encode the closed set of openings and connectives."""

    def ids(text: str) -> tuple[int, ...]:
        return tuple(tokenizer.encode(text, add_special_tokens=False).ids)

    openings = {"present": ids(PRESENT_OPENING), "absent": ids(ABSENT_OPENING)}
    end, unknown = tokenizer.token_to_id(END), tokenizer.token_to_id(UNKNOWN)
    return Words(ids(NOT_STATED), openings, ids(",")[0], ids("and")[0], ids(";")[0], end, unknown)


@dataclass(frozen=True)
class CopyGrammar:
    """The automaton of one source."""

    words: Words
    source: Source
    section: str
    context: str
    passage: str

    @cached_property
    def sentence_pieces(self) -> tuple[tuple[int, int], ...]:
        """Return (first piece, piece behind the last) of every sentence that lies whole in the source.

        A sentence that names a dose may be read in the library and never stands in a draft.
        """
        spans = [(start, end) for start, end in sentence_spans(self.passage) if not holds_dose(self.passage[start:end])]
        most = MAX_OPENED_PIECES if self.section in OPENING_OF else MAX_SENTENCE_PIECES
        return tuple(self._pieces(PASSAGE, spans, most))

    @cached_property
    def item_pieces(self) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """Return the same of the findings that the context lists as present and as absent."""
        listed: dict[str, list[tuple[int, int]]] = {"present": [], "absent": []}
        for match in _LISTED.finditer(self.context):
            spans = _split(match.start(2), match[2])
            listed[match[1]] += [(start, end) for start, end in spans if can_be_restated(self.context[start:end])]
        return {kind: tuple(self._pieces(CONTEXT, spans, MAX_ITEM_PIECES)) for kind, spans in listed.items()}

    def start(self) -> tuple[State, ...]:
        """Return the states before the first piece."""
        return (State(),)

    def next(self, states: Sequence[State]) -> dict[int, tuple[State, ...]]:
        """Return every piece that may follow, the end marker included, with the states after it."""
        found: dict[int, dict[State, State]] = {}
        for state in states:
            for piece, at, after in self._moves(state):
                step = Step(piece, at)
                known = found.setdefault(piece, {})
                known.setdefault(replace(after, path=()), replace(after, path=(*state.path, step)))
        return {piece: tuple(after.values()) for piece, after in found.items()}

    def _moves(self, state: State) -> Iterator[tuple[int, int, State]]:
        """Yield (piece, its place in the source, state after it)."""
        match state.mode:
            case Mode.START:
                yield self._fixed(self.words.not_stated, State(Mode.NOT_STATED))
                kind = OPENING_OF.get(self.section, "")
                if self.item_pieces.get(kind):
                    yield self._fixed(self.words.openings[kind], State(Mode.OPENING, kind))
                if self.section not in ONLY_OPENED:
                    yield from self._sentence_starts(state)
            case Mode.NOT_STATED:
                yield from self._fixed_on(self.words.not_stated, state, (self.words.end, -1, State(Mode.END)))
            case Mode.OPENING:
                words = self.words.openings[state.kind]
                if state.place < len(words):
                    yield self._fixed(words, state)
                else:
                    yield from self._item_starts(state)
            case Mode.ITEM:
                yield self._copy(state, Mode.AFTER_ITEM)
            case Mode.AFTER_ITEM:
                yield from self._after_item(state)
            case Mode.SENTENCE:
                yield from self._in_sentence(state)
            case Mode.END:
                return

    def _fixed(self, words: tuple[int, ...], state: State) -> tuple[int, int, State]:
        """Write the next fixed word."""
        return words[state.place], -1, replace(state, place=state.place + 1)

    def _fixed_on(
        self, words: tuple[int, ...], state: State, end: tuple[int, int, State]
    ) -> Iterator[tuple[int, int, State]]:
        """Write the next fixed word, or what comes behind the last."""
        yield self._fixed(words, state) if state.place < len(words) else end

    def _copy(self, state: State, after: Mode) -> tuple[int, int, State]:
        """Copy the next piece of a span; change the mode behind its last."""
        place = state.place + 1
        mode = after if place == state.last else state.mode
        return self.source.ids[state.place], state.place, replace(state, mode=mode, place=place)

    def _item_starts(self, state: State) -> Iterator[tuple[int, int, State]]:
        """Begin one of the findings not restated yet."""
        for first, last in self.item_pieces[state.kind]:
            if first not in state.items:
                begun = replace(state, mode=Mode.ITEM, place=first, last=last, items=(*state.items, first))
                yield self._copy(begun, Mode.AFTER_ITEM)

    def _after_item(self, state: State) -> Iterator[tuple[int, int, State]]:
        """Go on to another finding or to the passage."""
        more = [span for span in self.item_pieces[state.kind] if span[0] not in state.items]
        to_item = State(Mode.OPENING, state.kind, len(self.words.openings[state.kind]), items=state.items)
        if state.kind == "present" and more and not state.final:
            yield self.words.conjunction, -1, replace(to_item, final=True)
            if len(state.items) < MAX_ITEMS - 1 and len(more) > 1:
                yield self.words.comma, -1, to_item
        if len(state.items) == 1 or state.final:
            yield self.words.semicolon, -1, State(Mode.SENTENCE, place=-1)

    def _in_sentence(self, state: State) -> Iterator[tuple[int, int, State]]:
        """Copy on; behind a sentence end the text or begin the neighbouring sentence."""
        if state.place < 0:
            yield from self._sentence_starts(state)
        elif state.place < state.last:
            yield self._copy(state, Mode.SENTENCE)
        else:
            yield self.words.end, -1, State(Mode.END)
            if state.sentences < MAX_SENTENCES:
                yield from self._sentence_starts(state, state.place)

    def _sentence_starts(self, state: State, neighbour: int = -1) -> Iterator[tuple[int, int, State]]:
        """Begin a sentence of the passage: any, or the one that follows the piece `neighbour`."""
        for first, last in self.sentence_pieces:
            fits = neighbour < 0 or len(state.path) + last - first < MAX_TARGET
            if neighbour in (-1, first) and fits:
                begun = State(Mode.SENTENCE, place=first, last=last, sentences=state.sentences + 1)
                yield self._copy(begun, Mode.SENTENCE)

    def _pieces(self, part: int, spans: Sequence[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
        """Yield the piece ranges of character spans that lie whole in the source and hold no unknown piece."""
        places = [i for i, piece_part in enumerate(self.source.part) if piece_part == part]
        if not places:
            return
        seen = self.source.end[places[-1]]
        for start, end in spans:
            inside = [i for i in places if self.source.start[i] >= start and self.source.end[i] <= end]
            if (
                0 < len(inside) <= most
                and end <= seen
                and all(self.source.ids[i] != self.words.unknown for i in inside)
            ):
                yield inside[0], inside[-1] + 1


def _split(offset: int, listed: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the items of a comma-separated list that begins at an offset."""
    for match in re.finditer(r"[^,]+", listed):
        lead = len(match[0]) - len(match[0].lstrip())
        if match[0].strip():
            yield offset + match.start() + lead, offset + match.start() + len(match[0].rstrip())
