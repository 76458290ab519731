"""Where the window stood and how its panels were divided, from one start to the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter

_GEOMETRY = "geometry"


class WindowPlace:
    """A small file of numbers; nothing of a patient belongs in it, and the program runs as well without it."""

    def __init__(self, file: Path) -> None:
        """Use a file, which need not exist yet."""
        self._file = file

    def restore(self, window: QMainWindow) -> bool:
        """Divide and place a window as it was; tell whether a place was known.

        A place that is on no screen any more is moved onto one.
        """
        stored = self._stored()
        for name, splitter in _splitters(window):
            sizes = _sizes(str(stored.value(name, "")))
            if len(sizes) == splitter.count() and all(size > 0 for size in sizes):
                splitter.setSizes(sizes)
        geometry = QByteArray.fromHex(str(stored.value(_GEOMETRY, "")).encode("ascii", "ignore"))
        # Qt takes one that is cut off for a place at its word
        return geometry.size() == window.saveGeometry().size() and bool(window.restoreGeometry(geometry))

    def save(self, window: QMainWindow) -> None:
        """Note place and division; a folder that cannot be written costs no more than this."""
        stored = self._stored()
        for name, splitter in _splitters(window):
            if any(splitter.sizes()):  # a page that was never shown keeps what is known of it
                stored.setValue(name, " ".join(map(str, splitter.sizes())))
        stored.setValue(_GEOMETRY, bytes(window.saveGeometry().data()).hex())
        stored.sync()

    def _stored(self) -> QSettings:
        # by its path, so that nothing goes to the registry or the folder of the system's own settings
        return QSettings(str(self._file), QSettings.Format.IniFormat)


def _splitters(window: QMainWindow) -> Iterator[tuple[str, QSplitter]]:
    """Yield every splitter with its name in the file; one that can stand both ways has a name for each."""
    for number, splitter in enumerate(window.findChildren(QSplitter)):
        beside = splitter.orientation() is Qt.Orientation.Horizontal
        yield f"{'columns' if beside else 'rows'}{number}", splitter


def _sizes(text: str) -> list[int]:
    """Read sizes in pixels; none from anything else."""
    words = text.split()
    return (
        [int(word) for word in words]
        if all(word.isascii() and word.isdigit() and len(word) < 6 for word in words)
        else []
    )
