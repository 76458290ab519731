from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.triage import DOUBTFUL, DangerSign, NotAssessed, Triage, most_wanted
from medrag_desktop.gui.danger_banner import DangerBanner
from medrag_desktop.gui.theme import DARK, LIGHT, apply_theme


def sign(name: str, urgency: Urgency = Urgency.EMERGENCY, because: tuple[str, ...] = ("SpO2 84 %",)) -> DangerSign:
    return DangerSign(name, f"{name} kills: refer now.", urgency, because, f"Ministry, Charts, {name}")


OPEN = (
    NotAssessed("a", ("SpO2", "age")),
    NotAssessed("b", ("respiratory rate", "SpO2")),
    NotAssessed("c", ("SpO2", "respiratory rate", "neck stiffness", "lethargy", "fever", "stridor")),
)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(1100, 700)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(DangerBanner())
    column.addStretch(1)
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def banner(window: QWidget) -> DangerBanner:
    found = window.findChild(DangerBanner)
    assert isinstance(found, DangerBanner)
    return found


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, DARK.name)
    yield
    apply_theme(qapp, LIGHT.name)


def texts(banner: DangerBanner) -> list[str]:
    return [label.text() for label in banner.findChildren(QLabel) if label.isVisibleTo(banner) and label.text()]


def begun_lines(area: QScrollArea) -> list[QLabel]:
    """Return the labels of which at least a part can be seen."""
    return [label for label in area.findChildren(QLabel) if not label.visibleRegion().isEmpty()]


def whole_lines(area: QScrollArea) -> list[QLabel]:
    """Return the labels that can be seen from end to end."""
    return [label for label in begun_lines(area) if label.visibleRegion().boundingRect() == label.rect()]


def button(banner: DangerBanner, words: str) -> QPushButton:
    return next(b for b in banner.findChildren(QPushButton) if words in b.text() and b.isVisibleTo(banner))


def test_before_the_first_outcome_nothing_is_promised(banner: DangerBanner) -> None:
    assert banner.heading == "Danger signs are checked as you type."
    assert banner.kind == "info"


def test_none_found_is_said_only_when_all_were_checked(banner: DangerBanner) -> None:
    banner.show_triage(Triage((), ()))
    assert (banner.kind, banner.heading) == ("good", "All danger signs were checked; none found.")
    banner.show_triage(Triage((), OPEN))
    assert banner.kind == "info"
    assert banner.heading == "No danger sign found in what was entered; 3 could not be checked."
    assert not any("none found" in text for text in texts(banner))


@pytest.mark.parametrize(
    ("urgency", "kind", "word"),
    [
        (Urgency.EMERGENCY, "danger", "EMERGENCY: "),
        (Urgency.URGENT, "danger", "URGENT: "),
        (Urgency.SOON, "warning", ""),
    ],
)
def test_a_sign_is_told_with_word_reason_and_colour(
    banner: DangerBanner, urgency: Urgency, kind: str, word: str
) -> None:
    banner.show_triage(Triage((sign("hypoxia", urgency),), ()))
    assert (banner.kind, banner.heading) == (kind, "DANGER SIGN")
    assert f"{word}hypoxia kills: refer now." in texts(banner)
    assert "because: SpO2 84 %" in texts(banner)


def test_every_sign_is_told_emergencies_as_they_come(banner: DangerBanner) -> None:
    banner.show_triage(Triage(tuple(sign(name) for name in ("x", "y", "z")), OPEN))
    assert banner.heading == "3 DANGER SIGNS"
    told = [text for text in texts(banner) if "kills" in text]
    assert [text.split()[1] for text in told] == ["x", "y", "z"]


def test_the_source_is_shown_on_demand(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), ()))
    assert not any("Ministry" in text for text in texts(banner))
    QTest.keyClick(button(banner, "Sources"), Qt.Key.Key_Space)
    assert "Source: Ministry, Charts, x" in texts(banner)
    QTest.keyClick(button(banner, "Hide sources"), Qt.Key.Key_Space)
    assert not any("Ministry" in text for text in texts(banner))


def test_what_most_rules_wait_for_comes_first() -> None:
    assert most_wanted(OPEN)[:3] == ("SpO2", "respiratory rate", "age")
    assert most_wanted(()) == ()


def test_what_the_program_doubts_is_named_before_what_is_missing(banner: DangerBanner) -> None:
    doubt = NotAssessed(DOUBTFUL, ("check temperature 45.9 °C and its unit",))
    unsaid = NotAssessed("convulsion", ("age", 'confirm "fits" (in the text, but set to not assessed)'))
    banner.show_triage(Triage((), (*OPEN, unsaid, doubt)))
    (named,) = (text for text in texts(banner) if text.startswith("Not checked: "))
    assert named.startswith('Not checked: confirm "fits" (in the text, but set to not assessed), check temperature')


def test_what_is_not_checked_opens_and_its_count_is_always_there(banner: DangerBanner) -> None:
    banner.show_triage(Triage((), OPEN))
    assert "Not checked: SpO2, respiratory rate, age, neck stiffness, lethargy ..." in texts(banner)
    assert "(3)" in button(banner, "Not checked").text()
    button(banner, "Not checked").click()
    assert any("stridor" in text for text in texts(banner))
    assert "(3)" in button(banner, "Hide").text()
    banner.show_triage(Triage((sign("x"),), OPEN))
    assert "(3)" in button(banner, "Hide").text()


def test_with_a_sign_the_count_stays_and_the_data_are_one_key_away(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), OPEN[:1]))
    assert "(1)" in button(banner, "Not checked").text()
    button(banner, "Not checked").click()
    assert "Not checked: SpO2, age." in texts(banner)


def test_it_takes_no_more_than_a_quarter_of_the_window_until_it_is_unfolded(
    window: QWidget, banner: DangerBanner, qtbot: QtBot
) -> None:
    banner.show_triage(Triage(tuple(sign(f"sign {n}") for n in range(30)), OPEN))
    for height in (700, 900):
        window.resize(1100, height)
        qtbot.waitUntil(lambda height=height: height * 0.2 < banner.height() <= height * 0.25 + 1)  # type: ignore[misc]
    button(banner, "Show all 30").click()
    qtbot.waitUntil(lambda: 900 * 0.5 < banner.height() <= 900 * 0.6 + 1)
    button(banner, "Show less").click()
    qtbot.waitUntil(lambda: banner.height() <= 900 * 0.25 + 1)


def test_where_room_is_short_signs_come_before_reasons_and_no_line_is_cut(banner: DangerBanner, qtbot: QtBot) -> None:
    banner.show_triage(Triage(tuple(sign(f"sign {n}") for n in range(9)), ()))
    assert not any("because" in text for text in texts(banner))
    area = banner.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(lambda: len(whole_lines(area)) > 3)
    assert len(whole_lines(area)) == len(begun_lines(area))
    button(banner, "Show all 9").click()
    assert sum("because" in text for text in texts(banner)) == 9


def test_the_first_sign_is_whole_however_low_the_window_is(window: QWidget, banner: DangerBanner, qtbot: QtBot) -> None:
    window.resize(500, 260)
    banner.show_triage(Triage((sign("x " * 60), sign("y")), ()))
    area = banner.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(lambda: len(whole_lines(area)) == 1)


def test_where_only_the_reasons_do_not_fit_they_are_what_is_offered(banner: DangerBanner, qtbot: QtBot) -> None:
    banner.show_triage(Triage(tuple(sign(f"sign {n}") for n in range(4)), ()))
    assert sum("kills" in text for text in texts(banner)) == 4
    area = banner.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() == 0)
    button(banner, "Reasons").click()
    assert sum("because" in text for text in texts(banner)) == 4
    button(banner, "Show less").click()
    assert not any("because" in text for text in texts(banner))


def test_where_all_fits_nothing_is_offered_to_unfold(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), ()))
    assert not any("Show all" in b.text() for b in banner.findChildren(QPushButton) if b.isVisibleTo(banner))


def test_what_is_not_checked_comes_into_view_when_it_is_asked_for(banner: DangerBanner, qtbot: QtBot) -> None:
    banner.show_triage(Triage(tuple(sign(f"sign {n}") for n in range(30)), OPEN))
    button(banner, "Not checked").click()
    area = banner.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(lambda: any("Not checked: SpO2" in label.text() for label in whole_lines(area)))


def test_the_next_patient_finds_it_folded(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), ()))
    button(banner, "Sources").click()
    banner.show_triage(None)
    banner.show_triage(Triage((sign("y"),), ()))
    assert not any("Ministry" in text for text in texts(banner))


def test_one_sign_takes_no_more_room_than_it_needs(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), ()))
    one = banner.height()
    banner.show_triage(Triage((sign("x"), sign("y")), ()))
    assert one < banner.height()


def test_a_change_is_told_to_screen_readers_and_a_repetition_is_not(banner: DangerBanner) -> None:
    spy = QSignalSpy(banner.announced)
    banner.show_triage(Triage((), OPEN))
    assert spy.count() == 0
    banner.show_triage(Triage((sign("x"),), OPEN))
    banner.show_triage(Triage((sign("x"),), ()))
    assert spy.count() == 1
    assert spy.at(0)[0] == "DANGER SIGN. x kills: refer now."
    banner.show_triage(Triage((), ()))
    assert spy.count() == 2
    interface = QAccessible.queryAccessibleInterface(banner)
    assert interface.text(QAccessible.Text.Name) == banner.heading


def test_hostile_words_are_shown_as_they_are(banner: DangerBanner) -> None:
    words = "<b>x</b> <img src='file:///etc/passwd'>"
    banner.show_triage(Triage((sign("x", because=(words, "w" * 500)),), ()))
    label = next(label for label in banner.findChildren(QLabel) if words in label.text().replace("\u200b", ""))
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert banner.minimumSizeHint().width() < 1100


@pytest.mark.usefixtures("dark")
def test_the_dark_theme_reaches_it(banner: DangerBanner) -> None:
    banner.show_triage(Triage((sign("x"),), ()))
    picture = banner.grab().toImage()
    assert picture.pixelColor(4, picture.height() // 2).name() == DARK.danger
