"""Keys that are typed while another patient is on the way belong to that patient, never to the one before."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

_HELD = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.Wheel,
    }
)
_PATIENCE_MS = 10_000
"""What has not come by then may never come, and nobody should sit before a dead keyboard."""


class TypeAhead(QObject):
    """Holds the keys of a window back until they can be given to whoever has the focus then; clicks are dropped."""

    def __init__(self, window: QWidget) -> None:
        """Hold nothing."""
        super().__init__(window)
        self._window = window
        self._keys: list[QKeyEvent] = []
        self._awaited = 0
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self.drop)

    @Slot()
    def hold(self) -> None:
        """Keep what is typed from now on; who holds twice has to release twice."""
        if not self._awaited:
            _app().installEventFilter(self)
        self._awaited += 1
        self._patience.start()

    @Slot()
    def drop(self) -> None:
        """Let keys pass again; those that were kept were meant for a patient who did not come."""
        if self._awaited:
            _app().removeEventFilter(self)
        self._awaited = 0
        self._keys.clear()
        self._patience.stop()

    @Slot()
    def release(self) -> None:
        """Let keys pass again, those first that were kept."""
        self._awaited = max(0, self._awaited - 1)
        if self._awaited:
            return
        self._awaited, keys = 1, tuple(self._keys)
        self.drop()
        for key in keys:
            widget = QApplication.focusWidget()  # a key such as Tab moves the focus
            if widget is not None:
                QCoreApplication.sendEvent(widget, key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Keep keys, drop clicks, let everything else pass, and all that goes to another window."""
        if event.type() not in _HELD or not self._is_ours(watched):
            return False
        if isinstance(event, QKeyEvent):
            copy = QKeyEvent(event.type(), event.key(), event.modifiers(), event.text(), event.isAutoRepeat())
            self._keys.append(copy)
        return True

    def _is_ours(self, watched: QObject) -> bool:
        if isinstance(watched, QWidget):
            return watched.window() is self._window
        return watched is self._window.windowHandle()


def _app() -> QCoreApplication:
    app = QCoreApplication.instance()
    assert app is not None
    return app
