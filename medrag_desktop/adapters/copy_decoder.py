"""Runs the two graphs of the generator: encode sources, decode with a cache kept inside ONNX Runtime, score texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from medrag_desktop.adapters.onnx_session import Manifest, open_session
from medrag_desktop.errors import ModelCorrupt
from medrag_desktop.tasks import Task

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]
ENCODER, DECODER = "encoder.onnx", "decoder.onnx"
PAD_ID, BEGIN_ID, END_ID = 0, 2, 3
"""Special pieces stand first in every vocabulary of this model: [PAD] [UNK] [CLS] [SEP] [MASK]."""
ENCODED_TOGETHER = 2560
"""Pieces of one encoder batch, padding included."""
WORTH_CARRYING = 0.6
"""Share of the rows still being written from which the others are carried along."""
SCORED_TOGETHER = 1024
"""Target pieces of one scoring batch, padding included: the vocabulary's logits of each are held at once."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder gives for some sources, one entry a source, cut to its length."""

    ids: tuple[tuple[int, ...], ...]
    tensors: tuple[dict[str, NDArray[Any]], ...]


class CopyDecoder:
    """The encoder and decoder graph of one model."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int | None) -> None:
        """Open both graphs; raise ModelMissing or ModelCorrupt."""
        self._encoder = open_session(folder, manifest, ENCODER, threads)
        self.session = open_session(folder, manifest, DECODER, threads)
        try:
            self.heads, self.layers, width, self.max_target = (
                int(str(manifest.settings[name])) for name in ("heads", "layers", "width", "max_target")
            )
        except (KeyError, ValueError) as error:
            raise ModelCorrupt(f"The manifest in {folder} lacks the sizes of the model; install it again.") from error
        self.each = width // self.heads
        self.begin_id = BEGIN_ID
        self.cross_names = tuple(out.name for out in self._encoder.get_outputs())
        self.cache_in = tuple(f"p{kind}{n}" for n in range(self.layers) for kind in ("k", "v"))
        self.cache_out = tuple(f"q{kind}{n}" for n in range(self.layers) for kind in ("k", "v"))

    def encode(self, sources: Sequence[tuple[int, ...]], task: Task) -> Encoded:
        """Encode every source once, those of like length together."""
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        found: dict[int, dict[str, NDArray[Any]]] = {}
        for batch in _batches(order, [len(s) for s in sources], ENCODED_TOGETHER):
            task.checkpoint()
            ids = _padded([sources[i] for i in batch])
            mask = (ids != PAD_ID).astype(np.int64)
            values = self._encoder.run(self.cross_names, {"ids": ids, "mask": mask})
            for place, number in enumerate(batch):
                length = len(sources[number])
                found[number] = {
                    name: _cut(name, value[place], length) for name, value in zip(self.cross_names, values, strict=True)
                }
        return Encoded(tuple(sources), tuple(found[number] for number in range(len(sources))))

    def begin(self, encoded: Encoded, rows: Sequence[int]) -> Cache:
        """Return an empty cache for some of the sources, one row each."""
        return Cache(self, self.feeds(encoded, rows), len(rows))

    def feeds(self, encoded: Encoded, rows: Sequence[int]) -> dict[str, NDArray[Any]]:
        """Return the decoder's inputs that depend on the sources, padded to the longest of the rows."""
        ids = _padded([encoded.ids[row] for row in rows])
        feeds = {name: _joined(name, [encoded.tensors[row][name] for row in rows]) for name in self.cross_names}
        return feeds | {"sid": ids, "run": np.zeros_like(ids)}

    def empty_cache(self, rows: int) -> NDArray[np.float32]:
        """Return one tensor of a cache that holds no piece."""
        return np.zeros((rows, self.heads, 0, self.each), np.float32)

    def score(self, encoded: Encoded, pairs: Sequence[tuple[int, tuple[int, ...]]], task: Task) -> list[float]:
        """Return log p(text | source) of (source, pieces) pairs, the end marker included."""
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][1]))
        found = [0.0] * len(pairs)
        for batch in _batches(order, [len(pieces) + 1 for _, pieces in pairs], SCORED_TOGETHER):
            task.checkpoint()
            for number, value in zip(batch, self._scores(encoded, [pairs[i] for i in batch]), strict=True):
                found[number] = value
        return found

    def _scores(self, encoded: Encoded, pairs: Sequence[tuple[int, tuple[int, ...]]]) -> list[float]:
        """Score one batch with all pieces at once."""
        want = _padded([(*pieces, END_ID) for _, pieces in pairs])
        tok = _padded([(BEGIN_ID, *pieces) for _, pieces in pairs])
        empty = self.empty_cache(len(pairs))
        feeds = self.feeds(encoded, [row for row, _ in pairs]) | dict.fromkeys(self.cache_in, empty)
        feeds |= {"tok": tok, "want": want, "pos": np.zeros(1, np.int64)}
        only = onnxruntime.RunOptions()
        only.only_execute_path_to_fetches = True
        log_p = self.session.run(["log_p"], feeds, only)[0]
        return [float(log_p[i, : len(pieces) + 1].sum(dtype=np.float64)) for i, (_, pieces) in enumerate(pairs)]


class Cache:
    """A batch being decoded: its tensors stay in ONNX Runtime between the steps."""

    def __init__(self, decoder: CopyDecoder, feeds: dict[str, NDArray[Any]], rows: int) -> None:
        self._decoder = decoder
        self._feeds = {name: _value(array) for name, array in feeds.items()}
        empty = _value(decoder.empty_cache(rows))
        self._feeds |= dict.fromkeys(decoder.cache_in, empty)
        self._rows, self._active = rows, np.arange(rows)
        self._position = 0
        self._binding = decoder.session.io_binding()
        self._only = onnxruntime.RunOptions()
        self._only.only_execute_path_to_fetches = True
        self._stale = set(self._feeds)

    def step(self, pieces: Sequence[int]) -> tuple[Floats, Floats]:
        """Read one more piece a row; return p (B, V) of the next and what of it was copied from where (B, S)."""
        tok = np.full((self._rows, 1), PAD_ID, np.int64)
        tok[self._active, 0] = pieces
        binding, outputs = self._binding, ("p", "copied", "run_out", *self._decoder.cache_out)
        self._bind("tok", _value(tok))
        self._bind("want", _value(tok))
        self._bind("pos", _value(np.array([self._position], np.int64)))
        for name in self._stale:
            binding.bind_ortvalue_input(name, self._feeds[name])
        binding.clear_binding_outputs()
        for name in outputs:
            binding.bind_output(name)
        self._decoder.session.run_with_iobinding(binding, self._only)
        values = dict(zip(outputs, binding.get_outputs(), strict=True))
        self._feeds["run"] = values["run_out"]
        self._feeds |= {i: values[o] for i, o in zip(self._decoder.cache_in, self._decoder.cache_out, strict=True)}
        self._stale = {"run", *self._decoder.cache_in}
        self._position += 1
        return values["p"].numpy()[self._active], values["copied"].numpy()[self._active]

    def keep(self, parents: Sequence[int]) -> None:
        """Go on with these rows, in this order; a row may be named twice.

        Rows that are done ride along unread until they are many: to move the tensors costs more than to carry them.
        """
        self._active = self._active[np.array(parents, np.int64)]
        distinct = len(set(self._active.tolist())) == len(self._active)
        if distinct and len(self._active) >= WORTH_CARRYING * self._rows:
            return
        self._feeds = {name: _value(value.numpy()[self._active]) for name, value in self._feeds.items()}
        self._rows, self._active = len(self._active), np.arange(len(self._active))
        self._stale = set(self._feeds)

    def _bind(self, name: str, value: Any) -> None:
        self._binding.bind_ortvalue_input(name, value)


def _value(array: NDArray[Any]) -> Any:
    """Return an array as a value of ONNX Runtime."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def _batches(order: Sequence[int], lengths: Sequence[int], most: int) -> list[list[int]]:
    """Group ascending lengths so that rows x longest stays below a bound."""
    batches: list[list[int]] = []
    for number in order:
        if batches and (len(batches[-1]) + 1) * lengths[number] <= most:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches


def _padded(rows: Sequence[Sequence[int]]) -> Ids:
    """Return the rows as one (B, longest) array."""
    out = np.full((len(rows), max(len(row) for row in rows)), PAD_ID, np.int64)
    for number, row in enumerate(rows):
        out[number, : len(row)] = row
    return out


def _source_axis(name: str) -> int:
    """Return which axis of one row of an encoder output runs over the source."""
    if name.startswith("ck") or name == "cm":
        return 2
    return 1 if name.startswith("cv") or name == "kk" else 0


def _cut(name: str, value: NDArray[Any], length: int) -> NDArray[Any]:
    """Take the padding off one row of an encoder output."""
    return value[(slice(None),) * _source_axis(name) + (slice(0, length),)]


def _joined(name: str, rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Stack rows of different length; masks and offsets of the padding are far below any score."""
    axis = _source_axis(name)
    shape = list(rows[0].shape)
    shape[axis] = max(row.shape[axis] for row in rows)
    out = np.full((len(rows), *shape), -1e9 if name in ("cm", "cc") else 0, rows[0].dtype)
    for number, row in enumerate(rows):
        out[number][tuple(slice(0, size) for size in row.shape)] = row
    return out
