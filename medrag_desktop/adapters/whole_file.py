"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from medrag_desktop.errors import ReportError


def write_whole(out: Path, data: bytes) -> None:
    """Write a file in one step, replacing one of that name; raise ReportError and leave nothing behind.

    What has the name but is no file (a device, a pipe) is not replaced.
    """
    if out.exists() and not out.is_file():
        raise ReportError(f"{out} is not a file. Choose another name.")
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(out)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            temporary.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise ReportError(f"The file {out} cannot be written: {reason}.") from error
