"""The matches under the line of the findings picker; it never takes the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from medrag_desktop.domain.encounter import Presence
from medrag_desktop.gui.theme import current_theme
from medrag_desktop.services.completion import Completion

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_MATCH = Qt.ItemDataRole.UserRole
_NOTE = Qt.ItemDataRole.UserRole + 1
_PADDING = 8


class MatchModel(QAbstractListModel):
    """The findings that fit, best first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Begin without matches."""
        super().__init__(parent)
        self._matches: tuple[Completion, ...] = ()
        self._notes: Mapping[str, str] = {}

    def set_matches(self, matches: tuple[Completion, ...], notes: Mapping[str, str]) -> None:
        """Show matches; `notes` says of findings in the list already how they stand."""
        self.beginResetModel()
        self._matches, self._notes = matches, notes
        self.endResetModel()

    def finding(self, row: int) -> str:
        """Return the finding of a row; empty for none."""
        return self._matches[row].finding if 0 <= row < len(self._matches) else ""

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802
        """Return how many fit."""
        return 0 if parent.isValid() else len(self._matches)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the words of a match, or the match itself."""
        if not index.isValid() or index.row() >= len(self._matches):
            return None
        match = self._matches[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{match.label} ({match.matched})" if match.matched else match.label
        if role == _MATCH:
            return match
        if role == _NOTE:
            note = self._notes.get(match.finding)
            return self.tr("in the list: {presence}").format(presence=note) if note else self._kind(match.kind)
        return None

    def _kind(self, kind: str) -> str:
        return {
            "symptom": self.tr("symptom"),
            "sign": self.tr("sign"),
            "vital": self.tr("vital sign"),
            "history": self.tr("history"),
            "exposure": self.tr("exposure"),
            "medicine": self.tr("medicine"),
            "test": self.tr("test"),
        }.get(kind, kind)


class _MatchPainter(QStyledItemDelegate):
    """Draws the label, the synonym that fits in less weight, and the kind at the end of the line."""

    def __init__(self, matches: QListView) -> None:
        super().__init__(matches)
        self._list = matches

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return one line with air."""
        return QSize(200, option.fontMetrics.lineSpacing() + _PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one match; plain text, cut at the end where it is too long."""
        theme = current_theme()
        match: Completion = index.data(_MATCH)
        area = QRect(option.rect)
        metrics = option.fontMetrics
        chosen = index.row() == self._list.currentIndex().row()
        painter.save()
        painter.fillRect(area, QColor(theme.accent_card if chosen else theme.card))
        if chosen:
            painter.fillRect(area.left(), area.top(), 4, area.height(), QColor(theme.accent))
        area.adjust(_PADDING + 2, 0, -_PADDING, 0)
        note = str(index.data(_NOTE))
        painter.setPen(QColor(theme.muted))
        painter.drawText(area, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter, note)
        area.setRight(area.right() - metrics.horizontalAdvance(note) - _PADDING)
        label = metrics.elidedText(match.label, Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(QColor(theme.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, label)
        area.setLeft(area.left() + metrics.horizontalAdvance(label) + _PADDING)
        if match.matched and area.width() > 40:
            painter.setPen(QColor(theme.muted))
            words = metrics.elidedText(f"({match.matched})", Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()


class MatchList(QListView):
    """The list itself, laid over the window."""

    chosen = Signal(str, object)
    """Finding and presence that were clicked."""

    def __init__(self, parent: QWidget) -> None:
        """Make it hidden, without focus."""
        super().__init__(parent)
        self.matches = MatchModel(self)
        self.setModel(self.matches)
        self.setItemDelegate(_MatchPainter(self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Findings that fit"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setMouseTracking(True)
        self.entered.connect(self.setCurrentIndex)
        self.hide()

    def show_matches(self, matches: tuple[Completion, ...], notes: Mapping[str, str]) -> None:
        """Show matches with the first chosen."""
        self.matches.set_matches(matches, notes)
        self.setCurrentIndex(self.matches.index(0, 0))

    def wanted_height(self) -> int:
        """Return the height that all matches need; one line when nothing fits."""
        line = self.fontMetrics().lineSpacing() + _PADDING
        return line * max(1, self.matches.rowCount()) + 6

    def move_choice(self, step: int) -> None:
        """Choose another match, around the ends."""
        count = self.matches.rowCount()
        if count:
            self.setCurrentIndex(self.matches.index((self.currentIndex().row() + step) % count, 0))

    def choice(self) -> str:
        """Return the chosen finding; empty when nothing fits."""
        return self.matches.finding(self.currentIndex().row())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Add what is clicked, as absent with Ctrl held; the cursor stays in the line."""
        finding = self.matches.finding(self.indexAt(event.position().toPoint()).row())
        if finding:
            absent = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.chosen.emit(finding, Presence.ABSENT if absent else Presence.PRESENT)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Say so when nothing fits."""
        super().paintEvent(event)
        if self.matches.rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(QColor(current_theme().muted))
        area = self.viewport().rect().adjusted(_PADDING, 0, -_PADDING, 0)
        words = self.tr("No finding fits. Write it in the history instead.")
        painter.drawText(area, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()
