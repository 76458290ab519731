"""Export a generator checkpoint: encoder and decoder graph in 8 bit, tokenizer and manifest.

Reached through `python -m medrag_desktop.training.export_onnx generator CHECKPOINT OUT`.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from medrag_desktop.adapters.onnx_session import Manifest, write_manifest
from medrag_desktop.adapters.source_layout import MAX_CONTEXT, MAX_SOURCE, MAX_TARGET
from medrag_desktop.training.bart_copy import CopyBart
from medrag_desktop.training.export_retriever import BLOCK, quantize_blocks
from medrag_desktop.training.generator_graphs import (
    ENCODER_INPUTS,
    OUT_SCORE,
    OUT_STEP,
    DecoderGraph,
    EncoderGraph,
    cache_names,
    encoder_outputs,
)
from medrag_desktop.training.train_generator import load_model
from medrag_desktop.training.vocabulary import PrunedVocabulary

MODEL_ID = "bart-copy-minilm"
ENCODER, DECODER, TOKENIZER = "encoder.onnx", "decoder.onnx", "tokenizer.json"
OPSET = 17
PRECISIONS = ("int8", "fp32")
"""int8: weights and embeddings in 8 bit; fp32: as trained, for comparison."""
log = logging.getLogger(__name__)


def export_generator(checkpoint: Path, out: Path, precision: str = "int8") -> Manifest:
    """Write the model folder of a training checkpoint; raise OSError when a file cannot be read or written."""
    model, vocabulary, state = load_model(checkpoint)
    return write_model(model, vocabulary, out, precision, steps=int(state["total"]))


def write_model(model: CopyBart, vocabulary: PrunedVocabulary, out: Path, precision: str, steps: int = 0) -> Manifest:
    """Write encoder, decoder, tokenizer and manifest of a model; `precision` is one of PRECISIONS."""
    model = model.eval().cpu()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        for name, write in ((ENCODER, _write_encoder), (DECODER, _write_decoder)):
            plain = Path(scratch) / name
            write(model, plain, precision == "int8")
            _quantise(plain, out / name, precision)
    vocabulary.tokenizer().save(str(out / TOKENIZER))
    config = model.bart.config
    settings = {
        "architecture": "bart-copy",
        "precision": precision,
        "width": config.d_model,
        "heads": config.decoder_attention_heads,
        "layers": config.decoder_layers,
        "vocabulary": config.vocab_size,
        "max_source": MAX_SOURCE,
        "max_context": MAX_CONTEXT,
        "max_target": MAX_TARGET,
        "steps": steps,
    }
    created = datetime.now(UTC).date().isoformat()
    model_id = f"{MODEL_ID}-{created}-{steps}"
    return write_manifest(out, model_id, "generator", created, (ENCODER, DECODER, TOKENIZER), settings)


def _write_encoder(model: CopyBart, path: Path, quantised: bool) -> None:
    """Trace the encoder graph."""
    graph = EncoderGraph(model, quantised).eval()
    names = encoder_outputs(model.bart.config.decoder_layers)
    ids, mask = _example_source(model)
    axes = {name: _source_axes(name) for name in (*ENCODER_INPUTS, *names)}
    _trace(graph, (ids, mask), path, ENCODER_INPUTS, names, axes)


def _write_decoder(model: CopyBart, path: Path, quantised: bool) -> None:
    """Trace the decoder graph."""
    config = model.bart.config
    layers, each = config.decoder_layers, config.d_model // config.decoder_attention_heads
    ids, mask = _example_source(model)
    encoded = EncoderGraph(model, quantised).eval()(ids, mask)
    cross, copy = list(encoded[: 2 * layers + 1]), [*encoded[2 * layers + 1 :], ids, torch.zeros_like(ids)]
    cache = [torch.randn(len(ids), config.decoder_attention_heads, 5, each) for _ in range(2 * layers)]
    tok, want = ids[:, 2:5], ids[:, 3:6]
    sources = encoder_outputs(layers)
    inputs = ("tok", "pos", "want", *cache_names(layers, "p"), *sources, "sid", "run")
    outputs = (*OUT_STEP, OUT_SCORE, *cache_names(layers, "q"))
    axes = {name: _source_axes(name) for name in (*sources, "sid", "run", "copied", "run_out")}
    axes |= {name: {0: "B", 1: "T"} for name in ("tok", "want", OUT_SCORE)} | {"p": {0: "B"}}
    axes |= {name: {0: "B", 2: "P"} for name in cache_names(layers, "p")}
    axes |= {name: {0: "B", 2: "PT"} for name in cache_names(layers, "q")}
    graph = DecoderGraph(model, quantised).eval()
    _trace(graph, (tok, torch.tensor([5]), want, cache, cross, copy), path, inputs, outputs, axes)


def _trace(
    graph: nn.Module,
    example: tuple[object, ...],
    path: Path,
    inputs: Iterable[str],
    outputs: Iterable[str],
    axes: dict[str, dict[int, str]],
) -> None:
    """Export with the tracer: it folds the constants and keeps every axis named in `axes` free."""
    torch.onnx.export(
        graph,
        example,
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes=axes,
    )


def _source_axes(name: str) -> dict[int, str]:
    """Return which axes of a tensor are batch and source length."""
    if name.startswith("ck") or name == "cm":
        return {0: "B", 3: "S"}
    if name.startswith("cv") or name == "kk":
        return {0: "B", 2: "S"}
    return {0: "B", 1: "S"}


def _example_source(model: CopyBart) -> tuple[Tensor, Tensor]:
    """Return ids and mask of three sources, one of them shorter."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, model.bart.config.vocab_size, (3, 11), generator=generator)
    mask = torch.ones_like(ids)
    ids[1, 8:], mask[1, 8:] = model.pad, 0
    return ids, mask


def _quantise(plain: Path, out: Path, precision: str) -> None:
    """Write the graph in the given precision."""
    model = onnx.load(str(plain))
    del model.graph.value_info[:]
    _resolve_aliases(model.graph)
    if precision == "int8":
        _quantise_blocks(model)
    onnx.save(model, str(out))


def _resolve_aliases(graph: onnx.GraphProto) -> None:
    """Let nodes name a shared weight itself, not the Identity nodes that the exporter puts behind it."""
    weights = {tensor.name for tensor in graph.initializer}
    copies = [node for node in graph.node if node.op_type == "Identity" and node.input[0] in weights]
    names = {node.output[0]: node.input[0] for node in copies}
    for node in copies:
        graph.node.remove(node)
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)


def _quantise_blocks(model: onnx.ModelProto) -> None:
    """Replace each product with a weight matrix by MatMulNBits over int8 blocks.

    Activations are quantised a row at a time, so what a passage gives does not depend on its batch.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    packed: set[str] = set()
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in weights or weights[node.input[1]].dims[1] == 1:
            continue
        name = node.input[1]
        if name not in packed:
            packed.add(name)
            blocks, scale = quantize_blocks(numpy_helper.to_array(weights[name]))
            graph.initializer.append(numpy_helper.from_array(blocks, f"{name}.blocks"))
            graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        node.CopyFrom(_block_product(node, weights[name].dims))
    for name in packed:
        graph.initializer.remove(weights[name])
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _block_product(node: onnx.NodeProto, shape: Sequence[int]) -> onnx.NodeProto:
    """Return the product of a MatMul node over the blocks of its weight of shape (K, N)."""
    name = node.input[1]
    return helper.make_node(
        "MatMulNBits",
        [node.input[0], f"{name}.blocks", f"{name}.scale"],
        list(node.output),
        domain="com.microsoft",
        K=shape[0],
        N=shape[1],
        bits=8,
        block_size=BLOCK,
        accuracy_level=4,
    )
