"""The steps of a review that can be undone, and the field that leaves undo to them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QUndoCommand
from PySide6.QtWidgets import QLineEdit

from medrag_desktop.domain.case import Review

_TYPING = 1
"""Id of undo steps that join into one while the diagnosis is typed."""


def _is_undo(event: QKeyEvent) -> bool:
    keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
    return any(event.matches(key) for key in keys)


class DiagnosisEdit(QLineEdit):
    """A field whose undo is that of the whole review."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the review."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_undo(event):
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Tell that typing is over."""
        super().focusOutEvent(event)
        self.left.emit()


class ReviewStep(QUndoCommand):
    """One step from a review to another."""

    def __init__(self, take: Callable[[Review], None], old: Review, new: Review, text: str, session: int) -> None:
        """Take both reviews; steps of one typing session (not 0) join."""
        super().__init__(text)
        self._take, self._old, self.new, self.session = take, old, new, session

    def id(self) -> int:
        """Return the same number for steps that may join, else -1."""
        return _TYPING if self.session else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802
        """Join with the next step of the same typing session."""
        if not isinstance(other, ReviewStep) or other.session != self.session:
            return False
        self.new = other.new
        return True

    def redo(self) -> None:
        """Show the new review."""
        self._take(self.new)

    def undo(self) -> None:
        """Show the old review."""
        self._take(self._old)
