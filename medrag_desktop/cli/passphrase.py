"""The way into the case history from a terminal: the passphrase never comes from arguments or environment."""

from __future__ import annotations

import getpass
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.errors import Cancelled, InputError, StoreMissing
from medrag_desktop.services.history import History, HistoryState, check_passphrase

LONGEST_LINE = 4096
"""Bytes of a passphrase file that are read."""
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Take the passphrase from the first line of this file; else it is asked."),
]


@contextmanager
def opened_history(base_dir: Path | None, passphrase_file: Path | None, *, create: bool = False) -> Iterator[History]:
    """Yield the case history open, and lock it afterwards; make it first if that is asked and there is none."""
    history = bootstrap.make_history(base_dir)
    if create and history.state is HistoryState.ABSENT:
        _show_recovery_words(history, history.create(_new_passphrase(passphrase_file)))
    else:
        history.unlock(_known_passphrase(history, passphrase_file))
    try:
        yield history
    finally:
        history.lock()


def print_new_recovery_words(
    base_dir: Path | None, passphrase_file: Path | None, show: Callable[[tuple[str, ...]], None]
) -> None:
    """Make fresh recovery words and show them; what was asked for and delivered counts as written down."""
    history = bootstrap.make_history(base_dir)
    passphrase = _known_passphrase(history, passphrase_file)
    history.unlock(passphrase)  # refused while a window has it open, which would go on with the old words
    try:
        show(history.renew_recovery_words(passphrase))
        history.confirm_recovery_words()
    finally:
        history.lock()


def _known_passphrase(history: History, file: Path | None) -> str:
    """Return the passphrase of a history that is there; raise StoreMissing."""
    if history.state is HistoryState.ABSENT:
        raise StoreMissing("There is no case history yet; `medrag assess FILE --save` makes one.")
    return _passphrase(file)


def _passphrase(file: Path | None) -> str:
    return _ask("Passphrase of the case history: ") if file is None else _read(file)


def _new_passphrase(file: Path | None) -> str:
    """Return the passphrase of a history to be made, typed twice."""
    if file is not None:
        return _read(file)
    passphrase = _ask("New passphrase for the case history: ")
    check_passphrase(passphrase)
    if passphrase != _ask("The same again: "):
        raise InputError("The two passphrases differ, so no case history was made.")
    return passphrase


def _read(file: Path) -> str:
    """Return the first line of a passphrase file."""
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            line = stream.readline(LONGEST_LINE)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"The passphrase file {file} cannot be read: {reason}.") from None
    if os.name == "posix" and stat.S_ISREG(mode) and mode & stat.S_IROTH:
        print(f"Warning: every user of this computer can read {file}; type `chmod 600 {file}`.", file=sys.stderr)
    if len(line) == LONGEST_LINE:
        raise InputError(f"The first line of the passphrase file {file} is too long to be a passphrase.")
    try:
        passphrase = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        # The cause holds the bytes of the passphrase.
        raise InputError(f"The passphrase file {file} is not UTF-8 text.") from None
    if not passphrase:
        raise InputError(f"The first line of the passphrase file {file} is empty.")
    return passphrase


def _ask(prompt: str) -> str:
    """Ask on the terminal without echo; raise InputError at once where there is none."""
    if not _has_terminal():
        raise InputError("The passphrase cannot be asked for without a terminal; give it with --passphrase-file FILE.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, sys.stderr if os.name != "posix" else None)
        except EOFError:
            raise Cancelled from None
        except getpass.GetPassWarning:
            raise InputError("This terminal would show the passphrase; give it with --passphrase-file FILE.") from None


def _has_terminal() -> bool:
    """Tell whether somebody can see a question and answer it, even with standard input used for a file."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    if os.name != "posix":
        return True
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return True
    return False


def _show_recovery_words(history: History, words: tuple[str, ...]) -> None:
    """Print the recovery words where they mix with no result; where nobody may see them the window asks again."""
    print(
        "Write these recovery words on paper and keep it in a safe place: they open the case history when the "
        "passphrase is forgotten, and they are never shown again.\n\n"
        f"  {' '.join(words)}\n",
        file=sys.stderr,
        flush=True,
    )
    if sys.stderr is not None and sys.stderr.isatty():
        history.confirm_recovery_words()
