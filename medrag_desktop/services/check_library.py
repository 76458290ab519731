"""The linter of the clinical library: catalogue -> what breaks the rules of docs/library.md."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain, pairwise

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.grounding import holds_dose
from medrag_desktop.domain.normal_ranges import Band, NormalRanges
from medrag_desktop.domain.threshold import LETTERS, Threshold
from medrag_desktop.domain.tokens import phrase
from medrag_desktop.domain.triage import DangerRule, criteria
from medrag_desktop.domain.vocabulary import FindingDefinition, Vocabulary
from medrag_desktop.services.check_laboratory import check_laboratory
from medrag_desktop.services.check_medicines import check_medicines, states_named
from medrag_desktop.services.check_monographs import (
    check_codes,
    check_copied,
    check_look_alikes,
    check_monograph,
    check_together,
)
from medrag_desktop.services.library_problem import Problem, file_of, unknown_findings

__all__ = ["Problem", "check_library"]

RULES_FILE = "danger_signs.toml"
RANGES_FILE = "normal_ranges.toml"
_NEGATIONS = (
    "no",
    "not",
    "without",
    "absent",
    "absence of",
    "never",
    "nil",
    "lack of",
    "free of",
    "does not have",
)
_NEVER_POSITIVE = (
    "denies",
    "denied",
    "denying",
    "negative for",
    "no evidence of",
    "no sign of",
    "no history of",
)
_DEGREE = "very"
"""Of tokens.FILLERS the one that changes a meaning: `very high blood pressure` would be met in every high one."""


def check_library(
    catalogue: Catalogue,
    shingles: Container[str] | None,
    icd10_exists: Callable[[str], bool] | None,
) -> tuple[Problem, ...]:
    """Return every problem of the library, errors first; none of severity `error` means it is accepted.

    `shingles` knows the runs of eight words of the reference texts and `icd10_exists` the ICD-10 codes; where one
    is None, its rule is reported as not run.
    """
    problems = chain(
        *(check_monograph(condition, catalogue.vocabulary) for condition in catalogue.conditions),
        check_together(catalogue.conditions),
        check_look_alikes(catalogue.conditions),
        _codes(catalogue, icd10_exists),
        _copied(catalogue, shingles),
        *(_definition(d, catalogue.vocabulary) for d in catalogue.vocabulary.definitions.values()),
        _shared_synonyms(catalogue.vocabulary),
        _idle_denials(catalogue.vocabulary),
        _unused(catalogue),
        *(_rule(rule, catalogue) for rule in catalogue.danger_rules),
        _same_rules(catalogue.danger_rules),
        _ranges(catalogue.normal_ranges, catalogue.vocabulary),
        check_medicines(catalogue),
        check_laboratory(catalogue.laboratory, catalogue.vocabulary),
    )
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.severity, p.file)))


def _codes(catalogue: Catalogue, icd10_exists: Callable[[str], bool] | None) -> Iterator[Problem]:
    if icd10_exists is None:
        yield Problem("warning", "conditions", "ICD-10 codes were not checked: the code list is not installed.")
        return
    for condition in catalogue.conditions:
        yield from check_codes(condition, icd10_exists)


def _copied(catalogue: Catalogue, shingles: Container[str] | None) -> Iterator[Problem]:
    if shingles is None:
        yield Problem(
            "warning", "conditions", "Copied sentences were not looked for: there is no filter of references."
        )
        return
    for condition in catalogue.conditions:
        yield from check_copied(condition, shingles)


def _definition(definition: FindingDefinition, vocabulary: Vocabulary) -> Iterator[Problem]:
    file, name = file_of(definition), definition.id
    if not definition.question.strip().endswith("?"):
        yield Problem("error", file, f"{name} has no question that ends with a question mark.")
    if definition.kind == "test" and not definition.needs:
        yield Problem("warning", file, f"{name} does not say what the test needs; it counts as one of a hospital.")
    yield from unknown_findings(definition.parents, f"{name} (parents)", file, vocabulary)
    if name in _implied(name, vocabulary):
        yield Problem("error", file, f"{name} implies itself through its parents.")
    for synonym in definition.synonyms:
        if not phrase(synonym):
            yield Problem("error", file, f"{name} has a synonym without a word that could be found: '{synonym}'.")
        if _is_negative(synonym, definition):
            yield Problem("error", file, f"The synonym '{synonym}' of {name} says that it is absent.")
        if _DEGREE in synonym.lower().split():
            sentence = f"The synonym '{synonym}' of {name} rests on '{_DEGREE}', which is skipped when text is read."
            yield Problem("error", file, sentence)


def _implied(finding: str, vocabulary: Vocabulary) -> set[str]:
    """Return what a finding implies; itself, too, when its parents lead back to it."""
    seen: set[str] = set()
    queue = [finding]
    while queue:
        current = queue.pop()
        parents = set(vocabulary[current].parents) if current in vocabulary else set()
        queue.extend(parents - seen)
        seen |= parents
    return seen


def _is_negative(synonym: str, definition: FindingDefinition) -> bool:
    """Tell whether a synonym is a negation of the finding's own names.

    `no appetite` is a name of lost appetite, because `appetite` alone is not; `no vomiting` names no vomiting.
    """
    words = phrase(synonym)
    if words.startswith(tuple(f"{phrase(negation)} " for negation in _NEVER_POSITIVE)):
        return True
    own = {phrase(name) for name in (definition.label, *definition.synonyms)}
    starts = (phrase(negation) + " " for negation in _NEGATIONS)
    return any(words.startswith(start) and words[len(start) :] in own for start in starts)


def _shared_synonyms(vocabulary: Vocabulary) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for definition in vocabulary.definitions.values():
        for name in (definition.label, *definition.synonyms):
            first = owner.setdefault(phrase(name), definition.id)
            if phrase(name) and first != definition.id:
                sentence = f"'{name}' names both {first} and {definition.id}."
                yield Problem("error", file_of(definition), sentence)


def _idle_denials(vocabulary: Vocabulary) -> Iterator[Problem]:
    every = vocabulary.definitions.values()
    names = {phrase(name) for definition in every for name in (definition.label, *definition.synonyms)}
    for definition in every:
        for words in definition.denied_by:
            if phrase(words) in names or not phrase(words):
                sentence = f"'{words}' names a finding or nothing, so that it cannot deny {definition.id}."
                yield Problem("error", file_of(definition), sentence)


def _unused(catalogue: Catalogue) -> Iterator[Problem]:
    used = {name for c in catalogue.conditions for name in (*(f.finding for f in c.findings), *c.danger_signs)}
    used |= {name for c in catalogue.conditions for name in (*c.affects.raises, *c.affects.lowers)}
    used |= {c for rule in catalogue.danger_rules for c in criteria(rule) if isinstance(c, str)}
    used |= {name for band in catalogue.normal_ranges.bands for name in (band.below, band.above)}
    used |= {name for entry in catalogue.medicines.entries.values() for name in states_named(entry)}
    used |= {name for finding in used for name in _implied(finding, catalogue.vocabulary)}
    idle = [name for name in catalogue.vocabulary.definitions if name not in used]
    if idle:
        yield Problem(
            "warning",
            "findings",
            f"{len(idle)} findings are used by no condition and no rule: {', '.join(idle)}.",
        )


def _rule(rule: DangerRule, catalogue: Catalogue) -> Iterator[Problem]:
    for sentence in (*_rule_words(rule), *_rule_logic(rule), *_unreachable(rule, catalogue.normal_ranges)):
        yield Problem("error", RULES_FILE, f"{rule.id}: {sentence}")
    names = [criterion for criterion in criteria(rule) if isinstance(criterion, str)]
    yield from unknown_findings(names, rule.id, RULES_FILE, catalogue.vocabulary)


def _rule_words(rule: DangerRule) -> Iterator[str]:
    if not rule.source.strip():
        yield "the rule has no source."
    if not rule.message.strip():
        yield "the rule has no message."
    if holds_dose(rule.message):
        yield f"a dose stands in '{rule.message}'"


def _rule_logic(rule: DangerRule) -> Iterator[str]:
    if not criteria(rule):
        yield "the rule has no criterion and would fire for everyone."
    if rule.at_least and not 1 <= rule.count <= len(rule.at_least):
        yield f"at_least asks for {rule.count} of {len(rule.at_least)} criteria."
    if rule.applies.age_years is not None and not 0 <= rule.applies.age_years[0] < rule.applies.age_years[1]:
        yield "the ages it applies to are upside down."
    if rule.applies.sex not in (None, "female", "male"):
        yield f"the sex '{rule.applies.sex}' is neither female nor male."


def _unreachable(rule: DangerRule, ranges: NormalRanges) -> Iterator[str]:
    """Say which comparisons no value that can be entered would meet."""
    for criterion in criteria(rule):
        if not isinstance(criterion, Threshold):
            continue
        limit, (low, high) = (
            criterion.limit,
            (ranges.plausible or {}).get(criterion.measurement, (None, None)),
        )
        if isinstance(limit, str):
            if limit not in LETTERS[criterion.measurement]:
                yield f"{criterion.measurement} is never {limit}."
        elif low is not None and high is not None and not low <= limit <= high:
            yield f"{criterion.measurement} {limit:g} lies outside the values that can be entered."


def _same_rules(rules: Iterable[DangerRule]) -> Iterator[Problem]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield Problem("error", RULES_FILE, f"{rule.id} is there twice.")
        seen.add(rule.id)


def _ranges(ranges: NormalRanges, vocabulary: Vocabulary) -> Iterator[Problem]:
    bands = sorted(ranges.bands, key=lambda band: (band.measurement, band.from_years))
    for band in bands:
        place = _place(band)
        for sentence in _band(band):
            yield Problem("error", RANGES_FILE, f"{place}: {sentence}")
        yield from unknown_findings(filter(None, (band.below, band.above)), place, RANGES_FILE, vocabulary)
    derived = [derivation.finding for derivation in ranges.derivations]
    derived += [] if ranges.weight_limits is None else [ranges.weight_limits.finding]
    yield from unknown_findings(derived, "[[derived]]", RANGES_FILE, vocabulary)
    for one, other in pairwise(bands):
        if one.measurement != other.measurement or one.to_years == other.from_years:
            continue
        word = "overlaps" if one.to_years > other.from_years else "leaves a gap before"
        yield Problem("error", RANGES_FILE, f"{_place(one)} {word} {_place(other)}.")


def _band(band: Band) -> Iterator[str]:
    if not band.source.strip():
        yield "the band has no source."
    if not 0 <= band.from_years < band.to_years:
        yield "the ages are upside down."
    if band.low is not None and band.high is not None and band.low >= band.high:
        yield "the limits are upside down."
    if (band.below and band.low is None) or (band.above and band.high is None):
        yield "the band names a finding for a limit that it does not give."


def _place(band: Band) -> str:
    return f"{band.measurement} from {band.from_years:g} to {band.to_years:g} years"
