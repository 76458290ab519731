"""How soon a patient must be seen."""

from __future__ import annotations

from medrag_desktop.domain.basics import not_looked_at
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Differential
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.triage import Triage

URGENT_FROM = 0.1
"""Probability from which a condition's own urgency counts for the patient, an emergency as urgent."""
EMERGENCY_FROM = 0.4
"""Probability that some emergency or other is there from which the patient is one."""
SURE = 0.6
"""Probability from which a condition whose own danger signs are there counts as an emergency."""


def urgency_of(
    signs: Triage,
    ranked: Differential,
    encounter: Encounter,
    observations: Observations,
    catalogue: Catalogue,
) -> tuple[Urgency, tuple[str, ...]]:
    """Return the most urgent of: danger signs that fired, likely conditions, and those conditions' own signs; and why.

    Silence is not safety: while something basic was not looked at, nothing is less urgent than soon.
    """
    found = [(sign.urgency, "a danger sign") for sign in signs.fired[:1]]
    if not_looked_at(encounter, observations):
        found.append((Urgency.SOON, "basic measurements or questions are missing"))
    # where nothing explains the findings the ranking says little, but what must not be missed still counts
    weighed = [c for c in ranked.candidates if c.cannot_miss or not ranked.outside_library]
    emergencies: list[tuple[float, str]] = []
    for candidate in weighed:
        condition = catalogue.by_id[candidate.condition]
        words = f"{condition.name} is {candidate.band}"
        there = [sign for sign in condition.danger_signs if observations.presence(sign) is Presence.PRESENT]
        if there:
            words += f", and {catalogue.vocabulary.label(there[0])} is a danger sign in it"
        if condition.urgency is Urgency.EMERGENCY or (there and candidate.probability >= SURE):
            emergencies.append((candidate.probability, words))
        if candidate.probability >= URGENT_FROM:
            graver = there or condition.urgency is Urgency.EMERGENCY
            found.append((Urgency.URGENT if graver else condition.urgency, words))
    if sum(probability for probability, _ in emergencies) >= EMERGENCY_FROM:
        named = [words for probability, words in emergencies if probability >= URGENT_FROM] or [emergencies[0][1]]
        found += [(Urgency.EMERGENCY, words) for words in named]
    order = list(Urgency)
    most = min((urgency for urgency, _ in found), key=order.index, default=Urgency.ROUTINE)
    return most, tuple(dict.fromkeys(why for urgency, why in found if urgency is most))
