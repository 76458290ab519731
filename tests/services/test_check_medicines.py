"""The linter of medicines.toml."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medrag_desktop.domain.condition import Condition
from medrag_desktop.domain.medicine import parse_medicines
from medrag_desktop.services.check_medicines import check_medicines
from medrag_desktop.services.library_problem import Problem
from tests.small_library import condition, ranker

FILE = """
[sources]
a = { title = "Medicines", publisher = "Nobody", year = 2024 }
[classes.scabicide]
[medicines.amoxicillin]
synonyms = ["amoxil"]
pregnancy = { advice = "avoid", unless = ["measles"], source = "a" }
minimum_age = { years = 8, unless = ["pneumonia"], source = "a" }
avoided_in = [{ any = ["cough", "pneumonia"], words = "cough is there", source = "a" }]
[[interactions]]
between = ["amoxicillin", "scabicide"]
words = "they do not go together"
source = "a"
"""


def problems(file: str = FILE, text: str = "Amoxicillin is used.") -> list[Problem]:
    monograph: Condition = replace(condition("measles", {}), sections=(("Management", text),))
    catalogue = ranker().catalogue
    others = tuple(c for c in catalogue.conditions if c.id != "measles")
    return list(check_medicines(replace(catalogue, conditions=(monograph, *others), medicines=parse_medicines(file))))


def test_a_file_that_keeps_the_rules_has_no_problem() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["amoxil"]', '["scabicides"]', "names both"),
        ('["amoxil"]', '["??"]', "without a word"),
        ('"cough", "pneumonia"', '"coughing"', "names coughing, which is neither a finding nor a condition"),
        ('unless = ["measles"]', 'unless = ["rubella"]', "names rubella"),
        ('unless = ["pneumonia"]', 'unless = ["plague"]', "names plague"),
        ('words = "cough is there"', 'words = "take 500 mg"', "A dose stands in"),
        ('words = "they do not go together"', 'words = " "', "says nothing"),
    ],
)
def test_a_broken_rule_is_an_error(old: str, new: str, words: str) -> None:
    assert old in FILE
    (problem,) = problems(FILE.replace(old, new))
    assert (problem.severity, problem.file) == ("error", "medicines.toml")
    assert words in problem.sentence


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zyxacillin is used, not amoxicillin.", "zyxacillin"),
        ("Permethrin (a scabicide) is used.", "permethrin"),
        ("Permethrin, a scabicide, is used.", "permethrin"),
    ],
)
def test_a_medicine_of_a_monograph_that_is_not_in_the_file_is_a_warning(text: str, name: str) -> None:
    (problem,) = problems(text=text)
    assert (problem.severity, problem.file) == ("warning", "conditions/infectious/measles.md")
    assert problem.sentence.endswith(f"cannot be checked: {name}.")


@pytest.mark.parametrize("text", ["Cocaine harms.", "April is wet.", "Amoxil (amoxicillin) is used, a common one."])
def test_other_words_are_no_medicines(text: str) -> None:
    assert problems(text=text) == []
