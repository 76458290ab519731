"""What holds for every widget of the whole window: a name, a ring that shows the keyboard, a tooltip for an icon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.encounter import Finding, Presence
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.theme import THEMES, apply_theme
from tests.gui.driving import assess, type_story, wait_kept

STORY = "Fever and cough for three days. Rash, white spots in the mouth. No vomiting."


@pytest.fixture
def full(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Return a window with danger signs, chips, findings, a mistake with an offer, a draft and a case."""
    type_story(window, STORY)
    window.patient.form.picker.put(Finding("vomiting", Presence.ABSENT))
    wait_kept(window, qtbot)
    assess(window, qtbot)
    window.patient.form.vital_signs.numbers["temperature_celsius"].setText("101")
    qtbot.waitUntil(lambda: bool(window.patient.form.story.chips.chips) and not window.jobs.busy)
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")
    return window


@pytest.fixture(autouse=True)
def usual_looks(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "light", 1.0)


def shown(window: MainWindow, qtbot: QtBot) -> Iterator[QWidget]:
    """Yield every page and dialog of the window, in view."""
    places = window.shell.navigation
    for button in (places.patient, places.draft, places.history):
        button.click()
        qtbot.waitUntil(lambda: not window.jobs.busy)
        yield window
    for button in (places.help, places.settings):
        button.click()
        (dialog,) = [found for found in window.findChildren(QDialog) if found.isVisible()]
        yield dialog
        dialog.reject()
    window.draft.view.sign_button.click()
    for found in window.findChildren(QDialog):
        if found.isVisible():
            yield found
            found.reject()
    window.lock()
    qtbot.waitUntil(lambda: window.unlock.typed.isEnabled() and not window.jobs.busy)
    yield window


def focusable(page: QWidget) -> list[QWidget]:
    """Return what Tab or a click gives the keyboard to on a page."""
    found = (page, *page.findChildren(QWidget))
    ours = (w for w in found if w.objectName() != "qt_spinbox_lineedit")  # the box around it has the name
    return [w for w in ours if w.isVisible() and w.isEnabled() and w.focusPolicy() is not Qt.FocusPolicy.NoFocus]


def test_whatever_takes_the_focus_has_a_name(full: MainWindow, qtbot: QtBot) -> None:
    seen = 0
    for page in shown(full, qtbot):
        for widget in focusable(page):
            name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            assert name.strip(), (type(widget).__name__, widget.objectName())
            seen += 1
    assert seen > 80


def test_a_button_with_an_icon_alone_says_what_it_does(full: MainWindow, qtbot: QtBot) -> None:
    for page in shown(full, qtbot):
        for button in page.findChildren(QAbstractButton):
            if button.isVisible() and not button.text() and not button.icon().isNull():
                # the cross that Qt puts into a line to empty it has neither, but Escape does the same
                inside_a_line = isinstance(button.parentWidget(), QLineEdit)
                assert inside_a_line or (button.toolTip() and button.accessibleName()), button.objectName()


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_where_the_keyboard_is_can_be_seen(full: MainWindow, qtbot: QtBot, qapp: QApplication, theme: str) -> None:
    apply_theme(qapp, theme, 1.0)
    for page in shown(full, qtbot):
        page.activateWindow()
        for widget in focusable(page):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.window() is page.window():
                assert differs_with_focus(widget), (theme, type(widget).__name__, widget.accessibleName())


def differs_with_focus(widget: QWidget) -> bool:
    """Tell whether a widget looks different, by more than the bar of a cursor, when it has the keyboard."""
    elsewhere = QWidget(widget.window())
    elsewhere.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    elsewhere.show()
    widget.setFocus()
    QTest.qWait(0)
    if not widget.hasFocus():
        return True  # it passes the keyboard on to one inside it
    focused = widget.grab().toImage()
    elsewhere.setFocus()
    QTest.qWait(0)
    plain = widget.grab().toImage()
    elsewhere.setParent(None)
    elsewhere.deleteLater()
    if focused.size() != plain.size():
        return True
    columns = range(0, plain.width(), max(1, plain.width() // 200))
    rows = range(0, plain.height(), max(1, plain.height() // 100))
    edge = [(x, y) for x in columns for y in (*range(3), *range(plain.height() - 3, plain.height()))]
    side = [(x, y) for y in rows for x in (*range(3), *range(plain.width() - 3, plain.width()))]
    inside = [(x, y) for x in columns for y in rows]
    return sum(focused.pixel(x, y) != plain.pixel(x, y) for x, y in (*edge, *side, *inside)) > 30
