"""The findings vocabulary: what a finding is called, what it implies and how to ask for it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from medrag_desktop.domain.threshold import Threshold, parse_threshold
from medrag_desktop.errors import LibraryError

KINDS = ("symptom", "sign", "vital", "history", "exposure", "medicine", "test")
NEEDS = ("rapid", "laboratory", "hospital")
"""What a clinic must have for a test, each with those before it: strips and rapid tests; a simple laboratory, X-ray,
ECG and ultrasound; a hospital."""
LASTING = ("history", "exposure", "medicine")
"""Kinds of finding that are true of the patient although they lie in the past."""
FELT = ("symptom", "sign", "vital")
"""Kinds of finding that somebody who worries about them has seen."""


@dataclass(frozen=True, slots=True)
class DurationLimit:
    """How long a finding must have lasted."""

    findings: tuple[str, ...]
    """One of these, or a finding that implies one."""
    hours: float
    """At least so long."""


@dataclass(frozen=True, slots=True)
class FindingDefinition:
    """One entry of the vocabulary."""

    id: str
    label: str
    kind: str
    """One of KINDS."""
    system: str
    """Body system: the name of the file it stands in."""
    synonyms: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    """Words that mean this finding where the text has just named a broader one: `goes through to the back`."""
    denied_by: tuple[str, ...] = ()
    """Words for the normal state, which say that this finding is absent: `lungs clear`."""
    question: str = ""
    parents: tuple[str, ...] = ()
    """Findings that are there whenever this one is."""
    derive: Threshold | None = None
    """The vital sign that alone decides it at any age."""
    derive_duration: DurationLimit | None = None
    """How long which other finding must have lasted for this one to be there."""
    derive_together: tuple[str, ...] = ()
    """Findings that together make this one: diarrhoea and blood in the stool."""
    needs: str = ""
    """One of NEEDS for a test, which without it counts as one of the hospital; empty for any other kind."""


@dataclass(frozen=True)
class Vocabulary:
    """All finding definitions by id."""

    definitions: Mapping[str, FindingDefinition]

    def __contains__(self, finding: object) -> bool:
        """Tell whether the id exists."""
        return finding in self.definitions

    def __getitem__(self, finding: str) -> FindingDefinition:
        """Return a definition; KeyError when the id does not exist."""
        return self.definitions[finding]

    def label(self, finding: str) -> str:
        """Return the label of a finding; of one that this library does not hold, the words of its id."""
        definition = self.definitions.get(finding)
        return finding.replace(".", " ").replace("_", " ") if definition is None else definition.label

    def ancestors(self, finding: str) -> tuple[str, ...]:
        """Return every finding that this one implies, nearest first."""
        return self._ancestors[finding]

    def descendants(self, finding: str) -> tuple[str, ...]:
        """Return every finding that implies this one."""
        return self._descendants.get(finding, ())

    def lasting(self, finding: str, hours: float) -> tuple[str, ...]:
        """Return the findings that are there because this one has lasted so long."""
        names = {finding, *self.ancestors(finding)}
        decided = (n for n, limit in self._limits if hours >= limit.hours and not names.isdisjoint(limit.findings))
        return tuple(name for name in decided if name not in names)

    def together(self, there: Container[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the findings that those which are there make together, each with its parts."""
        return tuple((name, parts) for name, parts in self._conjunctions if all(part in there for part in parts))

    @cached_property
    def _conjunctions(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((name, d.derive_together) for name, d in self.definitions.items() if d.derive_together)

    @cached_property
    def _limits(self) -> tuple[tuple[str, DurationLimit], ...]:
        every = self.definitions.items()
        return tuple((name, d.derive_duration) for name, d in every if d.derive_duration is not None)

    @cached_property
    def _ancestors(self) -> dict[str, tuple[str, ...]]:
        return {finding: _walk(finding, self.definitions) for finding in self.definitions}

    @cached_property
    def _descendants(self) -> dict[str, tuple[str, ...]]:
        below: dict[str, list[str]] = {}
        for finding, above in self._ancestors.items():
            for ancestor in above:
                below.setdefault(ancestor, []).append(finding)
        return {ancestor: tuple(findings) for ancestor, findings in below.items()}


def parse_findings(text: str, system: str) -> tuple[FindingDefinition, ...]:
    """Read one findings file; raise LibraryError naming the entry that cannot be read."""
    try:
        tables = tomllib.loads(text)["findings"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise LibraryError(f"findings/{system}.toml cannot be read: {error}") from error
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise LibraryError(f"findings/{system}.toml must hold one table for each finding.")
    return tuple(_definition(finding, table, system) for finding, table in tables.items())


def make_vocabulary(definitions: Iterable[FindingDefinition]) -> Vocabulary:
    """Join the definitions of all files, adding the dotted prefix of an id to its parents.

    Raise LibraryError when an id is defined twice, a parent does not exist, or a finding implies itself.
    """
    by_id: dict[str, FindingDefinition] = {}
    for definition in definitions:
        if definition.id in by_id:
            raise LibraryError(f"The finding {definition.id} is defined twice in the library.")
        by_id[definition.id] = definition
    joined = {finding: _with_prefix(definition, by_id) for finding, definition in by_id.items()}
    for finding, definition in joined.items():
        _walk(finding, joined)
        _check_limit(definition, joined)
        _check_together(definition, joined)
    return Vocabulary(joined)


def _definition(finding: str, table: dict[str, object], system: str) -> FindingDefinition:
    unknown = set(table) - {
        "label",
        "kind",
        "synonyms",
        "qualifiers",
        "denied_by",
        "question",
        "parents",
        "derive",
        "derive_duration",
        "derive_together",
        "needs",
    }
    if unknown:
        raise LibraryError(f"findings/{system}.toml: {finding} has unknown keys {sorted(unknown)}.")
    if table.get("kind") not in KINDS or not isinstance(table.get("label"), str):
        raise LibraryError(f"findings/{system}.toml: {finding} needs a label and a kind of {', '.join(KINDS)}.")
    where = f"findings/{system}.toml: {finding}"
    derive = table.get("derive")
    return FindingDefinition(
        id=finding,
        label=str(table["label"]),
        kind=str(table["kind"]),
        system=system,
        synonyms=_strings(table, "synonyms", where),
        qualifiers=_strings(table, "qualifiers", where),
        denied_by=_strings(table, "denied_by", where),
        question=str(table.get("question", "")),
        parents=_strings(table, "parents", where),
        derive=None if derive is None else _derivation(str(derive), where),
        derive_duration=_limit(table.get("derive_duration"), where),
        derive_together=_strings(table, "derive_together", where),
        needs=_needs(table, where),
    )


def _needs(table: Mapping[str, object], where: str) -> str:
    needs = table.get("needs")
    if needs is None:
        return ""
    if table["kind"] != "test":
        raise LibraryError(f"{where}: only a test has the key needs.")
    if needs not in NEEDS:
        raise LibraryError(f"{where}: needs must be one of {', '.join(NEEDS)}.")
    return str(needs)


def _strings(table: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise LibraryError(f"{where}: {key} must be a list of strings.")
    return tuple(value)


def _derivation(text: str, where: str) -> Threshold:
    try:
        return parse_threshold(text)
    except LibraryError as error:
        raise LibraryError(f"{where}: {error}") from error


def _limit(table: object, where: str) -> DurationLimit | None:
    if table is None:
        return None
    if not isinstance(table, dict) or set(table) != {"finding", "hours"}:
        raise LibraryError(f"{where}: derive_duration must hold finding and hours, and nothing else.")
    hours, named = table["hours"], table["finding"]
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours < math.inf:
        raise LibraryError(f"{where}: the hours of derive_duration must be a number above 0.")
    findings = _strings({"finding": [named] if isinstance(named, str) else named}, "finding", where)
    if not findings:
        raise LibraryError(f"{where}: derive_duration names no finding.")
    return DurationLimit(findings, float(hours))


def _check_limit(definition: FindingDefinition, definitions: Mapping[str, FindingDefinition]) -> None:
    for finding in definition.derive_duration.findings if definition.derive_duration else ():
        if finding == definition.id or finding not in definitions:
            raise LibraryError(f"The duration of {finding} cannot decide {definition.id}: it is no other finding.")


def _check_together(definition: FindingDefinition, definitions: Mapping[str, FindingDefinition]) -> None:
    parts = definition.derive_together
    if parts and (len(set(parts)) < 2 or any(part == definition.id or part not in definitions for part in parts)):
        raise LibraryError(f"{definition.id} must be made by two other findings at least, each of them known.")


def _with_prefix(definition: FindingDefinition, by_id: Mapping[str, FindingDefinition]) -> FindingDefinition:
    prefix = definition.id.rpartition(".")[0]
    while prefix and prefix not in by_id:
        prefix = prefix.rpartition(".")[0]
    if not prefix or prefix in definition.parents:
        return definition
    return replace(definition, parents=(prefix, *definition.parents))


def _walk(finding: str, definitions: Mapping[str, FindingDefinition]) -> tuple[str, ...]:
    seen: list[str] = []
    queue = list(definitions[finding].parents)
    while queue:
        parent = queue.pop(0)
        if parent not in definitions:
            raise LibraryError(f"The finding {finding} names the parent {parent}, which does not exist.")
        if parent == finding:
            raise LibraryError(f"The finding {finding} implies itself through its parents.")
        if parent not in seen:
            seen.append(parent)
            queue.extend(definitions[parent].parents)
    return tuple(seen)
