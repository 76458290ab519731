from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.spelling import MOST, Suggestion, best_suggestions, mend, words_to_check

MALARIA, MALACIA = Suggestion("malaria", 1, 9), Suggestion("malacia", 1, 2)


def test_short_words_and_codes_are_left_alone() -> None:
    assert words_to_check("What is CD4 17q21 malarai, malarai?") == ("malarai",)


def test_a_long_text_is_not_compared_word_by_word() -> None:
    assert len(words_to_check(" ".join("abcdefghij"[n % 10] * (5 + n % 20) + "z" for n in range(20_000)))) <= MOST


def test_a_word_is_mended_only_where_no_pack_knows_it() -> None:
    assert best_suggestions([{"malarai": MALARIA}, {"malarai": MALACIA}]) == {"malarai": "malaria"}
    assert best_suggestions([{"malarai": MALARIA}, {}]) == {}
    assert best_suggestions([{"qwertyu": None}]) == best_suggestions([]) == {}


def test_a_pack_without_a_suggestion_takes_that_of_another() -> None:
    assert best_suggestions([{"malarai": None}, {"malarai": MALARIA}]) == {"malarai": "malaria"}


def test_only_whole_words_are_replaced() -> None:
    assert mend("malarai and premalarai", {"malarai": "malaria"}) == "malaria and premalarai"


@given(st.text())
def test_nothing_to_mend_changes_nothing(text: str) -> None:
    assert mend(text, {}) == text
