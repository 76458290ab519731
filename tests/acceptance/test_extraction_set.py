"""The gold standard of free text fits the vocabulary; how well it is read is measured, not tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.config import find_paths
from medrag_desktop.domain.encounter import Presence
from medrag_desktop.domain.vocabulary import Vocabulary
from medrag_desktop.services.evaluate_extraction import read_marked_text

FOLDER = Path(__file__).parent / "extraction"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load_catalogue(find_paths().assets / "library").vocabulary


@pytest.mark.parametrize(("name", "count"), [("own_texts", 80), ("medqa_dev_rows", 80), ("development_notes", 220)])
def test_every_marked_finding_is_known(name: str, count: int, vocabulary: Vocabulary) -> None:
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    stems = ("",) * 2000
    read = [read_marked_text(json.loads(line), number, stems, vocabulary) for number, line in enumerate(lines, start=1)]
    assert len(read) == count
    marked = [presence for text in read for presence in text.findings.values()]
    assert {Presence.PRESENT, Presence.ABSENT} == set(marked)


def test_the_examination_rows_hold_offsets_and_no_text() -> None:
    for line in (FOLDER / "medqa_dev_rows.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        assert set(row) <= {"id", "row", "age_years", "sex", "findings"}
        assert row["row"] % 2 == 1, "even rows are for development"
        for finding in row["findings"]:
            assert set(finding) <= {"finding", "presence", "start", "end"}
