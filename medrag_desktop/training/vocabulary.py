"""Prunes the WordPiece vocabulary of all-MiniLM-L6-v2 to the pieces that the training text needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from medrag_desktop.adapters.source_layout import SPECIALS, load_tokenizer, word_piece_tokenizer
from medrag_desktop.training.bart_copy import base_model_folder

SIZE = 12_000
_LAST_CHARACTER = 0x2300
_BATCH = 512


@dataclass(frozen=True, slots=True)
class PrunedVocabulary:
    """The pieces kept, in the order of their old ids."""

    pieces: tuple[str, ...]
    kept: tuple[int, ...]
    """Old id of each piece."""

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer over the kept pieces; rare words split into kept pieces by themselves."""
        return word_piece_tokenizer({piece: index for index, piece in enumerate(self.pieces)})

    def continues(self) -> Tensor:
        """Return a bool (V,): the piece continues a word."""
        return torch.tensor([piece.startswith("##") for piece in self.pieces])


def prune(texts: Iterable[str], size: int = SIZE) -> PrunedVocabulary:
    """Keep the special pieces, every single character and the most frequent pieces of the texts."""
    full = load_tokenizer(base_model_folder() / "tokenizer.json")
    ids: dict[str, int] = full.get_vocab()
    counts = _piece_counts(word_piece_tokenizer(ids), texts)
    kept = {ids[name] for name in SPECIALS} | {i for piece, i in ids.items() if _single_character(piece)}
    for index, _ in counts.most_common():
        if len(kept) >= size:
            break
        kept.add(index)
    order = tuple(sorted(kept))
    return PrunedVocabulary(tuple(full.id_to_token(index) for index in order), order)


def _piece_counts(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    """Count the pieces of the texts."""
    counts: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            _count_batch(tokenizer, batch, counts)
            batch = []
    _count_batch(tokenizer, batch, counts)
    return counts


def _count_batch(tokenizer: Tokenizer, batch: list[str], counts: Counter[int]) -> None:
    """Add the pieces of some texts to the counts."""
    for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
        counts.update(encoding.ids)


def _single_character(piece: str) -> bool:
    """Tell whether a piece is one character of a European script or a sign."""
    bare = piece.removeprefix("##")
    return len(bare) == 1 and ord(bare) < _LAST_CHARACTER
