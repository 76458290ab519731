"""The rows of the draft view's lists as one Qt model; each panel says what its rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from medrag_desktop.gui.plain_text import readable, tooltip

AnyIndex = QModelIndex | QPersistentModelIndex


class RowKind(Enum):
    """What a row is, which decides how it looks and whether it can be chosen."""

    HEADING = "heading"
    TEXT = "text"
    CANDIDATE = "candidate"
    ACTION = "action"
    """Something to do: Enter or a click does it."""
    NOTE = "note"


class Look(Enum):
    """How a stretch of a row's text looks."""

    BOLD = "bold"
    CITATION = "citation"
    PATIENT = "patient"
    """Restates the encounter."""
    WORD = "word"
    """The word whose origin is shown."""


class Tone(Enum):
    """The weight of the small words below a row."""

    QUIET = "quiet"
    ALARM = "alarm"
    GOOD = "good"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a row's text; character offsets, half open."""

    start: int
    end: int
    look: Look
    number: int = 0
    """The passage number of a citation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list."""

    kind: RowKind
    text: str
    tag: str = ""
    """Small words below the text."""
    tone: Tone = Tone.QUIET
    side: str = ""
    """Words at the end of the first line."""
    share: float | None = None
    """Length of the bar, 0..1; None for no bar."""
    stretches: tuple[Stretch, ...] = ()
    citations: tuple[int, ...] = ()
    tip: str = ""
    spoken: str = ""
    """What a screen reader says; the text and the tag when empty."""
    editable: str | None = None
    """The words that can be edited in place; None when none can."""
    payload: object = field(default=None, hash=False)
    """What the panel needs to know of the row."""


class RowsModel(QAbstractListModel):
    """A list of rows; new rows replace only those that differ, so that selection and scroll position stay."""

    edited = Signal(object, str)
    """Payload of a row and its new words."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows as shown."""
        return self._rows

    def row(self, index: AnyIndex) -> Row | None:
        """Return a row, or None where there is none."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        old, new = self._rows, tuple(rows)
        head = _common(old, new)
        tail = _common(old[head:][::-1], new[head:][::-1])
        gone, come = len(old) - tail, len(new) - tail
        if head < gone:
            self.beginRemoveRows(QModelIndex(), head, gone - 1)
            self._rows = (*old[:head], *old[gone:])
            self.endRemoveRows()
        if head < come:
            self.beginInsertRows(QModelIndex(), head, come - 1)
            self._rows = (*old[:head], *new[head:come], *old[gone:])
            self.endInsertRows()
        changed = [number for number, row in enumerate(new) if self._rows[number] != row]
        self._rows = new
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))

    def find(self, payload: object) -> QModelIndex:
        """Return the first row with a payload; an invalid index when there is none."""
        return next((self.index(n) for n, row in enumerate(self._rows) if row.payload == payload), QModelIndex())

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let headings be passed over by the keyboard."""
        row = self.row(index)
        if row is None or row.kind is RowKind.HEADING:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags if row.editable is None else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what Qt and screen readers ask of a row."""
        row = self.row(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return readable(row.text)
        if role == Qt.ItemDataRole.EditRole:
            return row.editable
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row.tip) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = row.spoken or ". ".join(part for part in (row.text, row.side, row.tag) if part)
            return readable(said)
        return None

    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Pass on the new words of an editable row; the panel answers with new rows."""
        row = self.row(index)
        if row is None or row.editable is None or role != Qt.ItemDataRole.EditRole:
            return False
        words = " ".join(str(value).split())
        if words != row.editable:
            self.edited.emit(row.payload, words)
        return True


def shown_text(row: Row) -> tuple[str, tuple[Stretch, ...]]:
    """Return a row's text as drawn, `[1] [2]` after it, with what looks special in it.

    The marks are isolated, so that a text from right to left cannot reorder them.
    """
    text, stretches = readable(row.text), list(row.stretches)
    for number in row.citations:
        mark = f"[{number}]"
        text += " \u2066"
        stretches.append(Stretch(len(text), len(text) + len(mark), Look.CITATION, number))
        text += mark + "\u2069"
    return text, tuple(stretches)


def plain_index(index: AnyIndex) -> QModelIndex:
    """Return a persistent index as one for the moment."""
    return index.model().index(index.row(), 0) if index.isValid() else QModelIndex()


def _common(first: Sequence[Row], second: Sequence[Row]) -> int:
    """Return how many rows two lists begin with that are alike, or the same thing in other words."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other and (one.kind is not other.kind or one.payload is None or one.payload != other.payload):
            break
        count += 1
    return count
