"""The encrypted file of the case history: opened, locked, brought up to date; SQLCipher's errors as ours.

Nothing in this process may open that file in another way while a store has it: closing any handle on it drops the
POSIX locks of the whole process, and a second program could then write.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2
from sqlite_utils import Database

from medrag_desktop.adapters.case_schema import Migration
from medrag_desktop.adapters.keys import disk_error, sync_folder
from medrag_desktop.errors import StoreCorrupt, StoreError, StoreFull, StoreInUse, StoreTooNew

PATIENCE_SECONDS = 0.5
"""How long to wait for another program that is just closing the file."""
_SETTINGS = (
    # Held from the first read on, so that a second program is refused; the system lets go of it when we die.
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)
_DAMAGED = "The case history is damaged, or the file keys.json beside it is of another one. Restore both from a backup."


def make_case_file(path: Path, key: bytes, migrations: tuple[Migration, ...]) -> None:
    """Write an empty case history to a file that is not there yet."""
    path.touch(mode=0o600)
    with translated(), closing(_connect(path, key)) as connection:
        _set_up(connection)
        _migrate(connection, 0, migrations)


def open_case_file(path: Path, key: bytes, migrations: tuple[Migration, ...]) -> Database:
    """Open a case history for this program alone, at the newest version.

    Raise StoreInUse, StoreCorrupt, StoreTooNew or StoreFull; the file then stays as it was.
    """
    if not path.is_file() or not path.stat().st_size:  # an empty file would open with any key
        raise StoreCorrupt(f"The file {path} is missing or empty. Put it back from a backup copy.")
    with translated():
        connection = _connect(path, key)
        try:
            version = _set_up(connection)
            if version > len(migrations):
                raise StoreTooNew("A later version of this program wrote the case history; use that version.")
            if version < 1:
                raise StoreCorrupt(_DAMAGED)
            if version < len(migrations):
                _back_up(connection, key, backup_path(path, version))
                _migrate(connection, version, migrations)
        except BaseException:
            connection.close()
            raise
    # The plug-ins of sqlite-utils are other people's code; they get no sight of a patient.
    return Database(connection, execute_plugins=False, recursive_triggers=False)


def backup_path(path: Path, version: int) -> Path:
    """Return where the copy lies that was made before a file of some version was changed."""
    return path.with_name(f"{path.stem}.version{version}{path.suffix}")


def remove_backups(path: Path) -> None:
    """Delete all copies that were made before a change of version; raise StoreError."""
    for copy in path.parent.glob(f"{path.stem}.version*"):
        try:
            copy.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(error, copy, "deleted") from error


@contextmanager
def making_lock(path: Path) -> Iterator[None]:
    """Keep other programs from making a case history at the same time; raise StoreInUse."""
    # An empty database is a lock that works on every system and that a crash releases.
    with translated(), closing(dbapi2.connect(str(path), isolation_level=None, timeout=PATIENCE_SECONDS)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLCipher's errors into ours."""
    try:
        yield
    except dbapi2.Error as error:
        # Not chained: SQLite's words may quote what was asked, and causes are logged.
        raise _as_ours(error) from None


def _as_ours(error: Exception) -> StoreError:
    # What fails in a backup comes without a name.
    nameless = "SQLITE_FULL" if str(error) == "database or disk is full" else type(error).__name__
    name = str(getattr(error, "sqlite_errorname", nameless))
    match name.removeprefix("SQLITE_").split("_")[0]:
        case "BUSY" | "LOCKED":
            return StoreInUse("Another window of this program has the case history open. Close it, then try again.")
        case "FULL":
            return StoreFull("The disk is full. Free some space, then try again; the case history is as it was.")
        case "NOTADB" | "CORRUPT":
            return StoreCorrupt(_DAMAGED)
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return StoreError("The case history cannot be opened for writing. Check who may use its folder.")
        case _:
            return StoreError(f"The case history cannot be read or written ({name}). Check the disk, then try again.")


def _connect(path: Path, key: bytes) -> Any:
    # Made on one thread and used on another (the lane of the database), but never on two at once, so the check of the
    # thread would only refuse what is safe.
    connection = dbapi2.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=PATIENCE_SECONDS, cached_statements=64
    )
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")  # the first statement, or the file counts as plain
        connection.execute("PRAGMA cipher_log_level = NONE")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: Any) -> int:
    """Take the lock and return the version of the file."""
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: Any, version: int, migrations: tuple[Migration, ...]) -> None:
    """Take all steps in one transaction."""
    db = Database(connection, execute_plugins=False, recursive_triggers=False)
    with db.atomic():
        for migration in migrations[version:]:
            migration(db)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _back_up(connection: Any, key: bytes, path: Path) -> None:
    """Copy the file, encrypted with the same key; raise StoreFull and leave no half of a copy."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with closing(_connect(new, key)) as copy:
            connection.backup(copy)
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error(error, path, "written") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
