"""What the laboratory measures: names, units and the limits beyond which a value means a finding."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medrag_desktop.domain.applies import EVERYONE, Applies, applies_to, must_be_asked, parse_applies
from medrag_desktop.domain.encounter import Patient, Presence
from medrag_desktop.errors import LibraryError

FILE = "laboratory.toml"
SPECIMENS = ("blood", "urine", "ascites", "vagina")
_KEYS = {"names", "specimen", "units", "unwritten", "plausible", "count", "grades", "fluids", "limits"}
_LIMIT_KEYS = {"finding", "below", "above", "normal", "applies", "by_reference", "source"}
_OTHER_UNIT = 5
"""A value so many times away from its reference range is of another unit."""


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """What the laboratory itself calls normal, in the unit of the value it stands beside."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One value as it is written, with what is known of its unit."""

    low: float
    """The number, or the least that it may be: `4-6`, `<4`."""
    high: float
    factor: float | None
    """Turns it into the unit of the limits; None where no unit is known."""
    reference: ReferenceRange | None = None
    flag: str = ""
    """`high`, `low` or `normal`, where the laboratory says so; else empty."""


@dataclass(frozen=True, slots=True)
class ValueLimit:
    """Beyond which value a finding is there, and from which on it is not."""

    finding: str
    below: float | None
    above: float | None
    """One of the two is given: clear of the edge of normal."""
    normal: float | None
    """On the good side of the limit; None where no value of this analyte denies the finding."""
    applies: Applies
    by_reference: bool
    """A reference range beside the value decides instead."""
    source: str

    def verdict(self, value: Measured) -> bool | None:
        """Tell whether a value means the finding; None between the two limits or where the unit is not known."""
        by_laboratory = self._by_laboratory(value) if self.by_reference else None
        if value.factor is None:
            return by_laboratory
        by_value = self._by_value(value.low * value.factor, value.high * value.factor)
        if by_laboratory is None or (by_value is not None and _is_of_another_unit(value)):
            return by_value
        return by_laboratory

    def _by_value(self, low: float, high: float) -> bool | None:
        if self.below is not None:
            return True if high < self.below else _denied(self.normal is not None and low >= self.normal)
        assert self.above is not None
        return True if low > self.above else _denied(self.normal is not None and high <= self.normal)

    def _by_laboratory(self, value: Measured) -> bool | None:
        if value.flag == ("low" if self.above is None else "high"):
            return True
        if value.flag == "normal":
            return _denied(self.normal is not None)
        if value.reference is None:
            return None
        if self.above is None:
            bound = value.reference.low
            outside, inside = (bound is not None and value.high < bound), (bound is not None and value.low >= bound)
        else:
            bound = value.reference.high
            outside, inside = (bound is not None and value.low > bound), (bound is not None and value.high <= bound)
        return True if outside else _denied(inside and self.normal is not None)


@dataclass(frozen=True, slots=True)
class Analyte:
    """One thing that the laboratory measures in one specimen."""

    id: str
    names: tuple[str, ...]
    """As notes write them, in any case; one with a capital letter counts only as it is written."""
    specimen: str
    """One of SPECIMENS."""
    units: Mapping[str, float]
    """Unit as it is written -> what its number is multiplied with; the first one is that of the limits."""
    unwritten: Mapping[str, tuple[float, float]]
    """Unit -> numbers, in that unit, which mean it when none is written."""
    plausible: tuple[float, float]
    """In the unit of the limits; beyond them a number is no value."""
    count: bool
    """Cells: `18.000` is eighteen thousand."""
    grades: bool
    """Told as `negative`, `trace`, `2+`, `positive`, which are 0, 0.5, 2 and 1."""
    fluids: bool
    """Measured in many fluids: under the heading of another specimen it is not this one."""
    limits: tuple[ValueLimit, ...]
    """None for what is only named so that it is not taken for another analyte."""

    @property
    def findings(self) -> tuple[str, ...]:
        """Return the ids of the findings that its values decide."""
        return tuple(dict.fromkeys(limit.finding for limit in self.limits))

    def decide(self, value: Measured, patient: Patient) -> Iterator[tuple[str, Presence]]:
        """Yield each finding that a value shows or denies in this patient.

        Where several limits may be hers, because age, sex or pregnancy is not known, all must agree.
        """
        fitting = [
            limit
            for limit in self.limits
            if applies_to(limit.applies, patient) is not False and not must_be_asked(limit.applies, patient)
        ]
        for finding in self.findings:
            verdicts = {limit.verdict(value) for limit in fitting if limit.finding == finding}
            if verdicts == {True}:
                yield finding, Presence.PRESENT
            elif verdicts == {False}:
                yield finding, Presence.ABSENT


@dataclass(frozen=True, eq=False)
class Laboratory:
    """Everything the laboratory measures."""

    analytes: tuple[Analyte, ...] = ()


def parse_laboratory(text: str) -> Laboratory:
    """Read laboratory.toml; raise LibraryError naming the entry that cannot be read."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(f"{FILE} cannot be read: {error}") from error
    sources = tables.pop("sources", {})
    analytes = []
    for name, table in tables.items():
        try:
            analytes.append(_analyte(name, table, sources))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LibraryError(f"{FILE}: {name} cannot be read: {error}") from error
    return Laboratory(tuple(analytes))


def _denied(holds: bool) -> bool | None:
    return False if holds else None


def _is_of_another_unit(value: Measured) -> bool:
    """Tell whether a value lies so far from its reference range that one of the two may have another unit."""
    low, high = (None, None) if value.reference is None else (value.reference.low, value.reference.high)
    far_below = low is not None and value.high * _OTHER_UNIT < low
    return far_below or (high is not None and value.low > high * _OTHER_UNIT)


def _analyte(name: str, table: Any, sources: Any) -> Analyte:
    _check_keys(table, _KEYS)
    grades = _switch(table, "grades")
    units = {str(unit): _number(factor) for unit, factor in table.get("units", {}).items()}
    specimen = str(table.get("specimen", "blood"))
    if specimen not in SPECIMENS:
        raise ValueError(f"the specimen must be one of {', '.join(SPECIMENS)}")
    return Analyte(
        id=name,
        names=_names(table["names"]),
        specimen=specimen,
        units=units,
        unwritten={str(unit): _pair(limits) for unit, limits in table.get("unwritten", {}).items()},
        plausible=_pair(table.get("plausible", (0, 4) if grades else (0, math.inf))),
        count=_switch(table, "count"),
        grades=grades,
        fluids=_switch(table, "fluids"),
        limits=tuple(_limit(row, sources) for row in table.get("limits", ())),
    )


def _limit(row: Any, sources: Any) -> ValueLimit:
    _check_keys(row, _LIMIT_KEYS)
    finding = str(row["finding"])
    if ("below" in row) == ("above" in row):
        raise ValueError(f"the limit of {finding} needs either below or above")
    if row["source"] not in sources:
        raise ValueError(f"{finding} names the source {row['source']}, which is not in [sources]")
    return ValueLimit(
        finding=finding,
        below=_optional(row, "below"),
        above=_optional(row, "above"),
        normal=_optional(row, "normal"),
        applies=parse_applies(row["applies"]) if "applies" in row else EVERYONE,
        by_reference=_switch(row, "by_reference", default=True),
        source=str(row["source"]),
    )


def _check_keys(table: Any, known: Iterable[str]) -> None:
    if not isinstance(table, dict):
        raise TypeError("it must be a table")
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"it has unknown keys: {', '.join(unknown)}")


def _names(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError("names must be a list of words")
    return tuple(names)


def _switch(table: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise TypeError(f"{key} must be true or false")
    return value


def _optional(row: Mapping[str, Any], key: str) -> float | None:
    return _number(row[key]) if key in row else None


def _pair(limits: Any) -> tuple[float, float]:
    low, high = limits
    return _number(low, infinite=True), _number(high, infinite=True)


def _number(value: Any, *, infinite: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise TypeError(f"{value!r} is no number")
    if math.isinf(value) and not infinite:
        raise ValueError("a number must be finite")
    return float(value)
