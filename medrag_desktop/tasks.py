"""Cancellation and progress for long work, without Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from medrag_desktop.errors import Cancelled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task has come."""

    message: str
    done: int = 0
    total: int | None = None


class Task:
    """The one handle a long function takes: it reports to it and asks whether to go on."""

    def __init__(self, on_progress: Callable[[Progress], None] = lambda _: None) -> None:
        self._on_progress = on_progress
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next checkpoint; safe from any thread."""
        self._stop.set()

    def checkpoint(self) -> None:
        """Raise Cancelled if the user asked to stop."""
        if self._stop.is_set():
            raise Cancelled

    def report(self, message: str, done: int = 0, total: int | None = None) -> None:
        """Checkpoint, then publish progress."""
        self.checkpoint()
        self._on_progress(Progress(message, done, total))

    def track(self, items: Iterable[T], message: str, total: int | None = None) -> Iterator[T]:
        """Yield the items with a checkpoint and a report before each."""
        for done, item in enumerate(items):
            self.report(message, done, total)
            yield item
