"""What an importer is: it knows its own files and turns one into Documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medrag_desktop.domain.evidence import Document
from medrag_desktop.errors import ImportFailed
from medrag_desktop.tasks import Task


@dataclass(frozen=True, slots=True)
class Importer:
    """One source format."""

    name: str
    identify: Callable[[Path], bool]
    """Tell from name and first bytes whether a file is of this format."""
    documents: Callable[[Path, Task], Iterator[Document]]
    """Yield the documents of a file; raise ImportFailed naming the record that cannot be read."""


def read_text(path: Path, longest: int) -> str:
    """Return the text of a UTF-8 file of at most `longest` bytes; raise ImportFailed."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= longest else None
    except OSError as error:
        raise ImportFailed(f"The file {path} cannot be read: {error.strerror}.") from error
    if raw is None:
        raise ImportFailed(f"The file {path} is larger than {longest // 2**20} MB; split it.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFailed(f"The file {path} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    if "\0" in text:
        raise ImportFailed(f"The file {path} holds NUL bytes, so it is not a text file.")
    return text
