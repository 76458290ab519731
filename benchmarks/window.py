"""The window as its user feels it: how soon it is there, how soon a draft is, and how long it ever stands still.

`python3 dev.py bench window [--runs N]`; figures go to stdout as one JSON object. Each run is a process of its own that
takes the way of `python -m medrag_desktop` with real models, library pack and history in a folder of its own, without
a screen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from medrag_desktop import bootstrap
from medrag_desktop.gui import make_app, show
from medrag_desktop.gui.interpreter import window_first
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.window_place import WindowPlace
from medrag_desktop.services.history import HistoryState

STORY = (
    "Severe headache and blurred vision since this morning, swelling of the feet. Fits once today. No fever, no cough, "
    "no neck stiffness. Vomited twice."
)
PASSPHRASE = "for the benchmark alone"
BEAT_MS = 5
DRAFTS = 3
"""After the first."""
PATIENCE_S = 120


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure fresh processes and print the figures."""
    parser = argparse.ArgumentParser(prog="bench window", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        print(json.dumps(measure(options.child, options.started)))
        return
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        subprocess.run([sys.executable, "-m", "medrag_desktop", "pack", "build", "--base-dir", str(base)], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        runs = [run(base) for _ in range(options.runs)]
    spreads = {name: spread([run[name] for run in runs]) for name in runs[0]}
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    print(json.dumps({"machine": machine, "load_after": load, "runs": len(runs), **spreads}, indent=2))


def run(base: Path) -> dict[str, float]:
    """Measure one fresh process."""
    started = time.time()
    command = [sys.executable, "-m", "benchmarks.window", "--child", str(base), "--started", str(started)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(base: Path, started: float) -> dict[str, float]:
    """Return the figures of this process in milliseconds; `started` is when it was asked for."""
    desk = bootstrap.make_desk(base)
    app = make_app(desk)
    window = MainWindow(desk)
    show(window, WindowPlace(base / "window.ini"))
    app.processEvents()
    figures = {"window_visible": 1000 * (time.time() - started)}
    with window_first(window, window.library.settled):
        use(window, Stopwatch(figures))
    window.close()
    while window.isVisible():
        app.processEvents()
    window.shut_down()
    return figures


def use(window: MainWindow, watch: Stopwatch) -> None:
    """Go the way of a first patient."""
    window.begin()
    watch.time("passphrase_to_form", lambda: enter(window), lambda: window.flow.case is not None)
    watch.time("library", lambda: None, lambda: window.library.catalogue is not None)
    watch.time("new_patient", window.flow.start_new, lambda: window.flow.is_blank)
    watch.time("typing_to_danger_signs", lambda: write(window), lambda: window.patient.banner.kind == "danger")
    assess(window, watch)


def enter(window: MainWindow) -> None:
    """Give the passphrase, at the first start with all that goes with it."""
    if window.history.state is HistoryState.ABSENT:
        window.history.created.connect(window.first_run.finished)
        window.history.create(PASSPHRASE)
    else:
        window.history.unlock(PASSPHRASE)


def write(window: MainWindow) -> None:
    """Put the whole story into the form, as if pasted."""
    window.patient.form.story.history.setPlainText(STORY)
    window.flow.note_typing()


def assess(window: MainWindow, watch: Stopwatch) -> None:
    """Assess the same patient several times; the first time may wait for the models."""
    ranked: list[float] = []
    window.flow.assessment.ranked.connect(lambda _: ranked.append(time.perf_counter()))
    for name in ("first_draft", *(f"draft_{number}" for number in range(2, 2 + DRAFTS))):
        start = time.perf_counter()
        watch.time(name, window.flow.assess, lambda: not window.flow.assessment.busy)
        watch.figures[f"{name}_ranking_shown"] = 1000 * (ranked[-1] - start)
        case = window.flow.case
        if case is None or case.draft is None:
            raise RuntimeError(window.shell.offer.text or window.shell.message.text)


class Stopwatch:
    """Times steps of a running window, with the longest pause of a heartbeat on the GUI thread during each."""

    def __init__(self, figures: dict[str, float]) -> None:
        self.figures = figures
        self._beat = QTimer(interval=BEAT_MS)
        self._beat.timeout.connect(self._note)
        self._last = 0.0
        self._longest = 0.0

    def time(self, name: str, begin: Callable[[], object], done: Callable[[], bool]) -> None:
        """Measure from `begin` until `done`."""
        self._last = start = time.perf_counter()
        self._longest = 0.0
        self._beat.start()
        begin()
        while not done():
            # as the program does: asleep until something happens, at the latest the next beat
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if time.perf_counter() - start > PATIENCE_S:
                raise TimeoutError(name)
        self._note()
        self._beat.stop()
        self.figures[name] = 1000 * (time.perf_counter() - start)
        self.figures[f"{name}_longest_freeze"] = self._longest

    def _note(self) -> None:
        now = time.perf_counter()
        self._longest = max(self._longest, 1000 * (now - self._last) - BEAT_MS)
        self._last = now


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median and maximum."""
    return {
        "min": round(min(values), 1),
        "median": round(statistics.median(values), 1),
        "max": round(max(values), 1),
    }


if __name__ == "__main__":
    main()
