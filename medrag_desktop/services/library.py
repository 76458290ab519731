"""The library of knowledge packs: build, install, verify, remove, and search several as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medrag_desktop.domain.evidence import Document, Hit, PackManifest, Query
from medrag_desktop.domain.fusion import merge_packs
from medrag_desktop.ports import Encoder, KnowledgePack, PackShelf
from medrag_desktop.tasks import Task


class Library:
    """The packs of a shelf, searched with one encoder; each is opened when first needed."""

    def __init__(self, shelf: PackShelf, encoder: Encoder) -> None:
        self._shelf = shelf
        self._encoder = encoder
        self._open: dict[PackManifest, KnowledgePack] = {}

    def packs(self) -> tuple[PackManifest, ...]:
        """Return the manifests of all installed packs; raise PackCorrupt."""
        return self._shelf.manifests()

    def build(self, pack_id: str, title: str, documents: Sequence[Document], *, task: Task) -> PackManifest:
        """Build a pack from documents and install it; raise InputError, ImportFailed or PackError."""
        return self._shelf.build(pack_id, title, documents, self._encoder, task=task)

    def install(self, archive: Path, *, task: Task) -> PackManifest:
        """Install a `.medpack` archive; raise PackMissing or PackCorrupt."""
        return self._shelf.install(archive, task=task)

    def verify(self, pack_id: str) -> PackManifest:
        """Compare every file of a pack with its checksum; raise PackMissing or PackCorrupt."""
        return self._shelf.verify(pack_id)

    def remove(self, pack_id: str) -> None:
        """Delete a pack; raise PackMissing."""
        self._open = {known: pack for known, pack in self._open.items() if known.id != pack_id}
        self._shelf.remove(pack_id)

    def search(self, queries: Sequence[Query], k: int, *, task: Task) -> tuple[tuple[Hit, ...], ...]:
        """Return the k best hits of each query over all packs; raise a PackError if one cannot be opened."""
        packs = self._opened()
        if not queries or not packs:
            return tuple(() for _ in queries)
        vectors = self._encoder.encode_questions([query.text for query in queries], task=task)
        found = [pack.search(queries, vectors, k, task=task) for pack in packs]
        return tuple(merge_packs([hits[row] for hits in found], k) for row in range(len(queries)))

    def passages_of(self, condition: str) -> tuple[Hit, ...]:
        """Return every passage on a condition, pack by pack in reading order."""
        return tuple(hit for pack in self._opened() for hit in pack.passages_of(condition))

    def _opened(self) -> tuple[KnowledgePack, ...]:
        """Open what is installed now; a pack that was replaced has another manifest."""
        self._open = {
            manifest: self._open.get(manifest) or self._shelf.open(manifest.id, self._encoder.id)
            for manifest in self._shelf.manifests()
        }
        return tuple(self._open.values())
