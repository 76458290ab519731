"""Tokens per second of the generator against transformers and CTranslate2, in one run on one machine.

`python benchmarks/generator.py CHECKPOINT`. The stock engines cannot run the copy head: they run the stock part of the
same checkpoint, ours runs with the head. All decode greedily a fixed number of tokens from sources of a fixed length,
the encoder included.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import ctranslate2
import numpy as np
import torch
from ctranslate2.converters import TransformersConverter
from transformers import BertTokenizerFast

from medrag_desktop.adapters.copy_decoder import CopyDecoder
from medrag_desktop.adapters.onnx_session import read_manifest
from medrag_desktop.config import default_threads
from medrag_desktop.tasks import Task
from medrag_desktop.training.bart_copy import CopyBart
from medrag_desktop.training.train_generator import load_model
from medrag_desktop.training.vocabulary import PrunedVocabulary

Decode = Callable[[list[list[int]], int], None]
"""Writes so many tokens for each of some sources."""


def main() -> None:
    """Print one JSON object for each engine and batch size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/generator"))
    parser.add_argument("--threads", type=int, default=default_threads())
    parser.add_argument("--source", type=int, default=200, help="pieces of a source")
    parser.add_argument("--tokens", type=int, default=40, help="tokens written")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        engines = opened(options.checkpoint, options.model, options.threads, Path(scratch))
        for rows in (1, 16):
            sources = random.integers(1000, 9000, (rows, options.source)).tolist()
            for name, decode in engines.items():
                seconds = timed(partial(decode, sources, options.tokens), options.rounds)
                speed = rows * options.tokens / seconds
                print(
                    json.dumps(
                        {"engine": name, "rows": rows, "seconds": round(seconds, 3), "tokens_per_s": round(speed)}
                    )
                )


def opened(checkpoint: Path, folder: Path, threads: int, scratch: Path) -> dict[str, Decode]:
    """Open every engine."""
    model, vocabulary, _ = load_model(checkpoint)
    model.eval()
    return {
        "ours, int8, with the copy head": ours(folder, threads),
        "transformers, fp32, stock part": eager(model),
        "CTranslate2, int8, stock part": ctranslate(model, vocabulary, threads, scratch),
    }


def ours(folder: Path, threads: int) -> Decode:
    """Decode with the product's own loop."""
    decoder = CopyDecoder(folder, read_manifest(folder), threads)

    def decode(sources: list[list[int]], tokens: int) -> None:
        task = Task()
        cache = decoder.begin(decoder.encode([tuple(source) for source in sources], task), range(len(sources)))
        pieces = [decoder.begin_id] * len(sources)
        for _ in range(tokens):
            pieces = cache.step(pieces)[0].argmax(-1).tolist()

    return decode


def eager(model: CopyBart) -> Decode:
    """Decode with transformers' generate."""

    def decode(sources: list[list[int]], tokens: int) -> None:
        ids = torch.tensor(sources)
        with torch.no_grad():
            model.bart.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                num_beams=1,
                do_sample=False,
            )

    return decode


def ctranslate(model: CopyBart, vocabulary: PrunedVocabulary, threads: int, scratch: Path) -> Decode:
    """Decode with CTranslate2."""
    plain, converted = scratch / "plain", scratch / "converted"
    model.bart.config.normalize_before = False
    model.bart.config.normalize_embedding = True
    model.bart.save_pretrained(plain)
    (plain / "vocab.txt").write_text("\n".join(vocabulary.pieces) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(plain / "vocab.txt"), bos_token="[CLS]", eos_token="[SEP]")
    tokenizer.save_pretrained(plain)
    TransformersConverter(str(plain)).convert(str(converted), quantization="int8")
    translator = ctranslate2.Translator(str(converted), device="cpu", inter_threads=1, intra_threads=threads)

    def decode(sources: list[list[int]], tokens: int) -> None:
        words = [[vocabulary.pieces[piece] for piece in source] for source in sources]
        translator.translate_batch(
            words, beam_size=1, max_decoding_length=tokens, min_decoding_length=tokens, max_input_length=0
        )

    return decode


def timed(call: Callable[[], None], rounds: int) -> float:
    """Return the median seconds of a call, the first one not counted."""
    call()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return median(found)


if __name__ == "__main__":
    main()
