"""The DPR question and passage encoders on ONNX Runtime (Karpukhin et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from medrag_desktop.adapters.onnx_session import open_session, read_manifest, verified_path
from medrag_desktop.adapters.passage_store import storable
from medrag_desktop.errors import ModelCorrupt
from medrag_desktop.ports import Vectors
from medrag_desktop.tasks import Task

BATCH = 32
"""Most texts in one run of the graph."""
BATCH_TOKENS = 4096
"""Most tokens, padding included, in one run: bounds memory whatever the lengths."""
LONGEST_TEXT = 8_000
"""Characters of a text that are tokenized; far more than the longest window holds."""


class DprEncoder:
    """Meets `ports.Encoder`; each tower is loaded when first used, a search never loads the passage tower."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        """Read the manifest and tokenizer of a model folder; raise ModelMissing or ModelCorrupt."""
        self._folder = folder
        self._threads = threads
        self._manifest = read_manifest(folder)
        if self._manifest.kind != "encoder":
            raise ModelCorrupt(f"The model in {folder} is no encoder; install the model again.")
        self._dimension = self._number("dimension")
        self._question_tokens = self._number("question_tokens")
        self._passage_tokens = self._number("passage_tokens")
        self._tokenizer = self._open_tokenizer()

    @property
    def id(self) -> str:
        """Return the model id from its manifest."""
        return self._manifest.id

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return self._dimension

    def encode_questions(self, texts: Sequence[str], *, task: Task) -> Vectors:
        """Return one unit vector a question, shape (n, dimension); checkpoints before each batch."""
        encodings = self._encodings([(text, "") for text in texts], self._question_tokens)
        return self._encode(self._question_session, encodings, "Reading the questions", task)

    def encode_passages(self, texts: Sequence[tuple[str, str]], *, task: Task) -> Vectors:
        """Return one unit vector a (title, text) pair, shape (n, dimension); checkpoint before each batch."""
        encodings = self._encodings(texts, self._passage_tokens)
        return self._encode(self._passage_session, encodings, "Encoding passages", task)

    @cached_property
    def _question_session(self) -> onnxruntime.InferenceSession:
        return self._session("question.onnx")

    @cached_property
    def _passage_session(self) -> onnxruntime.InferenceSession:
        return self._session("passage.onnx")

    def _session(self, file: str) -> onnxruntime.InferenceSession:
        # the embedding table lies outside the graphs when both towers share it
        if "tokens.bin" in self._manifest.files:
            verified_path(self._folder, self._manifest, "tokens.bin")
        return open_session(self._folder, self._manifest, file, self._threads)

    def _open_tokenizer(self) -> Tokenizer:
        path = verified_path(self._folder, self._manifest, "tokenizer.json")
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise ModelCorrupt(f"The file {path} is no tokenizer; install the model again.") from error

    def _number(self, name: str) -> int:
        value = self._manifest.settings.get(name)
        if not isinstance(value, int) or value < 1:
            raise ModelCorrupt(f"The manifest in {self._folder} lacks `{name}`; install the model again.")
        return value

    def _encodings(self, texts: Sequence[tuple[str, str]], longest: int) -> list[Encoding]:
        """Tokenize (title, text) pairs; a pair with an empty part is a single text."""
        self._tokenizer.enable_truncation(longest, strategy="longest_first")
        inputs = [(_clean(first), _clean(second)) for first, second in texts]
        encodings: list[Encoding] = self._tokenizer.encode_batch(
            [(first, second) if first and second else first or second for first, second in inputs]
        )
        return encodings

    def _encode(
        self, session: onnxruntime.InferenceSession, encodings: list[Encoding], message: str, task: Task
    ) -> Vectors:
        vectors = np.zeros((len(encodings), self._dimension), dtype=np.float32)
        done = 0
        for rows in _batches([len(encoding) for encoding in encodings]):
            task.report(message, done, len(encodings))
            vectors[rows] = session.run(None, _inputs([encodings[row] for row in rows]))[0]
            done += len(rows)
        return vectors


def _clean(text: str) -> str:
    """Return what can be tokenized: no lone surrogates, no NUL, bounded length."""
    return storable(text[:LONGEST_TEXT]).replace("\0", " ").strip()


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield rows in order of length, as many at once as BATCH and BATCH_TOKENS allow."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: (lengths[row], row)):
        if batch and (len(batch) == BATCH or lengths[row] * (len(batch) + 1) > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _inputs(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    """Return padded ids, mask and types, each of shape (n, longest)."""
    shape = (len(encodings), max(len(encoding) for encoding in encodings))
    ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = encoding.ids
        mask[row, : len(encoding)] = 1
        types[row, : len(encoding)] = encoding.type_ids
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
