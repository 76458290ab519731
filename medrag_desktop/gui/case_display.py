"""What the two pages show of the patient at hand: what was read, the ranking, the draft, and answers to questions."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from medrag_desktop.domain.case import Case
from medrag_desktop.domain.encounter import Encounter, Presence
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.domain.triage import unread_words
from medrag_desktop.gui.assessment import Reading
from medrag_desktop.gui.flow import CaseFlow
from medrag_desktop.gui.library_flow import LibraryFlow
from medrag_desktop.gui.pages import DraftPage, PatientPage


class CaseDisplay(QObject):
    """Keeps the pages in step with the flow; which of them is in front is not decided here."""

    def __init__(
        self, patient: PatientPage, draft: DraftPage, flow: CaseFlow, library: LibraryFlow, parent: QObject
    ) -> None:
        """Show what the flow reads, and pass on what is answered."""
        super().__init__(parent)
        self._patient, self._draft, self._flow, self._library = patient, draft, flow, library
        flow.reading.read.connect(self.show_reading)
        flow.outdated.connect(draft.set_outdated)
        library.settled.connect(flow.reading.read_now)  # it may be another library, or other tests at hand
        draft.view.review_changed.connect(flow.note_review)
        draft.view.answered.connect(self.take_answer)

    @Slot(object)
    def show_reading(self, reading: Reading) -> None:
        """Show what was read, and where there is a draft what that changes."""
        self._show_read(reading)
        case = self._flow.drafted_case
        if reading.differential is None or case is None or case.signed:
            return
        self._draft.view.show_reading(reading, outdated=self._flow.is_outdated)
        self._suggest(reading.questions)

    @Slot(str, object)
    def take_answer(self, finding: str, presence: Presence) -> None:
        """Put an answer into the form, and read it at once."""
        case = self._flow.drafted_case
        if case is None or case.signed or self._flow.assessment.busy:
            return
        self._patient.form.answer(finding, presence)
        self._flow.reading.read_now()

    def show_ranking(self, reading: Reading) -> bool:
        """Show the ranking while the draft is being written; tell whether it could be shown."""
        self._show_read(reading)
        if reading.differential is None or self._library.catalogue is None:
            return False
        self._draft.set_outdated(False)
        self._draft.view.set_read_only(False)
        self._draft.view.show_differential(
            reading.differential, reading.triage, self._library.catalogue, reading.encounter
        )
        return True

    def show_former_draft(self) -> None:
        """Show the draft as it was before the assessment that was stopped."""
        case = self._flow.drafted_case
        if case is None or self._library.catalogue is None:
            self._draft.clear()
            return
        self._draft.view.show_case(case, self._library.catalogue)
        self._draft.set_outdated(case.draft is not None and self._flow.is_outdated)
        self._flow.reading.read_now()

    def show_case(self, case: Case) -> None:
        """Show the draft of the case at hand; while the library is not there yet it waits for it."""
        if self._library.catalogue is None:
            return
        self._draft.view.show_case(case, self._library.catalogue)
        self._draft.view.set_read_only(case.signed)
        if case.draft is not None:
            self._suggest(case.draft.next_questions)

    def show_other_case(self, case: Case) -> None:
        """Show another case, in the form and as a draft."""
        self._patient.clear()
        if case.encounter != Encounter():  # an empty form has its own date and region
            self._patient.form.set_encounter(case.encounter)
        self._patient.set_signed(case.signed)
        self._draft.clear()
        self.show_case(case)

    def note_review(self) -> None:
        """Take over words that are still being typed."""
        case, view = self._flow.case, self._draft.view
        if case is not None and not case.signed and not self._flow.assessment.busy and view.shows_draft:
            self._flow.note_review(view.review())

    def _show_read(self, reading: Reading) -> None:
        self._patient.form.show_reading(reading.encounter, reading.observations)
        self._patient.form.show_unread(unread_words(reading.triage))
        self._patient.banner.show_triage(reading.triage)

    def _suggest(self, questions: tuple[NextQuestion, ...]) -> None:
        self._patient.form.suggest(tuple(question.finding for question in questions))
