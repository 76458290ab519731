"""Which sentences of a passage speak most to this patient (the extractive level, and the fall-back of generation)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from medrag_desktop.domain.doses import holds_dose
from medrag_desktop.domain.encounter import Patient, Presence
from medrag_desktop.domain.grounding import speaks_of_one
from medrag_desktop.domain.groups import groups_named
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.sentences import split


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence, the passage it stands in, and how well it fits the patient."""

    text: str
    passage: int
    score: float


def select_sentences(
    passages: Sequence[str],
    findings_in: Callable[[str], Sequence[str]],
    observations: Observations,
    patient: Patient,
    count: int = 2,
) -> tuple[Scored, ...]:
    """Return the best whole sentences, best first; those with a dose or about another group are left out.

    `findings_in` names the findings that a sentence mentions. A sentence gains by each mentioned finding that is
    there and by its place near the start of the best passage, and loses by each that is absent.
    """
    scored = [
        Scored(piece.text, number, _score(piece.text, number, place, findings_in(piece.text), observations, patient))
        for number, passage in enumerate(passages)
        for place, piece in enumerate(split(passage))
        if piece.whole and usable(piece.text, patient)
    ]
    return tuple(sorted(scored, key=lambda s: (-s.score, s.passage))[:count])


def usable(sentence: str, patient: Patient) -> bool:
    """Tell whether a sentence may stand in a draft for this patient."""
    return not (
        len(sentence.split()) < 4 or holds_dose(sentence) or speaks_of_one(sentence) or about_others(sentence, patient)
    )


def about_others(sentence: str, patient: Patient) -> bool:
    """Tell whether a sentence names only groups of patients that this one surely does not belong to."""
    verdicts = groups_named(sentence, patient)
    return bool(verdicts) and all(verdict is False for verdict in verdicts)


def _score(
    sentence: str,
    number: int,
    place: int,
    mentioned: Sequence[str],
    observations: Observations,
    patient: Patient,
) -> float:
    presences = [observations.presence(finding) for finding in dict.fromkeys(mentioned)]
    named = any(groups_named(sentence, patient))
    return (
        1.0 * presences.count(Presence.PRESENT)
        - 0.5 * presences.count(Presence.ABSENT)
        + 0.5 * named
        - 0.4 * number
        - 0.15 * place
    )
