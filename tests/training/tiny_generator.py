"""A generator small enough to train in a test: the real classes, random weights."""

from __future__ import annotations

import torch

from medrag_desktop.adapters.source_layout import BEGIN, END, PAD
from medrag_desktop.training.bart_copy import CopyBart, Shape, blank_bart
from medrag_desktop.training.datasets import Pair
from medrag_desktop.training.vocabulary import PrunedVocabulary
from tests.adapters.small_vocabulary import small_tokenizer

SHAPE = Shape(width=32, heads=4, inner=64, encoder_layers=2, decoder_layers=2, positions=260)
PAIRS = (
    Pair("Assessment", "Measles: present: fever", "Measles brings fever. Rash follows.", "Measles brings fever."),
    Pair("Management", "Ulcer: present: pain", "Rest helps. Avoid aspirin in ulcer.", "Avoid aspirin in ulcer."),
    Pair("Referral", "Croup", "Steam is no help.", "Not stated."),
    Pair("Assessment", "Gout: present: red toe", "Gout hurts. A red toe is typical.", "A red toe is typical."),
)


def tiny_vocabulary() -> PrunedVocabulary:
    ids = small_tokenizer().get_vocab()
    pieces = tuple(sorted(ids, key=lambda piece: ids[piece]))
    return PrunedVocabulary(pieces, tuple(range(len(pieces))))


def tiny_model(seed: int = 0) -> CopyBart:
    torch.manual_seed(seed)
    vocabulary = tiny_vocabulary()
    tokenizer = vocabulary.tokenizer()
    special = [tokenizer.token_to_id(name) for name in (PAD, BEGIN, END)]
    return CopyBart(blank_bart(len(vocabulary.pieces), special, SHAPE), vocabulary.continues())
