"""Values of the domain in short plain words."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import CitedPassage, Draft, EvidenceStrength, Level
from medrag_desktop.domain.encounter import Finding, Origin, Presence
from medrag_desktop.domain.evidence import Passage
from medrag_desktop.domain.vocabulary import Vocabulary


def urgency_words(urgency: Urgency) -> str:
    """Return how soon the patient must be seen."""
    tr = QCoreApplication.translate
    words = {
        Urgency.EMERGENCY: tr("Wording", "EMERGENCY: act now"),
        Urgency.URGENT: tr("Wording", "URGENT: see today"),
        Urgency.SOON: tr("Wording", "SOON: see within days"),
        Urgency.ROUTINE: tr("Wording", "ROUTINE"),
        Urgency.SELF_CARE: tr("Wording", "SELF-CARE"),
    }
    return words[urgency]


def percent(probability: float) -> str:
    """Return a probability without false certainty at either end."""
    if probability < 0.01:
        return "< 1%"
    return "> 99%" if probability > 0.99 else f"{probability:.0%}"


def band_words(band: str) -> str:
    """Return the word for how probable a condition is."""
    tr = QCoreApplication.translate
    words = {
        "likely": tr("Wording", "likely"),
        "possible": tr("Wording", "possible"),
        "less likely": tr("Wording", "less likely"),
        "unlikely": tr("Wording", "unlikely"),
    }
    return words.get(band, band)


def weight_words(bits: float) -> str:
    """Say how much a reason counts, from its log2 likelihood ratio."""
    tr = QCoreApplication.translate
    size = abs(bits)
    strength = (
        tr("Wording", "very strong")
        if size >= 3
        else tr("Wording", "strong")
        if size >= 1.5
        else tr("Wording", "moderate")
        if size >= 0.7
        else tr("Wording", "weak")
    )
    ratio = 2**size
    times = f"{ratio:.0f}" if ratio >= 3 else f"{ratio:.1f}"
    told = (
        tr("Wording", "{strength}: odds {times} times higher")
        if bits > 0
        else tr("Wording", "{strength}: odds {times} times lower")
    )
    return told.format(strength=strength, times=times)


def bits_words(bits: float) -> str:
    """Return the exact weight of a reason."""
    return QCoreApplication.translate("Wording", "Weight {bits} bits (log2 of the likelihood ratio)").format(
        bits=f"{bits:+.2f}"
    )


def gain_words(bits: float) -> str:
    """Say how much the answer to a question is expected to change the ranking."""
    tr = QCoreApplication.translate
    if bits >= 0.5:
        told = tr("Wording", "The answer may change the ranking a lot ({bits} bits)")
    elif bits >= 0.1:
        told = tr("Wording", "The answer may change the ranking ({bits} bits)")
    else:
        told = tr("Wording", "The answer will change the ranking little ({bits} bits)")
    return told.format(bits=f"{bits:.2f}")


def question_for(finding: str, vocabulary: Vocabulary) -> str:
    """Return how to ask for a finding."""
    if finding not in vocabulary:
        return finding
    definition = vocabulary[finding]
    asked = QCoreApplication.translate("Wording", "Is there {finding}?")
    return definition.question or asked.format(finding=definition.label)


def finding_basis(finding: Finding, vocabulary: Vocabulary) -> tuple[str, str]:
    """Return what was found, and where that comes from."""
    tr = QCoreApplication.translate
    label = vocabulary.label(finding.finding) if finding.finding in vocabulary else finding.finding
    states = {
        Presence.PRESENT: tr("Wording", "{finding}: present"),
        Presence.ABSENT: tr("Wording", "{finding}: absent"),
        Presence.NOT_ASSESSED: tr("Wording", "{finding}: not assessed"),
    }
    what = states[finding.presence].format(finding=label)
    if finding.origin is Origin.TEXT:
        fields = {
            "chief_complaint": tr("Wording", "read from the complaint: \u201c{quote}\u201d"),
            "history": tr("Wording", "read from the history: \u201c{quote}\u201d"),
        }
        where = fields.get(finding.field, tr("Wording", "read from the text: \u201c{quote}\u201d"))
        return what, where.format(quote=finding.quote)
    if finding.quote:
        return what, tr("Wording", "from {quote}").format(quote=finding.quote)
    return what, tr("Wording", "entered in the form")


def draft_notice(draft: Draft) -> str:
    """Say what must be known before reading a draft: what the library lacks and what did not run; else nothing."""
    return " ".join(part for part in (_evidence_words(draft), *draft.provenance.notes) if part)


def _evidence_words(draft: Draft) -> str:
    tr = QCoreApplication.translate
    if draft.evidence is EvidenceStrength.NONE:
        return tr(
            "Wording",
            "The library holds nothing relevant, so nothing was written. The list of conditions rests on the findings "
            "alone.",
        )
    if draft.evidence is EvidenceStrength.WEAK:
        return tr(
            "Wording",
            "The library holds only weakly related passages. Read them yourself before you rely on this draft.",
        )
    if draft.level is Level.SEARCH:
        return tr("Wording", "The library was only searched; no draft was written. Read the passages on the right.")
    return ""


def review_state(passage: Passage, catalogue: Catalogue) -> str:
    """Say whether a clinician has reviewed what a passage is from."""
    tr = QCoreApplication.translate
    condition = catalogue.by_id.get(passage.condition)
    if condition is None:
        return tr("Wording", "Imported text, not reviewed for this program")
    if condition.reviewed_by == "software":
        return tr("Wording", "Not reviewed by a clinician")
    return tr("Wording", "Reviewed by {name}, {date}").format(name=condition.reviewed_by, date=condition.review_date)


def found_by(cited: CitedPassage) -> str:
    """Say how the search came to a passage: its place by the words of the query and by their meaning."""
    tr = QCoreApplication.translate
    told = []
    if cited.lexical_rank is not None:
        told.append(tr("Wording", "words (place {place})").format(place=cited.lexical_rank))
    if cited.dense_rank is not None:
        told.append(
            tr("Wording", "meaning (place {place}, {cosine})").format(
                place=cited.dense_rank, cosine=f"{cited.cosine:.2f}"
            )
        )
    if not told:
        return tr("Wording", "Part of this condition's monograph")
    return tr("Wording", "Found by its {reasons}").format(reasons=tr("Wording", " and ").join(told))


def when(iso: str) -> str:
    """Return a time as `2026-11-22 17:11`; the text itself when it is no time."""
    try:
        return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return iso
