from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from medrag_desktop.adapters.dpr_encoder import BATCH, DprEncoder
from medrag_desktop.errors import Cancelled, ModelCorrupt, ModelMissing
from medrag_desktop.tasks import Progress, Task

MODEL = Path(__file__).resolve().parents[2] / "models" / "retriever"
RASH = "Fever, cough and a red rash that spreads from the face down."
STROKE = "Sudden weakness of one arm and a drooping face."

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def encoder() -> DprEncoder:
    return DprEncoder(MODEL, threads=1)


def test_vectors_have_unit_length_and_the_shape_of_the_manifest(encoder: DprEncoder) -> None:
    questions = encoder.encode_questions(["measles", "", "\0\ud800", "x" * 100_000], task=Task())
    passages = encoder.encode_passages([("Measles", RASH), ("", RASH), ("Measles", ""), ("", "")], task=Task())
    for vectors in (questions, passages):
        assert vectors.shape == (4, encoder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)


def test_a_question_is_nearest_to_what_answers_it(encoder: DprEncoder) -> None:
    questions = encoder.encode_questions(["child with measles rash", "cannot move right arm"], task=Task())
    passages = encoder.encode_passages([("", RASH), ("", STROKE)], task=Task())
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1]


def test_a_vector_does_not_depend_on_its_neighbours(encoder: DprEncoder) -> None:
    texts = [f"cough {'and fever ' * n}" for n in range(BATCH + 8)]
    together = encoder.encode_questions(texts, task=Task())
    for row in (0, 7, BATCH + 7):
        alone = encoder.encode_questions([texts[row]], task=Task())[0]
        assert float(alone @ together[row]) > 0.999


def test_nothing_gives_no_rows(encoder: DprEncoder) -> None:
    assert encoder.encode_questions([], task=Task()).shape == (0, encoder.dimension)
    assert encoder.encode_passages([], task=Task()).shape == (0, encoder.dimension)


def test_batches_report_and_can_be_cancelled(encoder: DprEncoder) -> None:
    seen: list[Progress] = []

    def stop_after_two(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 2:
            task.cancel()

    task = Task(stop_after_two)
    with pytest.raises(Cancelled):
        encoder.encode_questions(["cough"] * (BATCH * 3), task=task)
    assert [progress.done for progress in seen] == [0, BATCH]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "retriever"))


@pytest.mark.parametrize("name", ["question.onnx", "tokens.bin"])
def test_a_damaged_file_is_named_before_it_is_used(copy: Path, name: str) -> None:
    raw = bytearray((copy / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / name).write_bytes(raw)
    encoder = DprEncoder(copy)
    with pytest.raises(ModelCorrupt, match=name.replace(".", r"\.")):
        encoder.encode_questions(["cough"], task=Task())


def test_what_is_missing_or_no_encoder_is_said(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        DprEncoder(tmp_path / "nowhere")
    (copy / "passage.onnx").unlink()
    with pytest.raises(ModelMissing, match=r"passage\.onnx"):
        DprEncoder(copy).encode_passages([("a", "b")], task=Task())
    body = json.loads((copy / "manifest.json").read_text("utf-8"))
    settings = {**body["settings"], "dimension": "x"}
    changes: list[dict[str, object]] = [{"kind": "generator"}, {"settings": {}}, {"settings": settings}]
    for change in changes:
        (copy / "manifest.json").write_text(json.dumps({**body, **change}), encoding="utf-8")
        with pytest.raises(ModelCorrupt):
            DprEncoder(copy)
