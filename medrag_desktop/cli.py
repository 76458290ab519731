"""Every command of `medrag`; the command line is a contract (README, docs/schemas)."""

from __future__ import annotations

import importlib.util
import io
import json
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from medrag_desktop import __version__, bootstrap
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.errors import Cancelled, InputError, MedragError, ModelError
from medrag_desktop.services.evaluate import DifferentialResult, Rate, evaluate_differential, read_vignette
from medrag_desktop.tasks import Progress as Step
from medrag_desktop.tasks import Task

OK, EXPECTED_ERROR, USAGE, BUG, CANCELLED = 0, 1, 2, 70, 130

app = typer.Typer(
    name="medrag",
    help="Offline diagnostic aid: danger signs, a differential and a draft whose every sentence is cited.",
    add_completion=False,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)
pack_app = typer.Typer(help="Knowledge packs: the searchable library.", no_args_is_help=True)
library_app = typer.Typer(help="The clinical library the program ships with.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure this build on a file of cases.", no_args_is_help=True)
model_app = typer.Typer(help="Model folders.", no_args_is_help=True)
app.add_typer(pack_app, name="pack")
app.add_typer(library_app, name="library")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(model_app, name="model")

BaseDir = Annotated[
    Path | None, typer.Option("--base-dir", help="Folder for packs, history and settings.", envvar="MEDRAG_BASE_DIR")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> NoReturn:
    """Run the command line; turn every outcome into its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    signal.signal(signal.SIGINT, _cancel)
    try:
        app()
    except MedragError as error:
        print(error, file=sys.stderr)
        sys.exit(EXPECTED_ERROR)
    except Cancelled:
        print("Cancelled.", file=sys.stderr)
        sys.exit(CANCELLED)
    except Exception:  # noqa: BLE001 - the one place that turns a bug into an exit code
        _report_bug()
        sys.exit(BUG)
    sys.exit(OK)


def _cancel(*_: object) -> NoReturn:
    raise Cancelled


@app.callback()
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        print(f"medrag {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def assess(
    file: Annotated[str, typer.Argument(help="An encounter as JSON, or - for standard input.")],
    json_out: AsJson = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One encounter a line in, one result a line out.")] = False,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Also write the report to this file.")] = None,
    level: Annotated[Level, typer.Option("--level", help="How much of the program takes part.")] = Level.GENERATED,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the generator.")] = 0,
    base_dir: BaseDir = None,
) -> None:
    """Assess an encounter: danger signs, differential, cited draft."""
    if jsonl and pdf is not None:
        raise typer.BadParameter("--pdf writes one report; leave it out with --jsonl.")
    services = bootstrap.make_services(base_dir, level)
    for note in services.assessor.versions.notes:
        print(note, file=sys.stderr)
    if jsonl:
        for line in _lines(file):
            print(json.dumps(_assess_line(services, line, level, seed), ensure_ascii=False), flush=True)
        return
    name = "standard input" if file == "-" else file
    encounter, identifier = services.read_encounter(_bytes(file), name)
    with _progress() as task:
        draft = services.assessor.assess(encounter, level=level, seed=seed, task=task)
    if pdf is not None:
        services.report.write(encounter, draft, pdf)
    if json_out:
        print(json.dumps(_with_id(services.draft_to_json(draft), identifier), ensure_ascii=False, indent=2))
    elif pdf is None:
        _print_draft(draft)
    else:
        print(pdf)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    count: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Search the library."""
    result = bootstrap.search(base_dir, text, count)
    if json_out:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return
    if not result["hits"]:
        print("Nothing relevant found.")
    for hit in result["hits"]:
        print(f"{hit['rank']}. {hit['title']}: {hit['section']} ({hit['source']})\n   {hit['text']}\n")


@app.command("self-test")
def self_test(json_out: AsJson = False, base_dir: BaseDir = None) -> None:
    """Run every part once on this installation."""
    checks = bootstrap.self_test(base_dir)
    if json_out:
        print(json.dumps({"ok": all(c["ok"] for c in checks), "checks": checks}, indent=2))
    else:
        for check in checks:
            print(f"{'ok    ' if check['ok'] else 'FAILED'} {check['part']}: {check['detail']}")
    if not all(check["ok"] for check in checks):
        raise MedragError("The self-test failed; see the lines above and install the program again.")


@pack_app.command("build")
def pack_build(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Guideline files to import; none builds the library itself.")
    ] = None,
    pack_id: Annotated[str, typer.Option("--id", help="Name of the pack.")] = "",
    title: Annotated[str, typer.Option("--title", help="Title shown to the reader.")] = "",
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Keep the pack when it is up to date.")] = False,
    progress_json: Annotated[bool, typer.Option("--progress-json", help="Print progress as JSON lines.")] = False,
    base_dir: BaseDir = None,
) -> None:
    """Build a knowledge pack and install it."""
    with _progress(as_json=progress_json) as task:
        request = bootstrap.PackRequest(tuple(files or ()), pack_id, title, if_needed)
        manifest = bootstrap.build_pack(base_dir, request, task=task)
    print(f"{manifest.id}: {manifest.documents} documents, {manifest.passages} passages")


@pack_app.command("install")
def pack_install(archive: Path, base_dir: BaseDir = None) -> None:
    """Install a .medpack file."""
    with _progress() as task:
        manifest = bootstrap.make_shelf(base_dir).install(archive, task=task)
    print(f"{manifest.id} {manifest.version} installed")


@pack_app.command("export")
def pack_export(pack_id: str, archive: Path, base_dir: BaseDir = None) -> None:
    """Write a pack as a .medpack file that another computer can install."""
    bootstrap.make_shelf(base_dir).export(pack_id, archive)
    print(archive)


@pack_app.command("list")
def pack_list(json_out: AsJson = False, base_dir: BaseDir = None) -> None:
    """List the installed packs."""
    manifests = bootstrap.make_shelf(base_dir).manifests()
    if json_out:
        print(json.dumps([asdict(m) for m in manifests], ensure_ascii=False, indent=2))
    elif not manifests:
        print("No pack is installed; `medrag pack build` makes the library's.")
    else:
        for manifest in manifests:
            print(f"{manifest.id} {manifest.version}: {manifest.title}, {manifest.passages} passages")


@pack_app.command("verify")
def pack_verify(pack_id: str, base_dir: BaseDir = None) -> None:
    """Compare every file of a pack with its checksum."""
    manifest = bootstrap.make_shelf(base_dir).verify(pack_id)
    print(f"{manifest.id} {manifest.version} is intact")


@pack_app.command("remove")
def pack_remove(pack_id: str, base_dir: BaseDir = None) -> None:
    """Delete a pack."""
    bootstrap.make_shelf(base_dir).remove(pack_id)
    print(f"{pack_id} removed")


@library_app.command("check")
def library_check(
    references: Annotated[
        Path | None, typer.Option("--references", help="Rebuild the shingle filter from these reference texts first.")
    ] = None,
    json_out: AsJson = False,
) -> None:
    """Check the clinical library against its own rules."""
    with _progress() as task:
        problems = bootstrap.check_clinical_library(references, task=task)
    errors = [p for p in problems if p.severity == "error"]
    if json_out:
        print(json.dumps([asdict(p) for p in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem.file}: {problem.sentence}")
        print(f"{len(errors)} errors, {len(problems) - len(errors)} warnings")
    if errors:
        raise MedragError(f"The library breaks {len(errors)} of its rules.")


@evaluate_app.command("differential")
def evaluate_differential_command(
    file: Annotated[str, typer.Argument(help="JSON lines of cases with correct_diagnosis, or -.")],
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Measure how often the right diagnosis is in the first 1, 3, 5 and 10."""
    vignettes = []
    for number, line in enumerate(_lines(file), start=1):
        row = _object(line, f"line {number}")
        vignettes.append(read_vignette(row, number))
    with _progress() as task:
        result = evaluate_differential(vignettes, bootstrap.make_ranker(base_dir), task=task)
    if json_out:
        print(json.dumps(_result_json(result), ensure_ascii=False, indent=2))
        return
    print(f"{result.n} cases, {result.covered} with a diagnosis that the library covers")
    for k, rate in result.top.items():
        inside = result.top_covered[k]
        print(f"top {k}: {_percent(rate)}; of those covered: {_percent(inside)}")


@model_app.command("export")
def model_export(checkpoint: Path, out: Path) -> None:
    """Export a Hugging Face checkpoint (DPR, BART) as a model folder."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        raise ModelError("Exporting a model needs torch and transformers: pip install 'medrag-desktop[train]'.")
    from medrag_desktop.training.export_onnx import export_checkpoint

    print(export_checkpoint(checkpoint, out).id)


def _assess_line(services: bootstrap.Services, line: bytes, level: Level, seed: int) -> dict[str, Any]:
    identifier: Any = None
    try:
        identifier = _identifier(line)
        encounter, identifier = services.read_encounter(line, "this line")
        draft = services.assessor.assess(encounter, level=level, seed=seed, task=Task())
        return _with_id(services.draft_to_json(draft), identifier)
    except MedragError as error:
        return _with_id({"error": str(error)}, identifier)


def _identifier(line: bytes) -> Any:
    """Return the id of a line even when the rest of it cannot be used."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row.get("id") if isinstance(row, dict) else None


def _with_id(result: dict[str, Any], identifier: Any) -> dict[str, Any]:
    return result if identifier is None else {"id": identifier, **result}


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"The file {file} cannot be read: {reason}.") from error


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from (line for line in sys.stdin.buffer if line.strip())
    else:
        yield from (line for line in _bytes(file).split(b"\n") if line.strip())


def _object(line: bytes, name: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError(f"{name} is not a JSON object.")
    return row


def _print_draft(draft: Draft) -> None:
    print("DRAFT - not verified by a clinician\n")
    print(f"Urgency: {draft.urgency.value}")
    for sign in draft.danger_signs:
        print(f"  DANGER SIGN: {sign.message} (because: {'; '.join(sign.because)})")
    if draft.danger_signs_not_assessed:
        print(f"  {len(draft.danger_signs_not_assessed)} danger signs could not be checked")
    print("\nDifferential")
    for candidate in draft.differential:
        print(f"  {candidate.rank}. {candidate.name} ({candidate.probability:.0%}, {candidate.band})")
    for section in draft.sections:
        print(f"\n{section.title}")
        for statement in section.statements:
            print(f"  {statement.text} {''.join(f'[{n}]' for n in statement.citations)}".rstrip())
    print("\nPassages")
    for cited in draft.passages:
        print(f"  [{cited.number}] {cited.passage.title}: {cited.passage.section} ({cited.passage.source})")


def _result_json(result: DifferentialResult) -> dict[str, Any]:
    return {
        "n": result.n,
        **{f"top_{k}": _rate_json(rate) for k, rate in result.top.items()},
        "covered": {"n": result.covered, **{f"top_{k}": _rate_json(r) for k, r in result.top_covered.items()}},
        "misses": [
            {"case": m.case, "correct": m.correct, "rank": m.rank, "reason": m.reason, "first": m.first}
            for m in result.misses
        ],
    }


def _rate_json(rate: Rate) -> dict[str, float]:
    return {"value": round(rate.value, 4), "low": round(rate.low, 4), "high": round(rate.high, 4)}


def _percent(rate: Rate) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"


@contextmanager
def _progress(*, as_json: bool = False) -> Iterator[Task]:
    """Show the progress of a task on stderr: a bar on a terminal, JSON lines for a parent process, else nothing.

    Meanwhile Ctrl-C cancels the task at its next checkpoint, so that nothing is left half done.
    """
    with _shown(as_json=as_json) as show:
        task = Task(show)
        before = signal.signal(signal.SIGINT, lambda *_: task.cancel())
        try:
            yield task
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Callable[[Step], None]]:
    console = Console(stderr=True)
    if as_json:
        yield lambda s: print(json.dumps({"message": s.message, "done": s.done, "total": s.total}), flush=True)
    elif not console.is_terminal:
        yield lambda _: None
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            line = bar.add_task("Starting", total=None)
            yield lambda s: bar.update(line, description=s.message, completed=s.done, total=s.total)


def _report_bug() -> None:
    """Show where the fault is without its values, which could hold patient text."""
    kind, _, place = sys.exc_info()
    lines = [
        f"{frame.name} ({Path(frame.filename).name}, line {frame.lineno})" for frame in traceback.extract_tb(place)
    ]
    name = kind.__name__ if kind else "fault"
    print(f"This is a fault of the program ({name} in {' < '.join(reversed(lines[-4:]))}).", file=sys.stderr)
