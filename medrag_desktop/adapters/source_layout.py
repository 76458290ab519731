"""How a request becomes the pieces the generator reads: `[CLS] section ; context [SEP] passage [SEP]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import NFKC, BertNormalizer, Sequence
from tokenizers.pre_tokenizers import BertPreTokenizer

PAD, UNKNOWN, BEGIN, END, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIALS = (PAD, UNKNOWN, BEGIN, END, MASK)
MAX_SOURCE = 256
"""Pieces of a whole source."""
MAX_CONTEXT = 88
"""Pieces of the context; its tail is cut."""
MAX_TARGET = 128
"""Pieces of a generated text, the end marker included."""
FRAME, CONTEXT, PASSAGE = 0, 1, 2
"""What a piece of a source belongs to: the section and the special pieces, the context, the passage."""


@dataclass(frozen=True, slots=True)
class Source:
    """The pieces of one request x passage and where each stands in the text it came from."""

    ids: tuple[int, ...]
    part: tuple[int, ...]
    """FRAME, CONTEXT or PASSAGE for each piece."""
    start: tuple[int, ...]
    """Character offset in the context or passage; 0 for FRAME pieces."""
    end: tuple[int, ...]
    """Character offset, exclusive."""


def word_piece_tokenizer(vocabulary: Mapping[str, int]) -> Tokenizer:
    """Return the uncased WordPiece tokenizer over a vocabulary; offsets refer to the text before normalisation."""
    tokenizer = Tokenizer(WordPiece(dict(vocabulary), unk_token=UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = Sequence([NFKC(), BertNormalizer(lowercase=True)])
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder(prefix="##", cleanup=True)
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Read `tokenizer.json`."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def lay_out(tokenizer: Tokenizer, section: str, context: str, passage: str) -> Source:
    """Lay a section title, a context line and a passage out as at most MAX_SOURCE pieces."""
    begin, end = tokenizer.token_to_id(BEGIN), tokenizer.token_to_id(END)
    head = tokenizer.encode(section + " ;", add_special_tokens=False).ids
    told = tokenizer.encode(context, add_special_tokens=False)
    read = tokenizer.encode(passage, add_special_tokens=False)
    told_ids, told_at = told.ids[:MAX_CONTEXT], told.offsets[:MAX_CONTEXT]
    room = MAX_SOURCE - len(head) - len(told_ids) - 3
    read_ids, read_at = read.ids[:room], read.offsets[:room]
    frame = [(0, 0)]
    offsets = frame * (len(head) + 1) + told_at + frame + read_at + frame
    part = [FRAME] * (len(head) + 1) + [CONTEXT] * len(told_ids) + [FRAME] + [PASSAGE] * len(read_ids) + [FRAME]
    return Source(
        ids=(begin, *head, *told_ids, end, *read_ids, end),
        part=tuple(part),
        start=tuple(at for at, _ in offsets),
        end=tuple(at for _, at in offsets),
    )


def target_ids(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    """Return the pieces of a text to write, with the end marker; at most MAX_TARGET."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids[: MAX_TARGET - 1]
    return (*ids, tokenizer.token_to_id(END))
