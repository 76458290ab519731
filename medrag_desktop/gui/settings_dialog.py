"""The settings, made from the fields of `config.Settings`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medrag_desktop.config import SETTINGS, Line, Settings
from medrag_desktop.gui.change_passphrase import ChangePassphraseDialog
from medrag_desktop.gui.setting_editors import Editor, make_editor
from medrag_desktop.gui.widgets import Banner, Card, plain_label, push_button, restyle

LOOKS = ("theme", "text_scale")
"""Settings that can be seen at once."""
WIDE = "Assessment"
"""The group with a column of its own."""
WITH_PASSPHRASE = "Privacy"


class SettingsDialog(QDialog):
    """Shows every setting with its meaning; what looks different is shown at once and undone by Cancel."""

    preview_requested = Signal(object)
    """Settings whose colours and text size are to be shown."""
    passphrase_change_requested = Signal(str, str)
    """The old passphrase and the new one; answer with `show_passphrase_result`."""

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
        left, right = QVBoxLayout(), QVBoxLayout()
        for group in dict.fromkeys(each.group for each in SETTINGS.values()):
            (right if group == WIDE else left).addWidget(self._card(group))
        left.addStretch(1)
        right.addStretch(1)
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(14)
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addWidget(self._banner)
        column.addWidget(scroll, 1)
        column.addWidget(self._buttons)
        self._fit(content)

    def _fit(self, content: QWidget) -> None:
        """Be large enough to show everything, if the screen is."""
        wanted = content.sizeHint()
        width = max(wanted.width(), 46 * self.fontMetrics().height()) + 60
        height = content.heightForWidth(width - 60) if content.hasHeightForWidth() else wanted.height()
        screen = self.screen().availableSize()
        self.resize(min(width, screen.width() - 40), min(height + 90, screen.height() - 60))

    def _card(self, group: str) -> Card:
        card = Card(self.tr(group))
        for name, setting in SETTINGS.items():
            if setting.group == group:
                card.body.addLayout(self._row(name))
        if group == WITH_PASSPHRASE:
            card.body.addWidget(self.passphrase_button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _row(self, name: str) -> QVBoxLayout:
        setting, editor = SETTINGS[name], self.editors[name]
        label = QLabel(self.tr(setting.label))
        label.setBuddy(editor)
        editor.setAccessibleName(self.tr(setting.label))
        editor.setAccessibleDescription(self.tr(setting.help))
        line = QHBoxLayout()
        line.addWidget(label, 2)
        line.addWidget(editor, 3)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(plain_label(self.tr(setting.help), "muted"))
        return column

    def _put(self, settings: Settings) -> None:
        for name, editor in self.editors.items():
            editor.put(getattr(settings, name))

    def _preview(self) -> None:
        self.preview_requested.emit(self.settings())

    def _refuse(self, name: str, editor: Editor) -> None:
        setting = SETTINGS[name]
        problem = self.tr("{0}: this must be {1}.").format(self.tr(setting.label), setting.limits.allowed)
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
