from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTranslator
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.config import SETTINGS, Choice, Line, Number, Settings
from medrag_desktop.gui.change_passphrase import ChangePassphraseDialog
from medrag_desktop.gui.setting_editors import ChoiceEditor, DecimalEditor, LineEditor, WholeNumberEditor
from medrag_desktop.gui.setting_words import WORDS
from medrag_desktop.gui.settings_dialog import SettingsDialog
from medrag_desktop.gui.theme import apply_theme

OTHER = Settings(
    clinician="Dr A. Example",
    region="south-asia",
    tests="laboratory",
    theme="dark",
    text_scale=1.3,
    auto_lock_minutes=0,
    level="search",
    candidates=7,
    drafted=2,
    passages=32,
    threads=3,
)
OK = QDialogButtonBox.StandardButton.Ok
DEFAULTS = QDialogButtonBox.StandardButton.RestoreDefaults

Open = Callable[[Settings], SettingsDialog]


@pytest.fixture
def open_dialog(qtbot: QtBot) -> Open:
    def opened(settings: Settings) -> SettingsDialog:
        dialog = SettingsDialog(settings)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        dialog.activateWindow()
        qtbot.waitUntil(dialog.isActiveWindow)
        return dialog

    return opened


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def previews(dialog: SettingsDialog) -> list[object]:
    got: list[object] = []
    dialog.preview_requested.connect(got.append)
    return got


def whole(dialog: SettingsDialog, name: str) -> WholeNumberEditor:
    editor = dialog.editors[name]
    assert isinstance(editor, WholeNumberEditor)
    return editor


def test_every_setting_is_shown_and_comes_back(open_dialog: Open) -> None:
    assert list(open_dialog(Settings()).editors) == list(SETTINGS)
    for settings in (Settings(), OTHER):
        assert open_dialog(settings).settings() == settings


def test_each_editor_has_the_name_the_help_and_the_limits_of_its_setting(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    told = [label.text() for label in dialog.findChildren(QLabel)]
    for name, setting in SETTINGS.items():
        editor, limits = dialog.editors[name], setting.limits
        assert setting.label in told
        assert setting.help in told
        assert editor.accessibleName() == setting.label
        if isinstance(limits, Choice):
            assert editor.count() == len(limits.options)  # type: ignore[union-attr]
        elif isinstance(limits, Line):
            assert editor.maxLength() == limits.longest  # type: ignore[union-attr]
        else:
            assert (editor.minimum(), editor.maximum()) == (limits.minimum, limits.maximum)  # type: ignore[union-attr]


def test_what_is_typed_is_in_the_settings(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    name = dialog.editors["clinician"]
    name.setFocus()
    QTest.keyClicks(name, "  Dr B ")
    threads = whole(dialog, "threads")
    threads.selectAll()
    QTest.keyClicks(threads, "2")
    QTest.keyClick(dialog.editors["theme"], Qt.Key.Key_Down)
    dialog.button(OK).click()
    assert dialog.result() == QDialog.DialogCode.Accepted
    changed = replace(Settings(), clinician="Dr B", threads=2, theme="light")
    assert dialog.settings() == changed


def test_a_number_outside_its_limits_cannot_be_typed(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    for typed in ("999", "-5", "abc", "0"):
        threads = whole(dialog, "threads")
        threads.selectAll()
        QTest.keyClicks(threads, typed)
        dialog.button(OK).setFocus()
        assert SETTINGS["threads"].limits.fit(dialog.settings().threads) is not None


def test_a_text_that_cannot_be_kept_is_refused_by_name(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    name = dialog.editors["clinician"]
    assert isinstance(name, LineEditor)
    name.setText("Dr\x01A")
    dialog.button(OK).click()
    assert dialog.isVisible()
    assert "Your name" in dialog.error
    assert name.hasFocus()
    name.setText("Dr A")
    dialog.button(OK).click()
    assert not dialog.isVisible()


def test_never_locking_is_said_in_a_word(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    editor = whole(dialog, "auto_lock_minutes")
    assert editor.text() == "5 min"
    editor.setValue(0)
    assert editor.text() == "Never"


def test_colours_and_text_size_are_shown_at_once(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    seen = previews(dialog)
    dialog.editors["theme"].put("dark")
    dialog.editors["text_scale"].put(1.5)
    dialog.editors["threads"].put(2)
    assert [(s.theme, s.text_scale) for s in seen if isinstance(s, Settings)] == [("dark", 1.0), ("dark", 1.5)]


def test_cancel_undoes_what_was_shown(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    dialog.editors["theme"].put("dark")
    seen = previews(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert seen == [Settings()]
    assert dialog.result() == QDialog.DialogCode.Rejected


def test_cancel_without_another_look_shows_nothing_anew(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    dialog.editors["threads"].put(2)
    seen = previews(dialog)
    dialog.close()
    assert seen == []
    assert not dialog.isVisible()


def test_accepting_keeps_the_look(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    dialog.editors["theme"].put("dark")
    seen = previews(dialog)
    dialog.button(OK).click()
    assert seen == []
    assert dialog.settings().theme == "dark"


def test_half_a_number_is_no_text_size_yet(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    editor = dialog.editors["text_scale"]
    assert isinstance(editor, DecimalEditor)
    seen = previews(dialog)
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "1.5")
    assert seen == []
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert [s.text_scale for s in seen if isinstance(s, Settings)] == [1.5]


def test_defaults_come_back_but_the_name_stays_and_nothing_is_kept_yet(open_dialog: Open) -> None:
    dialog = open_dialog(OTHER)
    seen = previews(dialog)
    dialog.button(DEFAULTS).click()
    assert dialog.settings() == replace(Settings(), clinician=OTHER.clinician)
    assert seen
    dialog.reject()
    assert seen[-1] == OTHER


def test_the_wheel_scrolls_the_page_and_not_a_value(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    dialog.editors["clinician"].setFocus()
    for name in ("threads", "theme", "text_scale"):
        editor = dialog.editors[name]
        middle = QPointF(editor.rect().center())
        turn = QWheelEvent(
            middle,
            editor.mapToGlobal(middle),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, turn)
    assert dialog.settings() == Settings()


def test_tab_leads_through_every_setting(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog(Settings())
    first = dialog.editors["clinician"]
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    seen: list[QWidget] = []
    for _ in range(len(SETTINGS) + 5):
        seen.append(focused())
        QTest.keyClick(seen[-1], Qt.Key.Key_Tab)
    assert [widget for widget in seen if widget in dialog.editors.values()] == list(dialog.editors.values())
    for widget in (dialog.passphrase_button, dialog.words_button, dialog.button(OK), dialog.button(DEFAULTS)):
        assert widget in seen


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_every_setting_can_be_reached_at_any_text_size(open_dialog: Open, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        dialog = open_dialog(Settings())
        screen = dialog.screen().availableSize()
        assert dialog.width() <= screen.width()
        assert dialog.height() <= screen.height()
        dialog.editors["clinician"].setFocus()
        for editor in [*dialog.editors.values(), dialog.passphrase_button, dialog.words_button]:
            for _ in range(len(SETTINGS) + 5):
                if editor.hasFocus():
                    break
                QTest.keyClick(focused(), Qt.Key.Key_Tab)
            assert editor.hasFocus()
            assert editor.visibleRegion().boundingRect().height() > editor.height() / 2
    finally:
        apply_theme(qapp, "light", 1.0)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_no_setting_is_cut_off_at_1366_by_768(open_dialog: Open, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        dialog = open_dialog(Settings())
        dialog.resize(1326, 708)
        QApplication.processEvents()
        for editor in dialog.editors.values():
            assert not isinstance(editor, ChoiceEditor) or editor.width() >= editor.sizeHint().width()
            right = editor.mapTo(dialog, editor.rect().topRight()).x()
            assert right < dialog.width() - 16
    finally:
        apply_theme(qapp, "light", 1.0)


def test_every_word_of_a_setting_is_marked_for_translation() -> None:
    said: set[str] = set()
    for setting in SETTINGS.values():
        said |= {setting.group, setting.label, setting.help}
        if isinstance(setting.limits, Choice):
            said |= {name for _, name in setting.limits.options}
        elif isinstance(setting.limits, Number):
            said |= {setting.limits.unit, setting.limits.at_minimum}
    assert said - {""} == set(WORDS)


def test_a_translation_reaches_the_dialog(open_dialog: Open, qapp: QApplication) -> None:
    class Shouting(QTranslator):
        def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
            return text.upper() if context == "Setting" else ""

    translator = Shouting()
    qapp.installTranslator(translator)
    try:
        dialog = open_dialog(Settings())
        told = {label.text() for label in dialog.findChildren(QLabel)}
        assert {"YOUR NAME", "PRIVACY", SETTINGS["region"].help.upper()} <= told
        assert dialog.editors["theme"].itemText(1) == "LIGHT"  # type: ignore[union-attr]
        assert whole(dialog, "auto_lock_minutes").text() == "5 MIN"
    finally:
        qapp.removeTranslator(translator)


def test_new_recovery_words_are_asked_for_and_their_confirmation_told(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    wanted = QSignalSpy(dialog.new_words_requested)
    dialog.words_button.click()
    assert wanted.count() == 1
    dialog.show_words_confirmed()
    assert dialog.error == "The new recovery words are in force. Destroy the old paper."


def changing(dialog: SettingsDialog) -> ChangePassphraseDialog:
    dialog.passphrase_button.click()
    return dialog.findChildren(ChangePassphraseDialog)[-1]


def fill(asked: ChangePassphraseDialog, *typed: str) -> None:
    for field, text in zip(asked.group.fields, typed, strict=True):
        field.setText(text)


def test_the_passphrase_is_changed_with_the_old_and_twice_the_new(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog(Settings())
    wanted = QSignalSpy(dialog.passphrase_change_requested)
    asked = changing(dialog)
    qtbot.waitUntil(asked.isActiveWindow)
    for text in ("old secret", "new secret", "new secret"):
        widget = focused()
        QTest.keyClicks(widget, text)
        QTest.keyClick(widget, Qt.Key.Key_Return)
    assert [wanted.at(n) for n in range(wanted.count())] == [["old secret", "new secret"]]
    assert asked.isVisible()
    dialog.show_passphrase_result()
    assert not asked.isVisible()
    assert dialog.error == "The passphrase is changed."
    assert dialog.isVisible()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("", "new secret", "new secret"), "old passphrase first"),
        (("old", "short", "short"), "at least 8"),
        (("old", "new secret", "other secret"), "not the same"),
    ],
)
def test_passphrases_that_cannot_be_used_change_nothing(
    open_dialog: Open, typed: tuple[str, str, str], says: str
) -> None:
    dialog = open_dialog(Settings())
    wanted = QSignalSpy(dialog.passphrase_change_requested)
    asked = changing(dialog)
    fill(asked, *typed)
    asked.change_button.click()
    assert wanted.count() == 0
    assert says in asked.error


def test_a_wrong_old_passphrase_is_said_and_can_be_typed_again(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    wanted = QSignalSpy(dialog.passphrase_change_requested)
    asked = changing(dialog)
    fill(asked, "wrong", "new secret", "new secret")
    asked.change_button.click()
    assert not asked.change_button.isEnabled()
    dialog.show_passphrase_result("That passphrase does not open the case history.")
    assert asked.isVisible()
    assert asked.error.startswith("That passphrase")
    fill(asked, "right", "new secret", "new secret")
    asked.change_button.click()
    assert wanted.at(1) == ["right", "new secret"]


def test_the_change_cannot_be_left_halfway_and_leaves_no_secret(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    asked = changing(dialog)
    fill(asked, "old secret", "new secret", "new secret")
    asked.change_button.click()
    asked.reject()
    assert asked.isVisible()
    dialog.show_passphrase_result()
    assert not any(field.text() for field in asked.findChildren(QLineEdit))


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_nothing_of_the_change_is_cut_off_at_any_text_size(open_dialog: Open, qapp: QApplication, scale: float) -> None:
    apply_theme(qapp, "light", scale)
    try:
        dialog = open_dialog(Settings())
        asked = changing(dialog)
        asked.change_button.click()
        QApplication.processEvents()
        screen = asked.screen().availableSize()
        assert asked.height() <= screen.height()
        for label in asked.findChildren(QLabel):
            if label.isVisible() and label.text():
                assert label.height() >= label.heightForWidth(label.width()), label.text()
    finally:
        apply_theme(qapp, "light", 1.0)


def test_cancelling_the_change_forgets_what_was_typed(open_dialog: Open) -> None:
    dialog = open_dialog(Settings())
    asked = changing(dialog)
    fill(asked, "old secret", "new", "")
    asked.cancel_button.click()
    assert not any(field.text() for field in asked.findChildren(QLineEdit))
    dialog.show_passphrase_result("A late answer.")
    assert dialog.error == ""


def test_a_number_with_decimals_has_them_in_the_dialog() -> None:
    for name, setting in SETTINGS.items():
        if isinstance(setting.limits, Number):
            assert bool(setting.limits.decimals) is isinstance(getattr(Settings(), name), float), name


@pytest.mark.parametrize("typed", ["1.5", "1,5"])
def test_a_number_takes_a_comma_for_a_point(open_dialog: Open, typed: str) -> None:
    dialog = open_dialog(Settings())
    editor = dialog.editors["text_scale"]
    assert isinstance(editor, DecimalEditor)
    editor.lineEdit().selectAll()
    QTest.keyClicks(editor.lineEdit(), typed)
    QTest.keyClick(editor.lineEdit(), Qt.Key.Key_Return)
    assert dialog.settings().text_scale == 1.5
