"""What the window is handed: every use case, and nothing opened before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medrag_desktop.config import Paths, Settings
from medrag_desktop.ports import ReportWriter
from medrag_desktop.services.assess import Assessor
from medrag_desktop.services.history import History
from medrag_desktop.services.rank import Ranker


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the window works with; the functions take long and belong in a lane of their own."""

    paths: Paths
    settings: Settings
    history: History
    save_settings: Callable[[Settings], None]
    """Write the settings file; raise ConfigError."""
    open_ranker: Callable[[], Ranker]
    """Open the clinical library: danger signs and findings while typing (below a second); raise LibraryError.

    The ranker works with the settings as they are saved at that moment, and so does an assessor made from it.
    """
    open_assessor: Callable[[Ranker], Assessor]
    """Open models and packs (seconds); raise ModelError, or PackMissing when the library pack is to be built."""
    open_report: Callable[[Ranker], ReportWriter]
    build_command: tuple[str, ...]
    """Command line that builds the library pack in a process of its own and prints progress as JSON lines."""
    icons: Path
    """Folder of the window's icons."""
    notes: tuple[str, ...] = ()
    """Sentences to show at the start, for example that the settings cannot be read."""
