"""`medrag assess` and `medrag search`."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.result_json import error_line_to_json
from medrag_desktop.cli.input import read_bytes, read_lines
from medrag_desktop.cli.output import AsJson, BaseDir, print_draft, print_json, progress
from medrag_desktop.cli.passphrase import PassphraseFile, opened_history
from medrag_desktop.domain.draft import Draft, Level
from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.evidence import Filter
from medrag_desktop.errors import MedragError, StoreError
from medrag_desktop.services.history import History
from medrag_desktop.tasks import Task


def assess(
    file: Annotated[str, typer.Argument(help="An encounter as JSON, or - for standard input.")],
    json_out: AsJson = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help="One encounter a line in, one result a line out; blank lines give no line out. What cannot be "
            "assessed gives its error with the number of its line.",
        ),
    ] = False,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Also write the report to this file.")] = None,
    level: Annotated[
        Level | None, typer.Option("--level", help="How much of the program takes part; else as in the settings.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            help="Seed of the generator, kept with the draft: the same seed gives the same draft. Drafts are greedy "
            "(always the most probable words), so another seed changes nothing today.",
        ),
    ] = 0,
    save: Annotated[bool, typer.Option("--save", help="Keep encounter and draft in the encrypted history.")] = False,
    passphrase_file: PassphraseFile = None,
    base_dir: BaseDir = None,
) -> None:
    """Assess an encounter: danger signs, differential, cited draft."""
    if jsonl and pdf is not None:
        raise typer.BadParameter("--pdf writes one report; leave it out with --jsonl.")
    if passphrase_file is not None and not save:
        raise typer.BadParameter("--passphrase-file is for --save.")
    services = bootstrap.make_services(base_dir, level)
    for note in services.assessor.notes:
        print(note, file=sys.stderr)
    keep = opened_history(base_dir, passphrase_file, create=True) if save else nullcontext()
    if jsonl:
        _assess_lines(services, file, seed, keep)
    else:
        _assess_one(services, file, seed, keep, pdf=pdf, json_out=json_out)


def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    count: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    packs: Annotated[list[str] | None, typer.Option("--pack", help="Only in the pack of this id.")] = None,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Only of this kind: condition, guideline, article, trial, topic.")
    ] = None,
    sections: Annotated[list[str] | None, typer.Option("--section", help="Only in sections of this title.")] = None,
    since: Annotated[int, typer.Option("--since", min=0, help="Only from this year on.")] = 0,
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Search the library."""
    only = Filter(frozenset(packs or ()), frozenset(kinds or ()), frozenset(sections or ()), since)
    result, left_out = bootstrap.search(base_dir, text, count, only)
    for note in left_out:
        print(note, file=sys.stderr)
    if json_out:
        print_json(result)
        return
    if result["read_as"] != text:
        print(f"Looked for: {result['read_as']}\n")
    if not result["hits"]:
        print("Nothing relevant found.")
    for hit in result["hits"]:
        print(f"{hit['rank']}. {hit['title']}: {hit['section']} ({hit['source']})\n   {hit['text']}")
        print(f"   {_reason(hit)}\n")


def _reason(hit: dict[str, Any]) -> str:
    """Say why a passage was found."""
    by_words = f"words {', '.join(hit['matched'])} (place {hit['lexical_rank']})" if hit["lexical_rank"] else ""
    by_meaning = f"meaning {hit['cosine']:.2f} (place {hit['dense_rank']})" if hit["dense_rank"] else ""
    return f"Found by {' and '.join(filter(None, (by_words, by_meaning)))}; nearest: \u201c{hit['sentence']}\u201d"


def _assess_one(
    services: bootstrap.Services,
    file: str,
    seed: int,
    keep: AbstractContextManager[History | None],
    *,
    pdf: Path | None,
    json_out: bool,
) -> None:
    """Assess one encounter; a history that cannot take it costs nothing of what is printed."""
    name = "standard input" if file == "-" else file
    encounter, identifier = services.read_encounter(read_bytes(file), name)
    with keep as history:
        with progress() as task:
            draft = services.assessor.assess(encounter, level=services.level, seed=seed, task=task)
        case_id, failure = None, None
        try:
            case_id = _saved(history, encounter, draft)
        except StoreError as error:
            failure = error
    try:
        if pdf is not None:
            services.report.write(encounter, draft, pdf)
        if json_out:
            print_json(_result(services.draft_to_json(draft, encounter), identifier, case_id))
        elif pdf is None:
            print_draft(draft, services.catalogue.vocabulary)
        else:
            print(pdf)
    finally:  # whatever becomes of the output, it is told whether the case was saved
        if failure is not None:
            raise failure
        if case_id is not None and not json_out:
            print(f"Saved in the history as case {case_id[:8]}.", file=sys.stderr)


def _assess_lines(
    services: bootstrap.Services, file: str, seed: int, keep: AbstractContextManager[History | None]
) -> None:
    with keep as history:
        for number, line in read_lines(file):
            print_json(_assess_line(services, number, line, seed, history), indent=None)


def _assess_line(
    services: bootstrap.Services, number: int, line: bytes, seed: int, history: History | None
) -> dict[str, Any]:
    name, identifier = f"line {number}", _identifier(line)
    try:
        encounter, identifier = services.read_encounter(line, name)
        draft = services.assessor.assess(encounter, level=services.level, seed=seed, task=Task())
        case_id = _saved(history, encounter, draft)
        return _result(services.draft_to_json(draft, encounter), identifier, case_id)
    except MedragError as error:
        told = str(error)
        return _result(error_line_to_json(number, told if told.startswith(name) else f"{name}: {told}"), identifier)


def _saved(history: History | None, encounter: Encounter, draft: Draft) -> str | None:
    """Save encounter and draft as a case; return its id, or None without a history."""
    if history is None:
        return None
    return history.save(replace(history.new_case(encounter), draft=draft)).id


def _identifier(line: bytes) -> str | int | None:
    """Return the id of a line even when the rest of it cannot be used."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    identifier = row.get("id") if isinstance(row, dict) else None
    return identifier if isinstance(identifier, str) or type(identifier) is int else None


def _result(result: dict[str, Any], identifier: str | int | None, case_id: str | None = None) -> dict[str, Any]:
    """Return a result with the id of its line and of its case in front, where it has them."""
    named = {"id": identifier, "case": case_id}
    return {**{name: value for name, value in named.items() if value is not None}, **result}
