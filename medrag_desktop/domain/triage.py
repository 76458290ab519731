"""Danger signs by rule over findings and vital signs; never by a model.

A rule has three outcomes: it fires, it is cleared, or it lacks data. Silence is never read as safety, and an
absence that was read from free text never clears a rule.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medrag_desktop.domain.applies import (
    EVERYONE,
    Applies,
    age_condition,
    applies_to,
    must_be_asked,
    parse_applies,
    unknown_of_patient,
)
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.threshold import (
    MEASUREMENTS,
    Threshold,
    describe_measurement,
    is_threshold,
    parse_threshold,
    standing_for,
)
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import LibraryError

DOUBTFUL, UNREAD = "doubtful_measurement", "text_not_read"
"""Ids under which Triage says that a measurement should be checked, and that a text was not understood."""
_CONFIRM = "confirm "
"""How a need begins that only unsays what the text says."""
Known = Mapping[str, Finding]
"""What is known, by finding id."""
Criterion = str | Threshold
"""A finding id, or a comparison of a measurement."""


@dataclass(frozen=True, slots=True)
class DangerRule:
    """One danger sign: fires when all of `all_of`, one of `any_of` and `count` of `at_least` hold."""

    id: str
    message: str
    urgency: Urgency
    source: str
    applies: Applies = EVERYONE
    all_of: tuple[Criterion, ...] = ()
    any_of: tuple[Criterion, ...] = ()
    at_least: tuple[Criterion, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class DangerSign:
    """A rule that fired."""

    id: str
    message: str
    urgency: Urgency
    because: tuple[str, ...]
    """What in the encounter made it fire, in words."""
    source: str


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """A rule that could not be decided."""

    id: str
    needs: tuple[str, ...]
    """What must be asked, examined or measured, in words."""


@dataclass(frozen=True, slots=True)
class Triage:
    """The outcome of all rules."""

    fired: tuple[DangerSign, ...]
    not_assessed: tuple[NotAssessed, ...]


def most_wanted(rules: Iterable[NotAssessed]) -> tuple[str, ...]:
    """Return what the rules lack: first what the program doubts of what was entered, then what most rules wait for."""
    rules = tuple(rules)
    doubted = [need for rule in rules for need in rule.needs if rule.id in (DOUBTFUL, UNREAD) or _is_doubt(need)]
    counts = Counter(need for rule in rules for need in rule.needs)
    return tuple(dict.fromkeys((*doubted, *(need for need, _ in counts.most_common()))))


def unread_words(triage: Triage) -> tuple[str, ...]:
    """Return what of the text was not understood, in words."""
    return tuple(need for each in triage.not_assessed if each.id == UNREAD for need in each.needs)


def _is_doubt(need: str) -> bool:
    return need.startswith(_CONFIRM)


def to_confirm(quote: str, doubt: str) -> str:
    """Return the words of a need that only confirms what the text says, or perhaps says."""
    return f'{_CONFIRM}"{quote}" ({doubt})'


def triage(
    encounter: Encounter, observations: Observations, rules: Iterable[DangerRule], vocabulary: Vocabulary
) -> Triage:
    """Evaluate every rule on one encounter, emergencies first.

    A rule that only the text would have made fire, had the form not set it to not assessed, stays open and says so.
    """
    fired: list[DangerSign] = []
    open_rules: list[NotAssessed] = []
    for rule in rules:
        applies = applies_to(rule.applies, encounter.patient)
        if applies is False:
            continue
        outcome = _evaluate(rule, encounter, observations.known)
        if outcome and not must_be_asked(rule.applies, encounter.patient):
            because = _because(rule, encounter, observations.known, vocabulary)
            message = _conditional(rule.message, age_condition(rule.applies, encounter.patient))
            fired.append(DangerSign(rule.id, message, rule.urgency, because, rule.source))
            continue
        doubts = tuple(_unsaid(rule, encounter, observations, vocabulary))
        if outcome is not False or doubts:
            asked = unknown_of_patient(rule.applies, encounter.patient)
            needs = _needs(rule, encounter, observations.known, vocabulary)
            open_rules.append(NotAssessed(rule.id, (*doubts, *asked, *needs)))
    if observations.doubtful:
        wanted = tuple(f"check {words} and its unit" for words in observations.doubtful)
        open_rules.insert(0, NotAssessed(DOUBTFUL, wanted))
    order = list(Urgency)
    return Triage(tuple(sorted(fired, key=lambda sign: order.index(sign.urgency))), tuple(open_rules))


def parse_danger_rules(text: str) -> tuple[DangerRule, ...]:
    """Read danger_signs.toml; raise LibraryError naming the rule that cannot be read."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(f"danger_signs.toml cannot be read: {error}") from error
    sources = tables.get("sources", {})
    rules = tuple(_rule(row, sources) for row in tables.get("rule", ()))
    ids = [rule.id for rule in rules]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise LibraryError(f"danger_signs.toml: these rules are defined twice: {', '.join(twice)}.")
    return rules


def criteria(rule: DangerRule) -> tuple[Criterion, ...]:
    """Return every criterion of a rule."""
    return (*rule.all_of, *rule.any_of, *rule.at_least)


def _rule(row: dict[str, Any], sources: dict[str, Any]) -> DangerRule:
    name = row.get("id", "?")
    known = {"id", "message", "urgency", "source", "section", "applies", "all", "any", "at_least"}
    if unknown := set(row) - known:
        raise LibraryError(f"danger_signs.toml: {name} has unknown keys: {', '.join(sorted(unknown))}.")
    try:
        least = row.get("at_least", {"count": 0, "of": []})
        return DangerRule(
            id=row["id"],
            message=row["message"],
            urgency=Urgency(row["urgency"]),
            source=_source_words(sources[row["source"]], row.get("section", "")),
            applies=parse_applies(row.get("applies", {})),
            all_of=_criteria(row.get("all", ())),
            any_of=_criteria(row.get("any", ())),
            at_least=_criteria(least["of"]),
            count=int(least["count"]),
        )
    except LibraryError as error:
        raise LibraryError(f"danger_signs.toml: {name}: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LibraryError(f"danger_signs.toml: {name} cannot be read: {error!r}") from error


def _source_words(source: dict[str, Any], section: str) -> str:
    parts = (source["publisher"], source["title"], str(source.get("year", "")), section)
    return ", ".join(part for part in parts if part)


def _criteria(names: Iterable[str]) -> tuple[Criterion, ...]:
    if isinstance(names, str):
        raise ValueError(f"'{names}' must stand in a list")
    return tuple(parse_threshold(name) if is_threshold(name) else name for name in names)


def _conditional(message: str, condition: str) -> str:
    """Put the ages a message is meant for before it; what is shown of a patient of unknown age says so."""
    return f"{condition}: {message[:1].lower()}{message[1:]}" if condition else message


def _unsaid(
    rule: DangerRule, encounter: Encounter, observations: Observations, vocabulary: Vocabulary
) -> Iterator[str]:
    """Yield what of the text must be confirmed because it would make the rule fire and was set to not assessed."""
    if not observations.as_told or not _evaluate(rule, encounter, observations.as_told):
        return
    named = {criterion for criterion in criteria(rule) if isinstance(criterion, str)}
    for finding in observations.unsaid:
        if not named.isdisjoint((finding.finding, *vocabulary.ancestors(finding.finding))):
            quote = finding.quote or _label(finding.finding, vocabulary)
            yield to_confirm(quote, "in the text, but set to not assessed")


def _evaluate(rule: DangerRule, encounter: Encounter, known: Known) -> bool | None:
    parts: list[bool | None] = [_holds(c, encounter, known) for c in rule.all_of]
    if rule.any_of:
        parts.append(_at_least(1, [_holds(c, encounter, known) for c in rule.any_of]))
    if rule.count:
        parts.append(_at_least(rule.count, [_holds(c, encounter, known) for c in rule.at_least]))
    if False in parts:
        return False
    # a rule without criteria is an error that `library check` names; until then it neither fires nor clears
    return None if None in parts or not parts else True


def _at_least(count: int, verdicts: list[bool | None]) -> bool | None:
    if verdicts.count(True) >= count:
        return True
    return None if verdicts.count(True) + verdicts.count(None) >= count else False


def _holds(criterion: Criterion, encounter: Encounter, known: Known) -> bool | None:
    if isinstance(criterion, Threshold):
        holds = criterion.holds(encounter)
        return None if holds is False and _proves_nothing(criterion, encounter) else holds
    found = known.get(criterion)
    if found is None or found.presence is Presence.NOT_ASSESSED:
        return None
    if found.presence is Presence.PRESENT:
        return True
    return None if found.origin is Origin.TEXT else False


def _proves_nothing(criterion: Threshold, encounter: Encounter) -> bool:
    """Tell whether a normal value clears no rule: read from text, or owed to oxygen."""
    aided = criterion.measurement == "spo2_percent" and encounter.vital_signs.on_oxygen is True
    return aided or standing_for(encounter, criterion.measurement) in encounter.read_from_text


def _because(rule: DangerRule, encounter: Encounter, known: Known, vocabulary: Vocabulary) -> tuple[str, ...]:
    holding = (c for c in criteria(rule) if _holds(c, encounter, known))
    return tuple(dict.fromkeys(_reason(c, encounter, known, vocabulary) for c in holding))


def _reason(criterion: Criterion, encounter: Encounter, known: Known, vocabulary: Vocabulary) -> str:
    if isinstance(criterion, Threshold):
        return describe_measurement(encounter, criterion.measurement)
    found = known[criterion]
    label = _label(criterion, vocabulary)
    return f"{label} ({found.quote})" if found.quote and found.quote != label else label


def _needs(rule: DangerRule, encounter: Encounter, known: Known, vocabulary: Vocabulary) -> tuple[str, ...]:
    unknown = (c for c in criteria(rule) if _holds(c, encounter, known) is None)
    return tuple(dict.fromkeys(_words(c, encounter, vocabulary) for c in unknown))


def _words(criterion: Criterion, encounter: Encounter, vocabulary: Vocabulary) -> str:
    if not isinstance(criterion, Threshold):
        return _label(criterion, vocabulary)
    words = MEASUREMENTS[criterion.measurement][0]
    measured_on_oxygen = criterion.measurement == "spo2_percent" and encounter.vital_signs.on_oxygen is True
    return f"{words} without oxygen" if measured_on_oxygen else words


def _label(finding: str, vocabulary: Vocabulary) -> str:
    return vocabulary.label(finding) if finding in vocabulary else finding
