"""`medrag self-test`: every part of this installation once, each by itself, so that one fault hides no other."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from medrag_desktop import bootstrap
from medrag_desktop.adapters.onnx_session import read_manifest, verified_path
from medrag_desktop.adapters.result_json import self_test_to_json
from medrag_desktop.cli.output import AsJson, BaseDir, plain, print_json
from medrag_desktop.config import find_paths
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.draft import Level
from medrag_desktop.domain.encounter import Encounter, Patient, Presence, VitalSigns
from medrag_desktop.domain.evidence import Query
from medrag_desktop.domain.generation import GenerationRequest
from medrag_desktop.errors import MedragError, WrongPassphrase
from medrag_desktop.tasks import Task

_QUESTION = "What should a child with watery diarrhoea drink?"
_RELATED = ("Diarrhoea", "Give oral rehydration solution after each loose stool, and go on with breastfeeding.")
_UNRELATED = ("Fracture", "Splint the broken bone, and take an X-ray in two planes.")
_FIRST = 10
"""Places of a ranked list in which a condition must be found by its own name."""
_PASSPHRASE, _WRONG = "only for the self-test", "not for the self-test"
_MARK = "self-test of the case history"
_WINDOW_SECONDS = 120


def self_test(
    json_out: AsJson = False,
    base_dir: BaseDir = None,
    window: Annotated[bool, typer.Option("--window", hidden=True, help="Only open the window once.")] = False,
) -> None:
    """Run every part of this installation once; the exit code is 1 if one fails."""
    if window:
        print(open_window_once())
        return
    checks = []
    for check in run_parts(parts(base_dir)):
        checks.append(check)
        if not json_out:
            part, ok, detail = check
            print(f"{'ok    ' if ok else 'FAILED'} {part}: {detail}", flush=True)
    if json_out:
        print_json(self_test_to_json(checks))
    if not all(ok for _, ok, _ in checks):
        raise MedragError("The self-test failed; do what the lines above say, or install the program again.")


def parts(base_dir: Path | None) -> dict[str, Callable[[], str]]:
    """Return every part by name: a call that says what it did, or raises what is wrong."""
    return {
        "clinical library": lambda: _clinical_library(base_dir),
        "danger signs": lambda: _danger_signs(base_dir),
        "model files": lambda: _model_files(base_dir),
        "encoders": lambda: _encoders(base_dir),
        "packs": lambda: _packs(base_dir),
        "search by meaning": lambda: _search(base_dir, "dense_rank"),
        "search by words": lambda: _search(base_dir, "lexical_rank"),
        "generator": lambda: _generator(base_dir),
        "case history": _case_history,
        "example to PDF": lambda: _example(base_dir),
        "window": _window,
    }


def run_parts(parts: dict[str, Callable[[], str]]) -> Iterator[tuple[str, bool, str]]:
    """Yield the name of each part, whether it works, and what it says."""
    for name, run in parts.items():
        try:
            yield name, True, run()
        except MedragError as error:
            yield name, False, plain(str(error))
        except Exception as error:  # noqa: BLE001 - a part that breaks must not hide those after it
            yield name, False, f"This is a fault of the program ({type(error).__name__})."


def open_window_once() -> str:
    """Open the window on an empty data folder and close it; say so where Qt cannot be loaded."""
    try:
        from medrag_desktop.gui import make_app, show
        from medrag_desktop.gui.main_window import MainWindow
        from medrag_desktop.gui.window_place import WindowPlace
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        return f"not tried, because Qt cannot be loaded here ({plain(str(error))})"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        desk = bootstrap.make_desk(Path(folder))
        app = make_app(desk)
        window = MainWindow(desk)
        try:
            show(window, WindowPlace(desk.paths.window))
            window.begin()
            app.processEvents()
            if not window.isVisible():
                raise MedragError("The window did not open.")
            return f"opened with {window.width()} x {window.height()} points"
        finally:
            window.shut_down()


def _clinical_library(base_dir: Path | None) -> str:
    catalogue = bootstrap.make_ranker(base_dir).catalogue
    counts = f"{len(catalogue.conditions)} conditions, {len(catalogue.danger_rules)} danger-sign rules"
    return f"{counts}, {catalogue.review_state}"


def _danger_signs(base_dir: Path | None) -> str:
    """Let the rules judge a patient who is dying, by what was measured and by what the text says."""
    ranker = bootstrap.make_ranker(base_dir)
    measured = Encounter(Patient(30), "Short of breath", vital_signs=VitalSigns(spo2_percent=60, avpu="U"))
    told = Encounter(Patient(30), "Fits", "He has had convulsions since this morning.")
    fired = [ranker.triage(encounter)[2].fired for encounter in (measured, told)]
    if not all(any(sign.urgency is Urgency.EMERGENCY for sign in signs) for signs in fired):
        raise MedragError("The rules saw no emergency in an unconscious patient, or in one who is convulsing.")
    if ranker.triage(told)[1].presence("convulsions") is not Presence.PRESENT:
        raise MedragError("The convulsions in a text were not read.")
    return f"{len(fired[0])} fired on measurements, {len(fired[1])} on a text"


def _model_files(base_dir: Path | None) -> str:
    """Compare every file of every model with its checksum."""
    read = []
    for role in ("retriever", "generator"):
        folder = find_paths(base_dir).models / role
        manifest = read_manifest(folder)
        for file in manifest.files:
            verified_path(folder, manifest, file)
        read.append(f"{manifest.id} ({len(manifest.files)} files)")
    return ", ".join(read)


def _encoders(base_dir: Path | None) -> str:
    """Encode a question and two passages: the passage that answers it must be the nearer one."""
    encoder = bootstrap.make_encoder(base_dir)
    question = encoder.encode_questions([_QUESTION], task=Task())[0]
    near, far = (float(vector @ question) for vector in encoder.encode_passages([_RELATED, _UNRELATED], task=Task()))
    if not near > far:
        raise MedragError(f"An answer is no nearer to its question ({near:.2f}) than another text ({far:.2f}).")
    return f"{near:.2f} to its answer, {far:.2f} to another text"


def _packs(base_dir: Path | None) -> str:
    shelf = bootstrap.make_shelf(base_dir)
    verified = [shelf.verify(manifest.id) for manifest in shelf.manifests()]
    if not any(manifest.id == bootstrap.LIBRARY_PACK for manifest in verified):
        raise MedragError("The library pack is not built yet; type `medrag pack build` once.")
    return ", ".join(f"{manifest.id} {manifest.version}" for manifest in verified)


def _search(base_dir: Path | None, ranking: str) -> str:
    """Ask for a condition by its name in one of the two ranked lists."""
    condition = bootstrap.make_ranker(base_dir).catalogue.conditions[0]
    question = Query(f"What are the signs of {condition.name}?", "question")
    (hits,) = bootstrap.make_library(base_dir).search([question], 2 * _FIRST, task=Task())
    own = [getattr(hit, ranking) for hit in hits if hit.passage.condition == condition.id]
    place = min((place for place in own if place is not None), default=None)
    if place is None or place > _FIRST:
        raise MedragError(f"A question about {condition.name} did not find its passages; type `medrag pack build`.")
    return f"{condition.name} found at place {place}"


def _generator(base_dir: Path | None) -> str:
    """Let the generator write about a few conditions from their own texts."""
    generator = bootstrap.make_generator(base_dir)
    documents = bootstrap.library_documents(bootstrap.make_ranker(base_dir).catalogue)[:3]
    requests = [
        GenerationRequest("Assessment", f"{document.title}: patient", (document.sections[0].text,), (1.0,))
        for document in documents
    ]
    written = [answers[0].text for answers in generator.generate(requests, task=Task()) if answers]
    words = sum(len(text.split()) for text in written)
    if len(written) < len(requests) or words < 2 * len(requests):
        raise MedragError("The generator wrote nothing; install the program again.")
    return f"{words} words written from {len(requests)} texts"


def _case_history() -> str:
    """Make a history aside, and read a case from it as after a restart, which only its passphrase allows."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        history = bootstrap.make_history(Path(folder))
        words = history.create(_PASSPHRASE)
        case = history.save(history.new_case(Encounter(history=_MARK)))
        history.lock()
        if any(_MARK.encode() in file.read_bytes() for file in Path(folder).rglob("*") if file.is_file()):
            raise MedragError("The case history is not encrypted; do not use it, and install the program again.")
        later = bootstrap.make_history(Path(folder))
        try:
            later.unlock(_WRONG)
        except WrongPassphrase:
            later.unlock(_PASSPHRASE)
        else:
            raise MedragError("A wrong passphrase opened the case history; do not use it.")
        found = later.case(case.id).encounter.history
        later.lock()
    if found != _MARK:
        raise MedragError("A saved case did not come back as it was.")
    return f"saved, locked and opened again; {len(words)} recovery words"


def _example(base_dir: Path | None) -> str:
    """Assess an example at the highest level, and print it."""
    services = bootstrap.make_services(base_dir, Level.GENERATED)
    example = min((find_paths(base_dir).assets / "examples").glob("*.json"))
    encounter, _ = services.read_encounter(example.read_bytes(), example.name)
    draft = services.assessor.assess(encounter, task=Task())
    if draft.level is not Level.GENERATED:
        raise MedragError(" ".join(draft.provenance.notes) or "The draft fell back to a lower level.")
    statements = sum(len(section.statements) for section in draft.sections)
    if not statements:
        raise MedragError("The draft of an example is empty.")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "draft.pdf"
        services.report.write(encounter, draft, out)
        return f"{statements} statements, {out.stat().st_size} bytes"


def _window() -> str:
    """Open the window in a process of its own without a screen: Qt ends the process where it cannot start."""
    program = (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "medrag_desktop")
    try:
        done = subprocess.run(
            [*program, "self-test", "--window"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            timeout=_WINDOW_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MedragError(f"The window did not open within {_WINDOW_SECONDS} seconds.") from None
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise MedragError(plain(" ".join(("The window did not open.", *last))))
    return plain(done.stdout.decode("utf-8", "replace")) or "opened"
