"""Where the window stood: brought back, never off the screen, never in the user's registry, nothing of a patient."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QMainWindow, QSplitter
from pytestqt.qtbot import QtBot

from medrag_desktop.gui import open_window as open_window_of_the_program
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.gui.window_place import WindowPlace
from tests.gui.conftest import OpenWindow
from tests.gui.driving import PLANTED, assess, type_story
from tests.gui.test_main_window import close_soon
from tests.gui.workbench import PASSPHRASE, Workbench


class Room(QMainWindow):
    """A window that is divided."""

    def __init__(self, columns: int = 3) -> None:
        super().__init__()
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for _ in range(columns):
            self.columns.addWidget(QFrame())
        self.setCentralWidget(self.columns)
        self.resize(600, 400)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "window.ini"


def shown(qtbot: QtBot, room: Room) -> Room:
    qtbot.addWidget(room)
    room.show()
    qtbot.waitExposed(room)
    return room


def saved(qtbot: QtBot, file: Path) -> Room:
    room = shown(qtbot, Room())
    room.setGeometry(40, 60, 640, 420)
    room.columns.setSizes([100, 300, 200])
    QApplication.processEvents()
    WindowPlace(file).save(room)
    return room


def test_place_and_division_come_back(qtbot: QtBot, file: Path) -> None:
    before = saved(qtbot, file)
    after = Room()
    assert WindowPlace(file).restore(after)
    shown(qtbot, after)
    assert after.geometry() == before.geometry()
    assert after.columns.sizes() == before.columns.sizes()
    assert not after.isMaximized()


def test_a_window_that_filled_the_screen_fills_it_again(qtbot: QtBot, file: Path) -> None:
    before = shown(qtbot, Room())
    before.showMaximized()
    before.close()
    WindowPlace(file).save(before)
    after = Room()
    assert WindowPlace(file).restore(after)
    assert shown(qtbot, after).isMaximized()


@pytest.mark.parametrize("place", [(5000, 4000, 640, 420), (-3000, -3000, 640, 420), (10, 10, 6000, 5000)])
def test_a_place_that_is_on_no_screen_any_more_is_moved_onto_one(
    qtbot: QtBot, file: Path, place: tuple[int, int, int, int]
) -> None:
    before = shown(qtbot, Room())
    before.setGeometry(*place)
    QApplication.processEvents()
    WindowPlace(file).save(before)
    after = Room()
    assert WindowPlace(file).restore(after)
    shown(qtbot, after)
    assert after.screen().geometry().contains(after.geometry())


def test_the_first_time_nothing_is_known(qtbot: QtBot, file: Path) -> None:
    room = shown(qtbot, Room())
    before = room.geometry(), room.columns.sizes()
    assert not WindowPlace(file).restore(room)
    assert (room.geometry(), room.columns.sizes()) == before
    assert not file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe nothing of use",
        b"[General]\ngeometry=zz\ncolumns0=a b c\n",
        b"[General]\ngeometry=01d9d0cb\ncolumns0=-5 0 900\n",
        b"[General]\ngeometry=@Invalid()\ncolumns0=1 2\n",
        b"[General]\ngeometry=\xd7\x90\ncolumns0=99999999999999999999 1 1\n",
    ],
)
def test_a_file_that_says_nothing_of_use_changes_nothing(qtbot: QtBot, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    room = shown(qtbot, Room())
    before = room.geometry(), room.columns.sizes()
    assert not WindowPlace(file).restore(room)
    assert (room.geometry(), room.columns.sizes()) == before


def test_sizes_of_another_division_are_not_taken(qtbot: QtBot, file: Path) -> None:
    saved(qtbot, file)
    after = shown(qtbot, Room(columns=2))
    sizes = after.columns.sizes()
    WindowPlace(file).restore(after)
    assert sum(after.columns.sizes()) > sum(sizes) / 2
    upright = shown(qtbot, Room())
    upright.columns.setOrientation(Qt.Orientation.Vertical)
    upright.columns.setSizes([100, 100, 200])
    WindowPlace(file).restore(upright)
    assert max(upright.columns.sizes()) == upright.columns.sizes()[2]


def test_a_folder_that_cannot_be_written_stops_nobody(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    room = saved(qtbot, tmp_path / "data" / "window.ini")
    assert not WindowPlace(tmp_path / "data" / "window.ini").restore(room)


def test_the_program_keeps_its_place_in_its_own_folder(
    bench: Workbench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDRAG_BASE_DIR", str(tmp_path))
    heights: list[int] = []

    def use(window: MainWindow) -> None:
        heights.append(window.y())
        window.showNormal()
        window.move(0, 23)
        QApplication.processEvents()
        window.close()

    for _ in range(2):
        close_soon(bench, use)
        assert open_window_of_the_program(bench.desk()) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["window.ini"]
    assert heights == [0, 23]  # the window is wider than the screen of these tests
    for window in QApplication.topLevelWidgets():
        window.deleteLater()


def test_nothing_of_a_patient_is_kept(open_window: OpenWindow, bench: Workbench, qtbot: QtBot, file: Path) -> None:
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window)
    assess(window, qtbot)
    WindowPlace(file).save(window)
    content = file.read_text("utf-8")
    assert PLANTED not in content
    keys = [line.split("=")[0] for line in content.splitlines()[1:]]
    assert keys
    assert all(key == "geometry" or key.startswith(("columns", "rows")) for key in keys)
    values = " ".join(line.split("=")[1] for line in content.splitlines()[1:])
    assert set(values) <= set("0123456789abcdef ")
