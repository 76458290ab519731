"""What the undecided danger signs wait for: all of it, sorted by how it is found out."""

from __future__ import annotations

from medrag_desktop.domain.encounter import Finding, Origin, Presence
from medrag_desktop.domain.triage import NotAssessed
from medrag_desktop.domain.unchecked import STEP_WORDS, Step, unchecked
from tests.builders import make_test_vocabulary

VOCABULARY = make_test_vocabulary()


def sort(*needs: str, findings: tuple[Finding, ...] = ()) -> dict[Step, tuple[str, ...]]:
    rules = [NotAssessed(str(number), (need,)) for number, need in enumerate(needs)]
    return {each.step: each.words for each in unchecked(rules, findings, VOCABULARY)}


def told_absent(finding: str, quote: str = "no", field: str = "history") -> Finding:
    return Finding(finding, Presence.ABSENT, Origin.TEXT, quote, field)


def test_measurements_come_first_in_the_order_they_are_taken() -> None:
    asked = ("Glasgow coma scale", "SpO2", "AVPU", "cough", "diastolic blood pressure", "blood glucose", "temperature")
    found = sort(*asked, "heart rate", "respiratory rate", "systolic blood pressure", "jaundice")
    assert list(found) == [Step.MEASURE, Step.ASK, Step.EXAMINE]
    assert found[Step.MEASURE] == (
        "temperature",
        "pulse",
        "breathing rate",
        "SpO2",
        "blood pressure",
        "blood glucose",
        "alertness (AVPU or Glasgow coma scale)",
    )


def test_a_saturation_on_oxygen_is_measured_again_without() -> None:
    assert sort("SpO2 without oxygen", "SpO2")[Step.MEASURE] == ("SpO2 without oxygen", "SpO2")


def test_what_most_rules_wait_for_stands_first_and_once() -> None:
    rules = [NotAssessed("a", ("cough", "rash")), NotAssessed("b", ("rash", "jaundice")), NotAssessed("c", ("rash",))]
    found = {each.step: each.words for each in unchecked(rules, (), VOCABULARY)}
    assert found == {Step.ASK: ("cough",), Step.EXAMINE: ("rash", "jaundice")}


def test_what_the_text_denies_is_to_be_confirmed_with_all_it_implies() -> None:
    found = sort("vomiting", "bilious vomiting", "cough", "rash", findings=(told_absent("vomiting"),))
    assert found == {
        Step.CONFIRM: ("vomiting", "bilious vomiting"),
        Step.ASK: ("cough",),
        Step.EXAMINE: ("rash",),
    }
    by_hand = Finding("cough", Presence.ABSENT)
    there = Finding("rash", Presence.PRESENT, Origin.TEXT, "rash", "history")
    assert Step.CONFIRM not in sort("cough", "rash", findings=(by_hand, there))


def test_what_the_text_measured_is_to_be_measured() -> None:
    read = told_absent("hypoxaemia", "SpO2 97 %", field="")
    assert sort("SpO2", "temperature", findings=(read,)) == {
        Step.MEASURE: ("temperature",),
        Step.REPEAT: ("SpO2 97 %",),
    }


def test_what_is_no_finding_is_a_question_or_a_doubt_that_is_never_left_out() -> None:
    doubt = "check temperature 44 \N{DEGREE SIGN}C and its unit"
    found = sort("age", "on oxygen", "gestation", doubt, "dropped_finding")
    assert found[Step.ASK] == ("age", "whether oxygen is given", "weeks of gestation")
    assert found[Step.CLEAR_UP] == (doubt, "dropped_finding")


def test_nothing_is_lost_however_much_it_is() -> None:
    labels = [definition.label for definition in VOCABULARY.definitions.values()]
    found = sort(*labels)
    assert sorted(word for words in found.values() for word in words) == sorted(labels)
    assert set(STEP_WORDS) == set(Step)
    assert sort() == {}
