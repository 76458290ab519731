"""The two pages of the patient at hand: what is entered, and what the program makes of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from medrag_desktop.gui.danger_banner import DangerBanner
from medrag_desktop.gui.draft_view import DraftView
from medrag_desktop.gui.encounter_form import EncounterForm
from medrag_desktop.gui.widgets import Banner, plain_label, push_button

_NAMED = 3
"""Problems of the form that are told at once."""


class PatientPage(QWidget):
    """Danger signs above, the form in the middle, the way to the draft below."""

    assess_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start with an empty form."""
        super().__init__(parent)
        self.banner = DangerBanner()
        self.form = EncounterForm()
        self.problems = Banner("warning")
        self.assess_button = push_button(
            self.tr("Assess"), "primary", "Ctrl+Return", self.tr("Rank the possible diagnoses and write the draft")
        )
        self._note = plain_label("", "muted")
        self.assess_button.clicked.connect(self.ask)
        self.form.assess_requested.connect(self.ask)
        self.form.changed.connect(self._forget_problems)
        row = QHBoxLayout()
        row.addWidget(self._note, 1)
        row.addWidget(self.assess_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addWidget(self.form, 1)
        column.addWidget(self.problems)
        column.addLayout(row)
        self.set_signed(False)

    def ask(self) -> None:
        """Ask for an assessment, or say what has to be mended first."""
        found = self.form.problems()
        self.problems.show_text("warning", self._listed(found))
        if found:
            self.form.focus_problem()
        elif self.assess_button.isEnabled():
            self.assess_requested.emit()

    def set_signed(self, signed: bool) -> None:
        """Let the form be read only where a clinician has signed for it."""
        self.form.setEnabled(not signed)
        self.assess_button.setEnabled(not signed)
        told = self.tr("This case is signed. To change it, choose Amend on the page Draft.")
        hint = self.tr("The draft is for a clinician to check, change and sign. Assess: Ctrl+Enter.")
        self._note.setText(told if signed else hint)

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while it is assessed."""
        self.form.setEnabled(not busy)
        self.assess_button.setEnabled(not busy)

    def clear(self) -> None:
        """Show nothing of any patient."""
        self.form.clear()
        self.banner.show_triage(None)
        self._forget_problems()

    def _listed(self, problems: tuple[str, ...]) -> str:
        """Name so many problems that the form stays in view; the rest is marked in it, too."""
        named, more = problems[:_NAMED], len(problems) - _NAMED
        return "\n".join((*named, self.tr("... and {count} more").format(count=more)) if more > 0 else named)

    def _forget_problems(self) -> None:
        self.problems.show_text("warning", "")


class DraftPage(QWidget):
    """The draft, with a warning above it when its sentences no longer fit the form."""

    assess_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.outdated = Banner("warning")
        self.view = DraftView()
        self.outdated.acted.connect(self.assess_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        strip = QVBoxLayout()
        strip.setContentsMargins(12, 8, 12, 0)
        strip.addWidget(self.outdated)
        column.addLayout(strip)
        column.addWidget(self.view, 1)

    def focus_first(self) -> None:
        """Put the focus where the work on the draft begins."""
        self.view.focus_first()

    def set_outdated(self, outdated: bool) -> None:
        """Warn that the patient's data were changed after the draft was written, or take the warning away."""
        told = self.tr(
            "Danger signs and ranking are up to date; the sentences were written before the last change. "
            "Write them again before you sign."
        )
        again = self.tr("Write again")
        self.outdated.show_text("warning", told if outdated else "", again if outdated else "")
        self.view.statements.set_outdated(outdated)

    def clear(self) -> None:
        """Show nothing of any patient."""
        self.set_outdated(False)
        self.view.clear()
