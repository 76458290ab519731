"""The picked findings as a table; every change can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from medrag_desktop.domain.encounter import Finding, Origin, Presence, Severity
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.gui.duration_text import format_duration, parse_duration

PRESENCE, FINDING, DURATION, SEVERITY, SIDE = range(5)
"""Columns."""
SIDES = ("", "left", "right", "both")
SEVERITIES: tuple[Severity | None, ...] = (None, *Severity)
Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class _Change(QUndoCommand):
    """Puts other findings in the place of some."""

    def __init__(self, text: str, redo: Callable[[], None], undo: Callable[[], None]) -> None:
        super().__init__(text)
        self._redo, self._undo = redo, undo

    def redo(self) -> None:
        """Do it, for the first time or again."""
        self._redo()

    def undo(self) -> None:
        """Take it back."""
        self._undo()


class FindingsModel(QAbstractTableModel):
    """One row a finding, in the order in which they were picked."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Begin without findings."""
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._findings: list[Finding] = []
        self._vocabulary: Vocabulary | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings in order."""
        return tuple(self._findings)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Show the labels of the findings instead of their ids."""
        self._vocabulary = vocabulary
        if self._findings:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._findings) - 1, SIDE))

    def label(self, finding: str) -> str:
        """Return the label of a finding; its id while there is none."""
        known = self._vocabulary is not None and finding in self._vocabulary
        return self._vocabulary.label(finding) if self._vocabulary and known else finding

    def set_findings(self, findings: tuple[Finding, ...]) -> None:
        """Begin anew with these; what was before cannot be undone into them."""
        self.beginResetModel()
        self._findings = list(findings)
        self.endResetModel()
        self.undo_stack.clear()

    def row_of(self, finding: str) -> int:
        """Return the row of a finding, or -1."""
        return next((row for row, f in enumerate(self._findings) if f.finding == finding), -1)

    def put(self, finding: Finding) -> int:
        """Add a finding, or say its presence where it is in the list already; return its row."""
        row = self.row_of(finding.finding)
        if row >= 0:
            self.say(row, finding.presence)
            return row
        row = len(self._findings)
        text = self.tr("add {finding}").format(finding=self.label(finding.finding))
        self._push(text, lambda: self._insert(row, finding), lambda: self._remove(row))
        return row

    def drop(self, row: int) -> None:
        """Take a finding off the list."""
        finding = self._findings[row]
        text = self.tr("remove {finding}").format(finding=self.label(finding.finding))
        self._push(text, lambda: self._remove(row), lambda: self._insert(row, finding))

    def say(self, row: int, presence: Presence) -> None:
        """Set the presence of a finding; what the clinician says is no longer read from the text."""
        finding = self._findings[row]
        if finding.presence is presence and finding.origin is Origin.FORM:
            return
        changed = replace(finding, presence=presence)
        if finding.origin is Origin.TEXT:
            changed = replace(changed, origin=Origin.FORM, quote="", field="", start=0, end=0)
        self._alter(row, changed)

    def cycle(self, row: int, column: int) -> None:
        """Go on to the next severity or side."""
        finding = self._findings[row]
        if column == SEVERITY:
            at = SEVERITIES.index(finding.severity) + 1
            self._alter(row, replace(finding, severity=SEVERITIES[at % len(SEVERITIES)]))
        elif column == SIDE:
            at = SIDES.index(finding.laterality) + 1 if finding.laterality in SIDES else 0
            self._alter(row, replace(finding, laterality=SIDES[at % len(SIDES)]))

    def presence_words(self, presence: Presence) -> str:
        """Return what a presence is called."""
        words = {Presence.PRESENT: self.tr("Yes"), Presence.ABSENT: self.tr("No")}
        return words.get(presence, self.tr("Not assessed"))

    def severity_words(self, severity: Severity | None) -> str:
        """Return what a severity is called."""
        if severity is None:
            return ""
        words = {Severity.MILD: self.tr("mild"), Severity.MODERATE: self.tr("moderate")}
        return words.get(severity, self.tr("severe"))

    def side_words(self, side: str) -> str:
        """Return what a side is called."""
        return {"left": self.tr("left"), "right": self.tr("right"), "both": self.tr("both")}.get(side, side)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802
        """Return how many findings there are."""
        return 0 if parent.isValid() else len(self._findings)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802
        """Return how many columns a row has."""
        return 0 if parent.isValid() else SIDE + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Tell that all but presence and name are edited in place."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() >= DURATION else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Return the title of a column."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (self.tr("Is it there?"), self.tr("Finding"), self.tr("How long"), self.tr("How bad"), self.tr("Side"))
        return titles[section] if 0 <= section < len(titles) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the words of a cell, its value for editing, and the sentence for a screen reader."""
        if not index.isValid() or not 0 <= index.row() < len(self._findings):
            return None
        finding = self._findings[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._words(finding, index.column())
        if role == Qt.ItemDataRole.UserRole:
            values = (finding.presence.value, finding.finding, finding.duration_hours, finding.severity)
            return (*values, finding.laterality)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == FINDING:
            return f"{self.label(finding.finding)}: {self.presence_words(finding.presence)}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Take an edited duration (words), severity or side (value); refuse what is none."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        finding = self._findings[index.row()]
        changed = self._edited(finding, index.column(), value)
        if changed is None:
            return False
        if changed != finding:
            self._alter(index.row(), changed)
        return True

    def _edited(self, finding: Finding, column: int, value: Any) -> Finding | None:
        if column == DURATION:
            text = str(value).strip()
            if text == format_duration(finding.duration_hours):
                return finding
            hours = parse_duration(text)
            return None if text and hours is None else replace(finding, duration_hours=hours)
        if column == SEVERITY and (value is None or value in tuple(Severity)):
            return replace(finding, severity=None if value is None else Severity(value))
        if column == SIDE and value in SIDES:
            return replace(finding, laterality=value)
        return None

    def _words(self, finding: Finding, column: int) -> str:
        if column == PRESENCE:
            return self.presence_words(finding.presence)
        if column == FINDING:
            return self.label(finding.finding)
        if column == DURATION:
            return format_duration(finding.duration_hours)
        return self.severity_words(finding.severity) if column == SEVERITY else self.side_words(finding.laterality)

    def _alter(self, row: int, changed: Finding) -> None:
        before = self._findings[row]
        text = self.tr("change {finding}").format(finding=self.label(before.finding))
        self._push(text, lambda: self._replace(row, changed), lambda: self._replace(row, before))

    def _push(self, text: str, redo: Callable[[], None], undo: Callable[[], None]) -> None:
        self.undo_stack.push(_Change(text, redo, undo))

    def _insert(self, row: int, finding: Finding) -> None:
        self.beginInsertRows(QModelIndex(), row, row)
        self._findings.insert(row, finding)
        self.endInsertRows()
        self.changed.emit()

    def _remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._findings[row]
        self.endRemoveRows()
        self.changed.emit()

    def _replace(self, row: int, finding: Finding) -> None:
        self._findings[row] = finding
        self.dataChanged.emit(self.index(row, 0), self.index(row, SIDE))
        self.changed.emit()
