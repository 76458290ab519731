"""The danger signs above the form: what fired, impossible to miss, and what could not be checked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.triage import DangerSign, Triage, most_wanted
from medrag_desktop.gui.plain_text import breakable
from medrag_desktop.gui.theme import current_theme, scaled
from medrag_desktop.gui.widgets import announce, plain_label, push_button, themed_icon

_SHARE, _SHARE_OPEN, _MOST_GROWN = 0.25, 0.6, 1.2
"""Of the window's height that it takes at most, as it is and unfolded; the first sign is whole in any case."""
_GAP = 4
"""Between two lines, pixels."""
_RING = 2
"""Width of the focus ring around the list, pixels."""
_SCROLL_BAR = 17 + 2 * _RING
"""Pixels of the width that the bar, its margin and the ring take."""
_NAMED = 5
"""How many missing data are named while the list is closed."""
_BIG_ICON = 28


class _Strip(QFrame):
    """Coloured ground of the banner."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = "info"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Fill with the colour of the state, framed so that colour is not the only sign."""
        theme = current_theme()
        ground, edge = {
            "danger": (theme.danger_card, theme.danger),
            "warning": (theme.warning_card, theme.warning),
            "good": (theme.good_card, theme.good),
        }.get(self.kind, (theme.card, theme.border))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(ground))
        painter.setPen(QPen(QColor(edge), 2 if self.kind == "danger" else 1))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)
        if self.kind == "danger":
            painter.fillRect(2, 4, 6, self.height() - 8, QColor(edge))


class DangerBanner(QWidget):
    """Says which danger signs fired, and never that there are none while one could not be checked."""

    announced = Signal(str)
    """What a screen reader is told when the signs have changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Say that the signs are checked while typing."""
        super().__init__(parent)
        self._triage: Triage | None = None
        self._said: tuple[str, ...] | None = None
        self._watched: QWidget | None = None
        self._open: set[QPushButton] = set()
        self._lines: list[tuple[QLabel, bool]] = []
        """What stands in the list, and whether it is a reason, which gives way where there is too little room."""
        self._unfolded: QPushButton | None = None
        self._settled = QTimer(self, singleShot=True, interval=0)
        self._settled.timeout.connect(self._bring_into_view)
        self._make()
        self.show_triage(None)

    def show_triage(self, triage: Triage | None) -> None:
        """Show the outcome of all rules; None while there is none yet."""
        before, self._triage = self._triage, triage
        if triage is None:
            self._open.clear()
        if triage is None or before != triage or not self._heading.text():
            self._fill()
        fired = () if triage is None else tuple(sign.id for sign in triage.fired)
        changed, self._said = fired != (self._said or ()), fired
        if changed:
            self._announce()

    @property
    def heading(self) -> str:
        """Return the line that is always visible."""
        return self._heading.text()

    @property
    def kind(self) -> str:
        """Return the state: danger, warning, good, or info before the first outcome."""
        return self._strip.kind

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for what the content needs, within the share of the window."""
        return QSize(600, self._wanted_height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow the height of the window."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Wrap anew for a new width."""
        self._fit()

    def showEvent(self, event: QEvent) -> None:  # noqa: N802
        """Watch the window that it stands in."""
        window = self.window()
        if window is not self and window is not self._watched:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = window
            window.installEventFilter(self)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw in the colours of a new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._fill()

    def _make(self) -> None:
        self._strip = _Strip()
        self._icon = QLabel()
        self._heading = plain_label("", "heading")
        self._all = self._toggle(self.tr("Show all"), self.tr("Every danger sign with its reasons"))
        self._sources = self._toggle(self.tr("Sources"), self.tr("Where each danger sign comes from"))
        self._missing = self._toggle(self.tr("Not checked"), self.tr("Everything that is not checked yet"))
        self._signs = QWidget()
        self._list = QVBoxLayout(self._signs)
        self._list.setContentsMargins(0, 0, 4, 0)
        self._list.setSpacing(_GAP)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("read")
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._signs)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Danger signs in detail"))
        self._scroll.viewport().setAutoFillBackground(False)
        self._signs.setAutoFillBackground(False)
        self._note = plain_label("", "muted")
        top, column = QHBoxLayout(), QVBoxLayout(self._strip)
        top.addWidget(self._icon)
        top.addWidget(self._heading, 1)
        for button in (self._all, self._missing, self._sources):
            top.addWidget(button)
        column.setContentsMargins(16, 6, 10, 6)
        column.setSpacing(_GAP)
        column.addLayout(top)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._note)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._strip)

    def _toggle(self, words: str, name: str) -> QPushButton:
        button = push_button(words, "quiet", tip=name)
        button.clicked.connect(lambda: self._toggled(button))
        return button

    def _toggled(self, button: QPushButton) -> None:
        self._open ^= {button}
        self._fill()
        if button in self._open:
            self._unfolded = button
            self._settled.start()

    def _bring_into_view(self) -> None:
        """Show the beginning of what was just unfolded."""
        asked_for_missing = self._unfolded is self._missing and len(self._lines) > 1
        if asked_for_missing:
            self._scroll.ensureWidgetVisible(self._lines[-1][0], 0, 0)
        else:
            self._scroll.verticalScrollBar().setValue(0)

    def _fill(self) -> None:
        """Write everything anew."""
        triage = self._triage
        fired = () if triage is None else triage.fired
        missing = () if triage is None else most_wanted(triage.not_assessed)
        count = 0 if triage is None else len(triage.not_assessed)
        self._strip.kind = self._state(triage)
        self._heading.setText(self._headline(triage))
        self._sources.setVisible(bool(fired))
        self._clear_list()
        for sign in fired:
            self._add_sign(sign)
        is_open = self._missing in self._open and (bool(fired and missing) or len(missing) > _NAMED)
        if is_open:
            self._append(plain_label(self.tr("Not checked: {data}.").format(data=", ".join(missing)), "muted"))
        self._list.addStretch(1)
        self._scroll.setVisible(bool(fired) or is_open)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus if fired or is_open else Qt.FocusPolicy.NoFocus)
        self._missing.setVisible(bool(fired and missing) or len(missing) > _NAMED)
        hide, show = self.tr("Hide not checked ({count})"), self.tr("Not checked ({count})")
        self._missing.setText((hide if is_open else show).format(count=count))
        self._sources.setText(self.tr("Hide sources") if self._sources in self._open else self.tr("Sources"))
        named = ", ".join(missing[:_NAMED]) + (" ..." if len(missing) > _NAMED else "")
        self._note.setText(self.tr("Not checked: {data}").format(data=named) if missing else "")
        self._note.setVisible(bool(missing) and not fired and not is_open)
        self._draw_icon()
        self.setAccessibleName(self._heading.text())
        self.setAccessibleDescription(self._spoken())
        self._strip.update()
        self._fit()

    def _state(self, triage: Triage | None) -> str:
        if triage is None:
            return "info"
        if triage.fired:
            return "danger" if any(_is_red(sign) for sign in triage.fired) else "warning"
        return "info" if triage.not_assessed else "good"

    def _headline(self, triage: Triage | None) -> str:
        if triage is None:
            return self.tr("Danger signs are checked as you type.")
        count, unchecked = len(triage.fired), len(triage.not_assessed)
        if count == 1:
            return self.tr("DANGER SIGN")
        if count:
            return self.tr("{count} DANGER SIGNS").format(count=count)
        if unchecked:
            return self.tr("No danger sign found in what was entered; {count} could not be checked.").format(
                count=unchecked
            )
        return self.tr("All danger signs were checked; none found.")

    def _add_sign(self, sign: DangerSign) -> None:
        tag = {Urgency.EMERGENCY: self.tr("EMERGENCY"), Urgency.URGENT: self.tr("URGENT")}.get(sign.urgency, "")
        message = plain_label(f"{tag}: {sign.message}" if tag else sign.message, "danger" if _is_red(sign) else "")
        self._append(message)
        if sign.because:
            reasons = breakable(", ".join(sign.because))
            self._append(plain_label(self.tr("because: {reasons}").format(reasons=reasons)), is_reason=True)
        if self._sources in self._open:
            self._append(plain_label(self.tr("Source: {source}").format(source=sign.source), "muted"))

    def _append(self, label: QLabel, *, is_reason: bool = False) -> None:
        self._list.addWidget(label)
        self._lines.append((label, is_reason))
        # a layout leaves out what is not shown yet when it is asked for its height
        label.show()

    def _clear_list(self) -> None:
        self._lines.clear()
        while self._list.count():
            item = self._list.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _draw_icon(self) -> None:
        theme = current_theme()
        looks = {
            "danger": ("warning", theme.danger, _BIG_ICON),
            "warning": ("warning", theme.warning, _BIG_ICON),
            "good": ("check", theme.good, 20),
            "info": ("info", theme.muted, 20),
        }
        name, colour, size = looks[self._strip.kind]
        size = scaled(size)
        self._icon.setPixmap(themed_icon(name, colour, size).pixmap(size, size))
        style = {"danger": f"color:{theme.danger};", "warning": f"color:{theme.warning};"}.get(self._strip.kind, "")
        weight = "700" if style else "400"
        self._heading.setStyleSheet(f"QLabel#heading{{{style}font-weight:{weight}}}")

    def _fit(self) -> None:
        height = self._wanted_height()
        if self.minimumHeight() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def _wanted_height(self) -> int:
        """Return the height to take, and leave the reasons out where not even the signs would fit with them."""
        inner, window = max(self.width(), 200) - 26, self.window()
        unbounded = window is self
        is_open = bool(self._open & {self._all, self._missing, self._sources})
        limit = round(window.height() * (_SHARE_OPEN if is_open else self._share()))
        whole = [label.heightForWidth(inner - _SCROLL_BAR) + _GAP for label, _ in self._lines]
        crowded = not unbounded and self._height_around(inner) + sum(whole) > round(window.height() * self._share())
        brief = crowded and not is_open
        self._name_all(brief, sum(size for size, (_, why) in zip(whole, self._lines, strict=True) if not why))
        for label, is_reason in self._lines:
            label.setVisible(not (brief and is_reason))
        shown = [size for size, (_, is_reason) in zip(whole, self._lines, strict=True) if not (brief and is_reason)]
        around = self._height_around(inner)
        if unbounded or around + sum(shown) <= limit:
            return around + sum(shown)
        return around + self._fitting(shown, limit - around)

    def _share(self) -> float:
        """Return the share of the window that it takes while it is folded: somewhat more with larger text."""
        return _SHARE * min(_MOST_GROWN, max(1.0, scaled(100) / 100))

    def _name_all(self, brief: bool, signs: int) -> None:
        """Offer to unfold the list where it is too long: its reasons, or even signs that do not fit."""
        self._all.setVisible(bool(self._lines) and (brief or self._all in self._open))
        count = 0 if self._triage is None else len(self._triage.fired)
        fit = self._height_around(max(self.width(), 200) - 26) + signs <= round(self.window().height() * self._share())
        words = self.tr("Reasons") if fit else self.tr("Show all {count}").format(count=count)
        self._all.setText(self.tr("Show less") if self._all in self._open else words)

    def _height_around(self, inner: int) -> int:
        """Return the height of everything but the list."""
        offered = (self._all, self._sources, self._missing)
        buttons = [button.sizeHint() for button in offered if button.isVisibleTo(self)]
        beside = sum(size.width() + 6 for size in buttons) + 60
        needed = max(self._heading.heightForWidth(max(inner - beside, 100)), *(size.height() for size in buttons), 24)
        if self._note.isVisibleTo(self):
            needed += self._note.heightForWidth(inner) + _GAP
        return needed + 12 + (_GAP + 2 * _RING if self._lines else 0)

    def _fitting(self, lines: list[int], room: int) -> int:
        """Return the height of the lines that fit whole, the first one in any case."""
        height = lines[0]
        for line in lines[1:]:
            if height + line > room:
                break
            height += line
        return height

    def _spoken(self) -> str:
        fired = () if self._triage is None else self._triage.fired
        return " ".join((*(sign.message for sign in fired), self._note.text() if self._note.text() else ""))

    def _announce(self) -> None:
        fired = () if self._triage is None else self._triage.fired
        words = ". ".join((self._heading.text(), *(sign.message for sign in fired)))
        announce(self)
        self.announced.emit(words)


def _is_red(sign: DangerSign) -> bool:
    return sign.urgency in (Urgency.EMERGENCY, Urgency.URGENT)
