"""The commands that measure this build."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.result_json import evaluation_to_json, extraction_to_json, retrieval_to_json
from medrag_desktop.bootstrap import RetrievalSet
from medrag_desktop.cli.input import read_lines, read_object
from medrag_desktop.cli.output import AsJson, BaseDir, print_json, progress
from medrag_desktop.services.evaluate import DifferentialResult, Rate
from medrag_desktop.services.evaluate_extraction import evaluate_extraction, read_marked_text
from medrag_desktop.services.vignettes import read_vignette

evaluate_app = typer.Typer(help="Measure this build on a file of cases.", no_args_is_help=True)


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


@evaluate_app.command("retrieval")
def evaluate_retrieval_command(
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder with corpora/ (MedQuAD, BioASQ); none: the library alone."),
    ] = None,
    only: Annotated[list[RetrievalSet] | None, typer.Option("--only", help="Measure on this set.")] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="Exported model folder to compare with, such as MiniLM's.")
    ] = None,
    questions: Annotated[int, typer.Option("--questions", min=1, help="Most questions of MedQuAD.")] = 500,
    development: Annotated[bool, typer.Option("--development", help="Use the part on which choices are made.")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Folder in which vectors are kept for the next time.")
    ] = None,
    json_out: AsJson = False,
    base_dir: BaseDir = None,
) -> None:
    """Measure how well passages are found: by words, by vectors, by both."""
    request = bootstrap.RetrievalRequest(data, tuple(only or RetrievalSet), base, questions, development, keep)
    with progress() as task:
        results = bootstrap.evaluate_retrieval(base_dir, request, task=task)
    if json_out:
        print_json(retrieval_to_json(results))
        return
    for benchmark, scores in results:
        print(f"{benchmark.title}: {len(benchmark.queries)} queries, {len(benchmark.passages)} passages")
        for name, found in scores.items():
            recall = ", ".join(f"@{k} {rate.value:.3f}" for k, rate in found.recall.items())
            ndcg, gain = found.ndcg_at_10, found.ndcg_gain
            print(
                f"  {name}: nDCG@10 {ndcg.value:.3f} ({ndcg.low:.3f} to {ndcg.high:.3f}), "
                f"gain {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}), "
                f"MRR@10 {found.mrr_at_10.value:.3f}, recall {recall}"
            )


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


def _percent(rate: Rate) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
