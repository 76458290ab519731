"""What the case history holds but cannot be read is told in a sentence, kept aside, and never saved at all."""

from __future__ import annotations

import math
import traceback
from dataclasses import replace

import pytest

from medrag_desktop.adapters.case_json import pack, to_json
from medrag_desktop.adapters.case_store import SqlCipherCaseStore
from medrag_desktop.domain.case import Case
from medrag_desktop.domain.encounter import Encounter, VitalSigns
from medrag_desktop.errors import (
    StoreCorrupt,
    StoreError,
    StoreTooNew,
)
from tests.adapters.histories import (
    case_of,
    planted_case,
)
from tests.drafts import make_draft


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not packed",
        pack(b""),
        pack(b"\xff"),
        pack(b"[" * 100_000),
        pack(b"{}"),
        pack(b'{"schema_version": 1}'),
        pack(b'{"schema_version": 1, "value": {"history": 5}}'),
        pack(b'{"schema_version": 1, "value": {"patient": {"sex": "zqplanted"}, "findings": [{}]}}'),
        pack(to_json(None, Encounter))[:-1],
    ],
)
def test_a_damaged_document_is_told_without_its_words(store: SqlCipherCaseStore, document: bytes) -> None:
    store.save(planted_case("a"))
    store.keep_working(planted_case("a"))
    for table in ("versions", "working"):
        store._db.execute(f"UPDATE {table} SET document = ?", [document])
    for read in (lambda: store.load("a"), store.working):
        with pytest.raises(StoreCorrupt, match="damaged") as raised:
            read()
        assert "zqplanted" not in "".join(traceback.format_exception(raised.value))


UNREADABLE = [
    (pack(b"{}"), StoreCorrupt, "damaged"),
    (b"not packed", StoreCorrupt, "damaged"),
    (pack(b'{"schema_version": 2, "value": "another form"}'), StoreTooNew, "later version"),
]


def put_typing(store: SqlCipherCaseStore, document: bytes) -> None:
    """Put other bytes in the place of what is being typed."""
    store._db.execute("UPDATE working SET document = ? WHERE number = 1", [document])


def kept_bytes(store: SqlCipherCaseStore) -> set[bytes]:
    return {row[0] for row in store._db.execute("SELECT document FROM working").fetchall()}


@pytest.mark.parametrize(("document", "error", "words"), UNREADABLE)
def test_typing_that_cannot_be_read_is_told_once_and_kept_aside(
    store: SqlCipherCaseStore, document: bytes, error: type[StoreError], words: str
) -> None:
    store.save(case_of("a", "Fever"))
    store.keep_working(planted_case("w"))
    put_typing(store, document)
    with pytest.raises(error, match=f"{words}.*every saved case|{words}.*Every saved case") as raised:
        store.working()
    assert "zqplanted" not in "".join(traceback.format_exception(raised.value))
    assert store.working() is None
    store.keep_working(None)
    store.keep_working(case_of("b", "Cough"))
    assert store.working() == case_of("b", "Cough")
    assert store.load("a") == case_of("a", "Fever")
    assert document in kept_bytes(store)
    store.keep_working(None)
    assert (store.working(), kept_bytes(store)) == (None, {document})


def test_a_later_version_goes_on_with_what_an_older_one_put_aside(store: SqlCipherCaseStore) -> None:
    case = case_of("w", "Fever")
    store.keep_working(case)
    (ours,) = kept_bytes(store)
    put_typing(store, pack(b'{"schema_version": 2, "value": "another form"}'))
    with pytest.raises(StoreTooNew):
        store.working()
    store._db.execute("UPDATE working SET document = ?", [ours])  # as one that can read it would find it
    store.keep_working(case_of("b", "Cough"))
    assert store.working() == case_of("b", "Cough"), "what is at hand comes first"
    store.keep_working(None)
    for _ in range(2):
        assert store.working() == case
    store.keep_working(None)
    assert (store.working(), kept_bytes(store)) == (None, set())


def test_erasing_a_case_takes_along_what_was_put_aside_of_it(store: SqlCipherCaseStore) -> None:
    store.save(case_of("a", "Fever"))
    store.keep_working(case_of("a", "Fever, more"))
    put_typing(store, b"not packed")
    with pytest.raises(StoreCorrupt):
        store.working()
    store.erase("a")
    assert kept_bytes(store) == set()


def test_a_case_without_its_encounter_is_damaged(store: SqlCipherCaseStore) -> None:
    store.save(case_of("a", "Fever"))
    store._db.execute("DELETE FROM versions WHERE part = 'encounter'")
    with pytest.raises(StoreCorrupt):
        store.load("a")


def test_a_document_of_a_later_version_is_told(store: SqlCipherCaseStore) -> None:
    store.save(case_of("a", "Fever"))
    store._db.execute("UPDATE versions SET document = ?", [pack(b'{"schema_version": 2, "value": "another form"}')])
    with pytest.raises(StoreTooNew, match="later version"):
        store.load("a")


@pytest.mark.parametrize(
    "case",
    [
        case_of(
            "a", "Fever", draft=replace(make_draft(), passages=(replace(make_draft().passages[0], score=math.nan),))
        ),
        case_of("a", "Fever", encounter=Encounter(vital_signs=VitalSigns(gcs=14.5))),  # type: ignore[arg-type]
        case_of("a", "Fever", encounter=Encounter(history=None)),  # type: ignore[arg-type]
    ],
)
def test_what_could_not_be_read_again_is_not_saved(store: SqlCipherCaseStore, case: Case) -> None:
    store.save(case_of("a", "Cough"))
    for write in (store.save, store.keep_working):
        with pytest.raises(StoreError, match="cannot be saved"):
            write(case)
    assert store.load("a") == case_of("a", "Cough")
    assert store.working() is None


# ----- one program at a time
