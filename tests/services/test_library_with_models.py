"""The evidence floor with the real retriever on real monographs."""

from __future__ import annotations

from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.dpr_encoder import DprEncoder
from medrag_desktop.adapters.pack_shelf import FolderPackShelf
from medrag_desktop.bootstrap import make_synonyms
from medrag_desktop.domain.fusion import evidence_level
from medrag_desktop.domain.querying import typed_query
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.services.library import Library
from medrag_desktop.tasks import Task

ROOT = Path(__file__).resolve().parents[2]
CONDITIONS = ("measles", "stroke", "scabies")

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    shelf = FolderPackShelf(tmp_path_factory.mktemp("packs"), chunk)
    catalogue = load_catalogue(ROOT / "assets" / "library")
    encoder = DprEncoder(ROOT / "models" / "retriever", threads=1)
    built = Library(shelf, encoder, synonyms=make_synonyms(catalogue))
    chosen = [catalogue.by_id[name] for name in CONDITIONS]
    built.build("three", "Three", condition_documents(chosen), task=Task())
    return built


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("2 year old girl with fever, cough, red eyes and a rash that began on the face", "measles"),
        ("sudden weakness of the right arm, drooping face, cannot speak", "stroke"),
        ("itching worse at night, burrows between the fingers, family itches too", "scabies"),
        ("How is measles prevented?", "measles"),
    ],
)
def test_what_the_library_covers_is_found(library: Library, text: str, condition: str) -> None:
    (hits,) = library.search([typed_query(text)], 5, task=Task())
    assert hits[0].passage.condition == condition
    assert evidence_level(hits) == "found"


@pytest.mark.parametrize("text", ["How do I change a bicycle tyre?", "flights to Nairobi in May", "asdf qwer", "?"])
def test_what_no_clinical_library_covers_is_not(library: Library, text: str) -> None:
    (hits,) = library.search([typed_query(text)], 5, task=Task())
    assert evidence_level(hits) == "none"


def test_a_disease_the_library_lacks_is_not_found(library: Library) -> None:
    (hits,) = library.search([typed_query("inheritance of maple syrup urine disease")], 5, task=Task())
    assert evidence_level(hits) != "found"
