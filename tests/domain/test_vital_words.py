from __future__ import annotations

import pytest

from medrag_desktop.domain.vital_words import find_vital_signs


def read(text: str) -> list[tuple[dict[str, object], bool]]:
    """Return the values found with whether they are of another time or place, in order of place."""
    found = [words for _, measured in find_vital_signs(text) for words in measured]
    return [(dict(words.values), words.earlier) for words in sorted(found, key=lambda words: words.start)]


def temperature(value: float) -> dict[str, object]:
    return {"temperature_celsius": value}


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("temperature was 39.5 at home", True),
        ("temp at home 39.5", True),
        ("temp at home 39.5 C", True),
        ("T 39.5 last night", True),
        ("yesterday temp 39.5", True),
        ("T 39.5 two days ago", True),
        ("T 39.5 at another clinic", True),
        ("T 39.5, vomiting at home", False),
        ("T 39.5 since yesterday", False),
        ("fever since yesterday T 39.5", False),
        ("vomited 2 days ago, T 39.5", False),
        ("temperature was 39.5", False),
        ("now T 39.5", False),
        ("T 39.5 on arrival", False),
    ],
)
def test_when_and_where_it_was_measured(text: str, earlier: bool) -> None:
    assert read(text) == [(temperature(39.5), earlier)]


def test_the_words_that_say_where_belong_to_the_quote() -> None:
    text = "Child hot. Temp was 39.5 C at home, now better"
    (words,) = (words for _, measured in find_vital_signs(text) for words in measured if words.earlier)
    assert text[words.start : words.end] == "Temp was 39.5 C at home"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Temp at home 39,2 yesterday; today 37,1", [(temperature(39.2), True), (temperature(37.1), False)]),
        (
            "BP 80/40 at the other clinic, here 110/70",
            [
                ({"systolic_mmhg": 80.0, "diastolic_mmhg": 40.0}, True),
                ({"systolic_mmhg": 110.0, "diastolic_mmhg": 70.0}, False),
            ],
        ),
        ("BP 85 over 40", [({"systolic_mmhg": 85.0, "diastolic_mmhg": 40.0}, False)]),
        ("P 110", [({"heart_rate_bpm": 110.0}, False)]),
        ("G1 P2", []),
        ("G1 P 2", [({"heart_rate_bpm": 2.0}, False)]),
    ],
)
def test_values(text: str, expected: list[tuple[dict[str, object], bool]]) -> None:
    assert sorted(map(str, read(text))) == sorted(map(str, expected))
