"""The window's looks and a whole window on stand-ins, for every test of it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.config import find_paths
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.theme import apply_theme, load_looks
from medrag_desktop.services.desk import Desk
from tests.gui.workbench import PASSPHRASE, Workbench

HERE = Path(__file__).parent
OpenWindow = Callable[..., MainWindow]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Overlook what the offscreen platform cannot do: raise a window, or heed its least size."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


def windows() -> set[QWidget]:
    """Return every window there is, shown or not, once what is to be deleted is gone."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return set(QApplication.topLevelWidgets())


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a window or a thread behind; as the first fixture it looks last."""
    threads, known = set(threading.enumerate()), windows()
    yield
    if windows() - known:
        gc.collect()  # one that is part of a cycle is nobody's any more
    left = sorted({type(window).__name__ for window in windows() - known})
    assert not left, f"windows that outlived their test: {', '.join(left)}"
    assert set(threading.enumerate()) <= threads, "a thread outlived its test"


@pytest.fixture(scope="session", autouse=True)
def looks(qapp: QApplication) -> None:
    paths = find_paths()
    load_looks(paths.assets / "report" / "fonts", paths.assets / "icons")
    apply_theme(qapp, "light", 1.0)


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


@pytest.fixture
def open_window(qtbot: QtBot, bench: Workbench) -> Iterator[OpenWindow]:
    """Return a way to open a window as the program does."""
    opened: list[MainWindow] = []

    def open_one(desk: Desk | None = None) -> MainWindow:
        window = MainWindow(desk or bench.desk())
        opened.append(window)
        window.resize(1366, 768)
        window.show()
        qtbot.waitExposed(window)
        window.begin()
        return window

    yield open_one
    for gate in bench.gates.values():
        gate.set()
    bench.faults.clear()
    for window in opened:
        window.close()
        qtbot.waitUntil(window.isHidden)
        window.shut_down()
        window.deleteLater()
    qtbot.wait(0)


@pytest.fixture
def window(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> MainWindow:
    """Return a window with an open history and an empty form, its library and models open."""
    bench.vault.passphrase = PASSPHRASE
    ours = open_window()
    ours.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: ours.flow.case is not None)
    qtbot.waitUntil(lambda: ours.library.catalogue is not None and not ours.jobs.busy)
    bench.calls.clear()
    return ours
