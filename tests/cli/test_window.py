"""`medrag` alone: the window, or one sentence on why there is none."""

from __future__ import annotations

import builtins
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
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


class Displays:
    """Stands in for the system's libraries: which there are, and which of their displays answer."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.answering = {"x11", "wayland"}
        self.open = 0

    def load(self, name: str) -> Any:
        """Meet ctypes.CDLL as far as it is used."""
        if any(name.startswith(library) for library in self.missing):
            raise OSError(f"{name}: cannot open shared object file")
        return SimpleNamespace(
            xcb_connect=Connecting(self, 42),
            xcb_connection_has_error=lambda _: 0 if "x11" in self.answering else 1,
            xcb_disconnect=self._close,
            wl_display_connect=Connecting(self, 43 if "wayland" in self.answering else None),
            wl_display_disconnect=self._close,
        )

    def _close(self, _: object) -> None:
        self.open -= 1


class Connecting:
    """A function of a library whose kind of result has to be set."""

    restype: object = None

    def __init__(self, displays: Displays, result: int | None) -> None:
        self._displays, self._result = displays, result

    def __call__(self, *_: object) -> int | None:
        assert self.restype is ctypes.c_void_p, "a pointer would be cut off"
        self._displays.open += self._result is not None
        return self._result


@pytest.fixture
def displays(monkeypatch: pytest.MonkeyPatch) -> Iterator[Displays]:
    """Stand on a Linux whose X display answers; every connection that was tried is closed again."""
    stand_in = Displays()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(ctypes, "CDLL", stand_in.load)
    yield stand_in
    assert stand_in.open == 0


def bring_wayland(monkeypatch: pytest.MonkeyPatch, brought: bool) -> None:
    monkeypatch.setattr(gui, "can_draw_on", lambda platform: platform == "wayland" and brought)


def test_without_a_display_the_sentence_says_what_to_do(
    displays: Displays, monkeypatch: pytest.MonkeyPatch, desks: list[Desk]
) -> None:
    assert run_window(None) == 3
    monkeypatch.setenv("DISPLAY", "")
    with pytest.raises(MedragError, match="start it from a desktop"):
        run_window(None)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert run_window(None) == 3
    assert len(desks) == 2


def test_a_display_that_does_not_answer_is_named(
    displays: Displays, monkeypatch: pytest.MonkeyPatch, desks: list[Desk]
) -> None:
    displays.answering.clear()
    with pytest.raises(MedragError, match=r":7 .*does not answer"):
        run_window(None)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")  # left over from a session that is gone
    bring_wayland(monkeypatch, True)
    with pytest.raises(MedragError, match=r":7 .*does not answer"):
        run_window(None)
    assert desks == []


@pytest.mark.parametrize(
    ("brought", "display", "missing", "opens"),
    [
        (True, "", (), True),
        (True, ":7", ("libxcb",), True),
        (False, ":7", (), True),
        (False, "", (), False),
        (True, "", ("libwayland",), False),
    ],
)
def test_on_wayland_the_window_takes_what_it_can_draw_on_or_asks_for_the_x_server(
    displays: Displays,
    monkeypatch: pytest.MonkeyPatch,
    desks: list[Desk],
    brought: bool,
    display: str,
    missing: tuple[str, ...],
    opens: bool,
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("DISPLAY", display)
    displays.missing.update(missing)
    bring_wayland(monkeypatch, brought)
    with nullcontext() if opens else pytest.raises(MedragError, match="sudo apt install xwayland"):
        run_window(None)
    assert len(desks) == opens


def test_a_missing_library_of_x11_is_named(
    displays: Displays, monkeypatch: pytest.MonkeyPatch, desks: list[Desk]
) -> None:
    displays.missing.add("libxcb-cursor")
    with pytest.raises(MedragError, match=r"libxcb-cursor\.so\.0.* apt install .*libxcb-cursor0"):
        run_window(None)
    monkeypatch.setattr(sys, "frozen", True, raising=False)  # a bundle brings its own
    assert run_window(None) == 3
    displays.missing.add("libxcb.so")
    with pytest.raises(MedragError, match=r"libxcb\.so\.1"):
        run_window(None)
    assert len(desks) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display or no session at all")
@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":4242"}, {"WAYLAND_DISPLAY": "/nowhere/wayland-0"}])
def test_the_program_itself_ends_with_a_sentence_where_qt_would_abort(tmp_path: Path, display: dict[str, str]) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | display
    command = [sys.executable, "-m", "medrag_desktop", "--base-dir", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert (
        "The window needs" in done.stderr or "The window cannot be opened" in done.stderr or "Xwayland" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_qt_is_asked_what_it_can_draw_on() -> None:
    assert gui.can_draw_on("offscreen")
    assert not gui.can_draw_on("no such platform")


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
