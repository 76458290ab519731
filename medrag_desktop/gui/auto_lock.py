"""Lock when nobody has used keys or mouse for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

_USE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    }
)
_MINUTE_MS = 60_000


class AutoLock(QObject):
    """Watches the whole application; install it there as an event filter."""

    expired = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Never expire before it is told when."""
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.expired)
        self._milliseconds = 0

    def set_minutes(self, minutes: float) -> None:
        """Expire after so many minutes without use; 0 means never."""
        self._milliseconds = round(minutes * _MINUTE_MS)
        self.note_use()

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
