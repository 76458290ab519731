from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.tokens import fold, phrase, sentences, tokenize


def split(text: str) -> list[str]:
    return [" ".join(token.text for token in group if token.is_word) for group in sentences(tokenize(text))]


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Palms", "palm"),
        ("rashes", "rash"),
        ("patches", "patch"),
        ("babies", "baby"),
        ("fits", "fits"),
        ("crisis", "crisis"),
        ("virus", "virus"),
        ("abscess", "abscess"),
        ("headaches", "headache"),
        ("Diarrhoea", "diarrhea"),
        ("oedema", "edema"),
        ("haemoptysis", "hemoptysis"),
        ("generalised", "generalized"),
        ("don\u2019t", "don't"),
    ],
)
def test_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No fever. Has cough", ["no fever", "has cough"]),
        ("T 38.5, cough", ["t 38.5 cough"]),
        ("cough, e.g. at night. Fever", ["cough e g at night", "fever"]),
        ("temp. 38 today. Cough", ["temp 38 today", "cough"]),
        ("vitamin C. No fever", ["vitamin c", "no fever"]),
        ("fever; no cough", ["fever", "no cough"]),
        ("Fever? No. Cough? Yes.", ["fever no", "cough yes"]),
        ("Pain? worse today", ["pain", "worse today"]),
        ("Fever\nCough", ["fever", "cough"]),
        ("no fever\ncough 3 days", ["no fever", "cough 3 days"]),
        ("no fever, cough\nor rash", ["no fever cough or rash"]),
        ("no fever,\ncough", ["no fever cough"]),
        ("no fever,\n\nCough", ["no fever", "cough"]),
        ("denies fever and cough and pain in the chest and any other\nsymptom", None),
        ("Denies:\n- fever\n- cough\nHas pain", ["deny fever cough", "has pain"]),
        ("- fever\n- cough", ["fever", "cough"]),
        ("HIV-ve, RDT +ve", ["hiv negative rdt positive"]),
    ],
)
def test_sentences(text: str, expected: list[str] | None) -> None:
    assert split(text) == (expected or [" ".join(split(text))])


def test_a_name_is_its_words_without_fillers() -> None:
    assert phrase("Pain in the Chest") == phrase("pain in his chest") == "pain in chest"


@given(st.text())
def test_tokens_lie_in_the_text_in_order(text: str) -> None:
    tokens = tokenize(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(first.end <= second.start for first, second in pairwise(tokens))


@given(st.text(alphabet=" ab.,?!;:\n-3()", max_size=80))
def test_sentences_lose_no_token(text: str) -> None:
    tokens = tokenize(text)
    assert tuple(token for group in sentences(tokens) for token in group) == tokens
