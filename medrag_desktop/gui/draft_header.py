"""Above the draft: who the patient is, how urgent it is, danger signs, and whether a clinician answers for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from medrag_desktop.domain.case import Case, Review, ReviewStatus
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.querying import describe_patient
from medrag_desktop.domain.triage import Triage
from medrag_desktop.gui.danger_banner import DangerBanner
from medrag_desktop.gui.plain_text import breakable, tooltip
from medrag_desktop.gui.widgets import plain_label, restyle
from medrag_desktop.gui.wording import urgency_words, when

_LONGEST_COMPLAINT, _LONGEST_REFERENCE = 120, 40
_LONGEST_TIP = 600
"""Characters that the line and its tooltip show of a text."""
_ALARMING = (Urgency.EMERGENCY, Urgency.URGENT)


class DraftHeader(QWidget):
    """The lines that must be seen before anything else of a draft."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.patient = plain_label("", "heading")
        self.status = plain_label("")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.urgency = UrgencyBadge()
        self.danger = DangerBanner()
        row = QHBoxLayout()
        row.addWidget(self.urgency)
        row.addWidget(self.patient, 3)
        row.addWidget(self.status, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(row)
        whole.addWidget(self.danger)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.patient.setText("")
        self.patient.setToolTip("")
        self.status.setText("")
        self.show_urgency(None, ())
        self.show_triage(None)

    def show_case(self, case: Case) -> None:
        """Show the patient, the urgency and the danger signs of a case."""
        self.show_patient(case.encounter)
        draft = case.draft
        self.show_urgency(None if draft is None else draft.urgency, () if draft is None else draft.urgency_because)
        self.show_triage(None if draft is None else Triage(draft.danger_signs, draft.danger_signs_not_assessed))
        self.show_review(case.review)

    def show_urgency(self, urgency: Urgency | None, because: tuple[str, ...]) -> None:
        """Show how soon the patient must be seen, and why; None hides it."""
        self.urgency.show_urgency(urgency)
        self.urgency.setToolTip(tooltip("; ".join(because)))

    def show_patient(self, encounter: Encounter) -> None:
        """Show who the patient is."""
        self.patient.setText(patient_line(encounter))
        whole = (_shortened(text, _LONGEST_TIP) for text in (encounter.reference, encounter.chief_complaint))
        self.patient.setToolTip(tooltip(" · ".join(part for part in whole if part)))

    def show_triage(self, triage: Triage | None) -> None:
        """Show the danger signs and what could not be checked; None hides them."""
        self.danger.show_triage(triage)
        self.danger.setVisible(triage is not None)

    def show_review(self, review: Review | None) -> None:
        """Say whether a clinician answers for it."""
        if review is None or review.status is ReviewStatus.PRELIMINARY:
            words, kind = self.tr("DRAFT - not verified by a clinician"), "danger"
            if review is not None and review.signed:
                words = self.tr("CHANGED after signing - not yet signed again")
        else:
            told = (
                self.tr("Signed by {name} on {date}")
                if review.status is ReviewStatus.FINAL
                else self.tr("Amended and signed by {name} on {date}")
            )
            words, kind = told.format(name=review.reviewer, date=when(review.signed)), "good"
        self.status.setText(breakable(words))
        self.status.setObjectName(kind)
        restyle(self.status, "kind", kind)


class UrgencyBadge(QFrame):
    """How soon the patient must be seen, in words and colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start hidden."""
        super().__init__(parent)
        self.setObjectName("banner")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(8, 3, 8, 3)
        inside.addWidget(self._words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_urgency(None)

    @property
    def words(self) -> str:
        """Return what it says; empty while hidden."""
        return self._words.text()

    def show_urgency(self, urgency: Urgency | None) -> None:
        """Show an urgency, or hide."""
        self.setVisible(urgency is not None)
        self._words.setText("" if urgency is None else urgency_words(urgency))
        self.setAccessibleName(self.tr("Urgency: {words}").format(words=self.words))
        kind = "danger" if urgency in _ALARMING else "warning" if urgency is Urgency.SOON else "good"
        restyle(self, "kind", kind)
        self._words.setObjectName(kind)
        restyle(self._words, "kind", kind)


def patient_line(encounter: Encounter) -> str:
    """Return who the patient is and why he or she came."""
    who = describe_patient(encounter.patient)
    complaint = _shortened(encounter.chief_complaint or encounter.history, _LONGEST_COMPLAINT)
    parts = (_shortened(encounter.reference, _LONGEST_REFERENCE), who[:1].upper() + who[1:], complaint)
    return breakable(" · ".join(part for part in parts if part))


def _shortened(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most] + "…"
