from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.pregnancy_words import find_pregnancy


def found(text: str) -> list[tuple[str, float | None, int | None]]:
    return [(text[w.start : w.end], w.weeks, w.delivered_days) for w in find_pregnancy(text)]


@pytest.mark.parametrize(
    ("text", "weeks"),
    [
        ("8 months pregnant", 35),
        ("8/12 pregnant", 35),
        ("pregnant 32 weeks", 32),
        ("pregnant, about 5 months", 22),
        ("eight months pregnant", 35),
        ("32 weeks gestation", 32),
        ("GA: 36 weeks", 36),
        ("34 wks GA", 34),
        ("gestation 32+4 weeks", 32),
        ("G2P1 32/40, headache", 32),
        ("G3P2 at 38 weeks", 38),
        ("pregnant lady at 30 weeks", 30),
        ("she is pregnant", None),
        ("pregnant with twins", None),
        ("pregnant 50 weeks", None),
        ("in labour", None),
        ("second trimester", None),
    ],
)
def test_pregnancies(text: str, weeks: float | None) -> None:
    assert [row[1:] for row in found(text)] == [(weeks, None)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("gave birth five days ago", 5),
        ("delivered 3 days ago", 3),
        ("delivered yesterday", 1),
        ("she delivered a baby boy last week", 7),
        ("had her baby two weeks ago", 14),
        ("C/S 10 days ago", 10),
        ("12 days postpartum", 12),
        ("5/7 post delivery", 5),
        ("day 5 postpartum", 5),
        ("3rd day post c/s", 3),
        ("PPD 3", 3),
        ("two weeks after delivery", 14),
        ("postpartum, 6 weeks", 42),
    ],
)
def test_deliveries(text: str, days: int) -> None:
    assert [row[1:] for row in found(text)] == [(None, days)]


@pytest.mark.parametrize(
    "text",
    [
        "pregnant last year",
        "was pregnant",
        "not pregnant",
        "denies being pregnant",
        "? pregnant",
        "pregnant?",
        "if pregnant",
        "thinks she may be pregnant",
        "wants to get pregnant",
        "never been pregnant",
        "pregnant women",
        "pregnant wife",
        "non-pregnant",
        "pregnancy test positive",
        "last period 7 weeks ago",
        "BP 90/40",
        "baby delivered 3 days ago",
        "child was born 3 weeks ago",
        "delivered 4 months ago",
        "delivery expected in 3 weeks",
        "gave birth to four children",
        "drugs delivered 2 days ago",
        "",
    ],
)
def test_what_is_no_pregnancy_of_today(text: str) -> None:
    assert found(text) == []


@given(
    st.text()
    | st.lists(st.sampled_from(["pregnant", "32", "weeks", "/40", "delivered", "ago", "G2P1", ","])).map(" ".join)
)
def test_any_text_gives_places_within_it(text: str) -> None:
    for words in find_pregnancy(text):
        assert 0 <= words.start < words.end <= len(text)
        assert words.weeks is None or 1 <= words.weeks <= 44


@pytest.mark.parametrize("piece", ["pregnant ", "8 ", "delivered ", "delivered a baby ", "g1p1 ", "32/40 ", "post "])
def test_no_text_takes_long(piece: str) -> None:
    start = time.process_time()
    list(find_pregnancy((piece * 100_000)[:100_000]))
    assert time.process_time() - start < 3


def test_a_pregnancy_that_is_over_is_none_and_a_delivery_may_be_told_by_since() -> None:
    assert found("Recently pregnant, gave birth since 5 weeks") == [("gave birth since 5 weeks", None, 35)]
    assert found("formerly pregnant") == found("recent pregnancy of 30 weeks") == []
