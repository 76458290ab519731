"""Knowledge packs as folders: built aside, checked, and put in place by one rename."""

from __future__ import annotations

import dataclasses
import filecmp
import hashlib
import logging
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path, PurePosixPath

from medrag_desktop.adapters.faiss_index import (
    EXACT_ROWS,
    faiss_works,
    load_vectors,
    open_dense,
    quantize,
    write_faiss,
)
from medrag_desktop.adapters.hybrid_index import HybridIndex, Row
from medrag_desktop.adapters.lexical_index import LexicalIndex, build_lexical_index
from medrag_desktop.adapters.name_vectors import holds_names, read_names, write_names
from medrag_desktop.adapters.pack_manifest import (
    MANIFEST_NAME,
    check_id,
    checksums,
    is_pack_file,
    parse_pack_manifest,
    read_pack_manifest,
    verify_files,
    write_pack_manifest,
)
from medrag_desktop.adapters.passage_store import PassageStore, storable, write_passages
from medrag_desktop.domain.evidence import EVERYTHING, Document, Filter, Hit, PackManifest, Passage, Query
from medrag_desktop.domain.fusion import best
from medrag_desktop.domain.spelling import Suggestion
from medrag_desktop.errors import (
    ImportFailed,
    InputError,
    PackCorrupt,
    PackError,
    PackIncompatible,
    PackMissing,
)
from medrag_desktop.ports import Encoder, Vectors
from medrag_desktop.tasks import Task

log = logging.getLogger(__name__)

Chunk = Callable[[Document], tuple[Passage, ...]]
Documents = Callable[[], Sequence[Document]]
CHECKED_AT_OPENING = 64 * 2**20
"""Bytes up to which a pack is compared with its checksums each time it is opened."""
FORMAT = b"2"
"""Changes with what a pack's files are: a pack of another format is not current, whatever it holds."""
QUESTIONS = 200
"""Questions that the reading of an approximate index is measured with."""
LARGEST_PACK = 32 * 2**30
"""Unpacked bytes an archive may claim."""
_NOT_A_ZIP = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_COPIES = ".shipped-indexes"
STALE_SECONDS = 24 * 3600
"""Age at which what an interrupted build left behind is deleted."""


class FolderPack:
    """Meets `ports.KnowledgePack`: passages, vectors and both indexes of one folder."""

    def __init__(
        self, folder: Path, manifest: PackManifest, faiss_memory: Path | None = None, lexical: Path | None = None
    ) -> None:
        """Open a pack; raise PackCorrupt if its parts cannot be read or do not fit each other.

        `lexical` is where its word index lies, if not in the folder itself.
        """
        self._manifest = manifest
        self._vectors = load_vectors(folder)
        self._lexical = LexicalIndex(lexical or folder / "lexical")
        self._index = HybridIndex(self._vectors, open_dense(folder, self._vectors, faiss_memory), self._lexical)
        self._store = PassageStore(folder / "passages.db", manifest.id)
        sizes = {len(self._vectors), len(self._store), manifest.passages}
        if len(sizes) > 1 or self._vectors.dimension != manifest.dimension:
            raise PackCorrupt(f"The parts of the knowledge pack {manifest.id} do not fit; build or install it again.")

    @property
    def manifest(self) -> PackManifest:
        """Return what the pack says of itself."""
        return self._manifest

    def search(
        self, queries: Sequence[Query], vectors: Vectors, k: int, *, task: Task, only: Filter = EVERYTHING
    ) -> tuple[tuple[Hit, ...], ...]:
        """Return at most k fused hits a query, best first; `vectors` has shape (queries, dimension)."""
        rows = self._store.rows(only) if only.within_packs else None
        found = self._index.search(queries, vectors, k, task=task, only=rows)
        return tuple(self._hits(found_rows, k) for found_rows in found)

    def matched(self, query: Query, passage: Passage) -> tuple[str, ...]:
        """Return the words of a passage that a query holds in some form, as they stand there."""
        return self._lexical.matched(query, f"{passage_heading(passage.title, passage.section)} {passage.text}")

    def suggest(self, words: Sequence[str]) -> Mapping[str, Suggestion | None]:
        """Return, for each word that no passage holds, the nearest that some do; None where none is near."""
        return self._lexical.suggest(words)

    def passages_of(self, condition: str) -> tuple[Hit, ...]:
        """Return every passage that describes a condition, in reading order, with score 0."""
        return tuple(Hit(passage, 0.0, 0.0) for passage in self._store.of_condition(condition))

    def passages(self) -> tuple[Passage, ...]:
        """Return every passage as it was put in, in reading order."""
        rows = self._store.passages(range(len(self._store)))
        return tuple(dataclasses.replace(rows[row], pack="") for row in sorted(rows))

    def close(self) -> None:
        """Close the files of the pack."""
        self._store.close()

    def _hits(self, rows: Sequence[Row], k: int) -> tuple[Hit, ...]:
        passages = self._store.passages([item.row for item in rows])
        hits = tuple(
            Hit(passages[item.row], item.score, item.cosine, item.lexical, item.dense_rank, item.lexical_rank)
            for item in rows
        )
        return best(hits, k)


class FolderPackShelf:
    """Meets `ports.PackShelf`: one folder a pack, named by its id.

    Packs that came with the program are only read. Of two copies of a pack the one that was built last counts, so
    that neither an update of the program nor a pack of the user's is hidden by something older.
    """

    def __init__(
        self, folder: Path, chunk: Chunk, shipped: Path | None = None, kept: Mapping[str, Documents] | None = None
    ) -> None:
        """Use the packs in a folder, which need not exist yet, and those in `shipped`.

        `chunk` cuts a document into passages. An id in `kept` is for packs of those very documents only.
        """
        self.folder = folder
        """Where packs are installed; the folder of a pack is named by its id."""
        self._chunk = chunk
        self._shipped = shipped
        self._kept = kept or {}

    def manifests(self) -> tuple[PackManifest, ...]:
        """Return the manifests of all installed packs in order of id; raise PackCorrupt."""
        places = [place for place in (self.folder, self._shipped) if place is not None]
        names = {path.parent.name for place in places for path in place.glob(f"*/{MANIFEST_NAME}")}
        return tuple(self._newest(name)[1] for name in sorted(names) if not name.startswith("."))

    def open(self, pack_id: str, encoder_id: str) -> FolderPack:
        """Open a pack; raise PackMissing, PackCorrupt or PackIncompatible."""
        folder, manifest = self._installed(pack_id)
        if manifest.encoder != encoder_id:
            raise PackIncompatible(
                f"The knowledge pack {pack_id} was built with the encoder {manifest.encoder}, but "
                f"{encoder_id} is installed; build the pack again."
            )
        if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= CHECKED_AT_OPENING:
            verify_files(folder, manifest)
        return FolderPack(folder, manifest, self.folder / ".faiss.json", self._lexical(folder, manifest))

    def build(
        self,
        pack_id: str,
        title: str,
        documents: Sequence[Document],
        encoder: Encoder,
        *,
        task: Task,
        names: Sequence[str] = (),
    ) -> PackManifest:
        """Build a pack from documents and install it in one step; a failure leaves the old one.

        The vectors of `names` are kept with it.
        Raise InputError for a bad or kept id, ImportFailed if there is no text or two documents share an id.
        """
        check_id(pack_id)
        passages = self._passages(documents, task)
        self._refuse_others(pack_id, passages)
        with self._staged(pack_id) as staging:
            vectors = encoder.encode_passages(
                [(passage_heading(p.title, p.section), p.text) for p in passages], task=task
            )
            if names:
                write_names(staging, names, encoder, task=task)
            manifest = _write_pack(staging, pack_id, title, documents, passages, vectors, encoder, task)
            task.report("Installing the pack", len(passages), len(passages))
            self._put_in_place(staging, pack_id)
        return manifest

    def install(self, archive: Path, *, task: Task) -> PackManifest:
        """Install a `.medpack` archive; raise PackCorrupt, InputError for a kept id, or PackMissing without a file."""
        if not archive.is_file():
            raise PackMissing(f"There is no file {archive}.")
        try:
            with zipfile.ZipFile(archive) as zipped:
                return self._install(zipped, task)
        except _NOT_A_ZIP as error:
            raise PackCorrupt(f"{archive} is not a complete knowledge pack; fetch it again.") from error

    def verify(self, pack_id: str) -> PackManifest:
        """Compare every file with its checksum; raise PackMissing, or PackCorrupt naming the file."""
        folder, manifest = self._installed(pack_id)
        verify_files(folder, manifest)
        return manifest

    def remove(self, pack_id: str) -> None:
        """Delete a pack; raise PackMissing."""
        check_id(pack_id)
        folder = self.folder / pack_id
        if not folder.is_dir():
            if self._shipped is not None and (self._shipped / pack_id).is_dir():
                raise PackError(f"The knowledge pack {pack_id} came with the program and cannot be removed.")
            raise self._missing(pack_id)
        with self._staged(pack_id) as staging:
            folder.replace(staging / "removed")

    def is_current(
        self, pack_id: str, documents: Sequence[Document], encoder_id: str, names: Sequence[str] = ()
    ) -> bool:
        """Tell whether an installed, intact pack holds these very documents and names in this encoder's vectors."""
        try:
            manifest = self.verify(pack_id)
        except PackError:
            return False
        named = not names or holds_names(manifest, names)
        return named and self.is_made_from(manifest, documents, encoder_id)

    def name_vectors(self, pack_id: str, names: Sequence[str], encoder_id: str) -> Vectors | None:
        """Return the vectors of exactly these names that a pack holds; None where it has none that fit."""
        folder, manifest = self._installed(pack_id)
        if manifest.encoder != encoder_id or not holds_names(manifest, names):
            return None
        return read_names(folder, names, manifest.dimension)

    def is_made_from(self, manifest: PackManifest, documents: Sequence[Document], encoder_id: str) -> bool:
        """Tell whether a manifest is that of a pack of exactly these documents in this encoder's vectors."""
        passages = [passage for document in documents for passage in self._chunk(document)]
        return manifest.encoder == encoder_id and manifest.version.endswith(f"-{_digest(passages)}")

    def export(self, pack_id: str, archive: Path) -> None:
        """Write a verified pack as a `.medpack` archive; raise PackError when the file cannot be written."""
        manifest = self.verify(pack_id)
        folder, _ = self._installed(pack_id)
        partial = archive.with_name(archive.name + ".part")
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as zipped:
                for name in (MANIFEST_NAME, *(name for name, _ in manifest.sha256)):
                    zipped.write(folder / PurePosixPath(name), name)
            partial.replace(archive)
        except OSError as error:
            raise PackError(f"The file {archive} cannot be written: {error.strerror}.") from error

    def _installed(self, pack_id: str) -> tuple[Path, PackManifest]:
        folder, manifest = self._newest(check_id(pack_id))
        if manifest.id != pack_id:
            raise PackCorrupt(f"The folder {folder} holds the pack {manifest.id}; rename it or build it again.")
        return folder, manifest

    def _newest(self, name: str) -> tuple[Path, PackManifest]:
        """Return the copy of a pack that was built last; one that cannot be read only counts when it is alone."""
        places = [place / name for place in (self.folder, self._shipped) if place is not None]
        found: list[tuple[Path, PackManifest]] = []
        damage: PackCorrupt | None = None
        for folder in filter(Path.is_dir, places):
            try:
                found.append((folder, read_pack_manifest(folder)))
            except PackCorrupt as error:
                damage = damage or error
        if not found:
            raise damage or self._missing(name)
        return max(found, key=lambda copy: copy[1].built_at)

    def _lexical(self, folder: Path, manifest: PackManifest) -> Path:
        """Return the word index of a pack: for a shipped one a copy of the user's, because reading takes a lock file.

        The folder of the program may not be writable.
        """
        if folder.parent == self.folder:
            return folder / "lexical"
        copies = self.folder / _COPIES
        copy = copies / f"{manifest.id}-{manifest.version}"
        if not _same_index(folder, copy, manifest):
            with self._staged(manifest.id) as staging:
                copies.mkdir(exist_ok=True)
                for old in copies.glob(f"{manifest.id}-*"):
                    shutil.rmtree(old, ignore_errors=True)
                shutil.copytree(folder / "lexical", staging / "lexical", copy_function=shutil.copyfile)
                (staging / "lexical").replace(copy)
        return copy

    def _missing(self, pack_id: str) -> PackMissing:
        return PackMissing(f"No knowledge pack `{pack_id}` is installed; `medrag pack list` shows those that are.")

    def _passages(self, documents: Sequence[Document], task: Task) -> list[Passage]:
        passages: list[Passage] = []
        for document in task.track(documents, "Cutting documents into passages", len(documents)):
            passages.extend(self._chunk(document))
        ids = {passage.id for passage in passages}
        if not passages:
            raise ImportFailed("The documents hold no text, so no knowledge pack was built.")
        if len(ids) != len(passages):
            raise ImportFailed("Two documents have the same id, so no knowledge pack was built.")
        return passages

    def _install(self, zipped: zipfile.ZipFile, task: Task) -> PackManifest:
        manifest = _manifest_of(zipped)
        with self._staged(manifest.id) as staging:
            members = [MANIFEST_NAME, *(name for name, _ in manifest.sha256)]
            for name in task.track(members, "Unpacking the pack", len(members)):
                _unpack(zipped, name, staging)
            task.report("Checking the pack", len(members), len(members))
            verify_files(staging, manifest)
            with closing(FolderPack(staging, manifest)) as pack:
                self._refuse_others(manifest.id, pack.passages())
            self._put_in_place(staging, manifest.id)
        return manifest

    def _refuse_others(self, pack_id: str, passages: Sequence[Passage]) -> None:
        """Raise InputError where other texts come under an id that is kept for certain documents."""
        kept = self._kept.get(pack_id)
        if kept is None:
            return
        if list(passages) != [passage for document in kept() for passage in self._chunk(document)]:
            raise InputError(
                f"The id {pack_id} is kept for the clinical library of this very version of the program, and these "
                "are other texts, so nothing was installed. Give a pack of your own another id (--id); the pack of "
                "the clinical library is made by `medrag pack build`."
            )

    @contextmanager
    def _staged(self, pack_id: str) -> Iterator[Path]:
        """Yield an empty folder beside the packs and delete what is left of it."""
        waiting = self.folder / ".staging"
        try:
            waiting.mkdir(parents=True, exist_ok=True)
            _sweep(waiting)
            staging = Path(tempfile.mkdtemp(prefix=f"{pack_id}-", dir=waiting))
        except OSError as error:
            raise PackError(f"The folder {waiting} cannot be written: {error.strerror}.") from error
        try:
            yield staging
        except OSError as error:
            raise PackError(f"The knowledge pack {pack_id} cannot be written: {error.strerror}.") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            shutil.rmtree(staging.with_name(staging.name + ".old"), ignore_errors=True)

    def _put_in_place(self, staging: Path, pack_id: str) -> None:
        """Swap the finished pack for the old one; if that fails, the old one stays."""
        target, old = self.folder / pack_id, staging.with_name(staging.name + ".old")
        replaced = target.exists()
        if replaced:
            target.replace(old)
        try:
            staging.replace(target)
        except OSError:
            if replaced:
                old.replace(target)
            raise


def passage_heading(title: str, section: str) -> str:
    """Return the title line a passage is encoded with, here and in training."""
    return ": ".join(part for part in (title, section) if part)


def _write_pack(
    folder: Path,
    pack_id: str,
    title: str,
    documents: Sequence[Document],
    passages: Sequence[Passage],
    vectors: Vectors,
    encoder: Encoder,
    task: Task,
) -> PackManifest:
    """Write every file of a pack, `pack.json` last."""
    task.report("Writing the pack", 0, len(passages))
    write_passages(folder / "passages.db", passages)
    stored = quantize(vectors)
    stored.save(folder)
    if faiss_works(folder.parent.parent / ".faiss.json"):
        write_faiss(stored, folder / "dense.faiss", _some_questions(passages, encoder, task))
    (folder / "lexical").mkdir()
    build_lexical_index(folder / "lexical", passages, task=task)
    now = datetime.now(UTC)
    manifest = PackManifest(
        id=pack_id,
        title=storable(title),
        version=f"{now:%Y.%m.%d}-{_digest(passages)}",
        built_at=now.isoformat(timespec="seconds"),
        encoder=encoder.id,
        dimension=int(vectors.shape[1]),
        passages=len(passages),
        documents=len(documents),
        sources=tuple(sorted({storable(d.source) for d in documents if d.source})),
        licences=tuple(sorted({document.licence for document in documents if document.licence})),
        sha256=checksums(folder),
    )
    write_pack_manifest(folder, manifest)
    return manifest


def _some_questions(passages: Sequence[Passage], encoder: Encoder, task: Task) -> Vectors | None:
    """Return what an approximate index is measured with: headings, and the first words of what has none."""
    if len(passages) <= EXACT_ROWS:
        return None
    some = passages[:: len(passages) // QUESTIONS]
    headings = [passage_heading(p.title, p.section) or " ".join(p.text.split()[:12]) for p in some]
    return encoder.encode_questions(headings, task=task)


def _digest(passages: Sequence[Passage]) -> str:
    """Return eight hex digits that change when any passage does, in text or in what is said of it, or the FORMAT."""
    digest = hashlib.sha256(FORMAT)
    values = attrgetter(*(field.name for field in dataclasses.fields(Passage)))
    for passage in passages:
        digest.update(repr(values(passage)).encode("utf-8", "ignore"))
    return digest.hexdigest()[:8]


def _same_index(folder: Path, copy: Path, manifest: PackManifest) -> bool:
    """Tell whether a copy of a pack's word index is whole."""
    names = [PurePosixPath(name) for name, _ in manifest.sha256 if name.startswith("lexical/")]
    try:
        return all(filecmp.cmp(folder / name, copy / name.name, shallow=False) for name in names)
    except OSError:
        return False


def _manifest_of(zipped: zipfile.ZipFile) -> PackManifest:
    """Read the manifest of an archive and refuse members it does not name; raise PackCorrupt."""
    try:
        manifest = parse_pack_manifest(zipped.read(MANIFEST_NAME))
    except (KeyError, ValueError, TypeError) as error:
        raise PackCorrupt("The archive is not a knowledge pack: it has no readable pack.json.") from error
    named = {MANIFEST_NAME, *(name for name, _ in manifest.sha256)}
    for member in zipped.infolist():
        if member.filename not in named or not is_pack_file(member.filename):
            raise PackCorrupt(f"The archive holds `{member.filename[:80]}`, which is no part of a knowledge pack.")
    if sum(member.file_size for member in zipped.infolist()) > LARGEST_PACK:
        raise PackCorrupt("The archive claims to be larger than any knowledge pack.")
    return manifest


def _unpack(zipped: zipfile.ZipFile, name: str, folder: Path) -> None:
    """Write one member under its checked name: the archive never chooses a path."""
    path = folder / PurePosixPath(name)
    path.parent.mkdir(exist_ok=True)
    try:
        with zipped.open(name) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 2**20)
    except KeyError as error:
        raise PackCorrupt(f"The archive lacks {name}; fetch it again.") from error


def _sweep(waiting: Path) -> None:
    """Delete what builds that were killed left behind."""
    limit = time.time() - STALE_SECONDS
    for path in waiting.iterdir():
        if path.stat().st_mtime < limit:
            shutil.rmtree(path, ignore_errors=True)
