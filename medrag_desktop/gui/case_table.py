"""The table of the case history: one line a case."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from medrag_desktop.domain.case import CaseSummary, ReviewStatus
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Patient, Sex
from medrag_desktop.domain.querying import age_words
from medrag_desktop.gui.plain_text import readable, tooltip
from medrag_desktop.gui.theme import current_theme
from medrag_desktop.gui.wording import when

AnyIndex = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()
_URGENCIES = list(Urgency)
_STATUSES = [None, *ReviewStatus]


class Column(IntEnum):
    """What the columns show."""

    SEEN = 0
    REFERENCE = 1
    PATIENT = 2
    COMPLAINT = 3
    DIAGNOSIS = 4
    URGENCY = 5
    STATUS = 6


def moment(iso: str) -> float:
    """Return a time as seconds, to sort by; what is no time comes first."""
    try:
        return datetime.fromisoformat(iso).timestamp()
    except (ValueError, OverflowError, OSError):
        return float("-inf")


def sort_key(case: CaseSummary, column: Column) -> float | str:
    """Return what a column sorts a case by."""
    if column is Column.SEEN:
        return moment(case.created)
    if column is Column.PATIENT:
        return -1.0 if case.age_years is None else case.age_years
    if column is Column.URGENCY:
        return len(_URGENCIES) if case.urgency is None else _URGENCIES.index(case.urgency)
    if column is Column.STATUS:
        return _STATUSES.index(case.status)
    texts = {Column.REFERENCE: case.reference, Column.COMPLAINT: case.complaint, Column.DIAGNOSIS: case.diagnosis}
    return texts[column].casefold()


class CaseModel(QAbstractTableModel):
    """The cases, sorted by any column; rows move only when they are sorted."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty, newest first."""
        super().__init__(parent)
        self._cases: list[CaseSummary] = []
        self._sorted_by = (Column.SEEN, Qt.SortOrder.DescendingOrder)

    def show_cases(self, cases: tuple[CaseSummary, ...]) -> None:
        """Show other cases in the order chosen before."""
        self.beginResetModel()
        self._cases = self._in_order(cases)
        self.endResetModel()

    def case(self, row: int) -> CaseSummary | None:
        """Return the case of a row, or None where there is none."""
        return self._cases[row] if 0 <= row < len(self._cases) else None

    def row_of(self, case_id: str) -> int:
        """Return the row of a case; -1 when it is not shown."""
        return next((row for row, case in enumerate(self._cases) if case.id == case_id), -1)

    def rowCount(self, parent: AnyIndex = _TOP) -> int:  # noqa: N802
        """Return how many cases there are."""
        return 0 if parent.isValid() else len(self._cases)

    def columnCount(self, parent: AnyIndex = _TOP) -> int:  # noqa: N802
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the name of a column."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._names()[section] if 0 <= section < len(Column) else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what Qt and screen readers ask of a cell."""
        case = self.case(index.row()) if index.isValid() else None
        if case is None:
            return None
        column = Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(case, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(self._tip(case, column)) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._names()[column]}: {self.words(case, column) or self.tr('not recorded')}"
        alarming = column is Column.URGENCY and case.urgency is Urgency.EMERGENCY
        if role == Qt.ItemDataRole.ForegroundRole and alarming:
            return QColor(current_theme().danger)
        if role == Qt.ItemDataRole.FontRole and alarming:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; what is chosen stays chosen."""
        self._sorted_by = (Column(column), order)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        chosen = [self._cases[index.row()].id for index in before]
        self._cases = self._in_order(tuple(self._cases))
        rows = {case.id: row for row, case in enumerate(self._cases)}
        after = [self.index(rows[case_id], index.column()) for case_id, index in zip(chosen, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def words(self, case: CaseSummary, column: Column) -> str:
        """Return what a cell shows, on one line."""
        if column is Column.SEEN:
            return when(case.created)
        if column is Column.PATIENT:
            return self._patient(case)
        if column is Column.URGENCY:
            return self._urgency(case.urgency)
        if column is Column.STATUS:
            return self._status(case.status)
        texts = {Column.REFERENCE: case.reference, Column.COMPLAINT: case.complaint, Column.DIAGNOSIS: case.diagnosis}
        return readable(texts[column]).replace("\n", " ")

    def _in_order(self, cases: tuple[CaseSummary, ...]) -> list[CaseSummary]:
        """Sort as chosen; cases that are equal there stand with the newest first."""
        column, order = self._sorted_by
        newest_first = sorted(cases, key=lambda case: moment(case.created), reverse=True)
        descending = order is Qt.SortOrder.DescendingOrder
        return sorted(newest_first, key=lambda case: sort_key(case, column), reverse=descending)

    def _names(self) -> tuple[str, ...]:
        return (
            self.tr("Seen"),
            self.tr("Reference"),
            self.tr("Patient"),
            self.tr("Complaint"),
            self.tr("Diagnosis"),
            self.tr("Urgency"),
            self.tr("Status"),
        )

    def _tip(self, case: CaseSummary, column: Column) -> str:
        if column is Column.SEEN:
            return self.tr("Last changed {0}").format(when(case.updated))
        return self.words(case, column)

    def _patient(self, case: CaseSummary) -> str:
        age = "" if case.age_years is None else age_words(Patient(age_years=case.age_years))
        sex = {Sex.FEMALE: self.tr("female"), Sex.MALE: self.tr("male"), Sex.UNKNOWN: ""}[case.sex]
        return ", ".join(part for part in (age, sex) if part)

    def _urgency(self, urgency: Urgency | None) -> str:
        if urgency is None:
            return ""
        return {
            Urgency.EMERGENCY: self.tr("Emergency"),
            Urgency.URGENT: self.tr("Urgent"),
            Urgency.SOON: self.tr("Soon"),
            Urgency.ROUTINE: self.tr("Routine"),
            Urgency.SELF_CARE: self.tr("Self care"),
        }[urgency]

    def _status(self, status: ReviewStatus | None) -> str:
        if status is None:
            return self.tr("Not assessed")
        return {
            ReviewStatus.PRELIMINARY: self.tr("Draft"),
            ReviewStatus.FINAL: self.tr("Signed"),
            ReviewStatus.AMENDED: self.tr("Amended"),
        }[status]


class CaseTable(QTableView):
    """The table: Enter opens, Delete asks to erase; Tab leaves it and nothing is copied."""

    open_asked = Signal()
    erase_asked = Signal()

    def __init__(self, model: CaseModel, parent: QWidget | None = None) -> None:
        """Show a model, newest first."""
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(self.tr("Cases"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setStyleSheet("QTableView::item{padding-left:4px}")
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSortIndicator(Column.SEEN, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        self.doubleClicked.connect(self.open_asked)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Open, erase, or move; a cell is not copied, for it would leave the encrypted history."""
        key = event.key()
        if event.matches(QKeySequence.StandardKey.Copy):
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.open_asked.emit()
        elif key == Qt.Key.Key_Delete and self.currentIndex().isValid():
            self.erase_asked.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Give rows and columns the room that another text size needs."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        """Give short columns the room of their longest words; complaint and diagnosis share the rest."""
        metrics, header = self.fontMetrics(), self.horizontalHeader()
        room = metrics.horizontalAdvance("MM")
        # Where large text leaves less than this, the table scrolls sideways.
        header.setMinimumSectionSize(14 * metrics.averageCharWidth())
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(round(1.9 * metrics.height()))
        longest = {
            Column.SEEN: "2026-08-28 20:28",
            Column.REFERENCE: "MMM-000000",
            Column.PATIENT: "22 months, female",
            Column.URGENCY: self.tr("Emergency"),
            Column.STATUS: self.tr("Not assessed"),
        }
        for column in Column:
            if column in longest:
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
                header.resizeSection(column, metrics.horizontalAdvance(longest[column]) + room)
            else:
                # a stretched column that is too narrow for larger text is not widened by itself
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
                header.resizeSection(column, header.minimumSectionSize())
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
