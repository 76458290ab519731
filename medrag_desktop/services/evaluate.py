"""How often the right diagnosis is on the list, how honest its probability is, and why it is missed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medrag_desktop.domain.condition import Condition, Urgency
from medrag_desktop.domain.diagnosis_names import CodesOf, DiagnosisNames
from medrag_desktop.domain.differential import Differential
from medrag_desktop.domain.encounter import Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.urgency import urgency_of
from medrag_desktop.services.rank import Ranker
from medrag_desktop.services.vignettes import Vignette
from medrag_desktop.tasks import Task

RANKS = (1, 3, 5, 10)
RESAMPLES = 2000
LEVEL = 0.95
BINS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Edges of the probabilities that the reliability curve puts together."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share or mean with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often the right diagnosis is among the first, of all cases and of those the library covers."""

    n: int
    covered: int
    """Cases whose diagnosis is a condition of the library."""
    top: Mapping[int, Rate]
    top_covered: Mapping[int, Rate]


@dataclass(frozen=True, slots=True)
class Miss:
    """A case whose diagnosis is not first, and the reason."""

    case: str
    correct: str
    rank: int | None
    """Rank of the right condition; None when it is not on the list."""
    reason: str
    """`not in library`, `not extracted` or `outranked`."""
    first: str
    """The condition that stands first."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The first candidates of a range of probabilities: what was promised and how many were right."""

    low: float
    high: float
    n: int
    promised: float
    """Mean probability."""
    right: float
    """Share of them that is the right diagnosis."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How honest the probability of the first candidate is."""

    brier: float
    """Mean of (probability - right)^2."""
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class EmergencyResult:
    """How soon the program would have each case seen, against the emergencies among them."""

    emergencies: int
    missed: tuple[str, ...]
    """Emergencies that are seen as neither emergency nor urgent."""
    others: int
    flagged: Rate
    """Share of the other cases that are seen as emergencies."""


@dataclass(frozen=True, slots=True)
class DifferentialResult:
    """Accuracy with names matched strictly and leniently, by body system, and what went wrong."""

    strict: Accuracy
    """The diagnosis bears a name of the condition."""
    lenient: Accuracy
    """Or shares its category of ICD-10."""
    by_system: Mapping[str, Accuracy]
    """Lenient, of the covered cases, by the system of the condition."""
    outside_said: Rate
    """Share of the cases outside the library of which the program says so."""
    outside_said_wrongly: Rate
    """The same of the covered cases."""
    calibration: Calibration
    misses: tuple[Miss, ...]
    emergencies: EmergencyResult | None


@dataclass(frozen=True, slots=True)
class _Ranked:
    """One case with what the program says of it."""

    vignette: Vignette
    strict: frozenset[str]
    lenient: frozenset[str]
    observations: Observations
    differential: Differential
    urgency: Urgency

    def place(self, wanted: frozenset[str]) -> int | None:
        return next((c.rank for c in self.differential.candidates if c.condition in wanted), None)


def evaluate_differential(
    vignettes: Sequence[Vignette],
    ranker: Ranker,
    *,
    codes_of: CodesOf | None = None,
    emergencies: Collection[str] | None = None,
    task: Task,
) -> DifferentialResult:
    """Rank every vignette; `emergencies` are the ids of those whose diagnosis is one."""
    names = DiagnosisNames(ranker.catalogue.conditions, codes_of)
    ranked = [_ranked(v, ranker, names) for v in task.track(vignettes, "Ranking cases", len(vignettes))]
    covered = [case for case in ranked if case.lenient]
    outside = [case.differential.outside_library for case in ranked if not case.lenient]
    return DifferentialResult(
        strict=_accuracy([(bool(case.strict), case.place(case.strict)) for case in ranked]),
        lenient=_accuracy([(bool(case.lenient), case.place(case.lenient)) for case in ranked]),
        by_system=_by_system(covered, ranker.catalogue.by_id),
        outside_said=bootstrap_mean(outside),
        outside_said_wrongly=bootstrap_mean([case.differential.outside_library for case in covered]),
        calibration=_calibration(ranked),
        misses=tuple(_misses(ranked, ranker.catalogue.by_id)),
        emergencies=None if emergencies is None else _emergencies(ranked, emergencies),
    )


def bootstrap_mean(of_each: Sequence[float], seed: int = 0) -> Rate:
    """Return a mean, or the share of those that are true, with its percentile bootstrap interval (Efron 1979)."""
    if not of_each:
        return Rate(0.0, 0.0, 0.0)
    values = np.asarray(of_each, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Rate(float(values.mean()), float(low), float(high))


def _ranked(vignette: Vignette, ranker: Ranker, names: DiagnosisNames) -> _Ranked:
    encounter, observations, signs = ranker.triage(vignette.encounter)
    differential = ranker.rank(encounter, observations)
    urgency, _ = urgency_of(signs, differential, encounter, observations, ranker.catalogue)
    strict, lenient = names.strict(vignette.correct), names.lenient(vignette.correct)
    return _Ranked(vignette, strict, lenient, observations, differential, urgency)


def _accuracy(cases: Sequence[tuple[bool, int | None]]) -> Accuracy:
    """Summarise (covered, rank) of every case."""
    inside = [rank for covered, rank in cases if covered]
    return Accuracy(len(cases), len(inside), _rates([rank for _, rank in cases]), _rates(inside))


def _rates(ranks: Sequence[int | None]) -> dict[int, Rate]:
    return {k: bootstrap_mean([rank is not None and rank <= k for rank in ranks]) for k in RANKS}


def _by_system(covered: Sequence[_Ranked], by_id: Mapping[str, Condition]) -> dict[str, Accuracy]:
    systems: dict[str, list[tuple[bool, int | None]]] = {}
    for case in covered:
        system = by_id[min(case.strict or case.lenient)].system
        systems.setdefault(system, []).append((True, case.place(case.lenient)))
    return {system: _accuracy(systems[system]) for system in sorted(systems)}


def _calibration(ranked: Sequence[_Ranked]) -> Calibration:
    first = [(case.differential.candidates[0], case.lenient) for case in ranked if case.differential.candidates]
    told = np.array([candidate.probability for candidate, _ in first])
    right = np.array([candidate.condition in wanted for candidate, wanted in first], dtype=np.float64)
    bins = []
    for low, high in pairwise(BINS):
        within = (told >= low) & ((told < high) | (high == BINS[-1]))
        if within.any():
            bins.append(Bin(low, high, int(within.sum()), float(told[within].mean()), float(right[within].mean())))
    return Calibration(float(((told - right) ** 2).mean()) if first else 0.0, tuple(bins))


def _misses(ranked: Sequence[_Ranked], by_id: Mapping[str, Condition]) -> list[Miss]:
    missed = [(case, case.place(case.lenient)) for case in ranked]
    return [
        Miss(
            case.vignette.id,
            case.vignette.correct,
            rank,
            _reason(case, by_id),
            case.differential.candidates[0].condition if case.differential.candidates else "",
        )
        for case, rank in missed
        if rank != 1
    ]


def _reason(case: _Ranked, by_id: Mapping[str, Condition]) -> str:
    if not case.lenient:
        return "not in library"
    expected = {f.finding for name in case.lenient for f in by_id[name].findings}
    seen = sum(case.observations.presence(finding) is Presence.PRESENT for finding in expected)
    return "outranked" if seen >= 2 else "not extracted"


def _emergencies(ranked: Sequence[_Ranked], ids: Collection[str]) -> EmergencyResult:
    true = [case for case in ranked if case.vignette.id in ids]
    missed = [c.vignette.id for c in true if c.urgency not in (Urgency.EMERGENCY, Urgency.URGENT)]
    others = [case.urgency is Urgency.EMERGENCY for case in ranked if case.vignette.id not in ids]
    return EmergencyResult(len(true), tuple(missed), len(others), bootstrap_mean(others))
