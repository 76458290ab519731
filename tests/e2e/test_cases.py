"""`medrag assess --save` and `medrag cases`: the encrypted history from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from medrag_desktop.adapters.case_schema import MIGRATIONS
from medrag_desktop.adapters.case_store import SqlCipherVault
from medrag_desktop.domain.case import conclude, edit_statement, start_review
from medrag_desktop.services.history import History
from tests.e2e.conftest import ROOT, Outcome, run_medrag

pytestmark = pytest.mark.models

PASSPHRASE = "correct horse battery"
SCHEMAS = ROOT / "docs" / "schemas"
NAME = "Zephyrine Quatrebarbes"


@dataclass(frozen=True, slots=True)
class Clinic:
    """One folder of packs and history, and the passphrase file that opens it."""

    base: Path
    key: Path

    def run(self, *arguments: str | Path, stdin: str = "") -> Outcome:
        """Run a command that opens the history."""
        return run_medrag(*arguments, "--passphrase-file", self.key, base=self.base, stdin=stdin)

    def save(self, **fields: Any) -> Outcome:
        """Assess an encounter and save it."""
        encounter = json.dumps({"history": "Fever and cough for three days.", **fields})
        return self.run("assess", "-", "--json", "--level", "search", "--save", stdin=encounter)

    def files(self) -> dict[str, bytes]:
        """Return every file of the history."""
        return {path.name: path.read_bytes() for path in (self.base / "history").iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def packs(built_base: Path) -> Path:
    return built_base / "packs"


@pytest.fixture
def clinic(tmp_path: Path, packs: Path) -> Clinic:
    """Return a clinic that has a library pack and no history yet."""
    base = tmp_path / "clinic"
    shutil.copytree(packs, base / "packs")
    return Clinic(base, key_file(tmp_path / "passphrase"))


def key_file(path: Path, text: str = f"{PASSPHRASE}\n") -> Path:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def check_schema(name: str, value: Any) -> None:
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))).validate(value)


def refused(outcome: Outcome, words: str) -> None:
    """Check that a command ended with one clear sentence."""
    assert outcome.code == 1, outcome.err
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert len(outcome.err.strip().splitlines()) == 1


def test_a_case_from_saving_to_erasing(clinic: Clinic, tmp_path: Path) -> None:
    saved = clinic.save(reference=NAME, chief_complaint="Quinsylike throat", patient={"age_years": 30, "sex": "male"})
    assert saved.code == 0, saved.err
    case_id = saved.json()["case"]
    words = [line.split() for line in saved.err.splitlines() if line.startswith("  ")]
    assert [len(line) for line in words] == [12]
    assert "never shown again" in saved.err

    other = clinic.save(reference="Somebody else")
    assert (other.code, other.err) == (0, "")

    listed = clinic.run("cases", "list", "--json")
    check_schema("case_list", listed.json())
    assert [line["case"] for line in listed.json()["cases"]] == [other.json()["case"], case_id]
    assert clinic.run("cases", "list", "--search", "quatre quinsy", "--json").json()["cases"][0]["case"] == case_id
    line = clinic.run("cases", "list", "--search", NAME).out
    assert all(part in line for part in (case_id[:8], NAME, "man of 30 years", "Quinsylike throat", "draft"))
    assert "No case" in clinic.run("cases", "list", "--search", "fracture").out

    shown = clinic.run("cases", "show", case_id[:8], "--json").json()
    check_schema("case", shown)
    assert shown["encounter"]["reference"] == NAME
    assert shown["draft"]["level"] == "search"
    text = clinic.run("cases", "show", case_id).out
    assert NAME in text
    assert "DRAFT - not verified by a clinician" in text

    pdf, plain = tmp_path / "case.pdf", tmp_path / "case.json"
    assert clinic.run("cases", "export", case_id[:8], pdf).out.strip() == str(pdf)
    assert f"Patient {NAME}" in PdfReader(pdf).pages[0].extract_text()
    exported = clinic.run("cases", "export", case_id[:8], plain, "--json").json()
    check_schema("case_export", exported)
    assert (exported["case"], exported["file"]) == (case_id, str(plain))
    assert json.loads(plain.read_text("utf-8")) == shown

    refused(clinic.run("cases", "erase", case_id[:8]), "--yes")
    erasure = clinic.run("cases", "erase", case_id[:8], "--yes", "--json").json()
    check_schema("case_erasure", erasure)
    assert (erasure["case"], erasure["erased"]) == (case_id, True)
    refused(clinic.run("cases", "show", case_id[:8]), case_id[:8])
    assert [line["case"] for line in clinic.run("cases", "list", "--json").json()["cases"]] == [other.json()["case"]]

    everything = b"".join(path.read_bytes() for path in clinic.base.rglob("*") if path.is_file())
    for secret in (NAME, "Quinsylike", "Somebody else", PASSPHRASE, " ".join(words[0])):
        assert secret.encode() not in everything


def test_a_signed_case_is_shown_and_exported_as_signed(clinic: Clinic, tmp_path: Path) -> None:
    encounter = json.dumps(
        {"history": "Fever and cough for three days, short of breath.", "patient": {"age_years": 40}}
    )
    saved = clinic.run("assess", "-", "--json", "--level", "extractive", "--save", stdin=encounter)
    case_id = saved.json()["case"]
    history = History(SqlCipherVault(clinic.base / "history"))
    history.unlock(PASSPHRASE)
    case = history.case(case_id)
    assert case.draft is not None
    review = edit_statement(conclude(start_review(case.draft), "Pneumonia, probable"), 0, 0, "Seen at home.")
    history.sign(case, review, "Dr Ada B")
    history.lock()

    text = clinic.run("cases", "show", case_id).out
    assert "Signed by Dr Ada B" in text
    assert "Clinician: Seen at home." in text
    assert "DRAFT" not in text
    assert "signed" in clinic.run("cases", "list").out
    shown = clinic.run("cases", "show", case_id, "--json").json()
    check_schema("case", shown)
    assert (shown["review"]["status"], shown["review"]["diagnosis"]) == ("final", "Pneumonia, probable")
    out = tmp_path / "case.pdf"
    assert clinic.run("cases", "export", case_id, out).code == 0
    for page in PdfReader(out).pages:
        words = " ".join(page.extract_text().split())
        assert "Signed by Dr Ada B on" in words
        assert "DRAFT" not in words


def test_each_good_line_is_saved(clinic: Clinic) -> None:
    lines = ['{"history": "Fever.", "id": "a"}', "{broken", '{"history": "Cough.", "id": "c"}']
    saved = clinic.run("assess", "-", "--jsonl", "--level", "search", "--save", stdin="\n".join(lines))
    assert saved.code == 0, saved.err
    rows = [json.loads(line) for line in saved.out.splitlines()]
    assert ["case" in row for row in rows] == [True, False, True]
    listed = clinic.run("cases", "list", "--json").json()["cases"]
    assert {line["case"] for line in listed} == {rows[0]["case"], rows[2]["case"]}


def test_a_bad_encounter_makes_no_history(clinic: Clinic) -> None:
    assert clinic.save(patient={"age_years": 900}).code == 1
    refused(clinic.run("cases", "list"), "--save")
    assert not (clinic.base / "history").exists()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, packs: Path) -> Clinic:
    """Return a clinic with one saved case."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copytree(packs, folder / "clinic" / "packs")
    clinic = Clinic(folder / "clinic", key_file(folder / "passphrase"))
    assert clinic.save(reference=NAME).code == 0
    return clinic


@pytest.fixture
def copy(kept: Clinic, tmp_path: Path) -> Clinic:
    """Return a copy of that history, to be spoiled."""
    shutil.copytree(kept.base / "history", tmp_path / "copy" / "history")
    return Clinic(tmp_path / "copy", kept.key)


COMMANDS: list[tuple[str, ...]] = [("list",), ("erase", "a", "--yes")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_wrong_passphrase_changes_nothing(kept: Clinic, tmp_path: Path, command: tuple[str, ...]) -> None:
    before = kept.files()
    wrong = Clinic(kept.base, key_file(tmp_path / "wrong", "Correct horse battery\n"))
    refused(wrong.run("cases", *command), "passphrase")
    assert kept.files() == before


def test_saving_with_a_wrong_passphrase_changes_nothing(kept: Clinic, tmp_path: Path) -> None:
    before = kept.files()
    refused(Clinic(kept.base, key_file(tmp_path / "wrong", "another passphrase\n")).save(), "passphrase")
    assert kept.files() == before


def test_an_unknown_id_is_said(kept: Clinic) -> None:
    for words in (("export", "zzzz", "out.pdf"), ("erase", "zzzz", "--yes")):
        refused(kept.run("cases", *words), "zzzz")


def test_another_ending_is_refused_before_anything_is_opened(kept: Clinic) -> None:
    refused(kept.run("cases", "export", "a", "case.docx"), ".pdf or .json")


@pytest.fixture
def held(kept: Clinic) -> Iterator[None]:
    """Hold the history open in another process."""
    code = (
        "import sys; from pathlib import Path; from medrag_desktop.adapters.case_store import SqlCipherVault\n"
        "store = SqlCipherVault(Path(sys.argv[1])).open(sys.argv[2]); store.search('')\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(kept.base / "history"), PASSPHRASE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"open"
    yield
    process.communicate()


@pytest.mark.usefixtures("held")
def test_a_second_program_is_refused(kept: Clinic) -> None:
    outcome = kept.run("cases", "list")
    refused(outcome, "open")


@pytest.mark.parametrize("name", ["cases.db", "keys.json"])
def test_a_damaged_file_is_said_and_stays_as_it_was(copy: Clinic, name: str) -> None:
    file = copy.base / "history" / name
    data = bytearray(file.read_bytes())
    data[: len(data) // 2] = b"x" * (len(data) // 2)
    file.write_bytes(data)
    refused(copy.run("cases", "list"), "damaged")
    assert file.read_bytes() == bytes(data)


def test_a_file_of_a_later_version_is_said_and_stays_as_it_was(copy: Clinic) -> None:
    SqlCipherVault(copy.base / "history", migrations=(*MIGRATIONS, lambda _: None)).open(PASSPHRASE).close()
    before = copy.files()
    refused(copy.run("cases", "list"), "later version")
    assert copy.files() == before


def test_without_a_terminal_the_passphrase_is_not_waited_for(kept: Clinic) -> None:
    start = time.monotonic()
    refused(run_medrag("cases", "list", base=kept.base), "--passphrase-file")
    assert time.monotonic() - start < 30
    example = next((ROOT / "assets" / "examples").glob("*.json"))
    refused(run_medrag("assess", example, "--level", "search", "--save", base=kept.base), "--passphrase-file")


def test_the_passphrase_is_no_argument_and_no_variable(kept: Clinic) -> None:
    assert run_medrag("cases", "list", "--passphrase", PASSPHRASE, base=kept.base).code == 2
    variables = {"MEDRAG_PASSPHRASE": PASSPHRASE, "MEDRAG_PASSPHRASE_FILE": str(kept.key)}
    refused(run_medrag("cases", "list", base=kept.base, env=variables), "--passphrase-file")


def test_signs_that_control_a_terminal_are_not_printed(clinic: Clinic) -> None:
    case_id = clinic.save(reference="\x1b[2J\x07red", chief_complaint="\u202egnihguoc\r\nrow").json()["case"]
    for command in (("list",), ("show", case_id)):
        out = clinic.run("cases", *command).out
        assert not set(out) & {"\x1b", "\x07", "\r", "\u202e"}
        assert "gnihguoc row" in out


def on_a_terminal(base: Path, arguments: tuple[str, ...], answers: tuple[tuple[str, str], ...]) -> tuple[int, str]:
    """Run the program on a terminal of its own; answer each question when it stands there."""
    spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    process = subprocess.Popen(
        [sys.executable, "-c", spawn, sys.executable, "-m", "medrag_desktop", *arguments],
        cwd=base,
        env={**os.environ, "MEDRAG_BASE_DIR": str(base), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen, waiting = b"", list(answers)
    while data := os.read(process.stdout.fileno(), 4096):
        seen += data
        if waiting and waiting[0][0].encode() in seen[-200:] and seen.endswith(b": "):
            process.stdin.write(f"{waiting.pop(0)[1]}\n".encode())
            process.stdin.flush()
            seen += b"|"
    process.communicate()
    return process.returncode, seen.decode()


def offers_terminals() -> bool:
    """Tell whether a program can be given a terminal of its own here; a bare chroot has none to give."""
    try:
        ends = os.openpty()
    except (AttributeError, OSError):
        return False
    for end in ends:
        os.close(end)
    return True


@pytest.mark.skipif(not offers_terminals(), reason="this system gives no terminal")
def test_the_passphrase_is_asked_for_twice_and_never_shown(clinic: Clinic) -> None:
    example = str(next((ROOT / "assets" / "examples").glob("*.json")))
    saving = ("assess", example, "--level", "search", "--save")
    first, again = ("New passphrase", PASSPHRASE), ("The same again", PASSPHRASE)
    code, seen = on_a_terminal(clinic.base, saving, (first, ("The same again", "something else")))
    assert code == 1
    assert "differ" in seen
    assert not (clinic.base / "history").exists()
    code, seen = on_a_terminal(clinic.base, saving, (first, again))
    assert code == 0, seen
    assert "recovery words" in seen
    assert PASSPHRASE not in seen
    code, seen = on_a_terminal(clinic.base, ("cases", "list"), (("Passphrase", PASSPHRASE),))
    assert code == 0, seen
    case_id = seen.splitlines()[-1].strip("|").split()[0]
    for answer, left in (("n", 1), ("y", 0)):
        answers = (("Passphrase", PASSPHRASE), ("Erase this case", answer))
        code, seen = on_a_terminal(clinic.base, ("cases", "erase", case_id), answers)
        assert code == 0, seen
        assert len(clinic.run("cases", "list", "--json").json()["cases"]) == left
