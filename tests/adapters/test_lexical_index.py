from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.lexical_index import WORDS_NAME, LexicalIndex, build_lexical_index
from medrag_desktop.domain.evidence import Passage, Query
from medrag_desktop.domain.spelling import Suggestion
from medrag_desktop.errors import Cancelled, PackCorrupt
from medrag_desktop.tasks import Task

TEXTS = (
    ("Measles", "Fever, cough and a red rash that spreads from the face."),
    ("Scabies", "Itching at night with burrows between the fingers."),
    ("Malaria", "Fever with chills; parasites are seen in the blood film."),
    ("Café", "Naïve text \ud800 with a lone surrogate \0 and NUL."),
)


def passage(title: str, text: str) -> Passage:
    return Passage(title, "d", title, "In brief", text, "source")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical")
    build_lexical_index(folder, [passage(*text) for text in TEXTS], task=Task())
    return LexicalIndex(folder)


def search(index: LexicalIndex, text: str, k: int) -> tuple[tuple[int, float], ...]:
    return index.search(Query(text, "question"), k)


def rows(index: LexicalIndex, text: str, k: int = 10) -> list[int]:
    return [row for row, _ in search(index, text, k)]


def test_stems_and_accents_match(index: LexicalIndex) -> None:
    assert rows(index, "itchy burrowing") == [1]
    assert rows(index, "NAIVE cafe") == [3]


def test_a_title_word_weighs_more(index: LexicalIndex) -> None:
    assert rows(index, "measles fever")[0] == 0
    assert rows(index, "malaria fever")[0] == 2


def test_scores_fall_and_k_bounds_them(index: LexicalIndex) -> None:
    found = search(index, "fever cough rash", 10)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert len(search(index, "fever", 1)) == 1
    assert search(index, "fever", 0) == ()


@pytest.mark.parametrize(
    "text", ["", " ", "the of and", "AND OR NOT", '"""', "((((", "\\", "*", "\U0001f600", "\0", "\ud800", "title:"]
)
def test_what_names_no_indexed_word_finds_nothing(index: LexicalIndex, text: str) -> None:
    assert search(index, text, 5) == ()


@pytest.mark.parametrize(
    "text", ["fever AND (", '"fever', "fever^9 -x +y", "text:fever~2", "fever\0", "\ud800fever]", "[fever TO *]"]
)
def test_operators_are_words_or_nothing(index: LexicalIndex, text: str) -> None:
    assert set(rows(index, text)) >= {0, 2}


def test_a_hundred_kilobytes_are_answered(index: LexicalIndex) -> None:
    assert rows(index, "scabies " + "lorem ipsum " * 10_000)[0] == 1
    assert search(index, "x" * 100_000, 5) == ()
    assert rows(index, " ".join(f"word{n}" for n in range(900)) + " fever")[0] in (0, 2)


@given(st.text())
def test_no_input_is_an_error(index: LexicalIndex, text: str) -> None:
    assert all(0 <= row < len(TEXTS) for row in rows(index, text))


def test_a_damaged_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackCorrupt, match=tmp_path.name):
        LexicalIndex(tmp_path)
    (tmp_path / "meta.json").write_text("{", encoding="utf-8")
    with pytest.raises(PackCorrupt):
        LexicalIndex(tmp_path)


def test_an_index_of_an_earlier_version_is_to_be_built_again(tmp_path: Path) -> None:
    build_lexical_index(tmp_path, [passage("a", "b")], task=Task())
    (tmp_path / WORDS_NAME).unlink()
    with pytest.raises(PackCorrupt, match="earlier version"):
        LexicalIndex(tmp_path)


def test_building_can_be_cancelled(tmp_path: Path) -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        build_lexical_index(tmp_path, [passage("a", "b")], task=task)


def test_a_word_no_passage_holds_is_compared_with_those_that_some_do(index: LexicalIndex) -> None:
    found = index.suggest(["measels", "burowws", "fever", "itching", "bicycle", "the"])
    assert {word: suggestion and suggestion.word for word, suggestion in found.items()} == {
        "measels": "measles", "burowws": None, "bicycle": None,
    }  # fmt: skip
    assert found["measels"] == Suggestion("measles", 1, 1)


def test_british_and_american_spelling_are_one(tmp_path: Path) -> None:
    build_lexical_index(tmp_path, [passage("Anaemia", "Pale with oedema."), passage("b", "Edema")], task=Task())
    british = LexicalIndex(tmp_path)
    assert rows(british, "anemia") == [0]
    assert set(rows(british, "oedema")) == {0, 1}


def test_other_names_count_for_less(index: LexicalIndex) -> None:
    found = index.search(Query("itching", "question", also="fever"), 5)
    assert found[0][0] == 1
    assert {row for row, _ in found} == {0, 1, 2}


def test_headings_count_in_questions_and_hardly_in_presentations(index: LexicalIndex) -> None:
    asked, told = (index.search(Query("scabies rash", purpose), 5) for purpose in ("question", "presentation"))
    assert (asked[0][0], told[0][0]) == (1, 0)


def test_scores_are_shares_of_the_query(index: LexicalIndex) -> None:
    whole = dict(index.search(Query("burrows fingers itching", "presentation"), 5))[1]
    part = dict(index.search(Query("burrows fingers itching chills parasites", "presentation"), 5))[1]
    assert 0.3 < part < whole < 1.5
