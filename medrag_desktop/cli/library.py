"""The commands that keep the installation: packs, library, measurements, models."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.result_json import (
    evaluation_to_json,
    extraction_to_json,
    packs_to_json,
    problems_to_json,
)
from medrag_desktop.cli.input import read_lines, read_object
from medrag_desktop.cli.output import AsJson, BaseDir, print_json, progress
from medrag_desktop.errors import MedragError, ModelError
from medrag_desktop.services.evaluate import DifferentialResult, Rate
from medrag_desktop.services.evaluate_extraction import evaluate_extraction, read_marked_text
from medrag_desktop.services.vignettes import read_vignette

pack_app = typer.Typer(help="Knowledge packs: the searchable library.", no_args_is_help=True)
library_app = typer.Typer(help="The clinical library the program ships with.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure this build on a file of cases.", no_args_is_help=True)
model_app = typer.Typer(help="Model folders.", no_args_is_help=True)


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
    with progress(as_json=progress_json) as task:
        request = bootstrap.PackRequest(tuple(files or ()), pack_id, title, if_needed)
        manifest = bootstrap.build_pack(base_dir, request, task=task)
    print(f"{manifest.id}: {manifest.documents} documents, {manifest.passages} passages")


@pack_app.command("install")
def pack_install(archive: Path, base_dir: BaseDir = None) -> None:
    """Install a .medpack file."""
    with progress() as task:
        installed, in_use = bootstrap.install_pack(base_dir, archive, task=task)
    print(f"{installed.id} {installed.version} installed")
    if in_use != installed:
        print(f"The copy that came with the program, {in_use.version}, is newer and stays in use.")


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
        print_json(packs_to_json(manifests))
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
    with progress() as task:
        problems, coverage = bootstrap.check_clinical_library(references, task=task)
    errors = [p for p in problems if p.severity == "error"]
    if json_out:
        print_json(problems_to_json(problems))
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem.file}: {problem.sentence}")
        print(f"{coverage.written} of the {coverage.planned} conditions of the scope have a monograph")
        print(f"{len(errors)} errors, {len(problems) - len(errors)} warnings")
    if errors:
        raise MedragError(f"The library breaks {len(errors)} of its rules.")


@evaluate_app.command("differential")
def evaluate_differential_command(
    file: Annotated[str, typer.Argument(help="JSON lines of cases with correct_diagnosis, or -.")],
    emergencies: Annotated[
        Path | None,
        typer.Option("--emergencies", help="Ids of the cases that are emergencies, one a line; # begins a remark."),
    ] = None,
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Measure how often the right diagnosis is in the first 1, 3, 5 and 10, and why it is missed."""
    vignettes = []
    for number, line in read_lines(file):
        row = read_object(line, f"line {number}")
        vignettes.append(read_vignette(row, number))
    ids = None if emergencies is None else _ids(emergencies)
    with progress() as task:
        result = bootstrap.evaluate_differential(base_dir, vignettes, ids, task=task)
    if json_out:
        print_json(evaluation_to_json(result))
    else:
        _print_evaluation(result)


@evaluate_app.command("extraction")
def evaluate_extraction_command(
    file: Annotated[str, typer.Argument(help="JSON lines of texts with the findings that are in them, or -.")],
    stems: Annotated[
        Path | None,
        typer.Option("--stems", help="JSON lines whose `question` is the text of the lines that give a `row`."),
    ] = None,
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Measure how well free text is read."""
    ranker = bootstrap.make_ranker(base_dir)
    texts = [] if stems is None else [_question(number, line) for number, line in read_lines(str(stems))]
    marked = []
    for number, line in read_lines(file):
        row = read_object(line, f"line {number}")
        marked.append(read_marked_text(row, number, texts, ranker.catalogue.vocabulary))
    with progress() as task:
        result = evaluate_extraction(marked, ranker, task=task)
    if json_out:
        print_json(extraction_to_json(result))
        return
    print(f"{result.texts} texts, {result.marked} findings marked, {result.stated} stated by the program")
    print(f"precision {result.precision:.3f}, recall {result.recall:.3f}, F1 {result.f1:.3f}")
    print(f"presence right in {result.negation_accuracy:.1%} of {result.found + result.turned} findings read")
    print(f"{result.danger_signs_found} of {result.danger_signs} danger signs of the marked findings found in the text")


def _question(number: int, line: bytes) -> str:
    return str(read_object(line, f"line {number} of the stems").get("question", ""))


def _ids(file: Path) -> frozenset[str]:
    lines = (line.decode("utf-8").partition("#")[0].strip() for _, line in read_lines(str(file)))
    return frozenset(line for line in lines if line)


def _print_evaluation(result: DifferentialResult) -> None:
    for name, accuracy in (("by name", result.strict), ("by name or ICD-10 category", result.lenient)):
        print(f"{accuracy.n} cases; {accuracy.covered} with a diagnosis that the library covers {name}")
        for k, rate in accuracy.top.items():
            print(f"  top {k}: {_percent(rate)}; of those covered: {_percent(accuracy.top_covered[k])}")
    for system, accuracy in result.by_system.items():
        shares = ", ".join(f"top {k} {rate.value:.0%}" for k, rate in accuracy.top.items())
        print(f"  {system}: {accuracy.n} cases, {shares}")
    reasons = Counter(miss.reason for miss in result.misses)
    print("not first: " + ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()))
    print(f"outside the library, and said so: {_percent(result.outside_said)}")
    print(f"covered, but called outside: {_percent(result.outside_said_wrongly)}")
    print(f"probability of the first candidate: Brier score {result.calibration.brier:.3f}")
    for group in result.calibration.bins:
        told = f"told {group.promised:.0%}, {group.right:.0%} right"
        print(f"  {group.low:.0%} to {group.high:.0%}: {group.n} cases, {told}")
    if result.emergencies is not None:
        found = result.emergencies
        print(f"{found.emergencies} emergencies, {len(found.missed)} seen as neither emergency nor urgent")
        print(f"{found.others} others, seen as emergencies: {_percent(found.flagged)}")


@model_app.command("export")
def model_export(checkpoint: Path, out: Path) -> None:
    """Export a Hugging Face checkpoint (DPR, BART) as a model folder."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        raise ModelError("Exporting a model needs torch and transformers: pip install 'medrag-desktop[train]'.")
    from medrag_desktop.training.export_onnx import export_checkpoint

    print(export_checkpoint(checkpoint, out).id)


def _percent(rate: Rate) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
