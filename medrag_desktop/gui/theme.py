"""How the window looks: colours, fonts and the style sheet; no other file names a colour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QDir, QFile, QObject, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

POINTS = 10.5
"""Size of running text at scale 1."""
FAMILIES = ("Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari")
_PROPERTY = "medragTheme"
_SCALE = "medragScale"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the window as #rrggbb; whatever text stands on has a contrast of at least 4.5 to 1 with it."""

    name: str
    window: str
    """Behind the cards."""
    card: str
    """Cards and fields."""
    text: str
    muted: str
    """Text of less weight; still readable on window and card."""
    border: str
    """Between areas."""
    field_border: str
    """Around what can be filled in or pressed; at least 3 to 1 with card."""
    accent: str
    """What can be done, and the focus ring; also as text on card and window."""
    on_accent: str
    accent_card: str
    """Background of the chosen item."""
    danger: str
    on_danger: str
    danger_card: str
    warning: str
    warning_card: str
    good: str
    good_card: str
    highlight: str
    """Behind words that support a sentence."""
    highlight_other: str
    """Behind words that were copied from elsewhere."""


LIGHT = Theme(
    name="light",
    window="#f2f5f7",
    card="#ffffff",
    text="#16242d",
    muted="#52616b",
    border="#d5dee4",
    field_border="#82919b",
    accent="#0a6580",
    on_accent="#ffffff",
    accent_card="#dceef3",
    danger="#b3211a",
    on_danger="#ffffff",
    danger_card="#fdecea",
    warning="#7f4f00",
    warning_card="#fff3d9",
    good="#1c6b3a",
    good_card="#e4f4ea",
    highlight="#ffe9a3",
    highlight_other="#d3e7fb",
)
DARK = Theme(
    name="dark",
    window="#11181d",
    card="#1a242b",
    text="#e7eef2",
    muted="#a3b3bd",
    border="#314049",
    field_border="#71838e",
    accent="#5cc8e4",
    on_accent="#06222b",
    accent_card="#173945",
    danger="#ff9488",
    on_danger="#2b0805",
    danger_card="#40201d",
    warning="#f2c063",
    warning_card="#392d14",
    good="#7bd39b",
    good_card="#183524",
    highlight="#5a4a12",
    highlight_other="#1d4468",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def load_looks(fonts: Path, icons: Path) -> None:
    """Load the bundled fonts, and let `icons:name.svg` find the bundled icons."""
    for file in sorted(fonts.glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))
    QDir.setSearchPaths("icons", [str(icons)])


def apply_theme(app: QApplication, name: str, scale: float = 1.0) -> None:
    """Give the program its colours; `name` is light, dark, or system, which follows the computer as it changes."""
    app.setProperty(_PROPERTY, LIGHT.name)
    follower = app.findChild(_Follower) or _Follower(app)
    follower.follow(name, scale)


def current_theme() -> Theme:
    """Return the colours in use, for painters and rich text; a change reaches widgets as a PaletteChange event."""
    app = QApplication.instance()
    return THEMES.get(str(app.property(_PROPERTY)), LIGHT) if app is not None else LIGHT


def scaled(pixels: int) -> int:
    """Return a length that is given in pixels of the usual text size, for the text size in use."""
    app = QApplication.instance()
    scale = app.property(_SCALE) if app is not None else None
    return round(pixels * scale) if isinstance(scale, float) else pixels


def palette_of(theme: Theme) -> QPalette:
    """Return the palette for what the style draws itself."""
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.card,
        QPalette.ColorRole.AlternateBase: theme.window,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.card,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.danger,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.ToolTipBase: theme.card,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Accent: theme.accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
        QPalette.ColorRole.Light: theme.card,
        QPalette.ColorRole.Midlight: theme.border,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Dark: theme.field_border,
        QPalette.ColorRole.Shadow: theme.field_border,
    }
    palette = QPalette()
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Base, QColor(theme.window))
    return palette


def style_sheet(theme: Theme, scale: float) -> str:
    """Return the style sheet: shapes, the focus ring and the kinds of text."""
    t, points = theme, POINTS * scale
    field = f"background:{t.card};border:1px solid {t.field_border};border-radius:5px"
    pad, wide = round(5 * scale), round(14 * scale)
    edits = "QLineEdit,QPlainTextEdit,QTextEdit"
    lists = "QListView,QTreeView,QTableView,QTextBrowser"
    return f"""
QFrame#card{{background:{t.card};border:1px solid {t.border};border-radius:8px}}
QLabel{{background:transparent}}
QLabel#title{{font-size:{points * 1.55:.1f}pt;font-weight:700}}
QLabel#heading{{font-size:{points * 1.1:.1f}pt;font-weight:700}}
QLabel#muted{{color:{t.muted}}}
QLabel#danger{{color:{t.danger};font-weight:700}}
QLabel#warning{{color:{t.warning};font-weight:700}}
QLabel#good{{color:{t.good};font-weight:700}}
{edits}{{{field};padding:{pad}px {pad + 2}px;selection-background-color:{t.accent};selection-color:{t.on_accent}}}
{lists}{{background:{t.card};border:1px solid {t.border};border-radius:5px;outline:0}}
{edits.replace(",", ":focus,")}:focus,{lists.replace(",", ":focus,")}:focus{{border:2px solid {t.accent}}}
{edits.replace(",", ":focus,")}:focus{{padding:{pad - 1}px {pad + 1}px}}
{edits.replace(",", ":disabled,")}:disabled{{background:{t.window};border-color:{t.border}}}
QLineEdit[wrong="true"],QPlainTextEdit[wrong="true"]{{border:2px solid {t.danger};background:{t.danger_card}}}
QLineEdit[wrong="true"]:focus,QPlainTextEdit[wrong="true"]:focus{{border-color:{t.accent}}}
QListView::item:selected,QTreeView::item:selected,QTableView::item:selected{{background:{t.accent_card};color:{t.text}}}
QHeaderView::section{{background:{t.window};border:0;border-bottom:1px solid {t.border};padding:6px;font-weight:700}}
{_buttons(t, field, pad, wide)}
QCheckBox:focus,QRadioButton:focus{{color:{t.accent};text-decoration:underline}}
{_places_and_tabs(t, pad)}
{_banners(t)}
QProgressBar{{background:{t.border};border:0;border-radius:4px;max-height:8px;min-height:8px}}
QProgressBar::chunk{{background:{t.accent};border-radius:4px}}
{_scrolling(t)}
QSplitter::handle{{background:{t.border}}}
QToolTip{{background:{t.card};color:{t.text};border:1px solid {t.field_border};padding:4px}}
{_arrows(t, field, pad, scale)}"""


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _disabled(t: Theme) -> str:
    return f"background:{t.window};color:{t.muted};border-color:{t.border}"


def _buttons(t: Theme, field: str, pad: int, wide: int) -> str:
    return f"""QPushButton,QToolButton#plain{{{field};padding:{pad + 1}px {wide}px}}
QPushButton:hover,QToolButton#plain:hover{{border-color:{t.accent};background:{t.accent_card}}}
QPushButton:focus,QToolButton#plain:focus{{border:2px solid {t.accent};padding:{pad}px {wide - 1}px}}
QPushButton:disabled,QToolButton#plain:disabled{{color:{t.muted};border-color:{t.border};background:{t.window}}}
QPushButton:checked{{background:{t.accent_card};border-color:{t.accent};font-weight:700}}
QPushButton[primary="true"]{{background:{t.accent};color:{t.on_accent};border-color:{t.accent};font-weight:700}}
QPushButton[primary="true"]:focus{{border:2px solid {t.text}}}
QPushButton[danger="true"]{{color:{t.danger};border-color:{t.danger};font-weight:700}}
QPushButton[danger="true"]:focus{{border:2px solid {t.text}}}
QPushButton[primary="true"]:disabled,QPushButton[danger="true"]:disabled{{{_disabled(t)}}}
QPushButton[answer]{{padding:{pad - 2}px {pad + 3}px}}
QPushButton[answer]:focus{{border-color:{t.text};padding:{pad - 3}px {pad + 2}px}}
QPushButton[answer="given"]:checked{{background:{t.accent};color:{t.on_accent}}}
QPushButton[quiet="true"]{{background:transparent;border-color:transparent;color:{t.accent}}}
QPushButton[quiet="true"]:hover,QPushButton[quiet="true"]:focus{{border-color:{t.accent}}}
QPushButton[quiet="true"]:disabled{{color:{t.muted};border-color:transparent}}
QPushButton[offer="true"]{{color:{t.accent};border-color:{t.accent};font-weight:700;padding:2px {pad + 3}px}}
QPushButton[offer="true"]:focus{{padding:1px {pad + 2}px}}"""


def _places_and_tabs(t: Theme, pad: int) -> str:
    return f"""QWidget#navigation{{background:{t.card};border:0;border-right:1px solid {t.border}}}
QPushButton#place{{background:transparent;border:2px solid transparent;border-radius:6px;
  padding:{pad + 2}px {pad + 4}px;text-align:left;color:{t.text}}}
QPushButton#place:hover{{background:{t.window}}}
QPushButton#place:checked{{background:{t.accent_card};color:{t.accent};font-weight:700}}
QPushButton#place:focus{{border-color:{t.accent}}}
QPushButton#place:disabled{{color:{t.muted}}}
QTabBar::tab{{background:transparent;color:{t.accent};border:1px solid {t.border};border-radius:5px;
  padding:{pad - 2}px {pad + 3}px;margin-right:3px}}
QTabBar::tab:selected{{background:{t.accent_card};color:{t.text};border-color:{t.accent};font-weight:700}}
QTabBar::tab:selected:focus{{border:2px solid {t.accent};padding:{pad - 3}px {pad + 2}px}}
QToolButton#small{{background:transparent;border:2px solid transparent;border-radius:5px;padding:1px}}
QToolButton#small:hover,QToolButton#small:focus{{border-color:{t.accent}}}"""


def _scrolling(t: Theme) -> str:
    return f"""QScrollArea{{background:transparent;border:0}}
QScrollArea#read{{border:2px solid transparent;border-radius:5px}}
QScrollArea#read:focus{{border-color:{t.accent}}}
QScrollBar:vertical{{background:transparent;border:0;width:13px}}
QScrollBar:horizontal{{background:transparent;border:0;height:13px}}
QScrollBar::handle{{background:{t.field_border};border-radius:4px;margin:2px}}
QScrollBar::handle:vertical{{min-height:28px}}
QScrollBar::handle:horizontal{{min-width:28px}}
QScrollBar::add-line,QScrollBar::sub-line{{width:0;height:0}}
QScrollBar::add-page,QScrollBar::sub-page{{background:transparent}}"""


def _banners(t: Theme) -> str:
    kinds = {
        "danger": (t.danger_card, t.danger),
        "warning": (t.warning_card, t.warning),
        "good": (t.good_card, t.good),
        "info": (t.accent_card, t.accent),
    }
    return "\n".join(
        f'QFrame#banner[kind="{kind}"]{{background:{back};border:1px solid {edge};border-radius:6px}}'
        for kind, (back, edge) in kinds.items()
    )


def _arrows(t: Theme, field: str, pad: int, scale: float) -> str:
    """Style boxes with arrows only where the icons are at hand: a style sheet takes the style's own arrows away."""
    if not QFile.exists("icons:chevron_down.svg"):
        return ""
    box = "QComboBox,QAbstractSpinBox"
    arrow, beside = f"width:{round(12 * scale)}px;height:{round(12 * scale)}px", round(22 * scale)
    side, dot = round(15 * scale), round(7 * scale)
    rounded = (side + 2) // 2
    return f"""{box}{{{field};padding:{pad}px {pad + 2}px;selection-background-color:{t.accent};
  selection-color:{t.on_accent}}}
QComboBox:focus,QAbstractSpinBox:focus{{border:2px solid {t.accent};padding:{pad - 1}px {pad + 1}px}}
QComboBox:disabled,QAbstractSpinBox:disabled{{{_disabled(t)}}}
QComboBox::drop-down,QAbstractSpinBox::up-button,QAbstractSpinBox::down-button{{border:0;width:{beside}px}}
QComboBox::down-arrow,QAbstractSpinBox::down-arrow{{image:url(icons:chevron_down.svg);{arrow}}}
QAbstractSpinBox::up-arrow{{image:url(icons:chevron_up.svg);{arrow}}}
QAbstractSpinBox QLineEdit,QComboBox QLineEdit{{border:0;padding:0;background:transparent}}
QAbstractSpinBox QLineEdit,QAbstractSpinBox QLineEdit:focus{{border:0;padding:0 {pad}px}}
QComboBox QLineEdit:focus{{border:0;padding:0}}
QCheckBox::indicator,QRadioButton::indicator{{{field};width:{side}px;height:{side}px}}
QRadioButton::indicator{{border-radius:{rounded}px}}
QCheckBox::indicator:focus,QRadioButton::indicator:focus{{border-color:{t.accent}}}
QCheckBox::indicator:checked{{background:{t.accent};border-color:{t.accent};image:url(icons:tick_{t.name}.svg)}}
QCheckBox::indicator:indeterminate{{background:{t.border}}}
QRadioButton::indicator:checked{{width:{dot}px;height:{dot}px;border:{(side + 2 - dot) // 2}px solid {t.accent}}}"""


class _Follower(QObject):
    """Keeps the application in the chosen colours while the computer's own change."""

    def __init__(self, app: QApplication) -> None:
        """Belong to the application."""
        super().__init__(app)
        self._app = app
        self._name, self._scale = "", 0.0
        self._applied: tuple[str, float] | None = None
        app.setStyle(QStyleFactory.create("Fusion"))
        self._computer = app.styleHints().colorScheme()
        app.styleHints().colorSchemeChanged.connect(self._computer_changed)

    def follow(self, name: str, scale: float) -> None:
        """Use a theme, or the computer's; title bars are drawn to match."""
        self._name, self._scale, self._applied = name, scale, None
        schemes = {LIGHT.name: Qt.ColorScheme.Light, DARK.name: Qt.ColorScheme.Dark}
        self._app.styleHints().setColorScheme(schemes.get(name, Qt.ColorScheme.Unknown))
        self._computer = self._app.styleHints().colorScheme()
        self._apply()

    @Slot(Qt.ColorScheme)
    def _computer_changed(self, scheme: Qt.ColorScheme) -> None:
        self._computer = scheme
        self._apply()

    def _apply(self) -> None:
        theme = THEMES.get(self._name) or (DARK if self._computer is Qt.ColorScheme.Dark else LIGHT)
        if self._applied == (theme.name, self._scale):
            return
        self._applied = (theme.name, self._scale)
        self._app.setProperty(_PROPERTY, theme.name)
        self._app.setProperty(_SCALE, float(self._scale))
        font = QFont()
        font.setFamilies(list(FAMILIES))
        font.setPointSizeF(POINTS * self._scale)
        self._app.setFont(font)
        self._app.setPalette(palette_of(theme))
        self._app.setStyleSheet(style_sheet(theme, self._scale))
