"""Where everything is on disk, and the settings of the program."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_NAME = "medrag-desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """Every location on disk that the program reads or writes."""

    program: Path
    """Folder that holds `assets/` and `models/`: the clone, or the unpacked bundle."""
    data: Path
    """Folder of this user: packs, history, settings."""

    @property
    def assets(self) -> Path:
        """Return the folder of the library, report template, fonts and examples."""
        return self.program / "assets"

    @property
    def library(self) -> Path:
        """Return the folder of the clinical library."""
        return self.assets / "library"

    @property
    def models(self) -> Path:
        """Return the folder of the model folders."""
        return Path(os.environ.get("MEDRAG_MODELS_DIR") or self.program / "models")

    @property
    def packs(self) -> Path:
        """Return the folder of the installed knowledge packs."""
        return self.data / "packs"

    @property
    def history(self) -> Path:
        """Return the folder of the encrypted case history."""
        return self.data / "history"

    @property
    def settings(self) -> Path:
        """Return the file of the settings."""
        return self.data / "settings.toml"

    @property
    def logs(self) -> Path:
        """Return the folder of the log files."""
        return self.data / "logs"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may change; every field says what it is for."""

    threads: int = max(1, (os.cpu_count() or 2) - 1)
    """Processor threads for the models; one core is left for the window."""
    candidates: int = 10
    """How many conditions the differential shows at least."""
    drafted: int = 3
    """How many of them the draft writes about."""
    passages: int = 16
    """How many passages each query returns."""


def find_paths(base_dir: Path | None = None) -> Paths:
    """Decide where the data are: `base_dir`, else MEDRAG_BASE_DIR, else the user's data folder of the system."""
    program = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parents[1]))
    chosen = base_dir or os.environ.get("MEDRAG_BASE_DIR") or platformdirs.user_data_dir(APP_NAME, appauthor=False)
    return Paths(program=program, data=Path(chosen))
