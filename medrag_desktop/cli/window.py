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
    try:
        from medrag_desktop.gui import can_draw_on, open_window  # the only command that loads Qt
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        raise MedragError(f"The window cannot be opened because Qt cannot be loaded ({error}). {_advice()}") from error
    if sys.platform.startswith("linux") and not os.environ.get("QT_QPA_PLATFORM"):
        _check_display(with_wayland=can_draw_on("wayland"))
    return open_window(bootstrap.make_desk(base_dir))


def _check_display(*, with_wayland: bool) -> None:
    """Raise MedragError where Qt would end the process because it finds no display it can draw on."""
    display, on_wayland = os.environ.get("DISPLAY", ""), bool(os.environ.get("WAYLAND_DISPLAY"))
    if on_wayland and with_wayland and _wayland_answers():
        return
    if display:
        _check_x11(display)
    elif on_wayland:
        raise MedragError(
            "This desktop has only Wayland, and the window needs its X server, too; install Xwayland (on Debian or "
            f"Ubuntu type `sudo apt install xwayland`), then log out and in again. {_COMMANDS}"
        )
    else:
        raise MedragError(f"The window needs a display, and there is none; start it from a desktop. {_COMMANDS}")


def _check_x11(display: str) -> None:
    """Raise MedragError unless the libraries of X11 are there and a display answers."""
    try:
        if not getattr(sys, "frozen", False):  # a bundle brings its own
            ctypes.CDLL("libxcb-cursor.so.0")
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        raise MedragError(f"The window needs a library of X11 that is not installed ({error}). {_advice()}") from None
    if not _x11_answers(xcb):
        raise MedragError(
            f"The window needs a display, and {display} (the variable DISPLAY) does not answer; start it from a "
            f"desktop. {_COMMANDS}"
        )


def _wayland_answers() -> bool:
    """Tell whether the Wayland desktop that WAYLAND_DISPLAY names lets us in."""
    try:
        wayland = ctypes.CDLL("libwayland-client.so.0")
    except OSError:
        return False
    wayland.wl_display_connect.restype = ctypes.c_void_p
    connection = wayland.wl_display_connect(None)
    if connection is None:
        return False
    wayland.wl_display_disconnect(ctypes.c_void_p(connection))
    return True


def _x11_answers(xcb: ctypes.CDLL) -> bool:
    """Tell whether the X server that DISPLAY names lets us in."""
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))  # never null, says XCB
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def _advice() -> str:
    if not sys.platform.startswith("linux"):
        return f"Install the program again. {_COMMANDS}"
    return f"On Debian or Ubuntu type `sudo apt install {_LIBRARIES}`. {_COMMANDS}"
