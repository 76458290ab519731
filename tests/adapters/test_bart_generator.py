"""The generator with the real model: what it writes is in its sources, and its numbers are probabilities."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from medrag_desktop.adapters.bart_generator import BartGenerator
from medrag_desktop.adapters.clauses import sentences
from medrag_desktop.domain.generation import Generated, GenerationRequest
from medrag_desktop.domain.grounding import NOT_STATED, Facts, Grounded, ground
from medrag_desktop.errors import Cancelled, ModelCorrupt, ModelMissing
from medrag_desktop.tasks import Progress, Task

pytestmark = pytest.mark.models
FOLDER = Path(__file__).resolve().parents[2] / "models" / "generator"
CONTEXT = (
    "Measles: boy of 3 years; present: fever, cough, runny nose, red eye; absent: itch, neck stiffness; "
    "measured: temperature 39.4 °C"
)
MEASLES = (
    "Measles begins with high fever, cough, runny nose and red watery eyes. Koplik spots prove measles when they are "
    "seen. The rash of measles moves from the face down over the trunk. Children with HIV may have little rash."
)
ULCER = "A peptic ulcer burns in the upper abdomen between meals. Bleeding from an ulcer makes the stool black."
FACTS = Facts(present={"fever", "cough", "runny nose", "red eye"}, absent={"itch", "neck stiffness"})


def request(*sources: str, section: str = "Assessment", context: str = CONTEXT) -> GenerationRequest:
    return GenerationRequest(section, context, sources, tuple(0.6 for _ in sources))


@pytest.fixture(scope="module")
def generator() -> BartGenerator:
    return BartGenerator(FOLDER, threads=1)


@pytest.fixture(scope="module")
def written(generator: BartGenerator) -> tuple[Generated, ...]:
    return generator.generate([request(MEASLES, ULCER)], task=Task())[0]


def test_every_text_is_grounded(written: tuple[Generated, ...]) -> None:
    assert any(text.text != NOT_STATED for text in written)
    for text in written:
        assert text.text == NOT_STATED or isinstance(ground(text.text, [MEASLES, ULCER], FACTS), Grounded), text.text


def test_texts_differ_and_the_most_probable_comes_first(written: tuple[Generated, ...]) -> None:
    assert len({text.text for text in written}) == len(written)
    values = [text.log_probability for text in written]
    assert values == sorted(values, reverse=True)
    assert all(value <= 0 for value in values)


def test_responsibilities_are_shares_and_point_at_the_passage_that_says_it(written: tuple[Generated, ...]) -> None:
    for text in written:
        assert len(text.responsibilities) == 2
        assert sum(text.responsibilities) == pytest.approx(1)
        if text.text != NOT_STATED:
            assert text.responsibilities[text.source] > 0.9


def test_a_passage_on_its_own_has_all_responsibility(generator: BartGenerator) -> None:
    for text in generator.generate([request(MEASLES)], task=Task())[0]:
        assert text.responsibilities == (1.0,)


def test_a_doubled_passage_shares_the_responsibility_and_changes_no_probability(generator: BartGenerator) -> None:
    once = generator.generate([request(MEASLES)], task=Task())[0]
    twice = generator.generate([request(MEASLES, MEASLES)], task=Task())[0]
    assert [t.text for t in once] == [t.text for t in twice]
    for one, two in zip(once, twice, strict=True):
        assert two.log_probability == pytest.approx(one.log_probability, abs=1e-3)
        assert two.responsibilities == pytest.approx((0.5, 0.5))


def test_a_request_gets_the_same_texts_alone_and_among_others(generator: BartGenerator) -> None:
    others = [request(ULCER, section=title) for title in ("Management", "Referral", "Investigations")]
    alone = generator.generate([request(MEASLES, ULCER)], task=Task())[0]
    among = generator.generate([*others, request(MEASLES, ULCER)], task=Task(), seed=5)[-1]
    assert [t.text for t in alone] == [t.text for t in among]
    for one, two in zip(alone, among, strict=True):
        assert two.log_probability == pytest.approx(one.log_probability, abs=0.02)


def test_the_same_call_gives_the_same_answer(generator: BartGenerator, written: tuple[Generated, ...]) -> None:
    assert generator.generate([request(MEASLES, ULCER)], task=Task(), seed=9)[0] == written


def test_the_retrieval_score_is_the_prior_of_a_passage(generator: BartGenerator) -> None:
    def share(first: float, second: float) -> float:
        scored = GenerationRequest("Assessment", CONTEXT, (MEASLES, ULCER), (first, second))
        texts = generator.generate([scored], task=Task())[0]
        return next(t.log_probability for t in texts if t.text != NOT_STATED and t.source == 0)

    assert share(5.0, 0.0) > share(0.0, 0.0) > share(0.0, 5.0)


def test_origins_lie_where_they_say(written: tuple[Generated, ...]) -> None:
    for text in written:
        for origin in text.origins:
            within = (CONTEXT, MEASLES, ULCER)[origin.source + 1]
            said, read = text.text[origin.start : origin.end], within[origin.source_start : origin.source_end]
            assert said.lower() == read.lower() != ""
            assert 0 <= origin.weight <= 1
        if text.text != NOT_STATED:
            assert text.origins


def test_names_keep_their_capitals(generator: BartGenerator) -> None:
    passage = "Children with HIV get zoster often. Koplik spots prove measles."
    texts = generator.generate([request(passage, context="What of HIV?", section="Answer")], task=Task())[0]
    assert {s for t in texts if t.text != NOT_STATED for s in sentences(t.text)} <= set(sentences(passage))


@pytest.mark.parametrize(
    "passage",
    [
        "",
        " ",
        "\x00\x01",
        "😀 頭痛",
        "word " * 3000,
        "A. " * 500,
        "no stop at the end",
        "Line one\nLine two\n\n- item",
        "[SEP] [CLS] [PAD] Fever.",
        "é" * 400 + ". Rash.",
    ],
)
@pytest.mark.parametrize("context", ["", CONTEXT, "present: ; absent: ,,;", "x" * 5000])
def test_hostile_text_gives_grounded_text(generator: BartGenerator, passage: str, context: str) -> None:
    for text in generator.generate([request(passage, context=context, section="")], task=Task())[0]:
        assert (
            text.text == NOT_STATED
            or text.text.lower() in passage.lower()
            or text.text.startswith(("This patient", "There is no"))
        )
        assert text.log_probability <= 0


def test_nothing_asked_nothing_written(generator: BartGenerator) -> None:
    assert generator.generate([], task=Task()) == ()
    assert generator.generate([request()], task=Task()) == ((),)
    mixed = generator.generate([request(), request(ULCER)], task=Task())
    assert mixed[0] == ()
    assert mixed[1]


def test_a_cancelled_task_stops(generator: BartGenerator) -> None:
    def stop(progress: Progress) -> None:
        if progress.message == "Writing":
            task.cancel()

    task = Task(stop)
    with pytest.raises(Cancelled):
        generator.generate([request(MEASLES)], task=task)


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "generator"
    shutil.copytree(FOLDER, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["encoder.onnx", "decoder.onnx", "tokenizer.json"])
def test_a_lost_or_damaged_file_is_named(copied: Path, name: str) -> None:
    path = copied / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ModelCorrupt, match=name):
        BartGenerator(copied, threads=1)
    path.unlink()
    with pytest.raises(ModelMissing, match=name):
        BartGenerator(copied, threads=1)


def test_a_model_of_another_kind_is_refused(copied: Path) -> None:
    path = copied / "manifest.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | {"kind": "encoder"}), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="generator"):
        BartGenerator(copied, threads=1)
    path.write_text(json.dumps(body | {"settings": {}}), encoding="utf-8")
    with pytest.raises(ModelCorrupt, match="sizes"):
        BartGenerator(copied, threads=1)


def test_the_id_is_the_manifests(generator: BartGenerator) -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert generator.id == manifest["id"]
