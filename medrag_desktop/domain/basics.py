"""What must have been looked at before silence may be read as safety."""

from __future__ import annotations

from collections.abc import Iterator

from medrag_desktop.domain.applies import may_be_pregnant
from medrag_desktop.domain.encounter import Encounter, Origin, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.threshold import measured, standing_for

_EVERYONE = ("temperature_celsius", "heart_rate_bpm", "respiratory_rate_bpm", "spo2_percent", "avpu")
_PRESSURE_FROM = 12
"""Years from which the blood pressure belongs to the vital signs of every patient."""
_CHILD_UNDER = 5
"""Years up to which the general danger signs of IMCI are asked for."""
_GENERAL_DANGER_SIGNS = ("unable_to_drink", "vomits_everything", "convulsions", "lethargy")


def not_looked_at(encounter: Encounter, observations: Observations) -> tuple[str, ...]:
    """Return what of the basics was not entered: age, vital signs, general danger signs under five, pregnancy.

    Names of measurements, ids of findings, `age` and `pregnancy`. What was only read from the text does not count.
    """
    return tuple(_missing(encounter, observations))


def _missing(encounter: Encounter, observations: Observations) -> Iterator[str]:
    age = encounter.patient.age_years
    if age is None:
        yield "age"
    wanted = _EVERYONE if age is not None and age < _PRESSURE_FROM else (*_EVERYONE, "systolic_mmhg")
    for name in wanted:
        taken = standing_for(encounter, name)
        if measured(encounter, taken) is None or taken in encounter.read_from_text:
            yield name
    if age is not None and age < _CHILD_UNDER:
        for sign in _GENERAL_DANGER_SIGNS:
            found = observations.known.get(sign)
            if found is None or found.presence is Presence.NOT_ASSESSED or found.origin is Origin.TEXT:
                yield sign
    if may_be_pregnant(encounter.patient) and age is not None:
        yield "pregnancy"
