"""The way into the case history and around in it: create, unlock, find, erase, change passphrase and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from medrag_desktop.domain.case import CaseSummary
from medrag_desktop.errors import MedragError
from medrag_desktop.gui.jobs import STORE, Debounce, JobRunner
from medrag_desktop.services.history import History, HistoryState

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
    words_made = Signal(tuple)
    """Fresh recovery words; the old ones open nothing any more."""
    words_refused = Signal(str)
    """Why the recovery words are as they were."""
    words_confirmed = Signal(bool)
    """Whether the recovery words are known to be on paper."""
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
        self._enter(lambda: self._history.unlock(passphrase), self._opened)

    @Slot(str, str)
    def recover(self, words: str, new_passphrase: str) -> None:
        """Open the history with its recovery words."""
        self._enter(lambda: self._history.unlock_with_recovery(words, new_passphrase), self._opened)

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
    def renew_words(self, passphrase: str) -> None:
        """Make fresh recovery words."""
        self._jobs.start(
            lambda _: self._history.renew_recovery_words(passphrase),
            lane=STORE,
            on_done=self._renewed,
            on_error=lambda error: self.words_refused.emit(str(error)),
            must_finish=True,
        )

    @Slot()
    def confirm_words(self) -> None:
        """Remember that the recovery words are on paper."""
        self._jobs.start(
            lambda _: self._history.confirm_recovery_words(),
            lane=STORE,
            on_done=lambda _: self.words_confirmed.emit(True),
            on_error=self._tell,
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
        self._jobs.start(
            lambda _: self._history.erase(case_id),
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

    def _opened(self, _: None) -> None:
        self.unlocked.emit()
        self._jobs.start(
            lambda _: self._history.recovery_words_confirmed(),
            lane=STORE,
            on_done=self.words_confirmed.emit,
            on_error=self._tell,
        )

    def _renewed(self, words: tuple[str, ...]) -> None:
        self.words_made.emit(words)
        self.words_confirmed.emit(False)

    def _tell_found(self, cases: tuple[CaseSummary, ...], words: str) -> None:
        if words == self._words:
            self.found.emit(cases[:_MOST], words, len(cases) > _MOST)

    def _tell(self, error: MedragError) -> None:
        self.told.emit("danger", str(error))
