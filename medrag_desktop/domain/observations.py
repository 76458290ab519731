"""What is known of each finding: form over text, vital signs read, implications drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence
from medrag_desktop.domain.normal_ranges import NormalRanges, derived_findings, origin_of
from medrag_desktop.domain.threshold import describe_measurement
from medrag_desktop.domain.vocabulary import Vocabulary


@dataclass(frozen=True)
class Observations:
    """The presence of every finding that the encounter says something about."""

    stated: tuple[Finding, ...]
    """As entered, measured or read from text, one a finding, nothing implied."""
    known: Mapping[str, Finding]
    """Stated and implied, by finding id; an implied one carries the finding it follows from as its quote."""

    def presence(self, finding: str) -> Presence:
        """Return the presence of a finding; NOT_ASSESSED when nothing is known."""
        found = self.known.get(finding)
        return Presence.NOT_ASSESSED if found is None else found.presence

    def present(self) -> tuple[Finding, ...]:
        """Return what was stated as present."""
        return tuple(f for f in self.stated if f.presence is Presence.PRESENT)

    def narrowest(self, vocabulary: Vocabulary) -> tuple[Finding, ...]:
        """Return the stated findings less those that another one implies or a normal value shows."""
        present = {f.finding for f in self.present()}
        absent = {f.finding for f in self.absent()}
        return tuple(
            f
            for f in self.stated
            if (f.presence is Presence.PRESENT and present.isdisjoint(vocabulary.descendants(f.finding)))
            or (
                f.presence is Presence.ABSENT
                and absent.isdisjoint(vocabulary.ancestors(f.finding))
                and not (f.origin is Origin.FORM and f.quote)
            )
        )

    def absent(self) -> tuple[Finding, ...]:
        """Return what was stated as absent."""
        return tuple(f for f in self.stated if f.presence is Presence.ABSENT)


def observe(
    encounter: Encounter, extracted: Iterable[Finding], vocabulary: Vocabulary, ranges: NormalRanges
) -> Observations:
    """Join the form, the vital signs and the text.

    A measurement of the form that is out of range wins over a tick in the form, the form over the text; but a normal
    measurement now does not unsay what the text reports of the last days ("fever for three days"). Who says that
    there is no cough says that there is no productive cough either: the text cannot bring it back.
    """
    banded = {finding for band in ranges.bands for finding in (band.below, band.above)}
    by_limit = (
        f for f in _thresholds(encounter, vocabulary) if f.presence is Presence.PRESENT or f.finding not in banded
    )
    derived = (*by_limit, *derived_findings(encounter, ranges))
    present = tuple(f for f in derived if f.presence is Presence.PRESENT)
    measured = tuple(f for f in present if f.origin is Origin.FORM)
    normal = tuple(f for f in derived if f.presence is Presence.ABSENT)
    told = tuple(f for f in (*present, *extracted) if _may_stand(f, encounter.findings, vocabulary))
    stated: dict[str, Finding] = {}
    for finding in (*measured, *encounter.findings, *told, *normal):
        if finding.finding in vocabulary and finding.presence is not Presence.NOT_ASSESSED:
            stated.setdefault(finding.finding, finding)
    unsaid = _unsaid(stated.values(), vocabulary)
    kept = tuple(f for f in stated.values() if f.finding not in unsaid)
    silent = {f.finding for f in kept if f in normal}
    return Observations(kept, _implied(kept, vocabulary, silent))


def _may_stand(finding: Finding, form: tuple[Finding, ...], vocabulary: Vocabulary) -> bool:
    """Tell whether the form leaves room for what the text says; set to not assessed, it unsays the text."""
    if finding.finding not in vocabulary:
        return False
    if finding.origin is Origin.FORM:
        return True
    named = {f.finding: f.presence for f in form}
    if finding.finding in named:
        return False
    if finding.presence is Presence.ABSENT:
        return True
    return all(named.get(parent) is not Presence.ABSENT for parent in vocabulary.ancestors(finding.finding))


def _unsaid(stated: Iterable[Finding], vocabulary: Vocabulary) -> set[str]:
    """Return what the text or a normal measurement denies although a narrower finding is there."""
    stated = tuple(stated)
    there = {parent for f in stated if f.presence is Presence.PRESENT for parent in vocabulary.ancestors(f.finding)}
    return {f.finding for f in stated if f.presence is Presence.ABSENT and f.quote and f.finding in there}


def _thresholds(encounter: Encounter, vocabulary: Vocabulary) -> Iterable[Finding]:
    for definition in vocabulary.definitions.values():
        if definition.derive is None:
            continue
        holds = definition.derive.holds(encounter)
        if holds is not None:
            presence = Presence.PRESENT if holds else Presence.ABSENT
            name = definition.derive.measurement
            if holds or not _aided(encounter, name):
                quote = describe_measurement(encounter, name)
                yield Finding(definition.id, presence, origin_of(encounter, name), quote)


def _aided(encounter: Encounter, measurement: str) -> bool:
    """Tell whether a normal value is owed to oxygen and denies nothing."""
    return measurement == "spo2_percent" and encounter.vital_signs.on_oxygen is True


def _implied(stated: tuple[Finding, ...], vocabulary: Vocabulary, silent: set[str]) -> dict[str, Finding]:
    """Draw the implications; `silent` are normal measurements, which deny no narrower finding of the last days."""
    known = {f.finding: f for f in stated}
    for finding in stated:
        if finding.presence is Presence.PRESENT:
            for parent in vocabulary.ancestors(finding.finding):
                if known.get(parent) is None or known[parent].presence is Presence.ABSENT:
                    known[parent] = _follows(parent, finding, vocabulary)
    for finding in stated:
        if known[finding.finding].presence is Presence.ABSENT and finding.finding not in silent:
            for child in vocabulary.descendants(finding.finding):
                known.setdefault(child, _follows(child, finding, vocabulary))
    return known


def _follows(finding: str, reason: Finding, vocabulary: Vocabulary) -> Finding:
    return Finding(finding, reason.presence, reason.origin, quote=vocabulary.label(reason.finding))
