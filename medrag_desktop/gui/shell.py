"""The frame around the pages: places on the left, messages above, running work below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medrag_desktop.gui.theme import current_theme, scaled
from medrag_desktop.gui.widgets import ICON_SIZE, Banner, plain_label, push_button, themed_icon
from medrag_desktop.tasks import Progress


class Navigation(QFrame):
    """The places of the window; each has its key, which the tooltip tells."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the buttons; the window connects them."""
        super().__init__(parent)
        self.setObjectName("navigation")
        self._icons: list[tuple[QPushButton, str]] = []
        self._places = QButtonGroup(self)
        self.new = self._button("plus", self.tr("New patient"), "Ctrl+N")
        self.patient = self._button("patient", self.tr("Patient"), "Ctrl+1", place=True)
        self.draft = self._button("draft", self.tr("Draft"), "Ctrl+2", place=True)
        self.history = self._button("history", self.tr("History"), "Ctrl+3", place=True)
        self.settings = self._button("settings", self.tr("Settings"), "Ctrl+,")
        self.help = self._button("help", self.tr("Keys and help"), "F1")
        self.lock = self._button("lock", self.tr("Lock"), "Ctrl+L")
        self._kept = plain_label("", "muted")
        self._kept.setContentsMargins(10, 0, 0, 0)
        self._kept.setAccessibleName(self.tr("State of your typing"))
        self._lay_out()
        self._draw_icons()

    @property
    def kept(self) -> str:
        """Return what is said of the typing."""
        return self._kept.text()

    def show_kept(self, state: str) -> None:
        """Say whether the typing is safe: saved, saving, failed, or nothing."""
        words = {"saved": self.tr("Typing saved"), "saving": self.tr("Saving…"), "failed": self.tr("NOT saved")}
        self._kept.setText(words.get(state, ""))
        self._kept.setObjectName("danger" if state == "failed" else "muted")
        self._kept.style().unpolish(self._kept)
        self._kept.style().polish(self._kept)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the icons in the colours of a new theme and the size of the text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._draw_icons()

    def _button(self, icon: str, text: str, shortcut: str, *, place: bool = False) -> QPushButton:
        button = push_button(text, shortcut=shortcut)
        button.setObjectName("place")
        button.setAccessibleName(text)
        if place:
            button.setCheckable(True)
            self._places.addButton(button)
        self._icons.append((button, icon))
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 10)
        column.setSpacing(4)
        column.addWidget(self.new)
        column.addSpacing(14)
        for button in (self.patient, self.draft, self.history):
            column.addWidget(button)
        column.addStretch(1)
        column.addWidget(self._kept)
        column.addSpacing(8)
        for button in (self.settings, self.help, self.lock):
            column.addWidget(button)

    def _draw_icons(self) -> None:
        size = scaled(ICON_SIZE)
        for button, name in self._icons:
            button.setIconSize(QSize(size, size))
            button.setIcon(themed_icon(name, current_theme().accent, size))


class WorkBar(QFrame):
    """Says what runs and how far it has come, with a way to stop it; hidden when nothing runs."""

    cancelled = Signal()

    def __init__(self, shortcut: str = "", parent: QWidget | None = None) -> None:
        """Start hidden; the shortcut stops the work."""
        super().__init__(parent)
        self.setObjectName("card")
        self._stage = QLabel()
        self._stage.setTextFormat(Qt.TextFormat.PlainText)
        self._stage.setMinimumWidth(220)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self.cancel_button = push_button(self.tr("Cancel"), shortcut=shortcut, tip=self.tr("Stop the work that runs"))
        self.cancel_button.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self._stage)
        row.addWidget(self._bar, 1)
        row.addWidget(self.cancel_button)
        self.hide()

    @property
    def stage(self) -> str:
        """Return what it says."""
        return self._stage.text()

    def begin(self, text: str) -> None:
        """Appear, with no end in sight yet."""
        self.show_progress(Progress(text))
        self.show()

    def show_progress(self, progress: Progress) -> None:
        """Say how far the work has come."""
        self._stage.setText(progress.message)
        self._bar.setRange(0, progress.total or 0)
        self._bar.setValue(progress.done)

    def end(self) -> None:
        """Disappear."""
        self.hide()
        self._bar.setRange(0, 1)


class Shell(QWidget):
    """Navigation, message strip, pages and work bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Hold no page yet."""
        super().__init__(parent)
        self.navigation = Navigation()
        self.message = Banner("info")
        self.message.set_closable(True)
        self.offer = Banner("warning")
        self.words = Banner("warning")
        self.work = WorkBar("Esc")
        self.build = WorkBar()
        self.pages = QStackedWidget()
        inside = QVBoxLayout()
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 8, 12, 0)
        strips.setSpacing(6)
        strips.addWidget(self.offer)
        strips.addWidget(self.words)
        strips.addWidget(self.message)
        below = QVBoxLayout()
        below.setContentsMargins(12, 0, 12, 8)
        below.addWidget(self.build)
        below.addWidget(self.work)
        inside.addLayout(strips)
        inside.addWidget(self.pages, 1)
        inside.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.navigation)
        row.addLayout(inside, 1)
