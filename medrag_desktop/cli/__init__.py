"""Every command of `medrag`; the command line is a contract (README, docs/schemas)."""

from __future__ import annotations

import errno
import gc
import io
import multiprocessing
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from medrag_desktop import __version__
from medrag_desktop.cli.assessing import assess, search
from medrag_desktop.cli.cases import case_app
from medrag_desktop.cli.evaluating import evaluate_app
from medrag_desktop.cli.library import library_app, model_app, pack_app
from medrag_desktop.cli.output import BaseDir, WatchedOutput, watch_output
from medrag_desktop.cli.self_test import self_test
from medrag_desktop.cli.window import run_window
from medrag_desktop.errors import Cancelled, MedragError

OK, EXPECTED_ERROR, USAGE, BUG, CANCELLED, NOBODY_READS = 0, 1, 2, 70, 130, 141

app = typer.Typer(
    name="medrag",
    help="Offline diagnostic aid: danger signs, a differential and a draft whose every sentence is cited.",
    add_completion=False,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)
app.command()(assess)
app.command()(search)
app.add_typer(case_app, name="cases")
app.add_typer(pack_app, name="pack")
app.add_typer(library_app, name="library")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(model_app, name="model")
app.command("self-test")(self_test)


_OBJECTS_BEFORE_COLLECTION = 200_000
"""New objects before garbage is looked for: reading the library makes many that all stay."""


def main() -> NoReturn:
    """Run the command line; turn every outcome into its exit code."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    multiprocessing.freeze_support()  # a bundle starts itself again as the child in which it tries to load FAISS
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    out = watch_output()
    signal.signal(signal.SIGINT, _cancel)
    code = _run(out)
    if out is not None and (lost := out.end()) is not None:
        if lost.errno in (errno.EPIPE, errno.EINVAL):  # the second is what Windows says
            code = NOBODY_READS
        else:
            print(f"The output cannot be written: {lost.strerror}.", file=sys.stderr)
            code = EXPECTED_ERROR
    sys.exit(code)


def _run(out: WatchedOutput | None) -> int:
    try:
        app()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else OK
    except MedragError as error:
        print(error, file=sys.stderr)
        return EXPECTED_ERROR
    except Cancelled:
        print("Cancelled.", file=sys.stderr)
        return CANCELLED
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into an exit code
        if out is None or out.lost is not error:
            _report_bug()
        return BUG
    return OK


@app.callback()
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    base_dir: BaseDir = None,
) -> None:
    """Open the window unless a command is given."""
    if version:
        print(f"medrag {__version__}")
        raise typer.Exit
    if base_dir is not None:
        os.environ["MEDRAG_BASE_DIR"] = str(base_dir)  # where the command that follows looks for it
    if context.invoked_subcommand is None:
        raise typer.Exit(run_window(base_dir))


def _cancel(*_: object) -> NoReturn:
    raise Cancelled


def _report_bug() -> None:
    """Show where the fault is without its values, which could hold patient text."""
    kind, _, place = sys.exc_info()
    lines = [
        f"{frame.name} ({Path(frame.filename).name}, line {frame.lineno})" for frame in traceback.extract_tb(place)
    ]
    name = kind.__name__ if kind else "fault"
    print(f"This is a fault of the program ({name} in {' < '.join(reversed(lines[-4:]))}).", file=sys.stderr)
