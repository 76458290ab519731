from __future__ import annotations

import dataclasses
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medrag_desktop.adapters import pack_shelf
from medrag_desktop.adapters.pack_shelf import FolderPack, FolderPackShelf
from medrag_desktop.domain.evidence import Document, DocumentSection, Passage, Query
from medrag_desktop.domain.fusion import fused_score
from medrag_desktop.errors import (
    Cancelled,
    ImportFailed,
    InputError,
    PackCorrupt,
    PackError,
    PackIncompatible,
    PackMissing,
)
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.tasks import Progress, Task
from tests.fakes import FakeEncoder

DOCUMENTS = (
    Document(
        "condition/measles",
        "Measles",
        (
            DocumentSection("In brief", "Fever, cough, red eyes and a rash from the face down."),
            DocumentSection("Management", "Give vitamin A and fluids."),
        ),
        "Clinic book",
        "2024",
        "condition",
        "measles",
    ),
    Document("guideline/wounds", "Wounds", (DocumentSection("", "Wash with soap."),), "Nurse \ud800 notes"),
)


@pytest.fixture
def shelf(tmp_path: Path) -> FolderPackShelf:
    return FolderPackShelf(tmp_path / "пакеты packs", chunk)


def build(shelf: FolderPackShelf, pack_id: str = "clinic", documents: tuple[Document, ...] = DOCUMENTS) -> None:
    shelf.build(pack_id, "Clinic", documents, FakeEncoder(), task=Task())


def search(pack: FolderPack, *texts: str, k: int = 5) -> tuple[tuple[str, ...], ...]:
    vectors = FakeEncoder().encode_questions(texts, task=Task())
    found = pack.search([Query(text, "question") for text in texts], vectors, k, task=Task())
    return tuple(tuple(hit.passage.id for hit in hits) for hits in found)


def folder_of(shelf: FolderPackShelf, pack_id: str = "clinic") -> Path:
    return shelf.folder / pack_id


def test_a_built_pack_is_found_and_searched(shelf: FolderPackShelf) -> None:
    build(shelf)
    (manifest,) = shelf.manifests()
    assert (manifest.id, manifest.passages, manifest.documents) == ("clinic", 3, 2)
    assert manifest.sources == ("Clinic book", "Nurse  notes")
    pack = shelf.open("clinic", "fake-encoder")
    first, second = search(pack, "red rash and fever", "soap for wounds")
    assert first[0] == "condition/measles#in-brief.1"
    assert second[0] == "guideline/wounds#text.1"


def test_hits_say_why_they_were_found(shelf: FolderPackShelf) -> None:
    build(shelf)
    pack = shelf.open("clinic", "fake-encoder")
    query = FakeEncoder().encode_questions(["Measles: In brief rash"], task=Task())
    (hits,) = pack.search([Query("Measles: In brief rash", "question")], query, 5, task=Task())
    best = hits[0]
    assert (best.dense_rank, best.lexical_rank) == (1, 1)
    assert best.score == pytest.approx(fused_score(best.cosine, best.lexical, "question"))
    vector = FakeEncoder().encode_passages([("Measles: In brief", best.passage.text)], task=Task())[0]
    assert best.cosine == pytest.approx(float(query[0] @ vector), abs=0.01)
    assert best.passage.pack == "clinic"


def test_k_bounds_the_hits_and_no_query_gives_none(shelf: FolderPackShelf) -> None:
    build(shelf)
    pack = shelf.open("clinic", "fake-encoder")
    assert [len(ids) for ids in search(pack, "rash", k=1)] == [1]
    assert search(pack, "rash", k=0) == ((),)
    assert search(pack) == ()


def test_passages_of_a_condition_come_in_reading_order(shelf: FolderPackShelf) -> None:
    build(shelf)
    pack = shelf.open("clinic", "fake-encoder")
    assert [hit.passage.section for hit in pack.passages_of("measles")] == ["In brief", "Management"]
    assert pack.passages_of("unknown' OR 1=1 --") == ()


def test_another_encoder_is_refused(shelf: FolderPackShelf) -> None:
    build(shelf)
    with pytest.raises(PackIncompatible, match="build the pack again"):
        shelf.open("clinic", "dpr-2")


@pytest.mark.parametrize("pack_id", ["", "../x", "A", "a/b", "con", "lpt1.x", "a" * 64, ".hidden", "a..b", "x\0", "a."])
def test_bad_ids_are_refused_everywhere(shelf: FolderPackShelf, pack_id: str) -> None:
    for use in (lambda: build(shelf, pack_id), lambda: shelf.remove(pack_id), lambda: shelf.verify(pack_id)):
        with pytest.raises(InputError):
            use()


def test_missing_packs_are_named(shelf: FolderPackShelf) -> None:
    assert shelf.manifests() == ()
    for use in (shelf.verify, shelf.remove, lambda name: shelf.open(name, "fake-encoder")):
        with pytest.raises(PackMissing, match="no-such-pack"):
            use("no-such-pack")


def test_building_again_replaces_and_removing_removes(shelf: FolderPackShelf) -> None:
    build(shelf)
    before = shelf.manifests()[0].version
    build(shelf, documents=DOCUMENTS[:1])
    assert shelf.manifests()[0].passages == 2
    assert shelf.manifests()[0].version != before
    shelf.remove("clinic")
    assert shelf.manifests() == ()
    assert list((folder_of(shelf).parent / ".staging").iterdir()) == []


def test_a_cancelled_build_leaves_the_old_pack(shelf: FolderPackShelf) -> None:
    build(shelf)
    before = shelf.verify("clinic")

    def stop_at_the_end(progress: Progress) -> None:
        if progress.message == "Installing the pack":
            task.cancel()
            task.checkpoint()

    task = Task(stop_at_the_end)
    with pytest.raises(Cancelled):
        shelf.build("clinic", "New", DOCUMENTS[:1], FakeEncoder(), task=task)
    assert shelf.verify("clinic") == before
    assert list((folder_of(shelf).parent / ".staging").iterdir()) == []


def test_a_pack_is_current_until_its_documents_its_encoder_or_its_files_change(shelf: FolderPackShelf) -> None:
    assert not shelf.is_current("clinic", DOCUMENTS, "fake-encoder")
    build(shelf)
    assert shelf.is_current("clinic", DOCUMENTS, "fake-encoder")
    assert not shelf.is_current("clinic", DOCUMENTS, "dpr-2")
    assert not shelf.is_current("clinic", DOCUMENTS[:1], "fake-encoder")
    newer = dataclasses.replace(DOCUMENTS[0], date="2025")
    assert not shelf.is_current("clinic", (newer, *DOCUMENTS[1:]), "fake-encoder")
    (folder_of(shelf) / "scale.npy").unlink()
    assert not shelf.is_current("clinic", DOCUMENTS, "fake-encoder")


def test_a_failed_swap_brings_the_old_pack_back(shelf: FolderPackShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    build(shelf)
    before = shelf.verify("clinic")
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "clinic" and not self.name.endswith(".old"):
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PackError, match="in use"):
        build(shelf, documents=DOCUMENTS[:1])
    assert shelf.verify("clinic") == before


@pytest.mark.parametrize("documents", [(), (Document("a", "A", (), "s"),), (*DOCUMENTS, DOCUMENTS[0])])
def test_nothing_to_build_from_is_said(shelf: FolderPackShelf, documents: tuple[Document, ...]) -> None:
    with pytest.raises(ImportFailed):
        build(shelf, documents=documents)
    assert shelf.manifests() == ()


@pytest.mark.parametrize("name", ["passages.db", "vectors.npy", "scale.npy", "dense.faiss", "lexical/meta.json"])
def test_a_damaged_or_missing_file_is_named(shelf: FolderPackShelf, name: str) -> None:
    build(shelf)
    path = folder_of(shelf) / name
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    for use in (lambda: shelf.verify("clinic"), lambda: shelf.open("clinic", "fake-encoder")):
        with pytest.raises(PackCorrupt, match=name):
            use()
    path.unlink()
    with pytest.raises(PackCorrupt, match=name):
        shelf.verify("clinic")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("encoder"),
        lambda body: body.update(passages="3"),
        lambda body: body.update(passages=True),
        lambda body: body.update(id="../x"),
        lambda body: body.update(more=1),
        lambda body: body["sha256"].update({"../../evil": "00"}),
        lambda body: body["sha256"].pop("passages.db"),
        lambda body: body.update(sources=[1]),
    ],
)
def test_a_manifest_of_the_wrong_shape_is_refused(shelf: FolderPackShelf, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    build(shelf)
    path = folder_of(shelf) / "pack.json"
    body = json.loads(path.read_text("utf-8"))
    change(body)
    path.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(PackCorrupt, match=r"pack\.json"):
        shelf.manifests()


def test_a_large_pack_is_not_hashed_at_opening_but_its_parts_must_fit(
    shelf: FolderPackShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(shelf)
    monkeypatch.setattr(pack_shelf, "CHECKED_AT_OPENING", 0)
    assert search(shelf.open("clinic", "fake-encoder"), "rash")[0]
    np.save(folder_of(shelf) / "vectors.npy", np.zeros((2, 96), np.int8))
    with pytest.raises(PackCorrupt):
        shelf.open("clinic", "fake-encoder")


def test_a_renamed_folder_is_not_taken_for_another_pack(shelf: FolderPackShelf) -> None:
    build(shelf)
    folder_of(shelf).replace(folder_of(shelf, "other"))
    with pytest.raises(PackCorrupt, match="clinic"):
        shelf.verify("other")


def test_an_exported_pack_installs_elsewhere(shelf: FolderPackShelf, tmp_path: Path) -> None:
    build(shelf)
    archive = tmp_path / "clinic.medpack"
    shelf.export("clinic", archive)
    other = FolderPackShelf(tmp_path / "elsewhere", chunk)
    assert other.install(archive, task=Task()) == shelf.verify("clinic")
    assert search(other.open("clinic", "fake-encoder"), "rash") == search(shelf.open("clinic", "fake-encoder"), "rash")


@pytest.fixture
def archive(shelf: FolderPackShelf, tmp_path: Path) -> Path:
    build(shelf)
    shelf.export("clinic", tmp_path / "clinic.medpack")
    return tmp_path / "clinic.medpack"


@pytest.mark.parametrize("member", ["../evil.txt", "/evil.txt", "lexical/../../evil", "C:\\evil", "extra.txt"])
def test_an_archive_with_a_foreign_member_is_refused(tmp_path: Path, archive: Path, member: str) -> None:
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.writestr(member, "evil")
    target = tmp_path / "other"
    with pytest.raises(PackCorrupt, match="no part of a knowledge pack"):
        FolderPackShelf(target, chunk).install(archive, task=Task())
    assert [path.name for path in tmp_path.rglob("evil*")] == []
    assert not list(target.glob("*/pack.json"))


def test_an_archive_that_changes_a_file_is_refused(tmp_path: Path, archive: Path) -> None:
    changed = tmp_path / "changed.medpack"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            new.writestr(name, raw + b" " if name == "scale.npy" else raw)
    with pytest.raises(PackCorrupt, match=r"scale\.npy"):
        FolderPackShelf(tmp_path / "other", chunk).install(changed, task=Task())


@pytest.mark.parametrize("size", [0, 10, 2000])
def test_a_cut_archive_is_refused(tmp_path: Path, archive: Path, size: int) -> None:
    cut = tmp_path / "cut.medpack"
    cut.write_bytes(archive.read_bytes()[:size])
    with pytest.raises(PackCorrupt):
        FolderPackShelf(tmp_path / "other", chunk).install(cut, task=Task())


def test_an_archive_without_a_member_or_manifest_is_refused(tmp_path: Path, archive: Path) -> None:
    for left_out in ("passages.db", "pack.json"):
        partial = tmp_path / "partial.medpack"
        with zipfile.ZipFile(archive) as old, zipfile.ZipFile(partial, "w") as new:
            for name in old.namelist():
                if name != left_out:
                    new.writestr(name, old.read(name))
        with pytest.raises(PackCorrupt, match=left_out.replace(".", r"\.")):
            FolderPackShelf(tmp_path / "other", chunk).install(partial, task=Task())


def test_an_archive_that_is_not_there_is_said(shelf: FolderPackShelf, tmp_path: Path) -> None:
    with pytest.raises(PackMissing):
        shelf.install(tmp_path / "none.medpack", task=Task())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(PackError, match="cannot be written"):
        build(FolderPackShelf(tmp_path / "file", chunk))


def test_without_faiss_a_pack_is_built_and_searched(shelf: FolderPackShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    build(shelf, "with-faiss")
    monkeypatch.setattr(pack_shelf, "faiss_works", lambda _: False)
    build(shelf)
    assert not (folder_of(shelf) / "dense.faiss").exists()
    found = [search(shelf.open(name, "fake-encoder"), "rash", "soap") for name in ("clinic", "with-faiss")]
    assert found[0] == found[1]


def test_passages_with_equal_words_are_shown_once(shelf: FolderPackShelf) -> None:
    twice = Document("guideline/copy", "Wounds", (DocumentSection("", "Wash with soap."),), "Copy")
    build(shelf, documents=(*DOCUMENTS, twice))
    (ids,) = search(shelf.open("clinic", "fake-encoder"), "wash with soap")
    assert len([name for name in ids if name.startswith("guideline/")]) == 1


def test_what_a_killed_build_left_is_swept_after_a_day(shelf: FolderPackShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    build(shelf)
    left = folder_of(shelf).parent / ".staging" / "clinic-left"
    left.mkdir()
    build(shelf)
    assert left.exists()
    monkeypatch.setattr(pack_shelf, "STALE_SECONDS", -1)
    build(shelf)
    assert not left.exists()


def test_the_database_is_not_written_by_reading(shelf: FolderPackShelf) -> None:
    build(shelf)
    pack = shelf.open("clinic", "fake-encoder")
    pack.passages_of("measles")
    pack.close()
    with pytest.raises((sqlite3.Error, PackCorrupt)):
        pack.passages_of("measles")
    shelf.verify("clinic")


def test_a_chunker_that_repeats_ids_is_refused(tmp_path: Path) -> None:
    same = Passage("x", "d", "t", "s", "text", "source")
    with pytest.raises(ImportFailed, match="same id"):
        build(FolderPackShelf(tmp_path, lambda _: (same, same)))


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Return a folder with the pack `clinic` as a program brings it, built on the second day."""
    folder = tmp_path / "program" / "packs"
    build(FolderPackShelf(folder, chunk))
    for lock in folder.rglob("*.lock"):
        lock.unlink()
    built_on(folder, "2026-01-02")
    return folder


def built_on(folder: Path, day: str, pack_id: str = "clinic") -> None:
    path = folder / pack_id / "pack.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "built_at": f"{day}T00:00:00+00:00"}), "utf-8")


def every_file(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_shipped_pack_is_used_where_the_user_has_none_and_never_written(tmp_path: Path, shipped: Path) -> None:
    before = every_file(shipped)
    shelf = FolderPackShelf(tmp_path / "user", chunk, shipped)
    assert [manifest.id for manifest in shelf.manifests()] == ["clinic"]
    for _ in range(2):
        assert search(shelf.open("clinic", "fake-encoder"), "red rash and fever")[0]
    assert shelf.verify("clinic").id == "clinic"
    assert shelf.is_current("clinic", DOCUMENTS, "fake-encoder")
    shelf.export("clinic", tmp_path / "clinic.medpack")
    with pytest.raises(PackError, match="came with the program"):
        shelf.remove("clinic")
    assert every_file(shipped) == before


@pytest.mark.parametrize(("day", "passages"), [("2026-01-01", 3), ("2026-01-02", 2), ("2026-01-03", 2)])
def test_of_two_copies_the_one_built_last_counts(tmp_path: Path, shipped: Path, day: str, passages: int) -> None:
    shelf = FolderPackShelf(tmp_path / "user", chunk, shipped)
    build(shelf, documents=DOCUMENTS[:1])
    built_on(shelf.folder, day)
    assert [manifest.passages for manifest in shelf.manifests()] == [passages]
    assert shelf.open("clinic", "fake-encoder").manifest.passages == passages
    shelf.remove("clinic")
    assert [manifest.passages for manifest in shelf.manifests()] == [3]


def test_a_copy_that_cannot_be_read_hides_no_other(tmp_path: Path, shipped: Path) -> None:
    shelf = FolderPackShelf(tmp_path / "user", chunk, shipped)
    build(shelf)
    (shelf.folder / "clinic" / "pack.json").write_text("{", "utf-8")
    assert shelf.verify("clinic") == shelf.manifests()[0]
    (shipped / "clinic" / "pack.json").write_text("{", "utf-8")
    with pytest.raises(PackCorrupt, match=r"pack\.json"):
        shelf.manifests()


def test_a_spoiled_copy_of_a_shipped_word_index_is_made_again(tmp_path: Path, shipped: Path) -> None:
    shelf = FolderPackShelf(tmp_path / "user", chunk, shipped)
    expected = search(shelf.open("clinic", "fake-encoder"), "soap for wounds")
    for copy in (tmp_path / "user").rglob("*.term"):
        copy.write_bytes(b"spoiled")
    assert search(shelf.open("clinic", "fake-encoder"), "soap for wounds") == expected
    build(FolderPackShelf(shipped, chunk), documents=DOCUMENTS[:1])
    assert shelf.open("clinic", "fake-encoder").manifest.passages == 2
    assert len(list((tmp_path / "user" / ".shipped-indexes").iterdir())) == 1, "the copy of the former one is gone"


def test_a_pack_can_be_told_from_its_manifest_alone(shelf: FolderPackShelf) -> None:
    build(shelf)
    (manifest,) = shelf.manifests()
    assert shelf.is_made_from(manifest, DOCUMENTS, "fake-encoder")
    assert not shelf.is_made_from(manifest, DOCUMENTS[:1], "fake-encoder")
    assert not shelf.is_made_from(manifest, DOCUMENTS, "dpr-2")


def test_an_id_that_is_kept_holds_its_own_documents_only(tmp_path: Path) -> None:
    own, others = DOCUMENTS[:1], DOCUMENTS[1:]
    kept = FolderPackShelf(tmp_path / "kept", chunk, kept={"library": lambda: own})
    build(kept, "library", own)
    before = kept.verify("library")
    with pytest.raises(InputError, match=r"library is kept .* nothing was installed"):
        build(kept, "library", others)
    elsewhere = FolderPackShelf(tmp_path / "elsewhere", chunk)
    build(elsewhere, "library", others)
    elsewhere.export("library", tmp_path / "false.medpack")
    with pytest.raises(InputError, match="library is kept"):
        kept.install(tmp_path / "false.medpack", task=Task())
    assert kept.verify("library") == before
    assert not list((tmp_path / "kept" / ".staging").iterdir())
    build(elsewhere, "library", own)
    elsewhere.export("library", tmp_path / "true.medpack")
    assert kept.install(tmp_path / "true.medpack", task=Task()).passages == 2
    build(kept, "own", others)


def test_a_pack_that_lies_about_its_version_is_still_not_the_kept_one(tmp_path: Path) -> None:
    kept = FolderPackShelf(tmp_path / "kept", chunk, kept={"library": lambda: DOCUMENTS[:1]})
    build(kept, "library", DOCUMENTS[:1])
    version = kept.verify("library").version
    elsewhere = FolderPackShelf(tmp_path / "elsewhere", chunk)
    build(elsewhere, "library", DOCUMENTS[1:])
    manifest = folder_of(elsewhere, "library") / "pack.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text("utf-8")), "version": version}), "utf-8")
    elsewhere.export("library", tmp_path / "false.medpack")
    with pytest.raises(InputError, match="library is kept"):
        kept.install(tmp_path / "false.medpack", task=Task())
