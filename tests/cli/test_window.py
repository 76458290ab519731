"""`medrag` alone: the window, or one sentence on why there is none."""

from __future__ import annotations

import builtins
import ctypes
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medrag_desktop import cli, gui
from medrag_desktop.cli.window import run_window
from medrag_desktop.errors import MedragError
from medrag_desktop.services.desk import Desk
from medrag_desktop.services.history import HistoryState


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> list[Desk]:
    """Return what the window is handed; it closes at once with exit code 3."""
    given: list[Desk] = []

    def close_at_once(desk: Desk) -> int:
        given.append(desk)
        return 3

    monkeypatch.setattr(gui, "open_window", close_at_once)
    return given


@pytest.mark.parametrize("arguments", [("--base-dir", "{0}"), ()])
def test_without_a_command_the_window_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desks: list[Desk], arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MEDRAG_BASE_DIR", str(tmp_path / "variable"))
    outcome = CliRunner().invoke(cli.app, [part.format(tmp_path / "option") for part in arguments])
    assert outcome.exit_code == 3
    (desk,) = desks
    assert desk.paths.data == tmp_path / ("option" if arguments else "variable")
    assert desk.history.state is HistoryState.ABSENT


def test_a_folder_given_before_a_command_counts_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDRAG_BASE_DIR", str(tmp_path / "variable"))
    outcome = CliRunner().invoke(cli.app, ["--base-dir", str(tmp_path / "option"), "pack", "list"])
    assert outcome.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["option"]


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Return a way to change what the program finds on a Linux with a display."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: None)
    return monkeypatch


def test_without_a_display_the_sentence_says_what_to_do(linux: pytest.MonkeyPatch, desks: list[Desk]) -> None:
    assert run_window(None) == 3
    linux.setenv("DISPLAY", "")
    with pytest.raises(MedragError, match="display"):
        run_window(None)
    linux.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert run_window(None) == 3
    linux.delenv("WAYLAND_DISPLAY")
    linux.setenv("QT_QPA_PLATFORM", "offscreen")
    assert run_window(None) == 3
    assert len(desks) == 3


def test_a_missing_library_of_x11_is_named(linux: pytest.MonkeyPatch, desks: list[Desk]) -> None:
    def missing(_: str) -> None:
        raise OSError("cannot open shared object file")

    linux.setattr(ctypes, "CDLL", missing)
    with pytest.raises(MedragError, match=r"apt install .*libxcb-cursor0"):
        run_window(None)
    linux.setattr(sys, "frozen", True, raising=False)  # a bundle brings its own
    assert run_window(None) == 3
    assert len(desks) == 1


@pytest.mark.parametrize(
    ("name", "known"), [("PySide6", True), ("PySide6.QtWidgets", True), ("medrag_desktop.x", False)]
)
def test_without_qt_the_sentence_says_so_and_a_fault_of_ours_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, name: str, known: bool
) -> None:
    real = builtins.__import__

    def refuse(module: str, *rest: Any, **more: Any) -> Any:
        if module == "medrag_desktop.gui":
            raise ImportError("libGL.so.1: cannot open shared object file", name=name)
        return real(module, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MedragError if known else ImportError, match=r"libGL\.so\.1"):
        run_window(None)
