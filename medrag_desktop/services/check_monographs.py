"""Rules for the monographs: each alone, and each against the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import combinations

from medrag_desktop.domain.condition import REGIONS, SEASONS, SECTIONS, Condition, Frequency
from medrag_desktop.domain.grounding import holds_dose, split_sentences
from medrag_desktop.domain.shingles import shared_runs
from medrag_desktop.domain.tokens import phrase
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.services.library_problem import Problem, file_of, unknown_findings

MIN_FINDINGS = 8
NEAR_DUPLICATE = 0.6
"""Share of common findings from which two conditions with the same ICD-10 codes count as one."""
LONGEST_LIFE = 130.0
LONGEST_PREGNANCY = 45.0
"""Weeks."""
_ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_SEXES = ("any", "female", "male")
_PREGNANCY = ("", "only", "postpartum", "seldom", "never")
_LOOK_ALIKES = SECTIONS[3]
_TABLE_LINE = re.compile(r'^"?[a-z0-9_.]+"? *= *(?:["{\[]|true|false|\d).*$', re.MULTILINE)
"""A line of TOML."""
_STEPS = tuple(Frequency)
_SEPARATING_STEPS = 2
"""Steps between the frequencies of a finding in two conditions from which it separates them."""


def check_monograph(condition: Condition, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield what one monograph breaks, looked at alone."""
    file = file_of(condition)
    for sentence in (*_header(condition), *_affected(condition), *_cited(condition), *_prose(condition)):
        yield Problem("error", file, sentence)
    affects = condition.affects
    for place, names in (
        ("[findings]", [f.finding for f in condition.findings]),
        ("raises", affects.raises),
        ("lowers", affects.lowers),
        ("[danger_signs]", condition.danger_signs),
    ):
        yield from unknown_findings(names, place, file, vocabulary)
    for sentence in _incoherent(condition, vocabulary):
        yield Problem("warning", file, sentence)


def check_codes(condition: Condition, icd10_exists: Callable[[str], bool]) -> Iterator[Problem]:
    """Yield the ICD-10 codes of a monograph that do not exist."""
    for code in condition.icd10:
        if not icd10_exists(code):
            yield Problem("error", file_of(condition), f"The ICD-10 code {code} does not exist.")


def check_copied(condition: Condition, shingles: Container[str]) -> Iterator[Problem]:
    """Yield the runs of words that a monograph shares with the reference texts."""
    for title, text in condition.sections:
        for run in shared_runs(text, shingles):
            sentence = f"'{title}' shares these words with a reference text: '{run}'. Say it in other words."
            yield Problem("error", file_of(condition), sentence)


def check_together(conditions: Sequence[Condition]) -> Iterator[Problem]:
    """Yield what monographs break together: ids and names given twice, one condition under two ids."""
    yield from _same_ids(conditions)
    yield from _same_names(conditions)
    for one, other in combinations(conditions, 2):
        if one.id != other.id and _nearly_same(one, other):
            sentence = f"The condition is nearly the same as {other.id}: same ICD-10 codes, same findings."
            yield Problem("error", file_of(one), sentence)


def check_look_alikes(conditions: Sequence[Condition]) -> Iterator[Problem]:
    """Yield the look-alikes that name a condition which neither names them back nor differs in a finding."""
    names = {name: c.id for c in conditions for name in (c.name, *c.synonyms)}
    by_id = {condition.id: condition for condition in conditions}
    named = {condition.id: _named(condition, names) for condition in conditions}
    for condition in conditions:
        for other in sorted(named[condition.id] - {condition.id}):
            if condition.id in named[other] or _separated(condition, by_id[other]):
                continue
            sentence = (
                f"'{_LOOK_ALIKES}' names {other}, which does not name {condition.id} back; "
                "no finding that both list separates them."
            )
            yield Problem("warning", file_of(condition), sentence)


def _header(condition: Condition) -> Iterator[str]:
    if not _ID.fullmatch(condition.id):
        yield f"The id {condition.id} is not in snake_case."
    if not phrase(condition.name):
        yield "The condition has no name."
    if not condition.icd10:
        yield "The condition has no ICD-10 code."
    if not condition.reviewed_by or not condition.review_date:
        yield "[review] needs who reviewed the monograph and when."
    if len(condition.findings) < MIN_FINDINGS:
        yield f"The condition lists {len(condition.findings)} findings; it needs at least {MIN_FINDINGS}."
    for finding in condition.findings:
        if finding.onset_day is not None and finding.onset_day[0] > finding.onset_day[1]:
            yield f"The onset days of {finding.finding} are upside down."


def _affected(condition: Condition) -> Iterator[str]:
    affects = condition.affects
    low, high = affects.typical_age_years
    if not 0 <= low < high <= LONGEST_LIFE:
        yield f"The typical age {low:g} to {high:g} years is upside down or impossible."
    if affects.sex not in _SEXES:
        yield f"The sex '{affects.sex}' is none of {', '.join(_SEXES)}."
    if affects.pregnancy not in _PREGNANCY:
        yield f"The pregnancy '{affects.pregnancy}' is none of {', '.join(filter(None, _PREGNANCY))}."
    if (
        affects.gestational_weeks is not None
        and not 0 <= affects.gestational_weeks[0] < affects.gestational_weeks[1] <= 45
    ):
        yield "The weeks of pregnancy are upside down or impossible."
    for region, _ in affects.regions:
        if region not in REGIONS:
            yield f"The region {region} is none of {', '.join(REGIONS)}."
    for season in affects.seasons:
        if season not in SEASONS:
            yield f"The season {season} is none of {', '.join(SEASONS)}."
    if condition.course_days is not None and not 0 < condition.course_days[0] < condition.course_days[1]:
        yield "The course in days is upside down or impossible."
    for finding in sorted(set(affects.raises) & set(affects.lowers)):
        yield f"{finding} both raises and lowers the risk."


def _cited(condition: Condition) -> Iterator[str]:
    if not condition.sources and not condition.sources_missing:
        yield "The monograph cites no source; name one that was opened, or say sources_missing = true."
    for source in condition.sources:
        if not source.title.strip() or not source.publisher.strip():
            yield f"The source {source.id} needs a title and a publisher."
    known = {"estimate", *(source.id for source in condition.sources)}
    for finding in condition.findings:
        if finding.basis not in known:
            yield f"The basis of {finding.finding}, {finding.basis}, is not among the monograph's sources."


def _prose(condition: Condition) -> Iterator[str]:
    titles = tuple(title for title, _ in condition.sections)
    for title in SECTIONS:
        if title not in titles:
            yield f"The section '{title}' is missing."
    for title in dict.fromkeys(titles):
        if title not in SECTIONS or titles.count(title) > 1:
            yield f"The section '{title}' is unknown or there twice."
    if sorted(titles) == sorted(SECTIONS) and titles != SECTIONS:
        yield f"The sections are out of order; the order is: {', '.join(SECTIONS)}."
    for title, text in condition.sections:
        if not text:
            yield f"The section '{title}' is empty."
        if line := _TABLE_LINE.search(text):
            yield f"A line of the header stands in the section '{title}': {line[0]}"
    texts = (condition.name, *condition.synonyms, *condition.tests_clinic, *condition.tests_hospital)
    for text in (*texts, *(text for _, text in condition.sections)):
        for sentence in filter(holds_dose, split_sentences(text)):
            yield f"A dose stands in: '{sentence}' Doses are read in the national guideline."


def _incoherent(condition: Condition, vocabulary: Vocabulary) -> Iterator[str]:
    """Say which finding is called more frequent than one that it implies."""
    steps = {f.finding: _STEPS.index(f.frequency) for f in condition.findings}
    for finding, step in steps.items():
        if finding not in vocabulary:
            continue
        for parent in vocabulary[finding].parents:
            if steps.get(parent, step) > step:
                yield f"{finding} is listed as more frequent than {parent}, which it implies."


def _same_ids(conditions: Sequence[Condition]) -> Iterator[Problem]:
    seen: dict[str, Condition] = {}
    for condition in conditions:
        if condition.id in seen:
            sentence = f"The id {condition.id} is also that of {file_of(seen[condition.id])}."
            yield Problem("error", file_of(condition), sentence)
        seen[condition.id] = condition


def _same_names(conditions: Sequence[Condition]) -> Iterator[Problem]:
    owner: dict[str, Condition] = {}
    for condition in conditions:
        for name in (condition.name, *condition.synonyms):
            first = owner.setdefault(phrase(name), condition)
            if first.id != condition.id:
                yield Problem("error", file_of(condition), f"{first.id} is called '{name}', too.")


def _nearly_same(one: Condition, other: Condition) -> bool:
    if set(one.icd10) != set(other.icd10):
        return False
    ours, theirs = _present(one), _present(other)
    return len(ours & theirs) >= NEAR_DUPLICATE * max(1, len(ours | theirs))


def _present(condition: Condition) -> set[str]:
    return {f.finding for f in condition.findings if f.frequency is not Frequency.EXCLUDED}


def _named(condition: Condition, names: dict[str, str]) -> set[str]:
    """Return the conditions that a monograph's look-alikes name; of overlapping names the longest counts."""
    raw = dict(condition.sections).get(_LOOK_ALIKES, "")
    text = f" {phrase(raw)} "
    found: set[str] = set()
    for name in sorted(names, key=len, reverse=True):
        words = f" {phrase(name)} "
        # folded, an abbreviation such as AGE or PUD would be met in ordinary words
        if words in text and (not name.isupper() or re.search(rf"\b{re.escape(name)}\b", raw)):
            found.add(names[name])
            text = text.replace(words, " | ")
    return found


def _separated(one: Condition, other: Condition) -> bool:
    theirs = {f.finding: _STEPS.index(f.frequency) for f in other.findings}
    return any(
        abs(_STEPS.index(f.frequency) - theirs[f.finding]) >= _SEPARATING_STEPS
        for f in one.findings
        if f.finding in theirs
    )
