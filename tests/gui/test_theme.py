from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QFontInfo, QImage, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.config import find_paths
from medrag_desktop.gui.theme import (
    DARK,
    LIGHT,
    THEMES,
    Theme,
    apply_theme,
    contrast,
    current_theme,
    load_looks,
    scaled,
    style_sheet,
)
from medrag_desktop.gui.widgets import push_button, themed_icon

READABLE = 4.5
"""WCAG 2.2, 1.4.3, for text."""
VISIBLE = 3.0
"""WCAG 2.2, 1.4.11, for what shows where a control is."""
TEXT_ON = [
    ("text", ("window", "card", "accent_card", "highlight", "highlight_other", "danger_card", "warning_card",
              "good_card")),
    ("muted", ("window", "card", "accent_card", "danger_card", "warning_card", "good_card")),
    ("accent", ("window", "card", "accent_card", "danger_card", "warning_card", "good_card", "highlight_other")),
    ("on_accent", ("accent",)),
    ("on_danger", ("danger",)),
    ("danger", ("window", "card", "danger_card", "accent_card")),
    ("warning", ("window", "card", "warning_card")),
    ("good", ("window", "card", "good_card")),
    ("card", ("accent", "text", "muted")),
]  # fmt: skip


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    apply_theme(qapp, "light", 1.0)


def test_the_contrast_formula_gives_the_values_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("ink", "grounds"), TEXT_ON, ids=[ink for ink, _ in TEXT_ON])
def test_text_can_be_read_on_whatever_it_stands_on(theme: Theme, ink: str, grounds: tuple[str, ...]) -> None:
    for ground in grounds:
        assert contrast(getattr(theme, ink), getattr(theme, ground)) >= READABLE, ground


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("edge", ["accent", "field_border"])
def test_fields_and_the_focus_ring_stand_out(theme: Theme, edge: str) -> None:
    assert contrast(getattr(theme, edge), theme.card) >= VISIBLE


@pytest.mark.parametrize("name", sorted(THEMES))
def test_a_theme_reaches_palette_style_and_painters(app: QApplication, name: str) -> None:
    apply_theme(app, name, 1.0)
    assert current_theme().name == name
    assert app.palette().color(QPalette.ColorRole.Window).name() == THEMES[name].window
    assert THEMES[name].accent in app.styleSheet()


def test_system_follows_the_computer_while_the_program_runs(app: QApplication) -> None:
    apply_theme(app, "system", 1.0)
    for scheme, name in ((Qt.ColorScheme.Dark, "dark"), (Qt.ColorScheme.Light, "light")):
        app.styleHints().colorSchemeChanged.emit(scheme)
        assert current_theme().name == name


def test_a_chosen_theme_does_not_follow_the_computer(app: QApplication) -> None:
    apply_theme(app, "dark", 1.0)
    app.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert current_theme().name == "dark"


def test_an_unknown_name_counts_as_the_computers_choice(app: QApplication) -> None:
    apply_theme(app, "no such theme", 1.0)
    assert current_theme() in (LIGHT, DARK)


def test_large_text_makes_everything_larger(app: QApplication, qtbot: QtBot) -> None:
    heights = []
    for scale in (1.0, 1.5):
        apply_theme(app, "light", scale)
        field, button = QLineEdit("x"), QPushButton("x")
        qtbot.addWidget(field)
        qtbot.addWidget(button)
        heights.append((field.sizeHint().height(), button.sizeHint().height()))
    assert all(large > 1.25 * small for small, large in zip(*heights, strict=True))


def test_the_bundled_font_is_used(app: QApplication) -> None:
    assert QFontInfo(app.font()).family() == "Noto Sans"


def test_the_focus_ring_can_be_seen(app: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    widgets = [QLineEdit(), QPushButton("One"), QComboBox()]
    for widget in widgets:
        column.addWidget(widget)
    window.show()
    qtbot.waitExposed(window)
    for widget in widgets:
        window.setFocus()
        plain = picture(widget)
        widget.setFocus()
        qtbot.waitUntil(widget.hasFocus)
        assert picture(widget) != plain


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_every_icon_takes_the_colour_of_the_theme(app: QApplication) -> None:
    folder = find_paths().assets / "icons"
    names = [file.stem for file in folder.glob("*.svg")]
    assert "app" in names
    for name in names:
        drawn = [themed_icon(name, colour).pixmap(20, 20).toImage() for colour in ("#ff0000", "#0000ff")]
        assert not drawn[0].isNull(), name
        if name.split("_")[0] not in {"app", "chevron", "tick"}:
            assert drawn[0] != drawn[1], name


def test_without_icons_the_style_keeps_its_own_arrows(app: QApplication) -> None:
    paths = find_paths()
    QDir.setSearchPaths("icons", [])
    try:
        assert themed_icon("lock").isNull()
        assert "drop-down" not in style_sheet(LIGHT, 1.0)
    finally:
        load_looks(paths.assets / "report" / "fonts", paths.assets / "icons")
    assert "drop-down" in style_sheet(LIGHT, 1.0)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["danger_card", "warning_card", "accent_card", "window"])
def test_the_focus_ring_stands_out_on_banners_too(theme: Theme, ground: str) -> None:
    assert contrast(theme.accent, getattr(theme, ground)) >= VISIBLE


@pytest.mark.parametrize("name", sorted(THEMES))
@pytest.mark.parametrize("kind", ["", "primary", "danger", "quiet", "offer"])
def test_a_button_that_cannot_be_pressed_looks_so(app: QApplication, qtbot: QtBot, name: str, kind: str) -> None:
    apply_theme(app, name, 1.0)
    button = push_button("Undo", kind)
    qtbot.addWidget(button)
    button.show()
    enabled = picture(button)
    button.setEnabled(False)
    assert picture(button) != enabled


def test_a_mistake_with_the_focus_looks_like_both(app: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    wrong, other = QLineEdit("x"), QLineEdit("x")
    wrong.setProperty("wrong", True)
    for line in (wrong, other):
        column.addWidget(line)
    window.show()
    qtbot.waitExposed(window)
    looks = []
    for holder in (wrong, other):
        holder.setFocus()
        qtbot.waitUntil(holder.hasFocus)
        looks.append(picture(wrong))
    assert looks[0] != looks[1]


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_lengths_grow_with_the_text(app: QApplication, scale: float) -> None:
    apply_theme(app, "light", scale)
    assert scaled(20) == round(20 * scale)
