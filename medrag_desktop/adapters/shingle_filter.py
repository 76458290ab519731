"""Which runs of eight words occur in the reference texts: hashes only, from which no text comes back.

A Bloom filter (Bloom, Communications of the ACM 13, 1970) with the double hashing of Kirsch and Mitzenmacher
(ESA 2006).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.adapters.reference_texts import reference_texts
from medrag_desktop.domain.shingles import WORDS, shingles
from medrag_desktop.errors import LibraryError
from medrag_desktop.tasks import Task

FALSE_POSITIVES = 1e-6
"""Share of unknown shingles taken for known ones; 60 monographs have some 40,000 shingles."""

_MAGIC = b"MEDRAGSF"
_HEADER = struct.Struct("<8sIIQQ16s")
"""Magic, words in a shingle, hashes, bits, shingles put in, checksum of the bits."""
_MASK = 2**64 - 1


class ShingleFilter:
    """Answers `shingle in filter`: never a wrong no, a wrong yes once in a million."""

    def __init__(self, bits: bytes, size: int, hashes: int, count: int) -> None:
        """Take the bits of a filter: `size` of them, `hashes` a shingle, `count` shingles put in."""
        self._bits = bits
        self._size = size
        self._hashes = hashes
        self._count = count

    def __len__(self) -> int:
        """Return how many different shingles were put in."""
        return self._count

    def __contains__(self, shingle: object) -> bool:
        """Tell whether a shingle, as `domain.shingles` makes them, occurs in the references."""
        first, step = struct.unpack("<QQ", _digest(str(shingle)))
        places = (((first + number * (step | 1)) & _MASK) % self._size for number in range(self._hashes))
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in places)

    def save(self, out: Path) -> None:
        """Write the filter in one step; raise LibraryError when the file cannot be written."""
        checksum = blake2b(self._bits, digest_size=16).digest()
        header = _HEADER.pack(_MAGIC, WORDS, self._hashes, self._size, self._count, checksum)
        part = out.with_name(out.name + ".part")
        try:
            part.write_bytes(header + self._bits)
            part.replace(out)
        except OSError as error:
            raise LibraryError(f"The filter of reference texts cannot be written to {out}: {error}") from error


def open_shingle_filter(file: Path) -> ShingleFilter:
    """Read a filter; raise LibraryError when the file is missing, cut short or altered."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise LibraryError(f"The filter of reference texts {file.name} cannot be read: {error}") from error
    if len(data) < _HEADER.size:
        raise LibraryError(f"The filter of reference texts {file.name} is cut short; rebuild it.")
    magic, length, hashes, size, count, checksum = _HEADER.unpack_from(data)
    bits = data[_HEADER.size :]
    if magic != _MAGIC or length != WORDS or not size:
        raise LibraryError(f"{file.name} is no filter of runs of {WORDS} words; rebuild it.")
    if blake2b(bits, digest_size=16).digest() != checksum or len(bits) != -(-size // 8):
        raise LibraryError(f"The filter of reference texts {file.name} is damaged; rebuild it.")
    return ShingleFilter(bits, size, hashes, count)


def make_shingle_filter(texts: Iterable[str]) -> ShingleFilter:
    """Build a filter that knows every shingle of the texts, sized for FALSE_POSITIVES."""
    keys = _unique(b"".join(_digests(texts)))
    # One bit at least: the filter of an empty library is a valid file, too.
    size = max(8, math.ceil(len(keys) * math.log(1 / FALSE_POSITIVES) / math.log(2) ** 2))
    hashes = round(math.log2(1 / FALSE_POSITIVES))
    taken = np.zeros(-(-size // 8) * 8, dtype=np.uint8)
    step = keys[:, 1] | np.uint64(1)
    for number in range(hashes):
        taken[(keys[:, 0] + np.uint64(number) * step) % np.uint64(size)] = 1
    return ShingleFilter(np.packbits(taken, bitorder="little").tobytes(), size, hashes, len(keys))


def rebuild_filter(references: Path, out: Path, *, task: Task) -> ShingleFilter:
    """Write the filter of every reference text under a folder and return it; raise LibraryError.

    The same texts give the same file, byte for byte.
    """
    made = make_shingle_filter(reference_texts(references, task=task))
    if not len(made):
        raise LibraryError(f"There are no reference texts under {references}.")
    task.report("Writing the filter of reference texts")
    made.save(out)
    return made


def _digests(texts: Iterable[str]) -> Iterator[bytes]:
    for text in texts:
        yield b"".join(_digest(shingle) for shingle in shingles(text))


def _digest(shingle: str) -> bytes:
    return blake2b(shingle.encode("utf-8"), digest_size=16).digest()


def _unique(digests: bytes) -> NDArray[np.uint64]:
    """Return the different digests in order, shape (n, 2)."""
    return np.unique(np.frombuffer(digests, dtype="V16")).view("<u8").reshape(-1, 2)
