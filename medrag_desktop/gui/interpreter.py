"""One interpreter for the window and its lanes: the window goes first, and only it collects garbage."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer, SignalInstance

SWITCH_S = 0.0005
"""How long a lane may keep the interpreter while the GUI thread waits for it, which it does many times a second."""
COLLECT_MS = 5_000
_WORTH_IT = 2_000
"""New objects that may be part of a cycle, from which on garbage is looked for."""


@contextmanager
def window_first(parent: QObject, settled: SignalInstance) -> Iterator[None]:
    """Let no lane hold up the GUI thread for long, and collect garbage on that thread alone.

    A collection looks at every object, a tenth of a second for the clinical library, and stops all threads meanwhile.
    In a lane it could also free a widget, which may only happen on the GUI thread. After `settled`, whatever is there
    by then is taken to stay and is not looked at any more.
    """
    interval, automatic = sys.getswitchinterval(), gc.isenabled()
    timer = QTimer(parent, interval=COLLECT_MS)
    timer.timeout.connect(collect)
    settled.connect(gc.freeze)
    gc.disable()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        settled.disconnect(gc.freeze)
        sys.setswitchinterval(interval)
        gc.unfreeze()
        if automatic:
            gc.enable()


def collect() -> None:
    """Collect garbage if enough may have come together."""
    if gc.get_count()[0] > _WORTH_IT:
        gc.collect()
