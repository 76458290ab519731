"""Where everything is on disk, and the settings of the program."""

from __future__ import annotations

import os
import sys
import tomllib
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
import tomli_w

from medrag_desktop.errors import ConfigError

T = TypeVar("T", bound=str | int | float)

APP_NAME = "medrag-desktop"
PORTABLE = "portable.txt"
"""A file of this name beside the program keeps the data beside it, too; what is in it does not matter."""
NOT_ON_A_LINE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control signs, halves of signs, and the ends of lines and paragraphs."""


def find_paths(base_dir: Path | None = None) -> Paths:
    """Decide where the data are: `base_dir`, MEDRAG_BASE_DIR, beside a portable program, else the user's folder."""
    program = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parents[1]))
    chosen = base_dir or os.environ.get("MEDRAG_BASE_DIR") or _portable_data(program)
    # A file dialog may change the working folder, so a relative one is settled now.
    data = Path(chosen or platformdirs.user_data_dir(APP_NAME, appauthor=False)).absolute()
    return Paths(program=program, data=data)


def read_settings(path: Path) -> Settings:
    """Read the settings file; what it does not say is as shipped. Raise ConfigError naming what is wrong."""
    table = _read_table(path)
    return replace(Settings(), **{name: _fitting(path, name, table[name]) for name in SETTINGS if name in table})


def write_settings(path: Path, settings: Settings) -> None:
    """Write what differs from the shipped values, in one step; keys of other versions stay. Raise ConfigError."""
    ours = {name: _fitting(path, name, getattr(settings, name)) for name in SETTINGS}
    table = _foreign_keys(path) | {name: value for name, value in ours.items() if value != getattr(Settings(), name)}
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            tomli_w.dump(table, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise ConfigError(f"The settings cannot be saved in {path}: {error.strerror}.") from error


def _portable_data(program: Path) -> Path | None:
    """Return the data folder beside the program where it is marked as portable."""
    folder = Path(sys.executable).parent if getattr(sys, "frozen", False) else program
    return folder / "data" if (folder / PORTABLE).is_file() else None


def _read_table(path: Path) -> dict[str, Any]:
    try:
        # Editors on Windows put a mark in front that TOML does not know.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ConfigError(
            f"The settings file {path} is damaged: {reason}. Mend it, or delete it: then every setting is as shipped. "
            "The cases are not in this file."
        ) from error


def _foreign_keys(path: Path) -> dict[str, Any]:
    """Return the keys that another version wrote; a damaged file has none to keep."""
    try:
        return {key: value for key, value in _read_table(path).items() if key not in SETTINGS}
    except ConfigError:
        return {}


def _fitting(path: Path, name: str, value: object) -> Any:
    """Return a value as its field's type, or raise ConfigError naming the key and what is allowed."""
    limits = SETTINGS[name].limits
    fitting = limits.fit(value)
    if fitting is None:
        raise ConfigError(f"The setting {name} in {path} must be {limits.allowed}; it is {value!r}.")
    return fitting


def default_threads() -> int:
    """Return with how many threads a model runs: all of two cores, one less than all of more, at most 64."""
    cores = os.cpu_count() or 1
    return min(cores, max(2, cores - 1), 64)


def _setting(shipped: T, group: str, label: str, told: str, limits: Choice | Line | Number) -> T:
    """Return a field of Settings with what is to be known of it."""
    return field(default=shipped, metadata={"setting": Setting(group, label, told, limits)})


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
    def window(self) -> Path:
        """Return the file that says where the window stood."""
        return self.data / "window.ini"

    @property
    def logs(self) -> Path:
        """Return the folder of the log files."""
        return self.data / "logs"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    options: tuple[tuple[str, str], ...]
    """Each word of the file with what the dialog calls it."""

    @property
    def allowed(self) -> str:
        """Return what is allowed, as the end of a sentence."""
        return "one of " + ", ".join(word for word, _ in self.options)

    def fit(self, value: object) -> str | None:
        """Return the value if it is allowed, else None."""
        return value if isinstance(value, str) and value in dict(self.options) else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the user's text."""

    longest: int
    """Characters."""

    @property
    def allowed(self) -> str:
        """Return what is allowed, as the end of a sentence."""
        return f"one line of text of at most {self.longest} characters"

    def fit(self, value: object) -> str | None:
        """Return the value if it is allowed, else None."""
        if not isinstance(value, str) or len(value) > self.longest:
            return None
        return None if any(unicodedata.category(sign) in NOT_ON_A_LINE for sign in value) else value


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two others, both allowed."""

    minimum: float
    maximum: float
    step: float = 1
    decimals: int = 0
    unit: str = ""
    at_minimum: str = ""
    """What the smallest number means, where that is not plain."""

    @property
    def allowed(self) -> str:
        """Return what is allowed, as the end of a sentence."""
        kind = "a number" if self.decimals else "a whole number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"

    def fit(self, value: object) -> float | int | None:
        """Return the value as the kind of number it is to be if it is allowed, else None."""
        if isinstance(value, bool) or not isinstance(value, float if self.decimals else int):
            value = float(value) if self.decimals and type(value) is int else None
        # Not a number is not between two numbers.
        return value if value is not None and self.minimum <= value <= self.maximum else None


@dataclass(frozen=True, slots=True)
class Setting:
    """What dialog, file and documentation say of one field of Settings."""

    group: str
    label: str
    help: str
    limits: Choice | Line | Number


THEMES = Choice((("system", "As this computer is set"), ("light", "Light"), ("dark", "Dark")))
LEVELS = Choice(
    (
        ("generated", "Written sentences"),
        ("extractive", "Quoted sentences (faster)"),
        ("search", "No draft, only the passages found (fastest)"),
    )
)
REGIONS = Choice(
    (
        ("default", "No region"),
        ("sub-saharan-africa", "Sub-Saharan Africa"),
        ("south-asia", "South Asia"),
        ("southeast-asia", "Southeast Asia"),
        ("latin-america", "Latin America"),
        ("middle-east-north-africa", "Middle East and North Africa"),
        ("europe-north-america", "Europe and North America"),
    )
)
TESTS = Choice(
    (
        ("none", "None"),
        ("rapid", "Rapid tests"),
        ("laboratory", "Rapid tests and laboratory"),
        ("hospital", "All tests of a hospital"),
    )
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may change; nothing of a patient belongs here."""

    clinician: str = _setting(
        "", "You", "Your name", "Suggested when you sign a case; you can change it there.", Line(80)
    )
    region: str = _setting(
        "default", "You", "Region", "Diseases are not equally common everywhere. New cases start with it.", REGIONS
    )
    tests: str = _setting(
        "rapid", "You", "Tests in this clinic", "The program asks only for results of tests that you can do.", TESTS
    )
    theme: str = _setting("system", "Window", "Colours", "Light, dark, or as this computer is set.", THEMES)
    text_scale: float = _setting(
        1.0, "Window", "Text size", "1.0 is the usual size; 1.5 is half as large again.", Number(0.8, 2.0, 0.1, 1)
    )
    auto_lock_minutes: int = _setting(
        5,
        "Privacy",
        "Lock after",
        "When nobody has used keys or mouse for so long, the program asks for the passphrase again.",
        Number(0, 240, unit="min", at_minimum="Never"),
    )
    level: str = _setting(
        "generated", "Assessment", "Draft", "Written sentences take longest. Each level names its sources.", LEVELS
    )
    candidates: int = _setting(
        10, "Assessment", "Conditions listed", "The list holds at least so many possible diagnoses.", Number(3, 30)
    )
    drafted: int = _setting(
        3, "Assessment", "Conditions drafted", "The draft is about so many of them, from the top.", Number(1, 10)
    )
    passages: int = _setting(
        16, "Assessment", "Passages per search", "More take longer and rarely change the draft.", Number(4, 64)
    )
    threads: int = _setting(
        default_threads(),
        "Assessment",
        "Processor threads",
        "More are faster. As shipped, one core of three or more is left for the window.",
        Number(1, 64),
    )


SETTINGS: dict[str, Setting] = {each.name: each.metadata["setting"] for each in fields(Settings)}
"""What is to be known of each field of Settings, in the order of the dialog."""
