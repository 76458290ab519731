"""What every command shares: common options, progress, and text that is safe to print."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from medrag_desktop.domain.case import Case, ReviewedSection, ReviewStatus, start_review
from medrag_desktop.domain.draft import Draft
from medrag_desktop.domain.unchecked import STEP_WORDS, unchecked
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.tasks import Progress as Step
from medrag_desktop.tasks import Task

NOT_VERIFIED = "DRAFT - not verified by a clinician"
_UNSAFE = ("Cc", "Cs", "Zl", "Zp")
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that reverse what a terminal shows."""

BaseDir = Annotated[
    Path | None, typer.Option("--base-dir", help="Folder for packs, history and settings.", envvar="MEDRAG_BASE_DIR")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class WatchedOutput(io.TextIOWrapper):
    """Standard output that remembers why something printed did not arrive, whoever swallows the error."""

    lost: OSError | None = None

    def write(self, text: str, /) -> int:
        """Write; remember a failure."""
        try:
            return super().write(text)
        except OSError as error:
            self.lost = self.lost or error
            raise

    def flush(self) -> None:
        """Flush; remember a failure."""
        try:
            super().flush()
        except OSError as error:
            self.lost = self.lost or error
            raise

    def end(self) -> OSError | None:
        """Deliver what is left; return why that, or something before, was lost."""
        with suppress(OSError):
            self.flush()
        if self.lost is not None:  # at its end Python would try once more, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        return self.lost


def watch_output() -> WatchedOutput | None:
    """Put a watched stream in the place of standard output; return None where there is none."""
    if not isinstance(sys.stdout, io.TextIOWrapper):
        return None
    sys.stdout.flush()
    watched = WatchedOutput(
        sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", line_buffering=sys.stdout.line_buffering
    )
    sys.stdout = watched
    return watched


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=indent), flush=True)


def plain(text: str) -> str:
    """Return a text on one line, without the signs that control a terminal."""
    line = " ".join(text.split())
    return "".join("\ufffd" if c in _TURNS or unicodedata.category(c) in _UNSAFE else c for c in line)


def print_draft(draft: Draft, vocabulary: Vocabulary) -> None:
    """Print a draft that nobody has reviewed."""
    print(f"{NOT_VERIFIED}\n")
    _print_reasoning(draft, vocabulary)
    _print_sections(start_review(draft).sections)
    _print_passages(draft)


def print_case(case: Case, vocabulary: Vocabulary) -> None:
    """Print a case as its clinician left it."""
    review = case.review
    print(f"Case {case.id}, saved {case.updated}")
    if review is not None and review.status is not ReviewStatus.PRELIMINARY:
        done = "Amended and signed" if review.status is ReviewStatus.AMENDED else "Signed"
        print(f"{done} by {plain(review.reviewer)}, {review.signed}")
    else:
        print(NOT_VERIFIED)
    for name, text in (
        ("Reference", case.encounter.reference),
        ("Complaint", case.encounter.chief_complaint),
        ("History", case.encounter.history),
        ("Diagnosis", "" if review is None else review.diagnosis),
    ):
        if text.strip():
            print(f"{name}: {plain(text)}")
    if case.draft is None:
        print("No draft yet.")
        if review is not None:
            _print_sections(review.sections)
        return
    print()
    _print_reasoning(case.draft, vocabulary)
    _print_sections((review or start_review(case.draft)).sections)
    _print_passages(case.draft)


def _print_reasoning(draft: Draft, vocabulary: Vocabulary) -> None:
    because = f" ({'; '.join(draft.urgency_because)})" if draft.urgency_because else ""
    print(f"Urgency: {draft.urgency.value}{because}")
    for note in draft.provenance.notes:
        print(f"Note: {plain(note)}")
    for sign in draft.danger_signs:
        print(f"  DANGER SIGN: {plain(sign.message)} (because: {plain('; '.join(sign.because))})")
    if draft.danger_signs_not_assessed:
        print(f"  {len(draft.danger_signs_not_assessed)} danger signs could not be checked:")
    for each in unchecked(draft.danger_signs_not_assessed, draft.findings, vocabulary):
        print(f"  {STEP_WORDS[each.step]}: {plain('; '.join(each.words))}")
    print("\nDifferential")
    for candidate in draft.differential:
        print(f"  {candidate.rank}. {plain(candidate.name)} ({_percent(candidate.probability)}, {candidate.band})")


def _percent(probability: float) -> str:
    """Return a probability that never claims to be certain."""
    if probability < 0.01:
        return "< 1%"
    return "> 99%" if probability > 0.99 else f"{probability:.0%}"


def _print_sections(sections: Iterable[ReviewedSection]) -> None:
    for section in sections:
        if section.statements:
            print(f"\n{plain(section.title)}")
        for statement in section.statements:
            whose = "Clinician: " if statement.by_clinician else ""
            print(f"  {whose}{plain(statement.text)} {''.join(f'[{n}]' for n in statement.citations)}".rstrip())


def _print_passages(draft: Draft) -> None:
    print("\nPassages")
    for cited in draft.passages:
        title, section, source = (plain(getattr(cited.passage, name)) for name in ("title", "section", "source"))
        print(f"  [{cited.number}] {title}: {section} ({source})")


@contextmanager
def progress(*, as_json: bool = False) -> Iterator[Task]:
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
    if as_json:
        yield lambda s: print(json.dumps({"message": s.message, "done": s.done, "total": s.total}), flush=True)
    elif sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
    else:
        with _bar() as show:
            yield show


@contextmanager
def _bar() -> Iterator[Callable[[Step], None]]:
    from rich.console import Console  # a fifth of the start of a command, and most have no bar to show
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("Starting", total=None)
        yield lambda s: bar.update(line, description=s.message, completed=s.done, total=s.total)
