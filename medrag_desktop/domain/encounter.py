"""The patient as seen today: who, what was found, what was measured (after FHIR Patient, Encounter, Observation)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

DAYS_PER_YEAR = 365.25


class Presence(StrEnum):
    """Whether a finding is there; ABSENT is a pertinent negative, NOT_ASSESSED is no information."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASSESSED = "not_assessed"


class Origin(StrEnum):
    """Where a finding comes from."""

    FORM = "form"
    """Entered by the clinician, or derived from a vital sign that was."""
    TEXT = "text"
    """Read from free text by the program."""


class Sex(StrEnum):
    """Sex as far as anatomy decides."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How bad a finding is."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the encounter is about; None means unknown."""

    age_years: float | None = None
    """Completed and fractional years; a newborn of 14 days has 14 / 365.25."""
    sex: Sex = Sex.UNKNOWN
    pregnant: bool | None = None
    gestational_weeks: float | None = None
    postpartum_days: int | None = None
    breastfeeding: bool | None = None
    weight_kg: float | None = None
    height_cm: float | None = None
    muac_mm: float | None = None

    @property
    def age_days(self) -> float | None:
        """Return the age in days, or None when the age is unknown."""
        return None if self.age_years is None else self.age_years * DAYS_PER_YEAR

    @property
    def possibly_pregnant(self) -> bool:
        """Tell whether pregnancy must be kept in mind: known, or unknown in a female of 10 to 55 years."""
        if self.pregnant is not None:
            return self.pregnant
        if self.sex is Sex.MALE:
            return False
        if self.gestational_weeks is not None:
            return True
        return self.sex is Sex.FEMALE and self.age_years is not None and 10 <= self.age_years <= 55

    @property
    def postpartum(self) -> bool:
        """Tell whether a delivery lies at most 42 days back."""
        return self.postpartum_days is not None and self.postpartum_days <= 42


@dataclass(frozen=True, slots=True)
class Finding:
    """One symptom, sign, exposure, history item or test result with its presence."""

    finding: str
    """Id in the findings vocabulary."""
    presence: Presence = Presence.PRESENT
    origin: Origin = Origin.FORM
    quote: str = ""
    """The words of the free text, or the vital sign, that it rests on; empty when picked in the form."""
    field: str = ""
    """Field the quote is from, for example `history`; empty for the form."""
    start: int = 0
    end: int = 0
    """Character offsets of the quote in that field, half open."""
    duration_hours: float | None = None
    onset_hours_ago: float | None = None
    severity: Severity | None = None
    laterality: str = ""


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """Measurements; None means not measured."""

    temperature_celsius: float | None = None
    heart_rate_bpm: float | None = None
    respiratory_rate_bpm: float | None = None
    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    spo2_percent: float | None = None
    on_oxygen: bool | None = None
    glucose_mmol_l: float | None = None
    gcs: int | None = None
    avpu: str | None = None
    """A alert, V voice, P pain, U unresponsive."""


@dataclass(frozen=True, slots=True)
class Encounter:
    """Everything recorded of one patient at one visit."""

    patient: Patient = field(default_factory=Patient)
    chief_complaint: str = ""
    history: str = ""
    findings: tuple[Finding, ...] = ()
    vital_signs: VitalSigns = field(default_factory=VitalSigns)
    past_history: tuple[str, ...] = ()
    family_history: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    region: str = ""
    season: str = ""
    """One of `condition.SEASONS`, or empty."""
    date: str = ""
    reference: str = ""
    """The clinic's own reference for the patient, printed on the report."""
    read_from_text: tuple[str, ...] = ()
    """Names of fields of `vital_signs` and `patient` that were read from free text, not entered in the form."""

    def presence_of(self, finding: str) -> Presence:
        """Return the presence of a finding; NOT_ASSESSED when the encounter does not mention it."""
        return next((f.presence for f in self.findings if f.finding == finding), Presence.NOT_ASSESSED)

    def as_entered(self) -> Encounter:
        """Return the encounter without what was read from its free text, which is read from it again."""
        signs: dict[str, Any] = {f.name: None for f in fields(VitalSigns) if f.name in self.read_from_text}
        who: dict[str, Any] = {f.name: None for f in fields(Patient) if f.name in self.read_from_text}
        return replace(
            self,
            patient=replace(self.patient, **who),
            vital_signs=replace(self.vital_signs, **signs),
            read_from_text=(),
        )
