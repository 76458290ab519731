"""The settings, made from the fields of `config.Settings`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from medrag_desktop.config import SETTINGS, Line, Settings
from medrag_desktop.gui.change_passphrase import ChangePassphraseDialog
from medrag_desktop.gui.setting_editors import Editor, make_editor
from medrag_desktop.gui.setting_words import setting_words
from medrag_desktop.gui.widgets import Banner, Card, plain_label, push_button, restyle

LOOKS = ("theme", "text_scale")
"""Settings that can be seen at once."""
WIDE = "Assessment"
"""The group with a column of its own."""
WITH_PASSPHRASE = "Privacy"
_MARGIN, _GAP = 16, 14
"""Pixels around the dialog's content, and between its columns."""


class SettingsDialog(QDialog):
    """Shows every setting with its meaning; what looks different is shown at once and undone by Cancel."""

    preview_requested = Signal(object)
    """Settings whose colours and text size are to be shown."""
    passphrase_change_requested = Signal(str, str)
    """The old passphrase and the new one; answer with `show_passphrase_result`."""
    new_words_requested = Signal()
    """Fresh recovery words are wanted; tell with `show_words_confirmed` when there are some."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        """Show settings."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self._before = settings
        self._changing: ChangePassphraseDialog | None = None
        self._banner = Banner("danger")
        self.editors: dict[str, Editor] = {name: make_editor(each.limits) for name, each in SETTINGS.items()}
        self.passphrase_button = push_button(self.tr("Change &passphrase..."))
        self.passphrase_button.clicked.connect(self._ask_passphrases)
        self.words_button = push_button(self.tr("&New recovery words..."))
        self.words_button.clicked.connect(self.new_words_requested)
        self._buttons = self._make_buttons()
        self._lay_out()
        self._put(settings)
        for name in LOOKS:
            self.editors[name].edited.connect(self._preview)

    @property
    def error(self) -> str:
        """Return why the settings cannot be accepted; empty when nothing was refused."""
        return self._banner.text

    def settings(self) -> Settings:
        """Return the settings as they stand in the dialog."""
        values: dict[str, Any] = {name: editor.value() for name, editor in self.editors.items()}
        return replace(self._before, **values)

    def accept(self) -> None:
        """Close, unless a text cannot be used."""
        for name, editor in self.editors.items():
            if SETTINGS[name].limits.fit(editor.value()) is None:
                self._refuse(name, editor)
                return
        super().accept()

    def reject(self) -> None:
        """Close, with the looks as they were."""
        if any(getattr(self.settings(), name) != getattr(self._before, name) for name in LOOKS):
            self.preview_requested.emit(self._before)
        super().reject()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Use the room there is."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Arrange the cards anew once all of them have the new size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            QTimer.singleShot(0, self._arrange)

    def restore_defaults(self) -> None:
        """Show the values as shipped, but leave what the user wrote; nothing is kept before OK."""
        lines = [name for name, each in SETTINGS.items() if isinstance(each.limits, Line)]
        written: dict[str, Any] = {name: self.editors[name].value() for name in lines}
        self._put(replace(Settings(), **written))

    def show_passphrase_result(self, error: str = "") -> None:
        """Tell how the change of the passphrase went; an empty text means well."""
        if self._changing is None:
            return
        self._changing.show_result(error)
        if not error:
            self._banner.show_text("good", self.tr("The passphrase is changed."))

    def show_words_confirmed(self) -> None:
        """Tell that there are fresh recovery words, on paper."""
        self._banner.show_text("good", self.tr("The new recovery words are in force. Destroy the old paper."))

    def _make_buttons(self) -> QDialogButtonBox:
        kinds = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.RestoreDefaults)
        texts = {
            kinds.Ok: self.tr("OK"),
            kinds.Cancel: self.tr("Cancel"),
            kinds.RestoreDefaults: self.tr("&Restore defaults"),
        }
        for kind, text in texts.items():
            box.button(kind).setText(text)
        restyle(box.button(kinds.Ok), "primary", True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        box.button(kinds.RestoreDefaults).clicked.connect(self.restore_defaults)
        return box

    def button(self, kind: QDialogButtonBox.StandardButton) -> QPushButton:
        """Return one of the buttons at the bottom."""
        return self._buttons.button(kind)

    def _lay_out(self) -> None:
        self._sides = left, right = QVBoxLayout(), QVBoxLayout()
        for group in dict.fromkeys(each.group for each in SETTINGS.values()):
            (right if group == WIDE else left).addWidget(self._card(group))
        content = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(_GAP)
        for side in self._sides:
            side.addStretch(1)
            self._columns.addLayout(side, 1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 14, _MARGIN, 14)
        column.setSpacing(12)
        column.addWidget(self._banner)
        column.addWidget(scroll, 1)
        column.addWidget(self._buttons)
        self._fit(content)

    def _fit(self, content: QWidget) -> None:
        """Be large enough to show everything, if the screen is."""
        for widget in content.findChildren(QWidget):
            widget.ensurePolished()  # else fonts and paddings of the style sheet are not counted
        wanted = content.sizeHint()
        width = max(wanted.width(), 54 * self.fontMetrics().height()) + 60
        height = content.heightForWidth(width - 60) if content.hasHeightForWidth() else wanted.height()
        screen = self.screen().availableSize()
        self.resize(min(width, screen.width() - 40), min(height + 110, screen.height() - 60))

    def _arrange(self) -> None:
        """Put the cards below each other where two columns have no room, as with large text."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        wanted = sum(side.minimumSize().width() for side in self._sides) + _GAP
        fits = wanted <= self.width() - 2 * _MARGIN - bar
        directions = QBoxLayout.Direction
        self._columns.setDirection(directions.LeftToRight if fits else directions.TopToBottom)

    def _card(self, group: str) -> Card:
        card = Card(setting_words(group))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for name, setting in SETTINGS.items():
            if setting.group == group:
                self._add_row(grid, name)
        card.body.addLayout(grid)
        if group == WITH_PASSPHRASE:
            for button in (self.passphrase_button, self.words_button):
                card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _add_row(self, grid: QGridLayout, name: str) -> None:
        editor, row = self.editors[name], grid.rowCount()
        name, told = setting_words(SETTINGS[name].label), setting_words(SETTINGS[name].help)
        label = QLabel(name)
        label.setBuddy(editor)
        editor.setAccessibleName(name)
        editor.setAccessibleDescription(told)
        grid.addWidget(label, row, 0)
        grid.addWidget(editor, row, 1)
        grid.addWidget(plain_label(told, "muted"), row + 1, 0, 1, 2)
        grid.setRowMinimumHeight(row + 2, 4)

    def _put(self, settings: Settings) -> None:
        for name, editor in self.editors.items():
            editor.put(getattr(settings, name))

    def _preview(self) -> None:
        self.preview_requested.emit(self.settings())

    def _refuse(self, name: str, editor: Editor) -> None:
        problem = self.tr("{0}: this must be one line of plain text.").format(setting_words(SETTINGS[name].label))
        self._banner.show_text("danger", problem)
        editor.setFocus()

    def _ask_passphrases(self) -> None:
        self._changing = ChangePassphraseDialog(self)
        self._changing.change_requested.connect(self.passphrase_change_requested)
        self._changing.finished.connect(self._forget_dialog)
        self._changing.open()

    def _forget_dialog(self) -> None:
        if self._changing is not None:
            self._changing.deleteLater()
            self._changing = None
