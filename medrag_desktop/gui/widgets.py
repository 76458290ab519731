"""Small widgets that several views share."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QFile, QIODevice, QMargins, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QIcon,
    QKeySequence,
    QPixmap,
    QPixmapCache,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from medrag_desktop.gui.theme import current_theme, scaled

ICON_SIZE = 20


def plain_label(text: str, object_name: str = "", parent: QWidget | None = None) -> QLabel:
    """Make a label that wraps and shows its text as it is, never as markup."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setObjectName(object_name)
    label.setText(text)
    return label


def push_button(text: str, kind: str = "", shortcut: str = "", tip: str = "") -> QPushButton:
    """Make a button; `kind` is primary, danger, quiet, offer or nothing. The tooltip names the shortcut."""
    button = QPushButton(text)
    if kind:
        button.setProperty(kind, True)
    if shortcut:
        # the button's own shortcut would click a tenth of a second later, and what is typed meanwhile go astray
        QShortcut(QKeySequence(shortcut), button).activated.connect(button.click)
    button.setToolTip(
        " ".join(part for part in (tip or text.replace("&", ""), f"({shortcut})" * bool(shortcut)) if part)
    )
    button.setAutoDefault(False)
    return button


def themed_icon(name: str, colour: str = "", size: int = ICON_SIZE) -> QIcon:
    """Return a bundled line icon in a colour of the theme (its text colour if none is given)."""
    colour = colour or current_theme().text
    key, pixmap = f"medrag/{name}/{colour}/{size}", QPixmap()
    if not QPixmapCache.find(key, pixmap):
        file = QFile(f"icons:{name}.svg")
        if not file.open(QIODevice.OpenModeFlag.ReadOnly):
            return QIcon()
        pixmap = _drawn(bytes(file.readAll().data()), colour, size)
        file.close()
        QPixmapCache.insert(key, pixmap)
    return QIcon(pixmap)


def _drawn(drawing: bytes, colour: str, size: int) -> QPixmap:
    # drawn at twice the size, so that it stays sharp on a dense screen
    enlarged = drawing.replace(b'width="24" height="24"', f'width="{2 * size}" height="{2 * size}"'.encode(), 1)
    pixmap = QPixmap()
    pixmap.loadFromData(QByteArray(enlarged.replace(b"currentColor", colour.encode())), "SVG")
    pixmap.setDevicePixelRatio(2.0)
    return pixmap


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet asks for, and draw the widget anew."""
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def announce(widget: QWidget) -> None:
    """Tell a screen reader that the text of a widget is new."""
    QAccessible.updateAccessibility(QAccessibleEvent(widget, QAccessible.Event.Alert))


class FittedPanel(QWidget):
    """An area that is never lower than its wrapped words need at its width: they never lie on each other."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Follow the width."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Follow the words."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return bool(done)

    def _fit(self) -> None:
        layout = self.layout()
        least = 0 if layout is None else max(0, layout.minimumHeightForWidth(self.width()))
        if self.minimumHeight() != least:
            self.setMinimumHeight(least)


class Card(QFrame):
    """A framed area with an optional heading; put what it holds into `body`."""

    def __init__(self, heading: str = "", parent: QWidget | None = None) -> None:
        """Make it with room around its content."""
        super().__init__(parent)
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 12, 14, 14)
        self.body.setSpacing(8)
        if heading:
            self.body.addWidget(plain_label(heading, "heading"))


class Banner(QFrame):
    """A strip that tells one thing: danger, warning, good or info, with an icon, a text and perhaps a button."""

    dismissed = Signal()
    acted = Signal()

    def __init__(self, kind: str = "info", text: str = "", parent: QWidget | None = None) -> None:
        """Show a text, or stay hidden when there is none."""
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon = QLabel()
        self._text = plain_label("")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = push_button("")
        self._close = QToolButton()
        self._close.setObjectName("small")
        self._close.setToolTip(self.tr("Close this message"))
        self._close.setAccessibleName(self.tr("Close this message"))
        self._kind = kind
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addWidget(self._action, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        self._close.clicked.connect(self._dismiss)
        self._action.clicked.connect(self.acted)
        self.set_closable(False)
        self.show_text(kind, text)

    @property
    def text(self) -> str:
        """Return what it tells; empty while hidden."""
        return self._text.text()

    def show_text(self, kind: str, text: str, action: str = "") -> None:
        """Tell something, with a button where there is an action; an empty text hides the strip."""
        self._kind = kind
        self._text.setText(text)
        self.setAccessibleName(text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        if self.parentWidget() is not None or not text:  # else it would open as a window of its own
            self.setVisible(bool(text))
        self._paint_kind()
        if text:
            announce(self)

    def set_closable(self, closable: bool) -> None:
        """Offer a button that hides the strip, or do not."""
        self._close.setVisible(closable)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the icon in the colours of a new theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._draw_icon()

    def _paint_kind(self) -> None:
        restyle(self, "kind", self._kind)
        self._draw_icon()

    def _draw_icon(self) -> None:
        theme = current_theme()
        looks = {
            "danger": ("warning", theme.danger),
            "warning": ("warning", theme.warning),
            "good": ("check", theme.good),
            "info": ("info", theme.accent),
        }
        name, colour = looks[self._kind]
        size = scaled(ICON_SIZE)
        self._icon.setFixedWidth(size + 4)
        self._icon.setPixmap(themed_icon(name, colour, size).pixmap(size, size))
        self._close.setIcon(themed_icon("close", theme.text, size))
        self._close.setIconSize(QSize(size, size))

    def _dismiss(self) -> None:
        self.show_text(self._kind, "")
        self.dismissed.emit()


class FlowLayout(QLayout):
    """Lays its items out like words: left to right (or as the language runs), then on the next line."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 6) -> None:
        """Start empty."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins(0, 0, 0, 0))
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        """Put an item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """Return how many items it holds."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """Return an item, or None past the end, as Qt asks for it."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """Take an item out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """Ask for no more room than the items need."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Tell that a narrow one is higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height that a width needs."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rectangle: QRect) -> None:  # noqa: N802
        """Put the items in their places."""
        super().setGeometry(rectangle)
        self._arrange(rectangle, move=True)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of the widest item."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802
        """Return the size of the widest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def clear(self) -> None:
        """Take every widget out and delete it."""
        while self._items:
            widget = self._items.pop().widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.invalidate()

    def _arrange(self, rectangle: QRect, *, move: bool) -> int:
        area = rectangle.marginsRemoved(self.contentsMargins())
        parent = self.parentWidget()
        mirrored = parent is not None and parent.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x, y, line = area.left(), area.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint().boundedTo(QSize(max(area.width(), item.minimumSize().width()), 16_777_215))
            if line and x + size.width() > area.right() + 1:
                x, y, line = area.left(), y + line + self.spacing(), 0
            if move:
                left = area.left() + area.right() - x - size.width() + 1 if mirrored else x
                item.setGeometry(QRect(QPoint(left, y), size))
            x, line = x + size.width() + self.spacing(), max(line, size.height())
        return y + line - rectangle.top() + self.contentsMargins().bottom()
