"""A draft, or what a clinician made of it, on paper: PDF/A-2a and PDF/UA-1 by typst, every text passed as data."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import typst

from medrag_desktop.adapters.paper_text import PaperText
from medrag_desktop.adapters.report_entered import entered, finding_rows
from medrag_desktop.adapters.whole_file import write_whole
from medrag_desktop.domain.case import (
    Review,
    ReviewedSection,
    ReviewStatus,
    cited_numbers,
    start_review,
)
from medrag_desktop.domain.differential import Candidate, Reason
from medrag_desktop.domain.draft import CitedPassage, Draft, EvidenceStrength, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.querying import describe_patient
from medrag_desktop.domain.unchecked import STEP_WORDS, Step, unchecked
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.errors import ReportError

_ALARMING = ("emergency", "urgent")
_REASONS_SHOWN = 6
_SHORT_LIST = 400
"""Characters of what could not be checked that do not push the patient off the first page."""
_REASONS_WITHHELD = 12
_LEVELS = {
    Level.SEARCH: "Level search: the library was searched, and nothing was written.",
    Level.EXTRACTIVE: "Level extractive: sentences quoted from the library.",
    Level.GENERATED: "Level generated: sentences that the program wrote from the passages they cite.",
}
_HEADER_SHOWN = 60
"""Characters of a name that fit on the one line above each page."""
_OWN_WORDS = (
    "Sentences marked \u201cClinician:\u201d are the clinician's own words; the program drafted the others from the "
    "encounter and the passages they cite."
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NOT_VERIFIED = "DRAFT - not verified by a clinician"


class TypstReport:
    """Writes reports with one template and the fonts beside it."""

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        """Take the folder of `report.typ` and `fonts/`."""
        self._folder = folder
        self._vocabulary = vocabulary

    def write(self, encounter: Encounter, draft: Draft, out: Path, review: Review | None = None) -> None:
        """Write the PDF atomically, with the clinician's words where there is a review; raise ReportError."""
        write_whole(out, self.render(encounter, draft, review))

    def render(self, encounter: Encounter, draft: Draft, review: Review | None = None) -> bytes:
        """Return the PDF; equal input gives equal bytes."""
        report = self._paper.everything(self._report(encounter, draft, review or start_review(draft)))
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

    @cached_property
    def _paper(self) -> PaperText:
        return PaperText(self._folder / "fonts")

    def _report(self, encounter: Encounter, draft: Draft, review: Review) -> dict[str, Any]:
        """Return everything the template prints, as text."""
        still_cited = frozenset(cited_numbers(review.sections))
        candidates = [_candidate(candidate, still_cited) for candidate in draft.differential]
        shown = still_cited.union(*(candidate["citations"] for candidate in candidates))
        return {
            **self._heading(encounter, draft, review),
            **entered(encounter, self._vocabulary, self._paper),
            "urgency": draft.urgency.value.replace("_", " "),
            "urgency_because": "; ".join(draft.urgency_because),
            "alarming": draft.urgency.value in _ALARMING or bool(draft.danger_signs),
            "danger_signs": [
                {"message": s.message, "because": "; ".join(s.because), "source": s.source} for s in draft.danger_signs
            ],
            "no_danger_signs": _no_danger_signs(draft),
            "unchecked": _unchecked(draft, self._vocabulary),
            "findings": finding_rows(encounter, draft, self._vocabulary),
            "possible": _possible(draft, self._vocabulary),
            "differential": candidates,
            "outside_library": draft.outside_library,
            "next_questions": [q.question for q in draft.next_questions],
            "evidence": _evidence(draft),
            "level": _LEVELS[draft.level],
            "notes": list(draft.provenance.notes),
            "sections": [_section(section, draft) for section in review.sections if section.statements],
            "references": _references(
                tuple(cited for cited in draft.passages if draft.level is Level.SEARCH or cited.number in shown)
            ),
            "about": _about(draft, review),
        }

    def _heading(self, encounter: Encounter, draft: Draft, review: Review) -> dict[str, Any]:
        """Return who this is about and who answers for it: on every page, and in full on the first."""
        signed = review.status is not ReviewStatus.PRELIMINARY
        written = datetime.fromisoformat(review.signed if signed else draft.provenance.created)
        day = encounter.date or datetime.fromisoformat(draft.provenance.created).date().isoformat()
        reference = _one_line(encounter.reference)
        short = self._paper.short(reference, _HEADER_SHOWN)
        return {
            "title": "Clinical assessment" if signed else "Diagnosis draft",
            "date": {"year": written.year, "month": written.month, "day": written.day},
            "app_version": draft.provenance.app_version,
            "signed": signed,
            "status": _status(review, self._paper.short(review.reviewer, _HEADER_SHOWN)),
            "signature": _signature(review),
            "diagnosis": review.diagnosis,
            "diagnosis_title": "Diagnosis" if signed else "Working diagnosis of the clinician, not signed",
            "reference": f"Patient {short}" if reference else "Patient reference: ______",
            "patient": f"{_capital(describe_patient(encounter.patient))} · encounter of {day}",
            "full_reference": f"Patient {reference}" if short != self._paper.show(reference) else "",
            "footer": f"MedRAG Desktop {draft.provenance.app_version} · an aid to, never a substitute for, judgement",
        }


def _status(review: Review, name: str) -> str:
    """Return the words that stand on every page."""
    if review.status is ReviewStatus.PRELIMINARY:
        return _NOT_VERIFIED
    done = "Amended and signed" if review.status is ReviewStatus.AMENDED else "Signed"
    return f"{done} by {name} on {_day(review.signed)}"


def _signature(review: Review) -> str:
    name = _one_line(review.reviewer)
    if review.status is ReviewStatus.AMENDED:
        return f"{_status(review, name)}. It replaces what was signed before."
    if review.status is ReviewStatus.FINAL:
        return f"{_status(review, name)}."
    if review.signed:
        return f"Changed after it was signed by {name} on {_day(review.signed)}; not signed again."
    return ""


def _day(time: str) -> str:
    """Return the day of an ISO 8601 time as everyone reads it: 3 May 2026."""
    at = datetime.fromisoformat(time)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _section(section: ReviewedSection, draft: Draft) -> dict[str, Any]:
    unchecked = {s.text: s.unchecked for drafted in draft.sections for s in drafted.statements}
    return {
        "title": section.title,
        "statements": [
            {
                "text": s.text,
                "citations": list(s.citations),
                "by_clinician": s.by_clinician,
                "unchecked": "" if s.by_clinician else unchecked.get(s.text, ""),
            }
            for s in section.statements
        ],
    }


def _no_danger_signs(draft: Draft) -> str:
    if draft.danger_signs_not_assessed:
        return "No danger sign among what was recorded; see below for what could not be checked."
    return "None found; every danger sign was checked."


def _unchecked(draft: Draft, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return how many danger signs could not be checked, and what is missing, all of it."""
    groups = unchecked(draft.danger_signs_not_assessed, draft.findings, vocabulary)
    count = len(draft.danger_signs_not_assessed)
    signs = "1 danger sign" if count == 1 else f"{count} danger signs"
    first = [each for each in groups if each.step in (Step.MEASURE, Step.CLEAR_UP)]
    return {
        "count": f"{signs} could not be checked." if groups else "",
        "first": " ".join(f"{STEP_WORDS[each.step]}: {', '.join(each.words)}." for each in first),
        "groups": [{"name": STEP_WORDS[each.step], "words": "; ".join(each.words)} for each in groups],
        "late": sum(len("; ".join(each.words)) for each in groups) > _SHORT_LIST,
    }


def _possible(draft: Draft, vocabulary: Vocabulary) -> str:
    """Return what other words perhaps mean, each with its words."""
    told = (f'{vocabulary.label(p.finding)} (from the words "{_one_line(p.quote)}")' for p in draft.possible)
    return "; ".join(told)


def _candidate(candidate: Candidate, still_cited: frozenset[int]) -> dict[str, Any]:
    """Return one line of the differential; it cites what the sentences cite, else its best passage."""
    citations = [number for number in candidate.citations if number in still_cited]
    return {
        "rank": str(candidate.rank),
        "name": candidate.name,
        "citations": citations or list(candidate.citations[:1]),
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
        return "The passages that were found are listed under References."
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


def _about(draft: Draft, review: Review) -> list[str]:
    provenance = draft.provenance
    models = "; ".join(f"{role}: {name}" for role, name in provenance.models)
    packs = "; ".join(f"{name} ({version})" for name, version in provenance.packs)
    marked = any(s.by_clinician for section in review.sections for s in section.statements)
    return [
        *([_OWN_WORDS] if marked else []),
        *([f"Signed {review.signed}."] if review.status is not ReviewStatus.PRELIMINARY else []),
        f"Clinical library: {provenance.library}.",
        " ".join((f"Level: {draft.level.value}.", *provenance.notes)),
        f"Models: {models or 'none'}. Packs: {packs or 'none'}.",
        f"Drafted {provenance.created}, seed {provenance.seed}.",
        *_withheld(draft),
    ]


def _withheld(draft: Draft) -> list[str]:
    """Say how many sentences are not shown, and why."""
    reasons = Counter(withheld.reason for withheld in draft.withheld).most_common()
    count, more = len(draft.withheld), len(reasons) - _REASONS_WITHHELD
    told = "1 sentence was" if count == 1 else f"{count} sentences were"
    return [
        f"{told} withheld: not supported by the passage, or wrong for this patient." if count else f"{told} withheld.",
        *(f"Withheld: {why}" + (f" ({n} times)" if n > 1 else "") for why, n in reasons[:_REASONS_WITHHELD]),
        *([f"{more} other reasons stand in the exported case."] if more > 0 else []),
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
