from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Patient, Presence, Sex, VitalSigns
from medrag_desktop.domain.observations import observe
from medrag_desktop.domain.triage import Triage, parse_danger_rules, triage
from medrag_desktop.errors import LibraryError
from tests.builders import absent, encounter, make_ranges, make_test_vocabulary, not_assessed, patient, present

VOCABULARY = make_test_vocabulary()
RANGES = make_ranges()
HEAD = '[sources]\na = { title = "Guide", publisher = "Somebody", year = 2024 }\n'


def rule(name: str = "r", body: str = 'any = ["convulsions"]', urgency: str = "emergency") -> str:
    return f'[[rule]]\nid = "{name}"\nmessage = "Act."\nurgency = "{urgency}"\nsource = "a"\n{body}\n'


def run(rules: str, case: Encounter, *read: Finding) -> Triage:
    observations = observe(case, read, VOCABULARY, RANGES)
    return triage(case, observations, parse_danger_rules(HEAD + rules), VOCABULARY)


def outcome(body: str, case: Encounter, *read: Finding) -> str:
    result = run(rule(body=body), case, *read)
    assert len(result.fired) + len(result.not_assessed) <= 1
    return "fired" if result.fired else "open" if result.not_assessed else "cleared"


ANY = 'any = ["convulsions", "unable_to_drink"]'
ALL = 'all = ["fever", "neck_stiffness"]'
TWO = 'at_least = { count = 2, of = ["fever", "cough", "rash"] }'
LOW = 'any = ["spo2_percent < 90"]'


@pytest.mark.parametrize(
    ("body", "findings", "expected"),
    [
        (ANY, [], "open"),
        (ANY, [absent("convulsions")], "open"),
        (ANY, [absent("convulsions"), absent("unable_to_drink")], "cleared"),
        (ANY, [absent("convulsions"), present("unable_to_drink")], "fired"),
        (ANY, [not_assessed("convulsions"), absent("unable_to_drink")], "open"),
        (ALL, [], "open"),
        (ALL, [present("fever")], "open"),
        (ALL, [absent("fever")], "cleared"),
        (ALL, [present("fever"), present("neck_stiffness")], "fired"),
        (ALL, [present("fever.high"), present("neck_stiffness")], "fired"),
        (TWO, [present("fever")], "open"),
        (TWO, [present("fever"), absent("cough")], "open"),
        (TWO, [present("fever"), absent("cough"), absent("rash")], "cleared"),
        (TWO, [absent("fever"), absent("cough")], "cleared"),
        (TWO, [present("fever"), present("rash")], "fired"),
        (f"{ALL}\n{ANY}", [present("fever"), present("neck_stiffness")], "open"),
    ],
)
def test_three_outcomes(body: str, findings: list[Finding], expected: str) -> None:
    assert outcome(body, encounter(*findings)) == expected


def test_an_absence_in_the_text_never_clears() -> None:
    both = absent("convulsions", "text"), absent("unable_to_drink", "text")
    assert outcome(ANY, encounter(), *both) == "open"
    assert outcome(ALL, encounter(), absent("fever", "text")) == "open"


def test_a_presence_in_the_text_fires_and_is_quoted() -> None:
    (sign,) = run(rule(), encounter(), replace(present("convulsions", "text"), quote="had fits")).fired
    assert sign.because == ("convulsions (had fits)",)
    assert sign.source == "Somebody, Guide, 2024"


def test_the_form_overrides_the_text() -> None:
    assert (
        outcome('any = ["convulsions"]', encounter(absent("convulsions")), present("convulsions", "text")) == "cleared"
    )


@pytest.mark.parametrize(
    ("signs", "read", "expected"),
    [
        ({"spo2_percent": 88.0}, (), "fired"),
        ({"spo2_percent": 97.0}, (), "cleared"),
        ({}, (), "open"),
        ({"spo2_percent": 97.0}, ("spo2_percent",), "open"),
        ({"spo2_percent": 88.0}, ("spo2_percent",), "fired"),
        ({"spo2_percent": 97.0, "on_oxygen": True}, (), "open"),
        ({"spo2_percent": 88.0, "on_oxygen": True}, (), "fired"),
    ],
)
@pytest.mark.parametrize("body", [LOW, 'any = ["hypoxaemia"]'])
def test_a_vital_sign(body: str, signs: dict[str, Any], read: tuple[str, ...], expected: str) -> None:
    assert outcome(body, replace(encounter(**signs), read_from_text=read)) == expected


def test_what_is_needed_is_named() -> None:
    (lacking,) = run(rule(body='any = ["convulsions", "spo2_percent < 90"]'), encounter()).not_assessed
    assert lacking.needs == ("convulsions", "SpO2")
    (lacking,) = run(rule(body=LOW), encounter(spo2_percent=97.0, on_oxygen=True)).not_assessed
    assert lacking.needs == ("SpO2 without oxygen",)


YOUNG = f"applies = {{ age_years = [0.1, 5] }}\n{ANY}"


@pytest.mark.parametrize(("age", "expected"), [(0.1, "fired"), (4.9, "fired"), (5, "cleared"), (None, "fired")])
def test_age(age: float | None, expected: str) -> None:
    assert outcome(YOUNG, encounter(present("convulsions"), who=patient(age))) == expected


def test_an_upper_limit_of_a_lifetime_is_none() -> None:
    body = f"applies = {{ age_years = [12, 130] }}\n{ANY}"
    assert outcome(body, encounter(present("convulsions"), who=patient(130))) == "fired"


def test_an_unknown_age_is_among_the_needs() -> None:
    (lacking,) = run(rule(body=YOUNG), encounter(who=patient(None))).not_assessed
    assert lacking.needs == ("age", "convulsions", "unable to drink")
    (lacking,) = run(rule(body=ANY), encounter(who=patient(None))).not_assessed
    assert "age" not in lacking.needs


def test_a_message_for_an_age_says_so_when_the_age_is_unknown() -> None:
    (sign,) = run(rule(body=YOUNG), encounter(present("convulsions"), who=patient(None))).fired
    assert sign.message == "If 37 days or older and younger than 5 years: act."
    (sign,) = run(rule(body=YOUNG), encounter(present("convulsions"), who=patient(3))).fired
    assert sign.message == "Act."


def test_a_rule_that_wants_the_age_asks_for_it() -> None:
    body = f"applies = {{ age_years = [0, 5], known_age = true }}\n{ANY}"
    assert outcome(body, encounter(present("convulsions"), who=patient(3))) == "fired"
    assert outcome(body, encounter(present("convulsions"), who=patient(None))) == "open"
    assert outcome(body, encounter(present("convulsions"), who=patient(30))) == "cleared"


@pytest.mark.parametrize(
    ("form", "expected"), [([not_assessed("convulsions")], "open"), ([absent("convulsions")], "cleared")]
)
def test_a_rule_that_the_text_would_make_fire_is_not_silenced_by_not_assessed(
    form: list[Finding], expected: str
) -> None:
    told = replace(present("convulsions", "text"), quote="had fits")
    assert outcome('any = ["convulsions"]', encounter(*form), told) == expected
    if expected == "open":
        (lacking,) = run(rule(body='any = ["convulsions"]'), encounter(*form), told).not_assessed
        assert lacking.needs[0] == 'confirm "had fits" (in the text, but set to not assessed)'


def test_an_unsaid_finding_is_remembered_even_where_the_rest_would_clear_the_rule() -> None:
    told = present("cough.productive", "text")
    rules = rule(body='all = ["cough"]\nany = ["fever"]')
    case = encounter(not_assessed("cough.productive"), absent("cough"), present("fever"))
    assert not run(rules, case, told).fired
    lacking = run(rules, encounter(not_assessed("cough.productive"), present("fever")), told).not_assessed
    assert lacking[0].needs[0].startswith("confirm")


def test_a_doubtful_value_is_asked_for_first() -> None:
    observations = replace(observe(encounter(), (), VOCABULARY, RANGES), doubtful=("temperature 45.9 °C",))
    result = triage(encounter(), observations, parse_danger_rules(HEAD + rule()), VOCABULARY)
    assert result.not_assessed[0].id == "doubtful_measurement"
    assert result.not_assessed[0].needs == ("check temperature 45.9 °C and its unit",)


FEMALE = f'applies = {{ sex = "female" }}\n{ANY}'


@pytest.mark.parametrize(("sex", "expected"), [("female", "fired"), ("unknown", "fired"), ("male", "cleared")])
def test_sex(sex: str, expected: str) -> None:
    assert outcome(FEMALE, encounter(present("convulsions"), who=patient(30, sex))) == expected
    if sex == "unknown":
        assert run(rule(body=FEMALE), encounter(who=patient(30, sex))).not_assessed[0].needs[0] == "sex"


PREGNANT = f"applies = {{ pregnant = true }}\n{ANY}"
NOT_PREGNANT = f"applies = {{ pregnant = false }}\n{ANY}"


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (patient(30, "female"), "fired"),
        (patient(10, "female"), "fired"),
        (patient(55, "female"), "fired"),
        (patient(None, "female"), "fired"),
        (patient(30), "fired"),
        (patient(30, "female", pregnant=True), "fired"),
        (patient(30, "female", gestational_weeks=20), "fired"),
        (patient(9, "female"), "cleared"),
        (patient(56, "female"), "cleared"),
        (patient(30, "male"), "cleared"),
        (patient(30, "female", pregnant=False), "cleared"),
    ],
)
def test_pregnancy_is_kept_in_mind(who: Patient, expected: str) -> None:
    assert outcome(PREGNANT, encounter(present("convulsions"), who=who)) == expected


def test_a_rule_for_those_who_are_not_pregnant() -> None:
    assert outcome(NOT_PREGNANT, encounter(present("convulsions"), who=patient(30, "female"))) == "fired"
    pregnant = patient(30, "female", pregnant=True)
    assert outcome(NOT_PREGNANT, encounter(present("convulsions"), who=pregnant)) == "cleared"


@pytest.mark.parametrize(
    ("days", "sex", "expected"),
    [
        (5, "female", "fired"),
        (42, "female", "fired"),
        (43, "female", "cleared"),
        (None, "female", "open"),
        (None, "male", "cleared"),
    ],
)
def test_after_delivery(days: int | None, sex: str, expected: str) -> None:
    body = f"applies = {{ postpartum = true }}\n{ANY}"
    who = patient(30, sex, postpartum_days=days)
    assert outcome(body, encounter(present("convulsions"), who=who)) == expected
    if expected == "open":
        lacking = run(rule(body=body), encounter(present("convulsions"), who=who)).not_assessed[0]
        assert lacking.needs[0] == "days since delivery"


def test_emergencies_come_first() -> None:
    rules = rule("later", urgency="soon") + rule("now") + rule("today", urgency="urgent")
    assert [sign.id for sign in run(rules, encounter(present("convulsions"))).fired] == ["now", "today", "later"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (rule(body='at_least = { of = ["fever"] }'), "r cannot be read"),
        (rule(body='any = "fever"'), "list"),
        (rule(body='any = ["spo2 < 90"]'), "spo2"),
        (rule(body=f"applies = {{ age_days = [0, 28] }}\n{ANY}"), "age_days"),
        (rule(body=f"applies = {{ age_years = [0] }}\n{ANY}"), "r cannot be read"),
        (rule(body=f'applies = {{ pregnant = "yes" }}\n{ANY}'), "pregnant"),
        (rule(body=f"applies = {{ known_age = 3 }}\n{ANY}"), "known_age"),
        (rule(body=f"{ANY}\ncolour = 1"), "colour"),
        (rule(urgency="now"), "now"),
        (rule().replace('"a"', '"b"'), "r cannot be read"),
        (rule() + rule(), "twice: r"),
        ("[[", "danger_signs"),
    ],
)
def test_a_broken_rule_is_named(text: str, named: str) -> None:
    with pytest.raises(LibraryError, match=named):
        parse_danger_rules(HEAD + text)


def test_a_rule_without_criteria_neither_fires_nor_clears() -> None:
    assert outcome("", encounter()) == "open"


IDS = ["fever", "fever.high", "cough", "rash", "convulsions", "unable_to_drink", "neck_stiffness", "hypoxaemia"]
_bodies = st.sampled_from(
    [ANY, ALL, TWO, LOW, YOUNG, FEMALE, PREGNANT, NOT_PREGNANT, f"{ALL}\n{ANY}", 'any = ["hypoxaemia", "fever.high"]']
)
_patients = st.builds(
    Patient,
    age_years=st.none() | st.floats(min_value=0, max_value=130),
    sex=st.sampled_from(Sex),
    pregnant=st.none() | st.booleans(),
)
_signs = st.builds(
    VitalSigns,
    temperature_celsius=st.none() | st.floats(min_value=30, max_value=43),
    spo2_percent=st.none() | st.floats(min_value=50, max_value=100),
    on_oxygen=st.none() | st.booleans(),
)
_form = st.dictionaries(st.sampled_from(IDS), st.sampled_from(Presence), max_size=5)
_text = st.dictionaries(st.sampled_from(IDS), st.sampled_from([Presence.PRESENT, Presence.ABSENT]), max_size=5)


def _findings(named: dict[str, Presence], origin: Origin) -> tuple[Finding, ...]:
    quote = "words" if origin is Origin.TEXT else ""
    return tuple(Finding(name, presence, origin, quote) for name, presence in named.items())


@given(_bodies, _patients, _signs, _form, _text, st.sampled_from(IDS))
def test_one_more_present_finding_never_silences_a_rule(
    body: str, who: Patient, signs: VitalSigns, form: dict[str, Presence], text: dict[str, Presence], more: str
) -> None:
    read = _findings(text, Origin.TEXT)
    before = Encounter(patient=who, vital_signs=signs, findings=_findings(form, Origin.FORM))
    after = replace(before, findings=_findings({**form, more: Presence.PRESENT}, Origin.FORM))
    if outcome(body, before, *read) == "fired":
        assert outcome(body, after, *read) == "fired"
    if outcome(body, before) == "fired":
        assert outcome(body, before, present(more, "text")) == "fired"


@given(_bodies, _patients, _text)
def test_nothing_but_the_form_clears_a_rule(body: str, who: Patient, text: dict[str, Presence]) -> None:
    case = Encounter(
        patient=who,
        vital_signs=VitalSigns(temperature_celsius=37.0, spo2_percent=98.0),
        read_from_text=("temperature_celsius", "spo2_percent"),
    )
    excluded = not run(rule(body=body), Encounter(patient=who)).not_assessed
    assert excluded or outcome(body, case, *_findings(text, Origin.TEXT)) != "cleared"


# without narrower findings: a form that contradicts itself ("no fever", "high fever") is decided by what is there
_flat = st.dictionaries(
    st.sampled_from([name for name in IDS if "." not in name]), st.sampled_from(Presence), max_size=5
)


@given(_bodies, _patients, _flat)
def test_forgetting_a_finding_never_clears_a_rule(body: str, who: Patient, form: dict[str, Presence]) -> None:
    whole = Encounter(patient=who, findings=_findings(form, Origin.FORM))
    if outcome(body, whole) != "cleared":
        for finding in whole.findings:
            less = tuple(f for f in whole.findings if f is not finding)
            assert outcome(body, replace(whole, findings=less)) != "cleared"
