"""Export a DPR checkpoint: two int8 ONNX graphs that share one embedding table, tokenizer and manifest.

Reached through `python -m medrag_desktop.training.export_onnx retriever CHECKPOINT OUT`.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from medrag_desktop.adapters.onnx_session import Manifest, sha256_of, write_manifest
from medrag_desktop.errors import ModelCorrupt
from medrag_desktop.training.retriever_model import (
    Towers,
    load_towers,
    passage_bert,
    passage_inputs,
    pool,
    question_bert,
    tokenize,
)

log = logging.getLogger(__name__)

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 17
BLOCK = 32
"""Weights that share one scale."""
LEAST_COSINE = 0.99
"""An exported tower whose vectors stray further than this from torch is refused."""
PROBES = (
    "Fever, cough and red eyes in a child of two years; rash from the face down since yesterday",
    "What is the first-line treatment of uncomplicated malaria?",
    "cough",
    "Patient has no chest pain, no dyspnoea. " * 12,
    "Épistaxis récidivante chez l'enfant \u2014 \u0938\u093f\u0930\u0926\u0930\u094d\u0926, 头痛 😀",
)


@dataclass(frozen=True, slots=True)
class Parity:
    """Cosine of exported and torch vectors over the probe texts."""

    question: float
    passage: float


class _Tower(nn.Module):
    """A BERT model with pooling and normalisation, as one graph."""

    def __init__(self, bert: nn.Module, pooling: str) -> None:
        super().__init__()
        self.bert = bert
        self.pooling = pooling

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return unit vectors of shape (n, dimension)."""
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return nn.functional.normalize(pool(states, attention_mask, self.pooling), dim=-1)


def export_retriever(checkpoint: Path, out: Path, *, quantized: bool = True) -> Manifest:
    """Write the model folder and return its manifest; raise ModelCorrupt if the export strays from torch.

    Weights are int8, or fp32 where they are only to be compared with.

    Source: a folder with `question/` and `passage/` (DPRQuestionEncoder, DPRContextEncoder) and
    `tokenizer.json`, as `train_retriever` writes it.
    """
    towers = load_towers(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        graphs = {
            "question.onnx": _graph(question_bert(towers.question), towers, Path(scratch), quantized),
            "passage.onnx": _graph(passage_bert(towers.passage), towers, Path(scratch), quantized),
        }
    files = _write(graphs, out) if quantized else _write_plain(graphs, out)
    tokenizer_file = out / "tokenizer.json"
    towers.tokenizer.no_padding()
    towers.tokenizer.no_truncation()
    towers.tokenizer.save(str(tokenizer_file))
    manifest = _manifest(towers, out, (*files, tokenizer_file.name))
    parity = measure_parity(load_towers(checkpoint), out)
    log.info("cosine to torch: question %.4f, passage %.4f", parity.question, parity.passage)
    if min(parity.question, parity.passage) < LEAST_COSINE:
        raise ModelCorrupt(f"The export strays from the checkpoint: {parity}.")
    return manifest


def _manifest(towers: Towers, out: Path, files: tuple[str, ...]) -> Manifest:
    """Write the manifest; the id names the weights, so that a pack built with others is refused."""
    digest = hashlib.sha256("".join(sha256_of(out / name) for name in sorted(files)).encode()).hexdigest()
    settings = towers.settings
    return write_manifest(
        out,
        f"dpr-{digest[:12]}",
        "encoder",
        datetime.now(UTC).date().isoformat(),
        files,
        {
            "dimension": question_bert(towers.question).config.hidden_size,
            "pooling": settings.pooling,
            "normalized": True,
            "question_tokens": settings.question_tokens,
            "passage_tokens": settings.passage_tokens,
            "base": settings.base,
            "training": settings.training,
        },
    )


def _graph(bert: nn.Module, towers: Towers, scratch: Path, quantized: bool) -> onnx.ModelProto:
    """Return the graph of one tower, its embedding table still inside."""
    bert.config._attn_implementation = "eager"  # noqa: SLF001 - transformers' only switch after loading
    tokens = tokenize(towers.tokenizer, list(PROBES), towers.settings.question_tokens)
    plain = scratch / "tower.onnx"
    torch.onnx.export(
        _Tower(bert, towers.settings.pooling).eval(),
        tuple(tokens[name] for name in INPUTS),
        str(plain),
        input_names=list(INPUTS),
        output_names=["vectors"],
        dynamic_axes={**{name: {0: "n", 1: "length"} for name in INPUTS}, "vectors": {0: "n"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(plain)
    if quantized:
        _quantize_embedding(model)
        _quantize_layers(model)
    return model


def _quantize_layers(model: onnx.ModelProto) -> None:
    """Replace each product with a weight matrix by MatMulNBits over int8 blocks.

    Its activations are quantised a row at a time, so a vector does not depend on the batch it was
    computed in; with one range a tensor (`quantize_dynamic`) the cosine to torch fell to .97.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for place, node in enumerate(list(graph.node)):
        weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None:
            continue
        blocks, scale = quantize_blocks(numpy_helper.to_array(weight))
        names = (f"{weight.name}_int8", f"{weight.name}_scale")
        graph.initializer.append(numpy_helper.from_array(blocks, names[0]))
        graph.initializer.append(numpy_helper.from_array(scale, names[1]))
        graph.initializer.remove(weight)
        graph.node[place].CopyFrom(
            helper.make_node(
                "MatMulNBits", [node.input[0], *names], list(node.output), domain="com.microsoft",
                K=weight.dims[0], N=weight.dims[1], bits=8, block_size=BLOCK, accuracy_level=4,
            )
        )  # fmt: skip
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def quantize_blocks(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a (K, N) matrix as blocks (N, K / BLOCK, BLOCK) around 128 and their scales, flat.

    K that is no multiple of BLOCK is filled up with zeros.
    """
    columns = np.pad(weight.T, ((0, 0), (0, -len(weight) % BLOCK)))
    blocks = columns.reshape(len(columns), -1, BLOCK)
    scale = np.maximum(np.abs(blocks).max(axis=2, keepdims=True), 1e-12) / 127
    return (np.rint(blocks / scale) + 128).astype(np.uint8), scale.astype(np.float32).ravel()


def _quantize_embedding(model: onnx.ModelProto) -> None:
    """Replace the token embedding table by int8 rows and one scale a row."""
    graph = model.graph
    table = max(graph.initializer, key=lambda tensor: np.prod(tensor.dims))
    gather = next(node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name)
    rows, scale = quantize_rows(numpy_helper.to_array(table))
    ids, result = gather.input[1], gather.output[0]
    nodes = [
        helper.make_node("Gather", ["token_rows", ids], ["token_int8"]),
        helper.make_node("Cast", ["token_int8"], ["token_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["token_scale", ids], ["token_factor"]),
        helper.make_node("Mul", ["token_float", "token_factor"], [result]),
    ]
    place = list(graph.node).index(gather)
    graph.node.remove(gather)
    graph.initializer.remove(table)
    for offset, node in enumerate(nodes):
        graph.node.insert(place + offset, node)
    graph.initializer.append(numpy_helper.from_array(rows, "token_rows"))
    graph.initializer.append(numpy_helper.from_array(scale, "token_scale"))


def quantize_rows(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 rows and scales of shape (n, 1) whose product is the table to within half a step."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127
    return np.rint(table / scale).astype(np.int8), scale.astype(np.float32)


def _write(graphs: dict[str, onnx.ModelProto], out: Path) -> tuple[str, ...]:
    """Write the graphs, with equal embedding tables in one file that both point to."""
    tables = [_initializer(model, "token_rows").raw_data for model in graphs.values()]
    shared = len(set(tables)) == 1
    if shared:
        (out / "tokens.bin").write_bytes(tables[0])
        for model in graphs.values():
            _point_outside(_initializer(model, "token_rows"), "tokens.bin")
    for name, model in graphs.items():
        (out / name).write_bytes(model.SerializeToString())
    if not shared:
        (out / "tokens.bin").unlink(missing_ok=True)
    return (*graphs, "tokens.bin") if shared else tuple(graphs)


def _write_plain(graphs: dict[str, onnx.ModelProto], out: Path) -> tuple[str, ...]:
    for name, model in graphs.items():
        (out / name).write_bytes(model.SerializeToString())
    return tuple(graphs)


def _initializer(model: onnx.ModelProto, name: str) -> TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def _point_outside(tensor: TensorProto, file: str) -> None:
    """Make a tensor read its bytes from a file beside the graph."""
    length = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", "0"), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)


def measure_parity(towers: Towers, out: Path) -> Parity:
    """Return the least cosine between exported and torch vectors, for each tower."""
    with torch.no_grad():
        questions = towers.encode_questions(PROBES)
        passages = towers.encode_passages([("Measles: Presentation", text) for text in PROBES])
    asked = tokenize(towers.tokenizer, list(PROBES), towers.settings.question_tokens)
    told = passage_inputs([("Measles: Presentation", text) for text in PROBES])
    given = tokenize(towers.tokenizer, told, towers.settings.passage_tokens)
    return Parity(
        _least_cosine(out / "question.onnx", asked, questions),
        _least_cosine(out / "passage.onnx", given, passages),
    )


def _least_cosine(path: Path, tokens: dict[str, Tensor], expected: Tensor) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    vectors = session.run(None, {name: tokens[name].numpy() for name in INPUTS})[0]
    return float((vectors * expected.numpy()).sum(axis=1).min())
