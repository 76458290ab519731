"""laboratory.toml and what its limits decide."""

from __future__ import annotations

import pytest

from medrag_desktop.domain.encounter import Patient, Presence, Sex
from medrag_desktop.domain.laboratory import Laboratory, Measured, ReferenceRange, parse_laboratory
from medrag_desktop.errors import LibraryError

FILE = """
[sources.a]
title = "Values"
[sodium]
names = ["sodium", "na"]
units = { "mmol/l" = 1 }
unwritten = { "mmol/l" = [90, 190] }
plausible = [90, 200]
[[sodium.limits]]
finding = "test.low_sodium"
below = 130
normal = 135
source = "a"
[[sodium.limits]]
finding = "test.high_sodium"
above = 150
normal = 145
applies = { age_years = [1, 130] }
source = "a"
"""


def decided(value: Measured, patient: Patient | None = None) -> dict[str, Presence]:
    (sodium,) = parse_laboratory(FILE).analytes
    return dict(sodium.decide(value, patient or Patient(age_years=30, sex=Sex.MALE)))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (118, 118, {"test.low_sodium": Presence.PRESENT, "test.high_sodium": Presence.ABSENT}),
        (130, 130, {"test.high_sodium": Presence.ABSENT}),
        (135, 135, {"test.low_sodium": Presence.ABSENT, "test.high_sodium": Presence.ABSENT}),
        (120, 140, {"test.high_sodium": Presence.ABSENT}),
        (160, float("inf"), {"test.low_sodium": Presence.ABSENT, "test.high_sodium": Presence.PRESENT}),
        (0, 125, {"test.low_sodium": Presence.PRESENT, "test.high_sodium": Presence.ABSENT}),
    ],
)
def test_between_the_limits_nothing_is_decided(low: float, high: float, expected: dict[str, Presence]) -> None:
    assert decided(Measured(low, high, 1.0)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Measured(133, 133, None, ReferenceRange(136, 145)), Presence.PRESENT),
        (Measured(133, 133, 1.0, ReferenceRange(132, 145)), Presence.ABSENT),
        (Measured(133, 133, 1.0, flag="low"), Presence.PRESENT),
        (Measured(133, 133, 1.0, flag="normal"), Presence.ABSENT),
        (Measured(118, 118, 1.0, flag="high"), Presence.PRESENT),
        (Measured(118, 118, 1.0, ReferenceRange(1.3, 1.5)), Presence.PRESENT),
        (Measured(118, 118, None), None),
    ],
)
def test_the_laboratory_of_the_value_decides_before_the_library(value: Measured, expected: Presence | None) -> None:
    assert decided(value).get("test.low_sodium") == expected


def test_a_limit_of_other_ages_decides_nothing() -> None:
    baby = decided(Measured(160, 160, 1.0), Patient(age_years=0.1))
    assert "test.high_sodium" not in baby


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('names = ["sodium", "na"]', "", "sodium cannot be read"),
        ('names = ["sodium", "na"]', "names = []", "names must be a list"),
        ('names = ["sodium", "na"]', 'names = ["na"]\ncolour = "red"', "unknown keys: colour"),
        ('names = ["sodium", "na"]', 'names = ["na"]\nspecimen = "hair"', "specimen must be one of"),
        ('names = ["sodium", "na"]', 'names = ["na"]\ncount = 1', "count must be true or false"),
        ('"mmol/l" = 1 }', '"mmol/l" = "one" }', "is no number"),
        ('"mmol/l" = 1 }', '"mmol/l" = inf }', "must be finite"),
        ("plausible = [90, 200]", "plausible = [90]", "sodium cannot be read"),
        ("below = 130", "", "either below or above"),
        ("below = 130", "below = 130\nabove = 140", "either below or above"),
        ('source = "a"', 'source = "b"', "the source b, which is not in [sources]"),
        ("age_years = [1, 130]", "years = [1, 130]", "unknown keys: years"),
        ("[sources.a]", "[sources.a", "cannot be read"),
        ("[sources.a]", "potassium = 3\n[sources.a]", "potassium cannot be read"),
    ],
)
def test_a_broken_file_names_the_entry(old: str, new: str, words: str) -> None:
    assert old in FILE
    with pytest.raises(LibraryError, match=r"laboratory\.toml") as caught:
        parse_laboratory(FILE.replace(old, new, 1))
    assert words in str(caught.value)


def test_an_empty_file_measures_nothing() -> None:
    assert parse_laboratory("").analytes == Laboratory().analytes == ()
