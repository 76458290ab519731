"""The file of the case history: made whole or not at all, refused when damaged, brought up to date or left alone."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from medrag_desktop.adapters import case_file
from medrag_desktop.adapters.case_schema import MIGRATIONS
from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.adapters.keys import Cost, read_key_ring
from medrag_desktop.domain.case import Case
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreTooNew,
)
from tests.adapters.histories import (
    CHEAP,
    PASSPHRASE,
    bytes_of,
    case_of,
    connect,
    noise,
)
from tests.drafts import make_draft


@pytest.fixture
def closed(vault: SqlCipherVault) -> SqlCipherVault:
    """A closed case history with thirty cases."""
    store, _ = vault.create(PASSPHRASE)
    for number in range(30):
        store.save(case_of(f"case-{number}", f"Fever {number} {noise(number, 2_000)}"))
    store.close()
    return vault


# ----- making


def test_a_file_that_is_there_is_never_made_anew(closed: SqlCipherVault, folder: Path) -> None:
    cases, keys = bytes_of(folder / "cases.db"), bytes_of(folder / "keys.json")
    for missing in ((), ("keys.json",), ("cases.db",)):
        for name in missing:
            (folder / name).unlink()
        assert closed.exists()
        with pytest.raises(StoreError, match="already"):
            closed.create(PASSPHRASE)
        (folder / "cases.db").write_bytes(cases)
        (folder / "keys.json").write_bytes(keys)
    closed.open(PASSPHRASE).close()


@pytest.mark.parametrize("step", ["make_case_file", "write_key_ring", "rename"])
def test_a_crash_while_making_costs_nothing(
    vault: SqlCipherVault, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    target = "pathlib.Path.rename" if step == "rename" else f"medrag_desktop.adapters.case_store.{step}"
    monkeypatch.setattr(target, crash)
    with pytest.raises(KeyboardInterrupt):
        vault.create(PASSPHRASE)
    monkeypatch.undo()
    assert not vault.exists()
    store, words = vault.create("another passphrase")
    store.close()
    vault.open_with_recovery(" ".join(words), PASSPHRASE).close()
    assert sorted(path.name for path in folder.iterdir()) == ["cases.db", "keys.json"]


def test_two_windows_cannot_make_one_at_once(vault: SqlCipherVault, folder: Path) -> None:
    folder.mkdir()
    with case_file.making_lock(folder / "making.lock"), pytest.raises(StoreInUse):
        vault.create(PASSPHRASE)
    assert not vault.exists()
    vault.create(PASSPHRASE)[0].close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        SqlCipherVault(tmp_path / "file" / "history", CHEAP).create(PASSPHRASE)


def test_a_raised_cost_reaches_an_old_history_at_the_next_start(closed: SqlCipherVault, folder: Path) -> None:
    dearer = Cost(passes=2, memory_bytes=16384)
    SqlCipherVault(folder, dearer).open(PASSPHRASE).close()
    slot = read_key_ring(folder / "keys.json").passphrase
    assert (slot.passes, slot.memory_bytes) == (2, 16384)
    closed.open(PASSPHRASE).close()
    assert read_key_ring(folder / "keys.json").passphrase == slot


# ----- damage


def open_and_use(vault: SqlCipherVault) -> None:
    """Read everything: a damaged page shows when it is first used."""
    with closing(vault.open(PASSPHRASE)) as store:
        for line in store.search(""):
            store.load(line.id)
        store.search("fever")
        store.check()


@pytest.mark.parametrize("damage", ["first page", "header", "middle", "last page", "swapped pages", "older page"])
def test_a_changed_page_is_told(closed: SqlCipherVault, folder: Path, damage: str) -> None:
    path = folder / "cases.db"
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2 // 4096 * 4096
    places = {"first page": 2_000, "header": 3, "middle": middle + 100, "last page": len(whole) - 3_000}
    if damage in places:
        whole[places[damage]] ^= 1
    elif damage == "swapped pages":
        whole[middle : middle + 4096], whole[middle + 4096 : middle + 8192] = (
            whole[middle + 4096 : middle + 8192],
            whole[middle : middle + 4096],
        )
    else:
        whole[middle : middle + 4096] = bytes(4096)
    path.write_bytes(whole)
    with pytest.raises(StoreCorrupt, match="damaged"):
        open_and_use(closed)
    assert bytes_of(path) == whole


@pytest.mark.parametrize("kept", [0, 10, 4096, -4096, -100])
def test_a_cut_file_is_told(closed: SqlCipherVault, folder: Path, kept: int) -> None:
    path = folder / "cases.db"
    part = path.read_bytes()[:kept] if kept else b""
    path.write_bytes(part)
    with pytest.raises(StoreCorrupt):
        open_and_use(closed)
    assert bytes_of(path) == part


@pytest.mark.parametrize("name", ["cases.db", "keys.json"])
def test_a_missing_file_is_told(closed: SqlCipherVault, folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert closed.exists()
    with pytest.raises(StoreCorrupt, match=f"{name} is missing"):
        closed.open(PASSPHRASE)
    assert not (folder / name).exists()


def test_the_keys_of_another_history_are_told(closed: SqlCipherVault, folder: Path, tmp_path: Path) -> None:
    SqlCipherVault(tmp_path / "other", CHEAP).create(PASSPHRASE)[0].close()
    (tmp_path / "other" / "keys.json").replace(folder / "keys.json")
    with pytest.raises(StoreCorrupt, match=r"keys\.json beside it"):
        closed.open(PASSPHRASE)


# ----- versions of the file

VERSION_1 = """
CREATE TABLE "cases" (
   "number" INTEGER PRIMARY KEY, "id" TEXT NOT NULL, "created" TEXT NOT NULL, "updated" TEXT NOT NULL,
   "updated_at" REAL NOT NULL, "reference" TEXT NOT NULL, "age_years" REAL, "sex" TEXT NOT NULL,
   "complaint" TEXT NOT NULL, "diagnosis" TEXT NOT NULL, "urgency" TEXT, "status" TEXT
) STRICT;
CREATE UNIQUE INDEX "idx_cases_id" ON "cases" ("id");
CREATE INDEX "idx_cases_updated_at" ON "cases" ("updated_at");
CREATE TABLE "versions" (
   "number" INTEGER PRIMARY KEY, "case_number" INTEGER NOT NULL REFERENCES "cases"("number"), "part" TEXT NOT NULL,
   "saved" TEXT NOT NULL, "document" BLOB NOT NULL
) STRICT;
CREATE INDEX "idx_versions_case_number_part_number" ON "versions" ("case_number", "part", "number");
CREATE TABLE "working" ("number" INTEGER PRIMARY KEY, "case_id" TEXT NOT NULL, "document" BLOB NOT NULL) STRICT;
CREATE TABLE "unfinished" ("task" TEXT PRIMARY KEY) STRICT;
CREATE VIRTUAL TABLE case_words USING fts5(words, tokenize = 'ascii', detail = 'none');
INSERT INTO case_words (case_words, rank) VALUES ('secure-delete', 1);
INSERT INTO cases VALUES (
   7, 'old', '2026-01-01T10:00:00+00:00', '2026-01-01T10:00:00+00:00', 1767261600.0, 'R 1', 4.5, 'female', 'Fever', '',
   NULL, NULL
);
INSERT INTO versions VALUES (3, 7, 'encounter', '2026-01-01T10:00:00+00:00',
   x'{encounter}');
INSERT INTO case_words (rowid, words) VALUES (7, 'fever');
PRAGMA user_version = 1;
"""
"""A file as version 1 of the layout has it; it stays as it is when the layout changes."""
VERSION_1_ENCOUNTER = b'{"schema_version":1,"value":{"chief_complaint":"Fever","reference":"R 1","not known now":[1]}}'


def add_place(db: Database) -> None:
    db.execute("ALTER TABLE cases ADD COLUMN place TEXT NOT NULL DEFAULT 'here'")


def add_note(db: Database) -> None:
    db.table("notes").create({"number": int, "text": str}, pk="number", strict=True)
    db.table("notes").insert({"text": "written by a migration"})


@pytest.fixture
def old(vault: SqlCipherVault, folder: Path) -> SqlCipherVault:
    """A vault with a file of version 1."""
    vault.create(PASSPHRASE)[0].close()
    (folder / "cases.db").unlink()
    with closing(connect(folder)) as connection:
        connection.executescript(VERSION_1.replace("{encounter}", zlib.compress(VERSION_1_ENCOUNTER).hex()))
    return vault


def test_an_old_file_is_read_by_the_newest_program(old: SqlCipherVault) -> None:
    store = old.open(PASSPHRASE)
    expected = Case(
        "old",
        "2026-01-01T10:00:00+00:00",
        "2026-01-01T10:00:00+00:00",
        Encounter(chief_complaint="Fever", reference="R 1"),
    )
    assert store.load("old") == expected
    assert [(line.id, line.age_years) for line in store.search("fev")] == [("old", 4.5)]
    store.save(replace(expected, draft=make_draft()))
    store.check()
    store.erase("old")
    store.close()


def test_a_new_file_has_the_layout_of_an_old_one_brought_up_to_date(
    old: SqlCipherVault, folder: Path, tmp_path: Path
) -> None:
    old.open(PASSPHRASE).close()
    SqlCipherVault(tmp_path / "new", CHEAP).create(PASSPHRASE)[0].close()
    layouts = []
    for place in (folder, tmp_path / "new"):
        with closing(connect(place)) as connection:
            rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
            layouts.append([tuple("".join(str(part).split()) for part in row) for row in rows])
    assert layouts[0] == layouts[1]


def test_an_old_file_is_brought_up_to_date_after_a_copy(old: SqlCipherVault, folder: Path) -> None:
    newer = SqlCipherVault(folder, CHEAP, (*MIGRATIONS, add_place, add_note))
    store = newer.open(PASSPHRASE)
    assert [line.id for line in store.search("fever")] == ["old"]
    assert store._db.execute("SELECT place FROM cases").fetchall() == [("here",)]
    assert store._db.execute("SELECT text FROM notes").fetchall() == [("written by a migration",)]
    assert store._db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 2
    store.check()
    store.close()
    newer.open(PASSPHRASE).close()
    assert sorted(path.name for path in folder.iterdir()) == [
        "cases.db",
        f"cases.version{len(MIGRATIONS)}.db",
        "keys.json",
    ]
    with pytest.raises(StoreTooNew, match="later version"):
        old.open(PASSPHRASE)
    (folder / f"cases.version{len(MIGRATIONS)}.db").replace(folder / "cases.db")
    store = old.open(PASSPHRASE)
    assert [line.id for line in store.search("fever")] == ["old"]
    store.close()


def ask_amiss(db: Database) -> None:
    db.execute("SELECT * FROM no_such_table")


def write_amiss(db: Database) -> None:
    db.execute("INSERT INTO unfinished SELECT randomblob(1000000)")


def break_off(db: Database) -> None:
    db.execute("DELETE FROM cases WHERE id = 'nobody'")
    raise RuntimeError("a fault of the program")


@pytest.mark.parametrize(
    ("step", "raised"),
    [(break_off, RuntimeError), (ask_amiss, StoreError), (write_amiss, StoreError)],
)
def test_a_failed_migration_leaves_the_file_as_it_was(
    old: SqlCipherVault, folder: Path, step: Callable[[Database], None], raised: type[Exception]
) -> None:
    old.open(PASSPHRASE).close()
    before = bytes_of(folder / "cases.db")
    failing = SqlCipherVault(folder, CHEAP, (*MIGRATIONS, add_place, add_note, step))
    for _ in range(2):
        with pytest.raises(raised):
            failing.open(PASSPHRASE)
        assert bytes_of(folder / "cases.db") == before
    store = old.open(PASSPHRASE)
    assert [line.id for line in store.search("fever")] == ["old"]
    store.check()
    store.close()


def test_without_room_for_the_copy_nothing_is_changed(
    old: SqlCipherVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.open(PASSPHRASE).close()
    before = bytes_of(folder / "cases.db")
    real = case_file._connect

    def connect_to_a_full_disk(path: Path, key: bytes) -> Any:
        connection = real(path, key)
        if path.name.endswith(".new"):
            connection.execute("PRAGMA max_page_count = 2").fetchall()
        return connection

    monkeypatch.setattr(case_file, "_connect", connect_to_a_full_disk)
    with pytest.raises(StoreFull):
        SqlCipherVault(folder, CHEAP, (*MIGRATIONS, add_place)).open(PASSPHRASE)
    assert sorted(path.name for path in folder.iterdir()) == ["cases.db", "keys.json"]
    assert bytes_of(folder / "cases.db") == before


def test_a_file_of_a_later_version_stays_as_it_is(closed: SqlCipherVault, folder: Path) -> None:
    with closing(connect(folder)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = bytes_of(folder / "cases.db")
    with pytest.raises(StoreTooNew):
        closed.open(PASSPHRASE)
    assert bytes_of(folder / "cases.db") == before
    assert sorted(path.name for path in folder.iterdir()) == ["cases.db", "keys.json"]
