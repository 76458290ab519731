"""What happens when the program meets a fault of its own: it says so, keeps running, and tells nothing of a patient."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from medrag_desktop import __version__
from medrag_desktop.gui.widgets import plain_label, push_button

logger = logging.getLogger(__name__)
_DEEPEST = 30
"""Frames told of, the innermost ones."""


def describe(kind: type[BaseException], fault: BaseException | None, place: TracebackType | None) -> str:
    """Return kinds of exception with files and lines; neither messages nor values, which could hold patient text."""
    lines = [f"MedRAG Desktop {__version__}, Python {sys.version.split()[0]}, {sys.platform}"]
    lines += _frames(kind, place)
    for cause in _causes(fault):
        lines.append("while handling")
        lines += _frames(type(cause), cause.__traceback__)
    return "\n".join(lines)


def _frames(kind: type[BaseException], place: TracebackType | None) -> Iterator[str]:
    yield kind.__name__
    for frame in traceback.extract_tb(place)[-_DEEPEST:]:
        yield f"  {_short(frame.filename)}:{frame.lineno} {frame.name}"


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    seen = {id(fault)}
    while fault is not None:
        fault = fault.__cause__ or fault.__context__
        if fault is None or id(fault) in seen:
            return
        seen.add(id(fault))
        yield fault


def _short(file: str) -> str:
    """Return the end of a path: its beginning may hold the user's name."""
    return "/".join(Path(file).parts[-3:])


class CrashDialog(QDialog):
    """Says that the program made a mistake, what is safe, and what to send to whom can mend it."""

    def __init__(self, description: str, parent: QWidget | None = None) -> None:
        """Show the technical part as it would be copied."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("A fault of the program"))
        self.setMinimumWidth(560)
        self.technical = QPlainTextEdit(description)
        self.technical.setReadOnly(True)
        self.technical.setTabChangesFocus(True)
        self.technical.setAccessibleName(self.tr("Technical part"))
        self.technical.setMinimumHeight(160)
        self.copy_button = push_button(self.tr("&Copy the technical part"))
        self.copy_button.clicked.connect(self._copy)
        self.close_button = QPushButton(self.tr("C&lose"))
        self._lay_out()
        self.close_button.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(plain_label(self.tr("The program made a mistake"), "title"))
        column.addWidget(
            plain_label(
                self.tr(
                    "What you typed is kept as before, and the saved cases are untouched. You can go on working. "
                    "If this happens again, close the program and start it again."
                )
            )
        )
        told = self.tr("For the people who mend the program. It holds nothing of a patient:")
        column.addWidget(plain_label(told, "muted"))
        column.addWidget(self.technical)
        row = QHBoxLayout()
        row.addWidget(self.copy_button)
        row.addStretch(1)
        box = QDialogButtonBox()
        box.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        box.rejected.connect(self.reject)
        row.addWidget(box)
        column.addLayout(row)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.technical.toPlainText())
        self.copy_button.setText(self.tr("Copied"))


class CrashHook(QObject):
    """Stands in for sys.excepthook: writes a fault into the log and shows it, one dialog at a time."""

    _met = Signal(str)

    def __init__(self, window: Callable[[], QWidget | None], parent: QObject | None = None) -> None:
        """Show the dialog above the window that `window` returns."""
        super().__init__(parent)
        self._window = window
        self._before = sys.excepthook
        self.dialog: CrashDialog | None = None
        # A fault may be met in any thread; a dialog belongs to this one.
        self._met.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over from the hook before."""
        sys.excepthook = self.meet

    def uninstall(self) -> None:
        """Give back to the hook before."""
        sys.excepthook = self._before

    def meet(self, kind: type[BaseException], fault: BaseException, place: TracebackType | None) -> None:
        """Log and show a fault."""
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, fault, place)
            return
        description = describe(kind, fault, place)
        logger.error(description)
        self._met.emit(description)

    @Slot(str)
    def _show(self, description: str) -> None:
        if self.dialog is not None:
            return
        self.dialog = CrashDialog(description, self._window())
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    @Slot(int)
    def _closed(self, _: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
