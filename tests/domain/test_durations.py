from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.durations import durations_of, find_durations
from medrag_desktop.domain.mention import Mention
from medrag_desktop.domain.tokens import tokenize

NAMES = ("cough", "fever", "diarrhoea", "headache", "night sweats", "diabetes")


def mentions(text: str) -> tuple[Mention, ...]:
    lower = text.lower()
    places = ((name, start) for name in NAMES for start in range(len(text)) if lower.startswith(name, start))
    found = (Mention(name, start, start + len(name), exact=True) for name, start in places)
    return tuple(sorted(found, key=lambda mention: mention.start))


def lasting(text: str) -> dict[str, float]:
    """Return days by finding."""
    found = mentions(text)
    groups = [mention.finding == "diabetes" for mention in found]
    durations = durations_of(found, text, tokenize(text), groups)
    return {found[number].finding: duration.hours / 24 for number, duration in sorted(durations.items())}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cough for six weeks", {"cough": 42}),
        ("fever x 3 days", {"fever": 3}),
        ("fever x3 days", {"fever": 3}),
        ("fever 3/7", {"fever": 3}),
        ("fever x3/7", {"fever": 3}),
        ("2/52 diarrhoea", {"diarrhoea": 14}),
        ("headache 2/12", {"headache": 1460 / 24}),
        ("cough for the past two weeks", {"cough": 14}),
        ("cough for the past week", {"cough": 7}),
        ("a week of diarrhoea", {"diarrhoea": 7}),
        ("10-day history of fever", {"fever": 10}),
        ("a week's history of fever", {"fever": 7}),
        ("fever since 3 days", {"fever": 3}),
        ("fever from 3 days", {"fever": 3}),
        ("fever started 10 days ago", {"fever": 10}),
        ("fever (5 days)", {"fever": 5}),
        ("cough of 3 weeks' duration", {"cough": 21}),
        ("cough, getting worse, over the last 10 days", {"cough": 10}),
        ("For the past two weeks, she has had a bad cough", {"cough": 14}),
        ("fever for a couple of weeks", {"fever": 14}),
        ("fever for weeks", {"fever": 14}),
        ("diarrhoea 5 times a day for 15 days", {"diarrhoea": 15}),
        ("fever for 36 hours", {"fever": 1.5}),
        ("diarrhoea off and on 2/12", {"diarrhoea": 1460 / 24}),
        ("headache daily 3 weeks", {"headache": 21}),
        ("child 3 days fever", {"fever": 3}),
        ("girl 8 yr cough", {}),
        ("baby 3 weeks, fever", {}),
        ("man 60 years fever 2/7", {"fever": 2}),
    ],
)
def test_a_duration_goes_to_its_finding(text: str, expected: dict[str, float]) -> None:
    assert lasting(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fever 2 days, cough for 6 weeks", {"fever": 2, "cough": 42}),
        ("cough for 3 months and fever for two days", {"cough": 2190 / 24, "fever": 2}),
        ("4 days fever, 2 days headache", {"fever": 4, "headache": 2}),
        ("3/7 fever 2/52 cough", {"fever": 3, "cough": 14}),
        ("3-day history of fever, cough and night sweats", {"fever": 3, "cough": 3, "night sweats": 3}),
        ("cough, fever and night sweats for six weeks", {"cough": 42, "fever": 42, "night sweats": 42}),
        ("cough, fever 3 days", {"fever": 3}),
        ("cough. Fever for 3 days", {"fever": 3}),
        ("10 year history of diabetes and cough", {"diabetes": 3652.5}),
    ],
)
def test_each_finding_has_its_own(text: str, expected: dict[str, float]) -> None:
    assert lasting(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "fever since Monday",
        "fever 5 days ago",
        "cough treated with tablets for 7 days",
        "20 weeks pregnant with fever",
        "2-week-old with fever",
        "after 3 days of fever",
        "tablets every 6 hours, fever",
        "two days later fever",
        "fever for less than 2 days",
        "fever within 2 weeks",
        "cough, smoked a pack a day for 20 years",
        "power 5/5, seen 3/12/2024 with fever",
        "fever for 0 days",
        "swollen knee for 3 weeks, fever",
        "fever. For 3 days",
    ],
)
def test_other_times_are_no_duration(text: str) -> None:
    assert lasting(text) == {}


def test_of_a_range_the_shorter_time_counts() -> None:
    assert [d.hours for d in find_durations("for 2-3 weeks, for two to four days")] == [336, 48]


def test_more_than_a_time_is_beyond_it() -> None:
    hours = [
        d.hours
        for d in find_durations("for more than 7 days; for over a week; for the past 7 days; over the past week")
    ]
    assert min(hours[:2]) > 168
    assert hours[2:] == [168, 168]


_WORDS = st.sampled_from(
    [
        *NAMES,
        "for",
        "3",
        "days",
        "x",
        "3/7",
        "2/52",
        "history of",
        "and",
        ",",
        ".",
        "\n",
        "the past",
        "a",
        "week",
        "since",
    ]
)


@given(st.text() | st.lists(_WORDS, max_size=20).map(" ".join))
def test_any_text_gives_durations_that_lie_in_it(text: str) -> None:
    found = find_durations(text)
    assert all(0 <= d.start < d.end <= len(text) and d.hours > 0 for d in found)
    named = mentions(text)
    assert set(durations_of(named, text, tokenize(text), [0] * len(named))) <= set(range(len(named)))
