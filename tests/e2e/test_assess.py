"""`medrag assess`: the contract of input, output and exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from tests.e2e.conftest import ROOT, Medrag

pytestmark = pytest.mark.models

EXAMPLES = sorted((ROOT / "assets" / "examples").glob("*.json"))
SCHEMA = ROOT / "docs" / "schemas" / "draft.schema.json"
LEVELS = ("search", "extractive", "generated")


def encounter(**fields: Any) -> str:
    return json.dumps({"history": "Fever and cough for three days.", **fields})


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_keeps_the_schema_and_its_promises(medrag: Medrag, level: str) -> None:
    outcome = medrag("assess", EXAMPLES[0], "--json", "--level", level)
    assert outcome.code == 0, outcome.err
    draft = outcome.json()
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(draft)
    assert draft["status"] == "draft"
    assert draft["level"] == level
    assert len(draft["differential"]) >= 10
    texts = {passage["number"]: passage["text"] for passage in draft["passages"]}
    cited = {n for s in draft["sections"] for x in s["statements"] for n in x["citations"]}
    cited |= {n for candidate in draft["differential"] for n in candidate["citations"]}
    assert cited <= texts.keys()
    assert bool(draft["sections"]) == (level != "search")
    for section in draft["sections"][1:]:
        for statement in section["statements"]:
            assert statement["citations"], statement
            tail = re.split(r"; ", statement["text"])[-1].rstrip(".").lower()
            assert any(tail in " ".join(texts[n].split()).lower() for n in statement["citations"]), statement


def test_equal_input_and_seed_give_an_equal_draft(medrag: Medrag) -> None:
    drafts = [medrag("assess", EXAMPLES[0], "--json", "--seed", "7").json() for _ in range(2)]
    for draft in drafts:
        del draft["provenance"]["timings_ms"], draft["provenance"]["created"]
    assert drafts[0] == drafts[1]


COMMANDS = {
    "assess": ["assess", str(EXAMPLES[0]), "--json"],
    "save": ["assess", str(EXAMPLES[0]), "--level", "search", "--save", "--passphrase-file", "passphrase"],
    "cases": ["cases", "list", "--passphrase-file", "passphrase"],
    "search": ["search", "fever"],
    "packs": ["pack", "list"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_neither_torch_nor_qt_nor_a_network_module_is_loaded(tmp_path: Path, built_base: Path, name: str) -> None:
    code = (
        "import sys; from medrag_desktop import cli; sys.argv = ['medrag', *sys.argv[1:]]\n"
        "try: cli.main()\n"
        "except SystemExit as stop: code = stop.code\n"
        "unwanted = {'torch', 'transformers', 'requests', 'httpx', 'PySide6', 'shiboken6'}\n"
        "print(code, sorted(unwanted & set(sys.modules)), file=sys.stderr)"
    )
    (tmp_path / "passphrase").write_text("correct horse battery\n", "utf-8")
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    environment = {**os.environ, "MEDRAG_BASE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS[name]], capture_output=True, cwd=tmp_path, env=environment, check=False
    )
    expected = "1 []" if name == "cases" else "0 []"  # there is no history to list, which is told without Qt, too
    assert done.stderr.decode().strip().splitlines()[-1] == expected


def test_jsonl_answers_line_by_line_in_order(medrag: Medrag) -> None:
    twice = '{"id": "e", "history": "Cough.", "allergies": ["penicillin"], "allergies": []}'
    lines = [encounter(id="a"), "{broken", "", "  ", encounter(id="c", unknown_field=1), "[" * 100_000, twice, ""]
    outcome = medrag("assess", "-", "--jsonl", "--level", "extractive", stdin="\n".join([*lines, encounter(id="d")]))
    assert outcome.code == 0, outcome.err
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert [row.get("id") for row in rows] == ["a", None, "c", None, "e", "d"]
    assert [row.get("line") for row in rows] == [None, 2, 5, 6, 7, None]
    schema = json.loads((ROOT / "docs" / "schemas" / "error_line.schema.json").read_text("utf-8"))
    for row in rows[1:5]:
        Draft202012Validator(schema).validate(row)
        assert row["error"].startswith(f"line {row['line']}")
    assert "unknown_field" in rows[2]["error"]
    assert "'allergies' stands twice" in rows[4]["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
@pytest.mark.parametrize("more", [("--json",), ("--jsonl",), ()])
def test_who_reads_one_line_gets_it_and_nothing_is_said(
    built_base: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text("\n".join([encounter()] * 30), "utf-8")
    command = [sys.executable, "-m", "medrag_desktop", "assess", str(many if "--jsonl" in more else EXAMPLES[0])]
    command += ["--level", "search", *more, "--base-dir", str(built_base)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) in (0, 141)
    assert process.returncode == 141 or "--jsonl" not in more


def test_the_result_carries_what_was_entered(medrag: Medrag) -> None:
    given = {
        "patient": {"age_years": 30.0, "weight_kg": 61.0},
        "history": "Fever and cough for three days.",
        "findings": [{"finding": "fever", "duration_hours": 72.0, "severity": "severe"}],
        "vital_signs": {"spo2_percent": 88.0, "on_oxygen": True},
        "medications": ["salbutamol"],
        "allergies": ["penicillin"],
        "region": "south-asia",
    }
    draft = medrag("assess", "-", "--json", "--level", "search", stdin=json.dumps(given)).json()
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(draft)
    told = draft["encounter"]
    for name in ("history", "medications", "allergies", "region"):
        assert told[name] == given[name]
    assert told["vital_signs"]["spo2_percent"] == 88
    assert told["vital_signs"]["on_oxygen"] is True
    assert told["findings"][0]["severity"] == "severe"
    fever = next(f for f in draft["findings"] if f["finding"] == "fever")
    assert (fever["duration_hours"], fever["severity"], fever["origin"]) == (72, "severe", "form")


BAD_INPUT = {
    "malformed": ("{", "JSON"),
    "not an object": ("[]", "object"),
    "nothing to assess": ('{"patient": {}}', "chief_complaint"),
    "age": (encounter(patient={"age_years": 900}), "age_years"),
    "wrong type": (encounter(patient={"age_years": "old"}), "age_years"),
    "temperature": (encounter(vital_signs={"temperature_celsius": 391}), "temperature_celsius"),
    "unknown field": (encounter(chief_complain="x"), "chief_complain"),
    "unknown finding": (encounter(findings=[{"finding": "caugh"}]), "cough"),
    "NUL": (encounter(chief_complaint="a\x00b"), "chief_complaint"),
    "two megabytes": (encounter(history="a" * 2_000_000), "MB"),
    "date": (encounter(date="yesterday"), "date"),
    "region": (encounter(region="atlantis"), "region"),
    "key twice": ('{"history": "a", "allergies": ["nuts"], "allergies": []}', "allergies"),
    "pregnant man": (encounter(patient={"sex": "male", "pregnant": True}), "sex"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_clear_sentence(medrag: Medrag, name: str) -> None:
    text, field = BAD_INPUT[name]
    outcome = medrag("assess", "-", "--json", "--level", "search", stdin=text)
    assert outcome.code == 1
    assert outcome.out == ""
    assert field in outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


def test_a_missing_file_and_wrong_usage(medrag: Medrag) -> None:
    missing = medrag("assess", "no-such-file.json")
    assert missing.code == 1
    assert "no-such-file.json" in missing.err
    assert medrag("assess", EXAMPLES[0], "--level", "psychic").code == 2
    assert medrag("no-such-command").code == 2


def test_without_a_pack_the_error_says_what_to_do(tmp_path: Path, medrag: Medrag) -> None:
    outcome = medrag("assess", EXAMPLES[0], "--base-dir", tmp_path)
    assert outcome.code == 1
    assert "medrag pack build" in outcome.err


@pytest.mark.parametrize("role", ["retriever", "generator"])
def test_a_damaged_model_is_named(tmp_path: Path, medrag: Medrag, role: str) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    victim = max((models / role).glob("*.onnx"), key=lambda file: file.stat().st_size)
    names = {file.name for file in (models / role).glob("*.onnx")}
    for file in (models / role).glob("*.onnx"):
        with file.open("r+b") as stream:
            stream.seek(victim.stat().st_size // 3)
            stream.write(b"damaged")
    outcome = medrag("assess", EXAMPLES[0], "--json", env={"MEDRAG_MODELS_DIR": str(models)})
    assert any(name in outcome.err for name in names)
    assert "Traceback" not in outcome.err
    if role == "generator":
        assert outcome.code == 0
        assert outcome.json()["level"] == "extractive"
        assert any(name in note for name in names for note in outcome.json()["provenance"]["notes"])
    else:
        assert outcome.code == 1


def test_a_library_pack_of_another_version_is_not_searched(tmp_path: Path, medrag: Medrag, built_base: Path) -> None:
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    manifest = tmp_path / "packs" / "library" / "pack.json"
    body = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps({**body, "version": "2026.01.01-00000000"}), "utf-8")
    outcome = medrag("assess", EXAMPLES[0], "--level", "search", "--base-dir", tmp_path)
    assert outcome.code == 1
    assert "another version" in outcome.err
    assert "medrag pack build" in outcome.err


def test_the_settings_file_counts(tmp_path: Path, medrag: Medrag, built_base: Path) -> None:
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    settings = tmp_path / "settings.toml"
    settings.write_text('level = "search"\ncandidates = 4\npassages = 5\n', "utf-8")
    draft = medrag("assess", EXAMPLES[0], "--json", "--base-dir", tmp_path).json()
    assert draft["level"] == "search"
    assert draft["provenance"]["settings"]["candidates"] == "4"
    assert len(draft["differential"]) < 10
    asked = medrag("assess", EXAMPLES[0], "--json", "--level", "extractive", "--base-dir", tmp_path).json()
    assert asked["level"] == "extractive"
    settings.write_text("candidates = many\n", "utf-8")
    outcome = medrag("assess", EXAMPLES[0], "--base-dir", tmp_path)
    assert outcome.code == 1
    assert "settings.toml" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_damaged_pack_is_named(tmp_path: Path, medrag: Medrag, built_base: Path) -> None:
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    file = tmp_path / "packs" / "library" / "passages.db"
    file.write_bytes(file.read_bytes()[:-100])
    outcome = medrag("assess", EXAMPLES[0], "--base-dir", tmp_path)
    assert outcome.code == 1
    assert "passages.db" in outcome.err


def test_nothing_relevant_drafts_nothing(medrag: Medrag) -> None:
    outcome = medrag("assess", "-", "--json", stdin=json.dumps({"history": "The tractor needs a new gearbox."}))
    draft = outcome.json()
    assert draft["outside_library"]
    assert draft["evidence"] in ("none", "weak")
    assert all(not s["statements"] or s["title"].startswith("Summary") for s in draft["sections"])


HOSTILE = '#read("/etc/passwd") *bold* $x$ #panic() <script> \\ "quote" \u202e right-to-left \u4e2d\u6587 \U0001f600'


def test_the_pdf_shows_hostile_text_as_text(tmp_path: Path, medrag: Medrag) -> None:
    text = encounter(chief_complaint=HOSTILE, reference=HOSTILE[:60], history=f"{HOSTILE} Fever. Cough.")
    out = tmp_path / "draft.pdf"
    outcome = medrag("assess", "-", "--pdf", out, stdin=text)
    assert outcome.code == 0, outcome.err
    words = " ".join(page.extract_text() for page in PdfReader(out).pages)
    assert "root:" not in words
    assert '#read("/etc/passwd")' in words


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_pdf_of_every_example(tmp_path: Path, medrag: Medrag, example: Path) -> None:
    out = tmp_path / "draft.pdf"
    outcome = medrag("assess", example, "--pdf", out)
    assert outcome.code == 0, outcome.err
    assert outcome.out.strip() == str(out)
    reader = PdfReader(out)
    for number, page in enumerate(reader.pages, start=1):
        words = page.extract_text()
        assert "DRAFT - not verified by a clinician" in words
        assert f"page {number} of {len(reader.pages)}" in words
    assert all(embedded(font) for page in reader.pages for font in fonts_of(page))
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert b"pdfaid:part" in metadata.stream.get_data()
    assert plain(plain(plain(reader.trailer["/Root"])["/MarkInfo"])["/Marked"])


def plain(value: Any) -> Any:
    return value.get_object()


def fonts_of(page: Any) -> list[Any]:
    return [plain(font) for font in plain(plain(page["/Resources"]).get("/Font", {})).values()]


def embedded(font: Any) -> bool:
    descendant = plain(plain(font["/DescendantFonts"])[0])
    return bool({"/FontFile2", "/FontFile3"} & set(plain(descendant["/FontDescriptor"])))


def test_an_unwritable_pdf_is_an_error_and_leaves_nothing(tmp_path: Path, medrag: Medrag) -> None:
    outcome = medrag("assess", EXAMPLES[0], "--level", "search", "--pdf", tmp_path / "missing" / "draft.pdf")
    assert outcome.code == 1
    assert "draft.pdf" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_the_log_holds_no_patient_text(medrag: Medrag, built_base: Path) -> None:
    secret = "Zephyrine Quatrebarbes"
    medrag("assess", "-", "--json", stdin=encounter(history=f"{secret} has fever.", reference=secret))
    medrag("assess", "-", "--json", stdin=encounter(history=f"{secret} has fever.", findings=[{"finding": secret}]))
    logs = [file.read_text("utf-8") for file in (built_base / "logs").glob("*")]
    assert not any("Quatrebarbes" in text for text in logs)
