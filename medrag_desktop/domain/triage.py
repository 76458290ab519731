"""Danger signs by rule over findings and vital signs; never by a model.

A rule has three outcomes: it fires, it is cleared, or it lacks data. Silence is never read as safety, and an
absence that was read from free text never clears a rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Encounter, Origin, Patient, Presence, Sex
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.threshold import (
    MEASUREMENTS,
    Threshold,
    describe_measurement,
    is_threshold,
    parse_threshold,
)
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import LibraryError

_OLDEST = 120
"""A rule up to this age or beyond has no upper limit."""
Criterion = str | Threshold
"""A finding id, or a comparison of a measurement."""


@dataclass(frozen=True, slots=True)
class Applies:
    """Whom a rule is for; None means everyone."""

    age_years: tuple[float, float] | None = None
    """Half open."""
    sex: str | None = None
    pregnant: bool | None = None
    postpartum: bool | None = None


@dataclass(frozen=True, slots=True)
class DangerRule:
    """One danger sign: fires when all of `all_of`, one of `any_of` and `count` of `at_least` hold."""

    id: str
    message: str
    urgency: Urgency
    source: str
    applies: Applies = Applies()
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


def triage(
    encounter: Encounter, observations: Observations, rules: Iterable[DangerRule], vocabulary: Vocabulary
) -> Triage:
    """Evaluate every rule on one encounter, emergencies first."""
    fired: list[DangerSign] = []
    open_rules: list[NotAssessed] = []
    for rule in rules:
        applies = _applies(rule.applies, encounter.patient)
        if applies is False:
            continue
        outcome = _evaluate(rule, encounter, observations)
        unsure = _unsure_of_delivery(rule.applies, encounter.patient)
        if outcome and not unsure:
            because = _because(rule, encounter, observations, vocabulary)
            fired.append(DangerSign(rule.id, rule.message, rule.urgency, because, rule.source))
        elif outcome is not False:
            needs = _needs(rule, encounter, observations, vocabulary)
            open_rules.append(NotAssessed(rule.id, (*_unknown_of_patient(rule.applies, encounter.patient), *needs)))
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
            applies=_parse_applies(row.get("applies", {})),
            all_of=_criteria(row.get("all", ())),
            any_of=_criteria(row.get("any", ())),
            at_least=_criteria(least["of"]),
            count=int(least["count"]),
        )
    except LibraryError as error:
        raise LibraryError(f"danger_signs.toml: {name}: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LibraryError(f"danger_signs.toml: {name} cannot be read: {error!r}") from error


def _parse_applies(table: dict[str, Any]) -> Applies:
    if unknown := set(table) - {"age_years", "sex", "pregnant", "postpartum"}:
        raise ValueError(f"applies has unknown keys: {', '.join(sorted(unknown))}")
    if any(table.get(key) not in (None, True, False) for key in ("pregnant", "postpartum")):
        raise ValueError("applies.pregnant and applies.postpartum must be true or false")
    low, high = table.get("age_years", (None, None))
    age = None if low is None or high is None else (float(low), float(high))
    return Applies(age, table.get("sex"), table.get("pregnant"), table.get("postpartum"))


def _source_words(source: dict[str, Any], section: str) -> str:
    parts = (source["publisher"], source["title"], str(source.get("year", "")), section)
    return ", ".join(part for part in parts if part)


def _criteria(names: Iterable[str]) -> tuple[Criterion, ...]:
    if isinstance(names, str):
        raise ValueError(f"'{names}' must stand in a list")
    return tuple(parse_threshold(name) if is_threshold(name) else name for name in names)


def _applies(applies: Applies, patient: Patient) -> bool | None:
    """Tell whether a rule is for this patient; None when that cannot be known, which never silences the rule."""
    verdicts: list[bool | None] = []
    if applies.age_years is not None:
        low, high = applies.age_years
        oldest = patient.age_years is not None and patient.age_years >= high >= _OLDEST
        verdicts.append(None if patient.age_years is None else low <= patient.age_years < high or oldest)
    if applies.sex is not None:
        verdicts.append(None if patient.sex is Sex.UNKNOWN else patient.sex.value == applies.sex)
    if applies.pregnant is not None:
        verdicts.append(_all_known(applies.pregnant, _pregnant(patient)))
    if applies.postpartum is not None:
        verdicts.append(_all_known(applies.postpartum, _postpartum(patient)))
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _all_known(wanted: bool, found: bool | None) -> bool | None:
    return None if found is None else found is wanted


def _pregnant(patient: Patient) -> bool | None:
    """Tell whether the patient is pregnant; None when she may be."""
    if patient.pregnant is not None:
        return patient.pregnant
    if patient.gestational_weeks is not None and patient.possibly_pregnant:
        return True
    return None if _may_bear(patient) else False


def _postpartum(patient: Patient) -> bool | None:
    """Tell whether a delivery lies at most 42 days back; None when that was not asked."""
    if patient.postpartum_days is not None:
        return patient.postpartum
    return None if _may_bear(patient) and not patient.pregnant else False


def _may_bear(patient: Patient) -> bool:
    return patient.sex is not Sex.MALE and (patient.age_years is None or 10 <= patient.age_years <= 55)


def _unsure_of_delivery(applies: Applies, patient: Patient) -> bool:
    """Tell whether a rule is for women after delivery and nobody asked for one.

    Pregnancy is kept in mind in every woman who may be pregnant; a delivery weeks ago is not something she overlooks.
    """
    return applies.postpartum is True and _postpartum(patient) is None


def _unknown_of_patient(applies: Applies, patient: Patient) -> tuple[str, ...]:
    """Return what must be known of the patient before the rule is sure to be hers or his, in words."""
    missing = {
        "age": applies.age_years is not None and patient.age_years is None,
        "sex": applies.sex is not None and patient.sex is Sex.UNKNOWN,
        "pregnancy": applies.pregnant is not None and _pregnant(patient) is None,
        MEASUREMENTS["postpartum_days"][0]: applies.postpartum is not None and _postpartum(patient) is None,
    }
    return tuple(word for word, lacking in missing.items() if lacking)


def _evaluate(rule: DangerRule, encounter: Encounter, observations: Observations) -> bool | None:
    parts: list[bool | None] = [_holds(c, encounter, observations) for c in rule.all_of]
    if rule.any_of:
        parts.append(_at_least(1, [_holds(c, encounter, observations) for c in rule.any_of]))
    if rule.count:
        parts.append(_at_least(rule.count, [_holds(c, encounter, observations) for c in rule.at_least]))
    if False in parts:
        return False
    # a rule without criteria is an error that `library check` names; until then it neither fires nor clears
    return None if None in parts or not parts else True


def _at_least(count: int, verdicts: list[bool | None]) -> bool | None:
    if verdicts.count(True) >= count:
        return True
    return None if verdicts.count(True) + verdicts.count(None) >= count else False


def _holds(criterion: Criterion, encounter: Encounter, observations: Observations) -> bool | None:
    if isinstance(criterion, Threshold):
        holds = criterion.holds(encounter)
        return None if holds is False and _proves_nothing(criterion, encounter) else holds
    found = observations.known.get(criterion)
    if found is None or found.presence is Presence.NOT_ASSESSED:
        return None
    if found.presence is Presence.PRESENT:
        return True
    return None if found.origin is Origin.TEXT else False


def _proves_nothing(criterion: Threshold, encounter: Encounter) -> bool:
    """Tell whether a normal value clears no rule: read from text, or owed to oxygen."""
    aided = criterion.measurement == "spo2_percent" and encounter.vital_signs.on_oxygen is True
    return aided or criterion.measurement in encounter.read_from_text


def _because(
    rule: DangerRule, encounter: Encounter, observations: Observations, vocabulary: Vocabulary
) -> tuple[str, ...]:
    holding = (c for c in criteria(rule) if _holds(c, encounter, observations))
    return tuple(dict.fromkeys(_reason(c, encounter, observations, vocabulary) for c in holding))


def _reason(criterion: Criterion, encounter: Encounter, observations: Observations, vocabulary: Vocabulary) -> str:
    if isinstance(criterion, Threshold):
        return describe_measurement(encounter, criterion.measurement)
    found = observations.known[criterion]
    label = _label(criterion, vocabulary)
    return f"{label} ({found.quote})" if found.quote and found.quote != label else label


def _needs(
    rule: DangerRule, encounter: Encounter, observations: Observations, vocabulary: Vocabulary
) -> tuple[str, ...]:
    unknown = (c for c in criteria(rule) if _holds(c, encounter, observations) is None)
    return tuple(dict.fromkeys(_words(c, encounter, vocabulary) for c in unknown))


def _words(criterion: Criterion, encounter: Encounter, vocabulary: Vocabulary) -> str:
    if not isinstance(criterion, Threshold):
        return _label(criterion, vocabulary)
    words = MEASUREMENTS[criterion.measurement][0]
    measured_on_oxygen = criterion.measurement == "spo2_percent" and encounter.vital_signs.on_oxygen is True
    return f"{words} without oxygen" if measured_on_oxygen else words


def _label(finding: str, vocabulary: Vocabulary) -> str:
    return vocabulary.label(finding) if finding in vocabulary else finding
