"""The way into the case history and around in it: create, unlock, find, erase, change the passphrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from medrag_desktop.domain.case import CaseSummary
from medrag_desktop.errors import MedragError
from medrag_desktop.gui.jobs import STORE, Debounce, JobRunner
from medrag_desktop.services.history import History, HistoryState
from medrag_desktop.tasks import Task

T = TypeVar("T")
_QUIET_MS, _LONGEST_MS = 150, 600
_MOST = 500
"""Cases shown at once."""


class HistoryFlow(QObject):
    """Asks the history in its lane and tells what came of it."""

    created = Signal(tuple)
    """The recovery words; the history is open."""
    unlocked = Signal()
    refused = Signal(str)
    """Neither made nor opened, and why."""
    busy = Signal(bool)
    """The passphrase is being tried."""
    found = Signal(tuple, str, bool)
    """Case summaries, the words they were looked for with, and whether older ones were left out."""
    erased = Signal(str)
    """Case id."""
    passphrase_changed = Signal(str)
    """Empty when it is changed, else why not."""
    told = Signal(str, str)
    """A kind of message and its text."""

    def __init__(self, history: History, jobs: JobRunner, parent: QObject | None = None) -> None:
        """Do nothing before it is asked."""
        super().__init__(parent)
        self._history, self._jobs = history, jobs
        self._words = ""
        self._search = Debounce(_QUIET_MS, _LONGEST_MS, self)
        self._search.fired.connect(self.look)

    @property
    def state(self) -> HistoryState:
        """Return what the history waits for."""
        return self._history.state

    @Slot(str)
    def create(self, passphrase: str) -> None:
        """Make the history."""
        self._enter(lambda: self._history.create(passphrase), self.created.emit)

    @Slot(str)
    def unlock(self, passphrase: str) -> None:
        """Open the history."""
        self._enter(lambda: self._history.unlock(passphrase), lambda _: self.unlocked.emit())

    @Slot(str, str)
    def recover(self, words: str, new_passphrase: str) -> None:
        """Open the history with its recovery words."""
        self._enter(lambda: self._history.unlock_with_recovery(words, new_passphrase), lambda _: self.unlocked.emit())

    @Slot(str, str)
    def change_passphrase(self, old: str, new: str) -> None:
        """Set another passphrase."""
        self._jobs.start(
            lambda _: self._history.change_passphrase(old, new),
            lane=STORE,
            on_done=lambda _: self.passphrase_changed.emit(""),
            on_error=lambda error: self.passphrase_changed.emit(str(error)),
            must_finish=True,
        )

    @Slot(str)
    def search(self, words: str) -> None:
        """Look for cases when the typing pauses."""
        self._words = words
        self._search.poke()

    @Slot()
    def look(self) -> None:
        """Look for the cases now."""
        words = self._words
        self._jobs.start(
            lambda _: self._history.find(words, _MOST + 1),
            lane=STORE,
            on_done=lambda cases: self._tell_found(cases, words),
            on_error=self._tell,
        )

    @Slot(str)
    def erase(self, case_id: str) -> None:
        """Delete a case for good."""

        def work(_: Task) -> None:
            self._history.erase(case_id)
            kept = self._history.working()
            if kept is not None and kept.id == case_id:
                self._history.keep_working(None)

        self._jobs.start(
            work,
            lane=STORE,
            on_done=lambda _: self.erased.emit(case_id),
            on_error=self._tell,
            must_finish=True,
        )

    def lock(self, then: Callable[[], object]) -> None:
        """Close the history and forget what was looked for."""
        self._search.drop()
        self._words = ""
        self._jobs.start(lambda _: self._history.lock(), lane=STORE, on_end=then, must_finish=True)

    def _enter(self, work: Callable[[], T], on_done: Callable[[T], None]) -> None:
        self.busy.emit(True)
        self._jobs.start(
            lambda _: work(),
            lane=STORE,
            on_done=on_done,
            on_error=lambda error: self.refused.emit(str(error)),
            on_end=lambda: self.busy.emit(False),
        )

    def _tell_found(self, cases: tuple[CaseSummary, ...], words: str) -> None:
        if words == self._words:
            self.found.emit(cases[:_MOST], words, len(cases) > _MOST)

    def _tell(self, error: MedragError) -> None:
        self.told.emit("danger", str(error))
