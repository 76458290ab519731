"""Work off the GUI thread: calls of the use cases in three lanes, and the process that builds a pack."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QProcess, Qt, QTimer, Signal, Slot

from medrag_desktop.errors import Cancelled, MedragError, PackError
from medrag_desktop.tasks import Progress, Task

logger = logging.getLogger(__name__)
T = TypeVar("T")

READING, MODEL, STORE = "reading", "model", "store"
"""The lanes: danger signs and ranking, which never wait for a model; models and reports; the case history."""
_PATIENCE_MS = 3000
"""How long a process is given to clean up after it was asked to stop."""
_LONGEST_LINE = 65_536


def _ignore(_: object) -> None:
    """Take a value and do nothing."""


def _nothing() -> None:
    """Do nothing."""


def read_progress(line: bytes) -> Progress | None:
    """Read a line of progress; None when the line is something else."""
    try:
        row = json.loads(line)
        return Progress(str(row["message"]), int(row["done"]), None if row["total"] is None else int(row["total"]))
    except (ValueError, KeyError, TypeError):
        return None


def _tell(task: Task, progress: Progress, on_progress: Callable[[Progress], object]) -> None:
    """Pass progress on unless the user has cancelled meanwhile."""
    try:
        task.checkpoint()
    except Cancelled:
        return
    on_progress(progress)


class JobRunner(QObject):
    """Runs calls off the GUI thread and brings their outcome back to it.

    Each lane is one thread, so the calls of a lane never overlap and need no locks.
    """

    failed = Signal(object)
    """A MedragError that its job does not answer for itself."""
    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Start no thread before the first job."""
        super().__init__(parent)
        self._lanes = {name: ThreadPoolExecutor(1, thread_name_prefix=name) for name in (READING, MODEL, STORE)}
        self._running: set[Task] = set()
        self._to_finish: set[Task] = set()
        self._closed = False
        # Queued from this thread, too: a future that is finished already calls back at once, and a direct call
        # would overtake the progress that is still in the queue.
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Tell whether a job waits, runs or has yet to bring back its outcome."""
        return bool(self._running)

    def start(
        self,
        work: Callable[[Task], T],
        *,
        lane: str,
        on_done: Callable[[T], object] = _ignore,
        on_progress: Callable[[Progress], object] = _ignore,
        on_error: Callable[[MedragError], object] | None = None,
        on_end: Callable[[], object] = _nothing,
        must_finish: bool = False,
    ) -> Task:
        """Queue work behind what its lane has to do; return the task, whose cancel() stops it.

        The callbacks run on the GUI thread after this returns; `on_end` always runs, and last. A MedragError goes to
        `on_error`, else to the signal `failed`; anything else is a bug and goes to sys.excepthook. After `cancel`
        neither `on_done` nor `on_progress` runs. Work that must finish is not cancelled when the window closes.
        """
        task = Task(lambda progress: self._posted.emit(lambda: _tell(task, progress, on_progress)))

        def run() -> T:
            task.checkpoint()
            return work(task)

        def finish(future: Future[T]) -> None:
            self._posted.emit(lambda: self._settle(task, future, on_done, on_error or self.failed.emit, on_end))

        self._running.add(task)
        if must_finish:
            self._to_finish.add(task)
        self._lanes[lane].submit(run).add_done_callback(finish)
        return task

    def cancel_all(self) -> None:
        """Ask every job that need not finish to stop at its next checkpoint."""
        for task in self._running - self._to_finish:
            task.cancel()

    def shutdown(self) -> None:
        """Cancel what need not finish, wait until no thread is left, and call nobody back."""
        self._closed = True
        self.cancel_all()
        for lane in self._lanes.values():
            lane.shutdown(wait=True)
        self._running.clear()
        self._to_finish.clear()

    def _settle(
        self,
        task: Task,
        future: Future[T],
        on_done: Callable[[T], object],
        on_error: Callable[[MedragError], object],
        on_end: Callable[[], object],
    ) -> None:
        self._running.discard(task)
        self._to_finish.discard(task)
        try:
            result = future.result()
            task.checkpoint()
        except Cancelled:
            logger.info("a job was cancelled")
        except MedragError as error:
            on_error(error)
        else:
            on_done(result)
        finally:
            on_end()

    @Slot(object)
    def _call(self, closure: Callable[[], Any]) -> None:
        if not self._closed:
            closure()


class WorkerProcess(QObject):
    """A command of ours in a process of its own, which prints its progress as JSON lines."""

    progressed = Signal(object)
    """Progress."""
    succeeded = Signal()
    failed = Signal(object)
    """A PackError; not after `cancel`."""
    ended = Signal()
    """Always, and last."""

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        """Prepare the command; `start` runs it."""
        super().__init__(parent)
        self._command = tuple(command)
        self._cancelled = False
        self._over = False
        self._out = b""
        self._errors = b""
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.errorOccurred.connect(self._not_started)
        self._process.finished.connect(self._finish)
        self._last_resort = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._last_resort.timeout.connect(self._process.kill)

    @property
    def running(self) -> bool:
        """Tell whether the process is there."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self) -> None:
        """Run the command; the outcome comes as signals."""
        self._process.start(self._command[0], list(self._command[1:]))

    def cancel(self) -> None:
        """Ask the process to stop; stop it by force when it does not."""
        self._cancelled = True
        self._process.terminate()
        self._last_resort.start()

    def stop(self) -> None:
        """Stop the process and wait until it is gone."""
        self._cancelled = True
        if self.running:
            self._process.terminate()
            if not self._process.waitForFinished(_PATIENCE_MS):
                self._process.kill()
                self._process.waitForFinished()

    @Slot()
    def _read(self) -> None:
        *lines, self._out = (self._out + self._process.readAllStandardOutput().data()).split(b"\n")
        self._out = self._out[-_LONGEST_LINE:]
        for progress in filter(None, map(read_progress, lines)):
            if not self._cancelled:
                self.progressed.emit(progress)

    @Slot()
    def _read_errors(self) -> None:
        self._errors = (self._errors + self._process.readAllStandardError().data())[-_LONGEST_LINE:]

    @Slot(QProcess.ProcessError)
    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._settle(self.tr("The program could not start a part of itself; install it again."))

    @Slot(int, QProcess.ExitStatus)
    def _finish(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        if code == 0 and status is QProcess.ExitStatus.NormalExit:
            self._settle("")
            return
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        self._settle(lines[-1] if lines else self.tr("The work stopped before it was done; try again."))

    def _settle(self, fault: str) -> None:
        if self._over:
            return
        self._over = True
        self._last_resort.stop()
        if fault and not self._cancelled:
            self.failed.emit(PackError(fault))
        elif not fault:
            self.succeeded.emit()
        self.ended.emit()


class Debounce(QObject):
    """Fires once after a burst: when it has been quiet for a while, and never later than a limit after its start."""

    fired = Signal()

    def __init__(self, quiet_ms: int, longest_ms: int, parent: QObject | None = None) -> None:
        """Wait for the first poke."""
        super().__init__(parent)
        self._quiet = QTimer(self, singleShot=True, interval=quiet_ms)
        self._longest = QTimer(self, singleShot=True, interval=longest_ms)
        for timer in (self._quiet, self._longest):
            timer.setTimerType(Qt.TimerType.PreciseTimer)
            timer.timeout.connect(self.flush)

    @property
    def waiting(self) -> bool:
        """Tell whether it is going to fire."""
        return self._quiet.isActive()

    def poke(self) -> None:
        """Note that something happened."""
        self._quiet.start()
        if not self._longest.isActive():
            self._longest.start()

    @Slot()
    def flush(self) -> None:
        """Fire now if something is waiting."""
        if self.waiting or self._longest.isActive():
            self.drop()
            self.fired.emit()

    def drop(self) -> None:
        """Forget what is waiting."""
        self._quiet.stop()
        self._longest.stop()
