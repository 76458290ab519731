"""The list that shows rows: wrapped at any width, reachable by keyboard, never a trap for Tab."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from medrag_desktop.gui.item_models import AnyIndex, Row, RowKind, RowsModel, plain_index
from medrag_desktop.gui.row_delegate import RowDelegate

_LEAST_LINES = 3
"""Of text that it has room for at least; less shows no whole row."""


class RowList(QListView):
    """A list of rows of one RowsModel."""

    chosen = Signal(object)
    """The row that is now current, or None."""
    done = Signal(object)
    """Enter or a click on a row that does something; the row."""
    turned = Signal(int)
    """Left (-1) or right (1)."""
    stepped = Signal(int)
    """The same with Ctrl."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Start empty; the name is what a screen reader says."""
        super().__init__(parent)
        self.rows = RowsModel(self)
        self.delegate = RowDelegate(self)
        self.setModel(self.rows)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)
        self.setWordWrap(True)
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalScrollBar().setSingleStep(24)
        self._fit()
        self._settled = QTimer(self, singleShot=True, interval=0)
        self._settled.timeout.connect(self._keep_edited_in_view)
        self.delegate.sizeHintChanged.connect(self._settle)
        self.clicked.connect(self._clicked)

    def current(self) -> Row | None:
        """Return the current row."""
        return self.rows.row(self.currentIndex())

    def choose(self, payload: object) -> bool:
        """Make the row with a payload current; tell whether there is one."""
        index = self.rows.find(payload)
        if index.isValid():
            self.setCurrentIndex(index)
        return index.isValid()

    def choose_first(self) -> None:
        """Make the first row current that can be."""
        for number in range(self.rows.rowCount()):
            if self.rows.flags(self.rows.index(number)) & Qt.ItemFlag.ItemIsSelectable:
                self.setCurrentIndex(self.rows.index(number))
                return

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:  # noqa: N802
        """Tell which row is current, and bring the heading above it into view."""
        super().currentChanged(plain_index(current), plain_index(previous))
        above = self.rows.index(current.row() - 1)
        heading = self.rows.row(above)
        if current.isValid() and heading is not None and heading.kind is RowKind.HEADING:
            self.scrollTo(above)
            self.scrollTo(plain_index(current))
        self.chosen.emit(self.rows.row(current))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Measure the rows anew when the letters change."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()
            self.scheduleDelayedItemsLayout()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Have a current row whenever the list has the focus."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.choose_first()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter does what the row does; left and right are for whoever shows what it rests on."""
        row = self.current()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row is not None:
            self.done.emit(row)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            by = 1 if event.key() == Qt.Key.Key_Right else -1
            (self.stepped if event.modifiers() & Qt.KeyboardModifier.ControlModifier else self.turned).emit(by)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _fit(self) -> None:
        self.setMinimumHeight(_LEAST_LINES * self.fontMetrics().lineSpacing())

    @Slot(QModelIndex)
    def _settle(self, _: QModelIndex) -> None:
        self._settled.start()

    def _keep_edited_in_view(self) -> None:
        """Leave a row that is edited in view as it grows, with the hint below it."""
        if self.delegate.editing and self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def _clicked(self, index: QModelIndex) -> None:
        row = self.rows.row(index)
        if row is not None and row.kind is RowKind.ACTION:
            self.done.emit(row)
