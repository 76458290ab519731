"""A clinical library of four conditions and ten findings, small enough to reckon by hand."""

from __future__ import annotations

from dataclasses import replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Affects, Condition, ConditionFinding, Frequency, Incidence, Urgency
from medrag_desktop.domain.differential import make_ranking_model
from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.normal_ranges import NormalRanges
from medrag_desktop.domain.observations import Observations, observe
from medrag_desktop.domain.vocabulary import FindingDefinition, Vocabulary, make_vocabulary
from medrag_desktop.services.rank import Ranker
from tests.fakes import FakeLexicon

NO_RANGES = NormalRanges((), {})
VOCABULARY = make_vocabulary(
    FindingDefinition(name, label, kind, "general", synonyms, parents=parents)
    for name, label, kind, synonyms, parents in (
        ("fever", "fever", "symptom", ("pyrexia",), ()),
        ("fever.high", "high fever", "sign", (), ()),
        ("cough", "cough", "symptom", (), ()),
        ("cough.bloody", "bloody cough", "symptom", (), ()),
        ("rash", "rash", "sign", (), ()),
        ("koplik_spots", "white spots in the mouth", "sign", (), ()),
        ("lower_abdominal_pain", "lower abdominal pain", "symptom", (), ()),
        ("vaginal_bleeding", "vaginal bleeding", "symptom", (), ()),
        ("history.smoking", "smoking", "history", (), ()),
        ("exposure.measles_contact", "contact with measles", "exposure", (), ()),
    )
)


def condition(condition_id: str, findings: dict[str, str], specific: str = "", **changes: object) -> Condition:
    """Make a condition from finding -> frequency."""
    name = condition_id.replace("_", " ").capitalize()
    listed = tuple(ConditionFinding(f, Frequency(value), specific=f == specific) for f, value in findings.items())
    plain = Condition(
        id=condition_id, system="infectious", name=name, synonyms=(), icd10=("A00",),
        urgency=Urgency.SOON, incidence=Incidence.COMMON, cannot_miss=False, affects=Affects(), findings=listed,
        danger_signs=(), tests_clinic=(), tests_hospital=(), sources=(), reviewed_by="software",
        review_date="2026-01-01", sections=(),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


MEASLES = condition(
    "measles",
    {"fever": "obligate", "cough": "very_frequent", "rash": "very_frequent", "koplik_spots": "frequent"},
    specific="koplik_spots",
    icd10=("B05.9",),
    synonyms=("rubeola",),
    incidence=Incidence.RARE,
    cannot_miss=True,
    urgency=Urgency.URGENT,
    affects=Affects(typical_age_years=(0.5, 15), raises=("exposure.measles_contact",)),
)
PNEUMONIA = condition(
    "pneumonia",
    {"fever.high": "frequent", "cough": "very_frequent", "cough.bloody": "occasional", "rash": "excluded"},
    affects=Affects(raises=("history.smoking",)),
    icd10=("J18.9",),
)
COLD = condition(
    "common_cold", {"cough": "frequent", "fever": "occasional"}, incidence=Incidence.VERY_COMMON, icd10=("J00",)
)
ECTOPIC = condition(
    "ectopic_pregnancy",
    {"lower_abdominal_pain": "very_frequent", "vaginal_bleeding": "frequent"},
    affects=Affects(typical_age_years=(15, 45), sex="female", pregnancy="only"),
    urgency=Urgency.EMERGENCY,
    incidence=Incidence.RARE,
    cannot_miss=True,
)
CONDITIONS = (COLD, ECTOPIC, MEASLES, PNEUMONIA)
MODEL = make_ranking_model(CONDITIONS, VOCABULARY)


def present(*names: str) -> tuple[Finding, ...]:
    """Return findings that are there."""
    return tuple(Finding(name) for name in names)


def absent(*names: str) -> tuple[Finding, ...]:
    """Return findings that are not there."""
    return tuple(Finding(name, Presence.ABSENT) for name in names)


def encounter(*findings: Finding, **patient: object) -> Encounter:
    """Make an encounter of findings and who the patient is."""
    return Encounter(patient=Patient(**patient), findings=findings)  # type: ignore[arg-type]


def seen(case: Encounter, vocabulary: Vocabulary = VOCABULARY) -> Observations:
    """Return what is known of an encounter, its free text left unread."""
    return observe(case, (), vocabulary, NO_RANGES)


def ranker() -> Ranker:
    """Return a ranker of the small library; its lexicon knows the labels and synonyms."""
    catalogue = Catalogue(CONDITIONS, VOCABULARY, (), NO_RANGES, {})
    definitions = VOCABULARY.definitions.values()
    names = {name.lower(): d.id for d in definitions for name in (d.label, *d.synonyms)}
    return Ranker(catalogue, MODEL, FakeLexicon(names), Settings(threads=1))


def passage(of: str, section: str, text: str, number: int = 1) -> Passage:
    """Make one passage of a condition's monograph."""
    slug = section.lower().replace(" ", "-")
    return Passage(
        f"condition/{of}#{slug}.{number}", f"condition/{of}", of.capitalize(), section, text, "Library",
        kind="condition", condition=of,
    )  # fmt: skip


PASSAGES = (
    passage("measles", "In brief", "Measles is a contagious viral illness with fever and rash."),
    passage("measles", "Presentation", "Measles begins with high fever and cough. Rash follows after some days."),
    passage("measles", "What else it could be", "Rubella gives a milder rash than measles does."),
    passage("measles", "Danger signs", "Convulsions in measles call for hospital care at once."),
    passage("measles", "Management", "Vitamin A is given in measles, dose by the national guideline. Give 200 mg now."),
    passage("pneumonia", "In brief", "Pneumonia is an infection of the lung with cough and fever."),
    passage("pneumonia", "Management", "Amoxicillin is given for pneumonia, except in allergy to penicillins."),
    passage("common_cold", "In brief", "A common cold is a mild illness of the nose and throat."),
)
