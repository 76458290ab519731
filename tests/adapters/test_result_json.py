"""What the commands without a draft print: in the shape of the committed schemas, which are those in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from medrag_desktop.adapters.result_json import (
    SCHEMAS,
    case_erasure_to_json,
    case_export_to_json,
    error_line_to_json,
    evaluation_to_json,
    extraction_to_json,
    packs_to_json,
    problems_to_json,
    recovery_words_to_json,
    result_schema,
    retrieval_to_json,
    search_to_json,
    self_test_to_json,
)
from medrag_desktop.domain.evidence import Hit, PackManifest, Query, Reason
from medrag_desktop.services.evaluate import (
    Accuracy,
    Bin,
    Calibration,
    DifferentialResult,
    EmergencyResult,
    Miss,
    Rate,
)
from medrag_desktop.services.evaluate_extraction import ExtractionResult, Misread
from medrag_desktop.services.evaluate_retrieval import CUTS, Benchmark, RetrievalScores
from medrag_desktop.services.library_problem import Problem
from tests.drafts import PASSAGE

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schemas"
HITS = (Hit(PASSAGE, 0.5, 0.25, dense_rank=1), Hit(PASSAGE, 0.25, -0.5, lexical_rank=2))
REASON = Reason(("Cough",), "Cough is common.")
MANIFEST = PackManifest(
    "library", "Library", "2026.11.22-0", "2026-11-22", "dpr", 384, 2, 1, ("A source",), ("CC",), (("a.db", "00"),)
)
RATES = {k: Rate(0.123456, 0.1, 0.2) for k in (1, 3, 5, 10)}
MISSES = (Miss("7", "Measles", None, "not in library", ""), Miss("8", "Flu", 4, "outranked", "x"))
BENCHMARK = Benchmark("library", "Encounters", (Query("cough", "presentation"),), (PASSAGE,), (frozenset({0}),))
SCORES = RetrievalScores(Rate(0.5, 0.4, 0.6), Rate(0.5, 0.4, 0.6), {k: Rate(1, 1, 1) for k in CUTS}, Rate(0, -0.1, 0.1))
ACCURACY = Accuracy(2, 1, RATES, RATES)
EVALUATION = DifferentialResult(
    strict=ACCURACY,
    lenient=ACCURACY,
    by_system={"infectious": ACCURACY},
    outside_said=RATES[1],
    outside_said_wrongly=RATES[1],
    calibration=Calibration(0.25, (Bin(0.0, 0.1, 2, 0.05, 0.5),)),
    misses=MISSES,
    emergencies=EmergencyResult(1, ("7",), 1, RATES[1]),
)
RESULTS: dict[str, Any] = {
    "search": search_to_json(HITS, (REASON, REASON), "found", "cough"),
    "pack_list": packs_to_json([MANIFEST]),
    "library_check": problems_to_json([Problem("error", "a.toml", "It is broken.")]),
    "self_test": self_test_to_json([("packs", True, "fine"), ("window", False, "none")]),
    "evaluate_differential": evaluation_to_json(EVALUATION),
    "evaluate_extraction": extraction_to_json(
        ExtractionResult(
            1, 4, 3, 4, 3, 1, 2, 1, (Misread("7", "cough", "missed", ""), Misread("7", "rash", "wrong", "rash"))
        )
    ),
    "evaluate_retrieval": retrieval_to_json([(BENCHMARK, {"BM25": SCORES})]),
    "error_line": error_line_to_json(3, "line 3: history must be text."),
    "case_export": case_export_to_json("1b9d", Path("out.pdf")),
    "case_erasure": case_erasure_to_json("1b9d", erased=False),
    "recovery_words": recovery_words_to_json(("abandon", "about")),
}


def test_every_schema_has_its_command() -> None:
    assert set(RESULTS) == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_one_in_force_and_results_keep_it(
    name: str, request: pytest.FixtureRequest
) -> None:
    schema, file = result_schema(name), FOLDER / f"{name}.schema.json"
    if request.config.getoption("--regenerate"):
        file.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(file.read_text(encoding="utf-8")) == schema
    jsonschema.validate(json.loads(json.dumps(RESULTS[name])), schema)


def test_a_search_without_evidence_shows_nothing() -> None:
    nothing = {"schema_version": 1, "read_as": "bicycle", "evidence": "none", "hits": []}
    assert search_to_json((), (), "none", "bicycle") == nothing
    assert [hit["rank"] for hit in RESULTS["search"]["hits"]] == [1, 2]


def test_an_error_line_may_bear_the_id_of_its_line() -> None:
    schema = result_schema("error_line")
    for identifier in ("a", 7):
        jsonschema.validate({**RESULTS["error_line"], "id": identifier}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"error": "no line"}, schema)


def test_one_part_that_fails_fails_the_whole() -> None:
    assert RESULTS["self_test"]["ok"] is False
    assert self_test_to_json([("packs", True, "fine")])["ok"] is True


def test_rates_are_rounded_and_misses_whole() -> None:
    result = RESULTS["evaluate_differential"]
    assert (result["strict"]["top_1"]["value"], result["lenient"]["covered"]["n"]) == (0.1235, 1)
    assert [(miss["rank"], miss["reason"]) for miss in result["misses"]] == [(None, "not in library"), (4, "outranked")]
