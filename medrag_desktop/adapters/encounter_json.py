"""The encounter as JSON, schema version 1: fields may be added, never changed or removed."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from rapidfuzz import process
from rapidfuzz.distance import OSA

from medrag_desktop.adapters.field_words import shown, wrong_field
from medrag_desktop.adapters.json_keys import refuse_repeated_keys
from medrag_desktop.domain.condition import REGIONS, SEASONS
from medrag_desktop.domain.encounter import (
    DAYS_PER_YEAR,
    Encounter,
    Finding,
    Patient,
    Presence,
    Severity,
    Sex,
    VitalSigns,
)
from medrag_desktop.domain.limits import (
    LIMITS,
    LONGEST_ITEM,
    LONGEST_TEXT,
    MOST_FINDINGS,
    MOST_ITEMS,
    pressures_reversed,
    said_of_a_man,
    weeks_without_pregnancy,
)
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import InputError

MAX_BYTES = 1_000_000
"""Longest encounter that is read."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Windows editors put it before UTF-8 text."""

_SLIPS = 1
"""Letters that may be wrong in an id."""
_NEAR = 0.55
"""Names less alike are not suggested."""
_SOUNDS = (
    ("ough", "of"), ("augh", "of"), ("ph", "f"), ("ae", "e"), ("oe", "e"), ("rrh", "r"), ("rh", "r"), ("ch", "k"),
    ("ck", "k"), ("gh", "g"), ("ea", "e"), ("ee", "i"), ("ou", "o"), ("c", "k"), ("q", "k"), ("z", "s"), ("y", "i"),
)  # fmt: skip
"""Letters -> how they sound."""

ShortText = Annotated[str, Meta(max_length=LONGEST_ITEM)]
LongText = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Texts = Annotated[list[ShortText], Meta(max_length=MOST_ITEMS)]


def _within(name: str) -> Meta:
    low, high = LIMITS[name]
    return Meta(ge=low, le=high)


class PatientFields(Struct, forbid_unknown_fields=True):
    """Who the patient is; every field may be left out."""

    age_years: Annotated[float, _within("age_years")] | None = None
    age_days: Annotated[float, _within("age_days")] | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    pregnant: bool | None = None
    gestational_weeks: Annotated[float, _within("gestational_weeks")] | None = None
    postpartum_days: Annotated[int, _within("postpartum_days")] | None = None
    breastfeeding: bool | None = None
    weight_kg: Annotated[float, Meta(gt=LIMITS["weight_kg"][0], le=LIMITS["weight_kg"][1])] | None = None
    height_cm: Annotated[float, _within("height_cm")] | None = None
    muac_mm: Annotated[float, _within("muac_mm")] | None = None


class FindingFields(Struct, forbid_unknown_fields=True):
    """One finding picked from the vocabulary."""

    finding: Annotated[str, Meta(min_length=1, max_length=100)]
    presence: Literal["present", "absent", "not_assessed"] = "present"
    duration_hours: Annotated[float, _within("duration_hours")] | None = None
    onset_hours_ago: Annotated[float, _within("onset_hours_ago")] | None = None
    severity: Literal["mild", "moderate", "severe"] | None = None
    laterality: Literal["left", "right", "both"] | None = None


class VitalSignFields(Struct, forbid_unknown_fields=True):
    """Measurements within what can be true of a living person."""

    temperature_celsius: Annotated[float, _within("temperature_celsius")] | None = None
    heart_rate_bpm: Annotated[float, _within("heart_rate_bpm")] | None = None
    respiratory_rate_bpm: Annotated[float, _within("respiratory_rate_bpm")] | None = None
    systolic_mmhg: Annotated[float, _within("systolic_mmhg")] | None = None
    diastolic_mmhg: Annotated[float, _within("diastolic_mmhg")] | None = None
    spo2_percent: Annotated[float, _within("spo2_percent")] | None = None
    on_oxygen: bool | None = None
    glucose_mmol_l: Annotated[float, _within("glucose_mmol_l")] | None = None
    gcs: Annotated[int, _within("gcs")] | None = None
    avpu: Literal["A", "V", "P", "U"] | None = None


class EncounterFields(Struct, forbid_unknown_fields=True):
    """One encounter; at least one of chief_complaint, history and findings is there."""

    patient: PatientFields = msgspec.field(default_factory=PatientFields)
    chief_complaint: LongText = ""
    history: LongText = ""
    findings: Annotated[list[FindingFields], Meta(max_length=MOST_FINDINGS)] = msgspec.field(default_factory=list)
    vital_signs: VitalSignFields = msgspec.field(default_factory=VitalSignFields)
    past_history: Texts = msgspec.field(default_factory=list)
    family_history: Texts = msgspec.field(default_factory=list)
    medications: Texts = msgspec.field(default_factory=list)
    allergies: Texts = msgspec.field(default_factory=list)
    exposures: Texts = msgspec.field(default_factory=list)
    region: ShortText = ""
    season: ShortText = ""
    date: ShortText = ""
    reference: ShortText = ""
    id: ShortText | int | None = None


def read_encounter(data: bytes, name: str, vocabulary: Vocabulary) -> tuple[Encounter, str | int | None]:
    """Read one encounter and its optional id; raise InputError naming the field that cannot be used."""
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB, more than one encounter can be.")
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if not data.strip():
        raise InputError(f"{name} is empty; an encounter is a JSON object.")
    try:
        fields = msgspec.json.decode(data, type=EncounterFields)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {wrong_field(str(error), data, EncounterFields)}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not valid JSON: it is not UTF-8 text (byte {error.start}).") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{name} is not valid JSON: {_malformed(str(error), data)}.") from error
    refuse_repeated_keys(data, name)
    _check(fields, name, vocabulary)
    return _encounter(fields), fields.id


def encounter_to_json(encounter: Encounter) -> dict[str, Any]:
    """Return the fields that `read_encounter` reads; what was read from the free text is read from it again."""
    plain: dict[str, Any] = msgspec.to_builtins(encounter.as_entered())
    del plain["read_from_text"]
    for row, finding in zip(plain["findings"], encounter.findings, strict=True):
        for name in ("origin", "quote", "field", "start", "end"):
            del row[name]
        row["laterality"] = finding.laterality or None
    plain["findings"] = list(plain["findings"])
    return plain


def encounter_schema() -> dict[str, Any]:
    """Return the JSON Schema of an encounter."""
    return msgspec.json.schema(EncounterFields)


def nearest_findings(text: str, vocabulary: Vocabulary, count: int = 3) -> tuple[str, ...]:
    """Return the finding ids whose id, label or synonym is nearest to a text: slips first, then sound and parts."""
    wanted = _plain(text[:LONGEST_ITEM])
    if not wanted:
        return ()
    ids = {_plain(finding): finding for finding in vocabulary.definitions}
    slips = process.extract(wanted, ids.keys(), scorer=OSA.distance, score_cutoff=_SLIPS, limit=count)
    best: dict[str, float] = {ids[name]: 2.0 - distance / 10 for name, distance, _ in slips}
    mentions: Counter[str] = Counter()
    for definition in vocabulary.definitions.values():
        for name in {_plain(definition.id), *map(_plain, (definition.label, *definition.synonyms))}:
            mentions[definition.id] += wanted in name.split()
            best[definition.id] = max(best.get(definition.id, 0), _alike(wanted, name))
    ranked = sorted(best, key=lambda finding: (-best[finding] - min(mentions[finding], 5) / 100, len(finding), finding))
    return tuple(finding for finding in ranked[:count] if best[finding] >= _NEAR)


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s._-]+", name.lower())).strip()


def _alike(wanted: str, name: str) -> float:
    """Tell from 0 to 1 how near a name is: as spelled, in any order of words, as it sounds, or in a part."""
    if wanted == name:
        return 1.0
    cutoff = _NEAR
    spelled = OSA.normalized_similarity(wanted, name, score_cutoff=cutoff)
    ordered = OSA.normalized_similarity(_ordered(wanted), _ordered(name), score_cutoff=cutoff) - 0.02
    sounded = OSA.normalized_similarity(_sound(wanted), _sound(name), score_cutoff=cutoff) - 0.03
    words = name.split()
    part = 0.0
    if wanted in words:
        part = 0.75 + 0.2 * len(wanted) / len(name)
    elif len(wanted) > 2 and any(word.startswith(wanted) for word in words):
        part = 0.65 + 0.2 * len(wanted) / len(name)
    return max(spelled, ordered, sounded, part)


def _ordered(words: str) -> str:
    return " ".join(sorted(words.split()))


def _sound(words: str) -> str:
    """Write a name roughly as it sounds: `coff` is `cough`, `hedake` is nearly `headache`."""
    for letters, sound in _SOUNDS:
        words = words.replace(letters, sound)
    return re.sub(r"(.)\1+", r"\1", words)


def _malformed(message: str, data: bytes) -> str:
    """Say what msgspec says, and what it does not say of NaN and Infinity."""
    match = re.search(r"\(byte (\d+)\)", message)
    at = data[max(0, int(match[1]) - 1) :] if match else b""
    if at.lstrip(b" \t\r\n:[,-").startswith((b"NaN", b"Infinity", b"nfinity")):
        return "NaN and Infinity are no numbers there; leave out what was not measured"
    return message


def _check(fields: EncounterFields, name: str, vocabulary: Vocabulary) -> None:
    if not (fields.chief_complaint.strip() or fields.history.strip() or fields.findings):
        raise InputError(f"{name} needs at least one of chief_complaint, history and findings.")
    for field, text in _texts(fields):
        if "\x00" in text:
            raise InputError(f"{name}: {field} holds a NUL character; remove it.")
    for number, finding in enumerate(fields.findings):
        if finding.finding not in vocabulary:
            near = ", ".join(nearest_findings(finding.finding, vocabulary))
            hint = f"; did you mean {near}?" if near else "."
            raise InputError(f"{name}: findings[{number}].finding {shown(finding.finding)} is not known{hint}")
    if fields.region and fields.region not in REGIONS:
        raise InputError(f"{name}: region {shown(fields.region)} is not known; use one of {', '.join(REGIONS[1:])}.")
    if fields.season and fields.season not in SEASONS:
        raise InputError(f"{name}: season {shown(fields.season)} is not known; use one of {', '.join(SEASONS)}.")
    if fields.date and not _is_date(fields.date):
        raise InputError(f"{name}: date {shown(fields.date)} is not a date like 2026-11-22.")
    _check_duplicates(fields.findings, name)
    _check_patient(fields.patient, name)
    _check_pressure(VitalSigns(**msgspec.structs.asdict(fields.vital_signs)), name)


def _check_duplicates(findings: Iterable[FindingFields], name: str) -> None:
    first: dict[str, tuple[int, str]] = {}
    for number, finding in enumerate(findings):
        earlier, presence = first.setdefault(finding.finding, (number, finding.presence))
        if presence != finding.presence:
            raise InputError(
                f"{name}: findings[{number}] says that {finding.finding} is {_spoken(finding.presence)}, but "
                f"findings[{earlier}] says that it is {_spoken(presence)}."
            )


def _spoken(presence: str) -> str:
    return presence.replace("_", " ")


def _check_pressure(signs: VitalSigns, name: str) -> None:
    if pressures_reversed(signs):
        raise InputError(
            f"{name}: vital_signs.systolic_mmhg ({signs.systolic_mmhg:g}) must be more than "
            f"vital_signs.diastolic_mmhg ({signs.diastolic_mmhg:g})."
        )


def _check_patient(fields: PatientFields, name: str) -> None:
    patient = _patient(fields)
    for field in said_of_a_man(patient):
        raise InputError(f"{name}: patient.sex is male, but patient.{field} says otherwise.")
    if weeks_without_pregnancy(patient):
        raise InputError(f"{name}: patient.gestational_weeks is given, but patient.pregnant is false.")
    years, days = fields.age_years, fields.age_days
    if years is not None and days is not None and abs(years - days / DAYS_PER_YEAR) > 1:
        raise InputError(f"{name}: patient.age_years and patient.age_days contradict each other.")


def _texts(fields: EncounterFields) -> Iterable[tuple[str, str]]:
    for name in ("chief_complaint", "history", "region", "season", "date", "reference"):
        yield name, getattr(fields, name)
    for name in ("past_history", "family_history", "medications", "allergies", "exposures"):
        for number, text in enumerate(getattr(fields, name)):
            yield f"{name}[{number}]", text


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _patient(fields: PatientFields) -> Patient:
    patient = msgspec.structs.asdict(fields)
    days = patient.pop("age_days")
    if days is not None:
        patient["age_years"] = days / DAYS_PER_YEAR
    return Patient(**{**patient, "sex": Sex(fields.sex)})


def _encounter(fields: EncounterFields) -> Encounter:
    patient = _patient(fields.patient)
    if patient.pregnant is None and patient.gestational_weeks is not None:
        patient = replace(patient, pregnant=True)
    return Encounter(
        patient=patient,
        chief_complaint=fields.chief_complaint,
        history=fields.history,
        findings=tuple(_finding(finding) for finding in fields.findings),
        vital_signs=VitalSigns(**msgspec.structs.asdict(fields.vital_signs)),
        past_history=tuple(fields.past_history),
        family_history=tuple(fields.family_history),
        medications=tuple(fields.medications),
        allergies=tuple(fields.allergies),
        exposures=tuple(fields.exposures),
        region=fields.region,
        season=fields.season,
        date=fields.date,
        reference=fields.reference,
    )


def _finding(fields: FindingFields) -> Finding:
    return Finding(
        fields.finding,
        Presence(fields.presence),
        duration_hours=fields.duration_hours,
        onset_hours_ago=fields.onset_hours_ago,
        severity=None if fields.severity is None else Severity(fields.severity),
        laterality=fields.laterality or "",
    )
