"""Logging that cannot hold patient text."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from medrag_desktop.errors import ConfigError

MAX_BYTES = 1_000_000


class PatientTextFilter(logging.Filter):
    """Drops every record with an argument that is a value of the domain or more than a name long."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record may be written."""
        arguments = record.args.values() if isinstance(record.args, dict) else record.args or ()
        return not any(_may_hold_patient_text(argument) for argument in arguments)


class LogFile(logging.handlers.RotatingFileHandler):
    """A log that is full or cannot be written loses its records; it never prints them."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop the record: the standard handler would print its arguments and the whole stack."""


def set_up_logs(folder: Path) -> None:
    """Write warnings and errors of the program to a rotating file; raise ConfigError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The data folder {folder.parent} cannot be used: {error.strerror}. Give another one with --base-dir "
            "or MEDRAG_BASE_DIR."
        ) from error
    handler = LogFile(folder / "medrag.log", maxBytes=MAX_BYTES, backupCount=3, encoding="utf-8", delay=True)
    handler.addFilter(PatientTextFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("medrag_desktop")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _may_hold_patient_text(argument: object) -> bool:
    if type(argument).__module__.startswith("medrag_desktop.domain"):
        return True
    if isinstance(argument, list | tuple | set | frozenset):
        return any(_may_hold_patient_text(item) for item in argument)
    if isinstance(argument, dict):
        return any(_may_hold_patient_text(item) for item in argument.values())
    return isinstance(argument, str) and len(argument) > 80
