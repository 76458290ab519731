from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.domain.catalogue import Catalogue
from medrag_desktop.domain.condition import Frequency
from medrag_desktop.importers.retrieval_sets import held_out_encounters, is_held_out, passages_by_condition
from medrag_desktop.services.written_encounters import write_encounters
from medrag_desktop.training.calibrate_evidence import library_queries
from medrag_desktop.training.library_pairs import condition_pairs, library_sources

pytestmark = pytest.mark.train

LIBRARY = Path(__file__).resolve().parents[2] / "assets" / "library"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(LIBRARY)


def test_held_out_conditions_are_in_no_training_pair(catalogue: Catalogue) -> None:
    groups = {pair.group for pair in library_sources(LIBRARY)["library"]}
    kept_out = {condition.id for condition in catalogue.conditions if is_held_out(condition)}
    assert groups == {condition.id for condition in catalogue.conditions} - kept_out
    assert 0.1 < len(kept_out) / len(catalogue.conditions) < 0.35
    parts = [{c for _, c in held_out_encounters(catalogue, 8, development=part)} for part in (False, True)]
    assert parts[0].isdisjoint(parts[1])
    assert kept_out >= parts[0] | parts[1]
    assert len(parts[0] | parts[1]) > 0.95 * len(kept_out)


def test_pairs_of_a_condition_are_the_same_at_every_call(catalogue: Catalogue) -> None:
    condition = catalogue.by_id["measles"]
    passages = passages_by_condition([condition])["measles"]
    first = list(condition_pairs(condition, passages, catalogue.vocabulary))
    assert first == list(condition_pairs(condition, passages, catalogue.vocabulary))
    assert {pair.title for pair in first} == {f"Measles: {title}" for title, _ in condition.sections}


def test_an_encounter_is_written_from_findings_that_occur(catalogue: Catalogue) -> None:
    condition = catalogue.by_id["measles"]
    excluded = {e.finding for e in condition.findings if e.frequency is Frequency.EXCLUDED}
    names = {name for f in excluded for name in (catalogue.vocabulary[f].label, *catalogue.vocabulary[f].synonyms)}
    written = list(write_encounters(condition, catalogue.vocabulary, np.random.default_rng(0), 200))
    assert not names & {part for text in written for part in text.split(", ")}
    assert len(set(written)) > 190


def test_calibration_asks_each_condition_in_every_way(catalogue: Catalogue) -> None:
    kinds = library_queries(catalogue)
    assert set(kinds) == {"candidate", "presentation", "question"}
    assert all(len(queries) >= len(catalogue.conditions) for queries in kinds.values())
