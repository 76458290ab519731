from __future__ import annotations

from pathlib import Path

import pytest

from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.domain.evidence import Document, DocumentSection, Query
from medrag_desktop.errors import PackIncompatible, PackMissing
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.services.library import Library
from medrag_desktop.tasks import Task
from tests.fakes import FakeEncoder


def document(name: str, text: str, condition: str = "") -> Document:
    return Document(name, name, (DocumentSection("In brief", text),), "s", condition=condition)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(FolderPackShelf(tmp_path, chunk), FakeEncoder())


def ids(library: Library, text: str, k: int = 5) -> list[str]:
    (hits,) = library.search([Query(text, "question")], k, task=Task())
    return [f"{hit.passage.pack}:{hit.passage.document}" for hit in hits]


def test_without_packs_nothing_is_found(library: Library) -> None:
    assert library.packs() == ()
    assert library.search([Query("fever", "question")], 5, task=Task()) == ((),)
    assert library.search([], 5, task=Task()) == ()


def test_several_packs_are_searched_as_one(library: Library) -> None:
    library.build("first", "First", [document("a", "fever and rash"), document("b", "wound")], task=Task())
    library.build("second", "Second", [document("c", "fever with chills and rash")], task=Task())
    assert ids(library, "fever rash")[:2] == ["first:a", "second:c"]
    assert len(ids(library, "fever rash", k=1)) == 1


def test_a_pack_that_was_rebuilt_or_removed_is_searched_no_more(library: Library, tmp_path: Path) -> None:
    library.build("first", "First", [document("a", "fever")], task=Task())
    assert ids(library, "fever") == ["first:a"]
    library.build("first", "First", [document("z", "fever"), document("y", "cough")], task=Task())
    assert ids(library, "fever")[0] == "first:z"
    library.remove("first")
    assert ids(library, "fever") == []
    with pytest.raises(PackMissing):
        library.verify("first")


def test_passages_of_a_condition_over_packs(library: Library) -> None:
    library.build("first", "First", [document("a", "fever", "measles")], task=Task())
    library.build("second", "Second", [document("b", "rash", "measles"), document("c", "x")], task=Task())
    assert [hit.passage.document for hit in library.passages_of("measles")] == ["a", "b"]


def test_a_pack_of_another_encoder_is_an_error(library: Library, tmp_path: Path) -> None:
    other = Library(FolderPackShelf(tmp_path, chunk), FakeEncoder("other"))
    other.build("first", "First", [document("a", "fever")], task=Task())
    with pytest.raises(PackIncompatible):
        ids(library, "fever")


def test_all_queries_are_encoded_at_once(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    library = Library(FolderPackShelf(tmp_path, chunk), encoder)
    for name in ("first", "second"):
        library.build(name, name, [document(name, "fever")], task=Task())
    library.search([Query("fever", "question"), Query("rash", "question")], 3, task=Task())
    assert encoder.questions == ["fever", "rash"]
