"""A Markdown or plain text file, such as a clinic's own guideline -> one Document, a section a heading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from medrag_desktop.domain.evidence import Document, DocumentSection
from medrag_desktop.errors import ImportFailed
from medrag_desktop.importers.chunking import slug
from medrag_desktop.importers.source import Importer, read_text
from medrag_desktop.tasks import Task

SUFFIXES = (".md", ".markdown", ".txt", ".text")
LONGEST = 64 * 2**20

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_MARKS = re.compile(r"\*\*|__|`")


def identify(path: Path) -> bool:
    """Tell by the suffix whether a file is Markdown or plain text."""
    return path.suffix.lower() in SUFFIXES


def documents(path: Path, task: Task) -> Iterator[Document]:
    """Yield the one document of a file; raise ImportFailed if it cannot be read or holds no text.

    The title is the first top heading, else the file name; the source is the title.
    """
    task.report(f"Reading {path.name}")
    text = _normalized(read_text(path, LONGEST))
    parts = tuple(_sections(text.split("\n")))
    title = next((name for level, name, _ in parts if level == 1), "") or path.stem
    sections = tuple(DocumentSection(name if name != title else "", body) for _, name, body in parts if body)
    if not sections:
        raise ImportFailed(f"The file {path} holds no text.")
    yield Document(f"guideline/{slug(path.stem)}", title, sections, source=title, kind="guideline")


def _normalized(text: str) -> str:
    """Return the text with one kind of line end and without invisible control characters."""
    lines = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c]", "\n", unicodedata.normalize("NFC", text))
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc")


def _sections(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (level of the heading, heading, text below it); text before any heading has level 0."""
    level, name = 0, ""
    body: list[str] = []
    fenced = False
    for line in lines:
        fenced ^= bool(_FENCE.match(line))
        found = None if fenced else _heading(line, body)
        if found is None:
            body.append(line)
            continue
        yield level, name, "\n".join(body).strip()
        level, name = found
        body = []
    yield level, name, "\n".join(body).strip()


def _heading(line: str, body: list[str]) -> tuple[int, str] | None:
    """Return (level, text) if a line makes a heading; an underlined one is taken out of the body."""
    if match := _HEADING.match(line):
        return len(match[1]), _plain(match[2])
    underline = _UNDERLINE.match(line)
    alone = body and body[-1].strip() and (len(body) == 1 or not body[-2].strip())
    if underline and alone and re.search(r"\w", body[-1]) and not body[-1].lstrip().startswith(("-", "*", "|")):
        return (1 if underline[1][0] == "=" else 2), _plain(body.pop())
    return None


def _plain(text: str) -> str:
    return _MARKS.sub("", text).strip()


IMPORTER = Importer("Markdown or plain text (.md, .txt)", identify, documents)
