from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medrag_desktop.domain.encounter import Encounter, Origin
from medrag_desktop.domain.normal_ranges import derived_findings, parse_normal_ranges
from medrag_desktop.errors import LibraryError
from tests.builders import encounter, patient

HEAD = '[sources]\na = { title = "Limits", publisher = "Nobody", year = 2024 }\n'
DERIVED = """
[[derived]]
finding = "thin_arm"
any = ["muac_mm < 115"]
applies = { age_years = [0.5, 5] }
source = "a"
[[derived]]
finding = "drowsy"
any = ["avpu != A", "gcs < 15"]
source = "a"
[[derived]]
finding = "severe"
any = ["systolic_mmhg >= 180", "diastolic_mmhg >= 110"]
source = "a"
[[derived]]
finding = "severe"
any = ["systolic_mmhg >= 160"]
applies = { pregnant = true }
source = "a"
"""
WEIGHT = """
[weight_for_height]
finding = "light"
age_years = [0, 5]
source = "a"
length_from_cm = 70
length_girls = [6.0, 7.0]
length_boys = [6.5, 7.5]
height_from_cm = 90
height_girls = [9.0, 10.0]
height_boys = [9.5, 10.5]
"""
RANGES = parse_normal_ranges(HEAD + DERIVED + WEIGHT)


def derive(case: Encounter) -> dict[str, str]:
    return {finding.finding: finding.presence.value for finding in derived_findings(case, RANGES)}


@pytest.mark.parametrize(
    ("age", "muac", "found"),
    [
        (2, 114, {"thin_arm": "present"}),
        (2, 115, {"thin_arm": "absent"}),
        (6, 100, {}),
        (None, 100, {}),
        (None, 130, {"thin_arm": "absent"}),
    ],
)
def test_the_age_decides_whom_a_limit_is_for(age: float | None, muac: float, found: dict[str, str]) -> None:
    assert derive(encounter(who=patient(age, muac_mm=muac))) == found


@pytest.mark.parametrize(
    ("signs", "drowsy"),
    [
        ({"avpu": "A"}, "absent"),
        ({"gcs": 15}, "absent"),
        ({"avpu": "V"}, "present"),
        ({"gcs": 14}, "present"),
        ({"avpu": "A", "gcs": 14}, "present"),
        ({"avpu": "A", "gcs": 15}, "absent"),
        ({}, None),
    ],
)
def test_one_scale_of_consciousness_is_enough(signs: dict[str, Any], drowsy: str | None) -> None:
    assert derive(encounter(**signs)).get("drowsy") == drowsy


def test_what_is_read_from_text_stays_what_the_text_says() -> None:
    read = replace(encounter(avpu="A"), read_from_text=("avpu",))
    assert {f.origin for f in derived_findings(read, RANGES)} == {Origin.TEXT}
    half = replace(encounter(systolic_mmhg=130, diastolic_mmhg=80), read_from_text=("diastolic_mmhg",))
    (finding,) = derived_findings(half, RANGES)
    assert finding.origin is Origin.TEXT, "an absence is as weak as its weakest measurement"


@pytest.mark.parametrize(
    ("who", "pressure", "severe"),
    [
        (patient(30, "male"), (165, 90), "absent"),
        (patient(30, "male"), (165, 112), "present"),
        (patient(30, "male"), (165, None), None),
        (patient(30, "female", pregnant=True), (165, 90), "present"),
        (patient(30, "female"), (165, 90), None),
        (patient(30, "female"), (140, 90), "absent"),
    ],
)
def test_any_comparison_makes_a_finding_and_all_deny_it(
    who: object, pressure: tuple[float, float | None], severe: str | None
) -> None:
    case = encounter(who=who, systolic_mmhg=pressure[0], diastolic_mmhg=pressure[1])  # type: ignore[arg-type]
    assert derive(case).get("severe") == severe


@pytest.mark.parametrize(
    ("age", "sex", "cm", "kg", "light"),
    [
        (1, "female", 70.5, 6.4, "present"),
        (1, "female", 70.5, 6.6, "absent"),
        (1, "female", 71, 6.9, "present"),
        (1, "unknown", 70, 6.4, "present"),
        (3, "male", 91, 10.6, "absent"),
        (3, "male", 91.2, 6.0, None),
        (3, "male", 89.9, 6.0, None),
        (5, "male", 90, 6.0, None),
        (None, "male", 90, 6.0, None),
    ],
)
def test_weight_for_height(age: float | None, sex: str, cm: float, kg: float, light: str | None) -> None:
    assert derive(encounter(who=patient(age, sex, height_cm=cm, weight_kg=kg))).get("light") == light


@pytest.mark.parametrize(
    "text",
    [
        DERIVED.replace('source = "a"', 'source = "b"'),
        DERIVED.replace("muac_mm <", "muac <"),
        DERIVED.replace("age_years", "age_days"),
        DERIVED.replace("any =", "all ="),
        WEIGHT.replace('source = "a"', 'source = "b"'),
        WEIGHT.replace("height_boys = [9.5, 10.5]", ""),
    ],
)
def test_a_broken_table_is_named(text: str) -> None:
    with pytest.raises(LibraryError, match=r"normal_ranges\.toml"):
        parse_normal_ranges(HEAD + text)
