"""The other commands: search, packs, library check, self-test, evaluation, model export."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from medrag_desktop.cli.self_test import parts, run_parts
from medrag_desktop.domain.held_out import held_out
from tests.e2e.conftest import ROOT, Medrag, run_medrag

pytestmark = pytest.mark.models


def keeps_schema(name: str, value: object) -> bool:
    schema = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(value)
    return True


def test_search_finds_the_right_monograph(medrag: Medrag) -> None:
    result = medrag("search", "red spots on the inside of the cheeks before a rash", "-k", "10", "--json").json()
    assert keeps_schema("search", result)
    assert result["evidence"] != "none"
    assert len(result["hits"]) <= 10
    assert "condition/measles" in {hit["document"] for hit in result["hits"]}


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "AND OR NOT",
        "*",
        "a:b^2~",
        "\U0001f600",
        "   ",
        "\u062d\u0645\u0649",
        "x" * 100_000,
        "fever " * 16_000,
        "the of and",
    ],
)
def test_search_takes_any_text(medrag: Medrag, text: str) -> None:
    outcome = medrag("search", text, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json()["evidence"] in ("found", "weak", "none")


def test_search_mends_spelling_keeps_to_a_filter_and_says_why(medrag: Medrag) -> None:
    result = medrag("search", "treatment of scabeis", "-k", "5", "--section", "management", "--json").json()
    assert keeps_schema("search", result)
    assert result["read_as"] == "treatment of scabies"
    assert {hit["section"] for hit in result["hits"]} == {"Management"}
    best = result["hits"][0]
    assert best["document"] == "condition/scabies"
    assert "Scabies" in best["matched"]
    assert best["sentence"] in best["text"]
    assert medrag("search", "scabies", "--pack", "none", "--json").json()["hits"] == []
    assert "Found by words" in medrag("search", "scabies", "-k", "1").out


def test_retrieval_is_measured_on_a_folder_of_corpora(medrag: Medrag, tmp_path: Path) -> None:
    subjects = [name for name in (f"Disease {n}" for n in range(90)) if held_out(name)]
    write_corpus(
        tmp_path,
        "medquad",
        [{"id": n, "focus": n, "qtype": "information", "question": f"What is {n}?", "answer": f"{n} is bad."}
         for n in (*subjects, "Fever", "Cough")],
    )  # fmt: skip
    snippets = [{"text": f"{n} is rare."} for n in subjects]
    rows = [{"id": "1", "batch": "10B1", "question": "Which disease is rare?", "snippets": snippets}]
    write_corpus(tmp_path, "bioasq_7b_10b", rows)
    sets = ("--only", "medquad", "--only", "bioasq", "--only", "typos")
    result = medrag("evaluate", "retrieval", "--data", tmp_path, *sets, "--json").json()
    assert keeps_schema("evaluate_retrieval", result)
    assert [one["name"] for one in result["sets"]] == ["bioasq", "medquad", "medquad, typos"]
    for one in result["sets"]:
        assert {"BM25", "DPR", "hybrid"} <= set(one["rankers"])
        assert one["rankers"]["hybrid"]["recall_at_20"]["value"] == 1.0
    assert medrag("evaluate", "retrieval", "--data", tmp_path / "none", "--only", "medquad").code != 0


def write_corpus(folder: Path, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    (folder / "corpora").mkdir(exist_ok=True)
    with gzip.open(folder / "corpora" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def test_packs_are_listed_verified_built_from_files_and_removed(medrag: Medrag, tmp_path: Path) -> None:
    packs = medrag("pack", "list", "--json").json()
    assert keeps_schema("pack_list", packs)
    assert [pack["id"] for pack in packs] == ["library"]
    assert medrag("pack", "verify", "library").code == 0
    guideline = tmp_path / "Local guideline.md"
    guideline.write_text(
        "# Malaria in this district\n\nEvery child with fever and chills is tested for malaria here.\n", "utf-8"
    )
    refused = medrag("pack", "build", guideline, "--id", "library")
    assert refused.code == 1
    assert "kept for the clinical library" in refused.err
    assert medrag("pack", "list", "--json").json() == packs
    built = medrag("pack", "build", guideline, "--id", "local")
    assert built.code == 0, built.err
    hits = medrag("search", "is a child with fever tested for malaria in this district", "--json").json()["hits"]
    assert hits[0]["pack"] == "local"
    fever = {
        "patient": {"age_years": 3},
        "region": "sub-saharan-africa",
        "chief_complaint": "High fever with chills in attacks, lives in a malaria area",
    }
    draft = medrag("assess", "-", "--json", "--level", "extractive", stdin=json.dumps(fever)).json()
    imported = [s for s in draft["sections"] if s["title"] == "From imported guidelines"]
    assert "tested for malaria here" in imported[0]["statements"][0]["text"]
    assert medrag("pack", "remove", "local").code == 0
    gone = medrag("pack", "remove", "local")
    assert gone.code == 1
    assert "local" in gone.err


def test_a_pack_travels_as_one_file(medrag: Medrag, tmp_path: Path) -> None:
    archive = tmp_path / "library.medpack"
    assert medrag("pack", "export", "library", archive).code == 0
    elsewhere = tmp_path / "elsewhere"
    assert medrag("pack", "install", archive, "--base-dir", elsewhere).code == 0
    assert medrag("pack", "verify", "library", "--base-dir", elsewhere).code == 0
    archive.write_bytes(archive.read_bytes()[:-2000])
    broken = medrag("pack", "install", archive, "--base-dir", tmp_path / "third")
    assert broken.code == 1
    assert "library.medpack" in broken.err


def test_a_pack_that_is_up_to_date_is_kept(medrag: Medrag, built_base: Path) -> None:
    manifest = built_base / "packs" / "library" / "pack.json"
    before = manifest.stat().st_mtime_ns
    assert medrag("pack", "build", "--if-needed").code == 0
    assert manifest.stat().st_mtime_ns == before


def test_pack_progress_as_json_lines(tmp_path: Path, medrag: Medrag) -> None:
    guideline = tmp_path / "note.md"
    guideline.write_text("# Note\n\nOral rehydration is given after each stool.\n", "utf-8")
    outcome = medrag("pack", "build", guideline, "--progress-json", "--base-dir", tmp_path / "other")
    steps = [json.loads(line) for line in outcome.out.splitlines() if line.startswith("{")]
    assert steps
    assert all(set(step) == {"message", "done", "total"} for step in steps)


def test_the_library_keeps_its_own_rules(medrag: Medrag) -> None:
    outcome = medrag("library", "check", "--json")
    assert outcome.code == 0, outcome.err + outcome.out
    assert keeps_schema("library_check", outcome.json())


def test_self_test_runs_every_part(medrag: Medrag, tmp_path: Path) -> None:
    good = medrag("self-test", "--json")
    assert good.code == 0, good.out
    assert keeps_schema("self_test", good.json())
    assert all(check["ok"] for check in good.json()["checks"])
    assert len(good.json()["checks"]) == 11
    bad = medrag("self-test", "--base-dir", tmp_path)
    assert bad.code == 1
    assert "medrag pack build" in bad.out


@pytest.mark.parametrize("file", ["passages.db", "vectors.npy", "scale.npy", "pack.json", "lexical/meta.json"])
def test_self_test_finds_a_damaged_file_of_a_pack(medrag: Medrag, built_base: Path, tmp_path: Path, file: str) -> None:
    shutil.copytree(built_base / "packs", tmp_path / "packs")
    victim = tmp_path / "packs" / "library" / file
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    (told,) = list(run_parts({"packs": parts(tmp_path)["packs"]}))
    assert not told[1]
    victim.unlink()
    (told,) = list(run_parts({"packs": parts(tmp_path)["packs"]}))
    assert not told[1]


def test_evaluation_reads_cases_and_says_why_they_are_missed(medrag: Medrag, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    rows = [
        {
            "demographics": "4 year old girl",
            "chief_complaints": "Fever, rash",
            "presentation": "Cough and red eyes, then a rash spreading from the face down. Koplik spots.",
            "absent_findings": "No neck stiffness",
            "physical_history": "",
            "family_history": "-",
            "social_history": "",
            "correct_diagnosis": "Measles",
        },
        {"demographics": "30 year old male", "presentation": "Blue hair.", "correct_diagnosis": "Blue hair syndrome"},
    ]
    cases.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    result = medrag("evaluate", "differential", cases, "--json").json()
    assert keeps_schema("evaluate_differential", result)
    assert result["strict"]["n"] == 2
    assert result["lenient"]["top_1"]["value"] == 0.5
    assert result["lenient"]["top_1"]["low"] <= 0.5 <= result["lenient"]["top_1"]["high"]
    assert [miss["reason"] for miss in result["misses"]] == ["not in library"]
    bad = medrag("evaluate", "differential", "-", stdin='\n\n{"presentation": 3, "correct_diagnosis": "x"}')
    assert bad.code == 1
    assert "presentation" in bad.err
    assert "line 3" in bad.err


def test_model_export_says_what_it_needs(medrag: Medrag, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError", "utf-8")
    outcome = medrag("model", "export", tmp_path / "none", tmp_path / "out")
    assert outcome.code == 1
    assert "Traceback" not in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process needs POSIX")
def test_ctrl_c_cancels_and_leaves_the_old_pack(built_base: Path) -> None:
    before = run_medrag("pack", "list", "--json", base=built_base).json()
    process = subprocess.Popen(
        [sys.executable, "-m", "medrag_desktop", "pack", "build", "--base-dir", str(built_base), "--progress-json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert run_medrag("pack", "list", "--json", base=built_base).json() == before
