"""Encounter and candidates -> what to search for, and the one line the generator reads of the patient."""

from __future__ import annotations

import re
from collections.abc import Iterable

from medrag_desktop.domain.differential import Candidate
from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence, Sex
from medrag_desktop.domain.evidence import Query
from medrag_desktop.domain.threshold import describe_measurement, measured
from medrag_desktop.domain.vocabulary import Vocabulary

SHOWN_VITAL_SIGNS = (
    "temperature_celsius",
    "heart_rate_bpm",
    "respiratory_rate_bpm",
    "systolic_mmhg",
    "diastolic_mmhg",
    "spo2_percent",
    "glucose_mmol_l",
    "gcs",
    "avpu",
)
SHOWN_BODY_MEASURES = ("weight_kg", "height_cm", "muac_mm")
OTHER_NAMES = 5
"""Names of a finding, beside its label, that are looked for."""
SHORT = 4
"""Words of a text that names a subject rather than describes a patient."""
_ASKS = re.compile(
    r"\s*(?:what|which|who|when|where|why|how|is|are|was|do|does|did|can|could|should|may|will|has|have"
    r"|treatment|management|diagnosis|causes?|symptoms?|signs|prevention|dose|side effects)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:no|not|nor|denies|denied|without|never)\b[^.;,\n]*[,;]?", re.IGNORECASE)
"""What a complaint says is not there: a search for its words would find what the patient does not have."""


def typed_query(text: str) -> Query:
    """Make a query of what somebody typed: a question where it asks or only names, else a presentation."""
    words = text.split()
    asks = text.rstrip().endswith("?") or len(words) <= SHORT or _ASKS.match(text) is not None
    return Query(text, "question" if asks else "presentation")


def presentation_query(encounter: Encounter, findings: Iterable[Finding], vocabulary: Vocabulary) -> Query:
    """Write the query for the presentation as a whole; absent findings are left out."""
    findings = tuple(findings)
    labels = present_labels(findings, vocabulary)
    complaint = _DENIED.sub("", encounter.chief_complaint).strip(" ,;.")[:200]
    words = [complaint, ", ".join(labels), age_group(encounter.patient)]
    return Query(" ".join(word for word in words if word), "presentation", also=other_names(findings, vocabulary))


def candidate_query(candidate: Candidate, findings: Iterable[Finding], vocabulary: Vocabulary) -> Query:
    """Write the query for one candidate: its name and synonyms with the findings that are there."""
    names = ", ".join((candidate.name, *candidate.synonyms[:3]))
    labels = ", ".join(present_labels(findings, vocabulary))
    return Query(f"{names}: {labels}" if labels else names, "condition", candidate.condition)


def context_line(candidate: str, encounter: Encounter, findings: Iterable[Finding], vocabulary: Vocabulary) -> str:
    """Return the line the generator reads: the candidate's name, then the patient as `describe` puts it."""
    return f"{candidate}: {describe(encounter, vocabulary, findings)}"


def describe(encounter: Encounter, vocabulary: Vocabulary, findings: Iterable[Finding] | None = None) -> str:
    """Put a patient into one line: who, what is present, what is absent, what was measured; no free text."""
    findings = tuple(encounter.findings if findings is None else findings)
    parts = [
        describe_patient(encounter.patient),
        _listed("present", present_labels(findings, vocabulary)),
        _listed("absent", absent_labels(findings, vocabulary)),
        # the generator has learned vital signs only
        _listed("measured", _measured_words(encounter, SHOWN_VITAL_SIGNS)),
    ]
    return "; ".join(part for part in parts if part)


def other_names(findings: Iterable[Finding], vocabulary: Vocabulary) -> str:
    """Return what else the findings that are there are called: a passage may use any of their names."""
    present = dict.fromkeys(f.finding for f in findings if f.presence is Presence.PRESENT)
    names = (vocabulary[finding].synonyms for finding in present if finding in vocabulary)
    return " ".join(name for synonyms in names for name in synonyms[:OTHER_NAMES])


def present_labels(findings: Iterable[Finding], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the labels of the findings that are there."""
    return tuple(vocabulary.label(f.finding) for f in findings if f.presence is Presence.PRESENT)


def absent_labels(findings: Iterable[Finding], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the labels of the findings that are not there."""
    return tuple(vocabulary.label(f.finding) for f in findings if f.presence is Presence.ABSENT)


def vital_sign_words(encounter: Encounter) -> tuple[str, ...]:
    """Return everything measured in words with its unit: vital signs, oxygen, weight, height and arm."""
    oxygen = ("on oxygen",) if encounter.vital_signs.on_oxygen else ()
    vital_signs = _measured_words(encounter, SHOWN_VITAL_SIGNS)
    return (*vital_signs, *oxygen, *_measured_words(encounter, SHOWN_BODY_MEASURES))


def _measured_words(encounter: Encounter, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(describe_measurement(encounter, name) for name in names if measured(encounter, name) is not None)


def describe_patient(patient: Patient) -> str:
    """Return who the patient is, for example `woman of 24 years, pregnant (32 weeks)`."""
    words = f"{_noun(patient)} of {age_words(patient)}" if patient.age_years is not None else _noun(patient)
    if patient.pregnant:
        weeks = f" ({patient.gestational_weeks:g} weeks)" if patient.gestational_weeks is not None else ""
        words += f", pregnant{weeks}"
    if patient.postpartum_days is not None:
        words += f", {patient.postpartum_days} days after delivery"
    return words


def age_words(patient: Patient) -> str:
    """Return the age in days, months or years as a clinician would say it; `unknown age` when it is not known."""
    if patient.age_years is None or patient.age_days is None:
        return "unknown age"
    if patient.age_days < 60:
        return _count(int(patient.age_days + 0.5), "day")
    if patient.age_years < 2:
        return _count(int(patient.age_years * 12 + 1e-6), "month")
    return _count(int(patient.age_years + 1e-6), "year")


def age_group(patient: Patient) -> str:
    """Return `newborn`, `infant`, `child`, `adult` or `older adult`; empty when the age is unknown."""
    if patient.age_years is None or patient.age_days is None:
        return ""
    if patient.age_days <= 28:
        return "newborn"
    if patient.age_years < 1:
        return "infant"
    if patient.age_years < 15:
        return "child"
    return "adult" if patient.age_years < 65 else "older adult"


def _noun(patient: Patient) -> str:
    child = patient.age_years is not None and patient.age_years < 15
    if child and patient.age_days is not None and patient.age_days <= 28:
        return {Sex.FEMALE: "newborn girl", Sex.MALE: "newborn boy"}.get(patient.sex, "newborn")
    if child:
        return {Sex.FEMALE: "girl", Sex.MALE: "boy"}.get(patient.sex, "child")
    return {Sex.FEMALE: "woman", Sex.MALE: "man"}.get(patient.sex, "patient")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _listed(title: str, words: tuple[str, ...]) -> str:
    return f"{title}: {', '.join(words)}" if words else ""
