from __future__ import annotations

from dataclasses import replace

from medrag_desktop.config import Settings
from medrag_desktop.domain.encounter import Encounter, Origin, Presence
from tests.small_library import CONDITIONS, encounter, present, ranker


def test_the_text_is_read_before_the_conditions_are_ranked() -> None:
    ours = ranker()
    case, observations, _ = ours.triage(
        Encounter(history="Fever and rash since Monday, white spots in the mouth. No cough.")
    )
    assert {f.finding for f in observations.present()} == {"fever", "rash", "koplik_spots"}
    assert observations.presence("cough") is Presence.ABSENT
    assert all(f.origin is Origin.TEXT for f in observations.stated)
    assert ours.rank(case, observations).candidates[0].condition == "measles"


def test_the_settings_say_how_many_candidates_are_shown() -> None:
    ours = replace(ranker(), settings=Settings(candidates=2))
    case, observations, _ = ours.triage(encounter(*present("cough")))
    shown = ours.rank(case, observations).candidates
    assert len([c for c in shown if not c.cannot_miss]) <= 2 <= len(shown) < len(CONDITIONS)
