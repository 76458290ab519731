"""How the clinical library, the models and the report writer come to be open, and the library pack to be built."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.errors import LibraryError, MedragError, PackMissing
from medrag_desktop.gui.jobs import MODEL, READING, JobRunner, WorkerProcess
from medrag_desktop.ports import ReportWriter
from medrag_desktop.services.assess import Assessor
from medrag_desktop.services.completion import Completer
from medrag_desktop.services.desk import Desk
from medrag_desktop.services.rank import Ranker
from medrag_desktop.tasks import Task


class Instruments:
    """What the lanes work with, opened at first use; the GUI thread never asks for it.

    The clinical library only reads, so two lanes may use it; all else belongs to the model lane.
    """

    def __init__(self, desk: Desk) -> None:
        """Open nothing yet."""
        self._desk = desk
        self._opening = threading.Lock()
        self._ranker: Ranker | None = None
        self._assessor: Assessor | None = None
        self._report: ReportWriter | None = None

    def ranker(self) -> Ranker:
        """Return the clinical library; raise LibraryError."""
        with self._opening:
            if self._ranker is None:
                self._ranker = self._desk.open_ranker()
            return self._ranker

    def assessor(self) -> Assessor:
        """Return the models with the packs; raise ModelError or PackError."""
        if self._assessor is None:
            self._assessor = self._desk.open_assessor(self.ranker())
        return self._assessor

    def report(self) -> ReportWriter:
        """Return what draws a PDF."""
        if self._report is None:
            self._report = self._desk.open_report(self.ranker())
        return self._report

    def close(self) -> None:
        """Let go of everything; the next use opens it anew, with the settings as they are then."""
        with self._opening:
            self._ranker = self._assessor = self._report = None


class LibraryFlow(QObject):
    """Opens library and models behind the window's back, and builds the library pack where it is missing."""

    ready = Signal(object, object)
    """The Catalogue and its Completer: danger signs and findings work from now on."""
    settled = Signal()
    """The library is open, or the models with their packs: what was read stays until the settings change."""
    unusable = Signal(str)
    """The library cannot be opened, and nothing can be assessed."""
    limited = Signal(str)
    """Which models or packs were left out, and why; a draft can be written all the same."""
    models_unusable = Signal(str)
    """The models cannot be opened; danger signs and ranking work all the same."""
    pack_missing = Signal()
    building = Signal(bool)
    build_progressed = Signal(object)
    """Progress."""
    built = Signal()
    build_failed = Signal(str)

    def __init__(self, desk: Desk, jobs: JobRunner, instruments: Instruments, parent: QObject | None = None) -> None:
        """Open nothing before `open`."""
        super().__init__(parent)
        self._desk, self._jobs, self._instruments = desk, jobs, instruments
        self._worker: WorkerProcess | None = None
        self.catalogue: Catalogue | None = None
        """None until the library is open."""

    @Slot()
    def open(self) -> None:
        """Open the library, then the models, so that the first draft does not wait for them."""
        self._jobs.start(
            lambda _: self._open(),
            lane=READING,
            on_done=lambda opened: self._opened(*opened),
            on_error=lambda error: self.unusable.emit(str(error)),
        )

    def reopen(self) -> None:
        """Open everything anew, with settings that have been saved."""
        self._jobs.start(lambda _: self._instruments.close(), lane=MODEL, on_done=lambda _: self.open_models())

    @Slot()
    def open_models(self) -> None:
        """Open the models in the background."""
        self._jobs.start(self._open_models, lane=MODEL, on_done=self._models_opened, on_error=self.explain)

    def explain(self, error: MedragError) -> None:
        """Say why nothing can be drafted: a pack can be built, anything else is told."""
        if isinstance(error, PackMissing):
            self.pack_missing.emit()
        elif isinstance(error, LibraryError):
            self.unusable.emit(str(error))
        else:
            self.models_unusable.emit(str(error))

    @Slot()
    def build(self) -> None:
        """Build the library pack in a process of its own."""
        if self._worker is not None:
            return
        self._worker = WorkerProcess(self._desk.build_command, self)
        self._worker.progressed.connect(self.build_progressed)
        self._worker.failed.connect(lambda error: self.build_failed.emit(str(error)))
        self._worker.succeeded.connect(self.open_models)
        self._worker.succeeded.connect(self.built)
        self._worker.ended.connect(self._build_ended)
        self.building.emit(True)
        self._worker.start()

    @Slot()
    def cancel_build(self) -> None:
        """Stop building; what was there before stays."""
        if self._worker is not None:
            self._worker.cancel()

    def stop(self) -> None:
        """Leave no process behind."""
        if self._worker is not None:
            self._worker.stop()

    def _open(self) -> tuple[Catalogue, Completer]:
        catalogue = self._instruments.ranker().catalogue
        return catalogue, Completer(catalogue.vocabulary, catalogue.abbreviations)

    def _opened(self, catalogue: Catalogue, completer: Completer) -> None:
        self.catalogue = catalogue
        self.settled.emit()
        self.ready.emit(catalogue, completer)
        self.open_models()

    def _open_models(self, task: Task) -> tuple[str, ...]:
        task.checkpoint()
        return self._instruments.assessor().notes

    def _models_opened(self, notes: tuple[str, ...]) -> None:
        self.settled.emit()
        if notes:
            self.limited.emit("\n".join(notes))

    def _build_ended(self) -> None:
        if self._worker is not None:
            self._worker.deleteLater()
        self._worker = None
        self.building.emit(False)
