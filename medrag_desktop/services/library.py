"""The library of knowledge packs: build, install, verify, remove, and search several as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from medrag_desktop.domain.evidence import EVERYTHING, Document, Filter, Hit, PackManifest, Passage, Query, Reason
from medrag_desktop.domain.fusion import merge_packs
from medrag_desktop.domain.sentences import split
from medrag_desktop.domain.spelling import Suggestion, best_suggestions, mend, words_to_check
from medrag_desktop.domain.synonyms import Synonyms
from medrag_desktop.errors import PackCorrupt, PackIncompatible
from medrag_desktop.ports import Encoder, KnowledgePack, PackShelf
from medrag_desktop.tasks import Task


class HasWords(Protocol):
    """Something that knows which words its passages hold."""

    def suggest(self, words: Sequence[str]) -> Mapping[str, Suggestion | None]:
        """Return, for each word that no passage holds, the nearest that some do; None where none is near."""


class QueryReader:
    """Queries as typed -> as they are searched for: misspelled words mended, other names beside them."""

    def __init__(self, synonyms: Synonyms) -> None:
        self._synonyms = synonyms

    def read(self, queries: Sequence[Query], packs: Sequence[HasWords]) -> list[Query]:
        """Return the queries; a word is mended where none of the packs holds it and no name does."""
        words = tuple(dict.fromkeys(word for query in queries for word in words_to_check(query.text)))
        nearest = best_suggestions([pack.suggest(words) for pack in packs])
        mended = {word: other for word, other in nearest.items() if not self._synonyms.knows(word)}
        return [self._read(query, mended) for query in queries]

    def _read(self, query: Query, mended: Mapping[str, str]) -> Query:
        text = mend(query.text, mended)
        also = " ".join(filter(None, (query.also, self._synonyms.of(text))))
        return replace(query, text=text, also=also)


class Library:
    """The packs of a shelf, searched with one encoder; each is opened when first needed.

    A pack that is damaged or was built with another encoder is left out and told of; the others are searched.
    """

    def __init__(self, shelf: PackShelf, encoder: Encoder, needed: str = "", synonyms: Synonyms | None = None) -> None:
        """Search a shelf, by other names too; without the pack of the id `needed` nothing is searched."""
        self._shelf = shelf
        self._encoder = encoder
        self._needed = needed
        self._reader = QueryReader(synonyms or Synonyms(()))
        self._open: dict[PackManifest, KnowledgePack] = {}
        self._unfit: dict[PackManifest, str] = {}

    @property
    def searched(self) -> tuple[PackManifest, ...]:
        """Return the manifests of the packs that the last search went through."""
        return tuple(self._open)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Say of each pack that the last search left out why, and what to do."""
        return tuple(self._unfit.values())

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

    def search(
        self, queries: Sequence[Query], k: int, *, task: Task, only: Filter = EVERYTHING
    ) -> tuple[tuple[Hit, ...], ...]:
        """Return the k best hits of each query over all packs; raise a PackError if the needed one is unfit."""
        packs = [pack for pack in self._opened() if not only.packs or pack.manifest.id in only.packs]
        if not queries or not packs:
            return tuple(() for _ in queries)
        read = self._reader.read(queries, packs)
        vectors = self._encoder.encode_questions([query.text for query in read], task=task)
        found = [pack.search(read, vectors, k, task=task, only=only) for pack in packs]
        return tuple(merge_packs([hits[row] for hits in found], k) for row in range(len(queries)))

    def read_as(self, text: str) -> str:
        """Return the words that a search for a text looks for: those that no pack knows are read as their nearest."""
        (query,) = self._reader.read([Query(text, "question")], self._opened())
        return query.text

    def explain(self, text: str, hits: Sequence[Hit], *, task: Task) -> tuple[Reason, ...]:
        """Return why each hit of a search for a text was found."""
        packs = {pack.manifest.id: pack for pack in self._opened()}
        (query,) = self._reader.read([Query(text, "question")], tuple(packs.values()))
        (asked,) = self._encoder.encode_questions([query.text], task=task)
        pieces = [(hit.passage, piece.text) for hit in hits for piece in split(hit.passage.text)]
        vectors = self._encoder.encode_passages([(passage.title, piece) for passage, piece in pieces], task=task)
        nearest: dict[Passage, tuple[float, str]] = {}
        for (passage, piece), cosine in zip(pieces, (vectors @ asked).tolist(), strict=True):
            if passage not in nearest or cosine > nearest[passage][0]:
                nearest[passage] = cosine, piece
        return tuple(
            Reason(packs[hit.passage.pack].matched(query, hit.passage), nearest.get(hit.passage, (0.0, ""))[1])
            for hit in hits
        )

    def passages_of(self, condition: str) -> tuple[Hit, ...]:
        """Return every passage on a condition, pack by pack in reading order."""
        return tuple(hit for pack in self._opened() for hit in pack.passages_of(condition))

    def _opened(self) -> tuple[KnowledgePack, ...]:
        """Open what is installed now; a pack that was replaced has another manifest."""
        opened: dict[PackManifest, KnowledgePack] = {}
        unfit: dict[PackManifest, str] = {}
        for manifest in self._shelf.manifests():
            if manifest in self._unfit:
                unfit[manifest] = self._unfit[manifest]
                continue
            try:
                opened[manifest] = self._open.get(manifest) or self._shelf.open(manifest.id, self._encoder.id)
            except (PackIncompatible, PackCorrupt) as error:
                if manifest.id == self._needed:
                    raise
                unfit[manifest] = f"{error} Until then it is not searched; all other packs are."
        self._open, self._unfit = opened, unfit
        return tuple(opened.values())
