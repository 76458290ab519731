"""Sentences are found where a reader would end them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.clauses import sentence_spans, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("   \n ", ()),
        ("One", ("One",)),
        ("Fever. Rash.", ("Fever.", "Rash.")),
        ("Is it fever? Yes! 39 is high.", ("Is it fever?", "Yes!", "39 is high.")),
        ("At 38.5 °C or more. Then rest.", ("At 38.5 °C or more.", "Then rest.")),
        ("Give fluids, e.g. ORS by cup. Rest.", ("Give fluids, e.g. ORS by cup.", "Rest.")),
        ("Caused by S. Typhi. It spreads.", ("Caused by S. Typhi.", "It spreads.")),
        ("first line\nsecond line", ("first line", "second line")),
        ("It hurts (a lot.) Then it stops.", ("It hurts (a lot.)", "Then it stops.")),
        ("it ends. but not here", ("it ends. but not here",)),
    ],
)
def test_sentences(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet='aB1 .!?\n\t(")é', max_size=80))
def test_spans_are_ordered_apart_and_hold_every_letter(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    inside = "".join(text[start:end] for start, end in spans)
    assert "".join(inside.split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
