"""The reference texts that the library must not copy from, read from a folder of compressed files."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from medrag_desktop.errors import LibraryError
from medrag_desktop.tasks import Task

NEVER_READ = frozenset({"vignettes", "ddxplus"})
"""Folders of test material: the library must not even be compared with it."""

_TOPICS = Path("corpora", "medlineplus_topics.jsonl.gz")
_FOOTNOTE = re.compile(r"\\\(.*?\\\)|\[\^?\w{1,3}\]")
_LINK = re.compile(r"\]\([^)\s]*\)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,300}>")


def reference_files(folder: Path) -> tuple[Path, ...]:
    """Return the files that `reference_texts` reads.

    A data folder gives what lies under `reference` and the MedlinePlus topics of `corpora`; any other folder
    gives every file of a known kind.
    """
    is_data = (folder / "reference").is_dir()
    root = folder / "reference" if is_data else folder
    found = [file for file in root.rglob("*.gz") if _reader(file) and not NEVER_READ & set(_inside(file, root))]
    if is_data and (folder / _TOPICS).is_file():
        found.append(folder / _TOPICS)
    return tuple(sorted(found))


def reference_texts(folder: Path, *, task: Task) -> Iterator[str]:
    """Yield the text of every reference under a folder; raise LibraryError naming an unreadable file."""
    files = reference_files(folder)
    for file in task.track(files, "Reading reference texts", len(files)):
        reader = _reader(file)
        if reader is None:
            continue
        try:
            yield from (_plain(text) for text in reader(file))
        except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, ElementTree.ParseError) as error:
            raise LibraryError(f"The reference text {file.name} cannot be read: {error}") from error


def _reader(file: Path) -> Callable[[Path], Iterator[str]] | None:
    return next((reader for ending, reader in _READERS.items() if file.name.lower().endswith(ending)), None)


def _inside(file: Path, root: Path) -> tuple[str, ...]:
    return tuple(part.lower() for part in file.relative_to(root).parts)


def _plain(text: str) -> str:
    """Take out what stands between the words of a sentence in Markdown and HTML."""
    text = _TAG.sub(" ", text.replace("\\n", " "))
    return _LINK.sub(" ", _FOOTNOTE.sub(" ", text))


def _whole(file: Path) -> Iterator[str]:
    yield gzip.decompress(file.read_bytes()).decode("utf-8", errors="replace")


def _rows(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            yield from _strings(json.loads(line))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _members(file: Path) -> Iterator[str]:
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            name = Path(member.name).name
            if name.startswith(".") or not name.lower().endswith((".txt", ".md")):
                continue
            content = archive.extractfile(member)
            if content is not None:
                yield content.read().decode("utf-8", errors="replace")


def _elements(file: Path) -> Iterator[str]:
    for element in ElementTree.fromstring(gzip.decompress(file.read_bytes())):  # the reader's own reference texts
        yield "".join(element.itertext())


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".md.gz": _whole,
    ".txt.gz": _whole,
    ".jsonl.gz": _rows,
    ".tar.gz": _members,
    ".xml.gz": _elements,
}
