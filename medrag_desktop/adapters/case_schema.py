"""The tables of the case history and the steps that bring an older file up to date."""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

Migration = Callable[[Database], None]
"""Brings a file from the version of its place in MIGRATIONS to the next; runs inside a transaction."""


def create_tables(db: Database) -> None:
    """Lay out an empty file (version 1)."""
    cases = {
        "number": int,
        "id": str,
        "created": str,
        "updated": str,
        "updated_at": float,
        "reference": str,
        "age_years": float,
        "sex": str,
        "complaint": str,
        "diagnosis": str,
        "urgency": str,
        "status": str,
    }
    optional = {"number", "age_years", "urgency", "status"}
    db.table("cases").create(cases, pk="number", not_null=cases.keys() - optional, strict=True)
    db.table("cases").create_index(["id"], unique=True)
    db.table("cases").create_index(["updated_at"])
    # Encounters, drafts and reviews are never changed: each one that differs is a further row, and the last counts.
    versions = {"number": int, "case_number": int, "part": str, "saved": str, "document": bytes}
    db.table("versions").create(
        versions,
        pk="number",
        foreign_keys=[("case_number", "cases", "number")],
        not_null=versions.keys() - {"number"},
        strict=True,
    )
    db.table("versions").create_index(["case_number", "part", "number"])
    working = {"number": int, "case_id": str, "document": bytes}
    db.table("working").create(working, pk="number", not_null={"case_id", "document"}, strict=True)
    # What an erasure has left to do, should the program end before it is through.
    db.table("unfinished").create({"task": str}, pk="task", strict=True)
    _create_index_of_words(db)


def _create_index_of_words(db: Database) -> None:
    # The words come folded and separated by spaces: this tokenizer takes every sign beyond ASCII for a letter.
    db.execute("CREATE VIRTUAL TABLE case_words USING fts5(words, tokenize = 'ascii', detail = 'none')")
    # Without it a deleted word stays in the index until its segment is merged.
    db.execute("INSERT INTO case_words (case_words, rank) VALUES ('secure-delete', 1)")


MIGRATIONS: tuple[Migration, ...] = (create_tables,)
"""Step i leads from version i (`PRAGMA user_version`) to i + 1; steps are added at the end and never changed."""
