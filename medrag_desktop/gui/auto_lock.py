"""Lock when nobody has used keys or mouse for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

_USE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)
_MINUTE_MS = 60_000


class AutoLock(QObject):
    """Counts since the program was last used, in whichever of its windows."""

    expired = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Never expire before it is told when."""
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.expired)
        self._milliseconds = 0
        self._app: QGuiApplication | None = None

    def set_minutes(self, minutes: float) -> None:
        """Expire after so many minutes without use; 0 means never."""
        self._milliseconds = round(minutes * _MINUTE_MS)
        self.note_use()

    def watch(self, app: QGuiApplication) -> None:
        """Note every use from now on; the first window must be shown already.

        A filter on the application would see each event of each widget, thousands a second, and each would wait for
        the interpreter while a lane has it. What a user does comes through the windows.
        """
        self._app = app
        app.focusWindowChanged.connect(self._watch_windows)
        # words from an input method go past the windows, but they move the cursor
        app.inputMethod().cursorRectangleChanged.connect(self.note_use)
        self._watch_windows()

    def stop(self) -> None:
        """Note nothing and expire no more."""
        self._timer.stop()
        if self._app is None:
            return
        self._app.focusWindowChanged.disconnect(self._watch_windows)
        self._app.inputMethod().cursorRectangleChanged.disconnect(self.note_use)
        for window in self._app.topLevelWindows():
            window.removeEventFilter(self)
        self._app = None

    @Slot()
    def note_use(self) -> None:
        """Begin to count anew."""
        if self._milliseconds:
            self._timer.start(self._milliseconds)
        else:
            self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Note use and let every event pass."""
        if event.type() in _USE:
            self.note_use()
        return False

    @Slot()
    def _watch_windows(self) -> None:
        for window in QGuiApplication.topLevelWindows():
            window.installEventFilter(self)  # a second time does no harm
