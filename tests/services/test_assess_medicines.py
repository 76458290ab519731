"""Drafts on the real library never offer a medicine that the encounter speaks against."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.config import Settings
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Sex
from medrag_desktop.importers.chunking import chunk
from medrag_desktop.importers.conditions import condition_documents
from medrag_desktop.services.assess import Assessor, Versions
from medrag_desktop.services.library import Library
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task
from tests.fakes import FakeEncoder, MemoryPack, MemoryShelf

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"


@cache
def assessor() -> Assessor:
    catalogue = load_catalogue(LIBRARY)
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    model = make_ranking_model(catalogue.conditions, catalogue.vocabulary)
    passages = [p for document in condition_documents(catalogue.conditions) for p in chunk(document)]
    library = Library(MemoryShelf(MemoryPack(passages)), FakeEncoder())
    return Assessor(Ranker(catalogue, model, lexicon, Settings(threads=1)), library, None, Versions())


def draft(case: Encounter) -> Draft:
    return assessor().assess(case, level=Level.EXTRACTIVE, task=Task())


def management(result: Draft) -> list[str]:
    return [s.text for section in result.sections if section.title == "Management" for s in section.statements]


CHEST_PAIN = "Crushing chest pain for two hours going to the left arm, with sweating."
EAR = "Ear pain and fever for two days, pulling the ear, red bulging eardrum."
DENGUE = "High fever for four days, severe headache, pain behind the eyes, joint pain, rash, bleeding gums."
SYPHILIS = (Finding("genital_ulcer.painless"), Finding("test.syphilis_positive"))
CASES = {
    "aspirin and heparin": (
        Encounter(Patient(60, Sex.MALE), history=CHEST_PAIN, allergies=("aspirin", "heparin")),
        "acute_coronary_syndrome",
        ("aspirin is chewed", "heparin"),
    ),
    "amoxicillin": (
        Encounter(Patient(3, Sex.MALE), history=EAR, allergies=("amoxicillin",)),
        "acute_otitis_media",
        ("amoxicillin",),
    ),
    "paracetamol": (
        Encounter(Patient(25, Sex.MALE), history=DENGUE, allergies=("paracetamol",)),
        "dengue",
        ("paracetamol is", "paracetamol eases", "and paracetamol"),
    ),
    "pregnant with syphilis": (
        Encounter(Patient(24, Sex.FEMALE, pregnant=True), findings=SYPHILIS),
        "syphilis",
        ("azithromycin", "doxycycline"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_draft_offers_nothing_that_the_encounter_speaks_against(name: str) -> None:
    case, first, unwanted = CASES[name]
    result = draft(case)
    assert result.differential[0].condition == first
    told = [s.text.lower() for section in result.sections[1:] for s in section.statements]
    assert not [text for text in told for word in unwanted if word in text]
    assert management(result)
    assert {w.section for w in result.withheld} <= {section.title for section in result.sections}


@pytest.mark.parametrize("name", ["paracetamol"])
def test_what_was_withheld_says_why(name: str) -> None:
    reasons = [w.reason for w in draft(CASES[name][0]).withheld if w.section == "Management"]
    assert "Names Paracetamol, but an allergy to paracetamol is recorded." in reasons


def test_without_the_allergy_the_medicine_is_offered() -> None:
    case = Encounter(Patient(25, Sex.MALE), history=DENGUE, allergies=("none",))
    assert any("Paracetamol" in text for text in management(draft(case)))


def test_another_illness_that_is_suspected_counts_too() -> None:
    case = Encounter(Patient(25, Sex.MALE), history=f"{DENGUE} Low back pain.", allergies=("none",))
    result = draft(case)
    told = " ".join(s.text for section in result.sections for s in section.statements)
    assert "Ibuprofen or naproxen" not in told
