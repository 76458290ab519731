"""The case history on SQLCipher through sqlite-utils."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from medrag_desktop.adapters.case_file import make_case_file, making_lock, open_case_file, remove_backups, translated
from medrag_desktop.adapters.case_json import DAMAGED, from_json, pack, to_json, unpack
from medrag_desktop.adapters.case_schema import MIGRATIONS, Migration
from medrag_desktop.adapters.case_words import all_begin_words, words_of, words_of_case
from medrag_desktop.adapters.keys import (
    Cost,
    KeyRing,
    disk_error,
    new_key_ring,
    read_key_ring,
    sync_folder,
    unlock,
    unlock_with_words,
    weaker,
    with_new_words,
    with_passphrase,
    with_words_confirmed,
    write_key_ring,
)
from medrag_desktop.domain.case import Case, CaseSummary, Review, ReviewStatus, summarize
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter, Sex
from medrag_desktop.errors import (
    CaseMissing,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMissing,
    StoreTooNew,
)

KEYS_NAME = "keys.json"
CASES_NAME = "cases.db"
_NEW_NAME = "cases.new.db"
"""The case history while it is being made; it becomes `cases.db` in the last step."""
_LOCK_NAME = "making.lock"
_SUMMARY = tuple(field.name for field in fields(CaseSummary))
_NOTHING = to_json(None, Draft)
"""The document of a draft or review that was taken back."""
_WORDS_ASKED = 50
"""Words of a question that the index is asked for, whose parser refuses some hundreds; a pasted page has more."""
_WIPE = "wipe"
_AT_HAND, _ASIDE = 1, 2
"""Places of the case being typed, and of one that could not be read: a later version of the program may."""
_TYPING_DAMAGED = (
    "What was typed last is damaged and cannot be read, so the form is empty; every saved case is still there."
)
_TYPING_TOO_NEW = (
    "A later version of this program kept what was typed last, so the form is empty; use that version to read it. "
    "Every saved case is still there."
)


def case_moment(case: Case) -> float:
    """Return when a case was saved as seconds since 1970, so that cases from two time zones sort."""
    try:
        return datetime.fromisoformat(case.updated).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


class SqlCipherCaseStore:
    """Meets `ports.CaseStore` with one encrypted file; used by one thread at a time."""

    def __init__(self, db: Database, path: Path) -> None:
        """Take over an open file, and finish what an earlier erasure had to leave."""
        self._open_db: Database | None = db
        self._path = path
        with suppress(StoreError), translated():
            if self._db.table("unfinished").count:
                self._wipe()

    def save(self, case: Case) -> None:
        """Insert a case, or replace what differs; earlier versions are kept."""
        parts = _parts(case)
        with self._transaction() as db:
            number = _put_summary(db, case)
            for part, document in parts.items():
                _add_version(db, number, part, document, case.updated)
            words = " ".join(sorted(words_of_case(case)))
            db.execute("INSERT OR REPLACE INTO case_words (rowid, words) VALUES (?, ?)", [number, words])

    def load(self, case_id: str) -> Case:
        """Return a case as last saved; raise CaseMissing."""
        with translated():
            number = _number(self._db, case_id)
            row = self._db.execute("SELECT created, updated FROM cases WHERE number = ?", [number]).fetchone()
            newest = (
                "SELECT part, document FROM versions"
                " WHERE number IN (SELECT MAX(number) FROM versions WHERE case_number = ? GROUP BY part)"
            )
            parts = {part: unpack(document) for part, document in self._db.execute(newest, [number]).fetchall()}
        encounter = from_json(parts.get("encounter", _NOTHING), Encounter)
        if encounter is None:
            raise StoreCorrupt(DAMAGED)
        draft = from_json(parts.get("draft", _NOTHING), Draft)
        return Case(case_id, row[0], row[1], encounter, draft, from_json(parts.get("review", _NOTHING), Review))

    def search(self, words: str, limit: int = 200) -> tuple[CaseSummary, ...]:
        """Return the cases that hold every word (its beginning will do), newest first; all when there is no word."""
        wanted = sorted(words_of(words), key=len, reverse=True)
        with translated():
            where, values = "", []
            if wanted:
                where, values = "WHERE number IN (SELECT value FROM json_each(?))", [json.dumps(self._having(wanted))]
            statement = f"SELECT {', '.join(_SUMMARY)} FROM cases {where} ORDER BY updated_at DESC, number DESC LIMIT ?"
            rows = self._db.execute(statement, [*values, max(0, limit)]).fetchall()
        return tuple(_summary(row) for row in rows)

    def erase(self, case_id: str) -> None:
        """Delete a case with all its versions so that nothing of it stays in the file; raise CaseMissing."""
        with self._transaction() as db:
            number = _number(db, case_id)
            db.table("versions").delete_where("case_number = ?", [number])
            db.table("case_words").delete_where("rowid = ?", [number])
            db.table("working").delete_where("case_id = ?", [case_id])
            db.table("cases").delete_where("number = ?", [number])
            db.table("unfinished").insert({"task": _WIPE}, replace=True)
        try:
            with translated():
                self._wipe()
        except StoreFull:
            raise StoreFull(
                "The case is erased, but the disk is too full to wipe its last traces. Free some space; the next start "
                "of the program wipes them."
            ) from None

    def keep_working(self, case: Case | None) -> None:
        """Keep the case being typed, for the next start; None forgets it."""
        document = None if case is None else pack(to_json(case, Case))
        with self._transaction() as db:
            if case is None:
                db.execute("DELETE FROM working WHERE number = ?", [_AT_HAND])
            else:
                db.execute("INSERT OR REPLACE INTO working VALUES (?, ?, ?)", [_AT_HAND, case.id, document])

    def working(self) -> Case | None:
        """Return the case that was being typed; raise StoreCorrupt or StoreTooNew, and keep aside what they mean."""
        try:
            case = self._typed(_AT_HAND)
        except StoreCorrupt:
            self._move(_AT_HAND, _ASIDE)
            raise StoreCorrupt(_TYPING_DAMAGED) from None
        except StoreTooNew:
            self._move(_AT_HAND, _ASIDE)
            raise StoreTooNew(_TYPING_TOO_NEW) from None
        return case or self._typed_before()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        if self._open_db is not None:
            db, self._open_db = self._open_db, None
            with translated():
                db.close()

    def check(self) -> None:
        """Read the whole file and its index; raise StoreCorrupt."""
        with translated():
            found = [row[0] for row in self._db.execute("PRAGMA cipher_integrity_check").fetchall()]
            found += [row[0] for row in self._db.execute("PRAGMA integrity_check").fetchall() if row[0] != "ok"]
            found += self._db.execute("PRAGMA foreign_key_check").fetchall()
            self._db.execute("INSERT INTO case_words (case_words, rank) VALUES ('integrity-check', 1)")
        if found:
            raise StoreCorrupt(f"The case history is damaged in {len(found)} places. Restore it from a backup copy.")

    @property
    def _db(self) -> Database:
        if self._open_db is None:
            raise StoreLocked("The case history is locked; type the passphrase first.")
        return self._open_db

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        """Run what follows as one transaction, durable at its end."""
        with translated(), self._db.atomic() as db:
            yield db

    def _typed(self, place: int) -> Case | None:
        with translated():
            row = self._db.execute("SELECT document FROM working WHERE number = ?", [place]).fetchone()
        return None if row is None else from_json(unpack(row[0]), Case)

    def _typed_before(self) -> Case | None:
        """Take up again what an older version of the program had to put aside, if this one can read it."""
        with suppress(StoreCorrupt, StoreTooNew):
            case = self._typed(_ASIDE)
            if case is not None:
                self._move(_ASIDE, _AT_HAND)
            return case
        return None

    def _move(self, place: int, to: int) -> None:
        with self._transaction() as db:
            db.execute("UPDATE OR REPLACE working SET number = ? WHERE number = ?", [to, place])

    def _having(self, words: list[str]) -> list[int]:
        """Return the numbers of the cases in which each of some words begins one."""
        asked, rest = words[:_WORDS_ASKED], words[_WORDS_ASKED:]
        question = " ".join(f'"{word}"*' for word in asked)
        checked = "words" if rest else "NULL"
        rows = self._db.execute(f"SELECT rowid, {checked} FROM case_words WHERE case_words MATCH ?", [question])
        return [int(number) for number, folded in rows if all_begin_words(rest, folded or "")]

    def _wipe(self) -> None:
        """Write the file anew: pages that were split keep pieces of a deleted row, which no DELETE overwrites."""
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        remove_backups(self._path)
        self._db.execute("DELETE FROM unfinished")


class SqlCipherVault:
    """Meets `ports.Vault` with a folder that holds `cases.db` and `keys.json`."""

    def __init__(self, folder: Path, cost: Cost | None = None, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
        """Remember where the case history is; nothing is read yet."""
        self._folder = folder
        self._cost = cost or Cost()
        self._migrations = migrations

    def exists(self) -> bool:
        """Tell whether a case history has been made."""
        # keys.json beside cases.new.db: the program ended while making them, before anything was kept in them.
        return self._cases.exists() or (self._keys.exists() and not self._new_cases.exists())

    def create(self, passphrase: str) -> tuple[SqlCipherCaseStore, tuple[str, ...]]:
        """Make an empty case history; return it open, with its recovery words."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with making_lock(self._folder / _LOCK_NAME):
                data_key, words = self._make(passphrase)
                store = self._open_store(data_key)
        except OSError as error:
            raise disk_error(error, self._folder, "written") from error
        with suppress(OSError):
            (self._folder / _LOCK_NAME).unlink()
        return store, words

    def open(self, passphrase: str) -> SqlCipherCaseStore:
        """Open the case history; raise StoreMissing, WrongPassphrase, StoreInUse, StoreTooNew or StoreCorrupt."""
        ring = self._key_ring()
        data_key = unlock(ring, passphrase)
        store = self._open_store(data_key)
        if weaker(ring, self._cost):
            with _closed_on_error(store):
                write_key_ring(self._keys, with_passphrase(ring, data_key, passphrase, self._cost))
        return store

    def open_with_recovery(self, words: str, new_passphrase: str) -> SqlCipherCaseStore:
        """Open the case history with its recovery words and set another passphrase; raise as `open`."""
        ring = self._key_ring()
        data_key = unlock_with_words(ring, words)
        store = self._open_store(data_key)
        ring = with_words_confirmed(ring)  # whoever can type them has them
        with _closed_on_error(store):
            write_key_ring(self._keys, with_passphrase(ring, data_key, new_passphrase, self._cost))
        return store

    def change_passphrase(self, old: str, new: str) -> None:
        """Wrap the data key with another passphrase; raise WrongPassphrase."""
        ring = self._key_ring()
        write_key_ring(self._keys, with_passphrase(ring, unlock(ring, old), new, self._cost))

    def renew_recovery_words(self, passphrase: str) -> tuple[str, ...]:
        """Replace the recovery words by fresh ones, which are not confirmed yet; raise WrongPassphrase."""
        ring = self._key_ring()
        renewed, words = with_new_words(ring, unlock(ring, passphrase))
        write_key_ring(self._keys, renewed)
        return words

    def confirm_recovery_words(self) -> None:
        """Remember that the recovery words are on paper."""
        ring = self._key_ring()
        if not ring.recovery.confirmed:
            write_key_ring(self._keys, with_words_confirmed(ring))

    def recovery_words_confirmed(self) -> bool:
        """Tell whether the recovery words are known to be on paper."""
        return self._key_ring().recovery.confirmed

    @property
    def _keys(self) -> Path:
        return self._folder / KEYS_NAME

    @property
    def _cases(self) -> Path:
        return self._folder / CASES_NAME

    @property
    def _new_cases(self) -> Path:
        return self._folder / _NEW_NAME

    def _make(self, passphrase: str) -> tuple[bytes, tuple[str, ...]]:
        """Write both files; until the last renaming there is no case history, so a crash costs nothing."""
        if self.exists():
            raise StoreError(f"There is a case history in {self._folder} already.")
        # The keys of an attempt that was cut off go first: alone they would look like a history that lost its cases.
        for leftover in (self._keys, *self._folder.glob(f"{_NEW_NAME}*")):
            leftover.unlink(missing_ok=True)
            sync_folder(self._folder)
        ring, data_key, words = new_key_ring(passphrase, self._cost)
        make_case_file(self._new_cases, data_key, self._migrations)
        write_key_ring(self._keys, ring)
        self._new_cases.rename(self._cases)
        sync_folder(self._folder)
        return data_key, words

    def _key_ring(self) -> KeyRing:
        if not self.exists():
            raise StoreMissing("There is no case history yet.")
        return read_key_ring(self._keys)

    def _open_store(self, data_key: bytes) -> SqlCipherCaseStore:
        db = open_case_file(self._cases, data_key, self._migrations)
        try:
            return SqlCipherCaseStore(db, self._cases)
        except BaseException:
            db.close()
            raise


@contextmanager
def _closed_on_error(store: SqlCipherCaseStore) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def _parts(case: Case) -> dict[str, bytes]:
    """Return the documents of a case."""
    return {
        "encounter": to_json(case.encounter, Encounter),
        "draft": to_json(case.draft, Draft),
        "review": to_json(case.review, Review),
    }


def _number(db: Database, case_id: str) -> int:
    row = db.execute("SELECT number FROM cases WHERE id = ?", [case_id]).fetchone()
    if row is None:
        raise CaseMissing("There is no such case in the case history.")
    return int(row[0])


def _put_summary(db: Database, case: Case) -> int:
    """Insert or replace the line of a case; return its number."""
    line = {name: _storable(value) for name, value in asdict(summarize(case)).items()}
    line["updated_at"] = case_moment(case)
    table, row = db.table("cases"), db.execute("SELECT number FROM cases WHERE id = ?", [case.id]).fetchone()
    if row is None:
        table.insert(line)
        return _number(db, case.id)
    table.update(row[0], line)
    return int(row[0])


def _storable(value: object) -> object:
    """Return a value without lone surrogates, which SQLite refuses."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _add_version(db: Database, number: int, part: str, document: bytes, saved: str) -> None:
    """Add a row where a part of a case differs from its newest version."""
    newest = "SELECT document FROM versions WHERE case_number = ? AND part = ? ORDER BY number DESC LIMIT 1"
    row = db.execute(newest, [number, part]).fetchone()
    if document != (_NOTHING if row is None else unpack(row[0])):
        version = {"case_number": number, "part": part, "saved": saved, "document": pack(document)}
        db.table("versions").insert(version)


def _summary(row: tuple[Any, ...]) -> CaseSummary:
    line = dict(zip(_SUMMARY, row, strict=True))
    try:
        return CaseSummary(
            **{
                **line,
                "sex": Sex(line["sex"]),
                "urgency": Urgency(line["urgency"]) if line["urgency"] else None,
                "status": ReviewStatus(line["status"]) if line["status"] else None,
            }
        )
    except ValueError:
        raise StoreCorrupt(DAMAGED) from None
