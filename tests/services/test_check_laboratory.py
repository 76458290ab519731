"""The linter of laboratory.toml."""

from __future__ import annotations

import pytest

from medrag_desktop.domain.laboratory import parse_laboratory
from medrag_desktop.domain.vocabulary import Vocabulary, make_vocabulary, parse_findings
from medrag_desktop.services.check_laboratory import check_laboratory

FINDINGS = """
[findings."test.low_sodium"]
label = "low sodium"
kind = "test"
[findings."test.high_sodium"]
label = "high sodium"
kind = "test"
[findings."pallor"]
label = "pallor"
kind = "sign"
"""
FILE = """
[sources.a]
title = "Values"
[sodium]
names = ["sodium", "na"]
units = { "mmol/l" = 1, "mg/dl" = 0.4 }
unwritten = { "mmol/l" = [90, 190], "mg/dl" = [250, 400] }
plausible = [90, 200]
[[sodium.limits]]
finding = "test.low_sodium"
below = 130
normal = 135
applies = { age_years = [1, 130], sex = "male" }
source = "a"
[[sodium.limits]]
finding = "test.high_sodium"
above = 150
applies = { age_years = [1, 130], sex = "male" }
source = "a"
[urine_sodium]
names = ["sodium"]
specimen = "urine"
units = { "mmol/l" = 1 }
[sodium_again]
names = ["natrium"]
units = { "mmol/l" = 1 }
"""


@pytest.fixture
def vocabulary() -> Vocabulary:
    return make_vocabulary(parse_findings(FINDINGS, "general"))


def test_a_file_that_keeps_the_rules_has_no_problem(vocabulary: Vocabulary) -> None:
    assert list(check_laboratory(parse_laboratory(FILE), vocabulary)) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"test.low_sodium"', '"test.low_natrium"', "names the finding test.low_natrium, which does not exist"),
        ('"test.low_sodium"', '"pallor"', "pallor is no test"),
        ('"mmol/l" = 1, "mg/dl"', '"mmol/l" = 2, "mg/dl"', "the first unit must be that of the limits"),
        ('"mg/dl" = 0.4', '"mg/dl" = -0.4', "factor of 0 or less"),
        ("plausible = [90, 200]", "plausible = [200, 90]", "plausible limits are upside down"),
        ('"mg/dl" = [250, 400] }', '"g/dl" = [250, 400] }', "g/dl is not among its units"),
        ("[250, 400]", "[400, 250]", "upside down or not plausible"),
        ("[250, 400]", "[250, 4000]", "upside down or not plausible"),
        ('"mg/dl" = [250', '"mg/dl" = [226', None),
        ('"mmol/l" = [90, 190]', '"mmol/l" = [90, 200]', None),
        ("[90, 190]", "[90, 199]", None),
        ("below = 130", "below = 30", "outside the plausible values"),
        ("normal = 135", "normal = 125", "what is normal lies beyond the limit"),
        ("[1, 130]", "[130, 1]", "ages of test.low_sodium are upside down"),
        ('sex = "male"', 'sex = "man"', "neither female nor male"),
        ("above = 150", "above = 120", "a value can mean both test.low_sodium and test.high_sodium"),
        ('"natrium"', '"na"', "'na' names both sodium and sodium_again"),
    ],
)
def test_a_broken_rule_is_an_error(vocabulary: Vocabulary, old: str, new: str, words: str | None) -> None:
    assert old in FILE
    problems = list(check_laboratory(parse_laboratory(FILE.replace(old, new, 1)), vocabulary))
    if words is None:
        assert problems == []
        return
    assert {(problem.severity, problem.file) for problem in problems} == {("error", "laboratory.toml")}
    assert any(words in problem.sentence for problem in problems)


def test_a_number_without_unit_must_not_have_two(vocabulary: Vocabulary) -> None:
    file = FILE.replace('"mg/dl" = 0.4', '"mg/dl" = 0.9').replace("[250, 400]", "[180, 200]")
    (problem,) = check_laboratory(parse_laboratory(file), vocabulary)
    assert "a number without a unit may have two" in problem.sentence
