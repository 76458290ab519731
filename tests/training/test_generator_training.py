"""Training learns, resumes exactly, and draws targets that may be written."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pytest
import torch

from medrag_desktop.adapters.clauses import sentences
from medrag_desktop.domain.grounding import NOT_STATED, holds_dose
from medrag_desktop.training import train_generator
from medrag_desktop.training.datasets import Pair, corpora_mixture, held_out, read_corpora, training_texts
from medrag_desktop.training.train_generator import (
    CHECKPOINT,
    Recipe,
    Run,
    batch_of_step,
    collate,
    held_out_accuracy,
    resume_run,
    save_run,
    start_stage,
    train,
    train_step,
)
from medrag_desktop.training.vocabulary import PrunedVocabulary
from tests.training.tiny_generator import PAIRS, tiny_model, tiny_vocabulary

pytestmark = pytest.mark.train
CPU = torch.device("cpu")
RECIPE = Recipe(steps=12, batch=2, pool=2, warm_up=2, frozen_layers=1, learning_rate=3e-3)


class Fixed:
    """Draws the tiny pairs."""

    def draw(self, random: Random) -> Pair:
        return random.choice(PAIRS)


def new_tiny_run() -> Run:
    return start_stage(tiny_model(), tiny_vocabulary(), RECIPE, "corpora", CPU)


def losses(run: Run, until: int) -> list[float]:
    tokenizer = run.vocabulary.tokenizer()
    found = []
    while run.step < until:
        pairs = batch_of_step(Fixed(), run.recipe, run.stage, run.step)  # type: ignore[arg-type]
        found.append(train_step(run, collate(tokenizer, pairs, CPU)))
    return found


def test_a_few_steps_lower_the_loss_of_the_batch_they_saw() -> None:
    run = new_tiny_run()
    batch = collate(run.vocabulary.tokenizer(), PAIRS, CPU)
    first = train_step(run, batch)
    for _ in range(8):
        last = train_step(run, batch)
    assert last < first


def test_the_batch_of_a_step_depends_on_seed_stage_and_step_alone() -> None:
    def drawn(recipe: Recipe, stage: str, step: int) -> list[Pair]:
        return batch_of_step(Fixed(), recipe, stage, step)  # type: ignore[arg-type]

    assert drawn(RECIPE, "all", 3) == drawn(RECIPE, "all", 3)
    many = [drawn(RECIPE, stage, step) for stage in ("all", "corpora") for step in range(8)]
    assert len({tuple(batch) for batch in many}) > 4


def test_a_resumed_run_is_the_run_that_was_not_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = new_tiny_run()
    expected = losses(whole, 6)
    half = new_tiny_run()
    begun = losses(half, 3)
    save_run(half, tmp_path / CHECKPOINT)

    def blank(*_: object) -> object:
        return tiny_model(seed=9)

    monkeypatch.setattr(train_generator, "warm_started", blank)
    again = resume_run(tmp_path / CHECKPOINT, RECIPE, "corpora", CPU)
    assert again.step == 3
    assert begun + losses(again, 6) == expected
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


def test_another_stage_begins_at_step_0_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_tiny_run()
    losses(run, 3)
    save_run(run, tmp_path / CHECKPOINT)
    monkeypatch.setattr(train_generator, "warm_started", lambda *_: tiny_model(seed=9))
    again = resume_run(tmp_path / CHECKPOINT, RECIPE, "all", CPU)
    assert (again.step, again.total, again.stage) == (0, 3, "all")
    assert torch.equal(again.model.head.run_score, run.model.head.run_score)


def test_training_stops_at_its_last_step_and_saves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = new_tiny_run()
    with caplog.at_level(logging.INFO):
        train(run, Fixed(), [("tiny", PAIRS)], tmp_path, minutes=5)  # type: ignore[arg-type]
    assert run.step == RECIPE.steps
    assert (tmp_path / CHECKPOINT).exists()
    assert "saved step 12" in caplog.text


def test_no_minutes_no_steps(tmp_path: Path) -> None:
    run = new_tiny_run()
    train(run, Fixed(), [], tmp_path, minutes=0)  # type: ignore[arg-type]
    assert run.step == 0


def test_held_out_accuracy_is_a_share() -> None:
    run = new_tiny_run()
    accuracy, nats = held_out_accuracy(run, run.vocabulary.tokenizer(), PAIRS)
    assert 0 <= accuracy <= 1
    assert nats > 0


@pytest.fixture
def corpora_folder(tmp_path: Path) -> Path:
    """Corpora of the real shape with a few rows each."""

    def write(name: str, rows: Sequence[Mapping[str, object]]) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in rows)

    answer = "{} is a disease of the skin and joints. It may begin slowly in older people. Doctors treat it with rest."
    names = [f"Disease{n}" for n in range(40)]
    medquad = [
        {
            "id": f"{n}_1#1",
            "focus": name,
            "qtype": "treatment",
            "question": f"What of {name} ?",
            "answer": answer.format(name),
        }
        for n, name in enumerate(names)
    ]
    bioasq = [
        {
            "batch": batch,
            "question": "Which gene causes it?",
            "ideal_answer": ["The gene ABC1 causes the disease in children."],
            "snippets": [
                {"text": "The gene ABC1 causes the disease in many children. Others were studied in mice too."}
            ],
        }
        for batch in ("9B1", "10B1")
    ]
    detailed = (
        "This study compares two drugs in adults with asthma. Adults take one drug for ten weeks. Visits are monthly."
    )
    trials = [{"detailed": detailed, "brief": "The study compares two drugs in adults with asthma over ten weeks."}]
    case = "QUESTION TYPE: X\nCLINICAL CASE:\nA man has a swollen knee.\n1- Gout\n2- Flu\nCORRECT ANSWER: 1\n"
    cases = [
        {
            "split": split,
            "text": case + f"A swollen knee in a man of this {split} suggests gout first. Flu is unlikely here.",
        }
        for split in ("train", "test")
    ]
    topics = [{"text": "Gout is a painful kind of arthritis of the foot. Ice may ease the pain of it at home."}]
    write("corpora/medquad.jsonl.gz", medquad)
    write("corpora/bioasq_7b_10b.jsonl.gz", bioasq)
    write("corpora/ctgov_detailed_to_brief.jsonl.gz", trials)
    write("corpora/medlineplus_topics.jsonl.gz", topics)
    write("vignettes/casimedicos_en.jsonl.gz", cases)
    return tmp_path


def test_the_corpora_are_split_and_what_is_held_out_is_not_read_for_training(corpora_folder: Path) -> None:
    corpora = read_corpora(corpora_folder)
    focus = {answer.focus for answer in corpora.answered}
    assert focus
    assert not any(held_out(name) for name in focus)
    assert {answer.focus for answer in corpora.answered_held_out} == {f"Disease{n}" for n in range(40)} - focus
    assert len(corpora.bioasq) == len(corpora.bioasq_held_out) == 1
    assert len(corpora.cases) == 1
    everything = " ".join(training_texts(corpora))
    assert "this test" not in everything
    assert not any(name in everything.split() for name in {a.focus for a in corpora.answered_held_out})


def test_every_target_is_sentences_of_its_passage_or_not_stated(corpora_folder: Path) -> None:
    mixture, random = corpora_mixture(read_corpora(corpora_folder)), Random(1)
    pairs = [mixture.draw(random) for _ in range(300)]
    for pair in pairs:
        assert pair.target == NOT_STATED or set(sentences(pair.target)) <= set(sentences(pair.passage))
    assert {pair.corpus for pair in pairs} >= {"medquad", "find", "bioasq", "trials", "cases"}
    assert any(pair.target == NOT_STATED for pair in pairs)


def test_collating_lays_out_and_pads() -> None:
    tokenizer = PrunedVocabulary(tiny_vocabulary().pieces, tiny_vocabulary().kept).tokenizer()
    batch = collate(tokenizer, PAIRS, CPU)
    assert batch.source.shape == batch.mask.shape
    assert bool((batch.source[:, 0] == tokenizer.token_to_id("[CLS]")).all())
    for row, pair in zip(batch.labels, PAIRS, strict=True):
        wanted = [piece for piece in row.tolist() if piece != -100]
        assert tokenizer.decode(wanted[:-1]).replace(" ", "") == pair.target.lower().replace(" ", "")
    assert not holds_dose(PAIRS[0].target)
