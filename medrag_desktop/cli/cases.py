"""`medrag cases`: the encrypted case history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.case_export import case_list_to_json, check_ending
from medrag_desktop.adapters.result_json import case_erasure_to_json, case_export_to_json, recovery_words_to_json
from medrag_desktop.cli.output import AsJson, BaseDir, plain, print_case, print_json
from medrag_desktop.cli.passphrase import PassphraseFile, opened_history, print_new_recovery_words
from medrag_desktop.domain.case import CaseSummary, ReviewStatus
from medrag_desktop.domain.encounter import Patient
from medrag_desktop.domain.querying import describe_patient
from medrag_desktop.errors import InputError
from medrag_desktop.services.history import EVERY_CASE, History

case_app = typer.Typer(help="The case history: encrypted, opened with a passphrase.", no_args_is_help=True)
CaseId = Annotated[str, typer.Argument(metavar="ID", help="Id of the case; its beginning will do.")]
_STATUS = {
    None: "no draft",
    ReviewStatus.PRELIMINARY: "draft",
    ReviewStatus.FINAL: "signed",
    ReviewStatus.AMENDED: "amended",
}
_ON_PAPER = (
    "Write these words on paper and keep it in a safe place; they are never shown again. The old words open the case "
    "history no more, so destroy the paper that holds them."
)
_WIDEST = 60
"""Characters of a column of the list."""


@case_app.command("list")
def list_cases(
    words: Annotated[str, typer.Option("--search", help="Only the cases that hold all these words.")] = "",
    json_out: AsJson = False,
    passphrase_file: PassphraseFile = None,
    base_dir: BaseDir = None,
) -> None:
    """List the cases, the newest first."""
    with opened_history(base_dir, passphrase_file) as history:
        lines = history.find(words, EVERY_CASE)
    if json_out:
        print_json(case_list_to_json(lines))
    elif not lines:
        print("No case holds these words." if words.strip() else "There is no case yet.")
    else:
        _print_table([_row(line) for line in lines])


@case_app.command("show")
def show_case(
    beginning: CaseId, json_out: AsJson = False, passphrase_file: PassphraseFile = None, base_dir: BaseDir = None
) -> None:
    """Show a case: encounter, draft and review."""
    with opened_history(base_dir, passphrase_file) as history:
        case = history.case(history.full_id(beginning))
    if json_out:
        print_json(bootstrap.make_case_export(base_dir).to_json(case))
    else:
        print_case(case, bootstrap.make_vocabulary(base_dir))


@case_app.command("export")
def export_case(
    beginning: CaseId,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A file that ends in .pdf or .json.")],
    json_out: AsJson = False,
    passphrase_file: PassphraseFile = None,
    base_dir: BaseDir = None,
) -> None:
    """Write a case to a file, which is not encrypted."""
    check_ending(out)
    with opened_history(base_dir, passphrase_file) as history:
        case = history.case(history.full_id(beginning))
    bootstrap.make_case_export(base_dir).write(case, out)
    if json_out:
        print_json(case_export_to_json(case.id, out))
    else:
        print(out)


@case_app.command("erase")
def erase_case(
    beginning: CaseId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_out: AsJson = False,
    passphrase_file: PassphraseFile = None,
    base_dir: BaseDir = None,
) -> None:
    """Delete a case for good, with all its versions."""
    asks = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    if not yes and not asks:
        raise InputError("Without a terminal to confirm it, erasing a case needs --yes.")
    with opened_history(base_dir, passphrase_file) as history:
        case_id = history.full_id(beginning)
        erased = yes or _agrees_to_erase(history, case_id)
        if erased:
            history.erase(case_id)
    if json_out:
        print_json(case_erasure_to_json(case_id, erased=erased))
    elif erased:
        print(f"Case {case_id[:8]} is erased.")


@case_app.command("new-recovery-words")
def new_recovery_words(
    json_out: AsJson = False, passphrase_file: PassphraseFile = None, base_dir: BaseDir = None
) -> None:
    """Make fresh recovery words and print them once; the old ones open nothing any more."""

    def show(words: tuple[str, ...]) -> None:
        if json_out:
            print_json(recovery_words_to_json(words))
            return
        print("\n".join(f"{number:2}. {word}" for number, word in enumerate(words, start=1)), flush=True)
        print(_ON_PAPER, file=sys.stderr)

    print_new_recovery_words(base_dir, passphrase_file, show)


def _agrees_to_erase(history: History, case_id: str) -> bool:
    line = next(line for line in history.find(limit=EVERY_CASE) if line.id == case_id)
    print("  ".join(_row(line)), file=sys.stderr)
    if typer.confirm("Erase this case for good?", err=True):
        return True
    print("Nothing was erased.", file=sys.stderr)
    return False


def _row(line: CaseSummary) -> tuple[str, ...]:
    told = " | ".join(plain(text) for text in (line.diagnosis, line.complaint) if text)
    return (
        line.id[:8],
        line.updated[:16].replace("T", " "),
        _STATUS[line.status],
        "-" if line.urgency is None else line.urgency.value.replace("_", " "),
        plain(line.reference)[:_WIDEST] or "-",
        describe_patient(Patient(age_years=line.age_years, sex=line.sex)),
        told[:_WIDEST] or "-",
    )


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
