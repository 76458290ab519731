"""The encounter as JSON, schema version 1: fields may be added, never changed or removed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from rapidfuzz import fuzz, process

from medrag_desktop.adapters.field_words import shown, wrong_field
from medrag_desktop.domain.condition import REGIONS
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
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import InputError

MAX_BYTES = 1_000_000
"""Longest encounter that is read."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Windows editors put it before UTF-8 text."""

ShortText = Annotated[str, Meta(max_length=500)]
LongText = Annotated[str, Meta(max_length=100_000)]
Texts = Annotated[list[ShortText], Meta(max_length=200)]


class PatientFields(Struct, forbid_unknown_fields=True):
    """Who the patient is; every field may be left out."""

    age_years: Annotated[float, Meta(ge=0, le=130)] | None = None
    age_days: Annotated[float, Meta(ge=0, le=47_500)] | None = None
    sex: Literal["female", "male", "unknown"] = "unknown"
    pregnant: bool | None = None
    gestational_weeks: Annotated[float, Meta(ge=0, le=45)] | None = None
    postpartum_days: Annotated[int, Meta(ge=0, le=400)] | None = None
    breastfeeding: bool | None = None
    weight_kg: Annotated[float, Meta(gt=0.2, le=500)] | None = None
    height_cm: Annotated[float, Meta(ge=20, le=260)] | None = None
    muac_mm: Annotated[float, Meta(ge=40, le=700)] | None = None


class FindingFields(Struct, forbid_unknown_fields=True):
    """One finding picked from the vocabulary."""

    finding: Annotated[str, Meta(min_length=1, max_length=100)]
    presence: Literal["present", "absent", "not_assessed"] = "present"
    duration_hours: Annotated[float, Meta(ge=0, le=1_200_000)] | None = None
    onset_hours_ago: Annotated[float, Meta(ge=0, le=1_200_000)] | None = None
    severity: Literal["mild", "moderate", "severe"] | None = None
    laterality: Literal["left", "right", "both"] | None = None


class VitalSignFields(Struct, forbid_unknown_fields=True):
    """Measurements within what can be true of a living person."""

    temperature_celsius: Annotated[float, Meta(ge=20, le=46)] | None = None
    heart_rate_bpm: Annotated[float, Meta(ge=0, le=350)] | None = None
    respiratory_rate_bpm: Annotated[float, Meta(ge=0, le=150)] | None = None
    systolic_mmhg: Annotated[float, Meta(ge=20, le=320)] | None = None
    diastolic_mmhg: Annotated[float, Meta(ge=5, le=220)] | None = None
    spo2_percent: Annotated[float, Meta(ge=20, le=100)] | None = None
    on_oxygen: bool | None = None
    glucose_mmol_l: Annotated[float, Meta(ge=0, le=120)] | None = None
    gcs: Annotated[int, Meta(ge=3, le=15)] | None = None
    avpu: Literal["A", "V", "P", "U"] | None = None


class EncounterFields(Struct, forbid_unknown_fields=True):
    """One encounter; at least one of chief_complaint, history and findings is there."""

    patient: PatientFields = msgspec.field(default_factory=PatientFields)
    chief_complaint: LongText = ""
    history: LongText = ""
    findings: Annotated[list[FindingFields], Meta(max_length=500)] = msgspec.field(default_factory=list)
    vital_signs: VitalSignFields = msgspec.field(default_factory=VitalSignFields)
    past_history: Texts = msgspec.field(default_factory=list)
    family_history: Texts = msgspec.field(default_factory=list)
    medications: Texts = msgspec.field(default_factory=list)
    allergies: Texts = msgspec.field(default_factory=list)
    exposures: Texts = msgspec.field(default_factory=list)
    region: ShortText = ""
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
    _check(fields, name, vocabulary)
    return _encounter(fields), fields.id


def encounter_schema() -> dict[str, Any]:
    """Return the JSON Schema of an encounter."""
    return msgspec.json.schema(EncounterFields)


def nearest_findings(text: str, vocabulary: Vocabulary, count: int = 3) -> tuple[str, ...]:
    """Return the finding ids whose id or label is nearest to a text."""
    names = {d.id: d.id.replace(".", " ").replace("_", " ") for d in vocabulary.definitions.values()}
    names |= {f"{d.id}\n": d.label for d in vocabulary.definitions.values()}
    wanted = text.replace(".", " ").replace("_", " ").lower()
    names = {key: words.lower() for key, words in names.items()}
    near = process.extract(wanted, names, scorer=fuzz.WRatio, limit=3 * count, score_cutoff=60)
    return tuple(dict.fromkeys(key.strip() for _, _, key in near))[:count]


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
    if fields.date and not _is_date(fields.date):
        raise InputError(f"{name}: date {shown(fields.date)} is not a date like 2026-11-22.")
    _check_duplicates(fields.findings, name)
    _check_patient(fields.patient, name)
    _check_pressure(fields.vital_signs, name)


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


def _check_pressure(signs: VitalSignFields, name: str) -> None:
    high, low = signs.systolic_mmhg, signs.diastolic_mmhg
    if high is not None and low is not None and high <= low:
        raise InputError(
            f"{name}: vital_signs.systolic_mmhg ({high:g}) must be more than vital_signs.diastolic_mmhg ({low:g})."
        )


def _check_patient(patient: PatientFields, name: str) -> None:
    if patient.sex == "male":
        for field in ("pregnant", "gestational_weeks", "postpartum_days"):
            value = getattr(patient, field)
            if value is not None and value is not False:
                raise InputError(f"{name}: patient.sex is male, but patient.{field} says otherwise.")
    if patient.pregnant is False and patient.gestational_weeks is not None:
        raise InputError(f"{name}: patient.gestational_weeks is given, but patient.pregnant is false.")
    years, days = patient.age_years, patient.age_days
    if years is not None and days is not None and abs(years - days / DAYS_PER_YEAR) > 1:
        raise InputError(f"{name}: patient.age_years and patient.age_days contradict each other.")


def _texts(fields: EncounterFields) -> Iterable[tuple[str, str]]:
    for name in ("chief_complaint", "history", "region", "date", "reference"):
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


def _encounter(fields: EncounterFields) -> Encounter:
    patient = msgspec.structs.asdict(fields.patient)
    days = patient.pop("age_days")
    if days is not None:
        patient["age_years"] = days / DAYS_PER_YEAR
    patient["sex"] = Sex(patient["sex"])
    if patient["pregnant"] is None and patient["gestational_weeks"] is not None:
        patient["pregnant"] = True
    return Encounter(
        patient=Patient(**patient),
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
