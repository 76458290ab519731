"""Who goes first, who collects garbage, and that all of it is put back."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from pytestqt.qtbot import QtBot

from medrag_desktop.gui import interpreter
from medrag_desktop.gui.interpreter import SWITCH_S, collect, window_first


class Library(QObject):
    settled = Signal()


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def library(qtbot: QtBot) -> Iterator[Library]:
    made = Library()
    yield made
    made.deleteLater()


def test_everything_is_put_back(library: Library) -> None:
    before = sys.getswitchinterval(), gc.isenabled()
    with window_first(library, library.settled):
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert (sys.getswitchinterval(), gc.isenabled()) == before
    assert gc.get_freeze_count() == 0
    library.settled.emit()
    assert gc.get_freeze_count() == 0


def test_a_collector_that_was_off_stays_off(library: Library) -> None:
    gc.disable()
    try:
        with window_first(library, library.settled):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_has_settled_is_looked_at_no_more_and_what_comes_later_is_collected(library: Library) -> None:
    with window_first(library, library.settled):
        kept = [[number] for number in range(50_000)]
        settled = Cycle()
        library.settled.emit()
        assert gc.get_freeze_count() > len(kept)
        later = Cycle()
        gone, stays = weakref.ref(later), weakref.ref(settled)
        del later, settled
        new = [[number] for number in range(10_000)]
        collect()
        assert gone() is None
        assert stays() is not None
        assert len(new) == 10_000


def test_garbage_is_collected_on_the_gui_thread_alone(
    library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "COLLECT_MS", 5)
    where: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            where.append(threading.current_thread().name)

    def make_garbage() -> None:
        for _ in range(200_000):
            Cycle()

    gc.callbacks.append(note)
    try:
        with window_first(library, library.settled):
            where.clear()
            lane = threading.Thread(target=make_garbage, name="lane")
            lane.start()
            qtbot.waitUntil(lambda: not lane.is_alive(), timeout=30_000)
            qtbot.waitUntil(lambda: bool(where))
            seen = set(where)
    finally:
        gc.callbacks.remove(note)
    assert seen == {threading.current_thread().name}


def test_a_lane_that_never_rests_does_not_hold_up_the_gui_thread(library: Library, qtbot: QtBot) -> None:
    over = threading.Event()

    def never_rest() -> None:
        while not over.is_set():
            sum(range(50))

    def longest_wait() -> float:
        # what a paint does: it lets go of the interpreter and wants it back many times
        begin = time.perf_counter()
        for _ in range(100):
            time.sleep(0)
        return time.perf_counter() - begin

    with window_first(library, library.settled):
        lane = threading.Thread(target=never_rest)
        lane.start()
        try:
            waited = min(longest_wait() for _ in range(5))
        finally:
            over.set()
            lane.join()
    assert waited < 100 * 0.002, "as shipped, Python lets it wait 5 ms each time"


def test_little_garbage_is_not_worth_a_look() -> None:
    gc.collect()
    one = weakref.ref(Cycle())
    collect()
    assert one() is not None
    gc.collect()
    assert one() is None


def test_the_timer_is_gone_with_the_window(library: Library) -> None:
    with window_first(library, library.settled):
        assert [timer.isActive() for timer in library.findChildren(QTimer)] == [True]
    assert not any(timer.isActive() for timer in library.findChildren(QTimer))
