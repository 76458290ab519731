from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medrag_desktop.domain.held_out import held_out
from medrag_desktop.errors import InputError
from medrag_desktop.training.blend_retriever import blend
from medrag_desktop.training.hard_negatives import NONE, HardNegatives, Pool, mine, save_negatives
from medrag_desktop.training.retrieval_pairs import (
    Pair,
    bioasq_training_pairs,
    medquad_pairs,
    presentation_pairs,
    training_sources,
    without_name,
)
from medrag_desktop.training.retriever_model import load_towers
from medrag_desktop.training.retriever_recipe import Recipe, draw_rows, rate_at
from medrag_desktop.training.train_retriever import TrainingData, contrastive_loss, main, train
from tests.fakes import FakeEncoder
from tests.training.tiny_towers import tiny_towers

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

WORDS = ("fever", "cough", "rash", "wound", "burn", "stroke", "itch", "pain")
SOURCES = {"words": [Pair(f"what is {w}", w, f"{w} is {w} and {w}", w) for w in WORDS]}
DATA = TrainingData(SOURCES)
RECIPE = Recipe(steps=6, batch=4, hard_negatives=2, warmup=2, rate=1e-3, frozen_layers=1)


def weights(folder: Path) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in load_towers(folder).parameters()]


def test_resuming_gives_what_an_uninterrupted_run_gives(tmp_path: Path) -> None:
    train(tiny_towers(words=WORDS), DATA, RECIPE, tmp_path / "whole", minutes=math.inf, resume=False)
    part = tmp_path / "part"
    train(tiny_towers(words=WORDS), DATA, RECIPE, part, minutes=0.0, resume=False)
    for _ in range(RECIPE.steps - 1):
        done = train(load_towers(part), DATA, RECIPE, part, minutes=0.0, resume=True)
    assert done == RECIPE.steps
    assert all(torch.equal(a, b) for a, b in zip(weights(tmp_path / "whole"), weights(part), strict=True))


def test_training_brings_questions_to_their_passages(tmp_path: Path) -> None:
    towers = tiny_towers(words=WORDS, seed=1)
    before = accuracy(towers)
    train(
        towers, DATA, Recipe(steps=60, batch=8, hard_negatives=0, warmup=2, rate=3e-3, frozen_layers=0,
        untitled=1.0), tmp_path / "out", minutes=math.inf, resume=False,
    )  # fmt: skip
    assert accuracy(load_towers(tmp_path / "out")) > max(before, 0.8)


def test_a_blend_lies_between_its_parts() -> None:
    base, trained = tiny_towers(seed=1), tiny_towers(seed=2)
    first, second = (towers.parameters()[0].detach().clone() for towers in (base, trained))
    mixed = blend(base, trained, 0.25)
    assert torch.allclose(mixed.parameters()[0], 0.75 * first + 0.25 * second)
    assert mixed.settings.training["blend"] == 0.25
    with pytest.raises(InputError, match="between 0 and 1"):
        blend(base, trained, 1.5)


def accuracy(towers: Any) -> float:
    pairs = SOURCES["words"]
    with torch.no_grad():
        scores = (
            towers.encode_questions([p.question for p in pairs])
            @ towers.encode_passages([("", p.text) for p in pairs]).T
        )
    return float((scores.argmax(1) == torch.arange(len(pairs))).float().mean())


def test_passages_of_the_same_subject_are_no_negatives() -> None:
    questions = torch.eye(2)
    passages = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    same = torch.tensor([[True, False, True], [False, True, False]])
    alone = contrastive_loss(questions, passages[:2], same[:, :2], 1.0)
    forward = math.log(1 + math.exp(-1))
    assert contrastive_loss(questions[:1], passages, same[:1], 1.0) == pytest.approx(forward / 2)
    assert contrastive_loss(questions, passages, same, 1.0) > alone


def test_a_batch_hangs_on_seed_and_step_alone() -> None:
    assert draw_rows(SOURCES, RECIPE, 5)[1] == draw_rows(SOURCES, RECIPE, 5)[1]
    assert draw_rows(SOURCES, RECIPE, 5)[1] != draw_rows(SOURCES, RECIPE, 6)[1]
    assert len(set(draw_rows(SOURCES, RECIPE, 5)[1])) == 4


def mined(folder: Path, sources: dict[str, list[Pair]]) -> Path:
    """Write negatives by which every pair's are the passages of the next two pairs."""
    pool, count = Pool(sources), len(sources["words"])
    rows = np.array([[(row + 1) % count, (row + 2) % count] for row in range(count)], np.int32)
    save_negatives(folder / "negatives.npz", pool, {"words": rows})
    return folder / "negatives.npz"


def test_mined_passages_join_a_batch_unless_they_answer_one_of_its_questions(tmp_path: Path) -> None:
    negatives = HardNegatives(Pool(SOURCES), mined(tmp_path, SOURCES))
    _, pairs, others, _ = TrainingData(SOURCES, negatives).batch(RECIPE, 3)
    asked = {pair.group for pair in pairs}
    shown = {WORDS[(WORDS.index(word) + step) % len(WORDS)] for word in asked for step in (1, 2)} - asked
    assert {pair.title for pair in others} <= shown
    assert len(others) == min(RECIPE.hard_negatives, len(shown))


def test_training_with_mined_passages_learns(tmp_path: Path) -> None:
    data = TrainingData(SOURCES, HardNegatives(Pool(SOURCES), mined(tmp_path, SOURCES)))
    recipe = Recipe(steps=60, batch=4, hard_negatives=2, warmup=2, rate=3e-3, frozen_layers=0, untitled=1.0)
    train(tiny_towers(words=WORDS, seed=1), data, recipe, tmp_path / "out", minutes=math.inf, resume=False)
    assert accuracy(load_towers(tmp_path / "out")) > 0.8


def test_negatives_of_other_pairs_are_refused(tmp_path: Path) -> None:
    other = {"words": [Pair("what?", "t", "text", "g")]}
    with pytest.raises(InputError, match="mined for other pairs"):
        HardNegatives(Pool(other), mined(tmp_path, SOURCES))


def test_mining_keeps_what_is_near_and_surely_another_subject() -> None:
    words = ("fever cough", "fever rash", "fever pain", "itch", "stroke")
    pairs = [Pair(text, "", text, text) for text in words]
    (rows,) = mine(Pool({"a": pairs}), {"a": np.array([0])}, FakeEncoder()).values()
    texts = [Pool({"a": pairs}).texts[row][1] for row in rows[0] if row >= 0]
    assert {"fever rash", "fever pain"} <= set(texts)
    assert "fever cough" not in texts
    assert (rows[1:] == NONE).all()


def test_passages_as_near_as_the_answer_are_no_negatives() -> None:
    pairs = [
        Pair("fever", "", "fever", "one"),
        Pair("fever", "", "fever fever", "two"),
        Pair("rash", "", "rash", "three"),
    ]
    (rows,) = mine(Pool({"a": pairs}), {"a": np.array([0])}, FakeEncoder()).values()
    assert 1 not in rows[0]


def test_the_rate_rises_then_falls_to_a_tenth() -> None:
    rates = [rate_at(RECIPE, step) for step in range(RECIPE.steps + 1)]
    assert rates.index(max(rates)) in (1, 2)
    assert rates[-1] == pytest.approx(RECIPE.rate / 10)


MEDQUAD = [
    {
        "focus": "Cystic fibrosis",
        "qtype": "symptoms",
        "question": "Symptoms?",
        "answer": "Cystic Fibrosis brings cough.",
    },
    {"focus": "Cystic fibrosis", "qtype": "treatment", "question": "Treatment?", "answer": "Physiotherapy helps."},
    {"focus": "Cystic fibrosis", "qtype": "causes", "question": "Cause?", "answer": "These resources address it."},
]


def test_a_presentation_never_names_its_disease() -> None:
    (pair,) = presentation_pairs(MEDQUAD)
    assert pair.question == "this condition brings cough."
    assert (pair.title, pair.text) == ("Cystic fibrosis: treatment", "Physiotherapy helps.")


def test_answers_that_only_point_elsewhere_are_left_out() -> None:
    assert [pair.question for pair in medquad_pairs(MEDQUAD)] == ["Symptoms?", "Treatment?"]


def test_names_are_masked_whole_and_across_punctuation() -> None:
    assert without_name("Wilson's disease and Wilsons", "Wilson s disease") == "this condition and Wilsons"
    assert without_name("text", "") == "text"


def test_nothing_that_bioasq_10b_uses_is_trained_on() -> None:
    rows = [
        {"id": "1", "batch": "9B1", "question": "A?", "snippets": [{"text": "shared."}, {"text": "own"}]},
        {"id": "2", "batch": "10B1", "question": "B?", "snippets": [{"text": "Shared"}]},
        {"id": "3", "batch": "8B1", "question": "b", "snippets": [{"text": "other"}]},
    ]
    assert [(pair.group, pair.text) for pair in bioasq_training_pairs(rows)] == [("1", "own")]


def corpora(folder: Path) -> Path:
    focuses = [f"disease {n}" for n in range(60)]
    files: dict[str, list[dict[str, Any]]] = {
        "medquad": [{"focus": f, "qtype": "information", "question": f, "answer": f"{f} is bad."} for f in focuses],
        "medlineplus_topics": [{"Title": f, "text": f"{f} text."} for f in focuses],
        "bioasq_7b_10b": [],
        "ctgov_detailed_to_brief": [],
    }
    (folder / "corpora").mkdir(parents=True)
    for name, rows in files.items():
        with gzip.open(folder / "corpora" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_held_out_subjects_are_in_no_training_source(tmp_path: Path) -> None:
    sources = training_sources(corpora(tmp_path))
    groups = {pair.group for pairs in sources.values() for pair in pairs}
    expected = {f"disease {n}" for n in range(60) if not held_out(f"Disease  {n}")}
    assert groups == expected
    assert 40 < len(groups) < 60


def test_resuming_without_a_checkpoint_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        main(["--data", str(tmp_path), "--out", str(tmp_path / "none"), "--resume"])
