from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.domain.encounter import Encounter, Finding, Origin, Presence, Severity
from medrag_desktop.domain.observations import Observations, observe
from tests.builders import absent, encounter, make_ranges, make_test_vocabulary, not_assessed, patient, present

VOCABULARY = make_test_vocabulary()
RANGES = make_ranges()


def see(case: Encounter, *read: Finding) -> Observations:
    return observe(case, read, VOCABULARY, RANGES)


def test_silence_is_no_information() -> None:
    assert see(encounter()).presence("fever") is Presence.NOT_ASSESSED


def test_the_form_overrides_the_text() -> None:
    seen = see(encounter(absent("rash"), present("cough")), present("rash", "text"), absent("cough", "text"))
    assert seen.presence("rash") is Presence.ABSENT
    assert seen.presence("cough") is Presence.PRESENT


def test_not_assessed_in_the_form_unsays_the_text() -> None:
    seen = see(encounter(not_assessed("rash")), present("rash", "text"))
    assert seen.presence("rash") is Presence.NOT_ASSESSED
    assert seen.stated == ()


def test_what_the_form_denies_the_text_cannot_bring_back_as_a_narrower_finding() -> None:
    seen = see(encounter(absent("cough")), present("cough.productive", "text"))
    assert seen.presence("cough") is Presence.ABSENT
    assert seen.present() == ()


def test_a_narrower_finding_implies_the_wider() -> None:
    seen = see(encounter(present("cough.productive")))
    assert seen.known["cough"].presence is Presence.PRESENT
    assert seen.known["cough"].quote == "productive cough"


def test_a_wider_absence_implies_the_narrower_with_its_origin() -> None:
    assert see(encounter(absent("cough"))).known["cough.productive"].origin is Origin.FORM
    assert see(encounter(), absent("cough", "text")).known["cough.productive"].origin is Origin.TEXT


def test_a_narrower_absence_says_nothing_of_the_wider() -> None:
    assert see(encounter(absent("cough.productive"))).presence("cough") is Presence.NOT_ASSESSED


def test_a_present_narrower_finding_wins_over_an_absent_wider_one() -> None:
    seen = see(encounter(present("cough.productive")), absent("cough", "text"))
    assert seen.presence("cough") is Presence.PRESENT
    assert seen.absent() == ()


def test_a_measured_fever_is_a_fever_whatever_the_form_ticks() -> None:
    seen = see(encounter(absent("fever"), temperature_celsius=39.4))
    assert seen.presence("fever") is Presence.PRESENT
    assert seen.presence("fever.high") is Presence.PRESENT


def test_a_fever_read_from_the_text_does_not_override_the_form() -> None:
    case = replace(encounter(absent("fever"), temperature_celsius=39.4), read_from_text=("temperature_celsius",))
    assert see(case).presence("fever") is Presence.ABSENT


def test_a_normal_temperature_now_does_not_unsay_the_fever_of_the_last_days() -> None:
    seen = see(encounter(temperature_celsius=37.0), present("fever", "text"))
    assert seen.presence("fever") is Presence.PRESENT
    seen = see(encounter(temperature_celsius=37.0), present("fever.periodic", "text"))
    assert seen.presence("fever") is Presence.PRESENT


def test_a_normal_temperature_denies_fever_but_not_its_course() -> None:
    seen = see(encounter(temperature_celsius=37.0))
    assert seen.known["fever"].origin is Origin.FORM
    assert seen.presence("fever") is Presence.ABSENT
    assert seen.presence("fever.high") is Presence.ABSENT
    assert seen.presence("fever.periodic") is Presence.NOT_ASSESSED


def test_the_limit_of_the_age_decides_over_the_limit_of_all_ages() -> None:
    assert see(encounter(who=patient(0.05), temperature_celsius=37.6)).presence("fever") is Presence.PRESENT
    assert see(encounter(who=patient(None), temperature_celsius=37.6)).presence("fever") is Presence.NOT_ASSESSED


def test_oxygen_hides_a_low_saturation() -> None:
    assert see(encounter(spo2_percent=97)).presence("hypoxaemia") is Presence.ABSENT
    assert see(encounter(spo2_percent=97, on_oxygen=True)).presence("hypoxaemia") is Presence.NOT_ASSESSED


def test_a_normal_temperature_says_more_of_now_than_a_denial_in_the_text() -> None:
    seen = see(encounter(temperature_celsius=37.0), absent("fever", "text"))
    assert (seen.known["fever"].presence, seen.known["fever"].origin) == (Presence.ABSENT, Origin.FORM)
    assert (seen.known["fever.periodic"].presence, seen.known["fever.periodic"].origin) == (
        Presence.ABSENT,
        Origin.TEXT,
    )
    read = replace(encounter(temperature_celsius=37.0), read_from_text=("temperature_celsius",))
    assert see(read, absent("fever", "text")).known["fever"].origin is Origin.TEXT


GRADED = make_test_vocabulary(
    """
[findings."headache.severe"]
label = "severe headache"
kind = "symptom"
[findings."headache.unilateral"]
label = "headache of one side"
kind = "symptom"
[findings."rash.both_legs"]
label = "rash of both legs"
kind = "sign"
"""
)


def graded(finding: Finding, *more: Finding) -> Observations:
    return observe(encounter(finding, *more), (), GRADED, RANGES)


def test_severity_and_side_stand_for_the_narrower_finding() -> None:
    seen = graded(Finding("headache", severity=Severity.SEVERE, laterality="left"))
    assert seen.presence("headache.severe") is Presence.PRESENT
    assert seen.presence("headache.unilateral") is Presence.PRESENT
    assert graded(Finding("rash", laterality="both")).presence("rash.both_legs") is Presence.PRESENT
    for plain in (
        Finding("headache", severity=Severity.MODERATE, laterality="both"),
        Finding("headache", Presence.NOT_ASSESSED, severity=Severity.SEVERE, laterality="left"),
        Finding("cough", severity=Severity.SEVERE, laterality="left"),
    ):
        assert {"headache.severe", "headache.unilateral"}.isdisjoint(graded(plain).known)


def test_what_is_marked_severe_wins_over_its_own_denial() -> None:
    severe = Finding("headache", severity=Severity.SEVERE)
    assert graded(severe, absent("headache.severe")).presence("headache.severe") is Presence.PRESENT


def test_what_the_form_unsays_is_remembered() -> None:
    seen = see(encounter(not_assessed("cough")), present("cough", "text"), present("rash", "text"))
    assert [f.finding for f in seen.unsaid] == ["cough"]
    assert seen.as_told["cough"].presence is Presence.PRESENT
    assert seen.presence("cough") is Presence.NOT_ASSESSED
    for case, read in (
        (encounter(absent("cough")), present("cough", "text")),
        (encounter(not_assessed("cough")), absent("cough", "text")),
        (encounter(not_assessed("cough")), present("rash", "text")),
    ):
        assert (see(case, read).unsaid, see(case, read).as_told) == ((), {})


def test_unknown_ids_are_left_out() -> None:
    assert see(encounter(present("nonsense")), present("more_nonsense", "text")).stated == ()


_IDS = st.sampled_from(sorted(VOCABULARY.definitions))
_FINDINGS = st.lists(st.builds(Finding, _IDS, st.sampled_from(Presence), st.sampled_from(Origin)), max_size=6)


@given(_FINDINGS, _FINDINGS)
def test_nothing_is_known_that_was_not_said(form: list[Finding], read: list[Finding]) -> None:
    form = [replace(finding, origin=Origin.FORM) for finding in form]
    read = [replace(finding, origin=Origin.TEXT, quote="x") for finding in read]
    seen = see(encounter(*form), *read)
    said = {finding.finding for finding in seen.stated}
    assert said <= {f.finding for f in (*form, *read) if f.presence is not Presence.NOT_ASSESSED}
    near = said.union(*(VOCABULARY.ancestors(i) + VOCABULARY.descendants(i) for i in said))
    assert set(seen.known) <= near
    for finding in seen.present():
        assert all(seen.presence(parent) is Presence.PRESENT for parent in VOCABULARY.ancestors(finding.finding))
