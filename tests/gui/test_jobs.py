from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QElapsedTimer
from pytestqt.qtbot import QtBot

from medrag_desktop.errors import Cancelled, MedragError, ModelMissing, PackError
from medrag_desktop.gui.jobs import MODEL, STORE, Debounce, JobRunner, WorkerProcess, read_progress
from medrag_desktop.tasks import Progress, Task

REPEATS = range(50)
"""An order that holds by chance does not hold fifty times."""


@pytest.fixture(params=REPEATS)
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    """Return a runner, fifty times over: what goes wrong between threads goes wrong now and then."""
    before = set(threading.enumerate())
    runner = JobRunner()
    yield runner
    runner.shutdown()
    assert set(threading.enumerate()) <= before, "a lane outlived the runner"


def never(_: object) -> None:
    pytest.fail("this must not be called")


def test_work_runs_elsewhere_and_its_outcome_comes_back_to_the_gui_thread(jobs: JobRunner, qtbot: QtBot) -> None:
    here, seen = threading.get_ident(), []

    def work(task: Task) -> int:
        seen.append(("work", threading.get_ident() == here))
        task.report("half", 1, 2)
        return 42

    jobs.start(
        work,
        lane=MODEL,
        on_progress=lambda p: seen.append((p.message, threading.get_ident() == here)),
        on_done=lambda result: seen.append((str(result), threading.get_ident() == here)),
        on_end=lambda: seen.append(("end", threading.get_ident() == here)),
    )
    qtbot.waitUntil(lambda: len(seen) == 4)
    assert seen == [("work", False), ("half", True), ("42", True), ("end", True)]
    assert not jobs.busy


def test_progress_comes_before_the_outcome_and_nothing_before_start_returns(jobs: JobRunner, qtbot: QtBot) -> None:
    seen: list[tuple[str, bool]] = []
    returned: list[bool] = []

    def work(task: Task) -> str:
        task.report("a")
        task.report("b")
        return "done"

    jobs.start(
        work,
        lane=MODEL,
        on_progress=lambda p: seen.append((p.message, bool(returned))),
        on_done=lambda result: seen.append((result, bool(returned))),
        on_end=lambda: seen.append(("end", bool(returned))),
    )
    time.sleep(0.001)  # the future is often finished before its callback is there
    returned.append(True)
    qtbot.waitUntil(lambda: len(seen) == 4)
    assert seen == [("a", True), ("b", True), ("done", True), ("end", True)]


def test_cancelled_work_stops_at_its_next_checkpoint_and_ends_its_busy_state(jobs: JobRunner, qtbot: QtBot) -> None:
    steps: list[int] = []
    ended: list[bool] = []

    def work(task: Task) -> None:
        for step in task.track(range(100_000), "working"):
            steps.append(step)
            time.sleep(0.0005)

    task = jobs.start(work, lane=MODEL, on_done=never, on_error=never, on_end=lambda: ended.append(True))
    qtbot.waitUntil(lambda: len(steps) > 1)
    task.cancel()
    qtbot.waitUntil(lambda: bool(ended))
    assert len(steps) < 1000
    assert ended == [True]
    assert not jobs.busy


@pytest.mark.parametrize("_repeat", REPEATS)
def test_shutdown_waits_for_work_and_calls_nobody_back(qtbot: QtBot, _repeat: int) -> None:
    before = set(threading.enumerate())
    runner = JobRunner()
    saved: list[str] = []

    def endless(task: Task) -> None:
        while True:
            task.checkpoint()
            time.sleep(0.0005)

    def save(_: Task) -> None:
        time.sleep(0.002)
        saved.append("saved")

    runner.start(endless, lane=MODEL, on_done=never, on_end=lambda: never(None))
    for _ in range(3):
        runner.start(save, lane=STORE, on_done=never, must_finish=True)
    runner.start(lambda _: saved.append("needless"), lane=STORE, on_done=never)
    runner.shutdown()
    assert saved == ["saved"] * 3
    assert set(threading.enumerate()) <= before
    runner.shutdown()
    qtbot.wait(1)  # whatever was posted would arrive here


def test_a_result_that_arrives_after_cancel_is_dropped(jobs: JobRunner, qtbot: QtBot) -> None:
    gate, ended = threading.Event(), []
    task = jobs.start(lambda _: gate.wait(5), lane=MODEL, on_done=never, on_end=lambda: ended.append(True))
    task.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(ended))


def test_progress_that_is_still_queued_when_the_user_cancels_is_dropped(jobs: JobRunner, qtbot: QtBot) -> None:
    told, ended = threading.Event(), []

    def work(task: Task) -> None:
        task.report("late")
        told.set()

    task = jobs.start(work, lane=MODEL, on_progress=never, on_done=never, on_end=lambda: ended.append(True))
    assert told.wait(5)
    task.cancel()
    qtbot.waitUntil(lambda: bool(ended))


def test_queued_work_never_starts_after_cancel(jobs: JobRunner, qtbot: QtBot) -> None:
    gate, ended = threading.Event(), []
    jobs.start(lambda _: gate.wait(5), lane=STORE)
    second = jobs.start(never, lane=STORE, on_done=never, on_end=lambda: ended.append(True))
    second.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(ended))


def test_a_known_error_goes_to_who_asked_or_else_to_the_window(jobs: JobRunner, qtbot: QtBot) -> None:
    def work(_: Task) -> None:
        raise ModelMissing("No model.")

    mine: list[MedragError] = []
    jobs.start(work, lane=MODEL, on_done=never, on_error=mine.append)
    with qtbot.waitSignal(jobs.failed) as blocker:
        jobs.start(work, lane=MODEL, on_done=never)
    assert [type(error) for error in (*mine, *blocker.args)] == [ModelMissing, ModelMissing]


@pytest.mark.parametrize("fault", [ZeroDivisionError("bug"), MemoryError(), UnicodeError("bug")])
def test_a_bug_reaches_the_excepthook_and_ends_the_busy_state(jobs: JobRunner, qtbot: QtBot, fault: Exception) -> None:
    ended: list[bool] = []

    def work(_: Task) -> None:
        raise fault

    with qtbot.captureExceptions() as caught:
        jobs.start(work, lane=MODEL, on_done=never, on_error=never, on_end=lambda: ended.append(True))
        qtbot.waitUntil(lambda: bool(ended))
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is type(fault)
    assert not jobs.busy


def test_a_bug_in_a_callback_ends_the_busy_state_too(jobs: JobRunner, qtbot: QtBot) -> None:
    ended: list[bool] = []

    def broken(_: int) -> None:
        raise KeyError("bug")

    with qtbot.captureExceptions() as caught:
        jobs.start(lambda _: 1, lane=MODEL, on_done=broken, on_end=lambda: ended.append(True))
        qtbot.waitUntil(lambda: bool(caught))
    assert ended == [True]


def test_a_lane_does_one_thing_at_a_time_and_the_other_lane_does_not_wait(jobs: JobRunner, qtbot: QtBot) -> None:
    order: list[str] = []
    gate = threading.Event()

    def first(_: Task) -> None:
        gate.wait(5)
        order.append("first")

    jobs.start(first, lane=MODEL)
    jobs.start(lambda _: order.append("second"), lane=MODEL)
    jobs.start(lambda _: order.append("store"), lane=STORE, on_done=lambda _: gate.set())
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == ["store", "first", "second"]


def script(body: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", body)


def run_worker(qtbot: QtBot, worker: WorkerProcess, timeout: int = 10_000) -> list[str]:
    seen: list[str] = []
    worker.progressed.connect(lambda p: seen.append(p.message))
    worker.succeeded.connect(lambda: seen.append("succeeded"))
    worker.failed.connect(lambda error: seen.append(str(error)))
    with qtbot.waitSignal(worker.ended, timeout=timeout):
        worker.start()
    return seen


def test_a_worker_tells_its_progress_and_its_success(qtbot: QtBot) -> None:
    lines = [json.dumps({"message": name, "done": 1, "total": total}) for name, total in (("one", 2), ("two", None))]
    body = f"import sys; sys.stdout.write({lines[0]!r}[:9]); sys.stdout.flush(); print({lines[0]!r}[9:]); " + (
        f"print({lines[1]!r}); print('library: 5 documents'); print('chatter', file=sys.stderr)"
    )
    assert run_worker(qtbot, WorkerProcess(script(body))) == ["one", "two", "succeeded"]


def test_a_worker_that_fails_says_why_with_its_last_words(qtbot: QtBot) -> None:
    body = "import sys; print('warming up', file=sys.stderr); sys.exit('The disk is full; free 2 GB.')"
    worker = WorkerProcess(script(body))
    with qtbot.waitSignal(worker.failed) as blocker:
        assert run_worker(qtbot, worker) == ["The disk is full; free 2 GB."]
    assert isinstance(blocker.args[0], PackError)


@pytest.mark.parametrize("body", ["import sys; sys.exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_worker_that_dies_without_a_word_still_gives_a_sentence(qtbot: QtBot, body: str) -> None:
    (fault,) = run_worker(qtbot, WorkerProcess(script(body)))
    assert fault.endswith("try again.")


def test_a_worker_that_cannot_be_started_says_so(qtbot: QtBot) -> None:
    (fault,) = run_worker(qtbot, WorkerProcess(("/no/such/program",)))
    assert "install it again" in fault


@pytest.mark.parametrize("stubborn", [False, True])
def test_cancel_stops_a_worker_even_one_that_does_not_listen(qtbot: QtBot, stubborn: bool) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    body = f"import json, signal, time; {deaf} print(json.dumps(dict(message='up', done=0, total=1)), flush=True); "
    worker = WorkerProcess(script(body + "time.sleep(60)"))
    worker.failed.connect(never)
    worker.succeeded.connect(lambda: never(None))
    worker.progressed.connect(lambda _: worker.cancel())
    clock = QElapsedTimer()
    clock.start()
    with qtbot.waitSignal(worker.ended, timeout=15_000):
        worker.start()
    assert not worker.running
    assert clock.elapsed() < 12_000


def test_stop_leaves_no_process(qtbot: QtBot) -> None:
    worker = WorkerProcess(script("import time; time.sleep(60)"))
    worker.start()
    worker.stop()
    assert not worker.running
    worker.stop()


@pytest.mark.parametrize(
    "line", [b"", b"5", b"[]", b"null", b"{}", b'{"message": "x"}', b"\xff", b'{"message":"x","done":"y","total":1}']
)
def test_a_line_that_is_no_progress_is_none(line: bytes) -> None:
    assert read_progress(line) is None


def test_a_line_of_progress_is_read() -> None:
    assert read_progress(b'{"message": "x", "done": 2, "total": null}') == Progress("x", 2, None)


def test_a_burst_fires_once_when_it_is_over(qtbot: QtBot) -> None:
    debounce, fired = Debounce(30, 2000), []
    debounce.fired.connect(lambda: fired.append(True))
    for _ in range(5):
        debounce.poke()
        qtbot.wait(5)
    assert not fired
    assert debounce.waiting
    qtbot.waitUntil(lambda: bool(fired))
    qtbot.wait(60)
    assert fired == [True]
    assert not debounce.waiting


def test_an_endless_burst_fires_at_the_limit(qtbot: QtBot) -> None:
    debounce, clock = Debounce(200, 300), QElapsedTimer()
    fired: list[int] = []
    debounce.fired.connect(lambda: fired.append(clock.restart()))
    clock.start()
    while len(fired) < 3:
        debounce.poke()
        qtbot.wait(10)
    assert all(250 <= gap <= 600 for gap in fired)


def test_flush_fires_at_once_and_drop_not_at_all(qtbot: QtBot) -> None:
    debounce, fired = Debounce(20, 40), []
    debounce.fired.connect(lambda: fired.append(True))
    debounce.flush()
    assert not fired
    debounce.poke()
    debounce.flush()
    assert fired == [True]
    debounce.poke()
    debounce.drop()
    qtbot.wait(80)
    assert fired == [True]


def test_cancelled_is_no_error_of_ours() -> None:
    assert not issubclass(Cancelled, MedragError)
