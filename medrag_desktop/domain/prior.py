"""How common every condition is in this patient before any finding is known.

The incidence in the region, adjusted for the season, the age, how long the patient has been ill, sex, pregnancy and
childbed. Only anatomy and pregnancy exclude; everything else makes less likely, and is shown as a reason against.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medrag_desktop.domain.condition import REGIONS, SEASONS, Affects, Condition, Incidence
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.vocabulary import FELT, Vocabulary

Floats = NDArray[np.float64]

SHARE = {
    Incidence.VERY_COMMON: 0.05,
    Incidence.COMMON: 0.02,
    Incidence.UNCOMMON: 0.006,
    Incidence.RARE: 0.0015,
    Incidence.VERY_RARE: 0.0004,
}
"""Share of primary-care encounters; only the ratios matter."""


@dataclass(frozen=True, slots=True)
class PriorWeights:
    """The global parameters of the prior; none is per condition."""

    incidence: float = 0.5
    """Exponent on the incidence."""
    outside_age: float = 0.1225
    """Factor for each doubling of (age + 1 year) outside the typical ages, at most three times."""
    outside_course: float = 0.5
    """Factor for each doubling of the days of illness outside the usual course, at most four times."""
    season: float = 2.0
    """Factor on a condition in its season, and its inverse in another one."""
    unknown_pregnancy: float = 0.2
    """Factor on a condition of pregnancy where no pregnancy is recorded."""
    unknown_childbed: float = 0.05
    """Factor on a condition of childbed where no delivery is recorded: few have just given birth."""
    unusual: float = 0.05
    """Factor on a condition outside its weeks of pregnancy, or in pregnancy where that is seldom."""


@dataclass(frozen=True, slots=True)
class Circumstance:
    """Something known of the patient besides findings, and what it does to one condition."""

    kind: str
    """`age`, `course`, `season` or `pregnancy`."""
    words: str
    bits: float


@dataclass(frozen=True)
class Prior:
    """The conditions as arrays."""

    conditions: tuple[Condition, ...]
    vocabulary: Vocabulary
    weights: PriorWeights

    def log2_of(self, encounter: Encounter, observations: Observations) -> Floats:
        """Return log2 of the prior of every condition; -inf where anatomy or pregnancy excludes it."""
        region = encounter.region if encounter.region in self._incidence else "default"
        patient = encounter.patient
        prior = self._incidence[region] + self._age(patient) + self._course(observations)
        if encounter.season in SEASONS:
            prior = prior + self._in_season[encounter.season]
        for row in self._of_some:
            affects = self.conditions[row].affects
            state = sum(bits for _, bits in _states(affects, patient, self.weights))
            prior[row] += -math.inf if _impossible(affects, patient) else state
        return np.asarray(prior)

    def circumstances(self, encounter: Encounter, observations: Observations) -> Iterator[tuple[Circumstance, ...]]:
        """Yield, for every condition, what moves its prior besides the incidence in the region."""
        age, course = self._age(encounter.patient), self._course(observations)
        days = days_of_illness(observations, self.vocabulary)
        season = self._in_season.get(encounter.season)
        for row, condition in enumerate(self.conditions):
            found = [Circumstance("age", "age outside the typical range", float(age[row]))]
            if days is not None:
                shorter = days < self._courses[row, 0]
                words = "ill for a shorter time than usual" if shorter else "ill for longer than usual"
                found.append(Circumstance("course", words, float(course[row])))
            if season is not None:
                found.append(Circumstance("season", f"{encounter.season} season", float(season[row])))
            states = _states(condition.affects, encounter.patient, self.weights)
            yield (*found, *(Circumstance("pregnancy", words, bits) for words, bits in states))

    @cached_property
    def _of_some(self) -> tuple[int, ...]:
        affects = ((row, condition.affects) for row, condition in enumerate(self.conditions))
        return tuple(row for row, who in affects if who.sex != "any" or who.pregnancy)

    @cached_property
    def _incidence(self) -> Mapping[str, Floats]:
        exponent = self.weights.incidence
        shares = {r: [SHARE[_incidence(condition, r)] for condition in self.conditions] for r in REGIONS}
        return {region: exponent * np.log2(row) for region, row in shares.items()}

    @cached_property
    def _in_season(self) -> Mapping[str, Floats]:
        bits = math.log2(self.weights.season)
        kept = [condition.affects.seasons for condition in self.conditions]
        return {now: np.array([bits * (1 if now in own else -1) if own else 0.0 for own in kept]) for now in SEASONS}

    @cached_property
    def _courses(self) -> Floats:
        return np.array([c.course_days or (0.0, math.inf) for c in self.conditions], dtype=np.float64).reshape(-1, 2)

    @cached_property
    def _ages(self) -> Floats:
        return np.array([c.affects.typical_age_years for c in self.conditions], dtype=np.float64).reshape(-1, 2)

    def _age(self, patient: Patient) -> Floats:
        """Return the penalty of every condition for an age outside its typical ages, 0 inside them."""
        age = patient.age_years
        if age is None:
            return np.zeros(len(self.conditions))
        low, high = self._ages.T
        nearer = np.where(age < low, age, np.minimum(age, high))
        farther = np.where(age < low, low, np.maximum(age, high))
        doublings = np.where((low <= age) & (age <= high), 0.0, np.log2((farther + 1.0) / (nearer + 1.0)))
        return np.asarray(np.minimum(3.0, doublings) * math.log2(self.weights.outside_age))

    def _course(self, observations: Observations) -> Floats:
        """Return the penalty of every condition for an illness shorter or longer than usual, 0 inside its course."""
        days = days_of_illness(observations, self.vocabulary)
        if days is None:
            return np.zeros(len(self.conditions))
        low, high = self._courses.T
        doublings = np.log2(np.maximum(1.0, np.maximum(low / days, days / high)))
        return np.asarray(np.minimum(4.0, doublings) * math.log2(self.weights.outside_course))


def days_of_illness(observations: Observations, vocabulary: Vocabulary) -> float | None:
    """Return how long the patient has been ill, from the durations of what is felt; None when none is given.

    The longest one of the complaint counts, else the middle one of all: an old cough beside a fresh pain is no guide.
    """
    told = [
        (finding.field == "chief_complaint", finding.duration_hours / 24)
        for finding in observations.present()
        if finding.duration_hours and vocabulary[finding.finding].kind in FELT
    ]
    complaint = [days for of_complaint, days in told if of_complaint]
    if complaint:
        return max(complaint)
    return sorted(days for _, days in told)[len(told) // 2] if told else None


def _incidence(condition: Condition, region: str) -> Incidence:
    regions = dict(condition.affects.regions)
    return regions.get(region) or regions.get("default") or condition.incidence


def _impossible(affects: Affects, patient: Patient) -> bool:
    if affects.sex != "any" and patient.sex is not Sex.UNKNOWN and patient.sex.value != affects.sex:
        return True
    if affects.pregnancy == "only":
        # what belongs to pregnancy, such as eclampsia, also strikes in the weeks after it
        return patient.sex is Sex.MALE or (patient.pregnant is False and not patient.postpartum)
    if affects.pregnancy == "postpartum":
        return patient.sex is Sex.MALE
    return affects.pregnancy == "never" and patient.pregnant is True


def _states(affects: Affects, patient: Patient, weights: PriorWeights) -> Iterator[tuple[str, float]]:
    """Yield, in words and as log2, what pregnancy and childbed cost a condition in this patient."""
    if affects.pregnancy == "only" and patient.pregnant is not True:
        yield "not recorded as pregnant", math.log2(weights.unknown_pregnancy)
    if affects.pregnancy == "postpartum" and not patient.postpartum:
        yield "not recorded as recently delivered", math.log2(weights.unknown_childbed)
    if affects.pregnancy == "seldom" and patient.pregnant is True:
        yield "seldom in pregnancy", math.log2(weights.unusual)
    weeks = patient.gestational_weeks
    if affects.gestational_weeks is not None and weeks is not None and patient.pregnant is not False:
        low, high = affects.gestational_weeks
        if not low <= weeks <= high:
            yield f"unusual at {weeks:g} weeks of pregnancy", math.log2(weights.unusual)
