"""The window: thin views over the use cases; the only package that knows Qt."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from medrag_desktop.gui.crash import CrashHook
from medrag_desktop.gui.interpreter import window_first
from medrag_desktop.gui.main_window import TITLE, MainWindow
from medrag_desktop.gui.theme import apply_theme, load_looks
from medrag_desktop.gui.window_place import WindowPlace
from medrag_desktop.services.desk import Desk

_ATTENTION_MS = 300
"""How often Python gets to see a signal while Qt waits for events."""
_SMALL_SCREEN = 1440


def open_window(desk: Desk) -> int:
    """Show the window until it is closed; return the exit code."""
    app = make_app(desk)
    window = MainWindow(desk)
    hook = CrashHook(lambda: window, app)
    hook.install()
    place = WindowPlace(desk.paths.window)
    show(window, place)
    QTimer.singleShot(0, window.begin)
    try:
        with signals_close(window), window_first(window, window.library.settled):
            return app.exec()
    finally:
        place.save(window)
        window.shut_down()
        hook.uninstall()


def can_draw_on(platform: str) -> bool:
    """Tell whether Qt came with what it needs to draw on a platform, for example `wayland`."""
    folders = (Path(folder) / "platforms" for folder in QCoreApplication.libraryPaths())
    return any(plugin for folder in folders for plugin in folder.glob(f"*q{platform}*"))


def make_app(desk: Desk) -> QApplication:
    """Return the application in its looks."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("medrag-desktop")
    app.setApplicationDisplayName(TITLE)
    app.setDesktopFileName("medrag-desktop")
    load_looks(desk.paths.assets / "report" / "fonts", desk.icons)
    app.setWindowIcon(QIcon("icons:app.svg"))
    apply_theme(app, desk.settings.theme, desk.settings.text_scale)
    return app


def show(window: MainWindow, place: WindowPlace | None = None) -> None:
    """Show the window where it was; the first time on all of a small screen, on a comfortable part of a large one."""
    room = window.screen().availableSize()
    window.resize(min(1360, room.width()), min(860, room.height()))
    known = place is not None and place.restore(window)
    if not known and room.width() <= _SMALL_SCREEN:
        window.showMaximized()
    else:
        window.show()


@contextmanager
def signals_close(window: MainWindow) -> Iterator[None]:
    """Close the window in good order when the system or a terminal asks the program to stop."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: window.close()) for number in numbers]
    attention = QTimer(window, interval=_ATTENTION_MS)
    attention.timeout.connect(lambda: None)
    attention.start()
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
