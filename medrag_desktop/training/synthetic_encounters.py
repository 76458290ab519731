"""Patients who do not exist, drawn from what the library says of whom a condition affects and how it presents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import TypeVar

from medrag_desktop.domain.condition import Condition, Frequency
from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.querying import describe_patient, vital_sign_words
from medrag_desktop.domain.vocabulary import Vocabulary

CHANCE = {
    Frequency.OBLIGATE: 0.97,
    Frequency.VERY_FREQUENT: 0.85,
    Frequency.FREQUENT: 0.5,
    Frequency.OCCASIONAL: 0.15,
    Frequency.VERY_RARE: 0.03,
    Frequency.EXCLUDED: 0.0,
}
T = TypeVar("T")
Naming = Callable[[str], str]
Wording = Callable[[str, Encounter, Observations, Naming], str]


def draw_encounter(
    condition: Condition,
    others: Sequence[Condition],
    random: Random,
    there: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> Encounter:
    """Return a patient with the condition; findings of other conditions are asked for and absent.

    `there` and `missing` are findings that this patient has, or has not, whatever the condition.
    """
    patient = _patient(condition, random)
    drawn = {f.finding: random.random() < CHANCE[f.frequency] for f in condition.findings}
    drawn |= dict.fromkeys(there, True) | dict.fromkeys(missing, False)
    usual = (Frequency.VERY_FREQUENT, Frequency.FREQUENT, Frequency.OBLIGATE)
    asked = [f.finding for f in random.choice(others).findings if f.frequency in usual]
    drawn = dict.fromkeys(asked, False) | drawn
    present = [*there, *_shuffled((f for f, found in drawn.items() if found and f not in there), random)]
    absent = [*missing, *_shuffled((f for f, found in drawn.items() if not found and f not in missing), random)]
    findings = [Finding(f) for f in present[: random.randint(2, 8)]]
    findings += [Finding(f, Presence.ABSENT) for f in absent[: random.randint(0, 5)]]
    return Encounter(
        patient=patient, findings=tuple(_shuffled(findings, random)), vital_signs=_vital_signs(present, random)
    )


def names(vocabulary: Vocabulary, random: Random, synonyms: float) -> Naming:
    """Return a function from finding to its name: the label or, with the given chance, a synonym."""
    chosen: dict[str, str] = {}

    def name(finding: str) -> str:
        if finding not in chosen:
            definition = vocabulary[finding]
            others = [s for s in definition.synonyms if "," not in s and ";" not in s]
            use_other = others and random.random() < synonyms
            chosen[finding] = random.choice(others) if use_other else definition.label
        return chosen[finding]

    return name


def listed(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient as `domain.querying.context_line` does."""
    parts = [describe_patient(encounter.patient)]
    for title, words in (
        ("present", [name(f.finding) for f in observations.present()]),
        ("absent", [name(f.finding) for f in observations.absent()]),
        ("measured", vital_sign_words(encounter)),
    ):
        if words:
            parts.append(f"{title}: {', '.join(words)}")
    return f"{candidate}: {'; '.join(parts)}"


def telegraphic(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient as in a hurried note."""
    there = ", ".join(name(f.finding) for f in observations.present())
    missing = "".join(f", no {name(f.finding)}" for f in observations.absent())
    return f"{describe_patient(encounter.patient)}, {there}{missing}, {candidate}?"


def narrated(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient in sentences."""
    there = _joined([name(f.finding) for f in observations.present()], "and")
    missing = _joined([name(f.finding) for f in observations.absent()], "or")
    told = f"Is it {candidate}? A {describe_patient(encounter.patient)} comes with {there}."
    return f"{told} There is no {missing}." if missing else told


def headed(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient under short headings, the candidate last."""
    there = ", ".join(name(f.finding) for f in observations.present())
    missing = ", ".join(name(f.finding) for f in observations.absent())
    told = f"{describe_patient(encounter.patient)}. Findings: {there}."
    told += f" Not found: {missing}." if missing else ""
    return f"{told} Could this be {candidate}?"


def ticked(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient as a ticked list."""
    rows = [f"{name(f.finding)} yes" for f in observations.present()]
    rows += [f"{name(f.finding)} no" for f in observations.absent()]
    return f"{candidate} | {describe_patient(encounter.patient)} | {' | '.join(rows)}"


def referred(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient as in a letter, what is absent first."""
    there = _joined([name(f.finding) for f in observations.present()], "and")
    missing = _joined([name(f.finding) for f in observations.absent()], "or")
    without = f"without {missing}, " if missing else ""
    return f"Seen for {candidate}: {describe_patient(encounter.patient)}, {without}but with {there}"


def questioned(candidate: str, encounter: Encounter, observations: Observations, name: Naming) -> str:
    """Put a patient as a list of complaints and denials; held out whole."""
    there = "; ".join(name(f.finding) for f in observations.present())
    missing = "; ".join(name(f.finding) for f in observations.absent())
    return (
        f"Complaints: {there}. Denied: {missing}. Who: {describe_patient(encounter.patient)}. Thought of: {candidate}."
    )


TRAINED: Mapping[Wording, float] = {
    listed: 0.6,
    telegraphic: 0.08,
    narrated: 0.08,
    headed: 0.08,
    ticked: 0.08,
    referred: 0.08,
}
"""Wordings and their shares."""
HELD_OUT: Mapping[Wording, float] = {questioned: 1.0}


def _shuffled(items: Iterable[T], random: Random) -> list[T]:
    """Return the items in random order."""
    out = list(items)
    random.shuffle(out)
    return out


def _joined(words: Sequence[str], conjunction: str) -> str:
    """Return `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def _patient(condition: Condition, random: Random) -> Patient:
    """Draw age, sex and pregnancy."""
    low, high = condition.affects.typical_age_years
    age = random.uniform(low, min(high, 90.0)) if random.random() < 0.9 else random.uniform(0, 85)
    sex = Sex(condition.affects.sex) if condition.affects.sex in ("female", "male") else random.choice(tuple(Sex)[:2])
    if condition.affects.pregnancy in ("only", "postpartum"):
        sex, age = Sex.FEMALE, min(45.0, max(16.0, age))
    weeks, days, pregnant = None, None, None
    if condition.affects.pregnancy == "postpartum":
        days = random.randint(0, 28)
    elif sex is Sex.FEMALE and 15 <= age <= 48:
        chance = 1.0 if condition.affects.pregnancy == "only" else 0.15
        pregnant = random.random() < chance
        weeks = float(random.randint(6, 39)) if pregnant and random.random() < 0.7 else None
    return Patient(age_years=age, sex=sex, pregnant=pregnant, gestational_weeks=weeks, postpartum_days=days)


def _vital_signs(present: Sequence[str], random: Random) -> VitalSigns:
    """Draw some measurements; the temperature agrees with fever."""
    feverish = any(finding.split(".")[0] == "fever" for finding in present)
    temperature = random.uniform(38.1, 40.2) if feverish else random.uniform(36.3, 37.4)
    return VitalSigns(
        temperature_celsius=round(temperature, 1) if random.random() < 0.4 else None,
        heart_rate_bpm=float(random.randint(60, 140)) if random.random() < 0.2 else None,
        respiratory_rate_bpm=float(random.randint(12, 48)) if random.random() < 0.2 else None,
        systolic_mmhg=float(random.randint(85, 170)) if random.random() < 0.15 else None,
        spo2_percent=float(random.randint(86, 99)) if random.random() < 0.2 else None,
    )
