"""The exported graphs compute what the model computes, in one piece and step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from medrag_desktop.adapters.bart_generator import BartGenerator
from medrag_desktop.adapters.copy_decoder import CopyDecoder
from medrag_desktop.adapters.onnx_session import open_session, read_manifest
from medrag_desktop.domain.generation import GenerationRequest
from medrag_desktop.errors import InputError
from medrag_desktop.tasks import Task
from medrag_desktop.training import train_generator
from medrag_desktop.training.bart_copy import IGNORED, CopyBart, decoder_input
from medrag_desktop.training.export_generator import write_model
from medrag_desktop.training.export_onnx import export_checkpoint
from medrag_desktop.training.train_generator import CHECKPOINT, Batch, Recipe, collate, save_run, start_stage
from tests.training.tiny_generator import PAIRS, tiny_model, tiny_vocabulary

pytestmark = pytest.mark.train
CPU = torch.device("cpu")
TOLERANCE = {"fp32": 1e-4, "int8": 0.15}


@pytest.fixture(scope="module", params=["fp32", "int8"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("generator")
    write_model(tiny_model(), tiny_vocabulary(), folder, request.param, steps=7)
    return folder, request.param


def teacher_forced() -> tuple[CopyBart, Batch, torch.Tensor]:
    model = tiny_model().eval()
    batch = collate(tiny_vocabulary().tokenizer(), PAIRS, CPU)
    return model, batch, decoder_input(batch.labels, model.begin, model.pad)


def test_scoring_all_pieces_at_once_equals_the_training_formula(exported: tuple[Path, str]) -> None:
    folder, precision = exported
    model, batch, _ = teacher_forced()
    with torch.no_grad():
        expected = model.label_log_probability(batch.source, batch.mask, batch.labels).sum(1).numpy()
    decoder = CopyDecoder(folder, read_manifest(folder), 1)
    sources = [tuple(row[row != 0].tolist()) for row in batch.source]
    texts = [tuple(p for p in row.tolist() if p != IGNORED)[:-1] for row in batch.labels]
    found = decoder.score(decoder.encode(sources, Task()), list(enumerate(texts)), Task())
    pieces = np.array([len(text) + 1 for text in texts])
    assert np.abs((np.array(found) - expected) / pieces).max() < TOLERANCE[precision]


def test_steps_with_a_cache_equal_the_training_formula(exported: tuple[Path, str]) -> None:
    folder, precision = exported
    model, batch, written = teacher_forced()
    with torch.no_grad():
        expected = model.distribution(batch.source, batch.mask, written).numpy()
    decoder = CopyDecoder(folder, read_manifest(folder), 1)
    sources = [tuple(row[row != 0].tolist()) for row in batch.source]
    cache = decoder.begin(decoder.encode(sources, Task()), range(len(sources)))
    for place in range(written.shape[1]):
        p, copied = cache.step(written[:, place].tolist())
        inside = (batch.labels[:, place] != IGNORED).numpy()
        assert np.abs(p - expected[:, place])[inside].max(initial=0) < TOLERANCE[precision]
        assert np.allclose(p.sum(-1), 1, atol=1e-4)
        assert copied.shape == (len(sources), batch.source.shape[1])


def test_keeping_rows_reorders_the_cache(exported: tuple[Path, str]) -> None:
    folder, _ = exported
    decoder = CopyDecoder(folder, read_manifest(folder), 1)
    sources = [(2, 9, 10, 11, 3), (2, 12, 13, 3)]
    encoded = decoder.encode(sources, Task())

    def last(rows: list[int], parents: list[int], first: list[int], second: list[int]) -> np.ndarray:
        cache = decoder.begin(encoded, rows)
        cache.step(first)
        cache.keep(parents)
        return np.asarray(cache.step(second)[0])

    together = last([0, 1], [1, 0, 1], [9, 12], [13, 10, 12])
    assert np.allclose(together[1], last([0], [0], [9], [10])[0], atol=1e-4)
    assert np.allclose(together[0], last([1], [0], [12], [13])[0], atol=1e-4)
    assert np.allclose(together[2], last([1], [0], [12], [12])[0], atol=1e-4)


def test_the_graphs_take_any_batch_and_length(exported: tuple[Path, str]) -> None:
    folder, _ = exported
    encoder: onnxruntime.InferenceSession = open_session(folder, read_manifest(folder), "encoder.onnx", 1)
    for rows, length in ((1, 1), (5, 40)):
        ids = np.full((rows, length), 9, np.int64)
        out = encoder.run(["kk", "cc"], {"ids": ids, "mask": np.ones_like(ids)})
        assert out[0].shape == (rows, 32, length)
        assert out[1].shape == (rows, length)


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 broken"])
def test_what_is_no_checkpoint_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "generator.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"generator\.pt"):
        export_checkpoint(path, tmp_path / "out")
    path.unlink()
    with pytest.raises(InputError, match="no checkpoint"):
        export_checkpoint(tmp_path, tmp_path / "out")


def test_a_checkpoint_is_told_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_stage(tiny_model(), tiny_vocabulary(), Recipe(frozen_layers=1), "corpora", CPU)
    save_run(run, tmp_path / CHECKPOINT)
    monkeypatch.setattr(train_generator, "warm_started", lambda *_: tiny_model(seed=9))
    manifest = export_checkpoint(tmp_path, tmp_path / "out")
    assert manifest.kind == "generator"
    assert read_manifest(tmp_path / "out").files == manifest.files


def test_the_manifest_says_what_the_adapter_needs_and_the_adapter_opens_it(exported: tuple[Path, str]) -> None:
    folder, precision = exported
    manifest = read_manifest(folder)
    assert manifest.kind == "generator"
    assert (manifest.settings["precision"], manifest.settings["steps"]) == (precision, 7)
    generator = BartGenerator(folder, threads=1)
    request = GenerationRequest("Assessment", PAIRS[0].context, (PAIRS[0].passage,), (1.0,))
    texts = generator.generate([request], task=Task())[0]
    assert texts
    assert all(text.responsibilities == (1.0,) for text in texts)
