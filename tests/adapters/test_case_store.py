"""The encrypted case history: nothing to read without the key, nothing lost, nothing left of an erased case."""

from __future__ import annotations

import errno
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from medrag_desktop.adapters import case_file, case_store
from medrag_desktop.adapters.case_schema import MIGRATIONS, Migration
from medrag_desktop.adapters.case_store import SqlCipherCaseStore, SqlCipherVault
from medrag_desktop.adapters.keys import Cost
from medrag_desktop.domain.case import Case, start_review
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import (
    StoreError,
    StoreFull,
    StoreInUse,
    WrongPassphrase,
)
from tests.adapters.histories import (
    CHEAP,
    PASSPHRASE,
    PLANTED,
    ROOT,
    STRINGS,
    bytes_of,
    case_of,
    connect,
    found,
    noise,
    planted_case,
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


@pytest.fixture
def plain_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the key away, so that a file on the disk shows what otherwise lies under the encryption."""

    def connect(path: Path, _: bytes) -> Any:
        return dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)

    monkeypatch.setattr(case_file, "_connect", connect)


def documents(store: SqlCipherCaseStore) -> list[tuple[str, str, bytes]]:
    rows = "SELECT id, part, document FROM versions JOIN cases ON cases.number = case_number ORDER BY versions.number"
    return list(store._db.execute(rows).fetchall())


# ----- what is on the disk


def test_the_folder_holds_two_files_and_only_the_user_sees_them(closed: SqlCipherVault, folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["cases.db", "keys.json"]
    if sys.platform != "win32":
        assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}


def test_no_file_holds_a_word_of_a_patient(store: SqlCipherCaseStore, vault: SqlCipherVault, folder: Path) -> None:
    case = planted_case("a")
    store.save(case)
    store.keep_working(case)
    assert (folder / "cases.db-wal").stat().st_size > 0
    assert found((*STRINGS, b"SQLite format", b"case_words"), folder) == set()
    store._db.execute("BEGIN")
    store._db.execute("UPDATE cases SET reference = ?", [PLANTED["history"][0]])
    store._db.execute("PRAGMA cache_spill = 1")
    assert found(STRINGS, folder) == set()
    store._db.execute("COMMIT")
    store.close()
    assert found(STRINGS, folder) == set()
    bump_version(vault, folder)
    assert (folder / "cases.version1.db").stat().st_size > 0
    assert found(STRINGS, folder) == set()


@pytest.mark.usefixtures("plain_files")
def test_the_scan_above_would_find_them(store: SqlCipherCaseStore, folder: Path) -> None:
    store.save(planted_case("a"))
    # Documents are packed; the line of the case and the index of its words are not.
    assert found(STRINGS, folder) == set(STRINGS)


def bump_version(vault: SqlCipherVault, folder: Path) -> None:
    SqlCipherVault(folder, CHEAP, (*MIGRATIONS, lambda db: None)).open(PASSPHRASE).close()


@pytest.mark.parametrize("wrong", [b"", bytes(32), b"\xff" * 32])
def test_a_wrong_key_reads_nothing(closed: SqlCipherVault, folder: Path, wrong: bytes) -> None:
    before = bytes_of(folder / "cases.db")
    with pytest.raises(StoreError):
        case_file.open_case_file(folder / "cases.db", wrong, MIGRATIONS)
    assert bytes_of(folder / "cases.db") == before
    assert closed.open(PASSPHRASE).close() is None  # type: ignore[func-returns-value]


@pytest.mark.usefixtures("plain_files")
def test_erasing_leaves_nothing_of_a_case(store: SqlCipherCaseStore, vault: SqlCipherVault, folder: Path) -> None:
    for number in range(40):
        store.save(case_of(f"before-{number}", noise(1000 + number, 300 * (number % 5))))
    case = planted_case("a")
    for text in (noise(1, 300), noise(2, 9_000), case.encounter.history):
        store.save(replace(case, encounter=replace(case.encounter, history=text)))
        store.save(case_of(f"between-{text[:5]}", text[::-1]))
    store.keep_working(case)
    for number in range(40):
        store.save(case_of(f"before-{number}", noise(2000 + number, 200 * (number % 7))))
    store.close()
    bump_version(vault, folder)  # so that there is a copy with the case, too
    store = SqlCipherVault(folder, CHEAP, (*MIGRATIONS, lambda db: None)).open(PASSPHRASE)
    packed = tuple(pieces_of("a", documents(store)))
    pieces = tuple(found(packed, folder))  # all but those across the border of two pages
    assert len(pieces) > max(100, 0.9 * len(packed))
    assert found(STRINGS, folder) == set(STRINGS)
    store.erase("a")
    assert found((*STRINGS, *pieces), folder) == set()
    assert not list(folder.glob("*version*"))
    store.check()
    assert len(store.search("")) == 43
    store.close()
    assert found((*STRINGS, *pieces), folder) == set()


@pytest.mark.usefixtures("plain_files")
def test_erasing_leaves_nothing_where_pages_were_split(store: SqlCipherCaseStore, folder: Path) -> None:
    # SQLite's secure_delete alone fails here: a page that was split keeps what moved to the other half.
    store._db.execute("PRAGMA synchronous = OFF")
    chance, erased = random.Random(4), []
    for number in range(200):
        name = "zqplanted" if number % 7 == 0 else "other"
        case_id = f"{chance.getrandbits(64):016x}{name}"
        texts = [" ".join([f"{name}{number}"] * chance.choice([1, 3, 20, 60, 200]))]
        if chance.random() < 0.3:
            texts.append(name * chance.randrange(200))
        for text in texts:
            store.save(Case(case_id, "2026", "2026", Encounter(reference=text)))
        erased += [case_id] if name == "zqplanted" else []
    for case_id in erased:
        store.erase(case_id)
    store.close()
    assert found((b"zqplanted", b"other"), folder) == {b"other"}


def pieces_of(case_id: str, rows: list[tuple[str, str, bytes]]) -> Iterator[bytes]:
    """Yield pieces of the packed documents of one case that no other case has."""
    others = b"".join(document for owner, _, document in rows if owner != case_id)
    for owner, _, document in rows:
        if owner == case_id:
            whole = (document[at : at + 16] for at in range(0, len(document) - 16, 64))
            yield from (piece for piece in whole if piece not in others)


# ----- making it


class Killed(BaseException):
    """The program ends here."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, moment: int) -> Iterator[None]:
    """Let the program end at some moment of making a history, before or within one of its writes."""
    passed = [0]

    def deadly(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any) -> Any:
            passed[0] += 1
            if passed[0] == moment:
                raise Killed
            return act(*arguments)

        return acted

    def half_a_file(path: Path, key: bytes, migrations: tuple[Migration, ...]) -> None:
        path.write_bytes(b"half")
        passed[0] += 1
        if passed[0] == moment:
            raise Killed
        path.unlink()
        case_file.make_case_file(path, key, migrations)

    with monkeypatch.context() as patched:
        patched.setattr(case_store, "make_case_file", half_a_file)
        for owner, name in ((case_store, "write_key_ring"), (case_store, "sync_folder"), (Path, "rename")):
            patched.setattr(owner, name, deadly(getattr(owner, name)))
        yield


def test_making_it_may_end_at_any_moment_and_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died = 0
    for first in (2, 3, 4):  # half a file of cases, all of it, and the keys as well
        for second in range(1, 9):
            folder = tmp_path / f"{first}-{second}"
            for moment in (first, second):
                vault = SqlCipherVault(folder, CHEAP)
                if vault.exists():
                    continue
                try:
                    with dying(monkeypatch, moment):
                        vault.create(PASSPHRASE)[0].close()
                except Killed:
                    died += 1
            if not vault.exists():
                vault.create(PASSPHRASE)[0].close()
            vault.open(PASSPHRASE).close()
            assert not list(folder.glob("*.new*"))
    assert died > 35


def test_a_full_disk_at_the_second_attempt_does_not_shut_the_way_in(
    vault: SqlCipherVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Killed), dying(monkeypatch, 4):  # the keys are written, but the cases have no name yet
        vault.create(PASSPHRASE)
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".json") == ["keys.json"]

    def full(*_: object) -> None:
        raise StoreFull("The disk is full.")

    monkeypatch.setattr(case_store, "make_case_file", full)
    with pytest.raises(StoreFull):
        vault.create("another passphrase")
    monkeypatch.undo()
    assert not vault.exists()
    vault.create("another passphrase")[0].close()
    vault.open("another passphrase").close()


# ----- versions


def test_each_change_is_kept_and_only_changes_are(store: SqlCipherCaseStore) -> None:
    case = replace(case_of("a", "Fever"), draft=None)
    drafted = replace(case, draft=make_draft())
    reviewed = replace(drafted, review=start_review(make_draft()))
    for saved in (case, case, drafted, drafted, reviewed, replace(reviewed, updated="2026-11-23T00:00:00+00:00")):
        store.save(saved)
    assert [part for _, part, _ in documents(store)] == ["encounter", "draft", "review"]
    store.save(replace(reviewed, encounter=Encounter(history="Cough"), draft=None, review=None))
    store.save(reviewed)
    parts = [part for _, part, _ in documents(store)]
    assert parts[3:] == ["encounter", "draft", "review"] * 2
    assert store.load("a") == reviewed


def test_a_second_window_is_refused(store: SqlCipherCaseStore, vault: SqlCipherVault, folder: Path) -> None:
    store.save(case_of("a", "Fever"))
    keys = (folder / "keys.json").read_bytes()
    recovery = f"{'abandon ' * 11}about"
    with pytest.raises(StoreInUse, match="Another window"):
        vault.open(PASSPHRASE)
    with pytest.raises(StoreInUse):
        SqlCipherVault(folder, Cost(passes=2, memory_bytes=8192)).open(PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        vault.open_with_recovery(recovery, "another passphrase")
    assert (folder / "keys.json").read_bytes() == keys
    store.save(case_of("b", "Fever"))
    store.close()
    again = vault.open(PASSPHRASE)
    assert len(again.search("")) == 2
    again.close()


def test_the_recovery_words_change_nothing_while_a_window_is_open(vault: SqlCipherVault) -> None:
    store, words = vault.create(PASSPHRASE)
    with pytest.raises(StoreInUse):
        vault.open_with_recovery(" ".join(words), "another passphrase")
    store.close()
    vault.open(PASSPHRASE).close()


OTHER_PROGRAM = """
import sys
from pathlib import Path
from medrag_desktop.adapters.case_store import SqlCipherVault
from tests.adapters.histories import CHEAP, PASSPHRASE, planted_case
store = SqlCipherVault(Path(sys.argv[1]), CHEAP).open(PASSPHRASE)
store.save(planted_case("other"))
print("saved", flush=True)
sys.stdin.read()
"""


def test_another_process_keeps_the_lock_until_it_is_killed(closed: SqlCipherVault, folder: Path) -> None:
    command = [sys.executable, "-c", OTHER_PROGRAM, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"saved"
        with pytest.raises(StoreInUse):
            closed.open(PASSPHRASE)
        with pytest.raises(dbapi2.OperationalError, match="locked"), closing(connect(folder)) as stranger:
            stranger.execute("SELECT COUNT(*) FROM cases")
        other.kill()
    assert (folder / "cases.db-wal").stat().st_size > 0
    assert found(STRINGS, folder) == set()
    store = closed.open(PASSPHRASE)
    assert store.load("other") == planted_case("other")
    store.check()
    store.close()


def test_it_may_be_opened_on_one_thread_and_used_on_another(store: SqlCipherCaseStore) -> None:
    raised: list[BaseException] = []

    def use() -> None:
        try:
            store.save(case_of("a", "Fever"))
            store.close()
        except BaseException as error:  # noqa: BLE001 - a thread shows its errors to nobody
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert raised == []


# ----- a full disk


def fill_up(store: SqlCipherCaseStore) -> None:
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def test_a_full_disk_is_told_and_costs_nothing(store: SqlCipherCaseStore, vault: SqlCipherVault) -> None:
    store.save(case_of("a", "Fever"))
    store.keep_working(case_of("w", "Fever"))
    fill_up(store)
    large = case_of("a", noise(1, 100_000))
    writes: tuple[Callable[[], object], ...] = (
        lambda: store.save(large),
        lambda: store.save(replace(large, id="b")),
        lambda: store.keep_working(large),
    )
    for write in writes:
        with pytest.raises(StoreFull, match="disk is full"):
            write()
    assert store.load("a") == case_of("a", "Fever")
    assert store.working() == case_of("w", "Fever")
    assert [line.id for line in store.search("")] == ["a"]
    store.check()
    store._db.execute("PRAGMA max_page_count = 100000").fetchall()
    store.save(large)
    store.close()
    again = vault.open(PASSPHRASE)
    assert again.load("a") == large
    again.close()


def test_what_an_erasure_left_is_wiped_at_the_next_start(
    store: SqlCipherCaseStore, vault: SqlCipherVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(case_of("a", "Fever"))

    def full(_: SqlCipherCaseStore) -> None:
        raise StoreFull("The disk is full.")

    wipe = SqlCipherCaseStore._wipe
    monkeypatch.setattr(SqlCipherCaseStore, "_wipe", full)
    with pytest.raises(StoreFull, match="is erased, but"):
        store.erase("a")
    assert store.search("") == ()
    store.close()
    vault.open(PASSPHRASE).close()  # still full, and still usable
    wiped: list[bool] = []

    def counted(self: SqlCipherCaseStore) -> None:
        wipe(self)
        wiped.append(True)

    monkeypatch.setattr(SqlCipherCaseStore, "_wipe", counted)
    for _ in range(2):
        vault.open(PASSPHRASE).close()
    assert wiped == [True]


def test_keys_that_cannot_be_written_leave_the_history_shut(
    vault: SqlCipherVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, words = vault.create(PASSPHRASE)
    store.close()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreFull):
        vault.open_with_recovery(" ".join(words), "another passphrase")
    with pytest.raises(StoreFull):
        vault.change_passphrase(PASSPHRASE, "another passphrase")
    with pytest.raises(StoreFull):
        vault.renew_recovery_words(PASSPHRASE)
    with pytest.raises(StoreFull):
        vault.confirm_recovery_words()
    monkeypatch.undo()
    vault.open(PASSPHRASE).close()  # nor is it in use
    vault.open_with_recovery(" ".join(words), PASSPHRASE).close()


# ----- settings


def test_the_file_is_opened_as_it_must_be(store: SqlCipherCaseStore) -> None:
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "locking_mode": "exclusive",
        "user_version": len(MIGRATIONS),
    }
    settings = {name: store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in expected}
    assert settings == expected
