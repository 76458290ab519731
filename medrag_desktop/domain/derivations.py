"""Findings that measurements decide beyond one limit of one vital sign: malnutrition, consciousness, pregnancy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medrag_desktop.domain.applies import EVERYONE, Applies, applies_to, parse_applies
from medrag_desktop.domain.encounter import Encounter, Patient, Sex
from medrag_desktop.domain.threshold import Threshold, parse_threshold

_STANDING_FROM = 2.0
"""Years from which a child is measured standing."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """One way in which measurements decide a finding: any of the comparisons makes it, all of them together deny it."""

    finding: str
    any_of: tuple[Threshold, ...]
    source: str
    applies: Applies = EVERYONE


@dataclass(frozen=True, slots=True)
class WeightLimits:
    """The weight below which a child is too light for its length, every centimetre."""

    finding: str
    source: str
    oldest_years: float
    youngest_years: float
    tables: Mapping[str, tuple[int, tuple[float, ...]]]
    """`length_girls`, `length_boys`, `height_girls`, `height_boys` -> (first centimetre, kilograms)."""

    def limit(self, patient: Patient) -> float | None:
        """Return the limit in kg, the higher one of an unknown sex; None where the tables say nothing."""
        age, centimetres = patient.age_years, patient.height_cm
        if age is None or centimetres is None or not self.youngest_years <= age < self.oldest_years:
            return None
        posture = "length" if age < _STANDING_FROM else "height"
        sexes = {Sex.FEMALE: ("girls",), Sex.MALE: ("boys",)}.get(patient.sex, ("girls", "boys"))
        limits = [_between(self.tables[f"{posture}_{sex}"], centimetres) for sex in sexes]
        return max((limit for limit in limits if limit is not None), default=None)


def verdicts(encounter: Encounter, derivations: Iterable[Derivation]) -> Iterator[tuple[str, Threshold, bool | None]]:
    """Yield for each finding the comparisons that decide it and how; None when it stays open."""
    grouped: dict[str, list[tuple[Threshold, bool | None]]] = {}
    for derivation in derivations:
        fits = applies_to(derivation.applies, encounter.patient)
        if fits is False:
            continue
        for threshold in derivation.any_of:
            holds = threshold.holds(encounter)
            # what may not be meant for the patient is open where it holds, and denied for anybody where it does not
            decided = None if holds and fits is None else holds
            grouped.setdefault(derivation.finding, []).append((threshold, decided))
    for finding, outcomes in grouped.items():
        found = [holds for _, holds in outcomes]
        verdict = True if True in found else None if None in found else False
        for threshold, holds in outcomes:
            if holds is verdict:
                yield finding, threshold, verdict


def parse_derivations(rows: Iterable[Mapping[str, Any]], sources: Mapping[str, Any]) -> tuple[Derivation, ...]:
    """Read the `derived` tables; raise LibraryError, KeyError or ValueError."""
    return tuple(
        Derivation(
            str(row["finding"]),
            tuple(parse_threshold(text) for text in row["any"]),
            _known_source(row, sources),
            parse_applies(row.get("applies", {})),
        )
        for row in rows
    )


def parse_weight_limits(table: Mapping[str, Any] | None, sources: Mapping[str, Any]) -> WeightLimits | None:
    """Read the `weight_for_height` table; raise KeyError or ValueError."""
    if table is None:
        return None
    youngest, oldest = (float(age) for age in table["age_years"])
    tables = {
        f"{posture}_{sex}": (int(table[f"{posture}_from_cm"]), tuple(float(kg) for kg in table[f"{posture}_{sex}"]))
        for posture in ("length", "height")
        for sex in ("girls", "boys")
    }
    return WeightLimits(str(table["finding"]), _known_source(table, sources), oldest, youngest, tables)


def _known_source(row: Mapping[str, Any], sources: Mapping[str, Any]) -> str:
    if row["source"] not in sources:
        raise ValueError(f"the source {row['source']} is not in [sources]")
    return str(row["source"])


def _between(table: tuple[int, tuple[float, ...]], centimetres: float) -> float | None:
    first, kilograms = table
    place = centimetres - first
    if not 0 <= place <= len(kilograms) - 1:
        return None
    below = min(int(place), len(kilograms) - 2)
    return kilograms[below] + (place - below) * (kilograms[below + 1] - kilograms[below])
