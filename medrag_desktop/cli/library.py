"""The commands that keep the installation: packs, library, models."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.result_json import packs_to_json, problems_to_json
from medrag_desktop.cli.output import AsJson, BaseDir, print_json, progress
from medrag_desktop.errors import MedragError, ModelError

pack_app = typer.Typer(help="Knowledge packs: the searchable library.", no_args_is_help=True)
library_app = typer.Typer(help="The clinical library the program ships with.", no_args_is_help=True)
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


@model_app.command("export")
def model_export(checkpoint: Path, out: Path) -> None:
    """Export a Hugging Face checkpoint (DPR, BART) as a model folder."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        raise ModelError("Exporting a model needs torch and transformers: pip install 'medrag-desktop[train]'.")
    from medrag_desktop.training.export_onnx import export_checkpoint

    print(export_checkpoint(checkpoint, out).id)
