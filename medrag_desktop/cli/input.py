"""Files and standard input as the commands read them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from medrag_desktop.adapters.encounter_json import MAX_BYTES
from medrag_desktop.adapters.json_keys import refuse_repeated_keys
from medrag_desktop.errors import InputError

LONGEST = MAX_BYTES + 1
"""Bytes of a file or a line that are read; what has so many is too long."""
_SKIPPED_AT_ONCE = 65_536


def read_bytes(file: str) -> bytes:
    """Return how a file begins, or standard input for `-`, up to LONGEST; raise InputError."""
    try:
        with _opened(file) as stream:
            return stream.read(LONGEST)
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def read_lines(file: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank with their numbers, each up to LONGEST, as they come; raise InputError."""
    try:
        with _opened(file) as stream:
            for number, line in enumerate(_lines(stream), start=1):
                if line.strip():
                    yield number, line
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def read_object(line: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object of a line; raise InputError naming it."""
    if len(line) == LONGEST:
        raise InputError(f"{name} is longer than {MAX_BYTES // 1_000_000} MB, more than one case can be.")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError(f"{name} is not a JSON object.")
    refuse_repeated_keys(line, name)
    return row


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_SKIPPED_AT_ONCE)
        yield line


def _unreadable(file: str, error: OSError | ValueError) -> InputError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"The file {file} cannot be read: {reason}.")
