"""Progress and cancellation."""

from __future__ import annotations

import pytest

from medrag_desktop.errors import Cancelled
from medrag_desktop.tasks import Progress, Task


def test_progress_is_published_in_order() -> None:
    seen: list[Progress] = []
    assert list(Task(seen.append).track("ab", "Reading", 2)) == ["a", "b"]
    assert seen == [Progress("Reading", 0, 2), Progress("Reading", 1, 2)]


def test_a_cancelled_task_stops_at_its_next_report() -> None:
    task = Task()
    items = task.track(range(5), "Reading")
    assert next(items) == 0
    task.cancel()
    with pytest.raises(Cancelled):
        next(items)
    with pytest.raises(Cancelled):
        task.checkpoint()
