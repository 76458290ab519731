from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from medrag_desktop.errors import LibraryError, ModelMissing, PackMissing
from medrag_desktop.gui.main_window import MainWindow
from medrag_desktop.services.assess import Versions
from tests.gui.conftest import OpenWindow
from tests.gui.driving import (
    STORY,
    assess,
    texts,
    type_story,
    wait_kept,
)
from tests.gui.workbench import PASSPHRASE, Workbench


def test_models_that_are_missing_leave_danger_signs_and_ranking(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase = PASSPHRASE
    bench.faults["open_assessor"] = ModelMissing("The retriever is not installed.")
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: "not installed" in window.shell.offer.text)
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window)
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("open_assessor") == 2)
    qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    assert any("Measles" in text for text in texts(window.draft.view.differential))
    assert any("could not be written" in text for text in texts(window.draft.view.statements))
    bench.faults.clear()
    window.shell.offer.acted.emit()
    qtbot.waitUntil(lambda: bench.count("open_assessor") == 3)
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert not window.shell.offer.text
    window.shell.navigation.patient.click()
    assess(window, qtbot)


def test_a_library_that_cannot_be_read_is_told_until_it_can_be(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    bench.vault.passphrase = PASSPHRASE
    bench.faults["open_ranker"] = LibraryError("danger_signs.toml is damaged.")
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: "NOT checked" in window.shell.offer.text)
    qtbot.waitUntil(window.patient.isVisible)
    type_story(window)
    wait_kept(window, qtbot)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert window.patient.form.isEnabled()
    bench.faults.clear()
    window.shell.offer.acted.emit()
    qtbot.waitUntil(lambda: window.patient.banner.kind == "danger")


PROGRESS = "import json; print(json.dumps(dict(message='Encoding', done=1, total=2)), flush=True);"


def open_without_pack(open_window: OpenWindow, bench: Workbench, qtbot: QtBot, build: str) -> MainWindow:
    bench.vault.passphrase = PASSPHRASE
    bench.faults["open_assessor"] = PackMissing("The library pack is not built yet.")
    window = open_window(bench.desk(build=build))
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(lambda: "must be prepared" in window.shell.offer.text)
    qtbot.waitUntil(window.patient.isVisible)
    return window


def test_a_missing_pack_is_built_and_the_assessment_goes_on(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot
) -> None:
    window = open_without_pack(open_window, bench, qtbot, PROGRESS)
    stages: list[str] = []
    window.library.build_progressed.connect(lambda progress: stages.append(progress.message))
    type_story(window)
    window.patient.assess_button.click()
    qtbot.waitUntil(lambda: bench.count("open_assessor") == 2)
    qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    bench.faults.clear()
    window.shell.offer.acted.emit()
    qtbot.waitUntil(lambda: window.flow.case is not None and window.flow.case.draft is not None, timeout=10_000)
    assert stages == ["Encoding"]
    assert not window.shell.build.isVisible()
    qtbot.waitUntil(lambda: not window.jobs.busy)


def test_building_can_be_cancelled_and_failing_is_told(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> None:
    window = open_without_pack(open_window, bench, qtbot, PROGRESS + "import time; time.sleep(60)")
    window.shell.offer.acted.emit()
    qtbot.waitUntil(lambda: window.shell.build.stage == "Encoding", timeout=10_000)
    with qtbot.waitSignal(window.library.building, timeout=10_000):
        window.shell.build.cancel_button.click()
    assert not window.shell.build.isVisible()


def test_a_build_that_fails_is_told_and_offered_again(open_window: OpenWindow, bench: Workbench, qtbot: QtBot) -> None:
    window = open_without_pack(open_window, bench, qtbot, "import sys; sys.exit('No room on the disk.')")
    window.shell.offer.acted.emit()
    qtbot.waitUntil(lambda: "No room" in window.shell.message.text, timeout=10_000)
    assert "must be prepared" in window.shell.offer.text


def test_a_bug_in_a_lane_ends_the_busy_state(window: MainWindow, bench: Workbench, qtbot: QtBot) -> None:
    bench.faults["encode"] = ZeroDivisionError("bug")
    type_story(window)
    with qtbot.captureExceptions() as caught:
        window.patient.assess_button.click()
        qtbot.waitUntil(lambda: bool(caught))
        qtbot.waitUntil(lambda: not window.flow.assessment.busy)
    assert window.patient.form.isEnabled()
    assert window.patient.form.encounter().history == STORY


def test_a_model_or_pack_that_is_left_out_is_told_once_and_drafts_are_written_without_it(
    open_window: OpenWindow, bench: Workbench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "The knowledge pack guidelines was built with another encoder; build the pack again."
    whole = bench.open_assessor
    limited = Versions(notes=(told,))
    monkeypatch.setattr(bench, "open_assessor", lambda ranker: replace(whole(ranker), versions=limited))
    bench.vault.passphrase = PASSPHRASE
    window = open_window()
    window.history.unlock(PASSPHRASE)
    qtbot.waitUntil(window.patient.isVisible)
    qtbot.waitUntil(lambda: window.shell.offer.text == told)
    assert window.shell.offer.isVisible()
    window.shell.offer.acted.emit()
    assert not window.shell.offer.isVisible()
    type_story(window)
    case = assess(window, qtbot)
    assert case.draft is not None
    assert case.draft.provenance.notes == (told,)
