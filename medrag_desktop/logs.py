"""Logging that cannot hold patient text."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

MAX_BYTES = 1_000_000


class PatientTextFilter(logging.Filter):
    """Drops every record with an argument that is a value of the domain or more than a name long."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record may be written."""
        arguments = record.args.values() if isinstance(record.args, dict) else record.args or ()
        return not any(_may_hold_patient_text(argument) for argument in arguments)


def set_up_logs(folder: Path) -> None:
    """Write warnings and errors of the program to a rotating file."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "medrag.log", maxBytes=MAX_BYTES, backupCount=3, encoding="utf-8", delay=True
    )
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
