"""How well free text is read, against findings that a person marked in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medrag_desktop.domain.encounter import Encounter, Finding, Patient, Presence, Sex
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import InputError
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task

_FIELDS = frozenset({"id", "row", "text", "age_years", "sex", "findings"})


@dataclass(frozen=True, slots=True)
class MarkedText:
    """One text with the findings that a person read in it."""

    id: str
    encounter: Encounter
    findings: Mapping[str, Presence]


@dataclass(frozen=True, slots=True)
class Misread:
    """A finding that was missed, or read although it is not there."""

    text: str
    finding: str
    kind: str
    """`missed`, `wrong` (stated, and not in the text) or `turned` (present for absent, or the other way)."""
    quote: str


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """Counts over all texts."""

    texts: int
    marked: int
    """Findings that were marked."""
    found: int
    """Of those, known to the program with the same presence."""
    stated: int
    """Findings that the program states."""
    right: int
    """Of those, said or implied by what was marked, with the same presence."""
    turned: int
    """Marked findings that are known to the program with the other presence."""
    danger_signs: int
    """Danger signs that the marked findings alone set off."""
    danger_signs_found: int
    """Of those, set off by the text."""
    misread: tuple[Misread, ...]

    @property
    def recall(self) -> float:
        """Return the share of the marked findings that is known."""
        return self.found / self.marked if self.marked else 0.0

    @property
    def precision(self) -> float:
        """Return the share of the stated findings that is right."""
        return self.right / self.stated if self.stated else 0.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        total = self.recall + self.precision
        return 2 * self.recall * self.precision / total if total else 0.0

    @property
    def negation_accuracy(self) -> float:
        """Return, of the marked findings that were read at all, the share with the right presence."""
        read = self.found + self.turned
        return self.found / read if read else 0.0


def evaluate_extraction(texts: Sequence[MarkedText], ranker: Ranker, *, task: Task) -> ExtractionResult:
    """Read every text and compare.

    A marked finding is found when it is stated or follows from what is; a stated one is right when it was marked or
    follows from what was: `cough` is no error where a dry cough was marked, but the dry cough is then missed.
    """
    vocabulary = ranker.catalogue.vocabulary
    found = stated = right = turned = marked = danger = alarmed = 0
    misread: list[Misread] = []
    for text in task.track(texts, "Reading texts", len(texts)):
        _, observations, signs = ranker.triage(text.encounter)
        expected = _danger_signs(text, ranker)
        danger, alarmed = danger + len(expected), alarmed + len(expected & {sign.id for sign in signs.fired})
        for finding, presence in text.findings.items():
            read = observations.presence(finding)
            marked, found = marked + 1, found + (read is presence)
            turned += read is not presence and read is not Presence.NOT_ASSESSED
            if read is not presence:
                kind = "missed" if read is Presence.NOT_ASSESSED else "turned"
                misread.append(Misread(text.id, finding, kind, ""))
        true = _closure(text.findings, vocabulary)
        for said in _stated(observations, vocabulary):
            stated, right = stated + 1, right + (true.get(said.finding) is said.presence)
            if said.finding not in true:
                misread.append(Misread(text.id, said.finding, "wrong", said.quote))
    return ExtractionResult(len(texts), marked, found, stated, right, turned, danger, alarmed, tuple(misread))


def read_marked_text(row: Mapping[str, Any], number: int, texts: Sequence[str], vocabulary: Vocabulary) -> MarkedText:
    """Turn one line into a marked text; `row` of a line counts the `texts` from 0. Raise InputError naming the line."""
    if unknown := sorted(set(row) - _FIELDS):
        raise InputError(f"line {number}: unknown fields {', '.join(unknown)}.")
    try:
        written = row["text"] if "text" in row else texts[int(row["row"])]
        findings = {str(f["finding"]): Presence(f["presence"]) for f in row["findings"]}
        patient = Patient(age_years=row.get("age_years"), sex=Sex(row.get("sex", "unknown")))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"line {number}: cannot be read ({error!r}).") from error
    if strange := sorted(finding for finding in findings if finding not in vocabulary):
        raise InputError(f"line {number}: these findings are not known: {', '.join(strange)}.")
    return MarkedText(str(row.get("id", number)), Encounter(patient=patient, history=str(written)), findings)


def _danger_signs(text: MarkedText, ranker: Ranker) -> set[str]:
    """Return the rules that what was marked sets off, without the text."""
    marked = tuple(Finding(finding, presence) for finding, presence in text.findings.items())
    _, _, signs = ranker.triage(replace(text.encounter, history="", findings=marked))
    return {sign.id for sign in signs.fired}


def _closure(findings: Mapping[str, Presence], vocabulary: Vocabulary) -> dict[str, Presence]:
    """Return what was marked with all it implies; what is there wins over what is not."""
    closed: dict[str, Presence] = {}
    for finding, presence in findings.items():
        implied = vocabulary.descendants if presence is Presence.ABSENT else vocabulary.ancestors
        for name in (finding, *implied(finding)):
            if closed.get(name) is not Presence.PRESENT:
                closed[name] = presence
    return closed


def _stated(observations: Observations, vocabulary: Vocabulary) -> Iterable[Any]:
    """Return what the program states; what only a normal measurement denies was said by no words."""
    return (f for f in observations.narrowest(vocabulary) if f.presence is Presence.PRESENT or f.field)
