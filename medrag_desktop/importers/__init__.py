"""One source format each: a file in, Documents out. Add a file, add a line to IMPORTERS."""

from __future__ import annotations

from pathlib import Path

from medrag_desktop.errors import ImportFailed
from medrag_desktop.importers import markdown
from medrag_desktop.importers.source import Importer

IMPORTERS: tuple[Importer, ...] = (markdown.IMPORTER,)
"""Tried in this order."""


def importer_for(path: Path) -> Importer:
    """Return the importer of a file; raise ImportFailed if there is none or no such file."""
    if not path.is_file():
        raise ImportFailed(f"There is no file {path}.")
    for importer in IMPORTERS:
        if importer.identify(path):
            return importer
    known = ", ".join(importer.name for importer in IMPORTERS)
    raise ImportFailed(f"The format of {path} is not known; what can be imported: {known}.")
