"""Free text -> findings, vital signs and pregnancy, each with the words it was read from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from medrag_desktop.domain.context_rules import Status, in_context
from medrag_desktop.domain.durations import Duration, durations_of
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.laboratory import Laboratory
from medrag_desktop.domain.mention import Mention, quoted
from medrag_desktop.domain.normal_ranges import NormalRanges
from medrag_desktop.domain.pregnancy_words import PregnancyWords, find_pregnancy
from medrag_desktop.domain.tokens import sentences, tokenize
from medrag_desktop.domain.vital_words import find_vital_signs
from medrag_desktop.domain.vocabulary import FELT, LASTING, Vocabulary
from medrag_desktop.ports import Lexicon
from medrag_desktop.services.laboratory_values import NO_LABORATORY, LaboratoryReader
from medrag_desktop.services.others import SICK_CONTACT, read_family_history, read_of_others

_PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
_SCALES = {"gcs": (3.0, 15.0)}
"""Limits that need no source."""
_ABOUT_TODAY = ("chief_complaint", "history")
"""Fields that tell of this illness; the others of the patient in general."""
_HOURS_SPOKEN = 72
"""Shorter durations are told in hours."""
_PREGNANT, _RECENT_DELIVERY = "history.pregnant_now", "history.recent_delivery"
_OF_NURSLINGS = ("unable_to_drink", "poor_feeding")
_AT_THE_BREAST = re.compile("breast|suck", re.IGNORECASE)
_YOUNGEST_MOTHER = 10
"""Years."""


def extract_findings(
    encounter: Encounter, lexicon: Lexicon, vocabulary: Vocabulary, laboratory: Laboratory | None = None
) -> tuple[Finding, ...]:
    """Read findings from every free-text field; a finding named as present anywhere is present.

    From the family history come `history.family_*` findings only.
    What the durations of the form decide (a cough of three weeks) comes first, with the origin of the form; what
    several findings decide together (diarrhoea and blood in the stool) comes last.
    """
    read = {finding.finding: finding for finding in _lasting_in_form(encounter.findings, vocabulary)}
    values = LaboratoryReader(laboratory or Laboratory(), encounter.patient)
    complaint = read_text(encounter.chief_complaint, "chief_complaint", lexicon, vocabulary, values=values)
    came_with = [finding.finding for finding in complaint if finding.presence is Presence.PRESENT]
    texts = [complaint]
    for field, text in text_fields(encounter):
        if field != "chief_complaint":
            spoken_of = came_with if field == "history" else ()
            texts.append(read_text(text, field, lexicon, vocabulary, spoken_of, values))
    texts += [read_family_history(text, lexicon, vocabulary) for text in encounter.family_history]
    texts += [_of_childbearing(encounter, vocabulary)]
    for findings in texts:
        for finding in findings:
            if _is_a_nurslings(finding, encounter.patient):
                continue
            earlier = read.get(finding.finding)
            if earlier is None or (earlier.presence, finding.presence) == (Presence.ABSENT, Presence.PRESENT):
                read[finding.finding] = finding
            elif earlier.presence is finding.presence and earlier.duration_hours is None:
                read[finding.finding] = replace(earlier, duration_hours=finding.duration_hours)
    return (*read.values(), *_together(encounter.findings, read, vocabulary))


def _is_a_nurslings(finding: Finding, patient: Patient) -> bool:
    """Tell whether a grown patient is said not to suck: a mother who cannot breastfeed can drink."""
    grown = patient.age_years is not None and patient.age_years >= _YOUNGEST_MOTHER
    return grown and finding.finding in _OF_NURSLINGS and _AT_THE_BREAST.search(finding.quote) is not None


def _of_childbearing(encounter: Encounter, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Find what tells of a pregnancy now or of a delivery in the last weeks, which ends one."""
    if _never_bears(encounter.patient):
        return ()
    told = [(name, text, words) for name, text in _stories(encounter) for words in _said_of_patient(text)]
    delivered = [row for row in told if row[2].delivered_days is not None]
    finding = _RECENT_DELIVERY if delivered else _PREGNANT
    return tuple(
        quoted(finding, Presence.PRESENT, text, name, (words.start, words.end))
        for name, text, words in delivered or told
        if finding in vocabulary
    )


def _stories(encounter: Encounter) -> tuple[tuple[str, str], ...]:
    """Return the fields that tell of this illness with their names."""
    return tuple((name, getattr(encounter, name)) for name in _ABOUT_TODAY)


def _never_bears(patient: Patient) -> bool:
    young = patient.age_years is not None and patient.age_years < _YOUNGEST_MOTHER
    return patient.sex is Sex.MALE or young


def _together(form: tuple[Finding, ...], read: Mapping[str, Finding], vocabulary: Vocabulary) -> Iterable[Finding]:
    """Yield what findings of the form and the text decide together; it quotes the last one that the text names."""
    there = {f.finding: f for f in (*read.values(), *form) if f.presence is Presence.PRESENT}
    sources = {name: f for f in there.values() if f.finding in vocabulary for name in _implying(f.finding, vocabulary)}
    for name, parts in vocabulary.together(sources):
        if name in sources or name in read:
            continue
        reasons = [sources[part] for part in parts]
        told = [reason for reason in reasons if reason.origin is Origin.TEXT]
        if told:
            yield replace(max(told, key=lambda f: (f.field, f.start)), finding=name, duration_hours=None)
        else:
            yield Finding(name, quote=" and ".join(vocabulary.label(reason.finding) for reason in reasons))


def _implying(finding: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    return (finding, *vocabulary.ancestors(finding))


def _lasting_in_form(form: tuple[Finding, ...], vocabulary: Vocabulary) -> Iterable[Finding]:
    for finding in form:
        hours = finding.duration_hours
        if finding.presence is not Presence.PRESENT or hours is None or finding.finding not in vocabulary:
            continue
        quote = f"{vocabulary.label(finding.finding)} for {_spoken(hours)}"
        for name in vocabulary.lasting(finding.finding, hours):
            yield Finding(name, Presence.PRESENT, finding.origin, quote, duration_hours=hours)


def _spoken(hours: float) -> str:
    number, unit = (hours, "hour") if hours < _HOURS_SPOKEN else (hours / 24, "day")
    return f"{number:.0f} {unit}" + ("" if round(number) == 1 else "s")


def text_fields(encounter: Encounter) -> tuple[tuple[str, str], ...]:
    """Return (field name, text) of every field of the encounter that is written in words."""
    fields = [("chief_complaint", encounter.chief_complaint), ("history", encounter.history)]
    for name in ("past_history", "exposures", "medications"):
        fields += [(name, text) for text in getattr(encounter, name)]
    return tuple((name, text) for name, text in fields if text.strip())


def read_text(
    text: str,
    field: str,
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    came_with: Sequence[str] = (),
    values: LaboratoryReader = NO_LABORATORY,
) -> tuple[Finding, ...]:
    """Read the findings of one text in order; hypothetical, family and resolved mentions are left out.

    A finding that is there carries its duration; what the duration decides follows it. `came_with` are findings of the
    complaint, of which the text may say more without naming them again. `values` reads laboratory values.
    """
    named, tokens = lexicon.mentions(text), tokenize(text)
    groups = sentences(tokens)
    qualifying = lexicon.qualifying(text, named, came_with)
    apart = [m for m in named if not any(q.start <= m.start and m.end <= q.end for q in qualifying)]
    paired = _affirmed_heads(in_context(sorted((*apart, *qualifying), key=lambda m: m.start), groups))
    mentions = [mention for mention, _ in paired]
    durations = durations_of(mentions, text, tokens, [vocabulary[m.finding].kind in FELT for m in mentions])
    found: list[Finding] = []
    for number, (mention, status) in enumerate(paired):
        presence = _presence(status, field, vocabulary[mention.finding].kind)
        past = field not in _ABOUT_TODAY and vocabulary[mention.finding].kind not in LASTING
        if presence is None or (mention.well and (presence is Presence.PRESENT or past)):
            continue
        finding = quoted(mention.finding, presence, text, field, (mention.start, mention.end))
        duration = durations.get(number) if presence is Presence.PRESENT else None
        found.append(finding if duration is None else replace(finding, duration_hours=duration.hours))
        if duration is not None:
            found += _lasting(mention, duration, text, field, vocabulary)
    others = read_of_others(paired, text, field, groups, lexicon, vocabulary)
    found += (f for f in others if field in _ABOUT_TODAY or f.finding != SICK_CONTACT)
    return values.added((*found, *_reported(text, field, vocabulary)), text, field, vocabulary)


def _affirmed_heads(paired: Iterable[tuple[Mention, Status]]) -> tuple[tuple[Mention, Status], ...]:
    """Leave out what qualifies a finding that is not there."""
    paired = tuple(paired)
    there = {mention.start for mention, status in paired if status is Status.AFFIRMED}
    return tuple((mention, status) for mention, status in paired if mention.head is None or mention.head in there)


def _reported(text: str, field: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield the symptoms that measurements of another time and place stand for: a fever measured at home."""
    if field not in _ABOUT_TODAY:
        return
    symptoms = [(d.id, d.derive) for d in vocabulary.definitions.values() if d.kind == "symptom" and d.derive]
    for _, measured in find_vital_signs(text):
        for words in measured:
            if words.earlier:
                then = Encounter(vital_signs=_vital_signs(words.values))
                names = (name for name, derive in symptoms if derive.holds(then))
                yield from (quoted(name, Presence.PRESENT, text, field, (words.start, words.end)) for name in names)


def _vital_signs(values: Mapping[str, float | int | str]) -> VitalSigns:
    kept: dict[str, Any] = dict(values)
    return VitalSigns(**kept)


def _lasting(mention: Mention, duration: Duration, text: str, field: str, vocabulary: Vocabulary) -> Iterable[Finding]:
    place = (min(mention.start, duration.start), max(mention.end, duration.end))
    for name in vocabulary.lasting(mention.finding, duration.hours):
        yield replace(quoted(name, Presence.PRESENT, text, field, place), duration_hours=duration.hours)


def _presence(status: Status, field: str, kind: str) -> Presence | None:
    if status is Status.NEGATED:
        return Presence.ABSENT
    if status is Status.AFFIRMED:
        return Presence.PRESENT if field in _ABOUT_TODAY or kind in LASTING else None
    if status is Status.FEARED:
        return Presence.PRESENT if field in _ABOUT_TODAY and kind in FELT else None
    return Presence.PRESENT if status is Status.HISTORICAL and kind in LASTING else None


def read_vital_signs(encounter: Encounter, ranges: NormalRanges) -> Encounter:
    """Fill vital signs that the form leaves empty from the text; implausible numbers are left out.

    Of several values of one sign the first plausible one is taken, but none that was measured at another time or
    place; their names go to `read_from_text`.
    """
    limits = {**_SCALES, **(ranges.plausible or {})}
    text = f"{encounter.chief_complaint}\n{encounter.history}"
    kept: dict[str, Any] = {}
    for _, measured in find_vital_signs(text):
        today = (words.values for words in measured if not words.earlier)
        kept |= next((values for values in today if _plausible(values, limits)), {})
    kept = {name: value for name, value in kept.items() if _is_free(name, encounter.vital_signs)}
    names = tuple(dict.fromkeys((*encounter.read_from_text, *kept)))
    return replace(encounter, vital_signs=replace(encounter.vital_signs, **kept), read_from_text=names)


def read_patient_state(encounter: Encounter) -> Encounter:
    """Fill pregnancy, weeks and days since delivery from the text where the form leaves them open.

    Only what is said of the patient now counts; that she is not pregnant is never read, and nothing is when the form
    unsays the finding. The names of what was read go to `read_from_text`.
    """
    patient = encounter.patient
    unsaid = {f.finding for f in encounter.findings if f.presence is not Presence.PRESENT}
    if _never_bears(patient):
        return encounter
    told = [words for _, text in _stories(encounter) for words in _said_of_patient(text)]
    state = {} if _told_finding(told) in unsaid else _state(told, patient)
    kept = {name: value for name, value in state.items() if getattr(patient, name) is None}
    names = tuple(dict.fromkeys((*encounter.read_from_text, *kept)))
    return replace(encounter, patient=replace(patient, **kept), read_from_text=names)


def _told_finding(told: list[PregnancyWords]) -> str:
    return _RECENT_DELIVERY if any(words.delivered_days is not None for words in told) else _PREGNANT


def _said_of_patient(text: str) -> Iterator[PregnancyWords]:
    found = sorted(find_pregnancy(text), key=lambda words: words.start)
    if not found:
        return
    mentions = tuple(Mention("", words.start, words.end, exact=True) for words in found)
    for words, (_, status) in zip(found, in_context(mentions, sentences(tokenize(text))), strict=True):
        counted = words.weeks is not None or words.delivered_days is not None
        new_item = counted and text[max(0, words.start - 3) : words.start].rstrip().endswith(",")
        if status is Status.AFFIRMED or (status is Status.NEGATED and new_item):
            yield words


def _state(told: list[PregnancyWords], patient: Patient) -> dict[str, Any]:
    """Return the fields of Patient that the text and the form agree on; a delivery ends a pregnancy."""
    delivered = next((words.delivered_days for words in told if words.delivered_days is not None), None)
    if delivered is not None:
        return {} if patient.pregnant else {"postpartum_days": delivered}
    if not told or patient.pregnant is False or patient.postpartum_days is not None:
        return {}
    weeks = next((words.weeks for words in told if words.weeks is not None), None)
    return {"pregnant": True} if weeks is None else {"pregnant": True, "gestational_weeks": weeks}


def _plausible(values: Mapping[str, float | int | str], limits: Mapping[str, tuple[float, float]]) -> bool:
    numbers = {name: value for name, value in values.items() if not isinstance(value, str)}
    if "systolic_mmhg" in numbers and numbers["systolic_mmhg"] <= numbers["diastolic_mmhg"]:
        return False
    return all(name in limits and limits[name][0] <= value <= limits[name][1] for name, value in numbers.items())


def _is_free(name: str, form: VitalSigns) -> bool:
    """Tell whether the form leaves a sign open; of a blood pressure it must leave both values open."""
    if name in _PRESSURES:
        return all(getattr(form, pressure) is None for pressure in _PRESSURES)
    return getattr(form, name) is None
