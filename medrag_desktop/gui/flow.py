"""The case at hand: typed, kept, assessed, reviewed, signed and exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from medrag_desktop.domain.case import Case, Review, ReviewedSection, assessed, changed, conclude
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.errors import InputError, MedragError
from medrag_desktop.gui.assessment import Assessment, LiveReading
from medrag_desktop.gui.jobs import MODEL, STORE, Debounce, JobRunner
from medrag_desktop.gui.library_flow import Instruments
from medrag_desktop.services.history import History
from medrag_desktop.tasks import Task

T = TypeVar("T")
KEEP_QUIET_MS, KEEP_LONGEST_MS = 200, 500
"""What is typed is in the history within a second, the time that writing takes included."""


def keep_clinicians_words(case: Case, former: Review | None) -> Case:
    """Put what the clinician concluded and wrote into the review of a new draft."""
    if former is None or case.review is None:
        return case
    sections = {section.title: section for section in case.review.sections}
    for section in former.sections:
        own = tuple(statement for statement in section.statements if statement.by_clinician)
        if own:
            before = sections.get(section.title, ReviewedSection(section.title, ()))
            sections[section.title] = replace(before, statements=(*before.statements, *own))
    kept = replace(case.review, sections=tuple(sections.values()))
    return replace(case, review=conclude(kept, former.diagnosis))


class CaseFlow(QObject):
    """Leads one case at a time through the lanes; it knows no widget, only how to read the form."""

    shown = Signal(object)
    """Another Case is at hand, or this one was signed or opened for change: show it."""
    turning = Signal()
    """Another case is on its way, or a signature: what is typed now belongs to what comes."""
    arrived = Signal()
    """It is there, and shown."""
    stayed = Signal()
    """It did not come; the case at hand is the same as before."""
    drafted = Signal(object)
    """The Case at hand with its new draft."""
    outdated = Signal(bool)
    """The form no longer says what the draft was written from."""
    keeping = Signal(str)
    """Whether the typing is safe: saved, saving or failed."""
    stored = Signal()
    """The history holds something new."""
    exported = Signal(object)
    """Path of the PDF."""
    left = Signal()
    """What was at hand is written, or in memory when it cannot be, and nothing is at hand any more."""
    told = Signal(str, str)
    """A kind of message and its text."""

    def __init__(
        self,
        history: History,
        jobs: JobRunner,
        instruments: Instruments,
        read_form: Callable[[], Encounter],
        parent: QObject | None = None,
    ) -> None:
        """Start with nothing at hand."""
        super().__init__(parent)
        self._history, self._jobs, self._instruments, self._read_form = history, jobs, instruments, read_form
        self.level = Level.GENERATED
        self._case: Case | None = None
        self._typed: Encounter | None = None
        self._baseline: Encounter | None = None
        """What the form said when the case was shown in it, or assessed."""
        self._in_history: Case | None = None
        """The case as the history was last given it."""
        self._unsafe: Case | None = None
        """A case that could not be written when it was left."""
        self._stay = 0
        """Counts how often the work was left: what comes back after that is dropped."""
        self._signing = False
        self._after_signing: list[Callable[[], object]] = []
        """What waits for a signature to be written, and needs the case stored before it goes on."""
        self._writing = self._write_again = False
        self._to_keep = Debounce(KEEP_QUIET_MS, KEEP_LONGEST_MS, self)
        self._to_keep.fired.connect(self._keep)
        self.reading = LiveReading(jobs, instruments, self._to_read, self)
        self.assessment = Assessment(jobs, instruments, self)
        self.assessment.drafted.connect(self._drafted)

    @property
    def case(self) -> Case | None:
        """Return the case at hand as it would be saved: of a draft that no longer fits the form only own words stay."""
        if self._case is None or self._typed is None or not self.is_outdated:
            return self._case
        return changed(self._case, self._typed)

    @property
    def drafted_case(self) -> Case | None:
        """Return the case at hand with its latest draft, even if the form was changed since it was written."""
        return self._case

    @property
    def is_outdated(self) -> bool:
        """Tell whether the form was changed since the case was shown or assessed."""
        return self._typed != self._baseline

    @property
    def is_blank(self) -> bool:
        """Tell whether there is nothing to save."""
        return self._case is None or (self._in_history is None and self._says_nothing)

    @property
    def is_unsafe(self) -> bool:
        """Tell whether what was left is in memory alone."""
        return self._unsafe is not None

    @Slot()
    def note_typing(self) -> None:
        """Take note that the form was changed by its user."""
        if self._case is not None:
            self.reading.note_typing()
            self._to_keep.poke()
            self.keeping.emit("saving")

    def note_defaults(self) -> None:
        """Take what an empty form says by itself as where its case begins."""
        if self._case is not None and self.is_blank:
            self._baseline = self._typed = self._read_form()

    @Slot(object)
    def note_review(self, review: Review) -> None:
        """Take over what the clinician makes of the draft."""
        if self._case is None or self._case.draft is None or self._case.signed or review == self._case.review:
            return
        self._case = replace(self._case, review=review)
        self._to_keep.poke()
        self.keeping.emit("saving")

    @Slot()
    def resume(self) -> None:
        """After unlocking, go on where the work was left."""
        if self._unsafe is not None:
            self._resume(self._unsafe)
            self._unsafe = None
            self._keep()
            return
        self._jobs.start(
            lambda _: self._history.working(),
            lane=STORE,
            on_done=self._while_here(self._resume),
            on_error=self._while_here(self._cannot_resume),
        )

    @Slot()
    def start_new(self) -> None:
        """Begin another patient; what was at hand is put into the history."""
        self.assessment.cancel()
        self.turning.emit()
        self.store(self._take_blank)

    @Slot(str)
    def open(self, case_id: str) -> None:
        """Take a case out of the history; what was at hand is put into it."""
        self.assessment.cancel()
        self.turning.emit()
        self.store(
            lambda: self._jobs.start(
                lambda _: self._history.case(case_id),
                lane=STORE,
                on_done=self._while_here(self._take_stored),
                on_error=self._tell,
            )
        )

    @Slot()
    def amend(self) -> None:
        """Let a signed case be changed."""
        case = self._case
        if case is not None and case.signed:
            self.turning.emit()
            self._jobs.start(
                lambda _: self._history.reopen(case),
                lane=STORE,
                on_done=self._while_here(self._take_amendment),
                on_error=self._tell,
            )

    def forget(self, case_id: str) -> None:
        """Begin another patient if the case at hand has just been erased."""
        if self._case is not None and self._case.id == case_id:
            self.assessment.cancel()
            self._take_blank()

    def store(self, then: Callable[[], object] = lambda: None) -> None:
        """Put the case at hand into the history if it is not there as it stands, and go on when it is."""
        if self._signing:
            self._after_signing.append(then)
            return
        self._note_form()
        case = self.case
        if case is None or self.is_blank or self._is_in_history(case):
            then()
            return

        def saved(now: Case) -> None:
            self._saved(case, now)
            then()

        self._jobs.start(
            lambda _: self._history.save(case),
            lane=STORE,
            on_done=self._while_here(saved),
            on_error=self._tell,
            must_finish=True,
        )

    def leave(self) -> None:
        """Stop what runs, keep what is at hand for later and let go of it; `left` tells when that is done."""
        self.assessment.cancel()
        self._note_form()
        nothing_to_write, case = self._case is None or self._signing, self._worth_keeping()
        self._let_go()
        self._stay += 1
        self._after_signing.clear()
        self.stayed.emit()
        if nothing_to_write:
            self.left.emit()
            return

        def cannot(error: MedragError) -> None:
            self._unsafe = case
            self._tell(error)

        self._jobs.start(
            lambda _: self._history.keep_working(case),
            lane=STORE,
            on_error=cannot,
            on_end=self.left.emit,
            must_finish=True,
        )

    @Slot()
    def assess(self) -> None:
        """Rank the case at hand at once, then draft it; the outcome comes as signals of the assessment."""
        if self._case is None or self._case.signed or self.assessment.busy:
            return
        self._note_form()
        if self._says_nothing:
            self.told.emit("warning", self.tr("Type what is wrong with the patient first."))
            return
        self.reading.forget()
        self.assessment.start(self._typed or self._case.encounter, self.level)

    def sign(self, reviewer: str, diagnosis: str) -> None:
        """Sign the review and put the case into the history."""
        case = self._finished_case()
        if case is None or case.review is None:
            return
        review = conclude(case.review, diagnosis)
        self._to_keep.drop()
        self._signing = True
        self.turning.emit()

        def work(_: Task) -> Case:
            signed = self._history.sign(case, review, reviewer)
            self._history.keep_working(None)  # it is finished
            return signed

        self._jobs.start(
            work,
            lane=STORE,
            on_done=self._while_here(self._signed),
            on_error=self._tell,
            on_end=self._signing_over,
            must_finish=True,
        )

    def export(self, out: Path) -> None:
        """Write the case at hand as a PDF."""
        case = self._finished_case()
        if case is not None:
            self._export(case, out)

    def export_stored(self, case_id: str, out: Path) -> None:
        """Write a case of the history as a PDF."""
        self._jobs.start(
            lambda _: self._history.case(case_id),
            lane=STORE,
            on_done=lambda case: self._export(case, out),
            on_error=self._tell,
        )

    @property
    def _says_nothing(self) -> bool:
        return self._case is not None and self._case.encounter == Encounter() and not self.is_outdated

    def _is_in_history(self, case: Case) -> bool:
        return self._in_history is not None and replace(case, updated=self._in_history.updated) == self._in_history

    def _worth_keeping(self) -> Case | None:
        """Return what the next start should go on with; a signed case is finished."""
        case = self.case
        return None if case is None or self.is_blank or case.signed else case

    def _finished_case(self) -> Case | None:
        """Return the case at hand if its draft fits the form, else say what is to be done."""
        self._note_form()
        if self._case is not None and self._case.draft is not None and not self.is_outdated:
            return self._case
        self.told.emit("warning", self.tr("The draft does not fit what is in the form. Assess the patient first."))
        return None

    def _note_form(self) -> None:
        """Read the form: from now on the case at hand is what it says."""
        if self._case is None:
            return
        was_outdated = self.is_outdated
        self._typed = self._read_form()
        if self._case.draft is not None and was_outdated != self.is_outdated:
            self.outdated.emit(self.is_outdated)

    def _while_here(self, act: Callable[[T], None]) -> Callable[[T], None]:
        """Return a callback that does nothing once the work has been left: nothing may appear on a locked window."""
        stay = self._stay
        return lambda result: act(result) if stay == self._stay else None

    def _signed(self, case: Case) -> None:
        self._take_stored(case)
        self.stored.emit()
        self.told.emit("good", self.tr("Signed and saved in the history."))

    def _signing_over(self) -> None:
        self._signing = False
        waiting, self._after_signing = self._after_signing, []
        for then in waiting:
            self.store(then)

    def _to_read(self) -> tuple[Encounter, bool] | None:
        """Return what is to be read while typing, and whether there is a draft whose ranking it changes."""
        self._note_form()
        if self._case is None or self._typed is None or self.assessment.busy:
            return None
        return self._typed, self._case.draft is not None and not self._case.signed

    def _take_blank(self) -> None:
        self._take(self._history.new_case())
        self._keep()

    def _take_stored(self, case: Case) -> None:
        self._take(case)
        self._in_history = case
        self._keep()

    def _take_amendment(self, case: Case) -> None:
        self._take(case)
        self._in_history = case  # as it was signed: only a change takes the signature off

    def _take(self, case: Case) -> None:
        """Make a case the one at hand and have it shown."""
        self._let_go()
        self._case = case
        self.shown.emit(case)
        self._baseline = self._typed = self._read_form()
        self.outdated.emit(False)
        self.reading.read_now()
        self.arrived.emit()

    def _let_go(self) -> None:
        self.reading.forget()
        self._to_keep.drop()
        self._case = self._baseline = self._typed = self._in_history = None

    def _resume(self, case: Case | None) -> None:
        if case is None:
            self._take_blank()
            return
        self._take(case)
        self.keeping.emit("saved")
        self.told.emit("info", self.tr("This is the patient you were working on."))

    def _cannot_resume(self, error: MedragError) -> None:
        self._take(self._history.new_case())
        self._tell(error)

    def _keep(self) -> None:
        """Keep the case at hand for the next start; while that is being written, remember only to do it again."""
        if self._case is None:
            return
        if self._writing:
            self._write_again = True
            return
        self._note_form()
        case = self._worth_keeping()
        self._writing, self._write_again = True, False
        self._jobs.start(
            lambda _: self._history.keep_working(case),
            lane=STORE,
            on_done=self._kept,
            on_error=self._not_kept,
            on_end=self._keep_over,
            must_finish=True,
        )

    def _kept(self, _: None) -> None:
        if self._case is not None and not self._to_keep.waiting:
            self.keeping.emit("saved")

    def _not_kept(self, error: MedragError) -> None:
        if self._case is not None:
            self.keeping.emit("failed")
            self._tell(error)

    def _keep_over(self) -> None:
        self._writing = False
        if self._write_again:
            self._keep()

    def _saved(self, before: Case, now: Case) -> None:
        """Take note of what the history holds; what was changed meanwhile stays changed."""
        if self._case is not None and self._case.id == now.id:
            if self._case == before:
                self._case = now
            self._in_history = now
        self.stored.emit()

    def _drafted(self, encounter: Encounter, draft: Draft) -> None:
        if self._case is None or self._typed != encounter:
            return  # another patient is at hand by now
        self._case = keep_clinicians_words(assessed(self._case, encounter, draft), self._case.review)
        self._baseline = self._typed
        self.outdated.emit(False)
        self.drafted.emit(self._case)
        self.store(self._keep)

    def _export(self, case: Case, out: Path) -> None:
        draft = case.draft
        if draft is None:
            self._tell(InputError(self.tr("This case has no draft yet. Assess the patient first.")))
            return

        def work(_: Task) -> Path:
            self._instruments.report().write(case.encounter, draft, out, case.review)
            return out

        self._jobs.start(work, lane=MODEL, on_done=self.exported.emit, on_error=self._tell)

    def _tell(self, error: MedragError) -> None:
        self.stayed.emit()
        self.told.emit("danger", str(error))
