from __future__ import annotations

from dataclasses import replace

import pytest

from medrag_desktop.domain.encounter import Encounter, Origin
from medrag_desktop.domain.normal_ranges import derived_findings, doubtful_values, parse_normal_ranges
from medrag_desktop.errors import LibraryError
from tests.builders import encounter, make_ranges, patient

RANGES = make_ranges()


def derive(case: Encounter) -> dict[str, str]:
    return {finding.finding: finding.presence.value for finding in derived_findings(case, RANGES)}


@pytest.mark.parametrize(
    ("age", "rate", "presence"),
    [
        (0.5, 59, "absent"),
        (0.5, 60, "present"),
        (1.0, 21, "present"),
        (1.0, 20, "absent"),
        (129.9, 21, "present"),
        (130.0, 21, "present"),
    ],
)
def test_limits_depend_on_age(age: float, rate: float, presence: str) -> None:
    assert derive(encounter(who=patient(age), respiratory_rate_bpm=rate)) == {"tachypnoea": presence}


def test_of_unknown_age_only_what_is_normal_at_every_age_is_absent() -> None:
    unknown = patient(None)
    assert derive(encounter(who=unknown, temperature_celsius=37.0)) == {"fever": "absent"}
    assert derive(encounter(who=unknown, temperature_celsius=37.6)) == {}
    assert derive(encounter(who=unknown, temperature_celsius=38.5)) == {"fever": "present"}
    assert derive(encounter(who=unknown, respiratory_rate_bpm=18)) == {"tachypnoea": "absent"}


def test_nothing_is_derived_from_what_was_not_measured() -> None:
    assert derive(encounter()) == {}


def test_half_a_blood_pressure_denies_nothing_that_the_other_half_can_show() -> None:
    assert derive(encounter(systolic_mmhg=120)) == {"hypotension": "absent"}
    assert derive(encounter(systolic_mmhg=120, diastolic_mmhg=95))["high_blood_pressure"] == "present"
    assert derive(encounter(systolic_mmhg=150, diastolic_mmhg=80))["high_blood_pressure"] == "present"
    assert derive(encounter(systolic_mmhg=120, diastolic_mmhg=80))["high_blood_pressure"] == "absent"


def test_a_normal_saturation_under_oxygen_denies_nothing() -> None:
    assert derive(encounter(spo2_percent=97)) == {"hypoxaemia": "absent"}
    assert derive(encounter(spo2_percent=97, on_oxygen=True)) == {}
    assert derive(encounter(spo2_percent=88, on_oxygen=True)) == {"hypoxaemia": "present"}


def test_the_quote_is_the_measurement_and_the_origin_where_it_was_read() -> None:
    case = encounter(spo2_percent=88)
    (finding,) = derived_findings(case, RANGES)
    assert (finding.quote, finding.origin) == ("SpO2 88 %", Origin.FORM)
    (finding,) = derived_findings(replace(case, read_from_text=("spo2_percent",)), RANGES)
    assert finding.origin is Origin.TEXT


def test_band_of_a_sign_without_limits() -> None:
    assert RANGES.band("glucose_mmol_l", 30) is None


@pytest.mark.parametrize(
    "text",
    [
        "[[",
        "[[heart_rate_bpm]]\nlow = 3",
        "[[heart_rate_bpm]]\nage_years = [1]",
        "[[heart_rate_bpm]]\nage_years = [0, 1]\nlow = 'x'",
        "[plausible]\nheart_rate_bpm = [1]",
        "[doubtful]\nheart_rate_bpm = [1]",
    ],
)
def test_a_broken_file_is_named(text: str) -> None:
    with pytest.raises(LibraryError, match=r"normal_ranges\.toml"):
        parse_normal_ranges(text)


def test_values_that_are_likelier_a_slip_are_named() -> None:
    ranges = parse_normal_ranges("[doubtful]\nglucose_mmol_l = [1, 40]\nmuac_mm = [60, 450]")
    case = encounter(glucose_mmol_l=90, who=patient(2, muac_mm=115))
    assert doubtful_values(case, ranges) == ("blood glucose 90 mmol/L",)
    assert doubtful_values(encounter(glucose_mmol_l=40), ranges) == ()
    assert doubtful_values(encounter(), ranges) == ()
