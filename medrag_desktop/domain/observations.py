"""What is known of each finding: form over text, vital signs read, implications drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence, Severity
from medrag_desktop.domain.normal_ranges import NormalRanges, derived_findings, doubtful_values, origin_of
from medrag_desktop.domain.threshold import describe_measurement
from medrag_desktop.domain.vocabulary import Vocabulary

_WORSE = ("severe", "heavy", "massive")
"""How the id of a finding ends that is the severe degree of the one before the dot."""
_ONE_SIDED = ("one_sided", "one_leg", "unilateral")
_BOTH_SIDED = ("both_legs", "both_sided", "bilateral")


@dataclass(frozen=True)
class Observations:
    """The presence of every finding that the encounter says something about."""

    stated: tuple[Finding, ...]
    """As entered, measured or read from text, one a finding, nothing implied."""
    known: Mapping[str, Finding]
    """Stated and implied, by finding id; an implied one carries the finding it follows from as its quote."""
    unsaid: tuple[Finding, ...] = ()
    """What the text says is there while the form says that it was not assessed."""
    as_told: Mapping[str, Finding] = field(default_factory=dict)
    """What would be known if the text were believed; empty unless something is unsaid."""
    doubtful: tuple[str, ...] = ()
    """Measurements that are likelier a slip of the pen than true, in words."""

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
    there is no cough says that there is no productive cough either: the text cannot bring it back. What the form sets
    to not assessed unsays the text, and is remembered as unsaid.
    """
    extracted = tuple(extracted)
    seen = _joined(encounter, extracted, vocabulary, ranges)
    rejected = {f.finding for f in encounter.findings if f.presence is Presence.NOT_ASSESSED}
    unsaid = tuple(f for f in extracted if f.finding in rejected and f.presence is Presence.PRESENT)
    doubtful = doubtful_values(encounter, ranges)
    if not unsaid:
        return replace(seen, doubtful=doubtful)
    kept = tuple(f for f in encounter.findings if f.finding not in rejected)
    told = _joined(replace(encounter, findings=kept), extracted, vocabulary, ranges)
    return replace(seen, unsaid=unsaid, as_told=told.known, doubtful=doubtful)


def _joined(
    encounter: Encounter, extracted: tuple[Finding, ...], vocabulary: Vocabulary, ranges: NormalRanges
) -> Observations:
    derived = _derived(encounter, vocabulary, ranges)
    present = tuple(f for f in derived if f.presence is Presence.PRESENT)
    measured = tuple(f for f in present if f.origin is Origin.FORM)
    normal = tuple(f for f in derived if f.presence is Presence.ABSENT)
    worse = tuple(_graded(encounter.findings, vocabulary))
    told = tuple(
        f
        for f in (*present, *extracted, *_graded(extracted, vocabulary))
        if _may_stand(f, encounter.findings, vocabulary)
    )
    # a measured normal value says more of the present than a denial in the text
    sure = {f.finding for f in normal if f.origin is Origin.FORM}
    denied = tuple(f for f in told if f.presence is Presence.ABSENT and f.finding in sure)
    stated: dict[str, Finding] = {}
    for finding in (*measured, *worse, *encounter.findings, *(f for f in told if f not in denied), *normal):
        if finding.finding in vocabulary and finding.presence is not Presence.NOT_ASSESSED:
            stated.setdefault(finding.finding, finding)
    unsaid = _contradicted(stated.values(), vocabulary)
    kept = tuple(f for f in stated.values() if f.finding not in unsaid)
    silent = {f.finding for f in kept if f in normal}
    return Observations(kept, _implied(kept, vocabulary, silent, denied))


def _derived(encounter: Encounter, vocabulary: Vocabulary, ranges: NormalRanges) -> tuple[Finding, ...]:
    """Return what measurements decide, by the limit of the vocabulary and by those of the patient's age."""
    banded = {finding for band in ranges.bands for finding in (band.below, band.above)}
    by_limit = (
        f for f in _thresholds(encounter, vocabulary) if f.presence is Presence.PRESENT or f.finding not in banded
    )
    return (*by_limit, *derived_findings(encounter, ranges))


def _graded(findings: Iterable[Finding], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield the narrower finding that a severity or a side of one that is there stands for."""
    for finding in findings:
        if finding.presence is not Presence.PRESENT or finding.finding not in vocabulary:
            continue
        endings: tuple[str, ...] = _WORSE if finding.severity is Severity.SEVERE else ()
        endings += {"left": _ONE_SIDED, "right": _ONE_SIDED, "both": _BOTH_SIDED}.get(finding.laterality, ())
        for name in (f"{finding.finding}.{ending}" for ending in endings):
            if name in vocabulary:
                yield replace(finding, finding=name)


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


def _contradicted(stated: Iterable[Finding], vocabulary: Vocabulary) -> set[str]:
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


def _implied(
    stated: tuple[Finding, ...], vocabulary: Vocabulary, silent: set[str], denied: tuple[Finding, ...]
) -> dict[str, Finding]:
    """Draw the implications.

    `silent` are normal measurements, which deny no narrower finding of the last days; what the text has `denied` does.
    """
    known = {f.finding: f for f in stated}
    for finding in stated:
        if finding.presence is Presence.PRESENT:
            for parent in vocabulary.ancestors(finding.finding):
                if known.get(parent) is None or known[parent].presence is Presence.ABSENT:
                    known[parent] = _follows(parent, finding, vocabulary)
    for finding in (*(f for f in stated if f.finding not in silent), *denied):
        if finding.presence is Presence.ABSENT and known[finding.finding].presence is Presence.ABSENT:
            for child in vocabulary.descendants(finding.finding):
                known.setdefault(child, _follows(child, finding, vocabulary))
    return known


def _follows(finding: str, reason: Finding, vocabulary: Vocabulary) -> Finding:
    return Finding(finding, reason.presence, reason.origin, quote=vocabulary.label(reason.finding))
