from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.threshold import describe_measurement, is_threshold, measured, parse_threshold
from medrag_desktop.errors import LibraryError
from tests.builders import encounter, patient


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("spo2_percent < 90", 89.0, True),
        ("spo2_percent < 90", 90.0, False),
        ("spo2_percent<=90", 90.0, True),
        ("spo2_percent > 90", 90.0, False),
        ("spo2_percent >= 90", 90.0, True),
        ("spo2_percent < 90", None, None),
    ],
)
def test_a_comparison(text: str, value: float | None, holds: bool | None) -> None:
    assert parse_threshold(text).holds(encounter(spo2_percent=value)) is holds


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("avpu != A", "V", True),
        ("avpu != A", "A", False),
        ("avpu = u", "U", True),
        ("avpu = U", "P", False),
        ("avpu != A", None, None),
    ],
)
def test_the_scale_of_letters(text: str, value: str | None, holds: bool | None) -> None:
    assert parse_threshold(text).holds(encounter(avpu=value)) is holds


@pytest.mark.parametrize(
    ("text", "signs", "holds"),
    [
        ("on_oxygen = yes", {"on_oxygen": True}, True),
        ("on_oxygen = yes", {"on_oxygen": False}, False),
        ("on_oxygen = yes", {}, None),
        ("gcs < 15", {"avpu": "A"}, False),
        ("gcs < 15", {"avpu": "V"}, None),
        ("gcs < 15", {"avpu": "A", "gcs": 14}, True),
        ("avpu != A", {"gcs": 15}, False),
        ("avpu != A", {"gcs": 14}, None),
        ("avpu = U", {"gcs": 15}, False),
    ],
)
def test_oxygen_and_the_two_scales_of_consciousness(text: str, signs: dict[str, Any], holds: bool | None) -> None:
    assert parse_threshold(text).holds(encounter(**signs)) is holds


def test_age_is_measured_in_days_and_years() -> None:
    newborn = encounter(who=patient(7 / 365.25))
    assert parse_threshold("age_days <= 7").holds(newborn) is True
    assert parse_threshold("age_years >= 1").holds(newborn) is False
    assert parse_threshold("age_days < 7").holds(encounter(who=patient(None))) is None


@pytest.mark.parametrize(
    "text",
    [
        "spo2 < 90",
        "spo2_percent ! 90",
        "spo2_percent = 90",
        "spo2_percent < low",
        "spo2_percent < nan",
        "spo2_percent < inf",
        "avpu < A",
        "fever",
        "",
    ],
)
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(LibraryError):
        parse_threshold(text)


def test_a_finding_id_is_no_comparison() -> None:
    assert not is_threshold("fever.high")
    assert is_threshold(" spo2_percent<90 ")


def test_words_for_a_measurement() -> None:
    assert describe_measurement(encounter(spo2_percent=88.0), "spo2_percent") == "SpO2 88 %"
    assert describe_measurement(encounter(avpu="V"), "avpu") == "AVPU V"
    assert describe_measurement(encounter(), "spo2_percent") == "SpO2 not measured"
    assert describe_measurement(encounter(on_oxygen=True), "on_oxygen") == "on oxygen"
    assert describe_measurement(encounter(on_oxygen=False), "on_oxygen") == "not on oxygen"
    assert measured(encounter(who=patient(3.5)), "age_years") == 3.5


@given(st.floats(min_value=0, max_value=100), st.floats(min_value=0, max_value=100))
def test_below_and_not_below_are_opposites(limit: float, value: float) -> None:
    taken = encounter(spo2_percent=value)
    below = parse_threshold(f"spo2_percent < {limit}").holds(taken)
    assert below is (not parse_threshold(f"spo2_percent >= {limit}").holds(taken))
