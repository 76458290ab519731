"""A WordPiece tokenizer that reads any ASCII text letter by letter, and some words whole."""

from __future__ import annotations

from string import ascii_lowercase, digits, punctuation

from tokenizers import Tokenizer

from medrag_desktop.adapters.source_layout import SPECIALS, word_piece_tokenizer

WORDS = "this patient has there is no not stated and fever cough rash measles the of".split()


def small_tokenizer() -> Tokenizer:
    letters = ascii_lowercase + digits + punctuation
    pieces = dict.fromkeys([*SPECIALS, *letters, *(f"##{c}" for c in letters), *WORDS])
    return word_piece_tokenizer({piece: number for number, piece in enumerate(pieces)})
