"""How the rows of the draft view's lists are drawn and edited: wrapped text of any length at any width and scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from medrag_desktop.gui.item_models import (
    AnyIndex,
    Look,
    Row,
    RowKind,
    RowsModel,
    Stretch,
    Tone,
    plain_index,
    shown_text,
)
from medrag_desktop.gui.plain_text import character_offset, readable, utf16_offset
from medrag_desktop.gui.theme import Theme, current_theme

PAD = 8
GAP = 3
BAR = 6
SMALL = 0.9
"""Size of the small words, of that of the text."""
_FRAME = 2
"""Width of an editor's frame when it has the focus."""

_MARGIN = 2
"""Between an editor's edge and its words."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A row laid out for one width; positions are relative to the row's corner."""

    text: QTextLayout
    text_at: QPointF
    side: str
    side_at: QRectF
    bar_top: float
    tag: QTextLayout | None
    tag_at: QPointF
    height: int


class RowDelegate(QStyledItemDelegate):
    """Draws rows, tells which word or citation was clicked, and edits a row's words in place."""

    word_clicked = Signal(QModelIndex, int)
    """A click on a character of a row's own text."""
    citation_clicked = Signal(QModelIndex, int)
    editing_started = Signal()
    editing_ended = Signal()
    typed = Signal(object, str)
    """Payload of the row that is edited and its words so far."""

    def __init__(self, view: QAbstractItemView) -> None:
        """Draw the rows of a view."""
        super().__init__(view)
        self._edited = QPersistentModelIndex()
        self._editor: QPlainTextEdit | None = None
        self.editing_hint = ""
        """Shown below the words while they are edited."""

    @property
    def _view(self) -> QAbstractItemView:
        # asked for each time: a reference back to the view would leave both to the garbage collector
        return cast("QAbstractItemView", self.parent())

    @property
    def editing(self) -> bool:
        """Tell whether a row is being edited."""
        return self._editor is not None

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: N802
        """Return the height that the text needs at the view's width."""
        row = _row(index)
        width = self._view.viewport().width()
        return QSize(width, self._lay_out(row, index, width).height) if row is not None else QSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a row."""
        row = _row(index)
        if row is None:
            return
        theme, area = current_theme(), QRectF(option.rect)
        state = option.state
        parts = self._lay_out(row, index, int(area.width()))
        painter.save()
        painter.setClipRect(area)
        _paint_ground(painter, area, row, theme, state)
        painter.setPen(QColor(theme.muted if row.kind is RowKind.NOTE else _text_colour(row, theme)))
        if not self._is_edited(index):
            parts.text.draw(painter, area.topLeft() + parts.text_at)
        _paint_side(painter, area, parts, self._view.font())
        if row.share is not None:
            _paint_bar(painter, area, parts.bar_top, row.share, theme, self._mirrored())
        if parts.tag is not None:
            painter.setPen(QColor(_tone_colour(row.tone if not self._is_edited(index) else Tone.ALARM, theme)))
            parts.tag.draw(painter, area.topLeft() + parts.tag_at)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:  # noqa: N802
        """Make the field in which a row's words are edited."""
        editor = QPlainTextEdit(parent)
        editor.setTabChangesFocus(True)
        editor.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        editor.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        editor.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        editor.setAccessibleName(self.tr("Words of the sentence"))
        editor.setAccessibleDescription(self.editing_hint)
        editor.document().setDocumentMargin(_MARGIN)
        editor.document().setModified(False)
        self._edited, self._editor = QPersistentModelIndex(index), editor
        editor.textChanged.connect(self._grow)
        editor.destroyed.connect(self._forget)
        self.sizeHintChanged.emit(plain_index(self._edited))
        self.editing_started.emit()
        return editor

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:  # noqa: N802
        """Put the row's words into the field, once."""
        row = _row(index)
        if isinstance(editor, QPlainTextEdit) and row is not None and not editor.document().isModified():
            editor.setPlainText(row.editable or "")
            editor.moveCursor(editor.textCursor().MoveOperation.End)
            editor.document().setModified(False)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: AnyIndex) -> None:  # noqa: N802
        """Hand the words to the model."""
        if isinstance(editor, QPlainTextEdit):
            model.setData(plain_index(index), editor.toPlainText())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: N802
        """Lay the field over the row's text and leave the hint below it in view."""
        row = _row(index)
        if row is not None:
            area = option.rect
            parts = self._lay_out(row, index, area.width())
            height = int(parts.tag_at.y()) - GAP - PAD // 2
            editor.setGeometry(area.x() + PAD // 2, area.y() + PAD // 2, area.width() - PAD, height)

    def destroyEditor(self, editor: QWidget, index: AnyIndex) -> None:  # noqa: N802
        """Forget the field when it is closed."""
        super().destroyEditor(editor, index)
        if editor is self._editor:
            self._forget()

    def finish(self) -> None:
        """Keep the words of an open field and close it."""
        if self._editor is not None:
            editor = self._editor
            self.commitData.emit(editor)
            self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)

    def cancel(self) -> None:
        """Close an open field and keep the words as they were."""
        if self._editor is not None:
            self.closeEditor.emit(self._editor, QStyledItemDelegate.EndEditHint.RevertModelCache)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Enter keeps the words, Esc the original, Tab keeps them and goes on."""
        if watched is self._editor and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.finish()
                return True
            if event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.finish()
                self._view.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)

    def editorEvent(  # noqa: N802
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: AnyIndex
    ) -> bool:
        """Tell which word or citation was clicked."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            self._point(event, option.rect, plain_index(index))
        return super().editorEvent(event, model, option, index)

    def citation_at(self, index: AnyIndex, position: QPointF, area: QRect) -> int:
        """Return the number of the citation at a position of the view; 0 for none."""
        row, at = _row(index), self._character_at(index, position, area)
        if row is None or at is None:
            return 0
        marks = (mark for mark in shown_text(row)[1] if mark.look is Look.CITATION)
        return next((mark.number for mark in marks if mark.start <= at < mark.end), 0)

    def _point(self, event: QMouseEvent, area: QRect, index: QModelIndex) -> None:
        row, at = _row(index), self._character_at(index, event.position(), area)
        if row is None or at is None:
            return
        number = self.citation_at(index, event.position(), area)
        if number:
            self.citation_clicked.emit(index, number)
        elif at < len(row.text):
            self.word_clicked.emit(index, at)

    def _character_at(self, index: AnyIndex, position: QPointF, area: QRect) -> int | None:
        row = _row(index)
        if row is None:
            return None
        parts = self._lay_out(row, index, area.width())
        point = position - QPointF(area.topLeft()) - parts.text_at
        for number in range(parts.text.lineCount()):
            line = parts.text.lineAt(number)
            if line.y() <= point.y() < line.y() + line.height() and line.naturalTextRect().contains(point):
                cursor = line.xToCursor(point.x(), line.CursorPosition.CursorOnCharacter)
                return character_offset(shown_text(row)[0], cursor)
        return None

    def _lay_out(self, row: Row, index: AnyIndex, width: int) -> _Parts:
        text, stretches = shown_text(row)
        edited, mirrored = self._is_edited(index), self._mirrored()
        indent = 2 * PAD if row.kind is RowKind.NOTE else PAD
        room = max(40.0, width - indent - PAD)
        layout = _wrapped(text, self._font(row), room, _formats(text, stretches, current_theme()))
        high = self._editor_height() if edited else layout.boundingRect().height()
        top = PAD * (1.5 if row.kind is RowKind.HEADING else 0.75)
        left = float(PAD if mirrored else indent)
        side = _beside(row.side, layout, QRectF(left, top, room, high), QFontMetricsF(self._view.font()), mirrored)
        bar_top = max(top + high, side.bottom()) + GAP
        below = bar_top + (BAR + GAP if row.share is not None else 0)
        words = self.editing_hint if edited else readable(row.tag)
        tag = _wrapped(words, self._small(), room, []) if words else None
        bottom = below + (tag.boundingRect().height() if tag is not None else -GAP)
        height = int(bottom + PAD * 0.75 + 0.5)
        return _Parts(layout, QPointF(left, top), row.side, side, bar_top, tag, QPointF(left, below), height)

    def _font(self, row: Row) -> QFont:
        font = QFont(self._view.font())
        font.setBold(row.kind in (RowKind.HEADING, RowKind.CANDIDATE))
        return font

    def _small(self) -> QFont:
        font = QFont(self._view.font())
        font.setPointSizeF(font.pointSizeF() * SMALL)
        return font

    def _mirrored(self) -> bool:
        return self._view.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def _is_edited(self, index: AnyIndex) -> bool:
        return self._editor is not None and self._edited.isValid() and self._edited.row() == index.row()

    def _editor_height(self) -> float:
        """Return the height of the open field, with room for the frame and padding that its style adds."""
        if self._editor is None:
            return 0.0
        font = self._editor.font()
        around = QFontMetricsF(font).height()
        room = max(40.0, self._view.viewport().width() - PAD - around - 2 * (_FRAME + _MARGIN))
        words = _wrapped(self._editor.toPlainText() or " ", font, room, [])
        return words.boundingRect().height() + around + 2 * _MARGIN

    def _grow(self) -> None:
        if self._editor is not None and self._edited.isValid():
            row = _row(self._edited)
            self.sizeHintChanged.emit(plain_index(self._edited))
            if row is not None and self._editor.document().isModified():
                self.typed.emit(row.payload, " ".join(self._editor.toPlainText().split()))

    def _forget(self) -> None:
        if self._editor is not None:
            edited = plain_index(self._edited)
            self._editor, self._edited = None, QPersistentModelIndex()
            self.sizeHintChanged.emit(edited)
            self.editing_ended.emit()


def _row(index: AnyIndex) -> Row | None:
    model = index.model()
    return model.row(index) if isinstance(model, RowsModel) else None


def _wrapped(text: str, font: QFont, width: float, formats: list[QTextLayout.FormatRange]) -> QTextLayout:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    layout.setTextOption(option)
    layout.setFormats(formats)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    y = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, y))
        y += line.height()
    layout.endLayout()
    return layout


def _formats(text: str, stretches: tuple[Stretch, ...], theme: Theme) -> list[QTextLayout.FormatRange]:
    ranges = []
    for stretch in stretches:
        form = QTextCharFormat()
        if stretch.look is Look.CITATION:
            form.setForeground(QColor(theme.accent))
            form.setFontWeight(QFont.Weight.Bold)
        elif stretch.look is Look.BOLD:
            form.setFontWeight(QFont.Weight.Bold)
        elif stretch.look is Look.PATIENT:
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
        else:
            form.setBackground(QColor(theme.highlight_other))
            form.setForeground(QColor(theme.text))
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        shown = QTextLayout.FormatRange()
        start = utf16_offset(text, stretch.start)
        shown.start, shown.length = start, utf16_offset(text, stretch.end) - start
        shown.format = form
        ranges.append(shown)
    return ranges


def _paint_ground(painter: QPainter, area: QRectF, row: Row, theme: Theme, state: QStyle.StateFlag) -> None:
    chosen = bool(state & QStyle.StateFlag.State_Selected)
    if chosen:
        painter.fillRect(area, QColor(theme.accent_card))
        painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), QColor(theme.accent))
    elif state & QStyle.StateFlag.State_MouseOver and row.kind is not RowKind.HEADING:
        painter.fillRect(area, QColor(theme.window))
    if row.kind in (RowKind.CANDIDATE, RowKind.TEXT) and not chosen:
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(theme.border))


def _beside(side: str, text: QTextLayout, area: QRectF, metrics: QFontMetricsF, mirrored: bool) -> QRectF:
    """Place the side words at the end of a text of one line that leaves them room, else below the text."""
    if not side:
        return QRectF(area.topLeft(), area.topLeft())
    wide = metrics.horizontalAdvance(side) + 1
    alone = text.lineCount() != 1 or text.lineAt(0).naturalTextWidth() + wide + 2 * PAD > area.width()
    at_left = alone is not mirrored
    left = area.left() if at_left else area.right() - wide
    return QRectF(left, area.bottom() if alone else area.top(), wide, metrics.height())


def _paint_side(painter: QPainter, area: QRectF, parts: _Parts, font: QFont) -> None:
    if parts.side:
        painter.setFont(font)
        place = parts.side_at.translated(area.topLeft())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), parts.side)


def _paint_bar(painter: QPainter, area: QRectF, top: float, share: float, theme: Theme, mirrored: bool) -> None:
    whole = QRectF(area.left() + PAD, area.top() + top, area.width() - 2 * PAD, BAR)
    filled = QRectF(whole)
    filled.setWidth(max(2.0, whole.width() * min(1.0, max(0.0, share))))
    if mirrored:
        filled.moveRight(whole.right())
    painter.setPen(Qt.PenStyle.NoPen)
    for rectangle, colour in ((whole, theme.border), (filled, theme.accent)):
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(rectangle, BAR / 2, BAR / 2)


def _text_colour(row: Row, theme: Theme) -> str:
    return theme.accent if row.kind is RowKind.ACTION else theme.text


def _tone_colour(tone: Tone, theme: Theme) -> str:
    colours = {Tone.QUIET: theme.muted, Tone.ALARM: theme.danger, Tone.GOOD: theme.good, Tone.OWN: theme.accent}
    return colours[tone]
