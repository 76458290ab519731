"""What is made of one encounter: read while it is typed; ranked, then drafted, when asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.differential import Differential
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.next_question import NextQuestion
from medrag_desktop.domain.observations import Observations
from medrag_desktop.domain.triage import Triage
from medrag_desktop.domain.urgency import urgency_of
from medrag_desktop.errors import MedragError
from medrag_desktop.gui.jobs import MODEL, READING, Debounce, JobRunner
from medrag_desktop.gui.library_flow import Instruments
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Progress, Task

T = TypeVar("T")
READ_QUIET_MS, READ_LONGEST_MS = 200, 600


def read_encounter(ranker: Ranker, encounter: Encounter, *, rank: bool) -> Reading:
    """Return what the library makes of an encounter in a few milliseconds, with or without the ranking."""
    read, observations, signs = ranker.triage(encounter)
    if not rank:
        return Reading(read, observations, signs)
    ranked = ranker.rank(read, observations)
    urgency, because = urgency_of(signs, ranked, read, observations, ranker.catalogue)
    return Reading(read, observations, signs, ranked, ranker.next_questions(read, observations), urgency, because)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clinical library makes of an encounter, without any model."""

    encounter: Encounter
    """With vital signs read from its text."""
    observations: Observations
    triage: Triage
    differential: Differential | None = None
    """None while nothing was assessed yet, and with it what follows."""
    questions: tuple[NextQuestion, ...] = ()
    urgency: Urgency | None = None
    urgency_because: tuple[str, ...] = ()


class LiveReading(QObject):
    """Reads the form when its typing pauses: one at a time, and only the latest counts."""

    read = Signal(object)
    """Reading."""

    def __init__(
        self,
        jobs: JobRunner,
        instruments: Instruments,
        form: Callable[[], tuple[Encounter, bool] | None],
        parent: QObject,
    ) -> None:
        """Read what `form` returns, and rank it where that says so; None means that there is nothing to read."""
        super().__init__(parent)
        self._jobs, self._instruments, self._form = jobs, instruments, form
        self._turn = 0
        self._running = self._again = False
        self._pause = Debounce(READ_QUIET_MS, READ_LONGEST_MS, self)
        self._pause.fired.connect(self.read_now)

    def note_typing(self) -> None:
        """Read when the typing pauses."""
        self._pause.poke()

    def forget(self) -> None:
        """Drop what waits, and what comes back: it was another patient's."""
        self._turn += 1
        self._pause.drop()

    @Slot()
    def read_now(self) -> None:
        """Read at once, or after the reading that runs."""
        self._pause.drop()
        if self._running:
            self._again = True
            return
        to_read, turn = self._form(), self._turn
        if to_read is None:
            return
        encounter, rank = to_read
        self._running, self._again = True, False

        def done(reading: Reading) -> None:
            if turn == self._turn and not self._again:
                self.read.emit(reading)

        self._jobs.start(
            lambda _: read_encounter(self._instruments.ranker(), encounter, rank=rank),
            lane=READING,
            on_done=done,
            on_error=lambda _: None,  # who opened the library has told already
            on_end=self._over,
        )

    def _over(self) -> None:
        self._running = False
        if self._again:
            self.read_now()


class Assessment(QObject):
    """Runs one assessment: danger signs and ranking in a moment, the draft when it is written."""

    running = Signal(bool)
    progressed = Signal(object)
    """Progress."""
    ranked = Signal(object)
    """Reading with its differential."""
    drafted = Signal(object, object)
    """Encounter and Draft."""
    stopped = Signal(object)
    """The MedragError that stopped it, or None when the user did."""

    def __init__(self, jobs: JobRunner, instruments: Instruments, parent: QObject) -> None:
        """Run nothing yet."""
        super().__init__(parent)
        self._jobs, self._instruments = jobs, instruments
        self._step: Task | None = None

    @property
    def busy(self) -> bool:
        """Tell whether one runs."""
        return self._step is not None

    def start(self, encounter: Encounter, level: Level) -> None:
        """Assess an encounter; the outcome comes as signals."""
        if self.busy:
            return
        self.running.emit(True)
        self._run(
            READING, lambda task: self._rank(encounter, task), lambda reading: self._write(encounter, level, reading)
        )

    def cancel(self) -> None:
        """Stop at the next step."""
        if self._step is not None:
            self._step.cancel()
            self.progressed.emit(Progress(self.tr("Stopping...")))

    def _rank(self, encounter: Encounter, task: Task) -> Reading:
        task.report(self.tr("Checking danger signs"), 0, 4)
        return read_encounter(self._instruments.ranker(), encounter, rank=True)

    def _write(self, encounter: Encounter, level: Level, reading: Reading) -> None:
        self.ranked.emit(reading)
        self._run(
            MODEL, lambda task: self._draft(encounter, level, task), lambda draft: self.drafted.emit(encounter, draft)
        )

    def _draft(self, encounter: Encounter, level: Level, task: Task) -> Draft:
        task.report(self.tr("Opening the models"), 0, 4)
        return self._instruments.assessor().assess(encounter, level=level, task=task)

    def _run(self, lane: str, work: Callable[[Task], T], on_done: Callable[[T], None]) -> None:
        """Run one step; the busy state ends with the last, whatever becomes of it."""
        went_well: list[bool] = []
        faults: list[MedragError] = []

        def done(result: T) -> None:
            went_well.append(True)
            on_done(result)

        def end() -> None:
            if self._step is not step:
                return
            self._step = None
            self.running.emit(False)
            if not went_well:
                self.stopped.emit(faults[0] if faults else None)

        step = self._jobs.start(
            work, lane=lane, on_done=done, on_progress=self.progressed.emit, on_error=faults.append, on_end=end
        )
        self._step = step
