"""Conflicts that a clinician would plant: each medicine is kept out of the draft, for the reason that was planted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.adapters.lexicon import AhoCorasickLexicon
from medrag_desktop.config import Settings
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.medicine import medicine_check, medicine_gaps
from medrag_desktop.services.drafting import Guard
from medrag_desktop.services.rank import Ranker

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"
DAY = 1 / 365.25


@cache
def ranker() -> Ranker:
    catalogue = load_catalogue(LIBRARY)
    lexicon = AhoCorasickLexicon(catalogue.vocabulary, catalogue.abbreviations)
    model = make_ranking_model(catalogue.conditions, catalogue.vocabulary)
    return Ranker(catalogue, model, lexicon, Settings(threads=1))


def guard(case: Encounter) -> Guard:
    read, observations, _ = ranker().triage(case)
    return Guard(medicine_check(read, observations, ranker().catalogue.medicines))


def reasons(medicine: str, case: Encounter) -> list[str]:
    """Offer a medicine as a draft does, and return why it is withheld."""
    keeper = guard(case)
    keeper.admits("Management", f"{medicine} is given.")
    return [withheld.reason for withheld in keeper.withheld]


def adult(
    *past: str,
    allergies: tuple[str, ...] = ("none",),
    takes: tuple[str, ...] = ("none",),
    age: float = 45,
    history: str = "",
) -> Encounter:
    who = Patient(age, Sex.MALE)
    return Encounter(who, history=history, past_history=past, allergies=allergies, medications=takes)


def mother(weeks: float | None = None, *, breastfeeding: bool = False, takes: tuple[str, ...] = ("none",)) -> Encounter:
    who = Patient(28, Sex.FEMALE, weeks is not None, weeks, breastfeeding=breastfeeding)
    return Encounter(who, allergies=("none",), medications=takes)


def child(years: float, history: str = "") -> Encounter:
    return adult(age=years, history=history)


NEWBORN = "Newborn of ten days, yellow skin and eyes, poor feeding."
PLANTED = (
    ("Amoxicillin", adult(allergies=("penicillin - rash",)), "allergy to penicillin is recorded"),
    ("Co-trimoxazole", adult(allergies=("sulfonamides",)), "allergy to sulfonamides is recorded"),
    ("Ceftriaxone", adult(allergies=("penicillin - anaphylaxis",)), "react to cephalosporins"),
    ("Ibuprofen", adult(allergies=("aspirin (asthma attack)",)), "allergy to aspirin is recorded"),
    ("Cloxacillin", adult(allergies=("amoxicillin",)), "both are penicillins"),
    ("Enalapril", mother(20), "the patient is pregnant"),
    ("Doxycycline", mother(24), "the patient is pregnant"),
    ("Sodium valproate", mother(8), "the patient is pregnant"),
    ("Ibuprofen", mother(34), "the patient is pregnant"),
    ("Methotrexate", mother(10), "the patient is pregnant"),
    ("Warfarin", mother(9), "the patient is pregnant"),
    ("Misoprostol", mother(12), "the patient is pregnant"),
    ("Fluconazole", mother(8), "the patient is pregnant"),
    ("Codeine", mother(breastfeeding=True), "the patient is breastfeeding"),
    ("Lithium", mother(breastfeeding=True), "the patient is breastfeeding"),
    ("Ceftriaxone", child(10 * DAY, NEWBORN), "newborn with jaundice"),
    ("Aspirin", child(6), "under 16 years"),
    ("Doxycycline", child(5), "under 8 years"),
    ("Codeine", child(8), "under 12 years"),
    ("Metoclopramide", child(8 / 12), "under 18 years"),
    ("Loperamide", child(2), "under 3 years"),
    ("Metronidazole", adult(takes=("warfarin",)), "makes warfarin stronger"),
    ("Rifampicin", mother(takes=("combined oral contraceptive pill",)), "takes combined oral contraceptive"),
    ("Sildenafil", adult(takes=("glyceryl trinitrate spray",)), "blood pressure may fall"),
    ("Spironolactone", adult(takes=("enalapril 10 mg daily",)), "potassium may rise"),
    ("Clarithromycin", adult(takes=("simvastatin",)), "harm the muscles"),
    ("Co-trimoxazole", adult(takes=("methotrexate weekly",)), "methotrexate may become toxic"),
    ("Tramadol", adult(takes=("fluoxetine",)), "too much serotonin"),
    ("Ibuprofen", adult("peptic ulcer"), "avoided in stomach ulcer"),
    ("Primaquine", adult("G6PD deficiency"), "in G6PD deficiency"),
)
MORE = (
    ("Allopurinol", adult(takes=("azathioprine",)), "azathioprine may become toxic"),
    ("Amiodarone", adult(takes=("digoxin",)), "digoxin may become toxic"),
    ("Ibuprofen", adult(takes=("lithium",)), "lithium may become toxic"),
    ("Metformin", adult("chronic kidney disease"), "kidney disease is known"),
    ("Ibuprofen", adult("renal failure"), "kidney disease is known"),
    ("Ibuprofen", adult("heart failure"), "heart disease is known"),
    ("Ibuprofen", adult("aspirin-induced asthma"), "brought on a reaction"),
    ("Propranolol", adult("asthma"), "avoided in asthma"),
    ("Simvastatin", mother(10), "the patient is pregnant"),
    ("Chloramphenicol", child(7 * DAY), "under 1 month"),
    ("Tramadol", mother(breastfeeding=True), "the patient is breastfeeding"),
    ("Dapsone", adult("G6PD deficient"), "in G6PD deficiency"),
    ("Nitrofurantoin", adult(history="Known G6PD deficiency, burning on passing urine."), "in G6PD deficiency"),
)
HARMLESS = (
    ("Paracetamol", mother(30)),
    ("Amoxicillin", mother(12)),
    ("Nifedipine", mother(30)),
    ("Amoxicillin", adult(allergies=("sulfonamides",))),
    ("Azithromycin", adult(allergies=("penicillin",))),
    ("Oral rehydration solution", child(2)),
    ("Doxycycline", adult()),
    ("Salbutamol", adult("asthma")),
    ("Ibuprofen", adult("no peptic ulcer", "no asthma")),
    ("Metformin", adult(takes=("amlodipine",))),
)


@pytest.mark.parametrize(("medicine", "case", "reason"), PLANTED + MORE)
def test_a_planted_conflict_is_found(medicine: str, case: Encounter, reason: str) -> None:
    (told,) = reasons(medicine, case)
    assert medicine in told
    assert reason in told


@pytest.mark.parametrize(("medicine", "case"), HARMLESS)
def test_a_harmless_pair_is_no_conflict(medicine: str, case: Encounter) -> None:
    assert reasons(medicine, case) == []


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Encounter(Patient(45, Sex.MALE), medications=("none",)), "allergies"),
        (Encounter(Patient(45, Sex.MALE), allergies=("none",)), "current medicines"),
        (Encounter(Patient(None, Sex.MALE), allergies=("none",), medications=("none",)), "age"),
        (Encounter(Patient(30), allergies=("none",), medications=("none",)), "pregnancy"),
        (Encounter(Patient(45, Sex.MALE), allergies=("zorbamide",), medications=("none",)), "'zorbamide' is not known"),
    ],
)
def test_what_is_unknown_of_the_patient_is_said(case: Encounter, words: str) -> None:
    (told,) = medicine_gaps(case, ranker().catalogue.medicines)
    assert words in told


@pytest.mark.parametrize(
    ("sentence", "case", "told"),
    [
        (
            "Atropine is given.",
            adult(),
            "Not checked beyond allergies (no facts in this library): Atropine.",
        ),
        ("Gentamicin is given.", mother(20), "Not checked for pregnancy (no facts in this library): Gentamicin."),
        ("Amoxicillin is given.", mother(20), ""),
        ("Oxygen is given.", adult(), ""),
        ("Atropine is avoided.", adult(), ""),
    ],
)
def test_a_medicine_without_facts_is_told_beside_the_sentence(sentence: str, case: Encounter, told: str) -> None:
    keeper = guard(case)
    assert keeper.admits("Management", sentence)
    assert keeper.check.unchecked(sentence) == told


def test_thirty_different_conflicts_are_planted() -> None:
    assert len({(medicine, reason) for medicine, _, reason in PLANTED}) == 30
