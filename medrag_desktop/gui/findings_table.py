"""The table of picked findings: one key says yes, no or not assessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QLocale, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPen, QResizeEvent, QValidator
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from medrag_desktop.domain.encounter import Presence
from medrag_desktop.gui.duration_text import parse_duration
from medrag_desktop.gui.findings_model import (
    DURATION,
    FINDING,
    PRESENCE,
    SEVERITIES,
    SEVERITY,
    SIDE,
    SIDES,
    FindingsModel,
)
from medrag_desktop.gui.presence_keys import presence_of_key
from medrag_desktop.gui.theme import current_theme

Index = QModelIndex | QPersistentModelIndex
_PRESENCES = (Presence.PRESENT, Presence.ABSENT, Presence.NOT_ASSESSED)
_MOST_ROWS = 8
"""Rows that are visible at once; more scroll."""


class PresenceDelegate(QStyledItemDelegate):
    """Draws Yes, No and ? side by side with the one that holds filled; a click chooses."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the three; a frame and bold words show the choice, not the colour alone."""
        super().paint(painter, option, index)
        theme = current_theme()
        grounds = {Presence.PRESENT: theme.accent, Presence.ABSENT: theme.text, Presence.NOT_ASSESSED: theme.muted}
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for presence, area in zip(_PRESENCES, self._areas(option), strict=True):
            chosen = index.data(Qt.ItemDataRole.UserRole) == presence.value
            font = painter.font()
            font.setBold(chosen)
            painter.setFont(font)
            painter.setPen(QPen(QColor(grounds[presence] if chosen else theme.field_border)))
            painter.setBrush(QColor(grounds[presence] if chosen else theme.card))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
            painter.setPen(QColor(theme.card if chosen else theme.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._words(presence))
        painter.restore()

    def editorEvent(  # noqa: N802
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """Choose what is clicked."""
        if event.type() != QEvent.Type.MouseButtonRelease or not isinstance(event, QMouseEvent):
            return False
        place = event.position().toPoint()
        for presence, area in zip(_PRESENCES, self._areas(option), strict=True):
            if area.contains(place) and isinstance(model, FindingsModel):
                model.say(index.row(), presence)
                return True
        return False

    def _words(self, presence: Presence) -> str:
        return {Presence.PRESENT: self.tr("Yes"), Presence.ABSENT: self.tr("No")}.get(presence, self.tr("?"))

    def _areas(self, option: QStyleOptionViewItem) -> list[QRect]:
        whole = QRect(option.rect).adjusted(3, 2, -3, -2)
        height = min(whole.height(), option.fontMetrics.lineSpacing() + 8)
        top, part = whole.center().y() - height // 2, whole.width() // len(_PRESENCES)
        places = [QRect(whole.left() + number * part, top, part - 2, height) for number in range(len(_PRESENCES))]
        return places[::-1] if option.direction is Qt.LayoutDirection.RightToLeft else places

    def displayText(self, value: Any, locale: QLocale | QLocale.Language) -> str:  # noqa: N802
        """Leave the ground without words: the three choices are drawn over it."""
        return ""


class DurationDelegate(QStyledItemDelegate):
    """Edits a duration as words; what is none cannot be entered."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        """Return a line that takes `3 d`, `2 weeks`, `6 h`."""
        editor = QLineEdit(parent)
        editor.setValidator(_DurationValidator(editor))
        editor.setPlaceholderText(self.tr("3 d, 2 w, 6 h"))
        editor.setAccessibleName(self.tr("How long, for example 3 d, 2 weeks or 6 h"))
        return editor

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Give the editor room enough to type in."""
        area = QRect(option.rect)
        area.setHeight(max(area.height(), editor.sizeHint().height()))
        area.setWidth(max(area.width(), 110))
        editor.setGeometry(area)


class _DurationValidator(QValidator):
    """Takes a duration, or nothing."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        right = not text.strip() or parse_duration(text) is not None
        return (QValidator.State.Acceptable if right else QValidator.State.Intermediate), text, position


class ChoiceDelegate(QStyledItemDelegate):
    """Edits a cell by a list of values."""

    def __init__(
        self, name: str, values: Iterable[Any], words: Callable[[Any], str], parent: QObject | None = None
    ) -> None:
        """Offer values with their words; the empty one is shown as a dash."""
        super().__init__(parent)
        self._name, self._values, self._spoken = name, tuple(values), words

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        """Return the list."""
        editor = QComboBox(parent)
        editor.setAccessibleName(self._name)
        for value in self._values:
            editor.addItem(self._spoken(value) or "-", value)
        editor.activated.connect(lambda: self._done(editor))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802
        """Choose what the cell says."""
        value = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(self._values.index(value) if value in self._values else 0)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        """Write the choice."""
        if isinstance(editor, QComboBox):
            model.setData(index, self._values[editor.currentIndex()])

    def _done(self, editor: QComboBox) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor)


class FindingsTable(QTableView):
    """The table with its keys; as high as its rows, up to a limit."""

    def __init__(self, model: FindingsModel, parent: QWidget | None = None) -> None:
        """Show a model."""
        super().__init__(parent)
        self._findings = model
        self.setModel(model)
        self.setAccessibleName(self.tr("Findings of this patient"))
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.verticalHeader().hide()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegateForColumn(PRESENCE, PresenceDelegate(self))
        self.setItemDelegateForColumn(DURATION, DurationDelegate(self))
        severity = ChoiceDelegate(self.tr("How bad"), SEVERITIES, model.severity_words, self)
        self.setItemDelegateForColumn(SEVERITY, severity)
        self.setItemDelegateForColumn(SIDE, ChoiceDelegate(self.tr("Side"), SIDES, model.side_words, self))
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(FINDING, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.dataChanged):
            signal.connect(self.fit)
        header.sectionResized.connect(self._section_resized)
        self._size_columns()

    def select(self, row: int) -> None:
        """Choose a row and bring it into view."""
        if row >= 0:
            self.setCurrentIndex(self._findings.index(row, FINDING))
            self.scrollTo(self.currentIndex())

    def drop(self) -> None:
        """Take the chosen finding off the list and choose its neighbour."""
        row = self.currentIndex().row()
        if row < 0:
            row = self._findings.rowCount() - 1
        if row >= 0:
            self._findings.drop(row)
            self.select(min(row, self._findings.rowCount() - 1))

    def fit(self, *_: object) -> None:
        """Be as high as the rows need."""
        self.resizeRowsToContents()
        rows = min(self._findings.rowCount(), _MOST_ROWS)
        height = sum(self.rowHeight(row) for row in range(rows)) + self.horizontalHeader().sizeHint().height() + 6
        if self.minimumHeight() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Say yes, no or not assessed, change a detail, remove, undo."""
        row = self.currentIndex().row()
        if self.state() is QAbstractItemView.State.EditingState:
            # what an editor leaves over is none of ours: Enter, which ends it, would open it again
            event.accept()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self._findings.undo_stack.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._findings.undo_stack.redo()
        elif row < 0 or not self._act(event, row):
            super().keyPressEvent(event)

    def focusInEvent(self, event: Any) -> None:  # noqa: N802
        """Choose the first row where none is chosen, so that its keys work at once."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._findings.rowCount():
            self.select(0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Wrap long names anew."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._size_columns()
            self.fit()

    def _act(self, event: QKeyEvent, row: int) -> bool:
        held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if held:
            return False
        key = Qt.Key(event.key())
        presence = presence_of_key(event)
        if presence is not None:
            self._findings.say(row, presence)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.drop()
        elif key in (Qt.Key.Key_S, Qt.Key.Key_Asterisk):
            self._findings.cycle(row, SEVERITY)
        elif key in (Qt.Key.Key_L, Qt.Key.Key_Slash):
            self._findings.cycle(row, SIDE)
        elif key in (Qt.Key.Key_D, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit(self._findings.index(row, DURATION))
        else:
            return False
        return True

    def _section_resized(self, column: int) -> None:
        if column == FINDING:
            self.fit()

    def _size_columns(self) -> None:
        metrics = self.fontMetrics()
        words = {
            PRESENCE: 3 * (metrics.horizontalAdvance(self.tr("Yes")) + 16),
            DURATION: metrics.horizontalAdvance(self.tr("How long")) + 22,
            SEVERITY: metrics.horizontalAdvance(self.tr("moderate")) + 18,
            SIDE: metrics.horizontalAdvance(self.tr("right")) + 18,
        }
        for column, width in words.items():
            self.setColumnWidth(column, width)
