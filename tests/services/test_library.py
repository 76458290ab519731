from __future__ import annotations

from pathlib import Path

import pytest

from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.domain.evidence import Document, DocumentSection, Filter, Query
from medrag_desktop.domain.synonyms import Synonyms
from medrag_desktop.errors import PackCorrupt, PackError, PackIncompatible, PackMissing
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


def spoil(folder: Path) -> None:
    (folder / "passages.db").write_bytes(b"")


def test_a_pack_that_does_not_fit_is_told_of_and_the_others_are_searched(library: Library, tmp_path: Path) -> None:
    other = Library(FolderPackShelf(tmp_path, chunk), FakeEncoder("other"))
    other.build("foreign", "Foreign", [document("a", "fever")], task=Task())
    for name in ("broken", "sound"):
        library.build(name, name, [document(name, f"fever, {name}")], task=Task())
    spoil(tmp_path / "broken")
    for _ in range(2):  # told as long as it is so
        assert ids(library, "fever") == ["sound:sound"]
        broken, foreign = library.left_out
        assert [manifest.id for manifest in library.searched] == ["sound"]
        assert "pack broken" in broken
        assert "pack foreign was built with the encoder other" in foreign
        assert "build the pack again. Until then it is not searched; all other packs are." in foreign
    library.build("foreign", "Foreign", [document("a", "fever")], task=Task())
    library.remove("broken")
    assert sorted(ids(library, "fever")) == ["foreign:a", "sound:sound"]
    assert library.left_out == ()


@pytest.mark.parametrize("fault", [PackIncompatible, PackCorrupt])
def test_without_the_pack_that_is_needed_nothing_is_searched(tmp_path: Path, fault: type[PackError]) -> None:
    shelf = FolderPackShelf(tmp_path, chunk)
    encoder = FakeEncoder("other") if fault is PackIncompatible else FakeEncoder()
    Library(shelf, encoder).build("first", "First", [document("a", "fever")], task=Task())
    if fault is PackCorrupt:
        spoil(tmp_path / "first")
    with pytest.raises(fault):
        ids(Library(shelf, FakeEncoder(), needed="first"), "fever")


def test_all_queries_are_encoded_at_once(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    library = Library(FolderPackShelf(tmp_path, chunk), encoder)
    for name in ("first", "second"):
        library.build(name, name, [document(name, "fever")], task=Task())
    library.search([Query("fever", "question"), Query("rash", "question")], 3, task=Task())
    assert encoder.questions == ["fever", "rash"]


def test_misspelled_words_are_read_as_the_nearest_that_a_pack_knows(library: Library) -> None:
    library.build("first", "First", [document("a", "scabies of the fingers"), document("b", "wound")], task=Task())
    library.build("second", "Second", [document("c", "diarrhoea with blood")], task=Task())
    assert ids(library, "scabeis")[0] == "first:a"
    assert library.read_as("scabeis or diarhea?") == "scabies or diarrhea?"
    assert library.read_as("scabies, wound") == "scabies, wound"


def test_conditions_are_found_by_their_other_names(tmp_path: Path) -> None:
    names = Synonyms([("Herpes zoster", "shingles")])
    library = Library(FolderPackShelf(tmp_path, chunk), FakeEncoder(), synonyms=names)
    library.build("first", "First", [document("a", "herpes zoster hurts"), document("b", "wound")], task=Task())
    (hits,) = library.search([Query("shingles", "question")], 5, task=Task())
    assert [hit.passage.document for hit in hits if hit.lexical_rank] == ["a"]


def test_a_word_of_a_known_name_is_not_misspelled(tmp_path: Path) -> None:
    library = Library(FolderPackShelf(tmp_path, chunk), FakeEncoder(), synonyms=Synonyms([("Cefixime",)]))
    library.build("first", "First", [document("a", "cefuxime by vein")], task=Task())
    assert library.read_as("cefixime") == "cefixime"
    assert library.read_as("cefuxima") == "cefuxime"


def test_hits_are_explained_by_their_words_and_nearest_sentence(library: Library) -> None:
    text = "Scabies itches. Burrows are seen between the fingers. Treat the whole family."
    library.build("first", "First", [document("a", text), document("b", "wound")], task=Task())
    (hits,) = library.search([Query("burrows on the finger", "question")], 1, task=Task())
    (reason,) = library.explain("burrows on the finger", hits, task=Task())
    assert reason.matched == ("Burrows", "fingers")
    assert reason.sentence == "Burrows are seen between the fingers."
    assert library.explain("anything", (), task=Task()) == ()


def test_a_filter_lets_through_packs_kinds_sections_and_years(library: Library) -> None:
    def dated(name: str, kind: str, date: str, section: str) -> Document:
        return Document(name, name, (DocumentSection(section, f"fever {name}"),), "s", date=date, kind=kind)

    library.build("first", "First", [dated("a", "guideline", "2020-05-01", "Management")], task=Task())
    library.build(
        "second",
        "Second",
        [dated("b", "article", "1999", "Management"), dated("c", "guideline", "", "Refer"), document("d", "fever d")],
        task=Task(),
    )

    def found(**only: object) -> set[str]:
        (hits,) = library.search([Query("fever", "question")], 9, task=Task(), only=Filter(**only))  # type: ignore[arg-type]
        return {hit.passage.document for hit in hits}

    assert found() == {"a", "b", "c", "d"}
    assert found(packs=frozenset({"second"})) == {"b", "c", "d"}
    assert found(kinds=frozenset({"guideline"})) == {"a", "c"}
    assert found(sections=frozenset({"management"})) == {"a", "b"}
    assert found(since_year=2000) == {"a"}
    assert found(kinds=frozenset({"guideline"}), sections=frozenset({"refer"}), packs=frozenset({"second"})) == {"c"}
    assert found(kinds=frozenset({"x'; DROP TABLE passages"})) == set()
