"""The passages of a pack in SQLite (`passages.db`): row number -> Passage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.domain.evidence import Filter, Passage
from medrag_desktop.errors import PackCorrupt

COLUMNS = ("id", "document", "title", "section", "text", "source", "date", "kind", "condition", "url")


def write_passages(path: Path, passages: Iterable[Passage]) -> None:
    """Write a new database; passage i of the sequence is row i."""
    names = ", ".join(f"{name} TEXT NOT NULL" for name in COLUMNS)
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute(f"CREATE TABLE passages (row INTEGER PRIMARY KEY, {names})")
            connection.executemany(
                f"INSERT INTO passages VALUES ({marks})",
                ((row, *(storable(getattr(p, name)) for name in COLUMNS)) for row, p in enumerate(passages)),
            )
            connection.execute("CREATE UNIQUE INDEX passages_id ON passages (id)")
            connection.execute("CREATE INDEX passages_condition ON passages (condition)")
    finally:
        connection.close()


def storable(text: str) -> str:
    """Return the text without lone surrogates, which have no UTF-8 form."""
    return text.encode("utf-8", "ignore").decode()


class PassageStore:
    """Reads passages; opened read-only, usable from one thread at a time."""

    def __init__(self, path: Path, pack: str) -> None:
        """Open the database; raise PackCorrupt."""
        self._path = path
        self._pack = pack
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            # rows are numbered from 0 without a gap: counting them would read them all
            self._count = int(self._select("SELECT COALESCE(MAX(row), -1) + 1 FROM passages")[0][0])
        except sqlite3.Error as error:
            raise self._corrupt() from error

    def __len__(self) -> int:
        return self._count

    def passages(self, rows: Sequence[int]) -> dict[int, Passage]:
        """Return the passages of some rows, by row; raise PackCorrupt if one is not there."""
        wanted = sorted(set(rows))
        found: dict[int, Passage] = {}
        for start in range(0, len(wanted), 500):  # SQLite bounds the number of parameters
            part = wanted[start : start + 500]
            marks = ", ".join("?" * len(part))
            found |= self._passages(f"WHERE row IN ({marks})", part)
        if len(found) != len(wanted):
            raise self._corrupt()
        return found

    def rows(self, only: Filter) -> NDArray[np.int64]:
        """Return the rows that a filter lets through, in order of size."""
        wheres: list[str] = []
        values: list[str | int] = []
        for column, wanted in (("kind", only.kinds), ("section", only.sections)):
            if wanted:
                wheres.append(f"{column} COLLATE NOCASE IN ({', '.join('?' * len(wanted))})")
                values += sorted(wanted)
        if only.since_year:
            wheres.append("CAST(SUBSTR(date, 1, 4) AS INTEGER) >= ?")
            values.append(only.since_year)
        where = f"WHERE {' AND '.join(wheres)}" if wheres else ""
        found = self._select(f"SELECT row FROM passages {where} ORDER BY row", values)
        return np.array([row for (row,) in found], dtype=np.int64)

    def of_condition(self, condition: str) -> tuple[Passage, ...]:
        """Return the passages that describe a condition, in reading order."""
        return tuple(self._passages("WHERE condition = ? ORDER BY row", [condition]).values())

    def close(self) -> None:
        """Close the database; a pack that is replaced on Windows must be closed first."""
        self._connection.close()

    def _passages(self, where: str, values: Sequence[int | str]) -> dict[int, Passage]:
        rows = self._select(f"SELECT row, {', '.join(COLUMNS)} FROM passages {where}", values)
        return {int(row): replace(Passage(*fields), pack=self._pack) for row, *fields in rows}

    def _select(self, statement: str, values: Sequence[int | str] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._corrupt() from error

    def _corrupt(self) -> PackCorrupt:
        return PackCorrupt(f"The passages {self._path} cannot be read; build or install the pack again.")
