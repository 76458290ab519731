"""The draft on paper: PDF/A-2a and PDF/UA-1 by typst, with every text passed as data."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import typst

from medrag_desktop.domain.differential import Candidate, Reason
from medrag_desktop.domain.draft import CitedPassage, Draft, EvidenceStrength, Level
from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.querying import describe_patient
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import ReportError

_ALARMING = ("emergency", "urgent")
_NEEDS_SHOWN = 24
_REASONS_SHOWN = 6


class TypstReport:
    """Writes reports with one template and the fonts beside it."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        """Take the folder of `report.typ` and `fonts/`."""
        self._folder = folder
        self._vocabulary = vocabulary

    def write(self, encounter: Encounter, draft: Draft, out: Path) -> None:
        """Write the PDF atomically; raise ReportError."""
        pdf = self.render(encounter, draft)
        temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(pdf)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(out)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ReportError(f"The report {out} cannot be written: {error.strerror}.") from error

    def render(self, encounter: Encounter, draft: Draft) -> bytes:
        """Return the PDF; equal input gives equal bytes."""
        report = self._showable(self._report(encounter, draft))
        try:
            return typst.compile(
                self._folder / "report.typ",
                format="pdf",
                font_paths=[self._folder / "fonts"],
                ignore_system_fonts=True,
                pdf_standards=["a-2a", "ua-1"],
                sys_inputs={"report": json.dumps(report)},
            )
        except (typst.TypstError, OSError) as error:
            raise ReportError(f"The report cannot be drawn: {error}") from error

    def _report(self, encounter: Encounter, draft: Draft) -> dict[str, Any]:
        created = datetime.fromisoformat(draft.provenance.created)
        day = encounter.date or created.date().isoformat()
        return {
            "title": "Diagnosis draft",
            "date": {"year": created.year, "month": created.month, "day": created.day},
            "app_version": draft.provenance.app_version,
            "reference": f"Patient {encounter.reference}" if encounter.reference else "Patient reference: ______",
            "patient": f"{_capital(describe_patient(encounter.patient))} · encounter of {day}",
            "footer": f"MedRAG Desktop {draft.provenance.app_version} · an aid to, never a substitute for, judgement",
            "urgency": draft.urgency.value.replace("_", " "),
            "alarming": draft.urgency.value in _ALARMING or bool(draft.danger_signs),
            "danger_signs": [
                {"message": s.message, "because": "; ".join(s.because), "source": s.source} for s in draft.danger_signs
            ],
            "no_danger_signs": _no_danger_signs(draft),
            "not_assessed": _needs(draft),
            "findings": [self._finding(finding) for finding in draft.findings if not _is_normal_value(finding)],
            "differential": [_candidate(candidate) for candidate in draft.differential],
            "outside_library": draft.outside_library,
            "next_questions": [q.question for q in draft.next_questions],
            "evidence": _evidence(draft),
            "sections": [
                {
                    "title": s.title,
                    "statements": [{"text": x.text, "citations": list(x.citations)} for x in s.statements],
                }
                for s in draft.sections
            ],
            "references": _references(draft.passages),
            "about": _about(draft),
        }

    def _finding(self, finding: Finding) -> dict[str, str]:
        if finding.origin is Origin.TEXT:
            basis = f"{finding.field.replace('_', ' ')}: \u201c{finding.quote}\u201d"
        else:
            basis = finding.quote or "form"
        return {
            "label": _capital(self._vocabulary.label(finding.finding)),
            "presence": finding.presence.value.replace("_", " "),
            "basis": basis,
        }

    def _showable(self, value: Any) -> Any:
        """Write every character that no font can show as its code point, so that nothing is lost in silence."""
        if isinstance(value, str):
            return "".join(c if ord(c) in self._coverage else _code_point(c) for c in value)
        if isinstance(value, list):
            return [self._showable(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self._showable(item) for key, item in value.items()}
        return value

    @cached_property
    def _coverage(self) -> frozenset[int]:
        lines = (self._folder / "fonts" / "coverage.txt").read_text(encoding="ascii").splitlines()
        ranges = (line.split("-") for line in lines if not line.startswith("#"))
        return frozenset(code for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1))


def _is_normal_value(finding: Finding) -> bool:
    """Tell whether a finding only says that a vital sign, which the summary gives, was normal."""
    return finding.presence is Presence.ABSENT and finding.origin is Origin.FORM and bool(finding.quote)


def _code_point(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
        return " "
    return f"[U+{ord(character):04X}]"


def _no_danger_signs(draft: Draft) -> str:
    if draft.danger_signs_not_assessed:
        return "No danger sign among what was recorded; see below for what could not be checked."
    return "None found; every danger sign was checked."


def _needs(draft: Draft) -> str:
    """List what is missing, what most rules wait for first."""
    counts = Counter(need for rule in draft.danger_signs_not_assessed for need in rule.needs)
    names = [need for need, _ in counts.most_common()]
    more = len(names) - _NEEDS_SHOWN
    return ", ".join(names[:_NEEDS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "rank": str(candidate.rank),
        "name": candidate.name,
        "citations": list(candidate.citations),
        "cannot_miss": candidate.cannot_miss,
        "probability": _percent(candidate.probability),
        "band": candidate.band,
        "supporting": _reasons(candidate.supporting),
        "opposing": _reasons(candidate.opposing),
    }


def _reasons(reasons: tuple[Reason, ...]) -> str:
    return ", ".join(reason.label for reason in reasons[:_REASONS_SHOWN]) or "\u2013"


def _evidence(draft: Draft) -> str:
    if draft.evidence is EvidenceStrength.NONE:
        return "Nothing relevant was found in the library, so nothing is drafted."
    if draft.evidence is EvidenceStrength.WEAK:
        return "The library holds only weakly related passages; read them before relying on this draft."
    if draft.level is Level.SEARCH:
        return "Passages were searched only; no draft was written. The passages are listed under References."
    return ""


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "< 1%"
    return "> 99%" if probability > 0.99 else f"{probability:.0%}"


def _references(passages: tuple[CitedPassage, ...]) -> list[dict[str, Any]]:
    """Return one entry a document, in order of first citation: its source once, its cited sections by number."""
    documents: dict[str, list[CitedPassage]] = {}
    for cited in passages:
        documents.setdefault(cited.passage.document, []).append(cited)
    return [
        {
            "title": cited[0].passage.title,
            "source": _source(cited[0].passage),
            "sections": [{"number": c.number, "section": c.passage.section} for c in cited],
        }
        for cited in documents.values()
    ]


def _source(passage: Passage) -> str:
    date = f", {passage.date}" if passage.date and passage.date not in passage.source else ""
    return f"{passage.source}{date}."


def _about(draft: Draft) -> list[str]:
    provenance = draft.provenance
    models = "; ".join(f"{role}: {name}" for role, name in provenance.models)
    packs = "; ".join(f"{name} ({version})" for name, version in provenance.packs)
    withheld = f"{len(draft.withheld)} sentences were withheld because they were not supported."
    return [
        f"Clinical library: {provenance.library}.",
        f"Level: {draft.level.value}. Models: {models or 'none'}. Packs: {packs or 'none'}.",
        f"Written {provenance.created}, seed {provenance.seed}. {withheld}",
        *provenance.notes,
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
