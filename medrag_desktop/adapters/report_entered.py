"""What was entered of the patient, as the report prints it: all of it, in the words it was entered in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from medrag_desktop.adapters.paper_text import PaperText
from medrag_desktop.config import REGIONS
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex
from medrag_desktop.domain.threshold import describe_measurement, measured
from medrag_desktop.domain.vocabulary import Vocabulary

_HISTORY_LINES = 52
"""A page of them."""
_COMPLAINT_LINES = 8
_LIST_LINES = 12
_ALLERGY_LINES = 6
_DAY, _WEEK, _MONTH, _YEAR = 24, 168, 730.5, 8766
_ALERTNESS = {"A": "alert", "V": "responds to voice", "P": "responds to pain", "U": "unresponsive"}


def entered(encounter: Encounter, vocabulary: Vocabulary, paper: PaperText) -> dict[str, Any]:
    """Return the allergies, which stand first, and the rows of everything else but the findings."""
    encounter = encounter.as_entered()
    allergies = paper.lines("; ".join(encounter.allergies) or "not recorded", _ALLERGY_LINES)
    texts = (
        ("Complaint", paper.lines(encounter.chief_complaint, _COMPLAINT_LINES)),
        ("History as written", paper.lines(encounter.history, _HISTORY_LINES)),
        ("Measured", ["; ".join(measurements(encounter)) or "nothing was entered"]),
        ("Medicines", _list(encounter.medications, paper) or ["not recorded"]),
        ("Past history", _list(encounter.past_history, paper)),
        ("Family history", _list(encounter.family_history, paper)),
        ("Exposures", _list(encounter.exposures, paper)),
        ("Region", _list((dict(REGIONS.options).get(encounter.region, encounter.region),), paper)),
        ("Season", _list((encounter.season,), paper)),
        ("Pregnancy", _list(_motherhood(encounter.patient), paper)),
        ("Set to not assessed", _list(_left_open(encounter.findings, vocabulary), paper)),
    )
    return {
        "allergies": allergies,
        "allergic": bool(encounter.allergies),
        "entered": [{"name": name, "lines": lines} for name, lines in texts if lines],
    }


def measurements(encounter: Encounter) -> Iterator[str]:
    """Yield everything measured with its unit, the oxygen beside the saturation that it explains."""
    signs = encounter.vital_signs
    for name in ("temperature_celsius", "heart_rate_bpm", "respiratory_rate_bpm"):
        yield from _measured(encounter, name)
    if signs.systolic_mmhg is not None and signs.diastolic_mmhg is not None:
        yield f"blood pressure {signs.systolic_mmhg:g}/{signs.diastolic_mmhg:g} mmHg"
    else:
        yield from (*_measured(encounter, "systolic_mmhg"), *_measured(encounter, "diastolic_mmhg"))
    oxygen = {True: "on oxygen", False: "without oxygen", None: ""}[signs.on_oxygen]
    saturation = " ".join((*_measured(encounter, "spo2_percent"), *([oxygen] if oxygen else [])))
    if saturation:
        yield saturation
    yield from (*_measured(encounter, "glucose_mmol_l"), *_measured(encounter, "gcs"))
    if signs.avpu is not None:
        yield f"AVPU {signs.avpu} ({_ALERTNESS.get(signs.avpu, 'not known')})"
    for name in ("weight_kg", "height_cm", "muac_mm"):
        yield from _measured(encounter, name)


def finding_rows(encounter: Encounter, draft: Draft, vocabulary: Vocabulary) -> list[dict[str, str]]:
    """Return what the draft knows, then what was entered that it does not repeat: a measurement overrules it."""
    known = [finding for finding in draft.findings if not _is_normal_value(finding)]
    stated = {(finding.finding, finding.presence) for finding in known}
    by_hand = {(finding.finding, finding.presence): finding for finding in encounter.findings}
    overruled = [
        finding
        for key, finding in by_hand.items()
        if key not in stated and finding.presence is not Presence.NOT_ASSESSED
    ]
    rows = [_row(f, by_hand.get((f.finding, f.presence), f), vocabulary) for f in known]
    return [*rows, *(_row(finding, finding, vocabulary) for finding in overruled)]


def details(finding: Finding) -> str:
    """Return duration, onset, severity and side in words."""
    parts = (
        "" if finding.duration_hours is None else f"for {_time(finding.duration_hours)}",
        "" if finding.onset_hours_ago is None else f"began {_time(finding.onset_hours_ago)} ago",
        "" if finding.severity is None else finding.severity.value,
        {"left": "left side", "right": "right side", "both": "both sides"}.get(finding.laterality, finding.laterality),
    )
    return ", ".join(part for part in parts if part)


def _row(finding: Finding, by_hand: Finding, vocabulary: Vocabulary) -> dict[str, str]:
    label = vocabulary.label(finding.finding)
    return {
        "label": label[:1].upper() + label[1:],
        "details": details(by_hand) or details(finding),
        "presence": finding.presence.value.replace("_", " "),
        "basis": _basis(finding),
    }


def _basis(finding: Finding) -> str:
    if finding.origin is Origin.FORM:
        return finding.quote or "form"
    where = finding.field.replace("_", " ") or "text"
    return f"{where}: \u201c{finding.quote}\u201d"


def _is_normal_value(finding: Finding) -> bool:
    """Tell whether a finding only says that something measured, which stands in its row, was normal."""
    return finding.presence is Presence.ABSENT and finding.origin is Origin.FORM and bool(finding.quote)


def _measured(encounter: Encounter, name: str) -> tuple[str, ...]:
    return () if measured(encounter, name) is None else (describe_measurement(encounter, name),)


def _motherhood(patient: Patient) -> Iterator[str]:
    """Yield what was said of pregnancy, delivery and feeding."""
    if patient.sex is not Sex.MALE and patient.pregnant is not None:
        weeks = f", {patient.gestational_weeks:g} weeks" if patient.gestational_weeks is not None else ""
        yield f"pregnant{weeks}" if patient.pregnant else "not pregnant"
    elif patient.gestational_weeks is not None:
        yield f"{patient.gestational_weeks:g} weeks of gestation"
    if patient.postpartum_days is not None:
        yield f"{patient.postpartum_days} days after delivery"
    if patient.breastfeeding is not None:
        yield "breastfeeding" if patient.breastfeeding else "not breastfeeding"


def _left_open(findings: Iterable[Finding], vocabulary: Vocabulary) -> Iterator[str]:
    for finding in findings:
        if finding.presence is Presence.NOT_ASSESSED:
            more = details(finding)
            yield vocabulary.label(finding.finding) + (f" ({more})" if more else "")


def _list(items: Iterable[str], paper: PaperText) -> list[str]:
    told: Sequence[str] = [" ".join(item.split()) for item in items if item.strip()]
    return paper.lines("; ".join(told), _LIST_LINES)


def _time(hours: float) -> str:
    """Return hours in the largest unit that leaves more than one of it."""
    sizes = ((_YEAR, "year"), (_MONTH, "month"), (_WEEK, "week"), (_DAY, "day"))
    size, unit = next((each for each in sizes if hours >= 2 * each[0]), (1.0, "hour"))
    number = f"{hours / size:.1f}".removesuffix(".0")
    return f"{number} {unit}" + ("" if number == "1" else "s")
