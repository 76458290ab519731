"""Age-banded normal limits of vital signs, and the limits of what can be true at all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from medrag_desktop.domain.derivations import (
    Derivation,
    WeightLimits,
    parse_derivations,
    parse_weight_limits,
    verdicts,
)
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence, VitalSigns
from medrag_desktop.domain.threshold import describe_measurement, measured, standing_for
from medrag_desktop.errors import LibraryError

_ADULT = 30.0
"""Years."""
VITAL_SIGNS = tuple(field.name for field in fields(VitalSigns))


@dataclass(frozen=True, slots=True)
class Band:
    """The normal limits of one vital sign for one age band."""

    measurement: str
    from_years: float
    to_years: float
    """Half open."""
    low: float | None
    high: float | None
    below: str
    """Finding that a value under `low` means; empty for none."""
    above: str
    source: str


@dataclass(frozen=True, slots=True)
class NormalRanges:
    """All bands, the other ways to derive findings, and the plausible range of each measurement."""

    bands: tuple[Band, ...] = ()
    plausible: Mapping[str, tuple[float, float]] | None = None
    derivations: tuple[Derivation, ...] = ()
    weight_limits: WeightLimits | None = None
    doubtful: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Measurement -> values that are possible, but beyond which a slip of the pen or of the unit is likelier."""

    def band(self, measurement: str, age_years: float | None) -> Band | None:
        """Return the band for an age, the oldest beyond all; adults' when the age is unknown."""
        age = _ADULT if age_years is None else age_years
        bands = self.all_bands(measurement)
        oldest = max(bands, key=lambda band: band.to_years, default=None)
        beyond = oldest if oldest is not None and age >= oldest.to_years else None
        return next((band for band in bands if band.from_years <= age < band.to_years), beyond)

    def all_bands(self, measurement: str) -> tuple[Band, ...]:
        """Return the bands of one vital sign."""
        return tuple(band for band in self.bands if band.measurement == measurement)


def parse_normal_ranges(text: str) -> NormalRanges:
    """Read normal_ranges.toml; raise LibraryError."""
    try:
        tables = tomllib.loads(text)
        bands = tuple(
            _band(name, row, tables.get("sources", {}))
            for name in VITAL_SIGNS
            for row in tables.get(name, ())
            if isinstance(row, dict)
        )
        sources = tables.get("sources", {})
        return NormalRanges(
            bands,
            _limits(tables.get("plausible", {})),
            parse_derivations(tables.get("derived", ()), sources),
            parse_weight_limits(tables.get("weight_for_height"), sources),
            _limits(tables.get("doubtful", {})),
        )
    except (tomllib.TOMLDecodeError, LibraryError, KeyError, TypeError, ValueError) as error:
        raise LibraryError(f"normal_ranges.toml cannot be read: {error!r}") from error


def doubtful_values(encounter: Encounter, ranges: NormalRanges) -> tuple[str, ...]:
    """Return the measurements that are likelier a slip than true, in words."""
    values = {name: measured(encounter, name) for name in ranges.doubtful}
    return tuple(
        describe_measurement(encounter, name)
        for name, (low, high) in ranges.doubtful.items()
        if isinstance(number := values[name], int | float) and not low <= number <= high
    )


def derived_findings(encounter: Encounter, ranges: NormalRanges) -> tuple[Finding, ...]:
    """Return the findings, present or absent, that age-banded limits decide from measured vital signs.

    Absent is only what every measurement that can mean it denies: of a patient of unknown age, by the limits of every
    age; and a normal SpO2 under oxygen denies nothing.
    """
    present: dict[str, Finding] = {}
    denied: dict[str, Finding] = {}
    open_findings: set[str] = set()
    for finding, name, holds in _all_verdicts(encounter, ranges):
        if holds is None:
            open_findings.add(finding)
            continue
        presence = Presence.PRESENT if holds else Presence.ABSENT
        decided = Finding(finding, presence, origin_of(encounter, name), describe_measurement(encounter, name))
        decisions = present if holds else denied
        # an absence is as weak as its weakest measurement
        if finding not in decisions or (not holds and decided.origin is Origin.TEXT):
            decisions[finding] = decided
    absent = (f for finding, f in denied.items() if finding not in present and finding not in open_findings)
    return (*present.values(), *absent)


def origin_of(encounter: Encounter, measurement: str) -> Origin:
    """Tell whether a measurement stands in the form or was read from free text."""
    return Origin.TEXT if standing_for(encounter, measurement) in encounter.read_from_text else Origin.FORM


def _all_verdicts(encounter: Encounter, ranges: NormalRanges) -> Iterator[tuple[str, str, bool | None]]:
    """Yield (finding, measurement that decides it, verdict) by bands, by other derivations and by weight for height."""
    for name in VITAL_SIGNS:
        for finding, holds in _verdicts(encounter, ranges, name):
            yield finding, name, holds
    for finding, threshold, holds in verdicts(encounter, ranges.derivations):
        yield finding, standing_for(encounter, threshold.measurement), holds
    if ranges.weight_limits is not None:
        weight, limit = encounter.patient.weight_kg, ranges.weight_limits.limit(encounter.patient)
        if weight is not None and limit is not None:
            yield ranges.weight_limits.finding, "weight_kg", weight < limit


def _limits(table: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {name: (float(low), float(high)) for name, (low, high) in table.items()}


def _verdicts(encounter: Encounter, ranges: NormalRanges, name: str) -> Iterator[tuple[str, bool | None]]:
    """Yield each finding that a vital sign can mean at this age: present, absent, or not decided."""
    age = encounter.patient.age_years
    band = ranges.band(name, age)
    if band is None:
        return
    value = measured(encounter, name)
    number = value if isinstance(value, int | float) else None
    others = ranges.all_bands(name) if age is None else (band,)
    aided = name == "spo2_percent" and encounter.vital_signs.on_oxygen is True
    if band.below and band.low is not None:
        low = number is not None and number < band.low
        clear = number is not None and not aided and all(b.low is None or number >= b.low for b in others)
        yield band.below, True if low else False if clear else None
    if band.above and band.high is not None:
        high = number is not None and number > band.high
        clear = number is not None and all(b.high is None or number <= b.high for b in others)
        yield band.above, True if high else False if clear else None


def _band(measurement: str, row: Mapping[str, Any], sources: Mapping[str, Any]) -> Band:
    ages = row["age_years"]
    if not isinstance(ages, list) or len(ages) != 2:
        raise ValueError(f"{measurement} needs age_years = [from, to]")
    if row.get("source") not in sources:
        raise ValueError(f"{measurement} names the source {row.get('source')}, which is not in [sources]")
    low, high = row.get("low"), row.get("high")
    return Band(
        measurement=measurement,
        from_years=float(ages[0]),
        to_years=float(ages[1]),
        low=None if low is None else float(str(low)),
        high=None if high is None else float(str(high)),
        below=str(row.get("below", "")),
        above=str(row.get("above", "")),
        source=str(row["source"]),
    )
