"""A DPR pair small enough to train in a test: the real classes, two layers, random weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import DPRConfig, DPRContextEncoder, DPRQuestionEncoder

from medrag_desktop.training.retriever_model import RetrieverSettings, Towers

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?-"


def tiny_towers(pooling: str = "mean", words: Sequence[str] = ("fever", "cough", "rash"), seed: int = 0) -> Towers:
    tokenizer = tiny_tokenizer(words)
    torch.manual_seed(seed)
    config = DPRConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64, projection_dim=0,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    passage = DPRContextEncoder(config)
    question = DPRQuestionEncoder(config)
    question.question_encoder.load_state_dict(passage.ctx_encoder.state_dict())
    return Towers(question, passage, tokenizer, RetrieverSettings(pooling, 32, 48, "tiny"))


def tiny_tokenizer(words: Sequence[str]) -> Tokenizer:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{c}" for c in LETTERS), *words]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer
