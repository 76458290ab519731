"""The case history: search, open, export, erase."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from medrag_desktop.domain.case import CaseSummary
from medrag_desktop.gui.case_table import CaseModel, CaseTable
from medrag_desktop.gui.passphrase import wipe
from medrag_desktop.gui.plain_text import readable
from medrag_desktop.gui.widgets import plain_label, push_button

LONGEST_SHOWN = 40
"""Characters of the search words that a message repeats."""


class HistoryView(QWidget):
    """A search line above the table of cases."""

    search_requested = Signal(str)
    """The words of the search line, at each change."""
    open_requested = Signal(str)
    """The id of a case; so with the next two."""
    erase_requested = Signal(str)
    export_requested = Signal(str)
    new_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start without a case."""
        super().__init__(parent)
        self.model = CaseModel(self)
        self.table = CaseTable(self.model)
        self.search = QLineEdit()
        self.open_button = push_button(self.tr("&Open"), tip=self.tr("Open the case (Enter)"))
        self.export_button = push_button(self.tr("&Export PDF"))
        self.erase_button = push_button(self.tr("E&rase..."), "danger", tip=self.tr("Erase the case for good (Delete)"))
        self.new_button = push_button(self.tr("&New patient"), "primary")
        self.start_button = push_button(self.tr("New &patient"), "primary")
        self.all_button = push_button(self.tr("Show &all cases"))
        self._count = plain_label("", "muted")
        self._nothing = plain_label("", "heading")
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_cases((), "")

    @property
    def message(self) -> str:
        """Return what is said in place of the table; empty while there are cases."""
        return self._nothing.text()

    @property
    def count(self) -> str:
        """Return how many cases there are, in words."""
        return self._count.text()

    def show_cases(self, cases: tuple[CaseSummary, ...], words: str, *, more: bool = False) -> None:
        """Show the cases found for words; `more` says that older ones were left out. The choice stays if it can."""
        chosen, focused = self._chosen(), self.table.hasFocus()
        self.model.show_cases(cases)
        row = self.model.row_of(chosen.id) if chosen is not None else -1
        self._choose(max(row, 0))
        self._count.setText(self._counted(len(cases), more))
        self._nothing.setText("" if cases else self._empty(words))
        self.start_button.setVisible(not words.strip())
        self.all_button.setVisible(bool(words.strip()))
        self._pages.setCurrentIndex(0 if cases else 1)
        if focused and not cases:
            self.search.setFocus()
        self._enable()

    def clear(self) -> None:
        """Forget every case and the search; for the time the history is locked."""
        self.search.blockSignals(True)
        wipe(self.search)
        self.search.blockSignals(False)
        self.show_cases((), "")

    def focus_search(self) -> None:
        """Put the cursor into the search line."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let the arrow down lead from the search line into the table, and Escape empty the line."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down and self.model.rowCount():
                self.table.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self._show_all()
                return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        self.search.setPlaceholderText(self.tr("Search by reference, complaint, diagnosis or other words (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Search the cases"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        top = QHBoxLayout()
        top.addWidget(plain_label(self.tr("Case history"), "title"))
        top.addStretch(1)
        top.addWidget(self.new_button)
        empty = QWidget()
        middle = QVBoxLayout(empty)
        middle.addStretch(2)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle.addWidget(self._nothing)
        for button in (self.start_button, self.all_button):
            middle.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        middle.addStretch(3)
        self._pages.addWidget(self.table)
        self._pages.addWidget(empty)
        bottom = QHBoxLayout()
        bottom.addWidget(self._count, 1)
        for button in self._case_buttons():
            bottom.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.search)
        column.addWidget(self._pages, 1)
        column.addLayout(bottom)
        for before, after in zip(
            (self.search, self.table, *self._case_buttons()),
            (self.table, *self._case_buttons(), self.new_button),
            strict=True,
        ):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.search.textChanged.connect(self.search_requested)
        self.search.installEventFilter(self)
        self.table.open_asked.connect(self._open)
        self.table.erase_asked.connect(self._erase)
        self.table.selectionModel().currentRowChanged.connect(self._enable)
        self.open_button.clicked.connect(self._open)
        self.erase_button.clicked.connect(self._erase)
        self.export_button.clicked.connect(self._export)
        self.new_button.clicked.connect(self.new_requested)
        self.start_button.clicked.connect(self.new_requested)
        self.all_button.clicked.connect(self._show_all)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.focus_search)

    def _case_buttons(self) -> tuple[QPushButton, ...]:
        return (self.open_button, self.export_button, self.erase_button)

    def _chosen(self) -> CaseSummary | None:
        return self.model.case(self.table.currentIndex().row())

    def _choose(self, row: int) -> None:
        if row < self.model.rowCount():
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0))

    def _enable(self) -> None:
        case = self._chosen()
        self.open_button.setEnabled(case is not None)
        self.erase_button.setEnabled(case is not None)
        assessed = case is not None and case.status is not None
        self.export_button.setEnabled(assessed)
        unassessed = case is not None and not assessed
        self.export_button.setToolTip(
            self.tr("Assess the patient first.") if unassessed else self.tr("Save the report as a PDF")
        )

    def _show_all(self) -> None:
        self.search.setText("")
        self.search.setFocus()

    def _open(self) -> None:
        if (case := self._chosen()) is not None:
            self.open_requested.emit(case.id)

    def _erase(self) -> None:
        if (case := self._chosen()) is not None:
            self.erase_requested.emit(case.id)

    def _export(self) -> None:
        if (case := self._chosen()) is not None:
            self.export_requested.emit(case.id)

    def _counted(self, count: int, more: bool) -> str:
        if more:
            return self.tr("The newest {0} cases. Search to find older ones.").format(count)
        if not count:
            return self.tr("No case")
        return self.tr("1 case") if count == 1 else self.tr("{0} cases").format(count)

    def _empty(self, words: str) -> str:
        asked = readable(" ".join(words.split()))
        if not asked:
            return self.tr("No cases yet. A case appears here once it is assessed.")
        shown = asked if len(asked) <= LONGEST_SHOWN else asked[:LONGEST_SHOWN] + "…"
        return self.tr("No case matches '{0}'.").format(shown)
