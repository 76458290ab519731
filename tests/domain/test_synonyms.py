from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.synonyms import Synonyms
from medrag_desktop.domain.tokens import phrase

NAMES = Synonyms(
    [
        ("Myocardial infarction", "heart attack", "MI"),
        ("Heart failure", "cardiac failure"),
        ("Mitral insufficiency", "MI"),
        ("shortness of breath", "sob"),
    ]
)


def test_other_names_of_what_is_named_are_returned() -> None:
    assert NAMES.of("signs of a Heart Attack?") == "Myocardial infarction MI"
    assert NAMES.of("SOB on effort") == "shortness of breath"


def test_the_longest_name_counts() -> None:
    longer = Synonyms([("fever", "pyrexia"), ("yellow fever", "YF")])
    assert longer.of("yellow fever vaccine") == "YF"


def test_a_name_of_two_things_means_neither() -> None:
    assert NAMES.of("MI") == ""


def test_what_names_nothing_has_no_other_name() -> None:
    assert NAMES.of("") == NAMES.of("bicycle repair") == Synonyms(()).of("fever") == ""


def test_words_of_names_are_known() -> None:
    known = Synonyms([("Scabies", "the itch")], ["drooping face"])
    assert all(map(known.knows, ("scabies", "Itch", "drooping", "FACE")))
    assert not known.knows("dropping")
    assert known.of("drooping face") == ""


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(NAMES.of(text), str)


def test_a_query_is_not_remembered() -> None:
    before = phrase.cache_info().currsize
    NAMES.of("Grandmother Zanele has a heart attack and says so in these very words")
    NAMES.knows("zanele")
    assert phrase.cache_info().currsize - before <= 0
