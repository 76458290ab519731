"""What the commands without a draft print as JSON, version 1: fields may be added, never changed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from medrag_desktop.domain.evidence import Hit, PackManifest, Reason
from medrag_desktop.services.evaluate import Accuracy, DifferentialResult, EmergencyResult, Rate
from medrag_desktop.services.evaluate_extraction import ExtractionResult
from medrag_desktop.services.evaluate_retrieval import Benchmark, RetrievalScores
from medrag_desktop.services.library_problem import Problem

SCHEMA_VERSION = 1


class HitFields(Struct):
    """A passage that was found, and why; a rank is null where that list does not hold it."""

    rank: int
    score: float
    cosine: float
    lexical: float
    dense_rank: int | None
    lexical_rank: int | None
    id: str
    document: str
    title: str
    section: str
    text: str
    source: str
    date: str
    kind: str
    condition: str
    url: str
    pack: str
    matched: list[str]
    sentence: str


class SearchFields(Struct):
    """`medrag search`: no hits where nothing relevant was found; `read_as` is what was looked for."""

    schema_version: int
    read_as: str
    evidence: Literal["found", "weak", "none"]
    hits: list[HitFields]


class PackFields(Struct):
    """One installed knowledge pack; `sha256` holds pairs of file name and checksum."""

    id: str
    title: str
    version: str
    built_at: str
    encoder: str
    dimension: int
    passages: int
    documents: int
    sources: list[str]
    licences: list[str]
    sha256: list[tuple[str, str]]


class ProblemFields(Struct):
    """A rule of the clinical library that is broken."""

    severity: Literal["error", "warning"]
    file: str
    sentence: str


class CheckFields(Struct):
    """One part of the program, and whether it works here."""

    part: str
    ok: bool
    detail: str


class SelfTestFields(Struct):
    """`medrag self-test`."""

    ok: bool
    checks: list[CheckFields]


class RateFields(Struct):
    """A share with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


class CoveredFields(Struct):
    """The same of those cases whose diagnosis the library covers."""

    n: int
    top_1: RateFields
    top_3: RateFields
    top_5: RateFields
    top_10: RateFields


class AccuracyFields(Struct):
    """How often the right diagnosis is among the first candidates."""

    n: int
    top_1: RateFields
    top_3: RateFields
    top_5: RateFields
    top_10: RateFields
    covered: CoveredFields


class BinFields(Struct):
    """First candidates of a range of probabilities: the mean that was promised, the share that was right."""

    low: float
    high: float
    n: int
    promised: float
    right: float


class CalibrationFields(Struct):
    """How honest the probability of the first candidate is."""

    brier: float
    bins: list[BinFields]


class EmergencyFields(Struct):
    """Emergencies that are seen as neither emergency nor urgent, and the share of others seen as emergencies."""

    emergencies: int
    missed: list[str]
    others: int
    flagged: RateFields


class MissFields(Struct):
    """A case whose diagnosis is not first; the rank is null where it is not on the list."""

    case: str
    correct: str
    rank: int | None
    reason: Literal["not in library", "not extracted", "outranked"]
    first: str


class EvaluationFields(Struct):
    """`medrag evaluate differential`.

    `strict` counts a diagnosis by its names, `lenient` also by its category of ICD-10; the rest goes by `lenient`.
    """

    strict: AccuracyFields
    lenient: AccuracyFields
    by_system: dict[str, AccuracyFields]
    outside_said: RateFields
    outside_said_wrongly: RateFields
    calibration: CalibrationFields
    emergencies: EmergencyFields | None
    misses: list[MissFields]


class MisreadFields(Struct):
    """A finding that was missed, stated wrongly, or read with the other presence."""

    text: str
    finding: str
    kind: Literal["missed", "wrong", "turned"]
    quote: str


class ExtractionFields(Struct):
    """`medrag evaluate extraction`."""

    texts: int
    marked: int
    stated: int
    precision: float
    recall: float
    f1: float
    negation_accuracy: float
    danger_signs: int
    danger_signs_found: int
    misread: list[MisreadFields]


class RetrievalScoresFields(Struct):
    """Means over the queries of a set, each with its interval; `ndcg_gain` is over the first ranker."""

    ndcg_at_10: RateFields
    ndcg_gain: RateFields
    mrr_at_10: RateFields
    recall_at_1: RateFields
    recall_at_5: RateFields
    recall_at_20: RateFields
    recall_at_100: RateFields


class RetrievalSetFields(Struct):
    """One set of queries, and what each ranker reached on it."""

    name: str
    title: str
    queries: int
    passages: int
    rankers: dict[str, RetrievalScoresFields]


class RetrievalFields(Struct):
    """`medrag evaluate retrieval`."""

    schema_version: int
    sets: list[RetrievalSetFields]


class ErrorLineFields(Struct):
    """What `medrag assess --jsonl` answers for a line that cannot be assessed; with the `id` of the line if any."""

    line: int
    error: str
    id: str | int | msgspec.UnsetType = msgspec.UNSET


class CaseExportFields(Struct):
    """`medrag cases export`: the case, and the file that was written."""

    schema_version: int
    case: str
    file: str


class CaseErasureFields(Struct):
    """`medrag cases erase`: the case, and whether it is gone; it stays when the question is answered with no."""

    schema_version: int
    case: str
    erased: bool


class RecoveryWordsFields(Struct):
    """`medrag cases new-recovery-words`: the words in their order."""

    schema_version: int
    recovery_words: list[str]


SCHEMAS: Mapping[str, object] = {
    "search": SearchFields,
    "pack_list": list[PackFields],
    "library_check": list[ProblemFields],
    "self_test": SelfTestFields,
    "evaluate_differential": EvaluationFields,
    "evaluate_extraction": ExtractionFields,
    "evaluate_retrieval": RetrievalFields,
    "error_line": ErrorLineFields,
    "case_export": CaseExportFields,
    "case_erasure": CaseErasureFields,
    "recovery_words": RecoveryWordsFields,
}
"""Name of a file in `docs/schemas`, without its ending -> what it describes."""


def result_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a key of SCHEMAS."""
    return msgspec.json.schema(SCHEMAS[name])


def search_to_json(hits: Sequence[Hit], reasons: Sequence[Reason], evidence: str, read_as: str) -> dict[str, Any]:
    """Return what a search found and why."""
    scores = ("score", "cosine", "lexical", "dense_rank", "lexical_rank")
    rows = [
        {
            "rank": rank,
            **{name: getattr(hit, name) for name in scores},
            **asdict(hit.passage),
            **asdict(reason),
        }
        for rank, (hit, reason) in enumerate(zip(hits, reasons, strict=True), start=1)
    ]
    found = {"schema_version": SCHEMA_VERSION, "read_as": read_as, "evidence": evidence, "hits": rows}
    return _checked(found, SearchFields)


def packs_to_json(manifests: Iterable[PackManifest]) -> list[dict[str, Any]]:
    """Return the installed packs."""
    return [_checked(asdict(manifest), PackFields) for manifest in manifests]


def problems_to_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return the broken rules of the library."""
    return [_checked(asdict(problem), ProblemFields) for problem in problems]


def self_test_to_json(checks: Iterable[tuple[str, bool, str]]) -> dict[str, Any]:
    """Return the outcome of each part: its name, whether it works, and the detail."""
    rows = [{"part": part, "ok": ok, "detail": detail} for part, ok, detail in checks]
    return _checked({"ok": all(row["ok"] for row in rows), "checks": rows}, SelfTestFields)


def evaluation_to_json(result: DifferentialResult) -> dict[str, Any]:
    """Return the rates of an evaluation, and why cases were missed."""
    plain = {
        "strict": _accuracy(result.strict),
        "lenient": _accuracy(result.lenient),
        "by_system": {system: _accuracy(accuracy) for system, accuracy in result.by_system.items()},
        "outside_said": _rounded(asdict(result.outside_said)),
        "outside_said_wrongly": _rounded(asdict(result.outside_said_wrongly)),
        "calibration": {
            "brier": round(result.calibration.brier, 4),
            "bins": [_rounded(asdict(group)) for group in result.calibration.bins],
        },
        "emergencies": None if result.emergencies is None else _emergencies(result.emergencies),
        "misses": [asdict(miss) for miss in result.misses],
    }
    return _checked(plain, EvaluationFields)


def extraction_to_json(result: ExtractionResult) -> dict[str, Any]:
    """Return how well texts were read."""
    shares = ("precision", "recall", "f1", "negation_accuracy")
    plain = {
        "texts": result.texts,
        "marked": result.marked,
        "stated": result.stated,
        **{name: round(getattr(result, name), 4) for name in shares},
        "danger_signs": result.danger_signs,
        "danger_signs_found": result.danger_signs_found,
        "misread": [asdict(misread) for misread in result.misread],
    }
    return _checked(plain, ExtractionFields)


def retrieval_to_json(results: Iterable[tuple[Benchmark, Mapping[str, RetrievalScores]]]) -> dict[str, Any]:
    """Return how well passages were found."""
    sets = [
        {
            "name": benchmark.name,
            "title": benchmark.title,
            "queries": len(benchmark.queries),
            "passages": len(benchmark.passages),
            "rankers": {name: _retrieval_scores(found) for name, found in scores.items()},
        }
        for benchmark, scores in results
    ]
    return _checked({"schema_version": SCHEMA_VERSION, "sets": sets}, RetrievalFields)


def _retrieval_scores(found: RetrievalScores) -> dict[str, Any]:
    return {
        "ndcg_at_10": _rounded(asdict(found.ndcg_at_10)),
        "ndcg_gain": _rounded(asdict(found.ndcg_gain)),
        "mrr_at_10": _rounded(asdict(found.mrr_at_10)),
        **{f"recall_at_{k}": _rounded(asdict(rate)) for k, rate in found.recall.items()},
    }


def error_line_to_json(line: int, error: str) -> dict[str, Any]:
    """Return what stands in place of a draft."""
    return _checked({"line": line, "error": error}, ErrorLineFields)


def case_export_to_json(case_id: str, file: Path) -> dict[str, Any]:
    """Return what a case was written to."""
    return _checked({"schema_version": SCHEMA_VERSION, "case": case_id, "file": str(file)}, CaseExportFields)


def case_erasure_to_json(case_id: str, *, erased: bool) -> dict[str, Any]:
    """Return whether a case is gone."""
    return _checked({"schema_version": SCHEMA_VERSION, "case": case_id, "erased": erased}, CaseErasureFields)


def recovery_words_to_json(words: Iterable[str]) -> dict[str, Any]:
    """Return fresh recovery words."""
    return _checked({"schema_version": SCHEMA_VERSION, "recovery_words": list(words)}, RecoveryWordsFields)


def _accuracy(accuracy: Accuracy) -> dict[str, Any]:
    covered = {"n": accuracy.covered, **_rates(accuracy.top_covered)}
    return {"n": accuracy.n, **_rates(accuracy.top), "covered": covered}


def _emergencies(result: EmergencyResult) -> dict[str, Any]:
    return asdict(result) | {"flagged": _rounded(asdict(result.flagged))}


def _rates(rates: Mapping[int, Rate]) -> dict[str, dict[str, float]]:
    return {f"top_{k}": _rounded(asdict(rate)) for k, rate in rates.items()}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _checked(plain: dict[str, Any], kind: type[Struct]) -> dict[str, Any]:
    """Return the values as the schema has them."""
    checked: dict[str, Any] = msgspec.to_builtins(msgspec.convert(plain, kind))
    return checked
