from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from transformers import DPRConfig, DPRContextEncoder, DPRQuestionEncoder

from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.errors import InputError
from medrag_desktop.tasks import Task
from medrag_desktop.training.export_retriever import (
    LEAST_COSINE,
    export_retriever,
    measure_parity,
    quantize_blocks,
    quantize_rows,
)
from medrag_desktop.training.retriever_model import load_towers, save_towers
from tests.training.tiny_towers import tiny_towers

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_exported_towers_agree_with_torch(tmp_path: Path, pooling: str) -> None:
    towers = tiny_towers(pooling)
    save_towers(towers, tmp_path / "checkpoint")
    manifest = export_retriever(tmp_path / "checkpoint", tmp_path / "model")
    encoder = DprEncoder(tmp_path / "model", threads=1)
    assert (encoder.id, encoder.dimension) == (manifest.id, 32)
    assert manifest.settings["pooling"] == pooling
    pairs = [("measles", "fever and rash"), ("", "cough, fever"), ("a", "b " * 100)]
    with torch.no_grad():
        expected = load_towers(tmp_path / "checkpoint").encode_passages(pairs).numpy()
    assert ((encoder.encode_passages(pairs, task=Task()) * expected).sum(axis=1) > LEAST_COSINE).all()


def test_equal_embedding_tables_are_stored_once(tmp_path: Path) -> None:
    save_towers(tiny_towers(), tmp_path / "checkpoint")
    manifest = export_retriever(tmp_path / "checkpoint", tmp_path / "model")
    assert set(manifest.files) == {"question.onnx", "passage.onnx", "tokens.bin", "tokenizer.json"}
    graph = onnx.load(tmp_path / "model" / "question.onnx", load_external_data=False).graph
    assert [t.name for t in graph.initializer if t.external_data] == ["token_rows"]


def test_different_tables_stay_in_their_graphs_and_ids_follow_the_weights(tmp_path: Path) -> None:
    towers = tiny_towers()
    save_towers(towers, tmp_path / "checkpoint")
    first = export_retriever(tmp_path / "checkpoint", tmp_path / "model")
    with torch.no_grad():
        towers.question.question_encoder.bert_model.embeddings.word_embeddings.weight[5] += 1
    save_towers(towers, tmp_path / "checkpoint")
    second = export_retriever(tmp_path / "checkpoint", tmp_path / "model")
    assert "tokens.bin" not in second.files
    assert not (tmp_path / "model" / "tokens.bin").exists()
    assert first.id != second.id
    assert DprEncoder(tmp_path / "model").encode_questions(["fever"], task=Task()).shape == (1, 32)


def test_a_hugging_face_pair_without_our_settings_is_pooled_at_cls(tmp_path: Path) -> None:
    towers = tiny_towers()
    torch.manual_seed(3)
    config = DPRConfig(**{**towers.question.config.to_dict(), "hidden_size": 40})
    DPRQuestionEncoder(config).save_pretrained(tmp_path / "hub" / "question")
    DPRContextEncoder(config).save_pretrained(tmp_path / "hub" / "passage")
    towers.tokenizer.save(str(tmp_path / "hub" / "tokenizer.json"))
    manifest = export_retriever(tmp_path / "hub", tmp_path / "model")
    assert manifest.settings["pooling"] == "cls"
    parity = measure_parity(load_towers(tmp_path / "hub"), tmp_path / "model")
    assert min(parity.question, parity.passage) > LEAST_COSINE


def test_a_checkpoint_that_lacks_a_part_is_said(tmp_path: Path) -> None:
    save_towers(tiny_towers(), tmp_path / "checkpoint")
    (tmp_path / "checkpoint" / "passage" / "config.json").unlink()
    with pytest.raises(InputError, match=r"passage/config\.json"):
        export_retriever(tmp_path / "checkpoint", tmp_path / "model")


def test_quantised_tables_are_within_half_a_step() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(7, 70)).astype(np.float32)
    table[2] = 0
    rows, scale = quantize_rows(table)
    assert (np.abs(rows * scale - table) <= scale / 2 + 1e-6).all()
    blocks, scales = quantize_blocks(table.T)
    restored = (blocks.astype(np.float32) - 128) * scales.reshape(7, -1, 1)
    assert (np.abs(restored.reshape(7, -1)[:, :70] - table) <= scales.max() / 2 + 1e-6).all()
