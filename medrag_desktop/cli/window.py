"""`medrag` alone: the window, or one sentence on why there is none."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from medrag_desktop import bootstrap
from medrag_desktop.errors import MedragError

_COMMANDS = "`medrag --help` shows the commands that need no window."
_LIBRARIES = "libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0 libxcb-cursor0"


def run_window(base_dir: Path | None) -> int:
    """Open the window and return its exit code; raise MedragError where Qt or a display is missing."""
    if sys.platform.startswith("linux"):
        _check_display()
    try:
        from medrag_desktop.gui import open_window  # the only command that loads Qt
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        raise MedragError(f"The window cannot be opened because Qt cannot be loaded ({error}). {_advice()}") from error
    return open_window(bootstrap.make_desk(base_dir))


def _check_display() -> None:
    """Raise MedragError where Qt would end the process because it finds no display."""
    if os.environ.get("QT_QPA_PLATFORM"):
        return
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        raise MedragError(f"The window needs a display, and there is none; start it from a desktop. {_COMMANDS}")
    if not os.environ.get("WAYLAND_DISPLAY") and not getattr(sys, "frozen", False):
        try:
            ctypes.CDLL("libxcb-cursor.so.0")
        except OSError:
            raise MedragError(f"The window needs the library libxcb-cursor. {_advice()}") from None


def _advice() -> str:
    if not sys.platform.startswith("linux"):
        return f"Install the program again. {_COMMANDS}"
    return f"On Debian or Ubuntu type `sudo apt install {_LIBRARIES}`. {_COMMANDS}"
