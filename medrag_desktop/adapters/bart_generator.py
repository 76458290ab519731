"""The generator: BART with a copy head, run by ONNX Runtime (RAG-Sequence, Lewis et al. 2020; See et al. 2017).

Every passage of every request is encoded once; all passages of all requests decode together; then each text is scored
under every passage of its request, which gives p(y|x) and the responsibilities p(z|x,y).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from medrag_desktop.adapters.copy_decoder import CopyDecoder, Encoded, Floats
from medrag_desktop.adapters.copy_grammar import CopyGrammar, Mode, State, Step, fixed_words
from medrag_desktop.adapters.generated_text import render
from medrag_desktop.adapters.onnx_session import Manifest, read_manifest, verified_path
from medrag_desktop.adapters.source_layout import lay_out, load_tokenizer
from medrag_desktop.domain.generation import Generated, GenerationRequest
from medrag_desktop.errors import ModelCorrupt
from medrag_desktop.tasks import Task

TOKENIZER = "tokenizer.json"
WAYS = 2
"""Texts written from each passage."""
LEAST_SHARE = 0.02
"""A second text is begun only where its first differing piece has this share of the best one's probability."""
DECIDED = 0.5
"""Probability from which the first piece of NOT_STATED, or of an opening, decides how a text begins. Below it
NOT_STATED is not written, for the sentences together are more probable; above it an opening is not weighed against bare
sentences, for its own probability is divided among the findings it may restate."""
DECODED_TOGETHER = 48
"""Rows of one decoding batch: beyond it memory grows and nothing is won."""


@dataclass(frozen=True, slots=True)
class Row:
    """One distinct (section, context, passage)."""

    grammar: CopyGrammar
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A finished text."""

    path: tuple[Step, ...]
    weights: tuple[float, ...]
    """Per piece, the share of its probability that the copy gave."""
    row: int
    log_p: float
    """Log probability under its own passage, the end marker included."""


@dataclass
class Way:
    """A text being written from one row."""

    row: int
    states: tuple[State, ...]
    weights: list[float] = field(default_factory=list)
    log_p: float = 0.0


class BartGenerator:
    """Meets ports.Generator. Decoding is greedy but for a second way per passage, so a seed changes nothing."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        """Open the model in a folder; raise ModelMissing or ModelCorrupt."""
        manifest = read_manifest(folder)
        if manifest.kind != "generator":
            raise ModelCorrupt(f"The model in {folder} is no generator; install the model again.")
        self._manifest = manifest
        self._tokenizer = _open_tokenizer(folder, manifest)
        self._decoder = CopyDecoder(folder, manifest, threads)
        self._words = fixed_words(self._tokenizer)

    @property
    def id(self) -> str:
        """Return the model id from its manifest."""
        return self._manifest.id

    def generate(
        self, requests: Sequence[GenerationRequest], *, task: Task, seed: int = 0
    ) -> tuple[tuple[Generated, ...], ...]:
        """Return, for each request, its hypotheses with the most probable first."""
        del seed
        rows, places = self._rows(requests)
        if not rows:
            return tuple(() for _ in requests)
        task.report("Reading the passages", 0, len(rows))
        encoded = self._decoder.encode([row.ids for row in rows], task)
        written: list[Written] = []
        for start in range(0, len(rows), DECODED_TOGETHER):
            task.report("Writing", start, len(rows))
            written += self._write(rows, range(start, min(len(rows), start + DECODED_TOGETHER)), encoded, task)
        task.report("Weighing the passages", len(rows), len(rows))
        return self._weigh(requests, places, rows, written, encoded, task)

    def _rows(self, requests: Sequence[GenerationRequest]) -> tuple[list[Row], list[list[int]]]:
        """Return the distinct rows, and for each request the row of each of its passages."""
        known: dict[tuple[str, str, str], int] = {}
        rows: list[Row] = []
        places: list[list[int]] = []
        for request in requests:
            places.append([])
            for passage in request.sources:
                key = (request.section, request.context, passage)
                if key not in known:
                    known[key] = len(rows)
                    source = lay_out(self._tokenizer, *key)
                    rows.append(Row(CopyGrammar(self._words, source, *key), source.ids))
                places[-1].append(known[key])
        return rows, places

    def _write(self, rows: Sequence[Row], chosen: range, encoded: Encoded, task: Task) -> list[Written]:
        """Decode the chosen rows together, WAYS texts from each."""
        ways = [Way(row, rows[row].grammar.start()) for row in chosen]
        done: list[Written] = []
        cache = self._decoder.begin(encoded, [way.row for way in ways])
        pieces = [self._decoder.begin_id] * len(ways)
        for _ in range(self._decoder.max_target):
            task.checkpoint()
            p, copied = cache.step(pieces)
            ways, parents, pieces = self._advance(ways, rows, p, copied, done)
            if not ways:
                break
            cache.keep(parents)
        return done

    def _advance(
        self, ways: Sequence[Way], rows: Sequence[Row], p: Floats, copied: Floats, done: list[Written]
    ) -> tuple[list[Way], list[int], list[int]]:
        """Lengthen every way by its best allowed piece, and split a row's only way where two pieces are close."""
        room = {way.row: WAYS - sum(other.row == way.row for other in ways) for way in ways}
        for text in done:
            if text.row in room:
                room[text.row] -= 1
        kept: list[tuple[Way, int, int]] = []
        for number, way in enumerate(ways):
            grammar = rows[way.row].grammar
            allowed = grammar.next(way.states)
            order = self._order(way, allowed, p[number])
            taken = order[:1]
            if len(order) > 1 and room[way.row] > 0 and p[number, order[1]] >= LEAST_SHARE * p[number, order[0]]:
                taken = order[:2]
                room[way.row] -= 1
            for piece in taken:
                longer = _lengthened(way, piece, allowed[piece], float(p[number, piece]), copied[number])
                if piece == self._words.end:
                    path, weights = longer.states[0].path[:-1], tuple(longer.weights[:-1])
                    done.append(Written(path, weights, way.row, longer.log_p))
                else:
                    kept.append((longer, number, piece))
        return [way for way, _, _ in kept], [number for _, number, _ in kept], [piece for _, _, piece in kept]

    def _order(self, way: Way, allowed: Mapping[int, tuple[State, ...]], p: Floats) -> list[int]:
        """Return the pieces to choose from, best first."""
        order = sorted(allowed, key=lambda piece: (-p[piece], piece))
        if any(state.mode in (Mode.OPENING, Mode.ITEM, Mode.AFTER_ITEM) for state in way.states):
            return order[:1]  # a second text shall say another sentence, not restate other findings
        refusal = self._words.not_stated[0]
        if way.weights or len(order) == 1 or refusal not in order:
            return order
        others = [piece for piece in order if piece != refusal]
        if p[refusal] >= DECIDED:
            return [refusal, *others]
        opened = others[0] in {words[0] for words in self._words.openings.values()} and p[others[0]] >= DECIDED
        return others[:1] if opened else others

    def _weigh(
        self,
        requests: Sequence[GenerationRequest],
        places: Sequence[Sequence[int]],
        rows: Sequence[Row],
        written: Sequence[Written],
        encoded: Encoded,
        task: Task,
    ) -> tuple[tuple[Generated, ...], ...]:
        """Score every text under every passage of its request."""
        texts = [_distinct(written, wanted) for wanted in places]
        own = {(text.row, _pieces(text)): text.log_p for of in texts for text in of}
        asked = (
            (row, _pieces(text)) for wanted, of in zip(places, texts, strict=True) for text in of for row in wanted
        )
        others = [pair for pair in dict.fromkeys(asked) if pair not in own]
        scores = own | dict(zip(others, self._decoder.score(encoded, others, task), strict=True))
        answers = []
        for request, wanted, of in zip(requests, places, texts, strict=True):
            prior = _log_softmax(np.asarray(request.source_scores, np.float64))
            joint = [prior + np.array([scores[row, _pieces(text)] for row in wanted]) for text in of]
            found = [self._hypothesis(t, j, wanted, rows) for t, j in zip(of, joint, strict=True)]
            answers.append(tuple(sorted(found, key=lambda g: (-g.log_probability, g.text))))
        return tuple(answers)

    def _hypothesis(self, text: Written, joint: Floats, wanted: Sequence[int], rows: Sequence[Row]) -> Generated:
        """Join a text with its scores."""
        source = wanted.index(text.row)
        fixed = [self._tokenizer.id_to_token(step.piece) for step in text.path]
        words, origins = render(rows[text.row].grammar, text.path, text.weights, source, fixed)
        marginal = float(np.logaddexp.reduce(joint))
        shares = np.exp(joint - marginal)
        return Generated(
            text=words,
            log_probability=marginal,
            responsibilities=tuple(float(share) for share in shares / shares.sum()),
            source=source,
            tokens=len(text.path),
            origins=origins,
        )


def _open_tokenizer(folder: Path, manifest: Manifest) -> Tokenizer:
    """Read the tokenizer of a model; raise ModelMissing or ModelCorrupt."""
    path = verified_path(folder, manifest, TOKENIZER)
    try:
        return load_tokenizer(path)
    except Exception as error:  # the tokenizers library raises plain Exception
        raise ModelCorrupt(f"The model file {path} cannot be opened; install the model again.") from error


def _lengthened(way: Way, piece: int, states: tuple[State, ...], p: float, copied: Floats) -> Way:
    """Return a way with one more piece."""
    at = states[0].path[-1].at
    share = float(copied[at]) / max(p, 1e-12) if at >= 0 else 0.0
    return Way(way.row, states, [*way.weights, share], way.log_p + float(np.log(max(p, 1e-12))))


def _distinct(written: Sequence[Written], wanted: Sequence[int]) -> list[Written]:
    """Return the texts of some rows, each text once, in the order of the rows."""
    found: dict[tuple[int, ...], Written] = {}
    for row in dict.fromkeys(wanted):
        for text in written:
            if text.row == row:
                found.setdefault(_pieces(text), text)
    return list(found.values())


def _pieces(text: Written) -> tuple[int, ...]:
    """Return the pieces of a text."""
    return tuple(step.piece for step in text.path)


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log of the softmax of retrieval scores: log p(z|x)."""
    return np.asarray(scores - np.logaddexp.reduce(scores), np.float64)
