"""Rules for laboratory.toml: findings that exist and are tests, limits in order, units that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from medrag_desktop.domain.laboratory import FILE, Analyte, Laboratory, ValueLimit
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.services.library_problem import Problem, unknown_findings

_KINDS = ("test", "symptom")
"""What a test strip finds, blood in the urine, may be a symptom, too."""


def check_laboratory(laboratory: Laboratory, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what the analytes break."""
    for analyte in laboratory.analytes:
        for sentence in (*_units(analyte), *_limits(analyte, vocabulary)):
            yield Problem("error", FILE, f"{analyte.id}: {sentence}")
        yield from unknown_findings(analyte.findings, analyte.id, FILE, vocabulary)
    for one, other in combinations(laboratory.analytes, 2):
        for sentence in _shared(one, other):
            yield Problem("error", FILE, sentence)


def _units(analyte: Analyte) -> Iterator[str]:
    if analyte.limits and not analyte.grades and next(iter(analyte.units.values()), None) != 1:
        yield "the first unit must be that of the limits, with the factor 1."
    if any(factor <= 0 for factor in analyte.units.values()):
        yield "a unit has a factor of 0 or less."
    if analyte.plausible[0] >= analyte.plausible[1]:
        yield "the plausible limits are upside down."
    for unit, (low, high) in analyte.unwritten.items():
        if unit not in analyte.units:
            yield f"the unwritten unit {unit} is not among its units."
        elif not analyte.plausible[0] <= low * analyte.units[unit] < high * analyte.units[unit] <= analyte.plausible[1]:
            yield f"the numbers that mean {unit} are upside down or not plausible."
    for one, other in pairwise(sorted(analyte.unwritten.values())):
        if one[1] >= other[0]:
            yield "a number without a unit may have two."


def _limits(analyte: Analyte, vocabulary: Vocabulary) -> Iterator[str]:
    for limit in analyte.limits:
        yield from _limit(limit, analyte)
        if limit.finding in vocabulary and vocabulary[limit.finding].kind not in _KINDS:
            yield f"{limit.finding} is no test."
    for one, other in combinations(analyte.limits, 2):
        low, high = (one.below, other.above) if one.above is None else (other.below, one.above)
        if one.applies == other.applies and low is not None and high is not None and low > high:
            yield f"a value can mean both {one.finding} and {other.finding}."


def _limit(limit: ValueLimit, analyte: Analyte) -> Iterator[str]:
    bound = limit.above if limit.below is None else limit.below
    assert bound is not None
    if not analyte.plausible[0] <= bound <= analyte.plausible[1]:
        yield f"the limit of {limit.finding} lies outside the plausible values."
    if limit.normal is not None and (limit.normal < bound if limit.below is not None else limit.normal > bound):
        yield f"what is normal lies beyond the limit of {limit.finding}."
    ages, sex = limit.applies.age_years, limit.applies.sex
    if ages is not None and not 0 <= ages[0] < ages[1]:
        yield f"the ages of {limit.finding} are upside down."
    if sex not in (None, "female", "male"):
        yield f"the sex '{sex}' is neither female nor male."


def _shared(one: Analyte, other: Analyte) -> Iterator[str]:
    """Say which names leave open what is meant: those of one specimen, told in one unit or in none."""
    if one.specimen != other.specimen or one.grades != other.grades:
        return
    units = one.grades or not set(one.units).isdisjoint(other.units) or not (one.units and other.units)
    for name in sorted(set(one.names) & set(other.names)):
        if units or any(_overlap(a, b) for a in one.unwritten.values() for b in other.unwritten.values()):
            yield f"'{name}' names both {one.id} and {other.id}, and their units are the same."


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
